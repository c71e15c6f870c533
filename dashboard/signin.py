"""Touches. Signing in and out, and the first-run setup by a one-time token."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dashboard import accounts
from dashboard.accounts import AccountError
from dashboard.doorkeeper import SignIn, check, doorkeeper, enter, turned_away
from dashboard.fields import Fields, Sent, own_path, take
from dashboard.gate import Public, Viewer, account_of, cookie_name, language_of, service_of
from dashboard.page import render
from dashboard.passwords import Busy, weakness
from dashboard.service import WAIT

router = APIRouter()


class Setup(Sent):
    token: str
    name: str
    password: str
    again: str


@router.get("/login")
def sign_in_page(request: Request, _: Public, next: str = "/") -> Response:
    if account_of(request) is not None:
        return RedirectResponse(own_path(next), 303)
    service = service_of(request)
    with service.read() as conn:
        if not accounts.listing(conn):
            return RedirectResponse(f"/setup?{request.url.query}", 303)
    refusal = turned_away(request, key_needed=False)
    return render(request, "login.html", next=own_path(next), said=refusal[1] if refusal else "", name="")


@router.post("/login")
def sign_in(request: Request, fields: Fields, _: Public) -> Response:
    form = take(SignIn, fields)
    refusal = turned_away(request) or check(request, form)
    if isinstance(refusal, tuple):
        status, key = refusal
        return render(request, "login.html", status, next=own_path(form.next), said=key, name=form.name)
    doorkeeper(request).forgive(request)
    return enter(request, refusal, own_path(form.next), wall=form.wall == "on")


@router.post("/logout")
def sign_out(request: Request, who: Viewer) -> Response:
    service = service_of(request)
    service.transact(lambda tx: accounts.close_session(tx, who.session)).result(WAIT)
    service.live.end([who.session])
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(cookie_name(request), path="/")
    return answer


@router.get("/setup")
def setup_page(request: Request, _: Public, token: str = "") -> Response:
    refusal = turned_away(request, key_needed=False)
    return render(request, "setup.html", token=token, said=refusal[1] if refusal else "", name="")


@router.post("/setup")
def setup(request: Request, fields: Fields, _: Public) -> Response:
    form = take(Setup, fields)
    refusal = turned_away(request) or _made(request, form)
    if isinstance(refusal, tuple):
        status, key = refusal
        return render(request, "setup.html", status, token=form.token, said=key, name=form.name)
    return enter(request, refusal, "/")


def _made(request: Request, form: Setup) -> tuple[int, str] | int:
    """The new account's id, or status and sentence. The token is looked at before any password is hashed."""
    service, now = service_of(request), service_of(request).now()
    with service.read() as conn:
        if accounts.token_row(conn, form.token.strip(), now) is None:
            return 403, "token_wrong"
    key = weakness(form.password, form.name) or ("" if form.password == form.again else "passwords_differ")
    if key:
        return 422, key
    language, persons = language_of(request), service.directory().persons
    try:
        hashed = doorkeeper(request).passwords.hash(form.password)
        made = service.transact(
            lambda tx: accounts.redeem(tx, form.token.strip(), form.name, hashed, language, now, persons)
        )
        return made.result(WAIT)
    except Busy:
        return 429, "sign_in_busy"
    except AccountError as problem:
        return 422, problem.key
