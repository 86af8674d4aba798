"""A table taken as a whole gives what its rows give one by one: rows, ids, refusals, all of it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.examples import costly
from tests.tables import taken
from timeline.errors import Place
from timeline.index.catalog import sql_object
from timeline.index.index import Index
from timeline.index.reader import Reader
from timeline.intake import bulk
from timeline.intake import bulk_values as bulkread
from timeline.intake.batch import FLAT_COLUMNS, Draft
from timeline.intake.names import Naming
from timeline.intake.rows import Intake
from timeline.log.log import Log, rows_to_table
from timeline.meaning.columns import LOG_COLUMNS
from timeline.meaning.event import Event, event_from
from timeline.meaning.habits import Habits
from timeline.meaning.identity import content_of, event_id
from timeline.meaning.times import FIRST_INSTANT, LAST_INSTANT, format_instant

Keys = dict[str, Any]

#: 2025-10-01: some dates below lie after it.
RECORDED = 1_759_276_800_000_000
_HABITS = (
    *(Habits(), Habits(numbers="1.234,5"), Habits(numbers="1,234.5", timezone="America/New_York")),
    *(Habits(language="fr"), Habits(language="de", numbers="1 234,5")),
)
_OF_THE_LOG = ("position", "commit", "recorded_at", "place")

_STORED: list[Keys] = [
    {"type": "attribute-described", "id": "investment", "value": "amount", "object": "yes"},
    {"type": "attribute-described", "id": "ceo", "value": "entity", "object": "no"},
    {"type": "attribute-described", "id": "note"},
    {"type": "attribute-described", "id": "uses", "object": "optional"},
    {"type": "entity-described", "id": "nvidia", "name": "Nvidia"},
    {"type": "entity-described", "id": "openai", "aliases": ["Open AI", "The Lab"]},
    {"type": "entity-described", "id": "somebody", "aliases": ["the lab", "Nobody"]},
    {"type": "entity-described", "id": "Novo A/S", "aliases": ["novo"]},
    {"type": "entity-described", "id": "caf\u00e9"},
    {"type": "source-described", "id": "dated", "published": "2025-09-10", "origin": "nvidia"},
    {"type": "source-described", "id": "monthly", "published": " 2025-09 "},
    {"type": "source-described", "id": "instant", "published": "2025-09-10T10:00:00+02:00"},
    {"type": "source-described", "id": "undated"},
    {"type": "source-described", "id": "comma", "published": "2025-09", "numbers": "1.234,5"},
    {
        "type": "source-described",
        "id": "tokyo",
        "timezone": "Asia/Tokyo",
        "language": "ja",
        "published": "2025",
    },
    {"type": "attribute-described", "id": "day", "value": "date"},
    {"type": "attribute-described", "id": "chief", "value": "entity"},
    {"type": "attribute-described", "id": "caf\u00e9", "value": "text"},
    {"type": "attribute-described", "id": "sure", "value": "answer"},
    {"fact": "nvidia/note", "text": "known", "source": "dated"},
    {"fact": "nvidia/note", "text": "named", "source": "dated", "key": "taken"},
]

_TEXTS = [
    *("x", "", "known", "caf\u00e9", "cafe\u0301", "a\x1eb", "two\nlines"),
    *("\u1100\u1161", "\u0344", "\u212b", "\U0001d15e"),
]
_NAMES = [
    *("nvidia", "openai", "cafe\u0301", "new", 'quo"te\\', "\u65e5\u672c"),
    # Aliases, one of which means two; twins and slips of known names and of each other.
    *("open ai", "OPEN AI", "the lab", "nobody", "Novo", "NEW", "n\u0435w"),
    *(
        "Nvidia",
        "nvidi\u0430",
        "nvidai",
        "Open-AI",
        "caf\u00e9s",
        "mate",
        "mats",
        "a1",
        "a2",
        "nowhere",
        "dated",
    ),
]
_BAD_NAMES = [
    *("", " x", "x\u00a0", "a/b", "a@b", "a*", "[a", "a\u2028b", "a\x1fb", "a\x85"),
    *("x" * 200, "x" * 201, "x" * 500, "x" * 501, "a\u200bb", "\ufeffnvidia", "a\u202eb", "a\nb\u2060"),
]
_DATES = [
    *("2025-09-05", "2025-09", "2025", "2024", "2025-09~", "2025-0X", "2025-09-05T10:00:00Z", " 2025-09-01 "),
    *("2025-09-05T10:00:00.5Z", "2025-09-05T10:00:00+02:00", "2025-09-05T10:00:00", "2025-09-05T24:00:00Z"),
    *("2025-09-05T23:59:60Z", "2025-09-05T10:00:00.1234567Z", "2025-02-30", "0000-01-01", "0001-01-01"),
    *("9999-12-31", "9999-12-31T23:59:59.999999Z", "2099", "2025-10-01", "2025-10-01T00:00:00.000001Z"),
    *("../2025-09", "2025/..", "../..", "2025-01/2025-12", "2025-12/2025-01", "", "..", "x", "2025-9-5"),
    *("2025-09-10", "2025-09-11", "0001-01-01T00:00:00Z", "2025-09-05T10:00Z", "2025-21"),
    *("2025-Q3", "H1 2025", "March 2025", "2025-W05", "2025-09-05 08:00+0000", "\u00a02025-09\u3000"),
    *("Fri, 5 Sep 2025 10:00:00 +0200", "03/04/2025", "2025/9999-12-31", "../9999", "2025/9999-12-30"),
    *("9999-12-31 23:59:59.9999999", "2025/9999-12-31T23:59:59", "9999-12-31T10:00:00Z", "9999"),
    *("-0044", "Y12000", "-0044/2025", "2025/Y12000", "Y2025", "2025-10"),
]
#: Reports whose id once covered their texts as written, or an end in the last day of 9999.
_FORMERLY: list[Keys] = [
    {"fact": "nvidia/uses", "claim": " 7 USD ", "source": "dated", "reported": "2025-09-05T10:00:00+02:00"},
    {"fact": "nvidia/note", "text": "x", "source": "dated", "valid_to": "9999-12-31", "reported": "2025-09"},
    {
        "fact": "nvidia/note@2025/9999",
        "text": "x",
        "source": "dated",
        "valid": " 2025/9999",
        "speaker": "nvidia",
    },
    {"fact": "nvidia/note@9999-12-30", "text": "x", "source": "dated", "reported": " 2025-09-05T08:00Z"},
    {"fact": "nvidia/day", "date": "2025-09-05T10:00:00+02:00", "source": "dated", "reported": "2025-09-05"},
    {"fact": "nvidia/day", "claim": "2025-09-06T10:00+0200", "source": "dated", "reported": "2025-09-05"},
    {"fact": "nvidia/day", "claim": "2025/9999", "source": "dated", "reported": "2025-09-05 08:00Z"},
]
_FACTS = [
    *("nvidia/note", "nvidia/note@2025", "nvidia/note@2025-01/2025-12", "nvidia/investment/openai"),
    *(
        "nvidia/ceo",
        "cafe\u0301/note",
        "new/new/new@../2030",
        "nvidia",
        "nvidia/note@",
        "nvidia/note@../..",
        "a/b/c/d",
        "",
    ),
    *(
        "Nvidia/note",
        "nvidai/uses/open ai",
        "OPEN AI/uses/nvidia@2025-01/2025-12",
        "the lab/note",
        "Novo/note",
    ),
    *("nvidia/notes", "NVIDIA/Note@2025", "nobody/note@9999", "openai/uses/Novo"),
    *("nvidia//openai", "nvidia/note@x", "nvidia/note@2025@2026", "nvidia/note@ 2025 ", "nvidia/no*te", "/@"),
    *("nvidia/note@2025-01-01T10:00:00Z/2025-02-01", "nvidia/uses/\x85", "nvidia/note@0001", "nvidia/uses"),
    *("nvidia/day", "nvidia/chief@2025", "nvidia/cafe\u0301", "nvidia/sure/openai"),
]
_NUMBERS = ["1", "1.5", "-2", "0", "-0", "007", "1.50", "1e3", " 3 ", "1_000", "nan", "x", "", "0.0000000001"]
_POOLS: dict[str, list[str]] = {
    "type": ["reported", "withdrawn", "erased", "", "Reported"],
    "key": ["taken", "mine", "yours", "", "cle\u0301", "k\x00", "k\u200b", "k\n"],
    "fact": _FACTS,
    "subject": _NAMES + _BAD_NAMES,
    "attribute": [
        *(
            "note",
            "ceo",
            "investment",
            "uses",
            "new",
            "day",
            "chief",
            "cafe\u0301",
            "sure",
            "Note",
            "noted",
            "us\u0435s",
            *_BAD_NAMES,
        ),
    ],
    "object": _NAMES + _BAD_NAMES,
    "period": _DATES,
    "period_from": _DATES,
    "period_to": _DATES,
    "claim": [
        *("5 billion USD", "up to 3 GW", "75 %", "1,500 EUR", "1.500 EUR par mois", "much", "", "5 USD\x1e"),
        *("1.234,5 USD", "1,234.5 USD", "1 234,5 USD", "1,234 USD", "2025-09", "9999-12-31", "openai", "yes"),
        *(
            "new",
            "x" * 5_001,
            "x" * 5_000,
            "cafe\u0301",
            " 5 billion USD\t",
            "\u20035 USD",
            " 2025-09 ",
            " yes ",
        ),
        *("300.000 VND", "12.500 employees", "5 mil", "GBp 337.05", "1 billion EUR", "$5", "\u00a55 billion"),
    ],
    "text": _TEXTS,
    "date": _DATES,
    "entity": _NAMES + _BAD_NAMES,
    "answer": ["yes", "no", "Yes", "", " yes\u00a0"],
    "amount": _NUMBERS,
    "amount_low": _NUMBERS,
    "amount_high": [*_NUMBERS, "99999999999999999999999999999", "9" * 30],
    "unit": [
        *("GBp", "gbp", "it's", " a  b ", "x" * 100, "x" * 101, "a\u200b", "a\nb", "usd"),
        *(
            "USD",
            "percent",
            "%",
            "dollars",
            "EUR par mois",
            "million USD",
            "GWW",
            "500 USD",
            "",
            "USD/month",
            " USD ",
            "U\u200bSD",
        ),
    ],
    "approximate": ["true", "false", "YES", "1", "off", "maybe", ""],
    "status": ["announced", " announced ", "denied", "rumoured", "", "actual\u0301"],
    "reported": _DATES,
    "valid": _DATES,
    "valid_from": _DATES,
    "valid_to": _DATES,
    "source": [
        *(
            "dated",
            "monthly",
            "instant",
            "undated",
            " undated ",
            "comma",
            "tokyo",
            "nowhere",
            "nowehere",
            "Dated",
            "nvidai",
            "open ai",
            "neu\u0308",
            *_BAD_NAMES,
        ),
    ],
    "origin": [*_NAMES, "dated", "nowhere", "somebody", "", "a/b", "cafe\u0301", *_BAD_NAMES],
    "speaker": [*_NAMES, "somebody", "", "a/b", *_BAD_NAMES],
    "locator": [
        *('{"start": 1, "end": 2}', '[{"start":"1","end":2},{"start":3,"end":4}]', "{}", "[]", "x", "", "7"),
    ],
    "statement": _TEXTS,
    "inferred": ["true", "no", "T", "perhaps", ""],
    "reason": _TEXTS,
    "actor": ["me", "", "e\u0301"],
}
_SOUND: list[Keys] = [
    {"fact": "nvidia/note", "text": "x", "source": "dated"},
    {"fact": "nvidia/note", "text": "known", "source": "dated"},
    {"fact": "nvidia/note", "text": "named", "source": "dated", "key": "taken"},
    {"subject": "nvidia", "attribute": "note", "text": "x", "source": "undated", "reported": "2025-09-05"},
    {"subject": "nvidia", "attribute": "note", "source": "monthly", "type": "withdrawn"},
    {"fact": "nvidia/ceo", "entity": "openai", "source": "monthly"},
    {"fact": "nvidia/investment/openai", "claim": "up to 100 billion USD", "source": "instant"},
    {"fact": "nvidia/investment/openai", "amount": "1.5", "unit": "USD", "source": "dated"},
    {"fact": "nvidia/day", "claim": "2025-10", "source": "tokyo"},
    {"fact": "nvidia/chief", "claim": "openai", "source": "monthly"},
    {"fact": "nvidia/sure", "claim": "yes", "source": "monthly"},
    {"fact": "nvidia/cafe\u0301", "claim": "cafe\u0301", "source": "monthly"},
    {"fact": "nvidia/uses", "claim": "1.234,5 USD", "source": "comma"},
    {"fact": "nvidia/uses", "amount_low": "-2", "amount_high": "7", "unit": "percent", "source": "dated"},
    {
        **{"subject": "nvidia", "attribute": "uses", "object": "openai", "source": "dated"},
        **{"period_from": "2025-01-01", "period_to": "2026-01-01", "valid_from": "2025-02"},
        **{"date": "2025-09", "status": "planned"},
    },
    *_FORMERLY,
]


_NAMINGS = [
    *(
        Naming(),
        Naming.of(True),
        Naming.of(True, even_near=True),
        Naming.of("sources"),
        Naming.of("entities"),
    ),
    *(Naming.of("attributes,sources"), Naming.of(resolve_aliases=True), Naming.of(True, True, True)),
    *(Naming.of("sources", resolve_aliases=True), Naming.of("entities,sources", resolve_aliases=True)),
]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Yield a store with a generation and a tail, which both know some of the names."""
    folder = tmp_path_factory.mktemp("bulk")
    log = Log.create(folder / "log")
    index = Index(folder / "index", log)
    first, second = _STORED[:-2], _STORED[-2:]
    for part in (first, second):
        opened = index.open()
        drafts = [Draft(keys, Place("stored", row=row)) for row, keys in enumerate(part, 1)]
        found = Intake(opened, RECORDED).resolve(drafts)
        assert not found.rejected
        if part is second:
            found.rows = [*found.rows, *formerly_recorded(opened)]
        log.append(lambda head, recorded_at, rows=found.rows: rows_to_table(rows))  # type: ignore[misc]
        opened.close()
    opened = index.open()
    assert opened.tail is not None
    assert opened.tail.events > 2
    yield opened
    opened.close()


