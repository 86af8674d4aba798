"""The parameters of the API: each defined once, for those who read them and for the API's description."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from timeline.ask.questions import DAYS_AT_MOST
from timeline.errors import BadInput, nearest

__all__ = [
    "AFTER",
    "AXES",
    "CITATION",
    "FACT",
    "FORMATS",
    "FROM_DATE",
    "LIMIT",
    "OFFSET",
    "ONE_BELIEF",
    "ONE_FACT",
    "PAGE",
    "PERSONAL",
    "QUERY",
    "RECORDED_AS_OF",
    "REGISTER_UNKNOWN",
    "TO_DATE",
    "WITHIN",
    "Parameter",
    "format_parameter",
    "read",
    "required",
]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an address: what it is for, and which texts it takes.

    `schema` is JSON Schema. Its numbers, lists and patterns are checked by `read`; what a `format` such as
    `edtf` takes is checked where it is used.
    """

    name: str
    help: str
    schema: Mapping[str, Any]
    is_required: bool = False
    example: str | int | None = None
    #: What is expected, in words, where the schema does not say it.
    expected: str = ""

    def check(self, text: str) -> None:
        """Raise BadInput for a text that the schema does not take."""
        if not _fits(self.schema, text):
            raise BadInput(
                f"{self.name} is {text[:60]!r}; expected {self.expected or _in_words(self.schema)}"
            )


def _fits(schema: Mapping[str, Any], text: str) -> bool:
    """Whether a schema takes a text, as far as its numbers, lists and patterns say."""
    if "anyOf" in schema:
        return any(_fits(each, text) for each in schema["anyOf"])
    if schema.get("type") == "integer":
        # Turning very many digits into a number takes time.
        is_whole = re.fullmatch("[0-9]{1,18}", text, re.ASCII) is not None
        return is_whole and schema["minimum"] <= int(text) <= schema["maximum"]
    if "enum" in schema:
        return text in schema["enum"]
    return "pattern" not in schema or re.fullmatch(schema["pattern"], text, re.ASCII) is not None


def _in_words(schema: Mapping[str, Any]) -> str:
    """Return what a schema takes.

    >>> _in_words({"enum": ["json", "csv", "arrow"]}), _in_words({"enum": ["json"]})
    ('json, csv or arrow', 'json')
    >>> _in_words({"type": "integer", "minimum": 0, "maximum": 1000})
    'a number from 0 to 1,000'
    """
    if "enum" in schema:
        *first, last = schema["enum"]
        return f"{', '.join(first)} or {last}" if first else str(last)
    return f"a number from {schema['minimum']:,} to {schema['maximum']:,}"


def required(parameter: Parameter) -> Parameter:
    """Return the same parameter, which has to be given."""
    return replace(parameter, is_required=True)


#: A date of the reported or valid axis, as the command line takes it.
_DATE: Final = {"type": "string", "format": "edtf", "minLength": 1}

