"""Errors as the API answers them: problem details, after RFC 9457."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from timeline.errors import BadInput, BadRows, Conflict, Corruption, NotFound, TimelineError
from timeline.web.confined import Busy
from timeline.web.negotiation import NotAcceptable
from timeline.web.writes import NotAllowed, Stale, TooLarge

__all__ = ["TITLES", "headers_of", "problem", "problem_of"]

#: The status of each kind of error, the most particular first.
_STATUS: Final[tuple[tuple[type[TimelineError], int], ...]] = (
    (NotAllowed, 401),
    (NotAcceptable, 406),
    (TooLarge, 413),
    (BadInput, 400),
    (NotFound, 404),
    (Stale, 412),
    (Conflict, 409),
    (Corruption, 500),
    (Busy, 503),
)

#: What each status says in short.
TITLES: Final = {
    400: "Bad input",
    401: "Not allowed",
    403: "Refused",
    404: "Nothing found",
    405: "Not allowed",
    406: "Not acceptable",
    409: "Conflict",
    412: "Conflict",
    413: "Too large",
    414: "Too long",
    421: "Refused",
    500: "Our fault",
    503: "Busy",
}


def problem(status: int, detail: str) -> dict[str, Any]:
    """Return the details of a problem.

    >>> problem(404, "no such fact")
    {'type': 'about:blank', 'title': 'Nothing found', 'status': 404, 'detail': 'no such fact'}
    """
    return {"type": "about:blank", "title": TITLES[status], "status": status, "detail": detail}


def problem_of(error: TimelineError) -> tuple[int, dict[str, Any]]:
    """Return the status of an error, and its details.

    >>> problem_of(NotFound("no such fact"))[0]
    404
    """
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    details = problem(status, str(error))
    if isinstance(error, BadRows):
        details["errors"] = [str(each) for each in error.problems[:100]]
    return status, details


def headers_of(status: int) -> Mapping[str, str]:
    """Return the headers that an answer with this status has to have."""
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {"Retry-After": "1"} if status == 503 else {}
