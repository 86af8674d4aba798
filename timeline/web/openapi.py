"""The API's description, in OpenAPI 3.1.

Nothing in it is written a second time: questions and parameters come from the table in `api`, the columns of
answers from the answers themselves, events from the models that check them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from timeline import __version__
from timeline.web.api import QUESTIONS, SQL, Question, heading
from timeline.web.errors import TITLES
from timeline.web.parameters import AXES, CITATION, FORMATS, PERSONAL, REGISTER_UNKNOWN, Parameter
from timeline.web.writes import BODY_AT_MOST, IF_MATCH

if TYPE_CHECKING:
    from timeline.ask.snapshot import Snapshot

__all__ = ["description"]

Schema = dict[str, Any]

#: What any address may answer with, whatever it is asked: see `guard`, and `server`.
_ALWAYS: Final = (400, 403, 405, 413, 414, 421, 500, 503)
_PROBLEMS: Final = {
    400: "A parameter, the body or the query is wrong.",
    401: "The token is missing, or another.",
    403: "The request is from a page of another site.",
    404: "Nothing was ever reported of that.",
    405: "The address does not take this method; Allow has those that it takes.",
    406: "Accept takes none of the forms that the answer has.",
    409: "At odds with what the store holds.",
    412: "The store has another position than If-Match expects.",
    413: f"The body has more than {BODY_AT_MOST:,} bytes.",
    414: "The address is too long.",
    421: "The server does not answer to that Host.",
    500: "The index or the log is damaged, or the fault is the server's.",
    503: "As much as may is being answered, or as many connections as may are open; Retry-After has when to "
    "try again, in seconds.",
}


def description(snapshot: Snapshot, *, writes: bool = False) -> Schema:
    """Return the description of every address under /api; `writes` is whether events are taken.

    >>> import tempfile
    >>> from timeline import Timeline
    >>> found = description(Timeline.create(tempfile.mkdtemp() + "/desk").snapshot())
    >>> sorted(found["paths"])[:3]
    ['/api/attributes', '/api/beliefs', '/api/changes']
    """
    rows = {
        name: _row(snapshot, question) for name, question in QUESTIONS.items() if question.answer is not None
    }
    paths: dict[str, Any] = {
        f"/api/{name}": {"get": _question(name, question)} for name, question in QUESTIONS.items()
    }
    paths["/api/sql"] = {"get": _question("sql", SQL)}
    paths["/api/sql"]["get"]["responses"]["200"]["headers"]["Timeline-Cut"] = _CUT
    paths["/api/health"] = {
        "get": _operation("health", "The last commit, and that the server answers.", [], _json(_HEALTH))
    }
    paths["/api/citation"] = {
        "get": _operation("citation", "What becomes of a citation.", CITATION, _json(_JUDGED))
    }
    paths["/api/openapi.json"] = {
        "get": _operation("openapi", "This description.", [], _json({"type": "object"}), 304)
    }
    paths["/api/live"] = {
        "get": _operation(
            "live",
            "The last commit, and each that follows, as server-sent events; the answer does not end.",
            [],
            {"text/event-stream": {"schema": {"type": "string"}}},
        )
    }
    schemas = {**_answers(rows), "Problem": _PROBLEM}
    components: Schema = {"schemas": schemas, "responses": _responses()}
    if writes:
        paths["/api/events"]["post"] = _append()
        schemas |= _written()
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Timeline",
            "version": __version__,
            "description": "What was reported and believed, and when. Instants are in UTC.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": components,
    }


# Operations


def _question(name: str, question: Question) -> Schema:
    forms: dict[str, Schema] = {
        "json": {"schema": _ref(name.capitalize())},
        "csv": {"schema": {"type": "string"}},
        "arrow": {"schema": {"type": "string", "format": "binary"}},
    }
    statuses = [304, 406, *([404] if question.may_find_nothing else [])]
    content = {FORMATS[each]: forms[each] for each in question.formats}
    return _operation(name, question.help, question.parameters, content, *statuses)


def _operation(
    name: str, help: str, parameters: Iterable[Parameter], content: Schema, *statuses: int
) -> Schema:
    tagged = {"ETag": {"schema": {"type": "string"}}} if 304 in statuses else {}
    responses: Schema = {"200": {"description": help, "content": content}}
    if tagged:
        responses["200"]["headers"] = tagged
    return {
        "operationId": name,
        "summary": help,
        "parameters": [_parameter(each) for each in parameters],
        "responses": responses | _problems(*statuses),
    }


def _problems(*statuses: int) -> Schema:
    return {
        str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted({*statuses, *_ALWAYS})
    }


def _responses() -> Schema:
    found: Schema = {
        str(status): {
            "description": f"{TITLES[status]}. {words}",
            "content": {"application/problem+json": {"schema": _ref("Problem")}},
        }
        for status, words in _PROBLEMS.items()
    }
    found["304"] = {"description": "The answer is the one that If-None-Match names."}
    found["405"]["headers"] = {"Allow": {"schema": {"type": "string"}}}
    found["503"]["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return found


def _parameter(parameter: Parameter, where: str = "query") -> Schema:
    found: Schema = {
        "name": parameter.name,
        "in": where,
        "required": parameter.is_required,
        "description": parameter.help,
        "schema": dict(parameter.schema),
    }
    return found if parameter.example is None else {**found, "example": parameter.example}


def _append() -> Schema:
    return {
        "operationId": "append",
        "summary": "Append events, all or none.",
        "security": [{"token": []}],
        "parameters": [_parameter(REGISTER_UNKNOWN), _parameter(PERSONAL), _parameter(IF_MATCH, "header")],
        "requestBody": {"required": True, "content": _json(_ref("Append"))},
        "responses": {"201": {"description": "The commit that has them.", "content": _json(_COMMIT)}}
        | _problems(401, 409, 412),
    }


# Schemas


def _json(schema: Schema) -> Schema:
    return {FORMATS["json"]: {"schema": schema}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: Mapping[str, Schema], optional: Sequence[str] = ()) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


_CUT: Final[Schema] = {
    "description": "Whether rows were left out, since there are more than an answer may have.",
    "schema": {"const": "true"},
}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_INSTANT: Final[Schema] = {"type": "string", "format": "date-time"}
_INSTANT_OR_NONE: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
_TEXT_OR_NONE: Final[Schema] = {"type": ["string", "null"]}
#: The dates and the rule of a question, as its document has them.
_ASKED: Final[Schema] = {
    "as_of": _INSTANT_OR_NONE,
    "recorded_as_of": _INSTANT,
    "valid_at": _INSTANT_OR_NONE,
    "basis": next(dict(axis.schema) for axis in AXES if axis.name == "basis"),
    "policy": {"type": "string"},
}
_HEALTH: Final = _object(
    {"status": {"const": "ok"}, "commit": _COUNT, "position": _COUNT, "digest": _TEXT_OR_NONE}
)
_CITED: Final = _object(
    {
        "question": {"type": "string"},
        "recorded_as_of": {"type": "string"},
        "position": _COUNT,
        "digest": {"type": "string"},
        "rows": _COUNT,
        "answer": {"type": "string"},
        **{name: _TEXT_OR_NONE for name in ("as_of", "valid_at")},
        **{name: {"type": "string"} for name in ("policy", "basis")},
        **{name: _TEXT_OR_NONE for name in ("within", "query")},
    }
)
_TEXTS: Final[Schema] = {"type": "array", "items": {"type": "string"}}
_JUDGED: Final = _object(
    {
        "outcome": {"enum": ["intact", "grown", "erased", "later", "changed", "elsewhere"]},
        "words": _TEXTS,
        "citation": {"anyOf": [_CITED, {"type": "null"}]},
        "view": _TEXT_OR_NONE,
        "certified": {"type": "array", "items": {"enum": ["reported", "recorded"]}},
        "recorded_since": {"type": ["integer", "null"], "minimum": 0},
        "erased_since": _TEXTS,
        "lines": _TEXTS,
        "cut": {"type": "boolean"},
    }
)
_COMMIT: Final = _object(
    {
        "number": _COUNT,
        "first_position": _COUNT,
        "count": _COUNT,
        "recorded_at": _INSTANT,
        "digest": {"type": "string"},
    }
)


def _row(snapshot: Snapshot, question: Question) -> Schema:
    """Return the schema of a row of an answer, from the columns that the answer has."""
    assert question.answer is not None
    given = {each.name: str(each.example) for each in question.takes if each.is_required}
    names, types = heading(question.answer(snapshot, given)[0])
    return _object({name: _value(kind) for name, kind in zip(names, types, strict=True)})


def _value(kind: str) -> Schema:
    """Return the schema of a value in JSON, of a column with this type of DuckDB's.

    >>> _value("TIMESTAMP")
    {'type': ['string', 'null'], 'format': 'date-time'}
    """
    if kind.endswith("[]"):
        return {"type": ["array", "null"], "items": _value(kind.removesuffix("[]"))}
    if kind.startswith("TIMESTAMP"):
        return _INSTANT_OR_NONE
    if re.fullmatch("U?(BIG|HUGE|SMALL|TINY)?INT(EGER)?", kind):
        return {"type": ["integer", "null"]}
    return {"type": ["boolean", "null"]} if kind == "BOOLEAN" else _TEXT_OR_NONE


#: What the documents of some questions say beside the dates and the rule, and whether they have these.
_MORE: Final[Mapping[str, Schema]] = {
    "disagreements": {"within": {"type": ["integer", "null"], "minimum": 0}},
    "changes": {"from_date": _INSTANT, "to_date": _INSTANT},
}
#: Only where not all rows are in the answer.
_PAGED: Final[Schema] = {"total": _COUNT, "offset": _COUNT, "limit": _COUNT}


def _answers(rows: Mapping[str, Schema]) -> Schema:
    """Return the schema of each question's document."""
    found: Schema = {}
    for name, row in rows.items():
        facts = {} if name == "facts" else _ASKED
        of_rows = {"rows": {"type": "array", "items": row}}
        found[name.capitalize()] = _object(
            {**facts, **_MORE.get(name, {}), **_PAGED, **of_rows}, tuple(_PAGED)
        )
    parts = ("beliefs", "claims", "disagreements", "history", "sources")
    found["Why"] = _object(
        {
            **_ASKED,
            "fact": {"type": "string"},
            **{part: {"type": "array", "items": rows[part]} for part in parts},
        }
    )
    found["Sql"] = _object(
        {**_ASKED, "cut": {"const": True}, "rows": {"type": "array", "items": {"type": "object"}}}, ("cut",)
    )
    return found


_PROBLEM: Final = _object(
    {
        "type": {"const": "about:blank"},
        "title": {"enum": sorted(set(TITLES.values()))},
        "status": {"enum": sorted(TITLES)},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "string"}, "maxItems": 100},
    },
    ("errors",),
)


def _written() -> Schema:
    """Return the schema of what is appended: one event, or a list of them, as the models check them."""
    from timeline.meaning.described import DESCRIPTIONS
    from timeline.meaning.event import Event

    found: Schema = {"Event": Event.model_json_schema()}
    for name, model in DESCRIPTIONS.items():
        schema = model.model_json_schema()
        schema["properties"] = {"type": {"const": name}, **schema["properties"]}
        schema["required"] = ["type", *schema["required"]]
        found[model.__name__] = schema
    found["Written"] = {"anyOf": [_ref(name) for name in found]}
    found["Append"] = {"anyOf": [_ref("Written"), {"type": "array", "items": _ref("Written")}]}
    return found