def formerly_recorded(reader: Reader) -> list[dict[str, Any]]:
    """Return the rows of `_FORMERLY` with each of the ids that they may have had in turn."""
    drafts = [Draft(keys, Place("former", row=row)) for row, keys in enumerate(_FORMERLY, 1)]
    found = Intake(reader, RECORDED).resolve(drafts)
    assert not found.rejected
    for nth, (row, keys) in enumerate(zip(found.rows, _FORMERLY, strict=True)):
        event = event_from(keys)
        assert isinstance(event, Event)
        formerly = event.columns(declared="date" if row["attribute"] == "day" else None)["formerly"]
        assert formerly
        row["event_id"] = event_id(content_of(row | formerly[nth % len(formerly)]))
    return [*found.rows]


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    rows = []
    for _ in range(draw(st.integers(1, 6))):
        row = dict(draw(st.sampled_from(_SOUND)))
        for name in draw(st.lists(st.sampled_from(list(_POOLS)), max_size=3, unique=True)):
            row[name] = draw(st.sampled_from([*_POOLS[name], None]))
        rows.append(row)
    return as_table(*rows)


def as_table(*rows: Keys) -> pa.Table:
    names = [name for name in FLAT_COLUMNS if any(name in row for row in rows)]
    return pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})


def values_of(table: pa.Table) -> list[tuple[Any, ...]]:
    """Return the rows with instants as microseconds: Python has no year 10,000."""
    columns = [
        (table.column(name).cast(pa.int64()) if kind == "instant" else table.column(name)).to_pylist()
        for name, kind in LOG_COLUMNS.items()
        if name not in _OF_THE_LOG
    ]
    return list(zip(*columns, strict=True))


