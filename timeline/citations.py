"""Citations: the answer to a question, pinned in one line of text that can be checked for ever.

A citation has the question, the instants on every axis, the state of the log (position and digest) and the
SHA-256 of the answer. `docs/formats.md` describes the line.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlencode

from timeline.ask.answers import Answer, AsOf
from timeline.ask.questions import one_fact
from timeline.ask.snapshot import Snapshot
from timeline.ask.steady import unsteady_in
from timeline.errors import BadInput, Conflict, Corruption, NotFound, brief, nearest
from timeline.log.log import Commit
from timeline.meaning.fact import fact_key, is_glob
from timeline.meaning.times import format_instant
from timeline.represent import counted
from timeline.show.formats import json_lines, why_json

if TYPE_CHECKING:
    from timeline.ask.queries import Query
    from timeline.store import Timeline

__all__ = ["CheckedCitation", "Citation", "Judged", "check", "cite", "judge", "line_of"]

#: How a citation begins; the number is the version of its form.
PREFIX: Final = "timeline-cite:1?"
_KINDS: Final = ("show", "history", "why", "diff", "disagreements", "query", "sql")
_ASKED: Final = {"show": "beliefs", "history": "history", "disagreements": "disagreements"}
_SUM: Final = 16
#: What a text may have around a line.
_AROUND: Final = "<>()[]{}\"'`.,;:“”„‘’«»"  # noqa: RUF001
_ELSEWHERE: Final = "its copy has a log of its own, so cite from the store itself"
#: Columns that a copy without the later events does not share: where in its log an event is, and when the
#: source came out in which it was read, which a sealed copy does not know before that.
_APART: Final = ("position", "commit", "evidence_at")


@dataclass(frozen=True, slots=True)
class Citation:
    """The answer to a question, as it can be asked for again at any time.

    `question` is written as for the command line. `as_of` and `valid_at` are instants, None where the
    question has none; `recorded_as_of` is when the last event that the answer may rest on was recorded,
    `position` that event's place in the log, and `digest` that of its commit. `rows` is how many the answer
    has, and `answer` the SHA-256 of them, as JSON lines. `within` is of disagreements, `query` the SHA-256
    of a named query.
    """

    question: str
    recorded_as_of: str
    position: int
    digest: str
    rows: int
    answer: str
    as_of: str | None = None
    valid_at: str | None = None
    policy: str = "latest"
    basis: str = "certain"
    within: str | None = None
    query: str | None = None

    @property
    def line(self) -> str:
        """The citation as one line of ASCII without spaces or quotes."""
        said = "&".join(f"{name}={quote(str(value), safe=_SAFE)}" for name, value in self._given())
        return f"{PREFIX}{said}&sum={_sum_of(said)}"

    @property
    def link(self) -> str:
        """The part of an address of the page, after the host, that checks the citation: the line itself."""
        return f"{_CHECKED_AT}{self.line.removeprefix(PREFIX)}"

    @property
    def view(self) -> str:
        """The part of an address of the page, after the host, that shows the answer."""
        words = _words_of(self.question)
        rules = {"valid_at": self.valid_at, "policy": self.policy, "basis": self.basis}
        given = {"as_of": _short(self.as_of), "recorded_as_of": self.recorded_as_of}
        given |= {n: v for n, v in rules.items() if v not in ("latest", "certain")}
        kind, fact = words[0], words[-1] if len(words) > 1 else None
        path = "/"
        if kind == "diff":
            given |= {"as_of": _short(words[2]), "compare": _short(words[1])}
            fact = words[3] if len(words) > 3 else None
        if kind in ("sql", "query"):
            path = "/ask"
            given |= {"sql": words[1]} if kind == "sql" else {}
        elif kind == "disagreements":
            path = "/disagreements"
        elif fact is not None and not is_glob(fact):
            path = f"/fact/{quote(fact, safe='/@')}"
        elif fact is not None:
            given["q"] = fact.strip("*/")
        return f"{path}?{urlencode({name: value for name, value in given.items() if value}, safe=':/')}"

    def _given(self) -> Iterable[tuple[str, object]]:
        for each in _ORDER:
            value = getattr(self, _FIELDS[each])
            if value is not None and (each, value) not in (("policy", "latest"), ("basis", "certain")):
                yield each, value


#: The names in a line, in their order, and the fields that they are.
_FIELDS: Final = {
    "q": "question",
    **{
        name: name
        for name in ("as_of", "recorded_as_of", "valid_at", "policy", "basis", "within", "query", "position")
    },
    **{name: name for name in ("digest", "rows", "answer")},
}
_ORDER: Final = tuple(_FIELDS)
_SAFE: Final = "/:@*,"
#: Where the page checks citations.
_CHECKED_AT: Final = "/cite?"
_NUMBERS: Final = ("position", "rows")


@dataclass(frozen=True, slots=True)
class CheckedCitation:
    """A citation whose answer is the same still: `lines` has its rows, as JSON lines.

    `certified` says on which axes the answer was found again without what came later: `reported`,
    `recorded`, both or none. `grown` is how many events were recorded since. `erased` has the ids of the
    events that were erased since, and touch nothing of the answer.
    """

    citation: Citation
    lines: list[str]
    grown: int
    certified: tuple[str, ...] = ()
    erased: list[str] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        """What was found, a sentence each."""
        found = [
            f"{self.citation.question}: the answer is the one that was cited, to the byte; "
            f"{counted(self.grown, 'event')} recorded since."
        ]
        if "reported" in self.certified:
            found.append("No event reported after its date took part, and none recorded after its state.")
        elif self.certified:
            found.append(
                "No event recorded after its state took part; it has no date on the reported axis to look at."
            )
        if self.erased:
            found.append(f"{counted(len(self.erased), 'event')} erased since; none is in this answer.")
        return found


class _Elsewhere(Corruption):
    """The log has no commit with the digest of a citation."""


class _Changed(Corruption):
    """A line is not as it was written, or the answer is not the one that was cited."""


class _Touched(Conflict):
    """Events that the answer may rest on were erased since."""


class _Resting(Conflict):
    """The answer rests on what came later."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of a citation in a store.

    `outcome` is `intact`, or `grown` where the answer is the same and something was recorded since; `erased`
    where an erasure touched the answer, `later` where it rests on what came later, `changed` where the line
    or the answer is another one, `elsewhere` where the citation is of another store. `words` says it;
    `citation` is None where the line cannot be read, and `checked` is None but for the first two.
    """

    outcome: str
    words: list[str]
    citation: Citation | None
    checked: CheckedCitation | None = None


# Lines


def read_line(line: str) -> Citation:
    """Return the citation in a line, which may have been broken where it was pasted.

    Raises BadInput for what is none, and Corruption, which says so, where its checksum is not its own.
    """
    text = re.sub(r"\s+", "", line).replace("&amp;", "&").strip(_AROUND)
    # As a link of the page.
    text = re.sub(rf"^(?:https?://[^/?#]*)?{re.escape(_CHECKED_AT)}", PREFIX, text)
    if (odd := re.search(r"[^!-~]", text)) is not None:
        raise BadInput(f"the citation has {brief(odd[0])}, and a citation is ASCII alone; copy it again")
    if not text.startswith(PREFIX):
        other = re.match(r"timeline-cite:(\d+)\?", text)
        known = f"version {other[1]} of citations; a later Timeline may know it" if other else brief(line)
        raise BadInput(f"got {known}; expected a line that begins with {PREFIX}")
    said, sign, found = text.removeprefix(PREFIX).rpartition("&sum=")
    given: dict[str, Any] = {}
    for part in said.split("&"):
        name, equals, value = part.partition("=")
        if name not in _FIELDS or not equals or _FIELDS[name] in given:
            raise BadInput(f"the citation has {brief(part)}, which has no meaning there or is there twice")
        try:
            given[_FIELDS[name]] = unquote(value, errors="strict")
        except UnicodeDecodeError:
            raise BadInput(f"the citation has {brief(part)}, which is not UTF-8") from None
    needed = {each.name for each in fields(Citation)[:6]}
    if missing := [name for name, attribute in _FIELDS.items() if attribute in needed - given.keys()]:
        raise BadInput(f"the citation has no {', '.join(missing)}; a part of the line is missing")
    for name in _NUMBERS:
        if not re.fullmatch("[0-9]{1,18}", given[name]):
            raise BadInput(f"the citation has {name}={brief(given[name])}; expected a number")
        given[name] = int(given[name])
    for name in ("digest", "answer", "query"):
        if not re.fullmatch("[0-9a-f]{64}", given.get(name, "0" * 64)):
            raise BadInput(f"the citation has {name}={brief(given[name])}; expected 64 hexadecimal digits")
    if not sign or found != _sum_of(said):
        raise _Changed(
            f"the line is not as it was written: its sum is {brief(found)}, expected {_sum_of(said)}; "
            "copy it again, or ask its author"
        )
    return Citation(**given)


def line_of(items: Iterable[tuple[str, str]]) -> str | None:
    """Return the line that the names and values in the address of a link are of; None of no citation.

    >>> line_of([("q", "show"), ("as_of", "2025-02-22T23:59:59Z"), ("sum", "00"), ("lang", "fr")])
    'timeline-cite:1?q=show&as_of=2025-02-22T23:59:59Z&sum=00'
    """
    names = {*_FIELDS, "sum"}
    given = [(name, value) for name, value in items if name in names]
    if not any(name == "sum" for name, _ in given):
        return None
    return PREFIX + "&".join(f"{name}={quote(value, safe=_SAFE)}" for name, value in given)


def _sum_of(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:_SUM]


def _short(instant: str | None) -> str | None:
    """Return an instant that is the last of its day as `show_instant_end` does, for an address."""
    return instant and instant.replace("T23:59:59.999999Z", "")


# Questions


def _words_of(question: str | Sequence[str]) -> list[str]:
    """Return a question as its kind and what it is about; BadInput for what is none."""
    given: Sequence[object] = [question] if isinstance(question, str) else question
    for word in given:
        if not isinstance(word, str) or "\0" in word or any("\ud800" <= sign <= "\udfff" for sign in word):
            raise BadInput(f"{brief(word)} is no word of a question; expected text")
    if isinstance(question, str):
        if re.match(r"\s*(?:select|from|with|describe|summarize|pivot|unpivot|values)\b", question, re.I):
            return ["sql", question]
        try:
            words = shlex.split(question)
        except ValueError as error:
            raise BadInput(f"{brief(question)} cannot be read as a question: {error}") from None
    else:
        words = list(question)
        if len(words) == 1:
            return _words_of(words[0])
    if not words or words[0] not in _KINDS:
        first = words[0] if words else ""
        raise BadInput(
            f"{brief(first)} begins no question that can be cited{nearest(first, _KINDS)}; expected one of "
            f"{', '.join(_KINDS)}, or a query in SQL"
        )
    least, most = {
        "show": (0, 1),
        "diff": (2, 3),
        "disagreements": (0, 1),
        "query": (1, 99),
        "sql": (1, 99),
    }.get(words[0], (1, 1))
    if not least <= len(words) - 1 <= most:
        expected = least if least == most else f"{least} to {most}"
        raise BadInput(f"{words[0]} is followed by {len(words) - 1} words; expected {expected}")
    return words


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a question gives: rows as JSON lines, or the lines of a document."""

    lines: list[str]

    @property
    def digest(self) -> str:
        return hashlib.sha256("".join(f"{line}\n" for line in self.lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Question:
    """A question with all of its dates, as it can be asked of any state of a store."""

    words: list[str]
    dates: Mapping[str, Any]
    within: int | None
    query: Query | None = None

    def ask(self, snapshot: Snapshot, leave_out: Sequence[str] = ()) -> _Asked:
        kind = self.words[0]
        dates = snapshot.dates(**self.dates)
        if kind == "why":
            found = snapshot.why(self.words[1], **self.dates)
            return _Asked(why_json(found).split("\n"))
        if kind in ("sql", "query"):
            text = self.words[1] if self.query is None else self.query.sql
            given = dict(_named(word) for word in self.words[2:])
            values = given if self.query is None else self.query.bound(given)
            answer = snapshot.sql(text, params=values or None, **self.dates)
            # SQL promises no order of its own.
            return _lines(answer, leave_out, ordered=False)
        return _lines(self._named(snapshot, kind, dates), leave_out)

    def _named(self, snapshot: Snapshot, kind: str, dates: AsOf) -> Answer:
        if kind == "diff":
            start, end = (snapshot.instant_of(word) for word in self.words[1:3])
            return snapshot.ask("changes", self._fact(3), dates, between=(start, end))
        more = {"within": self.within} if kind == "disagreements" else {}
        return snapshot.ask(_ASKED[kind], self._fact(1), dates, **more)

    def _fact(self, at: int) -> str | None:
        return self.words[at] if len(self.words) > at else None


def _lines(answer: Answer, leave_out: Sequence[str], *, ordered: bool = True) -> _Asked:
    kept = [at for at, name in enumerate(answer.columns) if name not in leave_out]
    names = [answer.columns[at] for at in kept]
    lines = list(json_lines(names, ([row[at] for at in kept] for row in answer.rows)))
    return _Asked(lines if ordered else sorted(lines))


def _named(word: str) -> tuple[str, str]:
    name, sign, value = word.partition("=")
    if not sign or not name:
        raise BadInput(f"got {brief(word)}; expected NAME=VALUE, the value of a parameter")
    return name.removeprefix("$"), value


def _written(snapshot: Snapshot, words: list[str]) -> list[str]:
    """Return the words of a question as a citation has them: facts as they are kept, dates as instants."""
    kind, rest = words[0], words[1:]
    if kind in ("show", "disagreements"):
        return [kind, *(fact_key(fact) or fact for fact in rest)]
    if kind in ("history", "why"):
        return [kind, *((one_fact(fact) if kind == "why" else fact_key(fact) or fact) for fact in rest)]
    if kind == "diff":
        instants = [format_instant(snapshot.instant_of(date)) for date in rest[:2]]
        return [kind, *instants, *(fact_key(fact) or fact for fact in rest[2:])]
    return [kind, rest[0], *sorted(f"{name}={value}" for name, value in map(_named, rest[1:]))]


def _query_of(tl: Timeline, words: Sequence[str]) -> Query | None:
    if words[0] != "query":
        return None
    queries = {query.name: query for query in tl.named_queries()}
    if words[1] not in queries:
        raise NotFound(f"no query is called {words[1]!r}{nearest(words[1], queries)}")
    return queries[words[1]]


def _check_steady(text: str) -> None:
    """Raise BadInput for SQL whose answer is another one each time."""
    if (found := unsteady_in(text)) is not None:
        raise BadInput(
            f"{found} gives another answer each time, so that none can be cited; write the date or the "
            "value in its place"
        )


# To cite, and to check


def cite(tl: Timeline, question: str | Sequence[str], dates: tuple[Any, ...], within: int | None) -> Citation:
    """Return the citation of an answer: see `Timeline.cite`."""
    tl._seal.check_open(_ELSEWHERE)
    snapshot = tl.snapshot()
    if not snapshot.commit:
        raise NotFound(f"nothing is recorded in {tl.address} yet")
    words = _written(snapshot, _words_of(question))
    as_of, recorded_as_of, valid_at, policy, basis = dates
    asked = snapshot.dates(as_of, recorded_as_of, valid_at, policy, basis)
    if words[0] == "diff":
        if asked.as_of is not None:
            raise BadInput("diff has two dates of its own; leave out as_of")
        if policy == "by-origin":
            raise BadInput("by-origin believes several claims of a fact; diff compares one with one")
    commit = _last_by(tl, snapshot, asked.recorded_as_of)
    query = _query_of(tl, words)
    text = query.sql if query is not None else words[1] if words[0] == "sql" else ""
    _check_steady(text)
    disagree = words[0] == "disagreements"
    made = Citation(
        shlex.join(words),
        format_instant(commit.recorded_at),
        commit.last_position,
        commit.digest,
        0,
        "",
        None if asked.as_of is None else format_instant(asked.as_of),
        None if asked.valid_at is None else format_instant(asked.valid_at),
        asked.policy,
        asked.basis,
        ("any" if within is None else str(within)) if disagree else None,
        None if query is None else hashlib.sha256(query.sql.encode()).hexdigest(),
    )
    found = _question_of(tl, made).ask(_state(tl, snapshot, commit, words))
    for fact in words[1:2] if words[0] in ("show", "history", "why") else words[3:]:
        if not found.lines and words[0] != "sql":
            snapshot.check_known(fact)
    return replace(made, rows=_count(words, found), answer=found.digest)


def check(tl: Timeline, line: str, *, certify: bool) -> CheckedCitation:
    """Ask the question of a citation again: see `Timeline.check_citation`."""
    tl._seal.check_open(_ELSEWHERE)
    cited = read_line(line)
    words = _words_of(cited.question)
    snapshot = tl.snapshot()
    commit = _commit_of(tl, snapshot, cited)
    question = _question_of(tl, cited)
    erased = _erased_since(snapshot, cited.position)
    found = question.ask(_state(tl, snapshot, commit, words))
    if found.digest != cited.answer or _count(words, found) != cited.rows:
        if erased:
            raise _Touched(_touched(cited, found, erased))
        raise _Changed(
            f"the answer is not the one that was cited: it has {_count(words, found)} rows and the SHA-256 "
            f"{found.digest}, expected {cited.rows} and {cited.answer}; the question or a date was changed "
            "in the line, or the index of the store is damaged (`timeline verify`)"
        )
    certified = _certified(tl, cited, question) if certify else ()
    return CheckedCitation(cited, found.lines, snapshot.position - cited.position, certified, list(erased))


def judge(tl: Timeline, line: str, *, certify: bool = True) -> Judged:
    """Return what becomes of a citation; raises BadInput and NotFound, as `check` does, for what is none."""
    cited: Citation | None = None
    try:
        cited = read_line(line)
        found = check(tl, line, certify=certify)
    except (_Elsewhere, _Changed, _Touched, _Resting) as error:
        return Judged(_OUTCOMES[type(error)], [str(error)], cited)
    return Judged("grown" if found.grown else "intact", found.words, cited, found)


_OUTCOMES: Final[Mapping[type[Exception], str]] = {
    _Elsewhere: "elsewhere",
    _Changed: "changed",
    _Touched: "erased",
    _Resting: "later",
}


def _count(words: Sequence[str], found: _Asked) -> int:
    return 1 if words[0] == "why" else len(found.lines)


def _question_of(tl: Timeline, cited: Citation) -> _Question:
    words = _words_of(cited.question)
    for name, value, kind in (("within", cited.within, "disagreements"), ("query", cited.query, "query")):
        if value is not None and words[0] != kind:
            raise BadInput(f"the citation has {name}={brief(value)}, which {words[0]} does not ask with")
    query = _query_of(tl, words)
    if query is not None and hashlib.sha256(query.sql.encode()).hexdigest() != cited.query:
        raise Conflict(
            f"the query {query.name!r} was changed since it was cited; expected the one with the SHA-256 "
            f"{cited.query}"
        )
    _check_steady(query.sql if query is not None else words[1] if words[0] == "sql" else "")
    within = cited.within or "90"
    if within != "any" and not re.fullmatch("[0-9]{1,7}", within):
        raise BadInput(f"the citation has within={brief(within)}; expected a number of days, or any")
    dates = {
        **{name: getattr(cited, name) for name in ("as_of", "valid_at", "policy", "basis")},
        "recorded_as_of": cited.recorded_as_of,
    }
    return _Question(words, dates, None if within == "any" else int(within), query)


def _last_by(tl: Timeline, snapshot: Snapshot, recorded_as_of: int) -> Commit:
    """Return the last commit that was recorded by then."""
    known = [each for each in tl._log.commits(until=snapshot.commit) if each.recorded_at <= recorded_as_of]
    if not known:
        raise NotFound(f"nothing was recorded by {format_instant(recorded_as_of)}")
    return known[-1]


def _commit_of(tl: Timeline, snapshot: Snapshot, cited: Citation) -> Commit:
    """Return the commit of a citation; raises Corruption where the log has not got it."""
    commits = tl._log.commits(until=snapshot.commit)
    found = next((each for each in commits if each.digest == cited.digest), None)
    if found is None:
        raise _Elsewhere(
            f"no commit of {tl.address} has the digest {cited.digest}: it is not the store that was cited "
            "from, or has lost its last commits"
        )
    for what, got, expected in (
        ("position", cited.position, found.last_position),
        ("recorded_as_of", cited.recorded_as_of, format_instant(found.recorded_at)),
    ):
        if got != expected:
            raise _Changed(
                f"the citation has {what}={got}, expected {expected} with its digest: it was changed"
            )
    return found


def _state(tl: Timeline, snapshot: Snapshot, commit: Commit, words: Sequence[str]) -> Snapshot:
    """Return the state to ask: SQL may read tables that have no recorded axis, and gets that very state."""
    if words[0] not in ("sql", "query") or snapshot.commit == commit.number:
        return snapshot
    return Snapshot(tl._index, commit.number, may_build=False, zone=lambda: tl.habits.timezone)


def _erased_since(snapshot: Snapshot, position: int) -> dict[str, str]:
    """Return the events up to a position that were erased after it, by id, with the reason."""
    rows = snapshot.sql(
        "SELECT e.target, any_value(e.reason) FROM events AS e JOIN events AS t ON t.event_id = e.target "
        "WHERE e.event_type = 'erased' AND e.position > $position AND t.position <= $position "
        "GROUP BY e.target ORDER BY min(e.position)",
        params={"position": position},
    ).rows
    return {target: reason or "" for target, reason in rows}


def _touched(cited: Citation, found: _Asked, erased: Mapping[str, str]) -> str:
    named = "; ".join(f"{event_id} ({reason})" for event_id, reason in list(erased.items())[:5])
    more = f" and {len(erased) - 5} more" if len(erased) > 5 else ""
    gone = sum('"status": "erased"' in line for line in found.lines)
    return (
        f"the answer was touched by an erasure: {len(erased)} of the events that were recorded by then were "
        f"erased since: {named}{more}. {gone} of its rows say so; the others cannot be compared with the "
        f"{cited.rows} that were cited"
    )


def _certified(tl: Timeline, cited: Citation, question: _Question) -> tuple[str, ...]:
    """Ask a copy of the store without what came later; returns the axes on which it holds nothing later.

    Raises Conflict where it answers otherwise.
    """
    from timeline.sealed import open_sealed

    latest: str | None = cited.as_of
    if question.words[0] == "diff":
        # Compared as instants: as texts, the first of a second lies behind the others of it.
        latest = format_instant(max(map(tl.snapshot().instant_of, question.words[1:3])))
    # With the basis `possible` a report counts before it certainly was out.
    if cited.basis == "possible":
        latest = None
    basis = "certain" if latest is None else cited.basis
    axes = ("recorded",) if latest is None else ("reported", "recorded")
    with open_sealed(tl, latest, cited.recorded_as_of, basis) as sealed:
        # Its head is the state that was cited, or the last before it of which anything is left.
        asked = replace(question, dates={**question.dates, "recorded_as_of": None})
        try:
            again = asked.ask(sealed.snapshot(), _APART) if sealed.head() else _Asked([])
        except BadInput as error:
            raise _resting(cited, str(error)) from error
    snapshot = tl.snapshot()
    expected = question.ask(_state(tl, snapshot, _commit_of(tl, snapshot, cited), question.words), _APART)
    if _comparable(again, asked) != _comparable(expected, question):
        raise _resting(cited, "without that it is another one")
    return axes


def _comparable(found: _Asked, question: _Question) -> list[str]:
    """Return the lines of an answer that a copy without the later events shares."""
    if question.words[0] != "why":
        return found.lines
    # The evidence repeats the head's instant, and ends with the descriptions of the sources.
    apart = ('  "recorded_as_of"', *(f'      "{name}"' for name in _APART))
    evidence = takewhile(lambda line: not line.startswith('  "sources"'), found.lines)
    return [line.rstrip(",") for line in evidence if not line.startswith(apart)]


def _resting(cited: Citation, why: str) -> Conflict:
    dates = " or ".join(each for each in (cited.as_of, cited.recorded_as_of) if each)
    return _Resting(
        "the answer is the one that was cited, but it rests on what was reported or recorded after "
        f"{dates}: {why}"
    )
