"""Touches. Idempotency keys: the same act sent twice is done once, and answered the same for a day.

That an act went through the desk is kept in its own transaction, of alerts with the whole answer; the answer
to anything else is kept right after it.
"""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import msgspec
from fastapi import Request
from sqlalchemy import Connection, delete, insert, select
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.desk import AnyFact
from dashboard.problem import MEDIA
from dashboard.service import Service, Within
from dashboard.tables import ANSWERED

API = "/api/v1/"
HEADER = "idempotency-key"
REPLAYED = "idempotency-replayed"
KEPT = 24 * 3_600_000  # ms
ACTED = 0  # the status of what was done and, so far, not answered
_LONGEST = 200
_LARGEST = 256 * 1024  # bytes of an answer


class BadKey(Exception):
    """`key` names the sentence."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class Replay(Exception):
    """It was done already: this was the answer."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(status)
        self.status, self.body = status, body

    def response(self) -> Response:
        media = MEDIA if self.status >= 400 else "application/json"
        return Response(self.body, self.status, {REPLAYED: "true"}, media_type=media)


class Once(msgspec.Struct):
    """One request with a key. `kept`: its answer is stored; `begun`: that it acts is."""

    key: str
    request: str
    kept: bool = False
    begun: bool = False

    def look(self, conn: Connection, now: int) -> None:
        """Raises Replay when it was answered before, BadKey when the key was used for something else."""
        wanted = (ANSWERED.c.key == self.key) & (ANSWERED.c.moment > now - KEPT)
        row = conn.execute(select(ANSWERED).where(wanted)).first()
        if row is None or self.begun:
            return
        self.kept = True
        if row.request != self.request:
            raise BadKey("key_reused")
        if row.status == ACTED:
            raise BadKey("key_acted")
        raise Replay(row.status, row.body)

    def begin(self, tx: Connection, act: Callable[[], Any], now: int) -> Any:
        """Around an act whose answer is not known yet: that it was done is kept with it."""
        self.look(tx, now)
        outcome = act()
        if not self.begun:
            self.keep(tx, now, ACTED, "")
            self.kept, self.begun = False, True
        return outcome

    def keep(self, tx: Connection, now: int, status: int, body: str) -> None:
        tx.execute(delete(ANSWERED).where((ANSWERED.c.key == self.key) | (ANSWERED.c.moment <= now - KEPT)))
        row = {"key": self.key, "request": self.request, "status": status, "body": body, "moment": now}
        tx.execute(insert(ANSWERED).values(row))
        self.kept = True


def key_of(request: Request) -> str | None:
    """The key that was sent and may count. Raises BadKey."""
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST" or not request.url.path.startswith(API):
        return None
    if not 1 <= len(key) <= _LONGEST or not key.isascii() or not key.isprintable() or key.isspace():
        raise BadKey("key_wrong")
    return key


async def note(request: Request, key: str) -> None:
    """Reads what is sent with the key, which may be a photo. It counts once the gate let in."""
    sent = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + await request.body()
    request.state.asked = (key, hashlib.sha256(sent).hexdigest())


def once_of(request: Request) -> Once | None:
    """The request's key, of who asks: nobody meets the keys of others. The gate calls it for every request
    that it lets in. Raises Replay and BadKey."""
    asked = getattr(request.state, "asked", None)
    if asked is None:
        return None
    known: Once | None = getattr(request.state, "once", None)
    if known is not None:
        return known
    account = request.state.account
    service: Service = request.app.state.service
    principal = f"{account.machine}/{account.id}\n{asked[0]}"
    made = Once(hashlib.sha256(principal.encode()).hexdigest(), asked[1])
    request.state.once = made
    with service.read() as conn:
        made.look(conn, service.now())
    return made


def within(request: Request, answered: Callable[[Connection, Any], str]) -> Within | None:
    """Around an act in its transaction: done once, its answer kept with it. `answered(tx, outcome)`: the
    answer as JSON. None where no key was sent."""
    once = once_of(request)
    if once is None:
        return None
    now = request.app.state.service.now()

    def run(tx: Connection, act: Callable[[], Any]) -> Any:
        once.look(tx, now)  # its twin may have been faster
        outcome = act()
        once.keep(tx, now, 200, answered(tx, outcome))
        return outcome

    return run


def guarded(request: Request, service: Service) -> Service:
    """The service, with a desk that takes nothing twice from a request with a key."""
    once: Once | None = getattr(request.state, "once", None)
    if once is None:
        return service
    now = service.now()

    def apply(facts: Sequence[AnyFact], within: Within | None = None) -> Future[Any]:
        return service.apply(facts, within or (lambda tx, act: once.begin(tx, act, now)))

    return replace(service, apply=apply)


class KeepAnswers:
    """ASGI middleware: keeps the answers to requests with a key that are not kept with their act."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        status, parts = 0, list[bytes]()

        async def hear(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    await _keep(scope, status, b"".join(parts))
            await send(message)

        await self._app(scope, receive, hear)


async def _keep(scope: Scope, status: int, body: bytes) -> None:
    """What was done, or cannot be done now. A mistake in the request itself is looked at anew."""
    once: Once | None = scope["state"].get("once")
    if once is None or once.kept or not (200 <= status < 400 or status == 409) or len(body) > _LARGEST:
        return
    service: Service = scope["app"].state.service
    now, text = service.now(), body.decode()
    done = service.transact(lambda tx: once.keep(tx, now, status, text))
    await run_in_threadpool(done.exception, 10.0)  # the answer is given whether it could be kept or not
