"""Touches. Makes the web application: routes, the shield around them, and the task of the live stream."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import structlog
from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from dashboard import (
    actions,
    alertmanager,
    api,
    callbacks,
    canary,
    drills,
    hazards,
    incidents,
    inhibited,
    ledger,
    link,
    pages,
    pictures,
    profile,
    pushing,
    raising,
    rosters,
    rulepage,
    rulespage,
    signin,
    swaps,
    tokenpage,
    unheard,
    views,
    words,
)
from dashboard.doorkeeper import Doorkeeper
from dashboard.fields import BadInput
from dashboard.gate import NotAllowed, NotSignedIn, TooOften, ask_once, bearer, check_routes, language_of
from dashboard.health import pages as health
from dashboard.once import BadKey, KeepAnswers, Replay
from dashboard.page import answer, wants_page
from dashboard.problem import mistakes, sentence
from dashboard.reach import Reach
from dashboard.rest import alerts as of_alerts
from dashboard.rest import callers, campus, document, house, posts
from dashboard.rest import hazards as of_hazards
from dashboard.rest.cursor import BadCursor
from dashboard.service import Service
from dashboard.shield import Shield, told

log = structlog.get_logger("dashboard.app")
PARTS = (
    signin,
    profile,
    pages,
    hazards,
    of_hazards,
    inhibited,
    drills,
    rulespage,
    rosters,
    swaps,
    rulepage,
    health,
    api,
    actions,
    raising,
    pictures,
    incidents,
    house,
    of_alerts,
    callers,
    campus,
    posts,
    document,
    tokenpage,
    alertmanager,
    callbacks,
    ledger,
    canary,
    link,
    unheard,
    pushing,
)
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
    app.state.routes = ROUTES
    check_routes(ROUTES)
    for part in PARTS:
        app.include_router(part.router, dependencies=[Depends(ask_once)])
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _answer_problems(app)
    app.add_middleware(KeepAnswers)
    app.add_middleware(GZipMiddleware, minimum_size=2000, compresslevel=1)
    app.add_middleware(Shield, answer=answer)
    return app


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service

    def compose(conn: Connection, changed: set[int], beat: bool) -> views.Plain:
        return views.frame(service, conn, changed, beat)

    def narrow(frame: views.Plain, reach: Reach) -> views.Plain:
        return views.narrowed(service, frame, reach)

    task = asyncio.create_task(
        service.live.run(compose, lambda device: views.device_view(service, device), narrow)
    )
    try:
        yield
    finally:
        service.live.close()
        await task
        app.state.doorkeeper.passwords.close()


def _answer_problems(app: FastAPI) -> None:
    app.add_exception_handler(NotSignedIn, _not_signed_in)
    app.add_exception_handler(NotAllowed, _not_allowed)
    app.add_exception_handler(TooOften, _too_often)
    app.add_exception_handler(Replay, lambda _, done: done.response())
    app.add_exception_handler(BadKey, _bad_key)
    app.add_exception_handler(BadCursor, lambda request, _: answer(request, 422, "cursor_wrong"))
    app.add_exception_handler(BadInput, _bad_input)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(SQLAlchemyError, _away)
    app.add_exception_handler(TimeoutError, _away)


def _not_signed_in(request: Request, _: Exception) -> Response:
    if bearer(request) is not None:
        refused = answer(request, 401, "token_refused")
        refused.headers["www-authenticate"] = 'Bearer error="invalid_token"'
        return refused
    if not wants_page(request) or request.method != "GET":
        return answer(request, 401, "error_401")
    onward = request.url.path
    return RedirectResponse("/login" if onward == "/" else f"/login?next={onward}", 303)


def _not_allowed(request: Request, problem: Exception) -> Response:
    return answer(request, 403, problem.key if isinstance(problem, NotAllowed) else "error_403")


def _bad_key(request: Request, bad: Exception) -> Response:
    key = bad.key if isinstance(bad, BadKey) else "key_wrong"
    return answer(request, 409 if key == "key_acted" else 422, key)


def _too_often(request: Request, _: Exception) -> Response:
    refused = answer(request, 429, "token_often")
    refused.headers["retry-after"] = "60"
    return refused


def _bad_input(request: Request, problem: Exception) -> Response:
    log.info("bad input", path=told(request.url.path), problem=str(problem))
    if not isinstance(problem, BadInput):
        return answer(request, 422, "error_input")
    if problem.errors:
        return _mistaken(request, problem.errors, "body")
    return answer(request, 422, problem.key, words.say(problem.key, language_of(request), **problem.values))


def _bad_request(request: Request, problem: Exception) -> Response:
    return _mistaken(request, problem.errors() if isinstance(problem, RequestValidationError) else ())


def _mistaken(request: Request, errors: Iterable[Any], inside: str = "") -> Response:
    """What is wrong, where, and what to do."""
    language = language_of(request)
    found = mistakes(errors, language, inside)
    return answer(request, 422, "error_input", sentence(found, language), found)


def _http(request: Request, problem: Exception) -> Response:
    status = problem.status_code if isinstance(problem, HTTPException) else 500
    key = {404: "error_404", 405: "error_405"}.get(status, "error_input")
    refused = answer(request, status, key)
    refused.headers.update(getattr(problem, "headers", None) or {})
    return refused


def _away(request: Request, problem: Exception) -> Response:
    """A person who acted must know that it was not kept; after a time-out it may be kept yet."""
    log.error("the database is away", path=told(request.url.path), problem=repr(problem))
    acted = request.method != "GET" and isinstance(problem, SQLAlchemyError)
    return answer(request, 503, "error_unwritten" if acted else "error_away")
