"""The HTTP API: the questions of the commands, by the same names and with the same answers.

`QUESTIONS` is the one table of what can be asked: which parameters a question takes, in which forms its
answer comes, and what answers it. The addresses and their description follow from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from timeline import __version__
from timeline.ask.answers import Answer, Rows, Source
from timeline.errors import NotFound, nearest
from timeline.meaning.fact import fact_key, is_glob
from timeline.show.formats import arrow_stream, csv_lines, document, why_json
from timeline.web.negotiation import preferred
from timeline.web.parameters import (
    AFTER,
    AXES,
    FACT,
    FORMATS,
    FROM_DATE,
    LIMIT,
    OFFSET,
    ONE_BELIEF,
    ONE_FACT,
    PAGE,
    QUERY,
    RECORDED_AS_OF,
    TO_DATE,
    WITHIN,
    Parameter,
    format_parameter,
    read,
    required,
)

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from timeline.ask.snapshot import Snapshot

__all__ = [
    "QUESTIONS",
    "SQL",
    "Asked",
    "Question",
    "answered",
    "encoded",
    "heading",
    "is_fixed",
    "parsed",
    "question_named",
    "tag_of",
]

_ALL_FORMATS: Final = tuple(FORMATS)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its parameters, and the form that its answer is to have, out of FORMATS."""

    name: str
    given: Mapping[str, str]
    format: str

    @property
    def kind(self) -> str:
        """The media type of the answer."""
        return FORMATS[self.format]

    def number(self, parameter: Parameter) -> int:
        """Return the value of a parameter that is a number, or its default."""
        return int(self.given.get(parameter.name, parameter.schema.get("default", 0)))


