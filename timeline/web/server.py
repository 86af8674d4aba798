"""The server: listens on an address, says which, and ends cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from timeline.errors import BadInput
from timeline.store import Timeline
from timeline.web.app import application
from timeline.web.connections import Connection, unavailable
from timeline.web.documents import Documents

__all__ = ["serve"]

#: So many seconds the requests have that are being answered when the server is to end.
_FINISHED_WITHIN: Final = 5


def serve(
    tl: Timeline,
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    browse: bool = False,
    token: str | None = None,
    documents: Documents | None = None,
    ready: Callable[[str], None] = print,
) -> None:
    """Serve a store until SIGTERM, or SIGINT, which raises KeyboardInterrupt once all is closed.

    `ready` is called with the address once it listens.
    With `token`, clients that send it may record events; of `documents` passages are shown.

    Once it is to end it takes no more connections, and what is being answered has some seconds; what takes
    longer is answered with 503.

    Port 0 takes a free one. Raises BadInput where the address cannot be listened on.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=256)
        # Else the body of a small answer waits until the client has confirmed its head, 40 ms later.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except (OSError, OverflowError) as error:
        raise BadInput(
            f"cannot listen on {host}, port {port}: {getattr(error, 'strerror', None) or error}"
        ) from None
    taken = listening.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{taken}/"
    app = application(tl, hosts=_names(host), token=token, documents=documents)
    config = uvicorn.Config(
        _answered(app),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_FINISHED_WITHIN,
        http=Connection,
        lifespan="on",
    )

    def end() -> None:
        app.state.server.is_closing = True

    server = _Server(config, lambda: _announce(address, browse, ready), end)
    with contextlib.closing(listening):
        server.run(sockets=[listening])
    if server.is_interrupted:
        raise KeyboardInterrupt


def _answered(app: ASGIApp) -> ASGIApp:
    """Return the application, which answers with 503 what it cannot finish before the server ends."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await app(scope, receive, noted)
        except asyncio.CancelledError:
            if scope["type"] != "http" or has_begun:
                raise
            await unavailable(scope, receive, send, "the server is ending; ask again once it is back")

    return answer


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, started: Callable[[], None], ending: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._announce = started
        self._end = ending
        self.is_interrupted = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.is_interrupted = sig == signal.SIGINT
        self._end()
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # As the library does, but without raising the signal again at the end: to be ended is no failure.
        ends = (signal.SIGINT, signal.SIGTERM)
        before = {each: signal.signal(each, self.handle_exit) for each in ends}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._announce()


def _announce(address: str, browse: bool, ready: Callable[[str], None]) -> None:
    ready(address)
    if browse:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def _names(host: str) -> frozenset[str] | None:
    """Return the names that a server on this address answers to; None, for any, where others may reach it."""
    try:
        is_own = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_own = host == "localhost"
    return frozenset(("127.0.0.1", "localhost", "::1", host)) if is_own else None
