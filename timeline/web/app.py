"""The application: which address is answered by what, and what every answer carries."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from timeline.errors import BadInput, TimelineError
from timeline.plot.engine import draw
from timeline.plot.files import Picture
from timeline.plot.one_fact import fact_data
from timeline.store import Timeline
from timeline.web import api, views, writes
from timeline.web.ask_view import Sent, ask_view, sent_in
from timeline.web.asked import Address, address_of
from timeline.web.confined import Busy, Confined
from timeline.web.documents import Documents
from timeline.web.errors import problem_of
from timeline.web.fact_view import fact_view
from timeline.web.guard import Guard
from timeline.web.openapi import description
from timeline.web.render import page, static_files

__all__ = ["application"]

VIEW: Final = "application/vnd.timeline.view+json"
#: How often the log is looked at for what others appended, in seconds.
_LOOK: Final = 0.5
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"


def application(
    tl: Timeline,
    *,
    hosts: frozenset[str] | None = None,
    token: str | None = None,
    documents: Documents | None = None,
) -> Starlette:
    """Return the ASGI application over an open store.

    `hosts` are the names that it answers to, `token` is what a client needs to record events: without one
    nobody may. `documents` are what passages are shown of.
    """
    server = Server(tl, token, documents)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        server.close()

    app = Starlette(
        routes=[
            Route("/", server.beliefs),
            Route("/fact/{fact:path}", server.fact),
            Route("/promises", server.promises),
            Route("/disagreements", server.disagreements),
            Route("/ask", server.ask),
            Route("/static/{name}", server.static),
            Route("/api/live", server.live),
            Route("/api/health", server.health),
            Route("/api/openapi.json", server.description),
            Route("/api/sql", server.sql),
            Route("/api/why", server.why),
            *([Route("/api/events", server.record, methods=["POST"])] if token else []),
            Route("/api/{question}", server.question),
        ],
        lifespan=lifespan,
        exception_handlers={404: _not_found, 405: _not_allowed, TimelineError: _failed},
    )
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=6)
    app.add_middleware(Guard, hosts=hosts)
    app.state.server = server
    return app


class Server:
    """Answers requests from one open store."""

    def __init__(self, tl: Timeline, token: str | None = None, documents: Documents | None = None) -> None:
        self.tl = tl
        self._documents = documents
        self._token = token
        self.confined = Confined(Path(tl.path))
        #: Set once the server is to end: what goes on for ever ends then.
        self.is_closing = False

    def close(self) -> None:
        """End what was started beside."""
        self.confined.close()

    # Pages

    async def beliefs(self, request: Request) -> Response:
        return await self._view(request, lambda address: views.beliefs_view(self.tl.snapshot(), address))

    async def fact(self, request: Request) -> Response:
        fact = request.path_params["fact"]
        for suffix in (".svg", ".png"):
            if fact.endswith(suffix):
                return await self._picture(request, fact.removesuffix(suffix), suffix)
        return await self._view(
            request, lambda address: fact_view(self.tl.snapshot(), address, fact, self._documents)
        )

    async def promises(self, request: Request) -> Response:
        return await self._view(request, lambda address: views.promises_view(self.tl.snapshot(), address))

    async def disagreements(self, request: Request) -> Response:
        return await self._view(
            request, lambda address: views.disagreements_view(self.tl.snapshot(), address)
        )

    async def ask(self, request: Request) -> Response:
        sent = Sent()

        def view(address: Address) -> dict[str, Any]:
            return ask_view(self.tl.snapshot(), self.confined, address, sent)

        try:
            sent, items = sent_in(request.query_params.multi_items())
        except BadInput as error:
            return await self._view(request, _raising(error), [])
        return await self._view(request, view, items)

    async def _view(
        self,
        request: Request,
        view: Callable[[Address], dict[str, Any]],
        items: list[tuple[str, str]] | None = None,
    ) -> Response:
        """Return a view as the page, or as its data where scripts ask for those."""
        items = request.query_params.multi_items() if items is None else items
        wants_data = VIEW in request.headers.get("accept", "")
        language = "fr" if request.headers.get("accept-language", "").lower().startswith("fr") else "en"

        def made() -> tuple[int, dict[str, Any]]:
            address = Address(language=language)
            try:
                address = address_of(items, language)
                return 200, view(address)
            except TimelineError as error:
                if wants_data:
                    raise
                status, details = problem_of(error)
                snapshot = self.tl.snapshot()
                bare = Address(language=language)
                frame = views.frame_of(snapshot, bare, bare.resolved(snapshot))
                return status, {**frame, "view": "disagreements", "problem": details["detail"]}

        status, data = await run_in_threadpool(made)
        if wants_data:
            return self._tagged(request, json.dumps(data, ensure_ascii=False).encode(), VIEW)
        text = await run_in_threadpool(page, data, title=_title(data))
        return HTMLResponse(
            text, status, headers={"Cache-Control": _ASK_AGAIN, "Vary": "Accept, Accept-Language"}
        )

    async def _picture(self, request: Request, fact: str, suffix: str) -> Response:
        def drawn() -> bytes:
            address = address_of(request.query_params.multi_items())
            snapshot = self.tl.snapshot()
            snapshot.check_known(fact)
            data = fact_data(snapshot, fact, address.resolved(snapshot))
            svg = draw("fact", data, ground=True, language=address.language)
            return svg.encode() if suffix == ".svg" else Picture(svg, fact).png()

        kind = {".svg": "image/svg+xml", ".png": "image/png"}[suffix]
        return self._tagged(request, await run_in_threadpool(drawn), kind)

    async def static(self, request: Request) -> Response:
        found = static_files().get(request.path_params["name"])
        if found is None:
            return await _not_found(request, None)
        content, kind = found
        return self._tagged(request, content, kind)

    # The API

    async def question(self, request: Request) -> Response:
        name = unquote(request.path_params["question"])
        items = request.query_params.multi_items()
        accepted = request.headers.get("accept", api.JSON)
        snapshot = self.tl.snapshot()
        reply = await run_in_threadpool(api.ask, snapshot, name, items, accepted)
        return self._tagged(request, reply.content, reply.kind, fixed=reply.is_fixed)

    async def why(self, request: Request) -> Response:
        snapshot = self.tl.snapshot()
        reply = await run_in_threadpool(api.why_document, snapshot, request.query_params.multi_items())
        return self._tagged(request, reply.content, reply.kind, fixed=reply.is_fixed)

    async def sql(self, request: Request) -> Response:
        given = api.once(
            request.query_params.multi_items(),
            ("query", "format", "as_of", "recorded_as_of", "valid_at", "policy", "basis"),
        )
        if "query" not in given:
            raise BadInput("query is missing; expected one SELECT")
        kind = api.format_of(given, request.headers.get("accept", api.JSON))
        given.pop("format", None)
        answer = await run_in_threadpool(self.confined.run, given)
        if kind == api.CSV:
            from timeline.show.formats import csv_lines

            content = "".join(f"{line}\n" for line in csv_lines(answer["columns"], answer["rows"])).encode()
            return self._tagged(request, content, api.CSV)
        if kind == api.ARROW:
            raise BadInput("sql answers as json or csv")
        return self._tagged(request, json.dumps(answer, ensure_ascii=False).encode(), api.JSON)

    async def record(self, request: Request) -> Response:
        assert self._token is not None
        if not writes.is_allowed(self._token, request.headers.get("authorization", "")):
            details = {"type": "about:blank", "title": "Not allowed", "status": 401}
            return _problem(401, details | {"detail": "expected Authorization: Bearer TOKEN"})
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > writes.BODY_AT_MOST:
                raise BadInput(f"the body is too large; expected at most {writes.BODY_AT_MOST:,} bytes")
        given = api.once(request.query_params.multi_items(), ("register_unknown",))
        unknown = given.get("register_unknown", "false")
        if unknown not in ("true", "false"):
            raise BadInput(f"register_unknown is {unknown[:60]!r}; expected true or false")
        commit = await run_in_threadpool(
            writes.record, self.tl, body, request.headers.get("if-match"), register_unknown=unknown == "true"
        )
        return JSONResponse(commit, 201, headers={"Cache-Control": "no-store"})

    async def health(self, request: Request) -> Response:
        head = await run_in_threadpool(self.tl.head)
        return JSONResponse(
            {
                "status": "ok",
                "commit": 0 if head is None else head.number,
                "position": 0 if head is None else head.last_position,
                "digest": None if head is None else head.digest,
            },
            headers={"Cache-Control": "no-store"},
        )

    async def description(self, request: Request) -> Response:
        return self._tagged(request, json.dumps(description()).encode(), api.JSON)

    async def live(self, request: Request) -> Response:
        """Send the head of the log, and again whenever it grew."""

        async def heads() -> AsyncIterator[str]:
            last, silent = -1, 0.0
            while not (self.is_closing or await request.is_disconnected()):
                head = await run_in_threadpool(self.tl.head)
                number = 0 if head is None else head.number
                if number != last:
                    last, silent = number, 0.0
                    text = json.dumps(
                        {"commit": number, "position": 0 if head is None else head.last_position}
                    )
                    yield f"event: head\ndata: {text}\n\n"
                elif (silent := silent + _LOOK) > 15:
                    # What is between may close a connection on which nothing is sent.
                    silent = 0.0
                    yield ": still here\n\n"
                await asyncio.sleep(_LOOK)

        return StreamingResponse(
            heads(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    def _tagged(self, request: Request, content: bytes, kind: str, *, fixed: bool = False) -> Response:
        """Return an answer with its tag; nothing but the tag where the caller has it already."""
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": _FOR_EVER if fixed else _ASK_AGAIN, "Vary": "Accept"}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=kind, headers=headers)


def _raising(error: TimelineError) -> Callable[[Address], dict[str, Any]]:
    """Return a view that raises: how it is answered depends on who asks."""

    def view(address: Address) -> dict[str, Any]:
        raise error

    return view


def _title(data: dict[str, Any]) -> str:
    return f"{data['fact']} · Timeline" if data["view"] == "fact" else f"{data['as_of']} · Timeline"


Handler = Callable[[Request, Exception], Awaitable[Response]]


def _problem(status: int, details: dict[str, Any]) -> Response:
    return Response(
        json.dumps(details, ensure_ascii=False),
        status,
        media_type="application/problem+json",
        headers={"Cache-Control": "no-store"},
    )


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, TimelineError)
    if isinstance(error, Busy):
        return _problem(503, {"type": "about:blank", "title": "Busy", "status": 503, "detail": str(error)})
    status, details = problem_of(error)
    if isinstance(error, writes.Stale):
        # What If-Match asks for.
        status = details["status"] = 412
    return _problem(status, details)


async def _not_found(request: Request, error: Exception | None) -> Response:
    if request.url.path.startswith("/api/") or request.url.path.startswith("/static/"):
        return _problem(
            404,
            {
                "type": "about:blank",
                "title": "Nothing found",
                "status": 404,
                "detail": f"no such address: {request.url.path}",
            },
        )
    return RedirectResponse("/", 303)


async def _not_allowed(request: Request, error: Exception) -> Response:
    return _problem(
        405,
        {
            "type": "about:blank",
            "title": "Not allowed",
            "status": 405,
            "detail": f"{request.method} is not for {request.url.path}",
        },
    )
