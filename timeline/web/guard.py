"""What a request has to be and what an answer carries, so that no other site can use a reader's server."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from timeline.web.errors import headers_of, problem
from timeline.web.writes import BODY_AT_MOST

__all__ = ["LIVE", "Guard"]

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

#: The address of what is sent as it comes.
LIVE: Final = "/api/live"
#: So many requests are answered or wait for it; others are refused.
_AT_MOST: Final = 200
#: The longest address that is read.
_ADDRESS: Final = 60_000


class Guard:
    """Lets requests through that name this server and come from its own pages.

    `hosts` are the names that it answers to, None for any: a page of another site may have a name of its own
    lead to this machine.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None) -> None:
        self._app = app
        self._hosts = hosts
        self._answering = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        refused = self._refused(scope)
        if refused is not None:
            await _refuse(guarded, *refused)
            return
        if scope["path"] == LIVE:
            # What goes on for ever takes nobody's turn.
            await self._app(scope, receive, guarded)
            return
        if self._answering >= _AT_MOST:
            await _refuse(guarded, 503, "as much as may is being answered; try again in a moment")
            return
        self._answering += 1
        try:
            await self._app(scope, receive, guarded)
        finally:
            self._answering -= 1

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        """Return the status and the words with which a request is refused, if it is."""
        headers = Headers(scope=scope)
        host = (
            urlsplit(f"//{headers.get('host', '')}").hostname if _is_host(headers.get("host", "")) else None
        )
        if self._hosts is not None and host not in self._hosts:
            return 421, f"this server does not answer to {headers.get('host', '')[:100]!r}"
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in (
            f"http://{headers.get('host', '').lower()}",
            f"https://{headers.get('host', '').lower()}",
        ):
            return 403, f"requests from {origin[:100]!r} are not taken"
        if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
            return 403, "requests from pages of other sites are not taken"
        if len(scope.get("query_string", b"")) + len(scope.get("raw_path", b"")) > _ADDRESS:
            return 414, f"the address is too long; expected at most {_ADDRESS:,} bytes"
        if not all(map(_is_text, (scope.get("query_string", b""), scope.get("raw_path", b"")))):
            return 400, "the address holds bytes that are no UTF-8"
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_AT_MOST:
            return 413, f"the body is too large; expected at most {BODY_AT_MOST:,} bytes"
        return None


def _is_text(part: bytes) -> bool:
    """Whether a part of an address, once read, is UTF-8."""
    try:
        unquote_to_bytes(part).decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_host(text: str) -> bool:
    try:
        urlsplit(f"//{text}")
    except ValueError:
        return False
    return True


async def _refuse(send: Send, status: int, words: str) -> None:
    content = json.dumps(problem(status, words)).encode()
    more = {
        "content-type": "application/problem+json",
        "content-length": str(len(content)),
        "cache-control": "no-store",
        **headers_of(status),
    }
    headers = [(name.lower().encode(), value.encode()) for name, value in more.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
