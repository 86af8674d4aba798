"""Event ids: the same for ever, and the same in Python and in SQL."""

from __future__ import annotations

import hashlib
import unicodedata
from decimal import Decimal
from typing import Any, Final

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from timeline.log.log import rows_to_table
from timeline.meaning.columns import EVENT_COLUMNS, LOG_COLUMNS
from timeline.meaning.event import event_from
from timeline.meaning.identity import HASHED, INHERITABLE, content_of, decimal_text, event_id, event_id_sql

#: What people write, and the id that it has had since the first release. None of these may ever change.
PINNED: Final[dict[str, tuple[dict[str, object], str]]] = {
    "a sum": (
        {
            "key": "nvidia-letter-of-intent",
            "fact": "nvidia/investment/openai",
            "claim": "up to 100 billion USD",
            "status": "letter-of-intent",
            "reported": "2025-09",
            "valid": "2025-09/..",
            "source": "gate-2026-02-20",
            "origin": "nvidia",
            "speaker": "jensen-huang",
            "locator": {"start": 1987, "end": 2275},
            "statement": "Nvidia means to invest in OpenAI in ten steps.",
        },
        "838f58324ccc720fd2a71fe85d3bd2937ef8b801a92bf8fea6a9cc272a6fd7ef",
    ),
    "a default status": (
        {"fact": "nvidia/ceo", "entity": "jensen-huang", "source": "a"},
        "a3aa4cf602fc6dd65817be730c3d544bafe2d4aea553e5a83835ca06abbb66e8",
    ),
    "an approximate range": (
        {"fact": "openai/cash-burn@2027", "claim": "about 15-25 billion USD", "source": "a"},
        "e08ce0d8877395a33939073931a960e48fb799a40214677c716a594ac9d659dd",
    ),
    "a negative figure in parts": (
        {
            "subject": "openai",
            "attribute": "income",
            "period_from": "2024",
            "period_to": "2025",
            "amount": "-0.000000001",
            "unit": "USD",
            "source": "a",
            "status": "actual",
        },
        "d2e72467719b8e35e4ccec6507039fca215b4a415c41081a3071372360963ce0",
    ),
    "the largest figure": (
        {"fact": "a/b", "amount_low": "9" * 29 + "." + "9" * 9, "unit": "count", "source": "a"},
        "5d7c1b4d0b5a93dca82ed984c3115ffbb902f96bec47471f1d3369efbaa3ca79",
    ),
    "a date before 1970": (
        {"fact": "ibm/founded", "date": "1911-06-16", "source": "a"},
        "76666372d907f2ae2ef37cef88cd9d3c458670af8998dcdebd53ce3a1e631078",
    ),
    "bounds before 1970": (
        {
            "fact": "ibm/ceo",
            "entity": "watson",
            "valid_from": "1914-05-01",
            "valid_to": "1956-05-08",
            "source": "a",
        },
        "6e99a02e4acaf23d7afaca3b0baea9cbcf0920560f1787dbc89cf15754416c17",
    ),
    "a denial that the report implies": (
        {"fact": "a/b/c", "answer": "yes", "status": "denied", "inferred": True, "source": "a"},
        "fd4cee650e0698caf4d92223bc9d793955d7dc1b7a4d5517dff844967eba5c32",
    ),
    "letters of another script": (
        {"fact": "Ørsted/名前", "text": "Caf\u00e9 \U0001f600", "source": "a"},
        "cc1f282da8b4b65a689cd6f90722ba5f4107bb1004f8977e9c130a3798172810",
    ),
    "an empty text": (
        {"fact": "a/b", "text": "", "source": "a"},
        "738052037f42b059b99b02a107647166aecb080aae40e7921ef0d4b4685ab3b5",
    ),
    "a withdrawal": (
        {"type": "withdrawn", "fact": "a/b", "source": "a", "reported": "2025"},
        "88b6e8f87dc5aed8d7761265e7a6cdaad9cb6ab8bc8819b78401798c8a7b4ce2",
    ),
    "a void": (
        {"type": "corrected", "target": "0" * 64, "void": True, "reason": "read wrongly"},
        "bb715af185857fa1c3b70026b8fb278ca037c29d93ef1c6f29d170e2ff61c20e",
    ),
    "a retraction": (
        {"type": "retracted", "target": "0" * 64, "reported": "2025-09-01T10:00:00Z"},
        "66f88dcafcf71f4c4a50e21e2f3429b58892a3dc41c7a97f4e035a7b93eb88e0",
    ),
    "a source": (
        {"type": "source-described", "id": "a", "published": "2025-09-01~", "tier": 2, "title": "„A“"},
        "1c9c2da0df375976a8d97e1afc358e3d00928e8f3fd7cb31ba552af965b16b18",
    ),
    "an entity": (
        {"type": "entity-described", "id": "a", "name": "A", "aliases": ["β", "Ж"], "kind": "company"},
        "1eef338de9e6e965a74f76aca8173b2254f0002f6adb2f8df9ee4bc6ee50d986",
    ),
    "an attribute": (
        {"type": "attribute-described", "id": "ceo", "meaning": "Who leads it.", "value": "entity"},
        "31bbde59be49cfb96a19689d6fb9b758bef4d0eab8d5e033b23e0ce1e645ce61",
    ),
}