def check(reader: Reader, table: pa.Table, naming: Naming, at_once: int, habits: Habits = _HABITS[0]) -> None:
    intake = Intake(reader, RECORDED, naming=naming)
    expected = intake.resolve(bulk.table_to_drafts(table, "t"), habits)
    found = taken(reader, table, RECORDED, naming=naming, at_once=at_once, habits=habits)
    assert sorted(
        ((one.place.row, str(one.error), one.keys) for one in expected.rejected), key=lambda one: one[0] or 0
    ) == [(one.place.row, str(one.error), one.keys) for one in found.rejected]
    assert (found.known, found.registered) == (expected.known, expected.registered)
    assert found.warnings == [*expected.warnings, *intake.warnings()]
    rows = values_of(rows_to_table(expected.rows))
    described = [row for row in rows if str(row[2]).endswith("-described")]
    got = values_of(found.rows)
    assert Counter(got[: len(described)]) == Counter(described)
    assert got[len(described) :] == [row for row in rows if row not in described]
    assert all(found.rows.column(name).null_count == found.rows.num_rows for name in _OF_THE_LOG)


@costly(100)
@given(
    table=tables(),
    naming=st.sampled_from(_NAMINGS),
    at_once=st.sampled_from([1, 2, 3, 100]),
    habits=st.sampled_from(_HABITS),
)
@example(
    # An origin is registered as an entity, unless a source of that name came before.
    table=as_table(
        {"fact": "nvidia/note", "text": "x", "source": "one", "origin": "two", "reported": "2025"},
        {"fact": "nvidia/note", "text": "x", "source": "two", "origin": "one", "reported": "2025"},
        {"fact": "nvidia/note", "text": "x", "source": "three", "origin": "three", "reported": "2025"},
    ),
    naming=Naming.of(True),
    at_once=1,
    habits=_HABITS[0],
)
@example(
    # Of one key the first that is taken counts, and names of what is refused are not registered.
    table=as_table(
        {"fact": "new/note@x", "text": "x", "source": "dated", "key": "mine"},
        {"fact": "nvidia/note", "text": "x", "source": "dated", "key": "mine"},
        {"fact": "other/note", "text": "y", "source": "dated", "key": "mine"},
        {"fact": "nvidia/note", "text": "x", "source": "dated", "key": "mine"},
    ),
    naming=Naming.of(True),
    at_once=2,
    habits=_HABITS[0],
)
@example(
    # A key of the store in two parts, one of which contradicts it.
    table=as_table(
        {"fact": "nvidia/note", "text": "x", "source": "dated", "key": "taken"},
        {"fact": "nvidia/note", "text": "named", "source": "dated", "key": "taken"},
    ),
    naming=Naming(),
    at_once=1,
    habits=_HABITS[0],
)
@example(
    # An origin may be a source that is registered before it, where entities are not.
    table=as_table(
        {"fact": "nvidia/note", "text": "x", "source": "dated", "origin": "later", "reported": "2025"},
        {"fact": "nvidia/note", "text": "x", "source": "later", "origin": "later", "reported": "2025"},
        {"fact": "nvidia/note", "text": "y", "source": "dated", "origin": "later", "reported": "2025"},
    ),
    naming=Naming.of("sources"),
    at_once=2,
    habits=_HABITS[0],
)
@example(
    # An origin that is a source here alone, and rather an entity in other letters.
    table=as_table(
        {"fact": "nvidia/note", "text": "x", "source": "nvidai", "reported": "2025"},
        {"fact": "nvidia/note", "text": "y", "source": "dated", "origin": "nvidai", "reported": "2025"},
    ),
    naming=Naming.of(True),
    at_once=100,
    habits=_HABITS[0],
)
def test_a_table_gives_what_its_rows_give(
    reader: Reader, table: pa.Table, naming: Naming, at_once: int, habits: Habits
) -> None:
    check(reader, table, naming, at_once, habits)


