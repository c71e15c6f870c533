"""Touches. What every answer carries and every request must pass: headers, origin, size, a last resort.

CSRF: what changes something must come from a page of ours. A browser says where a request comes from
(Sec-Fetch-Site, Origin); a program that calls the API sends a token.
"""

import re
import traceback
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.delivery.links import PATH as LINKS

log = structlog.get_logger("dashboard.shield")

LARGEST_BODY = 64 * 1024
LARGEST_PHOTO = 12 * 1024 * 1024 + LARGEST_BODY  # with the form around it
ALERTMANAGER = "/api/v1/integrations/alertmanager"
CALLBACKS = "/callbacks/"  # programs of other houses, which sign what they say: see dashboard/callbacks.py
LARGEST_GROUP = 1024 * 1024  # a group of Prometheus alerts: what is refused here is never sent again
PHOTOS = re.compile(r"/api/v1/(alerts|hazards)/\d{1,19}/photos")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types lit-html push-worker"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
Answer = Callable[[Request, int, str], Response]


class Shield:
    """ASGI middleware. `answer(request, status, key)` makes the page or problem a refused request gets."""

    def __init__(self, app: ASGIApp, answer: Answer) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                dress(scope, message)
            await send(message)

        refusal = refused(scope)
        try:
            if refusal is None:
                await self._app(scope, limited(receive, largest(scope)), send_dressed)
            else:
                await self._answer(Request(scope), *refusal)(scope, receive, send_dressed)
        except TooLarge:
            await self._answer(Request(scope), 413, "error_large")(scope, receive, send_dressed)
        except Exception:
            # as text: a renderer that shows local variables would show cookies and passwords
            log.error("a request failed", path=told(scope["path"]), trace=traceback.format_exc())
            if not started:
                await self._answer(Request(scope), 500, "error_500")(scope, receive, send_dressed)


def told(path: str) -> str:
    """As a log may hold it: who has a one-tap link can act with it."""
    return f"{LINKS}…" if path.startswith(LINKS) else path


def refused(scope: Scope) -> tuple[int, str] | None:
    """Status and key of the sentence for a request that must not get through, else None."""
    headers = Headers(scope=scope)
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > largest(scope):
        return 413, "error_large"
    if scope["path"].startswith(CALLBACKS) or (scope["path"].startswith(LINKS) and by_no_browser(headers)):
        return None
    if scope["method"] not in SAFE_METHODS and not (from_our_page(headers) or by_token(headers)):
        return 403, "error_csrf"
    return None


def by_no_browser(headers: Headers) -> bool:
    """For one-tap links, which are their own proof and look at no cookie: the button of a notice (ntfy)
    presses them without a page. A browser always says where a POST comes from."""
    return "origin" not in headers and "sec-fetch-site" not in headers


def by_token(headers: Headers) -> bool:
    """No browser sends a token by itself, and where one is sent the gate looks at no cookie."""
    return headers.get("authorization", "").lower().startswith("bearer ")


def from_our_page(headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is None:
        return site == "same-origin"
    return bool(origin) and urlsplit(origin).netloc == headers.get("host", "")


class TooLarge(Exception):
    """The body is larger than it said, or than we take."""


def largest(scope: Scope) -> int:
    if scope["path"] == ALERTMANAGER:
        return LARGEST_GROUP
    return LARGEST_PHOTO if PHOTOS.fullmatch(scope["path"]) else LARGEST_BODY


def limited(receive: Receive, most: int) -> Callable[[], Awaitable[Message]]:
    taken = 0

    async def receive_counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise TooLarge
        return message

    return receive_counted


def dress(scope: Scope, message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for key, value in HEADERS.items():
        headers[key] = value
    headers.setdefault("cache-control", "no-cache" if scope["path"].startswith("/static/") else "no-store")
    if scope["scheme"] == "https":
        headers["strict-transport-security"] = "max-age=31536000"
