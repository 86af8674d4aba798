"""Proofs of what is in a log: RFC 9162 and pymerkle say what they have to be, `check_proof` what they are."""

from __future__ import annotations

import copy
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import commands
from tests.commands import ROOT, timeline
from tests.examples import costly, thinned
from tests.logs import Volatile, append, tree_hash
from timeline import BadInput, Corruption, NotFound, Proved, Timeline, check_proof
from timeline.log.log import Log
from timeline.log.merkle import consistency_path, inclusion_path, roots_by_size
from timeline.log.proving import prove_event, prove_growth, tree_root
from timeline.meaning.proofs import consistent_roots, included_root, leaf_hash

MOST: Final = 70
LEAVES: Final = [hashlib.sha256(bytes([number])).digest() for number in range(MOST)]

# Trees


def rfc_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of RFC 9162, 2.1.3.1, as the RFC has it."""
    if len(leaves) == 1:
        return []
    k = left_of(len(leaves))
    if index < k:
        return [*rfc_path(index, leaves[:k]), tree_hash(leaves[k:])]
    return [*rfc_path(index - k, leaves[k:]), tree_hash(leaves[:k])]


def rfc_subproof(first: int, leaves: list[bytes], known: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b) of RFC 9162, 2.1.4.1, as the RFC has it."""
    if first == len(leaves):
        return [] if known else [tree_hash(leaves)]
    k = left_of(len(leaves))
    if first <= k:
        return [*rfc_subproof(first, leaves[:k], known), tree_hash(leaves[k:])]
    return [*rfc_subproof(first - k, leaves[k:], False), tree_hash(leaves[:k])]


def left_of(size: int) -> int:
    k = 1
    while k * 2 < size:
        k *= 2
    return k


@pytest.fixture(scope="module")
def oracle() -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in LEAVES:
        tree.append_entry(leaf)
    return tree


@pytest.mark.parametrize("size", thinned(range(1, MOST + 1)))
def test_every_inclusion_path_is_the_one_of_the_rfc_and_of_pymerkle(
    size: int, oracle: pymerkle.InmemoryTree
) -> None:
    leaves = LEAVES[:size]
    root = oracle.get_root(size)
    for index, leaf in enumerate(leaves):
        path = inclusion_path(leaves, index)
        assert path == rfc_path(index, leaves)
        assert [leaf_hash(leaf), *path] == oracle.prove_inclusion(index + 1, size).path
        assert included_root(leaf, index, size, path) == root


@pytest.mark.parametrize("size", thinned(range(1, MOST + 1)))
def test_every_consistency_path_is_the_one_of_the_rfc(size: int, oracle: pymerkle.InmemoryTree) -> None:
    leaves = LEAVES[:size]
    for first in range(1, size + 1):
        path = consistency_path(leaves, first)
        assert path == rfc_subproof(first, leaves, True)
        # The paths of pymerkle are not those of the RFC, but its roots are.
        before, after = oracle.get_root(first), oracle.get_root(size)
        assert consistent_roots(before, first, size, path) == (before, after)


def test_the_roots_of_all_sizes_are_those_of_pymerkle(oracle: pymerkle.InmemoryTree) -> None:
    assert list(roots_by_size(LEAVES)) == [oracle.get_root(size) for size in range(1, MOST + 1)]


@given(st.data())
def test_no_other_path_leads_to_the_root(data: st.DataObject) -> None:
    """A hash changed, left out or added, another leaf, index or size: another root, or an error."""
    size = data.draw(st.integers(2, MOST))
    index = data.draw(st.integers(0, size - 1))
    leaves = LEAVES[:size]
    path, leaf = inclusion_path(leaves, index), leaves[index]
    at = data.draw(st.integers(0, len(path) - 1))
    other = hashlib.sha256(path[at]).digest()
    changed = {
        "a hash": (leaf, index, size, [*path[:at], other, *path[at + 1 :]]),
        "one less": (leaf, index, size, [*path[:at], *path[at + 1 :]]),
        "one more": (leaf, index, size, [*path[:at], other, *path[at:]]),
        "the leaf": (other, index, size, path),
        "the index": (leaf, (index + data.draw(st.integers(1, size - 1))) % size, size, path),
    }
    what = data.draw(st.sampled_from(sorted(changed)))
    try:
        assert included_root(*changed[what]) != tree_hash(leaves), what
    except Corruption:
        assert what in ("one less", "one more", "the index")


