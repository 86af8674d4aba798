"""Temporal SQL, after SQL:2011 and XTDB, turned into plain DuckDB SQL.

After the name of a table, before its alias, come clauses, one an axis, in any order; SYSTEM_TIME is the
recorded axis, and so is RECORDED_TIME. What each becomes, where x, a and b are expressions:

    beliefs FOR REPORTED_TIME AS OF x       beliefs_as_of(x)
    … FOR SYSTEM_TIME AS OF x               beliefs_as_of(…, recorded_as_of := x)
    … FOR VALID_TIME AS OF x                beliefs_as_of(…, valid_at := x)
    … FOR VALID_TIME FROM a TO b            (SELECT * FROM … WHERE its valid time overlaps [a, b))
    … FOR VALID_TIME BETWEEN a AND b        the same with [a, b]
    … FOR VALID_TIME ALL                    no valid_at, whatever the default
    claims …, disagreements …               claims_as_of(…), disagreements_as_of(…)
    beliefs FOR REPORTED_TIME ALL           belief_spans, or belief_spans_as_of(recorded_as_of := …)
    … FOR REPORTED_TIME FROM a TO b         of those, what was believed at some instant of [a, b)
    … FOR REPORTED_TIME BETWEEN a AND b     the same with [a, b]
    events FOR REPORTED_TIME AS OF x        (SELECT * FROM events WHERE reported_at <= reported_instant(x))
    events FOR SYSTEM_TIME AS OF x          (SELECT * FROM events WHERE recorded_at <= recorded_instant(x))
    sources FOR SYSTEM_TIME AS OF x         sources_as_of(x); entities and attributes alike

In spans a date is that whole day: FROM and BETWEEN start with its first instant, TO stops before that of
its own, AND ends with the last. A bound that is NULL is open; a span that ends before it starts holds
nothing. An expression is made of literals, parameters, calls, casts, operators and qualified columns of
tables to the left (an as-of for each row), or is anything in parentheses; NOW means now(). In DuckDB a DATE
plus a number is a date, but plus an INTERVAL an instant.

All else is copied byte for byte, comments inside a clause excepted. Hence a tokenizer of our own and no
SQL parser: whatever DuckDB learns to say is passed on, and the import costs next to nothing. Strings are
not looked into, so `query_table('beliefs')` knows no defaults.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple, NoReturn

from timeline.errors import BadInput, Place, nearest
from timeline.meaning.times import parse_as_of, parse_instant, to_naive

__all__ = ["tokens", "translate"]

_AXES: Final = {"REPORTED_TIME": "reported", "SYSTEM_TIME": "recorded", "VALID_TIME": "valid"}
_SYNONYMS: Final = {"RECORDED_TIME": "SYSTEM_TIME"}
_FORMS: Final = {"AS": "AS OF x", "FROM": "FROM a TO b", "BETWEEN": "BETWEEN a AND b", "ALL": "ALL"}
_DATED: Final = {"reported": ["AS"], "recorded": ["AS"], "valid": [*_FORMS]}
_DEFAULTED: Final = ("beliefs", "claims", "disagreements")
_TABLES: Final[dict[str, dict[str, list[str]]]] = {
    **dict.fromkeys(_DEFAULTED, _DATED),
    "beliefs": _DATED | {"reported": [*_FORMS]},
    "events": {"reported": ["AS"], "recorded": ["AS"]},
    **{name: {"recorded": ["AS"]} for name in ("sources", "entities", "attributes")},
}

_words: Final = re.compile(r"\w+").findall
# DuckDB's words that can be neither the bare name of a table nor its bare alias.
_RESERVED: Final = _words(
    """ALL ANALYSE ANALYZE AND ANTI ANY ARRAY AS ASC ASOF ASYMMETRIC AT AUTHORIZATION BINARY BOTH BY CASE CAST
    CHECK COLLATE COLLATION COLUMN CONCURRENTLY CONSTRAINT CREATE CROSS DEFAULT DEFERRABLE DESC DESCRIBE
    DISTINCT DO ELSE END EXCEPT FALSE FETCH FOR FOREIGN FREEZE FROM FULL GLOB GROUP HAVING ILIKE IN INITIALLY
    INNER INTERSECT INTO IS ISNULL JOIN LAMBDA LATERAL LEADING LEFT LIKE LIMIT NATURAL NOT NOTNULL NULL OFFSET
    ON ONLY OR ORDER OUTER OVERLAPS PIVOT PIVOT_LONGER PIVOT_WIDER PLACING POSITIONAL PRIMARY QUALIFY
    REFERENCES RETURNING RIGHT SELECT SEMI SHOW SIMILAR SOME SUMMARIZE SYMMETRIC TABLE TABLESAMPLE THEN TO
    TRAILING TRUE UNION UNIQUE UNPACK UNPIVOT USING VARIADIC VERBOSE WHEN WHERE WINDOW WITH"""
)
_OPERANDS: Final = _words("CAST FALSE LEFT NULL RIGHT TRUE")  # the reserved ones that start an expression
_BEFORE_TABLE: Final = _words("DESC DESCRIBE PIVOT PIVOT_LONGER PIVOT_WIDER SUMMARIZE TABLE UNPIVOT")
_BEFORE_DEFINITION: Final = _words("ALTER CREATE DROP ON REPLACE SHOW TEMP TEMPORARY TRUNCATE")
_QUERIES: Final = _BEFORE_TABLE + _words("FROM SELECT SHOW VALUES WITH")
_SELECTS: Final = _words("EXCEPT INTERSECT SELECT UNION")
_AFTER_TABLES: Final = _SELECTS + _words("DO GROUP HAVING LIMIT OFFSET ORDER QUALIFY RETURNING WHERE WINDOW")
#: A date without its quotes, which would be a number, or the difference of some.
_UNQUOTED_DATE: Final = re.compile(r"[0-9]{4}(?:[-/.][A-Za-z0-9]+)*(?![A-Za-z0-9_.:])")
_UNITS: Final = re.compile("(MICROSECOND|MILLISECOND|SECOND|MINUTE|HOUR|DAY|WEEK|MONTH|QUARTER|YEAR)S?")

# Spaces are DuckDB's, which are not Python's. What is never closed runs to the end, for DuckDB to refuse.
_SPACE: Final = r"\ \t\n\r\v\f\xa0\u2000-\u200b\u202f\u205f\u3000\ufeff"
_LEXEME: Final = re.compile(
    rf"""(?P<gap> [{_SPACE}]++ | --[^\r\n]*+ )
    | (?P<plain> '(?:[^']|'')*+'? )
    | (?P<string> [eE]'(?:[^'\\]|\\.|'')*+\\?'? | [bBxX]'(?:[^']|'')*+'?
        | \$(?P<tag>[^\W\d]\w*+|)\$.*?(?:\$(?P=tag)\$|\Z) )
    | (?P<quoted> "(?:[^"]|"")*+"? )
    | (?P<word> [^\x00-\x40\[-^`{{-\x7f{_SPACE}] [^\x00-\x23\x25-\x2f:-@\[-^`{{-\x7f{_SPACE}]*+ )
    | (?P<parameter> \?\d*+ | \$\d++ | \$\w++ ) | (?P<number> \.?\d[\d_.]*+(?:[eE][+-]?\d++)? )
    | (?P<comment> /\* ) | (?P<mark> :: | . )""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE: Final = re.compile(r"/\*|\*/|\Z")
_QUOTE: Final = str.maketrans({"'": "''"})
#: The functions that take a date on the reported axis.
_DATED_CALLS: Final = frozenset(("beliefs_as_of", "claims_as_of", "disagreements_as_of", "changes"))


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int
    word: str = ""  # of an unquoted word, in upper case
    name: str = ""  # that it can be for a table, as the catalog has it


class _Clause(NamedTuple):
    form: str  # of _FORMS
    first: str = ""
    last: str = ""


def translate(
    query: str,
    as_of: str | None = None,
    recorded_as_of: str | None = None,
    valid_at: str | None = None,
    basis: str = "certain",
    policy: str = "latest",
    zone: str | None = None,
    *,
    sealed: bool = False,
) -> str:
    """Rewrite the temporal clauses of `query` as calls of DuckDB macros, and leave the rest as it is.

    `as_of` (reported axis), `recorded_as_of` and `valid_at` are the defaults, each for itself, where
    `beliefs`, `claims` or `disagreements` name no such axis; `basis` holds for every use of these, `policy`
    for every use of `beliefs`. Other tables take only what is written at them, and calls that are written out
    (`beliefs_as_of(…)`, `changes(…)`) keep theirs. A date that is written out in a clause of the reported or
    the recorded axis is a day of `zone`, an IANA name, or of UTC. A name that the query's own WITH defines is
    its own. `sealed`: dates of the reported axis go through the functions of `ask.sandbox` that refuse those
    behind the seal, and no function is called by another name than its own.

    Raises BadInput, with line and column, for a clause that is malformed, given twice or not supported.

    >>> translate("SELECT claim FROM beliefs FOR REPORTED_TIME AS OF DATE '2025-02-22' b")
    "SELECT claim FROM beliefs_as_of(DATE '2025-02-22') b"
    >>> translate("FROM beliefs JOIN events USING (event_id)", as_of="2025-02-22", policy="first")
    "FROM beliefs_as_of('2025-02-22', policy := 'first') AS beliefs JOIN events USING (event_id)"
    >>> translate("SELECT 1\\nFROM beliefs FOR VALIDTIME AS OF NOW")
    Traceback (most recent call last):
    timeline.errors.BadInput: query:2:18: expected REPORTED_TIME, SYSTEM_TIME or VALID_TIME after FOR, \
got 'VALIDTIME'; did you mean 'VALID_TIME'?
    """
    points = {"reported": as_of, "recorded": recorded_as_of, "valid": valid_at}
    modes = {"basis": None if basis == "certain" else basis, "policy": None if policy == "latest" else policy}
    given = {key: f"'{text.translate(_QUOTE)}'" for key, text in (points | modes).items() if text is not None}
    try:
        return _edited(query, 0, len(query), _Rewriter(query, given, zone, sealed).edits)
    except RecursionError:
        raise BadInput("the query's brackets are nested too deep") from None


def _edited(query: str, start: int, end: int, edits: list[tuple[int, int, str]]) -> str:
    pieces = ""
    for edit_start, edit_end, text in edits:
        pieces += query[start:edit_start] + text
        start = edit_end
    return pieces + query[start:end]


def tokens(query: str) -> Iterator[_Token]:
    """Yield the lexemes of a query: everything but white space and comments."""
    position = depth = 0  # of nested comments
    while position < len(query):
        found = _COMMENT_EDGE.search(query, position) if depth else _LEXEME.match(query, position)
        assert found is not None
        kind, text, start, position = found.lastgroup or "", found[0], found.start(), found.end()
        if depth or kind == "comment":
            depth += 1 if text == "/*" else -1
        elif kind == "word":
            word = text.upper() if text.isascii() else ""
            yield _Token(kind, text, start, position, word, "" if word in _RESERVED else text.lower())
        elif kind != "gap":
            # DuckDB takes a plain string, too, for the name of a table.
            name = text[1:-1].replace(text[0] * 2, text[0]).lower() if kind in ("plain", "quoted") else ""
            yield _Token(kind, text, start, position, name=name)


class _Rewriter:
    """Finds what to replace in a query; `edits` has it as (start, end, text)."""

    def __init__(
        self, query: str, defaults: Mapping[str, str], zone: str | None = None, sealed: bool = False
    ) -> None:
        self.query = query
        self.zone = zone
        self.sealed = sealed
        self.defaults = defaults
        found = list(tokens(query))
        end = _Token("end", "", len(query), len(query))
        self.tokens = [*found, end, end, end]  # so that looking ahead is safe
        self.closers: dict[int, int] = {}  # of each opening bracket
        opened: list[int] = []
        for i, token in enumerate(found):
            number = query[token.start + 1 : token.start + 2] if token.kind == "parameter" else ""
            if number.isdigit() and not number.isascii():
                # DuckDB's client fails on it.
                self._refuse(i, f"the number of a parameter is in digits 0 to 9, got {number!r}")
            if sealed and token.name in _DATED_CALLS and i and found[i - 1].text == ".":
                # By way of its schema a function could be had that does not know of the seal.
                self._refuse(i, f"this store is sealed; expected {token.name} without a schema before it")
            if sealed and token.name in ("query", "query_table") and self.tokens[i + 1].text == "(":
                self._refuse(i, f"this store is sealed; expected what {token.name}() runs in its place")
            if token.text in ("(", "[", "{"):
                opened.append(i)
            elif opened and found[opened[-1]].text + token.text in ("()", "[]", "{}"):
                self.closers[opened.pop()] = i
        self.edits: list[tuple[int, int, str]] = []
        self.parameters = 0
        self.asked = False  # whether a clause has a `?`; the macros may take it in another order, or twice
        self._scan(0, len(found), frozenset())
        if not self.asked:
            self.edits = [edit for edit in self.edits if query[edit[0]] != "?"]

    def _scan(self, i: int, stop: int, own: frozenset[str], kind: str = "query", recursive: str = "") -> None:
        """Replace the tables between two tokens.

        `own`: names that WITH has defined; `recursive`: one that joins them after UNION; `kind`: a `query`,
        `tables` in brackets, a `value`, where FROM leads to no table (`extract(year FROM x)`), or a `clause`.
        """
        query, table = kind in ("query", "tables"), kind == "tables"
        listing = table  # whether a comma leads to another table
        while i < stop:
            token, last = self.tokens[i], self.tokens[i - 1]
            word = "" if last.text == "." else token.word
            expected, table = table, False
            if i in self.closers:
                inside = "clause" if kind == "clause" else "value"
                if token.text == "(" and (expected or self.tokens[i + 1].word in _QUERIES):
                    inside = "query" if self.tokens[i + 1].word in _QUERIES else "tables"
                self._scan(i + 1, self.closers[i], own, inside)
                i = self.closers[i]
            elif expected and token.name:
                i, table = self._reference(i, own)
                continue
            elif word == "WITH":
                i, own = self._with(i, own)
                continue
            elif word == "FROM" and query:
                compared = last.word == "DISTINCT" and self.tokens[i - 2].word in ("IS", "NOT")
                table = not compared and last.word != "DELETE"
                listing = listing or table
            elif word == "JOIN" or (token.text == "," and listing):
                table = True
            elif word in _BEFORE_TABLE:
                operator = self.tokens[i + 1].text == "(" and (last.name or last.text == ")")
                table = not operator and last.word not in _BEFORE_DEFINITION
            elif word in _AFTER_TABLES:
                listing, query = False, query or word in _SELECTS
                own |= {recursive} if recursive and word == "UNION" else frozenset()
            elif word == "FOR" and query and self._clause_at(i):
                self._refuse(i, "a temporal clause goes right after the name of a table, before its alias")
            elif word == "NOW" and kind == "clause" and self.tokens[i + 1].text not in ("(", "."):
                self.edits.append((token.start, token.end, "now()"))
            elif token.text == "?":
                self.parameters += 1
                self.edits.append((token.start, token.end, f"${self.parameters}"))
            elif token.kind == "parameter" and re.fullmatch("[0-9]{1,9}", token.text[1:]):
                self.parameters = max(self.parameters, int(token.text[1:]))
            elif token.text == ";":
                listing, own = False, frozenset()
            i += 1

    def _with(self, i: int, own: frozenset[str]) -> tuple[int, frozenset[str]]:
        """Pass over `WITH a AS (…), b AS (…)`, or over what is no such WITH; the names now defined.

        Names that are no table's of ours hide nothing, and are left out: each would be copied for the next.
        """
        recursive = self.tokens[i + 1].word == "RECURSIVE"
        i += 2 if recursive else 1
        while name := self.tokens[i].name:
            body = i + 1
            while body in self.closers or self.tokens[body].word in ("USING", "KEY"):
                body = self.closers.get(body, body) + 1
            while self.tokens[body].word in ("AS", "NOT", "MATERIALIZED"):
                body += 1
            if body not in self.closers:
                break
            self._scan(body + 1, self.closers[body], own, recursive=name if recursive else "")
            own = own | {name} if name in _TABLES else own
            i = self.closers[body] + 1
            i += self.tokens[i].text == ","
        return i, own

    def _reference(self, i: int, own: frozenset[str]) -> tuple[int, bool]:
        """Replace the table named at `i` if need be; what follows, and whether the table is yet to come."""
        at = i
        while self.tokens[at + 1].text == "." and self.tokens[at + 2].name:
            at += 2
        before, token, end = self.tokens[i - 1], self.tokens[at], at + 1
        if self.tokens[end].text == ":" and at == i:
            return end + 1, True
        shadowed = at == i and token.name in own
        known = token.name in _TABLES and (self.tokens[at - 2].name == "main" if at > i else not shadowed)
        clauses: dict[str, _Clause] = {}
        if self._clause_at(end):
            if not known:
                why = f"is none of {', '.join(_TABLES)}{nearest(token.name, _TABLES)}"
                if shadowed:
                    why = f"is defined by this query; the store's own is main.{token.name}"
                named = self.query[self.tokens[i].start : token.end]
                self._refuse(i, f"no temporal clause fits here: {named} {why}")
            clauses, end = self._clauses(end, own, token.name)
        elif self.tokens[end].text == "(" or not known:
            return end, False
        prefix = self.query[self.tokens[i].start : token.start]
        text = _relation(token.name, prefix, clauses, self.defaults, self.sealed)
        if not text:
            return end, False
        if not (self.tokens[end].word == "AS" or self.tokens[end].name or before.text == ":"):
            text += f" AS {token.text}"
        if before.word in ("DESC", "DESCRIBE", "SUMMARIZE", "TABLE"):
            text = f"FROM {text}"
        start = before.start if before.word == "TABLE" else self.tokens[i].start
        self.edits.append((start, self.tokens[end - 1].end, text))
        return end, False

    def _clause_at(self, i: int) -> bool:
        word, axis, form = (token.word for token in self.tokens[i : i + 3])
        return word == "FOR" and (axis in _FORMS or axis.endswith("TIME") or (axis != "" and form in _FORMS))

    def _clauses(self, i: int, own: frozenset[str], table: str) -> tuple[dict[str, _Clause], int]:
        clauses: dict[str, _Clause] = {}
        while self._clause_at(i):
            axis_word, form = self.tokens[i + 1].word, self.tokens[i + 2].word
            axis_word = _SYNONYMS.get(axis_word, axis_word)
            if axis_word not in _AXES:
                self._expected("REPORTED_TIME, SYSTEM_TIME or VALID_TIME after FOR", i + 1, _AXES)
            if _AXES[axis_word] in clauses:
                self._refuse(i + 1, f"{table} has {axis_word} twice")
            if form not in _FORMS:
                self._expected(f"AS OF, FROM, BETWEEN or ALL after {axis_word}", i + 2, _FORMS)
            takes = {name: _TABLES[table].get(axis, []) for name, axis in _AXES.items()}
            if form not in takes[axis_word]:
                taken = [f"FOR {name} {_FORMS[each]}" for name, forms in takes.items() for each in forms]
                self._refuse(i + 1, f"{table} takes no {axis_word} {_FORMS[form]}, only {', '.join(taken)}")
            i, bounds = i + 3, []
            for part in _FORMS[form].split()[1:]:
                if part.islower():
                    text, i = self._expression(i, own)
                    bounds.append(text)
                elif self.tokens[i].word == part:
                    i += 1
                else:
                    self._expected(f"{part}, as in FOR {axis_word} {_FORMS[form]}", i)
            if self.zone is not None and axis_word != "VALID_TIME":
                bounds = [_in_zone(text, self.zone, form, nth) for nth, text in enumerate(bounds)]
            clauses[_AXES[axis_word]] = _Clause(form, *bounds)
        return clauses, i

    def _expression(self, i: int, own: frozenset[str]) -> tuple[str, int]:
        """Return the expression at `i`, with the tables of its subqueries replaced, and what follows it."""
        first, held = i, len(self.edits)
        if unquoted := _UNQUOTED_DATE.match(self.query, self.tokens[i].start):
            self._refuse(i, f"a date is written in quotes: '{unquoted[0]}'")
        complete = interval = False
        while True:
            token, last = self.tokens[i], self.tokens[i - 1]
            if complete and [after.word for after in self.tokens[i + 1 : i + 3]] == ["TIME", "ZONE"]:
                complete = token.word != "AT"
                i += 2
            elif i in self.closers:
                complete, i = True, self.closers[i]
            elif token.kind in ("plain", "string", "number", "parameter"):
                complete = True
            elif complete and interval and _UNITS.fullmatch(token.word):
                interval = False
            elif not complete and (token.name or token.word in _OPERANDS or last.text == "."):
                complete, interval = True, token.word == "INTERVAL"
            elif token.kind == "mark" and token.text not in (",", ")", "]", "}", ";"):
                complete = False
            else:
                break
            i += 1
        if not complete:
            self._expected("a date or an instant (CASE and the like in parentheses)", i)
        self._scan(first, i, own, "clause")
        self.asked |= any(token.text == "?" for token in self.tokens[first:i])
        text = _edited(self.query, self.tokens[first].start, self.tokens[i - 1].end, self.edits[held:])
        del self.edits[held:]
        return text, i

    def _expected(self, what: str, i: int, known: Iterable[str] = ()) -> NoReturn:
        token = self.tokens[i]
        near = nearest(token.word, known, most=1)
        self._refuse(i, f"expected {what}, got {token.text or 'the end of the query'!r}{near}")

    def _refuse(self, i: int, message: str) -> NoReturn:
        before = self.query[: self.tokens[i].start]
        raise BadInput(message, Place("query", before.count("\n") + 1, len(before) - before.rfind("\n")))


_LITERAL: Final = re.compile(r"(?:DATE\s*)?'([^']*)'", re.IGNORECASE)


def _in_zone(text: str, zone: str, form: str, nth: int) -> str:
    """Return a date that is written out as its instant in a zone; any other expression as it is."""
    literal = _LITERAL.fullmatch(text.strip())
    if literal is None or literal[1].startswith("#"):
        return text
    begins = form == "FROM" or (form == "BETWEEN" and nth == 0)
    try:
        at = (parse_instant if begins else parse_as_of)(literal[1], zone)
    except BadInput:
        # The function that it goes to refuses it, and says how to write it.
        return text
    return f"TIMESTAMP '{to_naive(at)}'"


def _relation(
    name: str, prefix: str, clauses: Mapping[str, _Clause], defaults: Mapping[str, str], sealed: bool
) -> str:
    """Return what to read for a table, empty where that is the table itself.

    `prefix`: its schema and the dot.
    """
    if name not in _DEFAULTED:
        if name != "events":
            return f"{prefix}{name}_as_of({clauses['recorded'].first})" if clauses else ""
        instants = {"recorded": "recorded_instant", "reported": "reported_instant"}
        if sealed:
            instants["reported"] = "date_within_the_seal"
        conditions = [f"{axis}_at <= {instants[axis]}({clause.first})" for axis, clause in clauses.items()]
        return f"(SELECT * FROM {prefix}events WHERE {' AND '.join(conditions)})" if clauses else ""

    given = {axis: _Clause("AS", defaults.get(axis, "")) for axis in _DATED} | dict(clauses)
    reported, valid = given["reported"], given["valid"]
    spanned = reported.form != "AS"
    conditions = _overlap("believed_from", "believed_until", reported, sealed) if spanned else []
    if spanned or valid.form != "AS":
        conditions += _overlap("valid_from", "valid_to", valid)
    named = {
        "recorded_as_of": given["recorded"].first,
        "valid_at": "" if spanned or valid.form != "AS" else valid.first,
        "basis": defaults.get("basis"),
        "policy": defaults.get("policy") if name == "beliefs" else "",
    }
    arguments = [f"{key} := {value}" for key, value in named.items() if value]
    if not spanned and (arguments or reported.first):
        arguments.insert(0, reported.first or "NULL")
    source = prefix + ("belief_spans" if spanned else name)
    if arguments:
        source += f"_as_of({', '.join(arguments)})"
    elif not clauses:
        return ""
    return f"(SELECT * FROM {source} WHERE {' AND '.join(conditions)})" if conditions else source


def _overlap(lower: str, upper: str, clause: _Clause, sealed: bool = False) -> list[str]:
    """Return conditions under which [lower, upper), where NULL is open, shares an instant with the clause.

    Where the store is `sealed`, they refuse a clause that reaches behind the seal.
    """
    if not clause.first:
        return []
    first, below = f"valid_instant({clause.first})", "<" if clause.form == "FROM" else "<="
    # On every axis `reported_instant` is the last instant of a date and `valid_instant` the first.
    last = f"{'valid' if clause.form == 'FROM' else 'reported'}_instant({clause.last})"
    if sealed:
        first = f"bound_within_the_seal({first}, {clause.first})"
        last = f"bound_within_the_seal({last}, {clause.last})"
    pairs = [f"{lower} {below} {last}", f"{upper} > {first}", f"{first} {below} {last}"]
    if clause.form == "AS":
        last = f"if({clause.first} IS NULL, NULL, reported_instant({clause.first}))"
        pairs = [f"{lower} <= {last}", f"{upper} > {last}"]
    return [f"coalesce({pair}, true)" for pair in pairs]
