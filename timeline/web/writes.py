"""Events that a client sends: with a token, checked as `Timeline.append` checks them, all or none."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from timeline.atomic import text_in
from timeline.errors import BadInput, Conflict
from timeline.store import Timeline
from timeline.web.parameters import Parameter

__all__ = ["BODY_AT_MOST", "IF_MATCH", "NotAllowed", "Stale", "TooLarge", "check_token", "record", "token_in"]

#: The largest body that is read, in bytes.
BODY_AT_MOST: Final = 20 * 2**20
#: The position that the store is expected to have.
IF_MATCH: Final = Parameter(
    "If-Match",
    "The position of the last event: the events are appended only while it is that.",
    {"type": "string", "pattern": '^("[0-9]{1,18}"|[0-9]{1,18})$'},
    example="192",
    expected="the position of the last event, such as 192",
)
#: A shorter token could be guessed.
_TOKEN_AT_LEAST: Final = 16


class Stale(Conflict):
    """The store has grown past the position that the client expected."""


class TooLarge(BadInput):
    """The body has more bytes than are read."""


class NotAllowed(BadInput):
    """The client sent no token, or another."""


def token_in(path: Path) -> str:
    """Return the token that a file holds; raises BadInput where it holds none that is safe.

    >>> import tempfile; file = Path(tempfile.mkdtemp()) / "token"
    >>> file.write_text("a" * 16 + "\\n") and token_in(file)
    'aaaaaaaaaaaaaaaa'
    """
    token = text_in(path).strip()
    if len(token) < _TOKEN_AT_LEAST or not token.isascii() or any(sign.isspace() for sign in token):
        raise BadInput(
            f"{path}: expected one line of {_TOKEN_AT_LEAST} or more ASCII characters, without spaces"
        )
    return token


def check_token(token: str, authorization: str) -> None:
    """Raise NotAllowed unless a header Authorization carries the token.

    >>> check_token("abc", "Bearer abc")
    >>> check_token("abc", "Bearer ab")
    Traceback (most recent call last):
    timeline.web.writes.NotAllowed: expected Authorization: Bearer TOKEN
    """
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise NotAllowed("expected Authorization: Bearer TOKEN")


def record(
    tl: Timeline,
    body: bytes,
    if_match: str | None,
    *,
    register_unknown: bool = False,
    personal: bool = False,
) -> Mapping[str, Any]:
    """Append the events of a body, a JSON list; returns the commit that has them.

    `if_match` is the position that the client takes the store to have: Stale is raised where it has another.
    Raises what `Timeline.append` raises; then nothing is recorded.
    """
    try:
        events = json.loads(body, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the body is no JSON: {error}") from None
    if isinstance(events, dict):
        events = [events]
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise BadInput("the body is no list of events; expected a JSON list of objects, or one object")
    expected = None if if_match is None else _position(if_match)
    try:
        commit = tl.append(
            events, expected_position=expected, register_unknown=register_unknown, personal=personal
        )
    except Conflict as error:
        if expected is not None and tl.snapshot().position != expected:
            raise Stale(str(error)) from None
        raise
    return {
        "number": commit.number,
        "first_position": commit.first_position,
        "count": commit.count,
        "recorded_at": tl.snapshot().dates(recorded_as_of=f"#{commit.number}").axes()["recorded_as_of"],
        "digest": commit.digest,
    }


def _position(if_match: str) -> int:
    text = if_match.strip()
    IF_MATCH.check(text)
    return int(text.strip('"'))
