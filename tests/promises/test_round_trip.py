"""What `timeline export events` writes is the same events in another store; two desks merge so."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.commands import run
from tests.examples import costly, some
from timeline import BadInput, Timeline
from timeline.meaning.columns import BELIEF_COLUMNS, STATUSES

SUFFIXES: Final = ("jsonl", "csv", "parquet", "yaml")

Keys = dict[str, Any]

#: Texts that a format might not give back as they are.
AWKWARD: Final = (
    *(
        "",
        " ",
        " begins with a blank",
        "ends with one ",
        "two\nlines",
        "dos\r\nlines",
        "a\ttab",
        "# no comment",
    ),
    *(
        "now #1",
        "key: value",
        "- item",
        "null",
        "~",
        "true",
        "2024",
        "1e5",
        "'",
        '"',
        '""',
        '"a", b',
        "\\n",
        "a,b",
    ),
    *(
        "\u2028",
        "\u0085",
        "\ufeffmark",
        "é",
        "e\u0301",
        "\U0001f986",
        "{}",
        "[]",
        "*",
        "&a",
        "!t",
        "%",
        "@",
        "`",
    ),
    *("a;b", "a|b", "---", "...", "=1+1", "\x07", "\x7f", "  - x\n  - y\n", "a" * 3_000),
)
texts: Final = st.sampled_from(AWKWARD) | st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\x1e\x1f"), max_size=20
)
VALUES: Final[tuple[Keys, ...]] = (
    {"claim": "up to 30 billion USD"},
    {"claim": "about 5.50 billion USD"},
    {"claim": "several billion USD"},
    {"claim": "1,250 employees"},
    {"claim": "1.234.567,50 €"},
    {"amount": "0.000000001", "unit": "GW"},
    {"amount": "9" * 29 + "." + "9" * 9, "unit": "percent"},
    {"amount_low": "-5", "amount_high": "0", "unit": "USD", "approximate": "true"},
    {"amount_low": "1250.50", "unit": "widgets of Acme"},
    {"amount_high": "7", "unit": "USD/month"},
    {"date": "2027-09?"},
    {"date": "2024/.."},
    {"date": "-0044"},
    {"date": "9999-12-31"},
    {"entity": "Novo Nordisk"},
    {"answer": "no"},
)
DATES: Final = ("2025-01-01", "2025-02", "2025", "2025-03-04T05:06:07.000008+02:00", "2025-01~", "2025-Q1")
SPANS: Final[tuple[Keys, ...]] = (
    *({}, {}, {}, {"valid": "2024/2025"}, {"valid": "2024-01-01/.."}, {"valid": "../.."}),
    *(
        {"valid_from": "2024"},
        {"valid_to": "2024-05-06T07:08:09Z"},
        {"valid_from": "2020", "valid_to": "2021"},
    ),
)
FACTS: Final = ("acme/says", "acme/says@2027", "acme/says@../2030", "Acme & Søns/says/it, or not")

reports: Final = st.builds(
    lambda value, span, more: {**value, **span, **more},
    st.sampled_from(VALUES) | st.builds(lambda text: {"text": text}, texts),
    st.sampled_from(SPANS),
    st.fixed_dictionaries(
        {
            "fact": st.sampled_from(FACTS),
            "source": st.sampled_from(("dated", "plain", "https://a.example/?b=#c")),
        },
        optional={
            "reported": st.sampled_from(DATES),
            "status": st.sampled_from(sorted(STATUSES)),
            "origin": st.just("agency"),
            "speaker": st.just("Ann O'Neill"),
            "statement": texts,
            "locator": st.sampled_from(
                ({"start": 1, "end": 2}, [{"start": 1, "end": 2}, {"start": 3, "end": 4}])
            ),
            "inferred": st.booleans(),
            "actor": st.just("desk"),
        },
    ),
)
amendments: Final = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(("corrected", "void", "retracted", "withdrawn", "moved")),
        "at": st.integers(0, 5),
    },
    optional={"reason": texts, "statement": texts},
)
stores: Final = st.lists(reports | amendments, min_size=1, max_size=8)


def written(given: Sequence[Keys], prefix: str = "") -> list[Keys]:
    """Return the events of a store, each with a key, and amendments that aim at one before them."""
    found: list[Keys] = []
    for nth, event in enumerate(given):
        key = f"{prefix}{nth}"
        if "kind" not in event:
            # A source without a date of its own has none to leave out.
            dated = {} if event["source"] == "dated" else {"reported": "2025-01-01"}
            found.append(dated | event | {"key": key})
            continue
        kind, at = event["kind"], event["at"]
        more = {name: text for name, text in event.items() if name not in ("kind", "at")}
        target = found[-1 - at % len(found)] if found else None
        if kind == "withdrawn" or target is None or target.get("type", "reported") != "reported":
            more |= {"type": "withdrawn", "fact": FACTS[at % len(FACTS)], "source": "dated"}
        elif kind == "retracted":
            more |= {"type": kind, "target": target["key"], "reported": "2025-06", "source": "plain"}
        elif kind == "void":
            more |= {"type": "corrected", "target": target["key"], "void": True}
        else:
            more |= {"type": "corrected", "target": target["key"], **VALUES[at % 3]}
            more |= {"valid": "2020/2021", "reported": "2025-01"} if kind == "moved" else {}
        found.append(
            {name: value for name, value in more.items() if name != "reason" or "target" in more}
            | {"key": key}
        )
    return found


NAMES: Final[list[Keys]] = [
    {
        "type": "source-described",
        "id": "dated",
        "published": "2025-05-06",
        "origin": "agency",
        "numbers": "1.234,5",
    },
    {
        "type": "source-described",
        "id": "plain",
        "title": 'A "title": #1,\nin two lines',
        "tier": 2,
        "length": 10,
    },
    {"type": "entity-described", "id": "acme", "aliases": ["Acme, Inc.", "é"], "kind": "company"},
    {"type": "attribute-described", "id": "says", "meaning": "", "object": "optional"},
]


def store_of(folder: Path, *batches: Sequence[Keys]) -> Timeline:
    tl = Timeline.create(folder)
    for batch in batches:
        tl.record(NAMES, register_unknown=True)
        for event in batch:
            # What is refused by itself is refused by every store.
            try:
                tl.record([event], register_unknown=True)
            except BadInput:
                continue
    return tl


def ids_of(tl: Timeline) -> list[str]:
    return [event for (event,) in tl.snapshot().sql("SELECT event_id FROM events ORDER BY position").rows]


def exported(tl: Timeline, file: Path) -> Path:
    done = run(file.parent, ["export", "events", str(file), "--replace", "--store", str(tl.path)])
    assert done.code == 0, done.err
    return file


class TestTheSameEvents:
    @given(stores)
    @example([{"fact": FACTS[0], "source": "dated", "text": text} for text in AWKWARD])
    @example([{"fact": FACTS[0], "source": "plain", **value} for value in VALUES])
    @example([{"fact": FACTS[1], "source": "dated", "text": "x", **span} for span in SPANS])
    @example([{"fact": FACTS[1], "source": "dated", "text": "x", "reported": date} for date in DATES])
    @costly(8)
    def test_in_every_format(self, given: list[Keys]) -> None:
        with tempfile.TemporaryDirectory() as folder, store_of(Path(folder, "desk"), written(given)) as tl:
            ids = ids_of(tl)
            assert len(ids) > len(NAMES)
            believed = tl.beliefs()
            for suffix in some(SUFFIXES, 2):
                file = exported(tl, Path(folder, f"events.{suffix}"))
                with Timeline.create(Path(folder, suffix)) as other:
                    assert other.ingest(file).new == len(ids)
                    assert ids_of(other) == ids
                    assert other.beliefs().equals(believed)
                    assert other.ingest(file).new == 0
                    again = exported(other, Path(folder, f"again.{suffix}"))
                    if suffix != "parquet":
                        assert again.read_bytes() == file.read_bytes()

    def test_the_bundled_reports(self, bundled: Timeline, tmp_path: Path) -> None:
        for suffix in some(SUFFIXES, 2):
            with Timeline.create(tmp_path / suffix) as other:
                other.ingest(exported(bundled, tmp_path / f"events.{suffix}"))
                assert ids_of(other) == ids_of(bundled)
                assert other.beliefs().equals(bundled.beliefs())

    def test_what_a_file_had_said_of_its_numbers_is_not_lost_without_a_word(self, tmp_path: Path) -> None:
        document = {
            "numbers": "1.234,5",
            "events": [{"fact": "acme/says", "claim": "1.234 USD", "source": "s", "reported": "2025-01-01"}],
        }
        (tmp_path / "in.json").write_text(json.dumps(document))
        with Timeline.create(tmp_path / "desk") as tl:
            tl.ingest(tmp_path / "in.json", register_unknown=True)
            done = run(tmp_path, ["export", "events", "out.jsonl", "--store", str(tl.path)])
            assert done.code == 2
            assert "'1.234 USD' reads otherwise; describe them at its source 's'" in done.err
            assert not (tmp_path / "out.jsonl").exists()
            tl.record([{"type": "source-described", "id": "s", "numbers": "1.234,5"}])


class TestTwoDesks:
    @given(stores, stores)
    @costly(8)
    def test_they_merge_in_either_order(self, one: list[Keys], other: list[Keys]) -> None:
        # What both report at one instant is ordered by the log, which each desk has its own way.
        mine = [
            event | {"reported": f"2025-01-{nth + 1:02d}T01:00:00Z"}
            for nth, event in enumerate(one)
            if "fact" in event
        ]
        theirs = [
            event | {"reported": f"2025-01-{nth + 1:02d}T02:00:00Z"}
            for nth, event in enumerate(other)
            if "fact" in event
        ]
        with tempfile.TemporaryDirectory() as folder:
            desks = [
                store_of(Path(folder, name), written(events, name))
                for name, events in (("a", mine), ("b", theirs))
            ]
            files = [exported(desk, Path(folder, f"{nth}.jsonl")) for nth, desk in enumerate(desks)]
            merged: list[pl.DataFrame] = []
            for order in (files, files[::-1]):
                with Timeline.create(Path(folder, f"merged-{len(merged)}")) as tl:
                    for file in order:
                        tl.ingest(file)
                    assert sorted(ids_of(tl)) == sorted({*ids_of(desks[0]), *ids_of(desks[1])})
                    merged.append(tl.beliefs().select(BELIEF_COLUMNS))
            assert merged[0].equals(merged[1])


@pytest.mark.parametrize("suffix", ["xlsx", "json", "txt", ""])
def test_another_format_is_refused(bundled: Timeline, tmp_path: Path, suffix: str) -> None:
    done = run(tmp_path, ["export", "events", f"out.{suffix}", "--store", str(bundled.path)])
    assert (done.code, done.out) == (2, "")
    assert ".csv, .jsonl, .parquet, .yaml" in done.err
