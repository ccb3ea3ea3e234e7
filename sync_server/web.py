"""The hub's HTTP face: the tills' routes, the console, and health."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from journal import wire
from sync_server import api
from sync_server.database import FAULTS
from sync_server.head_office import Now
from sync_server.hub import Hub, system_now
from sync_server.settings import HubSettings


def application(settings: HubSettings, now: Now = system_now) -> Starlette:
    """The ASGI application; the hub opens and closes with it."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        hub = await Hub.open(settings, now)
        app.state.hub = hub
        going = asyncio.create_task(hub.keep_going())
        try:
            yield
        finally:
            await hub.news.end()
            await going
            await hub.close()

    def hub() -> Hub:
        opened: Hub = app.state.hub
        return opened

    async def alive(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_request: Request) -> Response:
        try:
            await hub().ready()
        except FAULTS as fault:
            return JSONResponse({"status": "not ready", "why": type(fault).__name__}, 503)
        if why := hub().database.disk_fault:
            return JSONResponse({"status": "not ready", "why": why}, 503)
        return JSONResponse({"status": "ok"})

    async def misdirected(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)
        answer = api.refusal(api.misdirected(fault.status_code))
        answer.headers.update(fault.headers or {})
        if not request.url.path.startswith("/v1/"):
            del answer.headers[wire.HEADER]
        return answer

    async def bug(_request: Request, _fault: Exception) -> Response:
        # Without the wire's header a till takes this for no answer, and tries again.
        problem = {"code": "internal", "title": "The hub failed; the till will try again."}
        return JSONResponse(problem, 500, media_type="application/problem+json")

    app = Starlette(
        routes=[
            *api.routes(hub),
            *(_console(hub) if settings.console else ()),
            Route("/healthz", alive),
            Route("/readyz", ready),
        ],
        lifespan=lifespan,
        exception_handlers={HTTPException: misdirected, Exception: bug},
    )
    app.router.redirect_slashes = False
    return app


def _console(hub: Callable[[], Hub]) -> Sequence[BaseRoute]:
    # A hub without a console loads neither its templates nor what draws them.
    from sync_server.console import pages  # noqa: PLC0415

    return pages.routes(hub)