@given(st.data())
def test_no_other_path_leads_from_one_root_to_the_other(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, MOST))
    first = data.draw(st.integers(1, size - 1))
    path = consistency_path(LEAVES[:size], first)
    before, after = tree_hash(LEAVES[:first]), tree_hash(LEAVES[:size])
    at = data.draw(st.integers(0, len(path) - 1))
    other = hashlib.sha256(path[at]).digest()
    for changed in (
        [*path[:at], other, *path[at + 1 :]],
        [*path[:at], *path[at + 1 :]],
        [*path[:at], other, *path[at:]],
    ):
        try:
            assert consistent_roots(before, first, size, changed) != (before, after)
        except Corruption:
            assert len(changed) != len(path)


# Logs


def log_of(folder: Path, counts: list[int]) -> Log:
    Log.create(folder)
    log = Log(folder, objects=Volatile(folder))
    number = 0
    for count in counts:
        append(log, *range(number, number + count))
        number += count
    return log


@costly(50)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=70), st.data())
def test_every_event_of_a_log_is_proved_up_to_every_later_digest(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], data: st.DataObject
) -> None:
    log = log_of(tmp_path_factory.mktemp("log") / "log", counts)
    commits = log.commits()
    head = commits[-1]
    position = data.draw(st.integers(1, head.last_position))
    own = next(commit for commit in commits if commit.last_position >= position)
    end = data.draw(st.integers(own.number, head.number))
    digest, root = commits[end - 1].digest, tree_root(log, end)
    for until, tree in ((digest, False), (root, True), (digest.upper(), False)):
        proof = json.loads(json.dumps(prove_event(log, position, head.number, until=until, tree=tree)))
        found = check_proof(proof, expect=until)
        assert (found.position, found.commit, found.head_commit) == (position, own.number, end)
        assert (found.recorded_at, found.tree) == (own.recorded_at, tree)
        assert found.content is not None
        assert found.content["fact"] == f"nvidia/revenue@{position - 1}"
    start = data.draw(st.integers(1, end))
    for since, until in ((commits[start - 1].digest, digest), (tree_root(log, start), root)):
        proof = json.loads(json.dumps(prove_growth(log, since, head.number, until=until)))
        found = check_proof(proof, since=since, expect=until)
        assert (found.commit, found.head_commit, found.event_id) == (start, end, None)


