"""The API's description, in OpenAPI 3.1."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from timeline import __version__
from timeline.web.api import ARROW, CSV, JSON, QUESTIONS

__all__ = ["description"]

_HELP: Final = {
    "fact": "A fact, or a glob in which * crosses /.",
    "as_of": "Reported axis: what was public by then; a date is its end.",
    "recorded_as_of": "Recorded axis: what the store knew by then; also a commit, as in #4.",
    "valid_at": "Valid axis: what held in the world at the end of that date.",
    "policy": "latest, first, by-origin, ranked or confirmed:N.",
    "basis": "certain, possible or evidence.",
    "within": "Days between the two reports at most, or any.",
    "from_date": "A date on the reported axis: its end.",
    "to_date": "The date to compare it with.",
    "after": "Events behind this position.",
    "limit": "So many rows at most.",
    "offset": "Rows to leave out.",
    "format": "json, csv or arrow; else what Accept names first.",
    "query": "One SELECT, in temporal SQL.",
}
_NUMBERS: Final = ("limit", "offset", "after")
_REQUIRED: Final = {
    "history": ("fact",),
    "changes": ("from_date", "to_date"),
    "why": ("fact",),
    "sql": ("query",),
}
_DATES: Final = ("as_of", "recorded_as_of", "valid_at", "policy", "basis")


def _parameter(name: str, question: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "minLength": 1}
    if name in _NUMBERS:
        schema = {"type": "integer", "minimum": 0, "maximum": 100_000}
    elif name == "basis":
        schema = {"type": "string", "enum": ["certain", "possible", "evidence"]}
    elif name == "format":
        formats = {"sql": ["json", "csv"], "why": ["json"]}.get(question, ["json", "csv", "arrow"])
        schema = {"type": "string", "enum": formats}
    return {
        "name": name,
        "in": "query",
        "required": name in _REQUIRED.get(question, ()),
        "description": _HELP[name],
        "schema": schema,
    }


def _operation(name: str, takes: tuple[str, ...], help: str, answers: dict[str, Any]) -> dict[str, Any]:
    problems = {
        str(status): {
            "description": words,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, words in (
            (400, "Bad input."),
            (404, "Nothing found."),
            (503, "Too many queries at once."),
        )
        if status != 503 or name == "sql"
    }
    return {
        "get": {
            "operationId": name,
            "summary": help,
            "parameters": [_parameter(one, name) for one in takes],
            "responses": {"200": {"description": "The answer.", "content": answers}, **problems},
        }
    }


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """Return the description of every address under /api.

    >>> sorted(description()["paths"])[:3]
    ['/api/attributes', '/api/beliefs', '/api/changes']
    """
    table: dict[str, Any] = {
        JSON: {"schema": {"$ref": "#/components/schemas/Answer"}},
        CSV: {"schema": {"type": "string"}},
        ARROW: {"schema": {"type": "string", "contentEncoding": "binary"}},
    }
    paths = {
        f"/api/{name}": _operation(name, (*question.takes, "limit", "offset", "format"), question.help, table)
        for name, question in QUESTIONS.items()
    }
    document: dict[str, Any] = {JSON: {"schema": {"type": "object"}}}
    paths["/api/why"] = _operation("why", ("fact", *_DATES), "The evidence for a belief.", document)
    paths["/api/sql"] = _operation(
        "sql", ("query", *_DATES, "format"), "One query.", {**document, CSV: {"schema": {"type": "string"}}}
    )
    paths["/api/health"] = _operation("health", (), "The last commit, and that the server answers.", document)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Timeline",
            "version": __version__,
            "description": "What was reported and believed, and when. Read-only; instants are in UTC.",
        },
        "paths": paths,
        "components": {
            "schemas": {
                "Answer": {
                    "type": "object",
                    "required": ["rows"],
                    "properties": {
                        "as_of": {"type": ["string", "null"]},
                        "recorded_as_of": {"type": ["string", "null"]},
                        "valid_at": {"type": ["string", "null"]},
                        "basis": {"type": "string"},
                        "policy": {"type": "string"},
                        "rows": {"type": "array", "items": {"type": "object"}},
                        "total": {"type": "integer"},
                        "offset": {"type": "integer"},
                        "limit": {"type": "integer"},
                    },
                },
                "Problem": {
                    "type": "object",
                    "required": ["title", "status", "detail"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                    },
                },
            }
        },
    }
