"""The commands that ask: show, history, diff, why, disagreements, sql, query."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from timeline.ask.answers import Answer, AsOf, timestamp
from timeline.ask.questions import DAYS_AT_MOST
from timeline.cli.options import (
    Dates,
    Explain,
    OneFact,
    Output,
    Parameters,
    Rules,
    SomeFacts,
    Store,
    Unsafe,
    named_values,
)
from timeline.cli.output import (
    Cards,
    deliver,
    print_lines,
    printed_width,
    read_stdin,
    say,
    style_for,
    told_pairs,
)
from timeline.cli.stores import project_of, queries_folder, reading
from timeline.errors import BadInput, NotFound
from timeline.meaning.fact import fact_key, is_glob
from timeline.meaning.times import format_instant, parse_as_of
from timeline.show.formats import asked_plainly, plain, shown
from timeline.show.layout import Column, Style, pairs
from timeline.show.words import (
    View,
    asked_in_words,
    belief_card,
    beliefs_view,
    changes_view,
    counted,
    day,
    disagreements_view,
    history_view,
    prose,
    story,
)
from timeline.store import Timeline

if TYPE_CHECKING:
    from timeline.ask.answers import Why
    from timeline.ask.explain import Explained
    from timeline.ask.queries import Query

__all__ = ["diff", "disagreements", "history", "query", "show", "sql", "why"]

#: So many beliefs of one fact are each told in full.
_CARDS_AT_MOST: Final = 4

Row = dict[str, Any]


def show(
    fact: SomeFacts = None,
    *,
    dates: Dates,
    explain: Explain = False,
    output: Output,
    store: Store = None,
) -> None:
    """What was believed.

    Without a fact, everything; a fact may hold *.
    """
    fact = fact_key(fact)
    with reading(store) as tl:
        if explain:
            _tell_scanned(tl.explain("beliefs", fact, **dates.given()), output)
            return
        answer, asked = _asked(tl, "beliefs", fact, dates)
        if not answer.rows:
            _nothing(tl, output, answer, asked, fact)

        def view() -> View:
            rows = answer.dicts()
            return beliefs_view(asked, rows, _events(tl, rows))

        in_full = fact is not None and not is_glob(fact) and len(answer.rows) <= _CARDS_AT_MOST
        deliver(output, answer, view, cards=_cards(tl, answer, asked) if in_full else None)


def history(fact: OneFact, *, dates: Dates, output: Output, store: Store = None) -> None:
    """Every event of a fact by reported order, and what it did.

    A fact may hold *. With --as-of, what was public by then; the policy has no bearing.
    """
    key = _required(fact)
    with reading(store) as tl:
        answer, asked = _asked(tl, "history", key, dates)
        if not answer.rows:
            _nothing(tl, output, answer, asked, key, "reported")
        deliver(output, answer, lambda: history_view(asked, answer.dicts()))


def diff(
    from_date: Annotated[str, typer.Argument(metavar="FROM", help="A date on the reported axis: its end.")],
    to_date: Annotated[str, typer.Argument(metavar="TO", help="The date to compare it with.")],
    fact: SomeFacts = None,
    *,
    rules: Rules,
    output: Output,
    store: Store = None,
) -> None:
    """What was believed otherwise on one date than on another."""
    start, end = parse_as_of(from_date), parse_as_of(to_date)
    if rules.policy == "by-origin":
        raise BadInput("by-origin believes several claims of a fact; diff compares one with one")
    fact = fact_key(fact)
    with reading(store) as tl:
        answer, asked = _asked(tl, "changes", fact, rules, between=(start, end))
        between = f"as of {day(start)} and of {day(end)} (reported)"
        if _none(tl, output, answer, fact, f"Nothing differs: {asked_in_words(asked, reported=between)}"):
            return

        def view() -> View:
            rows = answer.dicts()
            events = _events(tl, rows, ("event_id_from", "event_id_to"))
            for row in rows:
                for side in ("_from", "_to"):
                    row[f"approximate{side}"] = events.get(row[f"event_id{side}"], {}).get("approximate")
            return changes_view(asked, rows, start, end)

        deliver(output, answer, view, from_date=format_instant(start), to_date=format_instant(end))


def disagreements(
    fact: SomeFacts = None,
    *,
    within: Annotated[
        str, typer.Option(metavar="DAYS|any", help="How far apart the two may have been reported.")
    ] = "90",
    dates: Dates,
    output: Output,
    store: Store = None,
) -> None:
    """Pairs of origins that contradict each other.

    Each by what it said last; the policy has no bearing.
    """
    if within != "any" and not re.fullmatch("[0-9]{1,7}", within):
        raise BadInput(
            f"got --within {within[:60]!r}; expected a number of days from 0 to {DAYS_AT_MOST}, or any"
        )
    days = None if within == "any" else int(within)
    fact = fact_key(fact)
    with reading(store) as tl:
        answer, asked = _asked(tl, "disagreements", fact, dates, within=days)
        if _none(tl, output, answer, fact, f"No disagreements {asked_in_words(asked, policy=False)}"):
            return

        def view() -> View:
            rows = answer.dicts()
            return disagreements_view(asked, rows, _events(tl, rows, ("event_id_1", "event_id_2")), days)

        deliver(output, answer, view, within=days)


def why(fact: OneFact, *, dates: Dates, output: Output, store: Store = None) -> None:
    """The evidence for a belief, and what it displaced.

    Tells what was mended in the record, too, and who says otherwise: as a story, or in JSON.
    """
    chosen = output.chosen()
    if chosen not in ("table", "json"):
        raise BadInput(f"why tells a story, which {chosen} cannot hold; expected table or json")
    key = _required(fact)
    if is_glob(key):
        raise BadInput(f"why tells of one fact, got {key!r}; `timeline show` takes globs")
    with reading(store) as tl:
        found = tl.why(key, **dates.given())
        if not found.history:
            _say_nothing(tl, found.asked, key, "reported")
        if chosen == "json":
            print_lines([_why_json(found)], output.output)
            return
        displaced = _displaced(tl, found, dates)
        to_file = output.output is not None
        width = None if to_file else printed_width()
        print_lines(story(found, displaced, width, None if to_file else style_for(sys.stdout)), output.output)


def sql(
    query: Annotated[
        str,
        typer.Argument(metavar="QUERY", help="DuckDB's SQL with temporal clauses; - reads it from stdin."),
    ],
    *,
    parameters: Parameters = None,
    dates: Dates,
    explain: Explain = False,
    unsafe: Unsafe = False,
    output: Output,
    store: Store = None,
) -> None:
    """One query in temporal SQL.

    It reads the store and nothing else. The dates are for tables that name none of their own.
    """
    text = read_stdin() if query == "-" else query
    if explain:
        with reading(store) as tl:
            values = named_values(parameters) or None
            _tell_scanned(tl.explain_sql(text, values, unsafe=unsafe, **dates.given()), output)
        return
    _ask_sql(text, named_values(parameters) or None, dates, output, store, unsafe=unsafe)


def query(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Without it, the queries are listed.", show_default=False),
    ] = None,
    *,
    parameters: Parameters = None,
    dates: Dates,
    unsafe: Unsafe = False,
    output: Output,
    store: Store = None,
) -> None:
    """A named query of the project, or a list of them."""
    from timeline.ask.queries import find_query

    project = project_of(store) or project_of(Path.cwd())
    if project is None:
        raise NotFound("no project here, whose queries/ could be asked; see `timeline init --help`")
    folder = queries_folder(project)
    if name is None:
        _list_queries(folder, output)
        return
    found = find_query(folder, name)
    values = found.bound(named_values(parameters))
    _ask_sql(found.sql, values, dates, output, store, found.title, unsafe=unsafe)


# What they share


def _required(fact: str) -> str:
    return fact_key(fact) or fact


def _asked(tl: Timeline, kind: str, fact: str | None, rules: Rules, **more: Any) -> tuple[Answer, AsOf]:
    answer = tl.table(kind, fact, **rules.given(), **more)
    assert answer.asked is not None
    return answer, answer.asked


def _none(tl: Timeline, output: Output, answer: Answer, fact: str | None, message: str) -> bool:
    """Whether the answer is that there is none, which is told to people; programs get it as any other."""
    if answer.rows:
        return False
    if fact is not None:
        tl.heard_of(fact)
    if output.chosen() not in ("table", "markdown"):
        return False
    say(message)
    return True


def _nothing(
    tl: Timeline, output: Output, answer: Answer, asked: AsOf, fact: str | None, what: str = "believed"
) -> NoReturn:
    """Say that nothing answers; programs get their empty answer first."""
    if output.chosen() not in ("table", "markdown"):
        deliver(output, answer, lambda: View("", [], []))
    _say_nothing(tl, asked, fact, what)


def _say_nothing(tl: Timeline, asked: AsOf, fact: str | None, what: str) -> NoReturn:
    if fact is not None:
        tl.heard_of(fact)
    of = "" if fact is None else f" of {fact}"
    raise NotFound(f"nothing was {what}{of} {asked_in_words(asked, policy=what == 'believed')}")


def _tell_scanned(found: Explained, output: Output) -> None:
    """What was read for an answer: the whole, then a line a scan."""
    told: dict[str, Any] = asdict(found)
    told["seconds"] = round(found.seconds, 6)
    if output.chosen() != "json":
        told["scans"] = "; ".join(
            f"{scan.table}: {scan.rows_read:,} rows read, {scan.rows_kept:,} kept, "
            f"{scan.row_groups_read:,} of {scan.row_groups:,} row groups"
            for scan in found.scans
        )
    told_pairs(told, output.chosen() == "json")


def _events(tl: Timeline, rows: Sequence[Row], columns: Sequence[str] = ("event_id",)) -> dict[str, Row]:
    """What the events behind some rows say beyond these, by event_id."""
    ids = [row[column] for row in rows for column in columns if row[column] is not None]
    facts = list({row["fact"] for row in rows})
    # The events of a fact stand together by its hash, so that one fact costs no look at the others.
    one = "fact_hash = md5_number_lower($2[1]) AND" if len(facts) == 1 else "len($2) > 0 AND"
    found = _rows(
        tl,
        "SELECT event_id, key, reported_from, reported_at, evidence_at, approximate, inferred "
        "FROM store.events "
        f"WHERE {one} event_id IN (SELECT unnest($1::VARCHAR[]))",
        [ids, facts],
    )
    return {row["event_id"]: row for row in found}


def _source(tl: Timeline, name: str | None, asked: AsOf) -> Row | None:
    """What was known of a source by then."""
    if name is None:
        return None
    found = _rows(
        tl,
        "SELECT text FROM events WHERE fact IS NULL AND event_type = 'source-described' AND subject = $1 "
        "AND recorded_at <= make_timestamp($2) ORDER BY position DESC LIMIT 1",
        [name, asked.recorded_as_of],
    )
    described = json.loads(found[0]["text"]) if found and found[0]["text"] else None
    return described if isinstance(described, dict) else None


def _rows(tl: Timeline, query_text: str, parameters: Sequence[Any]) -> list[Row]:
    try:
        return _rows_once(tl, query_text, parameters)
    except Exception as error:
        if not tl.mend(error):
            raise
    return _rows_once(tl, query_text, parameters)


def _rows_once(tl: Timeline, query_text: str, parameters: Sequence[Any]) -> list[Row]:
    con = tl.cursor()
    try:
        con.execute(query_text, parameters)
        names = [column[0] for column in con.description or []]
        return [
            {
                name: value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
                for name, value in zip(names, row, strict=True)
            }
            for row in con.fetchall()
        ]
    finally:
        con.close()


def _cards(tl: Timeline, answer: Answer, asked: AsOf) -> Cards:
    def lines(width: int | None, style: Style | None) -> Iterator[str]:
        rows = answer.dicts()
        events = _events(tl, rows)
        yield from prose(f"Believed {asked_in_words(asked)}", width)
        for row in rows:
            yield ""
            yield style("fact", row["fact"]) if style else row["fact"]
            source = _source(tl, row["source"], asked)
            card = belief_card(asked, row, events.get(row["event_id"]), source)
            yield from (f"  {line}" for line in pairs(card, None if width is None else width - 2, style))

    return lines


#: Of more beliefs than this, what they displaced is looked for among all that was ever believed of the fact.
_ASKED_ONE_BY_ONE: Final = 8

_DISPLACED: Final = """
    WITH
        beliefs AS (
            SELECT unnest($1::INTEGER[]) AS nth, unnest($2::TIMESTAMP[]) AS since,
                unnest($3::TIMESTAMP[]) AS valid_from, unnest($4::TIMESTAMP[]) AS valid_to,
                unnest($5::VARCHAR[]) AS event_id, unnest($6::VARCHAR[]) AS origin
        ),
        spans AS MATERIALIZED (
            FROM belief_spans_as_of(recorded_as_of := {recorded}, basis := {basis}, policy := {policy})
            WHERE fact = $7
        )
    SELECT s.* EXCLUDE (believed_until)
    FROM spans AS s
    JOIN beliefs AS b
        ON coalesce(s.believed_from, TIMESTAMP '-infinity') < b.since
        AND b.since <= coalesce(s.believed_until, TIMESTAMP 'infinity')
        AND coalesce(s.valid_from, TIMESTAMP '-infinity') < coalesce(b.valid_to, TIMESTAMP 'infinity')
        AND coalesce(b.valid_from, TIMESTAMP '-infinity') < coalesce(s.valid_to, TIMESTAMP 'infinity')
        AND s.event_id <> b.event_id
    WHERE
        ({valid_at} IS NULL OR rules.covers(s.valid_from, s.valid_to, {valid_at}))
        AND (s.origin = b.origin OR {policy} <> 'by-origin')
    ORDER BY b.nth, s.valid_from NULLS FIRST, s.origin