def test_merging_files_changes_no_proof(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log", [1] * 31)
    before = proofs_of(log)
    assert len(log.files()) == 31
    append(log, 31)
    assert len(log.files()) == 1
    assert proofs_of(log) == before


def proofs_of(log: Log) -> list[dict[str, Any]]:
    return [prove_event(log, position, 31, tree=tree) for position in (1, 20, 31) for tree in (False, True)]


def test_a_chain_has_48_bytes_a_commit_and_a_path_few_hashes(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log", [1] * 70)
    linear, short = (prove_event(log, 1, 70, tree=tree) for tree in (False, True))
    assert len(linear["chain"]) == 69 * 48 * 4 // 3
    assert len(short["tree_path"]) == 7
    assert "chain" not in short


# Documents


@pytest.fixture(scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """One proof of each form."""
    log = log_of(tmp_path_factory.mktemp("proofs") / "log", [3, 5, 1, 4])
    first = log.commits()[0]
    return {
        "inclusion": prove_event(log, 6, 4),
        "inclusion in the tree": prove_event(log, 6, 4, tree=True),
        "consistency": prove_growth(log, first.digest, 4),
        "consistency of the trees": prove_growth(log, tree_root(log, 3), 4),
    }


FORMS: Final = ("inclusion", "inclusion in the tree", "consistency", "consistency of the trees")


def places(value: object, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value within a document."""
    items: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, each in items:
        yield (*at, key)
        yield from places(each, (*at, key))


def changed(document: dict[str, Any], at: tuple[Any, ...], to: Callable[[Any], Any]) -> dict[str, Any]:
    made = copy.deepcopy(document)
    within: Any = made
    for key in at[:-1]:
        within = within[key]
    within[at[-1]] = to(within[at[-1]])
    return made


def other(value: object) -> object:
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1:] != "0" else "1") if value else "x"
    return type(value)()


@pytest.mark.parametrize("form", FORMS)
def test_a_proof_in_which_anything_is_changed_is_refused(
    form: str, proofs: dict[str, dict[str, Any]]
) -> None:
    document = proofs[form]
    assert check_proof(document).kind == document["kind"]
    tried = 0
    for at in places(document):
        wrongs = [other, lambda _: None, lambda _: [[]], lambda _: True, lambda _: -1, lambda _: 2**70]
        for wrong in [*wrongs, lambda _: 1.5, lambda _: "é", lambda _: "0" * 64]:
            made = changed(document, at, wrong)
            if made == document or (at == ("content",) and made["content"] is None):
                continue
            with pytest.raises((BadInput, Corruption)):
                check_proof(made)
            tried += 1
        for key in {at[-1]} & {*document}:
            without = {name: value for name, value in document.items() if name != key}
            if key == "content":
                assert check_proof(without).content is None
                continue
            with pytest.raises(BadInput):
                check_proof(without)
    assert tried > 50
    with pytest.raises(BadInput, match="means nothing there"):
        check_proof(document | {"more": 1})


@pytest.mark.parametrize("form", FORMS)
def test_a_proof_has_to_end_and_begin_where_it_is_expected_to(
    form: str, proofs: dict[str, dict[str, Any]]
) -> None:
    found = check_proof(proofs[form])
    assert check_proof(proofs[form], expect=found.head.upper(), since=found.since) == found
    with pytest.raises(Corruption, match="the proof ends at"):
        check_proof(proofs[form], expect="0" * 64)
    with pytest.raises(Corruption, match="the proof begins at"):
        check_proof(proofs[form], since="0" * 64)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=30)
@given(st.data())
def test_what_is_no_proof_is_bad_input(form: str, data: st.DataObject) -> None:
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda each: st.lists(each) | st.dictionaries(st.text(), each),
        max_leaves=10,
    )
    names = ("event_id", "position", "content", "commit", "path", "tree_path", "chain", "since", "head")
    document = {"timeline_proof": 1, "kind": form.split()[0]}
    document |= {name: data.draw(anything) for name in data.draw(st.sets(st.sampled_from(names)))}
    with pytest.raises(BadInput):
        check_proof(document)
    with pytest.raises(BadInput):
        check_proof(data.draw(anything))  # type: ignore[arg-type]


def test_a_later_version_is_refused(proofs: dict[str, dict[str, Any]]) -> None:
    for version in (0, 2, "1", True, None):
        with pytest.raises(BadInput, match="timeline_proof is"):
            check_proof(proofs["inclusion"] | {"timeline_proof": version})


def test_a_proof_is_checked_with_the_standard_library_alone(
    tmp_path: Path, proofs: dict[str, dict[str, Any]]
) -> None:
    (tmp_path / "proof.json").write_text(json.dumps(proofs["inclusion"]))
    code = (
        "import json, sys; from timeline.meaning.proofs import check_proof; "
        "print(check_proof(json.load(open('proof.json'))).head); "
        "third = {name.split('.')[0] for name in sys.modules} - {*sys.stdlib_module_names}; "
        "print(sorted(name for name in third if not name.startswith('_')))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[:2] == [proofs["inclusion"]["head"]["digest"], "['timeline']"]


# Stores

EVENT: Final = {"fact": "acme/ceo", "entity": "ann", "source": "s", "reported": "2024-05", "key": "first"}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with Timeline.create(tmp_path / "store") as tl:
        tl.append([EVENT], register_unknown=True)
        for number in range(5):
            said = {"key": f"k{number}", "fact": "acme/motto", "text": str(number)}
            without = {name: value for name, value in EVENT.items() if name != "entity"}
            tl.append([without | said], register_unknown=True)
    return tmp_path / "store"


def test_a_store_proves_its_events_and_its_growth(store: Path) -> None:
    with Timeline.open(store, read_only=True) as tl:
        head, root = tl.head(), tl.tree_root()
        assert head is not None
        assert root is not None
        found = check_proof(tl.prove("first"), expect=head.digest)
        assert found.content is not None
        assert found.content["fact"] == "acme/ceo"
        assert found.event_id is not None
        assert check_proof(tl.prove(found.event_id[:10])) == found
        assert check_proof(tl.prove("k2", tree=True), expect=root).commit == 4
        first = tl._log.commits()[0].digest
        assert check_proof(tl.prove(since=first), since=first, expect=head.digest).commit == 1
        with pytest.raises(BadInput, match="came with commit 6, after commit 1"):
            tl.prove("k4", until=first)
        with pytest.raises(BadInput, match="expected two digests or two roots"):
            tl.prove(since=root, until=head.digest)
        with pytest.raises(BadInput, match="is later than commit 1"):
            tl.prove(since=head.digest, until=first)
        with pytest.raises(NotFound, match="no commit has the digest"):
            tl.prove(since="0" * 64)
        with pytest.raises(BadInput, match="expected 64 hexadecimal digits"):
            tl.prove(since="12")
        for arguments in ({}, {"event": "first", "since": first}):
            with pytest.raises(BadInput, match="expected one of them"):
                tl.prove(**arguments)  # type: ignore[arg-type]
    with Timeline.create(store.parent / "empty") as tl:
        assert tl.tree_root() is None
        with pytest.raises(NotFound, match="nothing is recorded"):
            tl.prove("first")
        with pytest.raises(NotFound, match="nothing is recorded"):
            tl.prove(since=head.digest)


def test_a_damaged_log_gives_no_proof(store: Path) -> None:
    with Timeline.open(store) as tl:
        tl.rebuild()
    file = store / "log" / "000000000001.parquet"
    content = bytearray(file.read_bytes())
    content[40] ^= 1
    file.write_bytes(content)
    with Timeline.open(store) as tl, pytest.raises(Corruption, match=file.name):
        tl.prove("first")


def test_the_command_proves_and_checks(store: Path, tmp_path: Path) -> None:
    head = json.loads(timeline(tmp_path, "head", "--tree", "--json", "--store", "store").stdout)

    def run(*words: str) -> commands.Done:
        return commands.run(tmp_path, words)

    made = run("prove", "first", "--store", "store", "--output", "proof.json")
    assert (made.code, made.out) == (0, "")
    assert head["digest"] in made.err
    checked = run("prove", "--check", "proof.json", "--expect", head["digest"], "--json")
    assert checked.code == 0
    assert json.loads(checked.out)["content"]["fact"] == "acme/ceo"
    assert run("prove", "--check", "proof.json").out.startswith("kind")
    assert run("prove", "--check", "proof.json", "--expect", "0" * 64).code == 4
    text = (tmp_path / "proof.json").read_text()
    assert text.isascii()
    (tmp_path / "proof.json").write_text(text.replace('"position": ', '"position": 1'))
    assert run("prove", "--check", "proof.json").code == 4
    short = run("prove", "--since", head["tree"], "--store", "store")
    assert json.loads(short.out)["head"] == {"commit": 6, "tree": head["tree"]}
    assert "begin" in short.err
    (tmp_path / "short.json").write_text(short.out)
    assert run("prove", "--check", "short.json", "--since", head["tree"]).code == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no JSON"),
        (b"[1, 2", "no JSON"),
        (b"[]", "expected an object"),
        (b'{"kind": 1, "kind": 2}', "a key is there twice"),
        (b"[" * 100_000, "no proof|no JSON"),
        (b'{"timeline_proof": ' + b"1" * 5000 + b"}", "no proof|timeline_proof is"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_file_that_is_no_proof_is_bad_input(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "proof.json").write_bytes(content)
    done = commands.run(tmp_path, ["prove", "--check", "proof.json"])
    assert done.code == 2
    assert any(each in done.err for each in words.split("|"))


@pytest.mark.parametrize(
    "words",
    [
        ["prove"],
        ["prove", "x", "--since", "0" * 64],
        ["prove", "x", "--expect", "0" * 64],
        ["prove", "x", "--json"],
        ["prove", "x", "--check", "proof.json"],
        ["prove", "--check", "nowhere.json"],
        ["prove", "--check", "."],
    ],
)
def test_words_that_do_not_go_together_are_bad_input(store: Path, words: list[str]) -> None:
    assert commands.run(store.parent, [*words, "--store", "store"]).code == 2


def test_a_proof_says_so_where_it_is_compared_with_nothing() -> None:
    assert Proved("inclusion", "0", 1, False, 1).since is None
