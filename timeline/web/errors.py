"""Errors as the API answers them: problem details, after RFC 9457."""

from __future__ import annotations

from typing import Any, Final

from timeline.errors import BadInput, BadRows, Conflict, Corruption, NotFound, TimelineError

__all__ = ["problem_of"]

#: The status of each kind of error, the most particular first.
_STATUS: Final[tuple[tuple[type[TimelineError], int, str], ...]] = (
    (BadInput, 400, "Bad input"),
    (NotFound, 404, "Nothing found"),
    (Conflict, 409, "Conflict"),
    (Corruption, 500, "Corruption found"),
)


def problem_of(error: TimelineError) -> tuple[int, dict[str, Any]]:
    """Return the status of an error, and its details.

    >>> problem_of(NotFound("no such fact"))
    (404, {'type': 'about:blank', 'title': 'Nothing found', 'status': 404, 'detail': 'no such fact'})
    """
    status, title = next(
        ((status, title) for kind, status, title in _STATUS if isinstance(error, kind)), (500, "Our fault")
    )
    details: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": str(error)}
    if isinstance(error, BadRows):
        details["errors"] = [str(problem) for problem in error.problems[:100]]
    return status, details
