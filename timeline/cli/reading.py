"""The commands that ask: show, history, diff, why, disagreements, sql, query."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from timeline.ask.answers import Answer, AsOf
from timeline.cli.limits import limited
from timeline.cli.options import (
    Dates,
    Explain,
    OneFact,
    Output,
    Parameters,
    Rules,
    SomeFacts,
    Store,
    Unlimited,
    Unsafe,
    days_apart,
    named_values,
)
from timeline.cli.output import (
    Cards,
    deliver,
    print_lines,
    print_pairs,
    printed_width,
    read_stdin,
    say,
    style_for,
)
from timeline.cli.stores import reading
from timeline.errors import BadInput, NotFound
from timeline.meaning.fact import fact_key, is_glob
from timeline.meaning.times import format_instant
from timeline.project import find_project, project_folder
from timeline.represent import counted
from timeline.show.formats import shown, why_json
from timeline.show.layout import Column, Style, pairs
from timeline.show.words import (
    View,
    asked_in_words,
    belief_card,
    beliefs_view,
    changes_view,
    day,
    disagreements_view,
    history_view,
    prose,
    story,
)

if TYPE_CHECKING:
    from timeline.ask.explain import Explained
    from timeline.ask.queries import Query
    from timeline.ask.snapshot import Snapshot

__all__ = ["diff", "disagreements", "history", "query", "show", "sql", "why"]

#: So many beliefs of one fact are each shown in full.
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
    """Show what was believed.

    Without a fact, everything; a fact may hold *.
    """
    fact = fact_key(fact)
    with reading(store) as snapshot:
        if explain:
            _print_scans(snapshot.explain("beliefs", fact, snapshot.dates(**dates.given())), output)
            return
        answer, asked = _asked(snapshot, "beliefs", fact, dates)
        if not answer.rows:
            _nothing(snapshot, output, answer, asked, fact)

        def view() -> View:
            rows = answer.dicts()
            return beliefs_view(asked, rows, snapshot.events(rows))

        in_full = fact is not None and not is_glob(fact) and len(answer.rows) <= _CARDS_AT_MOST
        deliver(output, answer, view, cards=_cards(snapshot, answer, asked) if in_full else None)


def history(fact: OneFact, *, dates: Dates, output: Output, store: Store = None) -> None:
    """List every event of a fact by reported order, and what it did.

    A fact may hold *. With --as-of, what was public by then; the policy has no bearing.
    """
    key = _required(fact)
    with reading(store) as snapshot:
        answer, asked = _asked(snapshot, "history", key, dates)
        if not answer.rows:
            _nothing(snapshot, output, answer, asked, key, "reported")
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
    """Compare what was believed on two dates."""
    if rules.policy == "by-origin":
        raise BadInput("by-origin believes several claims of a fact; diff compares one with one")
    fact = fact_key(fact)
    with reading(store) as snapshot:
        start, end = snapshot.instant_of(from_date), snapshot.instant_of(to_date)
        answer, asked = _asked(snapshot, "changes", fact, rules, between=(start, end))
        between = f"as of {day(start)} and of {day(end)} (reported)"
        if _none(
            snapshot, output, answer, fact, f"Nothing differs: {asked_in_words(asked, reported=between)}"
        ):
            return

        def view() -> View:
            rows = answer.dicts()
            events = snapshot.events(rows, ("event_id_from", "event_id_to"))
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
    """List pairs of origins that contradict each other.

    Each by what it reported last; the policy has no bearing.
    """
    days = days_apart(within)
    fact = fact_key(fact)
    with reading(store) as snapshot:
        answer, asked = _asked(snapshot, "disagreements", fact, dates, within=days)
        if _none(snapshot, output, answer, fact, f"No disagreements {asked_in_words(asked, policy=False)}"):
            return

        def view() -> View:
            rows = answer.dicts()
            events = snapshot.events(rows, ("event_id_1", "event_id_2"))
            return disagreements_view(asked, rows, events, days)

        deliver(output, answer, view, within=days)


def why(fact: OneFact, *, dates: Dates, output: Output, store: Store = None) -> None:
    """Show the evidence for a belief, and what it displaced.

    It lists what was mended in the record, too, and who reports otherwise: as a text, or in JSON.
    """
    chosen = output.chosen()
    if chosen not in ("table", "json"):
        raise BadInput(f"why prints a text, which {chosen} cannot hold; expected table or json")
    key = _required(fact)
    if is_glob(key):
        raise BadInput(f"why is about one fact, got {key!r}; `timeline show` takes globs")
    with reading(store) as snapshot:
        found = snapshot.why(key, **dates.given())
        if not found.history:
            _raise_nothing(snapshot, found.asked, key, "reported")
        if chosen == "json":
            print_lines([why_json(found)], output.output)
            return
        to_file = output.output is not None
        width = None if to_file else printed_width()
        print_lines(story(found, width, None if to_file else style_for(sys.stdout)), output.output)


def sql(
    query: Annotated[
        str,
        typer.Argument(metavar="QUERY", help="DuckDB's SQL with temporal clauses; - reads it from stdin."),
    ],
    *,
    parameters: Parameters = None,
    dates: Dates,
    explain: Explain = False,
    unlimited: Unlimited = False,
    unsafe: Unsafe = False,
    output: Output,
    store: Store = None,
) -> None:
    """Run one query in temporal SQL.

    It reads the store and nothing else. The dates are for tables that name none of their own.
    """
    text = read_stdin() if query == "-" else query
    values = named_values(parameters) or None
    if explain:
        with _sql_of(store, unlimited, unsafe) as (snapshot, limits):
            with limits:
                found = snapshot.explain_sql(text, params=values, unsafe=unsafe, **dates.given())
            _print_scans(found, output)
        return
    _ask_sql(text, values, dates, output, store, unlimited=unlimited, unsafe=unsafe)


def query(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Without it, the queries are listed.", show_default=False),
    ] = None,
    *,
    parameters: Parameters = None,
    dates: Dates,
    unlimited: Unlimited = False,
    unsafe: Unsafe = False,
    output: Output,
    store: Store = None,
) -> None:
    """Run a named query of the project, or list them."""
    from timeline.ask.queries import find_query

    project = find_project(store) or find_project(Path.cwd())
    if project is None:
        raise NotFound("no project here, whose queries/ could be asked; see `timeline init --help`")
    folder = project_folder(project, "queries")
    if name is None:
        _list_queries(folder, output)
        return
    found = find_query(folder, name)
    values = found.bound(named_values(parameters))
    _ask_sql(found.sql, values, dates, output, store, found.title, unlimited=unlimited, unsafe=unsafe)


# What they share


def _required(fact: str) -> str:
    return fact_key(fact) or fact


def _asked(snapshot: Snapshot, kind: str, fact: str | None, rules: Rules, **more: Any) -> tuple[Answer, AsOf]:
    asked = snapshot.dates(**rules.given())
    return snapshot.ask(kind, fact, asked, **more), asked


def _none(snapshot: Snapshot, output: Output, answer: Answer, fact: str | None, message: str) -> bool:
    """Whether there is no answer, which people read in a sentence; programs get it as any other."""
    if answer.rows:
        return False
    if fact is not None:
        snapshot.check_known(fact)
    if output.chosen() not in ("table", "markdown"):
        return False
    say(message)
    return True


def _nothing(
    snapshot: Snapshot,
    output: Output,
    answer: Answer,
    asked: AsOf,
    fact: str | None,
    what: str = "believed",
) -> NoReturn:
    """Raise NotFound, since nothing answers; programs get their empty answer first."""
    if output.chosen() not in ("table", "markdown"):
        deliver(output, answer, lambda: View("", [], []))
    _raise_nothing(snapshot, asked, fact, what)


def _raise_nothing(snapshot: Snapshot, asked: AsOf, fact: str | None, what: str) -> NoReturn:
    if fact is not None:
        snapshot.check_known(fact)
    of = "" if fact is None else f" of {fact}"
    raise NotFound(f"nothing was {what}{of} {asked_in_words(asked, policy=what == 'believed')}")


def _print_scans(found: Explained, output: Output) -> None:
    """Print what was read for an answer: the whole, then a line a scan."""
    facts: dict[str, Any] = asdict(found)
    facts["seconds"] = round(found.seconds, 6)
    if output.chosen() != "json":
        facts["scans"] = "; ".join(
            f"{scan.table}: {scan.rows_read:,} rows read, {scan.rows_kept:,} kept, "
            f"{scan.row_groups_read:,} of {scan.row_groups:,} row groups"
            for scan in found.scans
        )
    print_pairs(facts, output.chosen() == "json", output.output)


def _cards(snapshot: Snapshot, answer: Answer, asked: AsOf) -> Cards:
    def lines(width: int | None, style: Style | None) -> Iterator[str]:
        rows = answer.dicts()
        events, sources = snapshot.events(rows), snapshot.sources(rows, asked)
        yield from prose(f"Believed {asked_in_words(asked)}", width)
        for row in rows:
            yield ""
            yield style("fact", row["fact"]) if style else row["fact"]
            card = belief_card(asked, row, events.get(row["event_id"]), sources.get(row["source"]))
            yield from (f"  {line}" for line in pairs(card, None if width is None else width - 2, style))

    return lines


# SQL


def _ask_sql(
    text: str,
    parameters: Mapping[str, str | None] | None,
    dates: Dates,
    output: Output,
    store: Path | None,
    title: str = "",
    *,
    unlimited: bool,
    unsafe: bool,
) -> None:
    with _sql_of(store, unlimited, unsafe) as (snapshot, limits):
        with limits:
            answer = snapshot.sql(text, params=parameters, unsafe=unsafe, **dates.given())
        deliver(output, answer, lambda: _answer_view(answer, dates, title))


@contextmanager
def _sql_of(
    store: Path | None, unlimited: bool, unsafe: bool
) -> Iterator[tuple[Snapshot, AbstractContextManager[None]]]:
    """The state of the store to ask, and what holds a query to its limits, which begin with it."""
    with limited(lifted=unlimited or unsafe) as limits, reading(store) as snapshot:
        if unsafe:
            yield snapshot, limits(0)
        else:
            yield snapshot, limits(snapshot.open_sql(unlimited=unlimited))


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
    "BIGNUM",
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
    answer = Answer.of(
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
