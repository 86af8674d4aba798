"""The application: which address is answered by what, and what every answer carries."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import unquote

from anyio import to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from timeline import __version__
from timeline.ask.snapshot import Snapshot
from timeline.citations import line_of
from timeline.errors import BadInput, TimelineError
from timeline.plot.engine import draw
from timeline.plot.files import Picture
from timeline.plot.one_fact import fact_data
from timeline.store import Timeline
from timeline.web import api, views, writes
from timeline.web.ask_view import Sent, ask_view, sent_in
from timeline.web.asked import Address, address_of
from timeline.web.citation import citation_page
from timeline.web.confined import Confined
from timeline.web.days import days_view, states_view, window_of, window_of_changes
from timeline.web.documents import Documents
from timeline.web.errors import headers_of, problem, problem_of
from timeline.web.fact_view import fact_view
from timeline.web.guard import LIVE, Guard
from timeline.web.kept import Kept
from timeline.web.negotiation import is_known
from timeline.web.openapi import description
from timeline.web.parameters import CITATION, FORMATS, PERSONAL, REGISTER_UNKNOWN, read
from timeline.web.render import page, static_files

__all__ = ["application"]

VIEW: Final = "application/vnd.timeline.view+json"
#: How often the log is looked at for what others appended, in seconds.
_LOOK: Final = 0.5
#: So many bytes of answers are kept for those who ask the same again.
_KEPT: Final = 16 * 2**20
#: So many questions are answered at once; the others wait their turn. More would not be done sooner, since
#: each of them takes every core, but all at the same late time.
_AT_ONCE: Final = 8
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
        to_thread.current_default_thread_limiter().total_tokens = _AT_ONCE
        yield
        server.close()

    app = Starlette(
        routes=[
            Route("/", server.beliefs),
            Route("/fact/{fact:path}", server.fact),
            Route("/promises", server.promises),
            Route("/disagreements", server.disagreements),
            Route("/ask", server.ask),
            Route("/cite", server.cite),
            Route("/days", server.days),
            Route("/days/fact/{fact:path}", server.days_of_fact),
            Route("/days/promises", server.days_of_promises),
            Route("/days/disagreements", server.days_of_disagreements),
            Route("/static/{name}", server.static),
            Route(LIVE, server.live),
            Route("/api/health", server.health),
            Route("/api/openapi.json", server.description),
            Route("/api/sql", server.sql),
            Route("/api/citation", server.citation),
            *([Route("/api/events", server.events, methods=["GET", "POST"])] if token else []),
            Route("/api/{question}", server.question),
        ],
        lifespan=lifespan,
        exception_handlers={404: _not_found, 405: _not_allowed, TimelineError: _failed, Exception: _broken},
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
        self.confined = Confined(tl.address)
        self._kept = Kept(_KEPT)
        #: Set once the server is to end: what goes on for ever ends then.
        self.is_closing = False

    def close(self) -> None:
        """End what was started beside."""
        self.confined.close()

    # Pages

    async def beliefs(self, request: Request) -> Response:
        return await self._view(request, views.beliefs_view)

    async def fact(self, request: Request) -> Response:
        fact = request.path_params["fact"]
        for suffix in (".svg", ".png"):
            if fact.endswith(suffix):
                return await self._picture(request, fact.removesuffix(suffix), suffix)

        def view(snapshot: Snapshot, address: Address) -> dict[str, Any]:
            return fact_view(snapshot, address, fact, self._documents)

        # Documents may change without the store.
        return await self._view(request, view, keep=self._documents is None)

    async def promises(self, request: Request) -> Response:
        return await self._view(request, views.promises_view)

    async def disagreements(self, request: Request) -> Response:
        return await self._view(request, views.disagreements_view)

    async def ask(self, request: Request) -> Response:
        sent = Sent()

        def view(snapshot: Snapshot, address: Address) -> dict[str, Any]:
            return ask_view(snapshot, self.confined, address, sent, self.tl.named_queries())

        try:
            sent, items = sent_in(request.query_params.multi_items())
        except BadInput as error:
            return await self._view(request, _raising(error), [], keep=False)
        # A query may ask for what is not in the store, such as the time.
        return await self._view(request, view, items, keep=False)

    async def cite(self, request: Request) -> Response:
        """Answer with the page that checks a citation, which comes in a field or as a link."""
        items = request.query_params.multi_items()
        given = dict(items)
        language = _language(request, items)
        line = line_of(items) or given.get("line", "")
        status, found, trouble = 200, None, None
        if line.strip():
            try:
                found = await run_in_threadpool(self.confined.check, line, certify="quick" not in given)
            except TimelineError as error:
                status, details = problem_of(error)
                trouble = details["detail"]
        content = citation_page(language, line, found, trouble).encode("utf-8", "replace")
        headers = {"Cache-Control": "no-store", "Vary": "Accept-Language", **headers_of(status)}
        return HTMLResponse(content, status, headers=headers)

    async def days(self, request: Request) -> Response:
        """Answer with what the list of beliefs, or of changes, shows on the days about a date.

        As each of the addresses below `/days`, this one is of the page alone: the answer is null where the
        page has to ask for each day, and what is in it may change with any version.
        """
        return await self._days(request, views.beliefs_view)

    async def days_of_promises(self, request: Request) -> Response:
        return await self._days(request, views.promises_view)

    async def days_of_disagreements(self, request: Request) -> Response:
        return await self._days(request, views.disagreements_view)

    async def days_of_fact(self, request: Request) -> Response:
        fact = request.path_params["fact"]
        if self._documents is not None:
            # Whose passages may change without the store.
            return Response(_json(None), media_type=VIEW)
        return await self._days(request, lambda snapshot, address: fact_view(snapshot, address, fact))

    async def _days(self, request: Request, view: View) -> Response:
        address = address_of(request.query_params.multi_items())
        known = request.headers.get("if-none-match", "")
        asked = {name: value for name, value in address.given().items() if name != "as_of"}

        def reply() -> Response:
            snapshot = self.tl.snapshot()
            plain = window_of(snapshot, address) if view is views.beliefs_view else None
            window = plain or window_of_changes(snapshot, address)
            headers = _tagged(_tag(snapshot, request.url.path, address.key(), asked, window))
            if is_known(headers["ETag"], known):
                return Response(status_code=304, headers=headers)

            def made() -> bytes:
                if plain is not None:
                    return _json(days_view(snapshot, address, plain))
                return _json(None if window is None else states_view(snapshot, address, view, window))

            return Response(self._kept.get(headers["ETag"], made), media_type=VIEW, headers=headers)

        return await run_in_threadpool(reply)

    async def _view(
        self,
        request: Request,
        view: View,
        items: list[tuple[str, str]] | None = None,
        *,
        keep: bool = True,
    ) -> Response:
        """Return a view as the page, or as its data where scripts ask for those; made once with `keep`."""
        items = request.query_params.multi_items() if items is None else items
        wants_data = VIEW in request.headers.get("accept", "")
        language = _language(request, items)
        known = request.headers.get("if-none-match", "")

        def reply() -> Response:
            snapshot = self.tl.snapshot()

            def made() -> bytes:
                data = view(snapshot, address_of(items, language))
                return (
                    _json(data) if wants_data else page(data, title=_title(data)).encode("utf-8", "replace")
                )

            headers = {}
            try:
                if keep:
                    headers = _tagged(_tag(snapshot, request.url.path, items, language, wants_data))
                    if is_known(headers["ETag"], known):
                        return Response(status_code=304, headers=headers)
                    content = self._kept.get(headers["ETag"], made)
                else:
                    content = made()
                    headers = _tagged(_tag_of(content))
            except TimelineError as error:
                if wants_data:
                    raise
                status, details = problem_of(error)
                bare = Address(language=language)
                frame = views.frame_of(snapshot, bare, bare.resolved(snapshot))
                data = {**frame, "view": "problem", "problem": details["detail"]}
                return HTMLResponse(page(data, title=_title(data)), status, headers=_of_page({}))
            return Response(
                content, media_type=VIEW if wants_data else "text/html", headers=_of_page(headers)
            )

        return await run_in_threadpool(reply)

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
        """Answer one of the questions, or say that what a caller has of it still holds."""
        # Where events are taken, their address has a route of its own.
        name = unquote(request.path_params.get("question", "events"))
        question = api.question_named(name, ("sql", "citation", "health", "live", "openapi.json"))
        asked = api.parsed(name, question, request.query_params.multi_items(), _accept(request))
        known = request.headers.get("if-none-match", "")

        def reply() -> Response:
            snapshot = self.tl.snapshot()
            headers = _tagged(api.tag_of(snapshot, _digest(snapshot), asked))
            if api.is_fixed(snapshot, asked):
                headers["Cache-Control"] = _FOR_EVER
            if is_known(headers["ETag"], known):
                return Response(status_code=304, headers=headers)
            content = self._kept.get(headers["ETag"], lambda: api.answered(snapshot, asked))
            return Response(content, media_type=asked.kind, headers=headers)

        return await run_in_threadpool(reply)

    async def sql(self, request: Request) -> Response:
        """Answer a query, as `timeline sql` does."""
        asked = api.parsed("sql", api.SQL, request.query_params.multi_items(), _accept(request))

        def reply() -> Response:
            if asked.format == "arrow":
                content, cut = self.confined.arrow(asked.given)
            else:
                answer, cut = self.confined.answer(asked.given)
                content = api.encoded(answer, asked, {"cut": True} if cut else None)
            return self._tagged(request, content, asked.kind, {"Timeline-Cut": "true"} if cut else {})

        return await run_in_threadpool(reply)

    async def citation(self, request: Request) -> Response:
        """Answer with what becomes of a citation."""
        given = read(request.query_params.multi_items(), CITATION)
        certify = given.get("quick") != "true"
        found = await run_in_threadpool(self.confined.check, given["line"], certify=certify)
        return JSONResponse(found, headers={"Cache-Control": "no-store"})

    async def events(self, request: Request) -> Response:
        return await (self.record(request) if request.method == "POST" else self.question(request))

    async def record(self, request: Request) -> Response:
        """Append the events that a client sends."""
        assert self._token is not None
        writes.check_token(self._token, request.headers.get("authorization", ""))
        given = read(request.query_params.multi_items(), [REGISTER_UNKNOWN, PERSONAL])
        body = await _body(request)
        commit = await run_in_threadpool(
            writes.record,
            self.tl,
            body,
            request.headers.get("if-match"),
            register_unknown=given.get("register_unknown") == "true",
            personal=given.get("personal") == "true",
        )
        return JSONResponse(commit, 201, headers={"Cache-Control": "no-store"})

    async def health(self, request: Request) -> Response:
        read(request.query_params.multi_items(), [])
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
        read(request.query_params.multi_items(), [])

        def described() -> bytes:
            return json.dumps(description(self.tl.snapshot(), writes=self._token is not None)).encode()

        return self._tagged(request, await run_in_threadpool(described), FORMATS["json"])

    async def live(self, request: Request) -> Response:
        """Send the head of the log, and again whenever it grew."""
        read(request.query_params.multi_items(), [])

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

    def _tagged(
        self, request: Request, content: bytes, kind: str, more: Mapping[str, str] | None = None
    ) -> Response:
        """Return an answer with its tag; nothing but the tag where the caller has it already."""
        # A weak one, since the same content is sent compressed too.
        headers = {**_tagged(_tag_of(content)), **(more or {})}
        if is_known(headers["ETag"], request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=kind, headers=headers)


#: Makes the data of a view out of a state of the store.
View = Callable[[Snapshot, Address], dict[str, Any]]


def _raising(error: TimelineError) -> View:
    """Return a view that raises: how it is answered depends on who asks."""

    def view(snapshot: Snapshot, address: Address) -> dict[str, Any]:
        raise error

    return view


def _language(request: Request, items: list[tuple[str, str]]) -> str:
    """Return the language of an address, also of what cannot be read otherwise, or of the reader."""
    language = "fr" if request.headers.get("accept-language", "").lower().startswith("fr") else "en"
    language = dict(items).get("lang", language)
    return language if language in ("en", "fr") else "en"


def _title(data: dict[str, Any]) -> str:
    return f"{data['fact']} · Timeline" if data["view"] == "fact" else f"{data['as_of']} · Timeline"


Handler = Callable[[Request, Exception], Awaitable[Response]]


async def _body(request: Request) -> bytes:
    """Return the body of a request; raises TooLarge, and BadInput where the client goes before its end."""
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > writes.BODY_AT_MOST:
                raise writes.TooLarge(
                    f"the body is too large; expected at most {writes.BODY_AT_MOST:,} bytes"
                )
    except ClientDisconnect:
        raise BadInput("the body is not whole: the client has gone") from None
    return bytes(body)


def _accept(request: Request) -> str:
    """Return the header Accept, which may come in several lines."""
    return ",".join(request.headers.getlist("accept"))


def _digest(snapshot: Snapshot) -> str:
    """Return the digest of the last commit of a state."""

    def found() -> str:
        return snapshot.commit_of(snapshot.position).digest if snapshot.position else ""

    return views.remembered(snapshot, "digest", found)


def _tag(snapshot: Snapshot, *parts: object) -> str:
    """Return the tag of what is made of one state of a store and of nothing but these parts beside it."""
    made_of = (__version__, _digest(snapshot), snapshot.zone, *parts)
    return f'W/"{hashlib.sha256(repr(made_of).encode()).hexdigest()[:32]}"'


def _tag_of(content: bytes) -> str:
    """Return the tag of what is made of more than a state of a store, by its content."""
    return f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'


def _of_page(headers: Mapping[str, str]) -> dict[str, str]:
    return {**headers, "Cache-Control": _ASK_AGAIN, "Vary": "Accept, Accept-Language"}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _tagged(tag: str) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": _ASK_AGAIN, "Vary": "Accept"}


def _problem(status: int, details: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        json.dumps(details, ensure_ascii=False).encode("utf-8", "replace"),
        status,
        media_type="application/problem+json",
        headers={"Cache-Control": "no-store", **headers_of(status), **(headers or {})},
    )


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, TimelineError)
    return _problem(*problem_of(error))


async def _broken(request: Request, error: Exception) -> Response:
    # The error itself goes to the server's log.
    return _problem(500, problem(500, "the server failed at this; its log says where"))


async def _not_found(request: Request, error: Exception | None) -> Response:
    if request.url.path.startswith("/api/") or request.url.path.startswith("/static/"):
        return _problem(404, problem(404, f"no such address: {request.url.path}"))
    return RedirectResponse("/", 303)


async def _not_allowed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = f"{request.method} is not for {request.url.path}"
    allowed = ", ".join(sorted((error.headers or {}).get("Allow", "").split(", ")))
    return _problem(405, problem(405, detail), {"Allow": allowed})
