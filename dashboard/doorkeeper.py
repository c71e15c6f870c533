"""Touches. What stands before every password (encryption, how often, how many at once), and the session."""

import threading
from typing import Literal

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dashboard import accounts
from dashboard.attempts import Attempts
from dashboard.fields import Sent
from dashboard.gate import cookie_name, encrypted_enough, service_of, source_of
from dashboard.passwords import Busy, Passwords
from dashboard.service import WAIT


class SignIn(Sent):
    name: str
    password: str
    wall: Literal["", "on"] = ""


class Doorkeeper:
    """The two things that stand before every password: how often, and how many at once."""

    def __init__(self) -> None:
        self.passwords = Passwords()
        self._attempts = Attempts()
        self._tokens = Attempts()  # of their own: a machine with an old token locks out no guard beside it
        self._links = Attempts()
        self._presses = Attempts()  # by notice: each press that is refused is a line of the record
        self._lock = threading.Lock()

    def allow(self, request: Request, now: int) -> bool:
        with self._lock:
            return self._attempts.allow(source_of(request), now)

    def allow_token(self, request: Request, now: int) -> bool:
        """Whether one more wrong token is looked at."""
        with self._lock:
            return self._tokens.allow(source_of(request), now)

    def allow_link(self, request: Request, now: int) -> bool:
        """Whether one more wrong one-tap link is answered in its own words."""
        with self._lock:
            return self._links.allow(source_of(request), now)

    def allow_press(self, notice: int, now: int) -> bool:
        """Whether one more press on the page of this notice is heard."""
        with self._lock:
            return self._presses.allow(f"notice {notice}", now)

    def forgive(self, request: Request) -> None:
        with self._lock:
            self._attempts.forgive(source_of(request))


def doorkeeper(request: Request) -> Doorkeeper:
    keeper: Doorkeeper = request.app.state.doorkeeper
    return keeper


def turned_away(request: Request, key_needed: bool = True) -> tuple[int, str] | None:
    """Status and sentence for a sign-in that is not even looked at."""
    if not encrypted_enough(request):
        return 403, "sign_in_plain"
    if key_needed and not doorkeeper(request).allow(request, service_of(request).now()):
        return 429, "sign_in_often"
    return None


def check(request: Request, form: SignIn) -> tuple[int, str] | int:
    """The account's id, or status and sentence. The same, in words and time, for an unknown name."""
    with service_of(request).read() as conn:
        known = accounts.stored_password(conn, form.name)
    try:
        right = doorkeeper(request).passwords.verify(known[1] if known else None, form.password)
    except Busy:
        return 429, "sign_in_busy"
    return known[0] if known and right else (401, "sign_in_wrong")


def enter(request: Request, account: int, onward: str, wall: bool = False) -> Response:
    """Always a new session, so that one set before signing in is worth nothing."""
    service = service_of(request)
    now, source = service.now(), source_of(request)
    secret = service.transact(lambda tx: accounts.open_session(tx, account, now, source, wall)).result(WAIT)
    answer = RedirectResponse(onward, 303)
    answer.set_cookie(
        cookie_name(request),
        secret,
        max_age=accounts.WALL_LASTS // 1000 if wall else None,  # else: until the browser closes
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer
