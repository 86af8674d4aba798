"""Personal data: nobody can guess from an id what was erased, and what is given twice is there once."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.commands import Done, run
from tests.examples import costly
from tests.promises.test_erasure import leaks
from timeline import BadRows, Conflict, Timeline
from timeline.intake import bulk
from timeline.intake.personal import personal_key
from timeline.meaning.event import event_from
from timeline.meaning.identity import content_of, event_id
from timeline.meaning.personal import is_personal, key_without_salt

#: What anybody could guess: a yes or no, of a known source and day.
EVENT: dict[str, Any] = {"fact": "p-7/ill", "answer": "yes", "source": "a", "reported": "2025-09-01"}
#: Events of one file that speak of each other by key, and a description.
FILE = """
- {type: source-described, id: a}
- {type: attribute-described, id: ill}
- {type: entity-described, id: p-7, name: J. Doe hushhush}
- {key: one, fact: p-7/ill, answer: "yes", source: a, reported: 2025-09-01}
- {type: corrected, key: two, target: one, answer: "no", reason: a slip hushhush}
- {type: corrected, target: two, answer: "yes", reason: no slip hushhush}
- {fact: p-7/ill, answer: "no", source: a, reported: 2025-09-02}
- {type: retracted, target: one, reported: 2025-09-03, source: a}
"""
WORDS = ("hushhush",)


def guessed(event: dict[str, Any]) -> str:
    """Return the id that anybody can compute who guesses what an event says."""
    event_or_description = event_from(event)
    return event_id(content_of(event_or_description.columns() | {"inherited": 0}))


def ids(tl: Timeline, where: str = "true") -> list[str]:
    return [e for (e,) in tl.sql(f"SELECT event_id FROM events WHERE {where} ORDER BY position").rows()]


def salts(tl: Timeline) -> list[str]:
    """Return the random parts of the keys in a store."""
    keys = tl.sql("SELECT key FROM events WHERE key IS NOT NULL ORDER BY position").rows()
    return [key.rpartition("personal-")[2] for (key,) in keys if is_personal(key)]


def test_an_id_cannot_be_guessed_and_its_random_part_goes_with_what_was_said(tmp_path: Path) -> None:
    with Timeline.create(tmp_path / "desk") as tl:
        tl.append([EVENT], register_unknown=True)
        with Timeline.create(tmp_path / "other") as other:
            other.append([EVENT], register_unknown=True)
            assert guessed(EVENT) in ids(tl)
            assert ids(other) == ids(tl)
        hidden = EVENT | {"fact": "p-8/ill", "key": "k"}
        tl.append([hidden], register_unknown=True, personal=True)
        [(found, key)] = tl.sql("SELECT event_id, key FROM events WHERE fact = 'p-8/ill'").rows()
        assert key_without_salt(key) == "k"
        assert found != guessed(hidden)
        # From the log alone the id follows, as long as it is there.
        assert found == guessed(hidden | {"key": key})
        [salt] = salts(tl)
        assert leaks(tl.path, (salt,)) != []
        tl.erase("k", reason="asked for")
        assert leaks(tl.path, (salt, key)) == []
        assert tl.verify().erased == 1
        assert guessed(hidden) not in ids(tl)
        assert found in ids(tl)


@pytest.mark.parametrize("large", [False, True])
def test_the_same_file_twice_is_there_once(tmp_path: Path, large: bool) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(FILE)
    with Timeline.create(tmp_path / "desk") as tl:
        if large:
            rows = [EVENT | {"fact": f"n{n}/well", "source": "z"} for n in range(3_000)]
            (tmp_path / "rows.json").write_text(json.dumps(rows))
            tl.ingest(tmp_path / "rows.json", register_unknown=True)
        first = tl.ingest(path, personal=True)
        assert (first.new, first.known) == (8, 0)
        assert len(set(salts(tl))) == 8
        # In this process, in another, once the index has it, with and without, in another file.
        for nth, personal in enumerate((True, False, True)):
            again = tl.ingest(path, personal=personal)
            assert (again.new, again.known, again.commits) == (0, 8, [])
            if nth == 0:
                tl.close()
                tl = Timeline.open(tmp_path / "desk")
            else:
                tl.refresh()
        written = [event for event in tl.snapshot().written() if is_personal(event.get("key"))]
        (tmp_path / "b.jsonl").write_text("".join(json.dumps(event) + "\n" for event in written))
        assert (tl.ingest(tmp_path / "b.jsonl").known, len(written)) == (8, 8)
        # Elsewhere, what was written gives the same ids.
        with Timeline.create(tmp_path / "other") as other:
            other.ingest(tmp_path / "b.jsonl")
            assert ids(other) == ids(tl, "key LIKE '%personal-%'")
            assert other.belief("p-7/ill", as_of="2025-09-01") == tl.belief("p-7/ill", as_of="2025-09-01")
        tl.close()


def test_what_was_erased_does_not_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(FILE)
    with Timeline.create(tmp_path / "desk") as tl:
        tl.ingest(path, personal=True)
        keys = [key for (key,) in tl.sql("SELECT key FROM events WHERE key IS NOT NULL").rows()]
        done = tl.erase(keys, reason="asked for")
        assert leaks(tl.path, (*WORDS, *keys, *(key.rpartition("-")[2] for key in keys))) == []
        again = tl.ingest(path, personal=True)
        assert (again.new, again.known) == (0, 8)
        assert {event_id for _, event_id in again.erased} == set(done.event_ids)
        assert "personal-" in "".join(again.warnings)
        assert leaks(tl.path, WORDS) == []
        # Another event of that fact, source and date has to be given a key that makes it another one.
        other = EVENT | {"answer": "no", "key": personal_key(None)}
        assert tl.record([other | {"key": "own"}], personal=True).new == 0
        assert tl.record([other]).new == 1


def test_a_key_is_the_same_name_with_and_without_its_random_part(tmp_path: Path) -> None:
    with Timeline.create(tmp_path / "desk") as tl:
        tl.append([EVENT | {"key": "one"}], register_unknown=True, personal=True)
        whole = tl.snapshot().event_and_key("one")
        assert tl.snapshot().event_and_key(str(whole[1])) == whole
        for personal in (True, False):
            with pytest.raises(Conflict, match="key 'one' is taken by an event that says otherwise"):
                tl.append([EVENT | {"key": "one", "answer": "no"}], personal=personal)
        tables = [{**EVENT, "fact": f"n{n}/ill", "key": f"n{n}" if n else "one"} for n in range(5_000)]
        with pytest.raises(Conflict, match="row 1: key 'one' is taken"):
            tl.ingest(tables, register_unknown=True)
        # What amends personal data is personal itself.
        tl.append([{"type": "corrected", "target": "one", "answer": "no", "reason": "a slip"}])
        assert len(salts(tl)) == 2
        assert tl.belief("p-7/ill").claim == "no"  # type: ignore[union-attr]
        # An event that is there without a random part stays as it is.
        tl.append([EVENT | {"reported": "2025-09-05"}])
        assert tl.record([EVENT | {"reported": "2025-09-05"}], personal=True).known == 1
        with pytest.raises(BadRows, match="a random part comes behind it"):
            tl.append([EVENT | {"key": "k" * 4_950, "reported": "2025-09-06"}], personal=True)


@pytest.mark.parametrize("as_a_whole", [False, True])
def test_a_table_is_known_with_the_option_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_a_whole: bool
) -> None:
    monkeypatch.setattr(bulk, "_MANY", 1 if as_a_whole else 1_000)
    rows = pa.Table.from_pylist(
        [EVENT | {"fact": f"p-{nth}/ill", "key": f"k{nth}" if nth % 2 else None} for nth in range(40)]
    )
    pq.write_table(rows, tmp_path / "rows.parquet")
    with Timeline.create(tmp_path / "desk") as tl:
        tl.ingest(rows.slice(0, 10), register_unknown=True)
        first = tl.ingest(tmp_path / "rows.parquet", register_unknown=True, personal=True)
        assert (first.new, first.known) == (30, 10)
        assert len(salts(tl)) == len(set(salts(tl)))
        head = tl.head()
        for given in (rows, tmp_path / "rows.parquet"):
            for personal in (False, True):
                again = tl.ingest(given, personal=personal)
                assert (again.new, again.known) == (0, 40), personal
        assert tl.head() == head
        # What says something else is another event, also where its key was given no random part before.
        other = pa.Table.from_pylist([EVENT | {"fact": f"p-{nth}/ill", "answer": "no"} for nth in range(40)])
        assert tl.ingest(other).new == 40


@st.composite
def documents(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw reports of few facts and days, some with a key, and corrections of them."""
    found: list[dict[str, Any]] = []
    for nth in range(draw(st.integers(1, 5))):
        is_keyed: bool = draw(st.booleans())
        keyed = {"key": f"k{nth}"} if is_keyed else {}
        names = [event["key"] for event in found if "key" in event]
        amends: bool = draw(st.booleans())
        if names and amends:
            found.append(
                {"type": "corrected", "target": draw(st.sampled_from(names)), "reason": "a slip"}
                | keyed
                | {"answer": draw(st.sampled_from(("yes", "no")))}
            )
        else:
            day = draw(st.sampled_from(("2025-09-01", "2025-09-02")))
            fact, said = draw(st.sampled_from(("x/ill", "y/ill"))), draw(st.sampled_from(("yes", "no")))
            found.append({"fact": fact, "answer": said, "source": "a", "reported": day} | keyed)
    return found