FACT: Final = Parameter(
    "fact",
    "A fact, or a glob in which * crosses /.",
    {"type": "string", "format": "fact-or-glob", "minLength": 1},
    example="nvidia/*",
    expected="a fact or a glob, such as nvidia/investment/openai",
)
ONE_FACT: Final = Parameter(
    "fact",
    "One fact.",
    {"type": "string", "format": "fact", "minLength": 1},
    True,
    "nvidia/investment/openai",
    "one fact, such as nvidia/investment/openai",
)
RECORDED_AS_OF: Final = Parameter(
    "recorded_as_of",
    "Recorded axis: what the store knew by then; also a commit, as in #4.",
    {"anyOf": [_DATE, {"type": "string", "pattern": "^#[0-9]{1,18}$"}]},
    example="#4",
)
#: The policies that believe one claim of a fact at a time; N is at most a million.
_SINGLE: Final = "latest|first|ranked|confirmed:(0*[1-9][0-9]{0,5}|1000000)"
#: The dates and the rule of a question.
AXES: Final = (
    Parameter(
        "as_of",
        "Reported axis: what was public by then; a date is its end.",
        _DATE,
        example="2025-02-22",
    ),
    RECORDED_AS_OF,
    Parameter(
        "valid_at",
        "Valid axis: what held in the world at the end of that date.",
        _DATE,
        example="2025-09-30",
    ),
    Parameter(
        "policy",
        "Whose word counts: latest, first, by-origin, ranked or confirmed:N.",
        {"type": "string", "pattern": f"^({_SINGLE}|by-origin)$"},
        example="first",
        expected="latest, first, by-origin, ranked or confirmed:N",
    ),
    Parameter(
        "basis",
        "Count reports from when they certainly or possibly were out, or their source was.",
        {"type": "string", "enum": ["certain", "possible", "evidence"]},
        example="possible",
    ),
)
FROM_DATE: Final = Parameter(
    "from_date",
    "A date on the reported axis: its end.",
    _DATE,
    True,
    "2025-10-15",
    "a date, such as 2025-02-22",
)
TO_DATE: Final = replace(FROM_DATE, name="to_date", help="The date to compare it with.", example="2026-02-28")
#: Changes are between single beliefs, of which by-origin has several.
ONE_BELIEF: Final = tuple(
    replace(
        axis,
        help="Whose word counts: latest, first, ranked or confirmed:N.",
        schema={"type": "string", "pattern": f"^({_SINGLE})$"},
        expected="latest, first, ranked or confirmed:N: changes are between single beliefs",
    )
    if axis.name == "policy"
    else axis
    for axis in AXES
    if axis.name != "as_of"
)
WITHIN: Final = Parameter(
    "within",
    "How many days apart the two may have been reported, or any; 90 where it is not given.",
    {"anyOf": [{"type": "integer", "minimum": 0, "maximum": DAYS_AT_MOST}, {"enum": ["any"]}]},
    example="any",
    expected=f"a number of days from 0 to {DAYS_AT_MOST:,}, or any",
)
AFTER: Final = Parameter(
    "after",
    "Events behind this position.",
    {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
    example=100,
)
LIMIT: Final = Parameter(
    "limit",
    "So many rows at most; 1,000 where it is not given.",
    {"type": "integer", "minimum": 0, "maximum": 100_000, "default": 1_000},
    example=10,
)
OFFSET: Final = Parameter(
    "offset",
    "Rows to leave out first.",
    {"type": "integer", "minimum": 0, "maximum": 10**12, "default": 0},
    example=5,
)
PAGE: Final = (LIMIT, OFFSET)
QUERY: Final = Parameter(
    "query",
    "One SELECT in temporal SQL, which reads the store and nothing else.",
    {"type": "string", "format": "sql", "minLength": 1},
    True,
    "SELECT fact, claim FROM beliefs FOR REPORTED_TIME AS OF DATE '2025-02-22'",
    "one SELECT",
)
REGISTER_UNKNOWN: Final = Parameter(
    "register_unknown",
    "Register sources, entities and attributes never heard of.",
    {"type": "string", "enum": ["true", "false"], "default": "false"},
    example="true",
)
PERSONAL: Final = Parameter(
    "personal",
    "Give each event a random part in its key, which is gone once the event is erased.",
    {"type": "string", "enum": ["true", "false"], "default": "false"},
    example="true",
)
#: What is asked of a citation.
CITATION: Final = (
    Parameter(
        "line",
        "A citation: the line that `timeline cite` writes, or its link.",
        {"type": "string", "format": "citation", "minLength": 1},
        True,
    ),
    Parameter(
        "quick",
        "Leave out the copy of the store that shows that nothing later took part.",
        {"type": "string", "enum": ["true", "false"], "default": "false"},
    ),
)

#: The names of the forms of an answer, and their media types.
FORMATS: Final = {
    "json": "application/json",
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.stream",
}


def format_parameter(formats: Sequence[str]) -> Parameter:
    """Return the parameter that names the form of an answer, out of some of FORMATS."""
    return Parameter(
        "format",
        "The form of the answer; where it is not given, what Accept prefers.",
        {"type": "string", "enum": list(formats)},
        example=formats[-1],
    )


def read(items: Sequence[tuple[str, str]], takes: Sequence[Parameter]) -> dict[str, str]:
    """Return parameters by name.

    Raises BadInput for one that is unknown, missing, empty or given twice, that its schema does not take, or
    that holds what is no text: a NUL, or bytes that were no UTF-8.

    >>> read([("as_of", "2025"), ("basis", "possible")], AXES)
    {'as_of': '2025', 'basis': 'possible'}
    """
    known = {parameter.name: parameter for parameter in takes}
    given: dict[str, str] = {}
    for name, value in items:
        if name not in known:
            expected = f"; expected {', '.join(known)}" if known else "; expected none"
            raise BadInput(f"unknown parameter {name[:60]!r}{nearest(name, known) or expected}")
        if name in given:
            raise BadInput(f"{name} is given twice; expected it once")
        if value == "":
            raise BadInput(f"{name} is empty; leave it out, or give it a value")
        if "\x00" in value:
            raise BadInput(f"{name} holds U+0000, which nothing may")
        known[name].check(value)
        given[name] = value
    for parameter in takes:
        if parameter.is_required and parameter.name not in given:
            raise BadInput(f"{parameter.name} is missing; expected {parameter.expected}")
    return given