#: What answers a question: the answer, and what its document says beside that of what was asked.
Answering = Callable[["Snapshot", Mapping[str, str]], tuple[Answer, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the API: its parameters, the forms of its answer, and what answers it.

    `answer` is None where the answer is no table. `may_find_nothing` is whether NotFound is raised.
    """

    help: str
    takes: tuple[Parameter, ...]
    formats: tuple[str, ...] = _ALL_FORMATS
    answer: Answering | None = None
    may_find_nothing: bool = False

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Every parameter, with those of paging and of the form."""
        paging = PAGE if self.answer is not None else ()
        return (*self.takes, *paging, format_parameter(self.formats))


# What answers the questions


def _dates(snapshot: Snapshot, given: Mapping[str, str]) -> Any:
    return snapshot.dates(**{axis.name: given[axis.name] for axis in AXES if axis.name in given})


def _named(kind: str) -> Answering:
    def answer(snapshot: Snapshot, given: Mapping[str, str]) -> tuple[Answer, Mapping[str, Any]]:
        return snapshot.ask(kind, given.get("fact"), _dates(snapshot, given)), {}

    return answer


def _disagreements(snapshot: Snapshot, given: Mapping[str, str]) -> tuple[Answer, Mapping[str, Any]]:
    within = given.get("within", "90")
    days = None if within == "any" else int(within)
    dates = _dates(snapshot, given)
    return snapshot.ask("disagreements", given.get("fact"), dates, within=days), {"within": days}


def _changes(snapshot: Snapshot, given: Mapping[str, str]) -> tuple[Answer, Mapping[str, Any]]:
    from timeline.meaning.times import format_instant

    start, end = snapshot.instant_of(given["from_date"]), snapshot.instant_of(given["to_date"])
    answer = snapshot.ask("changes", given.get("fact"), _dates(snapshot, given), between=(start, end))
    return answer, {"from_date": format_instant(start), "to_date": format_instant(end)}


def _listed(table: str) -> Answering:
    def answer(snapshot: Snapshot, given: Mapping[str, str]) -> tuple[Answer, Mapping[str, Any]]:
        listing = _Listing(
            snapshot, f"SELECT * FROM {table}", " ORDER BY id", {}, given.get("recorded_as_of")
        )
        return Answer(listing, _dates(snapshot, given)), {}

    return answer


def _events(snapshot: Snapshot, given: Mapping[str, str]) -> tuple[Answer, Mapping[str, Any]]:
    key = fact_key(given.get("fact"))
    where = "" if key is None else (" AND fact GLOB $fact" if is_glob(key) else " AND fact = $fact")
    parameters = {"after": int(given.get("after", "0"))} | ({} if key is None else {"fact": key})
    listing = _Listing(
        snapshot,
        f"SELECT * FROM events WHERE position > $after{where}",
        " ORDER BY position",
        parameters,
        given.get("recorded_as_of"),
    )
    return Answer(listing, _dates(snapshot, given)), {}


def _facts(snapshot: Snapshot, given: Mapping[str, str]) -> tuple[Answer, Mapping[str, Any]]:
    return Answer.of(["fact"], ["VARCHAR"], [(fact,) for fact in snapshot.facts(given.get("fact"))]), {}


@dataclass(frozen=True, slots=True)
class _Listing:
    """The rows of a table of the SQL surface, of which only those that are wanted are read."""

    snapshot: Snapshot
    sql: str
    order: str
    parameters: Mapping[str, Any]
    recorded_as_of: str | None
    some: str = ""

    @property
    def shape(self) -> None:
        """Nothing: it was not asked yet."""

    def fetch(self) -> Rows:
        found = self._asked(self.sql + self.order + self.some)
        return Rows(found.columns, found.types, found.rows)

    def arrow(self) -> pa.Table:
        return self._asked(self.sql + self.order + self.some).arrow()

    def frame(self) -> pl.DataFrame:
        return self._asked(self.sql + self.order + self.some).frame()

    def part(self, offset: int, limit: int) -> Source:
        return _Listing(
            self.snapshot,
            self.sql,
            self.order,
            self.parameters,
            self.recorded_as_of,
            f" LIMIT {int(limit)} OFFSET {int(offset)}",
        )

    def size(self) -> int:
        return int(self._asked(f"SELECT count(*) FROM ({self.sql})").rows[0][0])

    def _asked(self, sql: str) -> Answer:
        params = dict(self.parameters) or None
        return self.snapshot.sql(sql, params=params, recorded_as_of=self.recorded_as_of)


QUESTIONS: Final[dict[str, Question]] = {
    "beliefs": Question("What was believed.", (FACT, *AXES), answer=_named("beliefs")),
    "claims": Question(
        "What each origin itself was believed to claim.", (FACT, *AXES), answer=_named("claims")
    ),
    "disagreements": Question(
        "Pairs of origins that contradict each other.", (FACT, WITHIN, *AXES), answer=_disagreements
    ),
    "history": Question(
        "Every event of a fact by reported order, and what it did.",
        (required(FACT), *AXES),
        answer=_named("history"),
    ),
    "changes": Question(
        "What was believed otherwise on two dates.", (FROM_DATE, TO_DATE, FACT, *ONE_BELIEF), answer=_changes
    ),
    "events": Question("The events of the log, in its order.", (FACT, AFTER, RECORDED_AS_OF), answer=_events),
    "facts": Question("The facts that anything was ever reported of.", (FACT,), answer=_facts),
    "sources": Question("The documents that were read.", (RECORDED_AS_OF,), answer=_listed("sources")),
    "entities": Question("Who and what facts are about.", (RECORDED_AS_OF,), answer=_listed("entities")),
    "attributes": Question(
        "What may be reported of a subject.", (RECORDED_AS_OF,), answer=_listed("attributes")
    ),
    "why": Question("The evidence for a belief.", (ONE_FACT, *AXES), ("json",), may_find_nothing=True),
}
#: It is answered in a process of its own: see `confined`.
SQL: Final = Question("The answer to one query.", (QUERY, *AXES))


# From a request to a reply


def heading(answer: Answer) -> tuple[list[str], list[str]]:
    """Return the names of an answer's columns and DuckDB's names of their types; no row is read."""
    none = answer.part(0, 0)
    return none.columns, none.types


def parsed(name: str, question: Question, items: Sequence[tuple[str, str]], accept: str) -> Asked:
    """Return a question with its parameters, out of the query of an address and a header Accept.

    Raises BadInput for parameters that it does not take, NotAcceptable where Accept takes no form of it.
    """
    given = read(items, question.parameters)
    format = given.pop("format", None)
    if format is None:
        kind = preferred(accept, [FORMATS[each] for each in question.formats])
        format = next(each for each in question.formats if FORMATS[each] == kind)
    return Asked(name, given, format)


def question_named(name: str, others: Sequence[str] = ()) -> Question:
    """Return a question; raises NotFound, with the nearest, for one that there is not."""
    question = QUESTIONS.get(name)
    if question is None:
        raise NotFound(f"no such question: {name[:60]!r}{nearest(name, (*QUESTIONS, *others))}")
    return question


def tag_of(snapshot: Snapshot, digest: str, asked: Asked) -> str:
    """Return the tag of an answer, by what it is the answer of: a state of a store and a question.

    `digest` is that of the last commit of the state.
    """
    parts = (__version__, digest, snapshot.zone, asked.name, sorted(asked.given.items()), asked.format)
    return f'W/"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def is_fixed(snapshot: Snapshot, asked: Asked) -> bool:
    """Whether an answer stays the same for ever: nothing that is recorded from now on can change it."""
    then = asked.given.get(RECORDED_AS_OF.name)
    return then is not None and not snapshot.dates(recorded_as_of=then).recorded_is_head


def answered(snapshot: Snapshot, asked: Asked) -> bytes:
    """Return the answer to a question, in its form; raises what its command raises."""
    question = QUESTIONS[asked.name]
    if question.answer is None:
        return f"{why_json(snapshot.why(**asked.given))}\n".encode()
    answer, more = question.answer(snapshot, asked.given)
    return _page(answer, more, asked)


def _page(answer: Answer, more: Mapping[str, Any], asked: Asked) -> bytes:
    """Return the rows that are wanted; the document also says how many there are, where these are not all."""
    limit, offset = asked.number(LIMIT), asked.number(OFFSET)
    part = answer.part(offset, limit)
    if asked.format == "json" and (offset or len(part.rows) == limit):
        total = offset + len(part.rows)
        if len(part.rows) == limit or not part.rows:
            total = answer.size()
        if offset or total > limit:
            more = {**more, "total": total, "offset": offset, "limit": limit}
    return encoded(part, asked, more)


def encoded(answer: Answer, asked: Asked, more: Mapping[str, Any] | None = None) -> bytes:
    """Return an answer in a form; `more` is for its document."""
    if asked.format == "arrow":
        return arrow_stream(answer.arrow())
    if asked.format == "csv":
        return _joined(csv_lines(answer.columns, answer.rows))
    return _joined(document(answer.asked, answer.columns, answer.rows, more))


def _joined(lines: Iterator[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