@pytest.mark.parametrize("name", PINNED)
def test_ids_never_change(name: str) -> None:
    keys, pinned = PINNED[name]
    assert event_id(content_of(event_from(keys).columns())) == pinned


#: Ids of events from when texts were kept as written and the last day of 9999 was an end.
FORMER: Final[dict[str, tuple[dict[str, object], str]]] = {
    "an offset": (
        {"type": "retracted", "target": "0" * 64, "reported": "2025-09-01T12:00:00+02:00"},
        "dd1ce6e833ccd3c6a5686d288d0699a7834dffde54968f6c4e68be358d6b2df9",
    ),
    "blanks": (
        {"fact": "a/b", "claim": " 5 USD ", "source": "a", "valid": " 2025", "reported": "2025\n"},
        "07b61fa3391180433d2316fe762882a9e46ca6dea955ec4216fa9492e10a6af7",
    ),
    "a date with an offset": (
        {"fact": "a/b", "date": "2025-09-01T12:00+02:00", "source": "a"},
        "ee5dfc4f3a779924c14e305adc53130964c8563f7422bfcf701e2e1fa86324ed",
    ),
    "an end in 9999": (
        {"fact": "a/b", "text": "x", "source": "a", "valid_to": "9999-12-31"},
        "1415ceea86244be06d0e68d666dfc14726d918ee40ce59630273dd583919cea5",
    ),
    "an inclusive end in 9999": (
        {"fact": "a/b", "text": "x", "source": "a", "valid": "2025/9999"},
        "65d3b1666ec17ffbf163acb6d690f9d425baa1d942749b6d8b5aa81e208bbc8f",
    ),
    "a period until 9999": (
        {"fact": "a/b", "period_from": "2025", "period_to": "9999-12-31", "text": "x", "source": "a"},
        "7853958f6a86019f9c8c816b08fd567b20a5e007dd53a0278a056ced4d7bfec9",
    ),
}


@pytest.mark.parametrize("name", FORMER)
def test_former_ids_are_found(name: str) -> None:
    keys, pinned = FORMER[name]
    row = event_from(keys).columns()
    formerly = row.pop("formerly")
    assert pinned in [event_id(content_of(row | former)) for former in formerly]
    assert event_id(content_of(row)) != pinned


def test_an_id_is_the_hash_that_the_contract_describes() -> None:
    row = event_from(
        {
            "fact": "a/b@2024-01/2024-12",
            "claim": "about 2.5 billion USD",
            "valid_to": "1969-12-31T23:59:59.999999Z",
            "source": "s",
            "inferred": "no",
        }
    ).columns()
    written = (
        "timeline/1"
        "\x1eamount_high\x1f2500000000.000000000"
        "\x1eamount_low\x1f2500000000.000000000"
        "\x1eapproximate\x1ftrue"
        "\x1eclaim\x1fabout 2.5 billion USD"
        "\x1eevent_type\x1freported"
        "\x1efact\x1fa/b@2024"
        "\x1esource\x1fs"
        "\x1estatus\x1fannounced"
        "\x1eunit\x1fUSD"
        "\x1evalid_to\x1f-1"
        "\x1evalue_type\x1famount"
    )
    assert event_id(content_of(row)) == hashlib.sha256(written.encode()).hexdigest()