"""


def _displaced(tl: Timeline, why: Why, dates: Dates) -> list[Row]:
    """What was believed right before each belief began, for the valid times that it took over."""
    beliefs = [belief for belief in why.beliefs if belief["believed_from"] is not None]
    if len(beliefs) > _ASKED_ONE_BY_ONE:
        asked = why.asked
        query_text = _DISPLACED.format(
            recorded=timestamp(asked.recorded_as_of),
            valid_at="NULL::TIMESTAMP" if asked.valid_at is None else timestamp(asked.valid_at),
            basis=f"'{asked.basis}'",
            policy=f"'{asked.policy}'",
        )
        columns: list[list[Any]] = [
            [_naive(belief[name]) for belief in beliefs]
            for name in ("believed_from", "valid_from", "valid_to", "event_id", "origin")
        ]
        rows = _rows(tl, query_text, [list(range(len(beliefs))), *columns, why.fact])
        return list({row["event_id"]: row for row in rows}.values())
    found: dict[str, Row] = {}
    for belief in beliefs:
        before = tl.table(
            "beliefs",
            why.fact,
            **dates.given() | {"as_of": belief["believed_from"] - timedelta(microseconds=1)},
        ).dicts()
        for row in before:
            if dates.policy == "by-origin" and row["origin"] != belief["origin"]:
                continue
            if row["event_id"] != belief["event_id"] and _overlap(row, belief):
                found[row["event_id"]] = row
    return list(found.values())


def _naive(value: object) -> object:
    """A value as DuckDB has it, whose timestamps are in UTC and say so nowhere."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _overlap(one: Row, other: Row) -> bool:
    return all(
        a["valid_from"] is None or b["valid_to"] is None or a["valid_from"] < b["valid_to"]
        for a, b in ((one, other), (other, one))
    )


