"""Makes the stores under stores/, once for each schema of the log; what is made is kept for ever.

    python -m tests.promises.golden.make_store v1

records the same events at the same instants each time, so that digests can be compared with those
of stores made long ago, by other versions of everything.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.stores import record
from timeline import Timeline
from timeline.errors import Place
from timeline.intake.batch import Batch, Draft
from timeline.meaning.columns import BELIEF_COLUMNS, EVENT_COLUMNS
from timeline.meaning.times import parse_instant

STORES: Final = Path(__file__).resolve().parent / "stores"

#: When the first commit is recorded, and how long after it each following one.
_FIRST: Final = parse_instant("2024-07-01T08:00:00Z")
_APART: Final = 3_600_000_001

#: Every type of event, of value and of date; what the log keeps of each must always be read the same.
COMMITS: Final[list[list[dict[str, object]]]] = [
    [
        {
            "type": "attribute-described",
            "id": "stake",
            "meaning": "What it holds.",
            "value": "amount",
            "object": "yes",
        },
        {"type": "attribute-described", "id": "ceo", "value": "entity", "object": "no"},
        {"type": "attribute-described", "id": "opening", "value": "date"},
        {"type": "attribute-described", "id": "listed", "value": "answer"},
        {"type": "attribute-described", "id": "plan"},
        {
            "type": "entity-described",
            "id": "acme",
            "name": "Acme",
            "kind": "company",
            "aliases": ["ACME Inc."],
        },
        {"type": "entity-described", "id": "Zürich 銀行"},
        {"type": "entity-described", "id": "ann"},
        {"type": "entity-described", "id": "bob"},
        {"type": "entity-described", "id": "wire"},
        {"type": "source-described", "id": "paper", "published": "2024-03-10", "origin": "wire", "tier": 2},
        {"type": "source-described", "id": "blog"},
    ],
    [
        {
            "key": "stake",
            "fact": "acme/stake/Zürich 銀行",
            "claim": "about 15-25 billion USD",
            "status": "in-negotiation",
            "source": "paper",
            "speaker": "ann",
            "locator": [{"start": 3, "end": 14}, {"start": 20, "end": 21}],
            "statement": "Acme is in talks.",
            "actor": "desk",
        },
        {
            "key": "old-ceo",
            "fact": "acme/ceo",
            "entity": "ann",
            "valid": "1969/2023",
            "reported": "2024-02~",
            "source": "paper",
        },
        {
            "fact": "acme/ceo",
            "entity": "bob",
            "valid_from": "2024-01-01T09:30:00+01:00",
            "reported": "2024-03-01T12:00:00.000001Z",
            "source": "paper",
            "origin": "ann",
        },
        {
            "key": "opening",
            "fact": "acme/opening",
            "date": "2024-05?",
            "reported": "2024-01",
            "source": "blog",
        },
        {
            "fact": "acme/listed",
            "answer": "no",
            "status": "denied",
            "inferred": "true",
            "source": "blog",
            "reported": "../2024-02-29",
        },
        {
            "fact": "acme/stake/bob@2024-01/2024-12",
            "amount_low": "-0.000000001",
            "unit": "percent",
            "status": "forecast",
            "source": "paper",
        },
        {"key": "planning", "fact": "acme/plan", "text": "", "source": "paper"},
    ],
    [
        {
            "type": "corrected",
            "key": "mended",
            "target": "stake",
            "claim": "15-25 million USD",
            "reason": "billion",
        },
        {"type": "withdrawn", "fact": "acme/opening", "source": "blog", "reported": "2024-04-01"},
        {"type": "retracted", "key": "took-back", "target": "old-ceo", "reported": "2024-05-02"},
        {"fact": "acme/plan", "text": "to grow", "source": "blog", "reported": "2024-06-30"},
    ],
    [
        {"type": "corrected", "target": "planning", "void": "true", "reason": "never said"},
        {"type": "corrected", "target": "took-back", "reported": "2024-05-03", "source": "blog"},
        {"type": "source-described", "id": "blog", "published": "2024-06-30", "origin": "bob", "tier": 1},
        {"key": "higher", "fact": "acme/stake/Zürich 銀行", "claim": "40 million USD", "source": "blog"},
    ],
]
#: This many more commits make a block that is merged, and one commit after the block.
_FILLING: Final = 29

_DATES: Final = (
    "NULL",
    "DATE '2024-02-29'",
    "'2024-03-10'",
    "TIMESTAMP '2024-05-02 12:00:00'",
    "'2024-07-01'",
)
_BELIEFS: Final = ", ".join(BELIEF_COLUMNS)

QUERIES: Final[list[str]] = [
    f"SELECT {', '.join(name for name in EVENT_COLUMNS)} FROM events WHERE commit <= 4",
    *(
        f"SELECT {_BELIEFS} FROM beliefs_as_of({date}, recorded_as_of := '#4') ORDER BY ALL"
        for date in _DATES
    ),
    f"SELECT {_BELIEFS} FROM beliefs_as_of(NULL, recorded_as_of := '#2') ORDER BY ALL",
    *(
        f"SELECT fact, claim FROM beliefs_as_of('2024-06-01', recorded_as_of := '#4', {more}) ORDER BY ALL"
        for more in ("basis := 'possible'", "basis := 'evidence'", "policy := 'first'", "policy := 'ranked'")
    ),
    f"SELECT {_BELIEFS} FROM claims_as_of(NULL, recorded_as_of := '#4') ORDER BY ALL",
    "FROM disagreements_as_of(NULL, recorded_as_of := '#4', within := NULL) ORDER BY ALL",
    "SELECT position, effect FROM history('*', recorded_as_of := '#4') ORDER BY ALL",
    "SELECT id, published, origin, tier FROM sources ORDER BY id",
    "SELECT id, name, kind, aliases FROM entities ORDER BY id",
    "SELECT id, meaning, value, object FROM attributes ORDER BY id",
]


def make(folder: Path, *, merged: bool = False) -> Timeline:
    """Record COMMITS in a new store, each at its instant; if `merged`, more until a block is complete."""
    instants = iter(range(_FIRST, _FIRST + 64 * _APART, _APART))
    commits = [*COMMITS, *(_filling() if merged else ())]
    calls = [
        [Batch("events", [Draft(dict(keys), Place("event", row=n)) for n, keys in enumerate(events, 1)])]
        for events in commits
    ]
    record(folder, calls, lambda: next(instants))
    return Timeline.open(folder)


def _filling() -> Iterator[list[dict[str, object]]]:
    for number in range(_FILLING):
        yield [{"fact": "acme/plan@2024", "text": f"{number}", "source": "paper"}]


def answers(tl: Timeline) -> dict[str, Any]:
    """Return the head of the store and its answer to each query, in the types of JSON."""
    head = tl.head()
    assert head is not None
    con = tl.connect()
    found = {
        "head": {
            name: getattr(head, name)
            for name in ("number", "first_position", "count", "recorded_at", "digest")
        },
        "answers": {query: con.execute(query).fetchall() for query in QUERIES},
    }
    decoded: dict[str, Any] = json.loads(json.dumps(found, default=str))
    return decoded


def main(version: str) -> None:
    for name, merged in ((version, False), (f"{version}-merged", True)):
        folder = STORES / name
        if folder.exists():
            raise SystemExit(f"{folder} exists; what was made once is kept")
        with make(folder, merged=merged) as tl:
            tl.rebuild()
            pinned = json.dumps(answers(tl), ensure_ascii=False, indent=1)
        (folder / "answers.json").write_text(pinned + "\n", encoding="utf-8")
        for path in [*(folder / "index").iterdir(), *(folder / "log").glob(".*.lock")]:
            path.unlink()
        (folder / "index").rmdir()


if __name__ == "__main__":
    main(*sys.argv[1:])
