"""Touches. Makes the web application: routes, the shield around them, and the task of the live stream."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from dashboard import actions, api, pages, profile, rulespage, signin, views
from dashboard.doorkeeper import Doorkeeper
from dashboard.fields import BadInput
from dashboard.gate import NotAllowed, NotSignedIn, check_routes
from dashboard.health import pages as health
from dashboard.page import answer, wants_page
from dashboard.service import Service
from dashboard.shield import Shield

log = structlog.get_logger("dashboard.app")
PARTS = (signin, profile, pages, rulespage, health, api, actions)
ROUTES = [route for part in PARTS for route in part.router.routes if isinstance(route, APIRoute)]
STATIC = Path(__file__).parent / "static"


def make_app(service: Service) -> FastAPI:
    """The dashboard of this service. Before the web server stops, call `service.live.close()`: it ends the
    open streams, for which the server would wait."""
    version = service.version or "0"
    app = FastAPI(
        title="Tocsin", version=version, docs_url=None, redoc_url=None, openapi_url=None, lifespan=_life
    )
    app.state.service = service
    app.state.doorkeeper = Doorkeeper()
    check_routes(ROUTES)
    for part in PARTS:
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _answer_problems(app)
    app.add_middleware(GZipMiddleware, minimum_size=2000, compresslevel=1)
    app.add_middleware(Shield, answer=answer)
    return app


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service

    def compose(conn: Connection, changed: set[int], beat: bool) -> views.Plain:
        return views.frame(service, conn, changed, beat)

    task = asyncio.create_task(service.live.run(compose, lambda device: views.device_view(service, device)))
    try:
        yield
    finally:
        service.live.close()
        await task
        app.state.doorkeeper.passwords.close()


def _answer_problems(app: FastAPI) -> None:
    app.add_exception_handler(NotSignedIn, _not_signed_in)
    app.add_exception_handler(NotAllowed, lambda request, _: answer(request, 403, "error_403"))
    app.add_exception_handler(BadInput, _bad_input)
    app.add_exception_handler(RequestValidationError, lambda request, _: answer(request, 422, "error_input"))
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(SQLAlchemyError, _away)
    app.add_exception_handler(TimeoutError, _away)


def _not_signed_in(request: Request, _: Exception) -> Response:
    if not wants_page(request) or request.method != "GET":
        return answer(request, 401, "error_401")
    onward = request.url.path
    return RedirectResponse("/login" if onward == "/" else f"/login?next={onward}", 303)


def _bad_input(request: Request, problem: Exception) -> Response:
    log.info("bad input", path=request.url.path, problem=str(problem))
    return answer(request, 422, "error_input")


def _http(request: Request, problem: Exception) -> Response:
    status = problem.status_code if isinstance(problem, HTTPException) else 500
    key = {404: "error_404", 405: "error_404"}.get(status, "error_input")
    return answer(request, status, key)


def _away(request: Request, problem: Exception) -> Response:
    """A person who acted must know that it was not kept; after a time-out it may be kept yet."""
    log.error("the database is away", path=request.url.path, problem=repr(problem))
    acted = request.method != "GET" and isinstance(problem, SQLAlchemyError)
    return answer(request, 503, "error_unwritten" if acted else "error_away")