@given(st.lists(st.integers(FIRST_INSTANT, LAST_INSTANT), min_size=1, max_size=50))
def test_an_instant_is_written_alike_in_sql(reader: Reader, instants: list[int]) -> None:
    con = reader.cursor()
    con.execute(sql_object("intake/instant_text"))
    con.register("drawn", pa.table([pa.array(instants, pa.timestamp("us"))], names=["instant"]))
    written = con.execute("SELECT epoch_us(instant), instant_text(instant) FROM drawn").fetchall()
    con.close()
    assert written == [(instant, format_instant(instant)) for instant in instants]


def test_inert_characters_are_in_nfc_beside_any_other() -> None:
    second = {
        decomposed.split()[1]
        for code in range(0x110000)
        if len((decomposed := unicodedata.decomposition(chr(code))).split()) == 2 and decomposed[0] != "<"
    }
    joining = {chr(int(code, 16)) for code in second} | {chr(code) for code in range(0x1161, 0x11C3)}
    import duckdb

    codes = pa.table({"code": pa.array([c for c in range(0x110000) if not 0xD800 <= c < 0xE000], pa.int32())})
    with duckdb.connect() as con:
        con.register("codes", codes)
        inert = con.execute(
            f"SELECT chr(code) FROM codes WHERE regexp_full_match(chr(code), '[{bulkread._INERT}]')"
        ).fetchall()
    assert len(inert) > 30_000
    for (character,) in inert:
        assert unicodedata.is_normalized("NFC", character)
        assert not unicodedata.combining(character)
        assert character not in joining
