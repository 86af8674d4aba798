"""Connections of clients: how many there may be, and how long one may stay that asks for nothing."""

from __future__ import annotations

import asyncio
import json
import resource
from typing import Final

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from timeline.web.errors import headers_of, problem

__all__ = ["Connection", "at_most", "unavailable"]

#: So many connections are served, unless the system gives the process too few descriptors for them.
_AT_MOST: Final = 1_024
#: So many seconds a connection stays on which no request has come, or on which none is answered.
_SILENT: Final = 30.0
_REFUSED: Final = 5.0
_WORDS: Final = "as many connections as may are open; try again in a moment"


def at_most(descriptors: int) -> int:
    """Return how many connections are served where a process may open so many descriptors.

    The rest is for the files of the index, for processes that answer queries, and for those that are refused.

    >>> at_most(20_000), at_most(1_024), at_most(256)
    (1024, 768, 128)
    """
    return min(_AT_MOST, max(descriptors - 256, descriptors // 2))


def _bound() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _AT_MOST if soft == resource.RLIM_INFINITY else at_most(soft)


class Connection(H11Protocol):
    """A connection over HTTP/1.1, which is refused where as many as may are open.

    Its first request is then answered with 503 and when to come again. Where so many of those wait that
    descriptors may run out, one is refused at once, before it asks.
    """

    _leaving: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        bound = _bound()
        is_refused = len(self.connections) > bound
        if is_refused:
            self.app = _busy
        if len(self.connections) > bound + bound // 4:
            transport.write(_refusal())
            transport.close()
            return
        self._leaving = self.loop.call_later(_REFUSED if is_refused else _SILENT, self._leave)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
        super().connection_lost(exc)

    def _leave(self) -> None:
        """Close the connection where no whole head of a request came on it."""
        if self.cycle is None:
            self.transport.close()


def _parts(words: str = _WORDS) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    content = json.dumps(problem(503, words)).encode()
    headers = {
        "content-type": "application/problem+json",
        "content-length": str(len(content)),
        "cache-control": "no-store",
        "connection": "close",
        **headers_of(503),
    }
    return content, [(name.lower().encode(), value.encode()) for name, value in headers.items()]


async def _busy(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer that as many connections as may are open, and close this one."""
    await unavailable(scope, receive, send, _WORDS)


async def unavailable(scope: Scope, receive: Receive, send: Send, words: str) -> None:
    """Answer a request with 503 and why, and close its connection."""
    content, headers = _parts(words)
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def _refusal() -> bytes:
    """Return the same answer as it is sent."""
    content, headers = _parts()
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    return b"HTTP/1.1 503 Service Unavailable\r\n" + lines + b"\r\n" + content
