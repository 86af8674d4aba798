"""The HTTP API: the questions of the commands, by the same names and with the same answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from timeline.ask.answers import Answer
from timeline.errors import BadInput, NotFound, nearest
from timeline.meaning.fact import fact_key, is_glob
from timeline.show.formats import csv_lines, document, why_json

if TYPE_CHECKING:
    from timeline.ask.snapshot import Snapshot

__all__ = ["ARROW", "CSV", "JSON", "QUESTIONS", "Reply", "ask", "format_of", "once", "why_document"]

JSON: Final = "application/json"
CSV: Final = "text/csv"
ARROW: Final = "application/vnd.apache.arrow.stream"

_DATES: Final = ("as_of", "recorded_as_of", "valid_at", "policy", "basis")
_PAGE: Final = ("limit", "offset", "format")
#: So many rows are sent where no `limit` is given, and at most.
_ROWS: Final = 1_000
_ROWS_AT_MOST: Final = 100_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What a question is answered with, and whether it stays the same for ever."""

    content: bytes
    kind: str
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the API: its parameters beside those of paging, and what answers it."""

    takes: tuple[str, ...]
    answer: Callable[[Snapshot, Mapping[str, str]], tuple[Answer, Mapping[str, Any]]]
    help: str


def _dates(snapshot: Snapshot, given: Mapping[str, str]) -> Any:
    return snapshot.dates(**{name: given[name] for name in _DATES if name in given})


def _named(kind: str) -> Callable[[Snapshot, Mapping[str, str]], tuple[Answer, Mapping[str, Any]]]:
    def answer(snapshot: Snapshot, given: Mapping[str, str]) -> tuple[Answer, Mapping[str, Any]]:
        return snapshot.ask(kind, given.get("fact"), _dates(snapshot, given)), {}

    return answer


def _history(snapshot: Snapshot, given: Mapping[str, str]) -> tuple[Answer, Mapping[str, Any]]:
    if "fact" not in given:
        raise BadInput("fact is missing; expected a fact or a glob, such as nvidia/investment/openai")
    return snapshot.ask("history", given["fact"], _dates(snapshot, given)), {}


def _disagreements(snapshot: Snapshot, given: Mapping[str, str]) -> tuple[Answer, Mapping[str, Any]]:
    within = given.get("within", "90")
    if within != "any" and not (within.isascii() and within.isdigit() and len(within) < 8):
        raise BadInput(f"within is {within[:60]!r}; expected a number of days, or any")
    days = None if within == "any" else int(within)
    return snapshot.ask("disagreements", given.get("fact"), _dates(snapshot, given), within=days), {
        "within": days
    }


def _changes(snapshot: Snapshot, given: Mapping[str, str]) -> tuple[Answer, Mapping[str, Any]]:
    from timeline.meaning.times import format_instant

    for name in ("from_date", "to_date"):
        if name not in given:
            raise BadInput(f"{name} is missing; expected a date, such as 2025-02-22")
    start, end = snapshot.instant_of(given["from_date"]), snapshot.instant_of(given["to_date"])
    answer = snapshot.ask("changes", given.get("fact"), _dates(snapshot, given), between=(start, end))
    return answer, {"from_date": format_instant(start), "to_date": format_instant(end)}


def _listed(table: str) -> Callable[[Snapshot, Mapping[str, str]], tuple[Answer, Mapping[str, Any]]]:
    def answer(snapshot: Snapshot, given: Mapping[str, str]) -> tuple[Answer, Mapping[str, Any]]:
        return snapshot.sql(f"SELECT * FROM {table}", recorded_as_of=given.get("recorded_as_of")), {}

    return answer


def _events(snapshot: Snapshot, given: Mapping[str, str]) -> tuple[Answer, Mapping[str, Any]]:
    after = given.get("after", "0")
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise BadInput(f"after is {after[:60]!r}; expected a position, such as 150")
    key = fact_key(given.get("fact"))
    where = "" if key is None else (" AND fact GLOB $fact" if is_glob(key) else " AND fact = $fact")
    parameters: dict[str, Any] = {"after": int(after)} | ({} if key is None else {"fact": key})
    return snapshot.sql(
        f"SELECT * FROM events WHERE position > $after{where} ORDER BY position LIMIT {_ROWS_AT_MOST}",
        params=parameters,
        recorded_as_of=given.get("recorded_as_of"),
    ), {}


def _facts(snapshot: Snapshot, given: Mapping[str, str]) -> tuple[Answer, Mapping[str, Any]]:
    return Answer.of(["fact"], ["VARCHAR"], [(fact,) for fact in snapshot.facts(given.get("fact"))]), {}


QUESTIONS: Final[dict[str, Question]] = {
    "beliefs": Question(("fact", *_DATES), _named("beliefs"), "What was believed."),
    "claims": Question(("fact", *_DATES), _named("claims"), "What each origin itself was believed to claim."),
    "disagreements": Question(
        ("fact", "within", *_DATES), _disagreements, "Pairs of origins that contradict each other."
    ),
    "history": Question(
        ("fact", *_DATES), _history, "Every event of a fact by reported order, and what it did."
    ),
    "changes": Question(
        ("from_date", "to_date", "fact", *_DATES[1:]), _changes, "What was believed otherwise on two dates."
    ),
    "events": Question(("fact", "after", "recorded_as_of"), _events, "The events of the log, in its order."),
    "facts": Question(("fact",), _facts, "The facts that anything was ever reported of."),
    "sources": Question(("recorded_as_of",), _listed("sources"), "The documents that were read."),
    "entities": Question(("recorded_as_of",), _listed("entities"), "Who and what facts are about."),
    "attributes": Question(("recorded_as_of",), _listed("attributes"), "What may be reported of a subject."),
}


def ask(snapshot: Snapshot, name: str, items: Sequence[tuple[str, str]], accepted: str = JSON) -> Reply:
    """Return the answer to a question of the API.

    Raises BadInput for parameters that it does not take, NotFound for a question that there is not.
    """
    question = QUESTIONS.get(name)
    if question is None:
        raise NotFound(f"no such question: {name[:60]!r}{nearest(name, QUESTIONS)}")
    given = once(items, (*question.takes, *_PAGE))
    limit, offset = _number(given, "limit", _ROWS, _ROWS_AT_MOST), _number(given, "offset", 0, 10**12)
    kind = format_of(given, accepted)
    answer, more = question.answer(snapshot, given)
    fixed = given.get("recorded_as_of") is not None and name != "facts"
    total = len(answer.rows)
    if kind == ARROW:
        return Reply(_arrow(answer, offset, limit), ARROW, fixed)
    rows = answer.rows[offset : offset + limit]
    if kind == CSV:
        return Reply("".join(f"{line}\n" for line in csv_lines(answer.columns, rows)).encode(), CSV, fixed)
    paged = dict(more)
    if total > limit or offset:
        paged |= {"total": total, "offset": offset, "limit": limit}
    lines = document(answer.asked, answer.columns, rows, paged)
    return Reply("".join(f"{line}\n" for line in lines).encode(), JSON, fixed)


def _arrow(answer: Answer, offset: int, limit: int) -> bytes:
    import io

    import pyarrow as pa

    table = answer.arrow().slice(offset, limit)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def once(items: Sequence[tuple[str, str]], takes: Sequence[str]) -> dict[str, str]:
    """Return parameters by name; raises BadInput for one that is unknown, given twice, or holds a NUL."""
    given: dict[str, str] = {}
    for name, value in items:
        if name not in takes:
            raise BadInput(f"unknown parameter {name[:60]!r}{nearest(name, takes)}")
        if name in given:
            raise BadInput(f"{name} is given twice; expected it once")
        if "\x00" in value:
            raise BadInput(f"{name} holds U+0000, which nothing may")
        if value != "":
            given[name] = value
    return given


def format_of(given: Mapping[str, str], accepted: str) -> str:
    """Return the type of the answer: what `format` names, else the first that is accepted."""
    named = {"json": JSON, "csv": CSV, "arrow": ARROW}
    if "format" in given:
        if given["format"] not in named:
            raise BadInput(f"no such format: {given['format'][:60]!r}; expected json, csv or arrow")
        return named[given["format"]]
    wanted = [part.split(";")[0].strip() for part in accepted.split(",")]
    return next((kind for kind in wanted if kind in (JSON, CSV, ARROW)), JSON)


def _number(given: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 14 and int(text) <= most):
        raise BadInput(f"{name} is {text[:60]!r}; expected a number from 0 to {most:,}")
    return int(text)


def why_document(snapshot: Snapshot, items: Sequence[tuple[str, str]]) -> Reply:
    """Return the evidence for a belief, as `timeline why --json` prints it."""
    given = once(items, ("fact", *_DATES))
    if "fact" not in given:
        raise BadInput("fact is missing; expected one fact, such as nvidia/investment/openai")
    found = snapshot.why(given["fact"], **{name: given[name] for name in _DATES if name in given})
    return Reply(f"{why_json(found)}\n".encode(), JSON, "recorded_as_of" in given)
