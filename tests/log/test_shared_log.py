"""The log where machines share no lock: what each looks at, reads again, merges and removes."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pyarrow as pa
import pytest

from tests.logs import Volatile, append, events_of, names, row
from tests.memory import Memory, MemoryObjects
from timeline.errors import BadInput, Corruption, TimelineError
from timeline.log import log as log_module
from timeline.log.checks import check_file_hash
from timeline.log.file import LogFile, rows_of, rows_to_table
from timeline.log.folder import FolderObjects
from timeline.log.log import CheckedFiles, Log, cover, writable
from timeline.log.writing import encoded


class Machine:
    """A log on a machine of its own, and the steps that it takes."""

    def __init__(self, memory: Memory, folder: Path) -> None:
        self.objects = MemoryObjects(memory, folder)
        self.log = Log(folder, objects=self.objects)
        self.steps: list[str] = []
        self.objects.before = self.steps.append

    def taken(self) -> list[str]:
        """Return the steps since the last call."""
        steps = list(self.steps)
        self.steps.clear()
        return steps


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def one(memory: Memory, tmp_path: Path) -> Machine:
    return Machine(memory, tmp_path / "one")


@pytest.fixture
def other(memory: Memory, tmp_path: Path) -> Machine:
    return Machine(memory, tmp_path / "other")


@pytest.fixture
def local(tmp_path: Path) -> Log:
    folder = FolderObjects.create(tmp_path / "log").folder
    return Log(folder, objects=Volatile(folder))


def name(number: int) -> str:
    return f"{number:012}.parquet"


BLOCK = "000000000001-000000000032.parquet"


def damage(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"???" + content[103:])


# Reading


def test_a_listing_that_has_all_that_is_asked_for_is_not_made_again(one: Machine) -> None:
    log = one.log
    commits = [append(log, number) for number in range(3)]
    assert log.commits() == commits
    one.taken()
    for until in (1, 2, 3):
        assert log.commits(until=until) == commits[:until]
        assert log.reading(lambda found: found.commits, until=until) == commits[:until]
    assert one.taken() == []
    # What may have come since is looked for.
    assert log.commits(until=4) == commits
    assert one.taken() == ["list"]
    assert log.commits() == commits
    assert one.taken() == ["list"]


def test_commits_are_those_between_two_numbers(local: Log) -> None:
    commits = [append(local, number, number + 100) for number in range(35)]
    for after in (0, 1, 31, 32, 33, 35, 36):
        assert local.commits(after) == commits[after:]
        for until in (0, 1, 32, 33, 35, 36):
            assert local.commits(after, until) == commits[after:until]
            previous = commits[after - 1] if 0 < after <= 35 else None
            if previous or not after:
                found = local.reading(lambda found: found, previous, until=until)
                assert found.commits == commits[after:until]
                assert all(os.path.isabs(path) for path in found.paths)
                assert len(found.paths) <= 4
    assert local.size() == (4, sum(os.stat(file.path).st_size for file in local.files()))


def test_a_commit_s_file_is_checked_before_it_is_read(local: Log) -> None:
    for number in range(34):
        append(local, number)
    for number, expected in ((1, BLOCK), (32, BLOCK), (33, name(33)), (34, name(34))):
        assert local.of_commit(number, lambda file: file.name) == expected
    damage(local.folder / name(33))
    with pytest.raises(Corruption, match=name(33)):
        local.of_commit(33, lambda file: file.name)


def test_a_hash_is_computed_once_for_a_file_that_stays_the_same(
    local: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def noting(file: LogFile) -> int:
        checked.append(file.name)
        return check_file_hash(file)

    monkeypatch.setattr("timeline.log.log.check_file_hash", noting)
    append(local, 1)
    for _ in range(2):
        local.reading(lambda found: None)
    assert checked == [name(1)]
    os.utime(local.folder / name(1), (1, 1))
    local.reading(lambda found: None)
    assert checked == [name(1)] * 2


def test_what_follows_is_checked_against_the_commit_before(local: Log, tmp_path: Path) -> None:
    first, second = append(local, 1), append(local, 2)
    append(local, 3)
    folder = FolderObjects.create(tmp_path / "else").folder
    foreign = Log(folder, objects=Volatile(folder))
    for number in range(3):
        append(foreign, number)
    (local.folder / name(3)).write_bytes((folder / name(3)).read_bytes())
    with pytest.raises(Corruption, match=name(3)):
        local.reading(lambda found: None, second)
    with pytest.raises(Corruption, match=name(3)):
        local.reading(lambda found: None, first)
    assert local.reading(lambda found: len(found.commits), first, until=2) == 1


def test_a_damaged_copy_is_read_again_once(one: Machine, other: Machine) -> None:
    append(one.log, 1)
    append(one.log, 2)
    rows = events_of(other.log)
    damage(other.objects.folder / name(1))
    assert events_of(other.log).equals(rows)
    damage(other.objects.folder / name(2))
    assert other.log.verify().events == 2


def test_a_damaged_object_is_named_by_its_own_place(
    memory: Memory, one: Machine, other: Machine, tmp_path: Path
) -> None:
    append(one.log, 1)
    content = memory.held[name(1)][0]
    memory.put(name(1), content[:100] + b"???" + content[103:])
    with pytest.raises(Corruption, match=f"^memory:/{name(1)}: was changed") as raised:
        events_of(other.log)
    assert str(tmp_path) not in str(raised.value)


def test_a_copy_that_another_process_removed_is_made_again(one: Machine, other: Machine) -> None:
    append(one.log, 1)
    removed: list[str] = []

    def read(found: CheckedFiles) -> int:
        if not removed:
            removed.append(found.paths[0])
            Path(found.paths[0]).unlink()
            other.objects.copies.clear()
        return rows_of(found.paths[0]).num_rows

    assert other.log.reading(read) == 1
    assert removed


def test_what_keeps_changing_is_given_up(local: Log) -> None:
    append(local, 1)
    path = local.folder / name(1)
    content, seen = path.read_bytes(), []

    def read(found: CheckedFiles) -> None:
        seen.append(found.paths)
        # As an erasure does it.
        (local.folder / "new").write_bytes(content)
        os.replace(local.folder / "new", path)

    with pytest.raises(
        TimelineError, match="log: files kept being merged away while they were read; try again"
    ):
        local.reading(read)
    assert len(seen) == log_module._ATTEMPTS


def test_a_wrong_question_to_verify_is_bad_input(local: Log) -> None:
    for number in range(2):
        for digest in ("", "ab", "g" * 64, "a" * 63, "a" * 65, "a" * 64 + "\n"):
            with pytest.raises(BadInput, match="as a digest; expected 64 hexadecimal digits"):
                local.verify(expect=digest)
        for at in (0, -1):
            with pytest.raises(BadInput, match=f"got commit {at}; expected 1 or more"):
                local.verify(at=at)
        with pytest.raises(Corruption, match=r"no commit has the digest a+; the log ends with "):
            local.verify(expect="a" * 64)
        append(local, number)
    first, second = local.commits()
    for digest in (first.digest, first.digest.upper()):
        assert local.verify(expect=digest).commits == 2
        assert local.verify(expect=digest, at=1).digest == second.digest
        with pytest.raises(
            Corruption, match=f"not commit 2 has the digest {digest}; the log ends with commit 2"
        ):
            local.verify(expect=digest, at=2)
    assert local.verify(expect=second.digest, at=2, quick=True).events == 2


def test_what_cannot_be_written_to_says_what_it_means(tmp_path: Path) -> None:
    def write(code: int) -> None:
        with writable(tmp_path):
            raise OSError(code, os.strerror(code))

    for code in (errno.EACCES, errno.EPERM, errno.EROFS):
        with pytest.raises(TimelineError, match=r"cannot be written to \(.*\); nothing was recorded, open"):
            write(code)
    for code in (errno.ENOSPC, errno.EIO):
        with pytest.raises(OSError, match=os.strerror(code)) as raised:
            write(code)
        assert not isinstance(raised.value, TimelineError)


def test_the_widest_files_cover_a_log() -> None:
    found = cover("/log", [name(2), BLOCK, name(34), name(33), name(1)])
    assert [file.name for file in found] == [BLOCK, name(33), name(34)]
    for held, missing in (
        ([name(2)], "commit 1 is missing, though 000000000002"),
        ([name(1), name(3)], "commit 2 is missing"),
        ([name(1), name(5)], "commits 2 to 4 are missing"),
        ([BLOCK, name(34)], "commit 33 is missing"),
    ):
        with pytest.raises(Corruption, match=f"^place: {missing}"):
            cover("/log", held, "place")
        with pytest.raises(Corruption, match=f"^/log: {missing}"):
            cover("/log", held)


def test_files_are_fetched_together_before_they_are_read(
    one: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        append(one.log, number)
    fetched: list[list[str]] = []
    monkeypatch.setattr(one.objects, "fetch", lambda names: fetched.append(list(names)))
    assert len(one.log.located()) == 3
    assert fetched == [[name(1), name(2), name(3)]]
    assert one.log.head() == one.log.commits()[-1]
    assert fetched[1] == [name(3)]


# Merging and removing


def filled(machine: Machine, commits: int = 32) -> None:
    """Append commits, and merge none of them."""
    with machine.log.maintenance():
        for number in range(commits):
            append(machine.log, number)


def test_a_machine_merges_what_another_left(memory: Memory, one: Machine, other: Machine) -> None:
    filled(one, 33)
    commits = one.log.commits()
    assert other.log.compact() == 32
    assert sorted(memory.held) == [BLOCK, name(33)]
    assert other.log.compact() == 0
    assert one.log.commits() == other.log.commits() == commits


def test_nothing_is_merged_while_another_machine_erases(memory: Memory, one: Machine, other: Machine) -> None:
    filled(one)
    one.log.begin_erasure()
    assert other.log.compact() == 0
    assert len(memory.held) == 33
    one.log.end_erasure()
    assert other.log.compact() == 32


def test_an_erasure_that_begins_while_blocks_are_looked_for_stops_a_merge(
    memory: Memory, one: Machine, other: Machine
) -> None:
    filled(one)

    def begin(step: str) -> None:
        other.steps.append(step)
        # The second time it is asked is behind the listing of blocks.
        if step == "has .erasing" and other.steps.count(step) == 2:
            one.log.begin_erasure()

    other.objects.before = begin
    assert other.log.compact() == 0
    assert BLOCK not in memory.held


def test_one_that_erases_merges_what_it_can_and_changes_files_of_these_commits_alone(
    memory: Memory, one: Machine
) -> None:
    filled(one, 35)
    seen: list[int] = []
    announced: list[Log] = []
    one.log.on_change = announced.append

    def change(rows: pa.Table) -> pa.Table:
        seen.append(rows.num_rows)
        return rows

    for numbers, files in (([1], [32]), ([32, 31], [32]), ([33, 35], [1, 1]), ([36, 0], []), ([], [])):
        seen.clear()
        announced.clear()
        assert one.log.rewrite(numbers, change) == len(files)
        assert seen == files
        assert len(announced) == (1 if files and numbers != [1] else len(announced))
        assert bool(announced) is bool(files)
    assert sorted(memory.held) == [BLOCK, name(33), name(34), name(35)]
    assert Log(one.log.folder, objects=FolderObjects(one.log.folder)).rewrite([], change) == 0


def test_what_is_damaged_is_not_rewritten(local: Log) -> None:
    append(local, 1)
    assert Log(Log.create(local.folder.parent / "empty").folder).rewrite([1], lambda rows: rows) == 0
    damage(local.folder / name(1))
    content = (local.folder / name(1)).read_bytes()
    with pytest.raises(Corruption, match="was changed"):
        local.rewrite([1], lambda rows: rows)
    assert (local.folder / name(1)).read_bytes() == content


def test_what_is_published_behind_is_a_warning(local: Log, caplog: pytest.LogCaptureFixture) -> None:
    def fails(log: Log) -> None:
        raise ValueError("no room")

    local.on_change = fails
    for number in range(32):
        append(local, number)
    assert names(local.folder) == [BLOCK]
    assert f"{local.folder}: what is published is behind: no room" in caplog.text
    assert "not merged" not in caplog.text


def test_files_are_removed_from_the_narrow_to_the_wide_once_it_is_known(memory: Memory, one: Machine) -> None:
    filled(one, 32)
    kept = {key: held for key, held in memory.held.items() if key in (name(3), name(1))}
    one.log.compact()
    # What a slower machine puts again that lies below a wider file.
    memory.held.update(kept)
    announced: list[int] = []
    one.log.on_change = lambda log: announced.append(len(memory.held))
    one.taken()
    assert one.log.compact() == 0
    assert [step for step in one.taken() if step.startswith("remove")] == [
        f"remove {name(1)}",
        f"remove {name(3)}",
    ]
    assert announced == [3]
    assert sorted(memory.held) == [BLOCK]


def test_a_merged_file_that_holds_something_else_is_named(local: Log, tmp_path: Path) -> None:
    with local.maintenance():
        for number in range(32):
            append(local, number)
    folder = FolderObjects.create(tmp_path / "else").folder
    foreign = Log(folder, objects=Volatile(folder))
    for number in range(100, 132):
        append(foreign, number)
    (local.folder / ".aside").write_bytes((folder / BLOCK).read_bytes())

    class Late(Volatile):
        def put_if_absent(self, put: str, content: memoryview) -> bool:
            if put == BLOCK:
                os.replace(self.folder / ".aside", self.folder / BLOCK)
            return super().put_if_absent(put, content)

    with pytest.raises(Corruption, match=f"{BLOCK}: does not hold what it was merged from; remove it"):
        Log(local.folder, objects=Late(local.folder)).compact()
    assert len(names(local.folder)) == 33


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_merged_file_of_the_same_commits_with_other_rows_takes_no_place(
    one: Machine, local: Log, is_shared: bool
) -> None:
    """Another machine may have erased events since they were read; on one machine that is damage."""
    log = one.log if is_shared else local
    with log.maintenance():
        for number in range(32):
            append(log, number)
    found = events_of(log).to_pylist()
    found[5]["claim"] = None
    content = bytes(encoded(rows_to_table(found), log.records()))
    put = log.objects.put_if_absent

    class Late:
        def __getattr__(self, name: str) -> object:
            return getattr(log.objects, name)

        def put_if_absent(self, name: str, merged: memoryview) -> bool:
            return put(name, memoryview(content))

    late = Log(log.folder, objects=Late())  # type: ignore[arg-type]
    if is_shared:
        assert late.compact() == 0
    else:
        with pytest.raises(Corruption, match=f"{BLOCK}: does not hold what it was merged from; remove it"):
            late.compact()
        assert len(names(log.folder)) == 33


def test_only_a_whole_block_of_commits_is_merged_and_not_while_others_do(local: Log) -> None:
    with local.maintenance() as held:
        assert held is True
        for number in range(31):
            append(local, number)
        with Log(local.folder).maintenance(wait=False) as again:
            assert again is False
        append(local, 31)
        append(local, 32)
    assert len(names(local.folder)) == 33
    assert local.compact() == 32


def test_who_appends_alone_may_append(local: Log) -> None:
    with local.alone():
        assert append(local, 1).number == 1
        assert local.append(lambda head, at: rows_to_table([row(2)]), expected_position=1) is not None
    assert local.head_number() == 2