def test_content_is_hashed_in_name_order() -> None:
    assert list(HASHED) == sorted(set(HASHED))


def test_what_the_log_assigns_and_what_follows_from_content_is_not_hashed() -> None:
    derived = {"subject", "attribute", "object", "period", "period_from", "period_to", "amount"}
    resolved = {"reported_from", "reported_at", "evidence_at"}
    assigned = {"position", "commit", "event_id", "recorded_at", "actor"}
    assert set(EVENT_COLUMNS) - set(HASHED) == derived | resolved | assigned
    assert set(HASHED) | set(INHERITABLE) <= set(EVENT_COLUMNS)
    assert set(LOG_COLUMNS) - set(EVENT_COLUMNS) == {"place", "inherited"}


@pytest.mark.parametrize("name", sorted(INHERITABLE))
def test_what_is_taken_over_is_no_content(name: str) -> None:
    row: dict[str, object] = {"event_type": "reported", name: "taken over"}
    given = content_of(row)
    taken = content_of(row | {"inherited": INHERITABLE[name]})
    assert (given, taken) == (row, {"event_type": "reported"})


def test_flags_that_are_off_leave_no_trace() -> None:
    assert event_id({"text": "x", "void": False, "inferred": None}) == event_id({"text": "x"})
    assert event_id({"text": "x", "void": True}) != event_id({"text": "x"})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0.000000000"),
        ("-0", "0.000000000"),
        ("-0.5", "-0.500000000"),
        ("1E+28", "1" + "0" * 28 + ".000000000"),
        ("9" * 29 + "." + "9" * 9, "9" * 29 + "." + "9" * 9),
        ("0.000000001", "0.000000001"),
    ],
)
def test_decimals_have_nine_places(value: str, text: str) -> None:
    assert decimal_text(Decimal(value)) == text


# Python and SQL

#: From the first instant of the year 1 to the last of 9999.
_INSTANTS: Final = st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)
_VALUES: Final[dict[str, st.SearchStrategy[Any]]] = {
    "text": st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00\x1e\x1f"), max_size=8
    ).map(lambda text: unicodedata.normalize("NFC", text)),
    "instant": _INSTANTS,
    "decimal": st.builds(
        lambda negative, units: Decimal((int(negative), tuple(map(int, str(units))), -9)),
        st.booleans(),
        st.integers(0, 10) | st.integers(0, 10**38 - 1),
    ),
    "boolean": st.booleans(),
}
rows = st.fixed_dictionaries(
    {},
    optional={name: _VALUES[LOG_COLUMNS[name]] for name in HASHED}
    | {"inherited": st.integers(0, 2 * max(INHERITABLE.values()) - 1)},
)


@given(st.lists(rows, min_size=1, max_size=12))
@example([{"amount_low": Decimal("-0"), "valid_from": -1, "text": "", "void": True, "approximate": False}])
@example(
    [{"amount_high": Decimal("-9" + "9" * 28 + ".999999999"), "inherited": sum({*INHERITABLE.values()})}]
)
def test_sql_gives_the_same_ids(drawn: list[dict[str, Any]]) -> None:
    with duckdb.connect() as con:
        con.register("drawn", rows_to_table([row | {"position": n} for n, row in enumerate(drawn)]))
        found = con.sql(f"SELECT {event_id_sql('drawn')} FROM drawn ORDER BY position").fetchall()
    assert [found_id for (found_id,) in found] == [event_id(content_of(row)) for row in drawn]


def test_each_key_that_is_taken_over_has_the_bit_that_logs_have() -> None:
    assert INHERITABLE == {
        **{"fact": 1, "status": 2, "valid": 4, "valid_from": 4, "valid_to": 4, "reported": 8, "source": 16},
        **{"origin": 32, "locator": 64},
    }