@costly(36)
@given(documents(), st.lists(st.booleans(), min_size=5, max_size=5), st.booleans())
def test_whatever_is_given_how_often_is_there_once_and_under_ids_of_its_own(
    document: list[dict[str, Any]], to_erase: list[bool], again_personal: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with Timeline.create(Path(folder) / "plain") as plain:
            plain.append(document, register_unknown=True)
            expected = plain.sql("SELECT * EXCLUDE (key, event_id, target, recorded_at) FROM events").rows()
            believed = plain.sql("SELECT fact, claim, status, reported_at FROM beliefs").rows()
            guesses = set(ids(plain, "event_type IN ('reported', 'corrected')"))
        with Timeline.create(Path(folder) / "desk") as tl:
            tl.append(document, register_unknown=True, personal=True)
            # The same events, corrected and believed alike, each under an id of its own.
            rows = tl.sql("SELECT * EXCLUDE (key, event_id, target, recorded_at) FROM events").rows()
            assert rows == expected
            assert tl.sql("SELECT fact, claim, status, reported_at FROM beliefs").rows() == believed
            personal = ids(tl, "event_type IN ('reported', 'corrected')")
            assert len(set(personal)) == len(personal)
            assert guesses.isdisjoint(personal)
            part = [event_id for event_id, goes in zip(personal, to_erase, strict=False) if goes]
            assert tl.record(document, personal=again_personal).new == 0
            gone = [
                salt for salt in salts(tl) for key in part if salt in str(tl.snapshot().event_and_key(key))
            ]
            if part:
                tl.erase(part, reason="asked for")
            assert leaks(tl.path, tuple(gone) or ("hushhush",)) == []
            assert tl.verify().erased == len(part)
            again = tl.record(document, personal=True)
            assert (again.new, again.commits) == (0, [])
            assert set(personal) == set(ids(tl, "event_type IN ('reported', 'corrected')"))


def test_the_commands_take_it(tmp_path: Path) -> None:
    def did(*command: str) -> Done:
        done = run(tmp_path / "project", command)
        assert done.code == 0, done.err
        return done

    run(tmp_path, ["init", "--empty", "project"])
    events = tmp_path / "project" / "events"
    (events / "people.yaml").write_text(FILE)
    assert "8 new events" in did("ingest", "--personal").err
    given = ("p-7/ill", "--answer", "no", "--source", "a", "--reported", "2025-09-09")
    did("report", *given, "--key", "mine", "--personal")
    assert "Known already" in did("report", *given, "--key", "mine", "--personal").err
    did("correct", "mine", "--answer", "yes", "--reason", "a slip")
    did("retract", "mine", "--reported", "2025-09-10", "--personal")
    recorded = (events / "recorded.yaml").read_text()
    assert recorded.count("key: ") == recorded.count("personal-") - recorded.count("target: ") == 3
    for command in (("ingest",), ("ingest", "--personal")):
        assert json.loads(did(*command, "--json").out.splitlines()[-1])["new"] == 0
    done = did("erase", "one", "mine", "--reason", "asked for", "--yes")
    assert "events/people.yaml:5:3: still has what was erased" in done.err
    assert "events/recorded.yaml:" in done.err
