"""The questions that can be asked of a store, as SQL.

Each question becomes one statement over the objects of the SQL surface, with its dates as
parameters, so that the command line, the Python API and the web page ask in the same words.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import duckdb

from timeline.ask.answers import AsOf, Moment, timestamp
from timeline.errors import BadInput, NotFound, brief, nearest
from timeline.index.reader import Reader
from timeline.meaning.columns import BELIEF_COLUMNS
from timeline.meaning.fact import fact_key, is_glob
from timeline.meaning.fold import END, check_policy
from timeline.meaning.personal import MARK, key_without_salt
from timeline.meaning.times import (
    FIRST_INSTANT,
    parse_as_of,
    parse_edtf,
)

__all__ = [
    "DAYS_AT_MOST",
    "event_by",
    "one_fact",
    "plain_changes",
    "question",
    "resolve_dates",
]

#: From when an event counts, as `fold.counts_from` has it.
_COUNTS_FROM: Final = {
    "certain": "reported_at",
    "possible": "coalesce(reported_from, TIMESTAMP '-infinity')",
    "evidence": "coalesce(evidence_at, reported_at)",
}
#: As many days as lie between the first and the last that there are.
DAYS_AT_MOST: Final = 3_652_058
#: After everything, as an expression.
_LAST: Final = "TIMESTAMP '290000-01-01'"


def one_fact(fact: object) -> str:
    """Return the key of one fact, as `fact_key` has it; raises BadInput for globs and what can be no fact.

    >>> one_fact("nvidia/ceo")
    'nvidia/ceo'
    """
    if isinstance(fact, str):
        return _one_fact(fact)
    raise BadInput(f"{brief(fact)} is not a fact; {_ONE_EXPECTED}")


_ONE_EXPECTED: Final = (
    "expected subject/attribute or subject/attribute/object, either with @period and none with * ? [, "
    "such as nvidia/investment/openai or nvidia/revenue@2024"
)
_IN_NO_FACT: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff*?\[\]]")


# Programs ask for the same facts again and again.
@lru_cache(maxsize=65_536)
def _one_fact(fact: str) -> str:
    key = fact_key(fact) or ""
    body, at, period = key.partition("@")
    parts = body.split("/")
    if (
        not 2 <= len(parts) <= 3
        or _IN_NO_FACT.search(key)
        or any(part != part.strip() or not 1 <= len(part) <= 200 for part in parts)
    ):
        raise BadInput(f"{brief(fact)} is not one fact; {_ONE_EXPECTED}")
    if at:
        parse_edtf(period)
    return key


def resolve_dates(
    reader: Reader,
    as_of: Moment | None = None,
    recorded_as_of: Moment | None = None,
    valid_at: Moment | None = None,
    policy: str = "latest",
    basis: str = "certain",
    zone: str | None = None,
) -> AsOf:
    """Resolve the dates of a question; raises BadInput where one cannot be read.

    Dates on the reported and the recorded axis are days in the calendar of `zone`, an IANA name, or of UTC.
    Valid times have the bounds that are written, and so has `valid_at`.
    """
    check_policy(policy)
    if basis not in _COUNTS_FROM:
        raise BadInput(f"no such basis: {brief(basis)}; expected certain, possible or evidence")
    recorded = reader.recorded_at
    is_head = True
    if recorded_as_of is not None:
        moment = _recorded(reader, recorded_as_of, zone)
        if moment < recorded:
            recorded, is_head = moment, False
    return AsOf(
        None if as_of is None else parse_as_of(as_of, zone),
        recorded,
        is_head,
        None if valid_at is None else parse_as_of(valid_at),
        policy,
        basis,
    )


def _recorded(reader: Reader, moment: Moment, zone: str | None) -> int:
    if not (isinstance(moment, str) and moment.startswith("#")):
        return parse_as_of(moment, zone)
    number = moment[1:]
    if not (number.isascii() and number.isdigit()):
        raise BadInput(f"{brief(moment)} is not a commit; expected # and its number, such as #4")
    [(found,)] = reader.prepared(
        "recorded_by",
        "SELECT epoch_us(max(recorded_at)) FROM store.commits WHERE number <= $1::BIGINT",
        str(min(int(number.lstrip("0")[:20] or 0), END)),
    )
    # Before the first commit nothing was recorded; the first instant that has a date can be shown as one.
    return FIRST_INSTANT if found is None else int(found)


def question(
    kind: str,
    dates: AsOf,
    fact: str | None = None,
    *,
    order: bool = True,
    between: tuple[int | None, int | None] | None = None,
    within: int | None = 90,
) -> tuple[str, list[Any]]:
    """Return one of the named questions as SQL and its parameters.

    `kind` is beliefs, claims, disagreements, history, changes or spans; `fact` a key or a glob; `between` the
    two instants of changes; `within` the days between two claims that disagree, None for any.
    """
    fact = fact_key(fact)
    as_of = timestamp(dates.as_of)
    where, parameters = _narrowed(fact)
    if kind == "beliefs" and dates.is_plain:
        return _from_segments(dates, fact, order), [] if fact is None else [fact]
    if kind == "beliefs":
        source = f"beliefs_as_of({as_of}, {dates.arguments()})"
        columns = "fact, valid_from NULLS FIRST, origin"
    elif kind == "claims":
        source = f"claims_as_of({as_of}, {dates.arguments(policy=False)})"
        columns = "fact, valid_from NULLS FIRST, reported_at, origin"
    elif kind == "disagreements":
        days = "NULL" if within is None else str(_days(within))
        source = f"disagreements_as_of({as_of}, {dates.arguments(policy=False)}, within := {days})"
        columns = "fact, reported_at_1, reported_at_2, origin_1, origin_2"
    elif kind == "changes":
        if dates.policy == "by-origin":
            raise BadInput(
                "changes are between single beliefs, of which by-origin has several; name another policy"
            )
        start, end = between or (None, None)
        source = f"changes({timestamp(start)}, {timestamp(end)}, {dates.arguments()})"
        # They come in order, by fact and valid time; to sort them again takes a quarter of the whole.
        order, columns = False, ""
    elif kind == "spans":
        source = f"belief_spans_as_of({dates.arguments(valid=False)})"
        columns = "fact, believed_from NULLS FIRST, valid_from NULLS FIRST, origin"
    elif kind == "history":
        where, parameters = "", [fact if fact is not None else "*"]
        until = "" if dates.as_of is None else f" WHERE {_COUNTS_FROM[dates.basis]} <= {as_of}"
        source = f"history($1, {dates.arguments(policy=False)}){until}"
        columns = "reported_at, position"
    else:
        raise BadInput(f"no such question: {brief(kind)}")
    return f"FROM {source}{where}" + (f" ORDER BY {columns}" if order else ""), parameters


def _days(within: object) -> int:
    if isinstance(within, int) and not isinstance(within, bool) and 0 <= within <= DAYS_AT_MOST:
        return within
    raise BadInput(
        f"within is {brief(within)}; expected a number of days from 0 to {DAYS_AT_MOST}, or None for any"
    )


def _from_segments(dates: AsOf, fact: str | None, order: bool) -> str:
    """Return the default question without its macro, which takes longer to bind than the rest to run."""
    moment = _LAST if dates.as_of is None else timestamp(dates.as_of)
    tests = [
        f"segment_from <= {moment} AND {moment} < segment_until",
        f"believed_from <= {moment} AND {moment} < believed_until",
    ]
    if dates.valid_at is not None:
        at = timestamp(dates.valid_at)
        tests.append(f"coalesce(valid_from <= {at}, true) AND coalesce({at} < valid_to, true)")
    if fact is not None:
        tests.append("fact GLOB $1" if is_glob(fact) else "fact_hash = md5_number_lower($1) AND fact = $1")
    ordered = " ORDER BY fact, valid_from NULLS FIRST, origin" if order else ""
    return f"SELECT {', '.join(BELIEF_COLUMNS)} FROM store.segments WHERE {' AND '.join(tests)}{ordered}"


#: The columns that changes have of a belief on either side.
_OF_SIDE: Final = ("claim", "amount", "unit", "status", "event_id")


def plain_changes(start: int | None, end: int | None, fact: str | None) -> tuple[str, list[Any]]:
    """Return the beliefs of the segments that differ between two instants, side by side, in no order.

    These are the changes where no row `is_bounded`: then a fact has one belief at a time. Else they have to
    be taken apart by valid time, as `changes` of the SQL surface does, which takes as long to bind as this
    to run.
    """
    first, last = (_LAST if moment is None else timestamp(moment) for moment in (start, end))
    if end is None or (start is not None and start <= end):
        ended, began = f"believed_until <= {last}", f"believed_from > {first}"
    else:
        ended, began = f"believed_from > {last}", f"believed_until <= {first}"
    sides = [
        f"(SELECT fact_hash, fact, {', '.join(_OF_SIDE)}, "
        "valid_from IS NOT NULL OR valid_to IS NOT NULL AS is_bounded FROM store.segment_rows "
        f"WHERE segment_from <= {moment} AND {moment} < segment_until "
        f"AND believed_from <= {moment} AND {moment} < believed_until AND {only_then})"
        for moment, only_then in ((first, ended), (last, began))
    ]
    columns = [
        f"{side}.{name} AS {name}_{of}" for side, of in (("b", "from"), ("a", "to")) for name in _OF_SIDE
    ]
    where, parameters = _narrowed(fact_key(fact))
    return (
        "FROM (SELECT coalesce(b.fact, a.fact) AS fact, "
        "NULL::TIMESTAMP AS valid_from, NULL::TIMESTAMP AS valid_to, "
        "CASE WHEN b.event_id IS NULL THEN 'appeared' WHEN a.event_id IS NULL THEN 'gone' "
        f"ELSE 'changed' END AS change, {', '.join(columns)}, "
        "coalesce(b.is_bounded, false) OR coalesce(a.is_bounded, false) AS is_bounded "
        f"FROM {sides[0]} AS b FULL JOIN {sides[1]} AS a "
        f"ON b.fact_hash = a.fact_hash AND b.fact = a.fact){where}"
    ), parameters


def _narrowed(fact: str | None) -> tuple[str, list[Any]]:
    if fact is None or fact == "*":
        return "", []
    if is_glob(fact):
        return " WHERE fact GLOB $1", [fact]
    return " WHERE fact = $1", [fact]


def event_by(con: duckdb.DuckDBPyConnection, name: str) -> tuple[str, str | None]:
    """Return the id and key of the event that has this key or event_id, or the only one that begins so.

    A random part behind the key may be left out.
    """
    rows = con.execute(
        "SELECT event_id, key FROM store.events "
        "WHERE key = $1 OR (starts_with(event_id, $2) AND length($2) >= 4) OR starts_with(key, $3)",
        [name, name.lower(), f"{name}-{MARK}"],
    ).fetchall()
    named = [row for row in rows if name in (row[1], key_without_salt(row[1]))]
    found = named or [row for row in rows if len(name) >= 4 and row[0].startswith(name.lower())]
    if len(found) == 1:
        event_id, key = found[0]
        return event_id, key
    if not found:
        keys = [key for (key,) in con.execute("SELECT key FROM store.keys").fetchall()]
        raise NotFound(f"no event has the key or event_id {brief(name)}{nearest(name, keys)}")
    listed = ", ".join(row[0][: len(name) + 4] for row in found[:5])
    raise BadInput(f"{brief(name)} begins {len(found)} event ids; expected a longer prefix, such as {listed}")