def _why_json(found: Why) -> str:
    parts = ("beliefs", "claims", "disagreements", "history", "sources")
    told: dict[str, Any] = {**asked_plainly(found.asked), "fact": found.fact}
    told |= {part: [plain(row) for row in getattr(found, part)] for part in parts}
    return json.dumps(told, ensure_ascii=False, indent=2)


# SQL


def _ask_sql(
    text: str,
    parameters: Mapping[str, str | None] | None,
    dates: Dates,
    output: Output,
    store: Path | None,
    title: str = "",
    *,
    unsafe: bool,
) -> None:
    with reading(store) as tl:
        answer = tl.query_table(text, parameters, unsafe=unsafe, **dates.given())
        deliver(output, answer, lambda: _answer_view(answer, dates, title))


_FIGURES: Final = (
    "DECIMAL",
    "DOUBLE",
    "FLOAT",
    "HUGEINT",
    "UHUGEINT",
    "BIGINT",
    "INTEGER",
    "SMALLINT",
    "TINYINT",
)


def _answer_view(answer: Answer, dates: Dates, title: str) -> View:
    columns = [
        Column(name, right=kind.removeprefix("U").startswith(_FIGURES), whole=True)
        for name, kind in zip(answer.columns, answer.types, strict=True)
    ]
    rows = [[shown(value) for value in row] for row in answer.rows]
    caption = [title] if title else []
    if dates != Dates() and answer.asked is not None:
        caption.append(f"Tables that name no date: {asked_in_words(answer.asked)}")
    return View("\n".join(caption), columns, rows, f"{counted(len(rows), 'row')}.", headed=0)


def _list_queries(folder: Path, output: Output) -> None:
    from timeline.ask.queries import load_queries

    queries = load_queries(folder)
    if not queries:
        raise NotFound(f"no queries in {folder}")
    rows = [
        (each.name, each.title, each.description, [asdict(parameter) for parameter in each.parameters])
        for each in queries
    ]
    answer = Answer(
        ["name", "title", "description", "parameters"], ["VARCHAR", "VARCHAR", "VARCHAR", "JSON"], rows
    )

    def view() -> View:
        cells = [[each.name, each.title, _taken(each)] for each in queries]
        columns = [Column("query"), Column("what it answers", whole=True), Column("parameters", whole=True)]
        return View("", columns, cells, "Run one with `timeline query NAME -p PARAMETER=VALUE`.")

    deliver(output, answer, view)


def _taken(query: Query) -> str:
    return ", ".join(
        parameter.name if parameter.default is None else f"{parameter.name}={parameter.default}"
        for parameter in query.parameters
    )
