"""Touches. Who asks, and whether they may. A route that declares no permission cannot start."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Annotated, Any, cast
from urllib.parse import unquote

from fastapi import Depends
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from dashboard import accounts, tokens
from dashboard.account import Account, standing
from dashboard.fields import NUL, BadInput
from dashboard.once import API, guarded, key_of, note, once_of
from dashboard.permissions import LEAST, Permission
from dashboard.reach import Reach
from dashboard.service import Service
from dashboard.words import LANGUAGES, preferred

COOKIE = "tocsin"
CHOSEN = "language"  # the cookie that remembers a choice made before signing in


class NotSignedIn(Exception):
    """Nobody is signed in on this screen."""


class NotAllowed(Exception):
    """Somebody is, whose role may not do this. `key` names the sentence."""

    def __init__(self, key: str = "error_403") -> None:
        super().__init__(key)
        self.key = key


class TooOften(Exception):
    """Too many wrong tokens from one network."""


def service_of(request: Request) -> Service:
    return guarded(request, cast(Service, request.app.state.service))


def cookie_name(request: Request) -> str:
    """`__Host-` binds the cookie to this host and to HTTPS; the browser itself enforces it."""
    return f"__Host-{COOKIE}" if request.url.scheme == "https" else COOKIE


def source_of(request: Request) -> str:
    return request.client.host if request.client else ""


def encrypted_enough(request: Request) -> bool:
    """Passwords and cookies may cross this connection: HTTPS, loopback, or allowed in the configuration."""
    if request.url.scheme == "https" or service_of(request).settings.insecure_http:
        return True
    try:
        return ip_address(source_of(request)).is_loopback
    except ValueError:
        return False


def account_of(request: Request) -> Account | None:
    """Who asks: a machine by its token, else who is signed in on this screen, as they stand today."""
    account = _machine(request) if bearer(request) is not None else _signed_in(request)
    if account is None:
        return None
    service = service_of(request)
    return standing(account, service.directory().persons, service.registry())


async def ask_once(request: Request) -> None:
    """A dependency of every route: notes the key and what is sent with it. Of what a stranger sends nothing
    is read."""
    if NUL in request.url.path or NUL in unquote(request.url.query):
        raise BadInput("a NUL in the address")  # no database is asked for it
    key = key_of(request)
    if key is None:
        return
    request.state.known = await run_in_threadpool(account_of, request)
    if request.state.known is not None:
        await note(request, key)


def bearer(request: Request) -> str | None:
    """The token that was sent; None without one. A request with a token is never taken for a screen's."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else None


def _machine(request: Request) -> Account | None:
    secret = bearer(request) or ""
    if not encrypted_enough(request):
        raise NotAllowed("sign_in_plain")
    if not request.url.path.startswith(API):
        raise NotAllowed("token_not_here")
    service = service_of(request)
    now = service.now()
    with service.read() as conn:
        account = tokens.find(conn, secret, now, language_of(request))
        stale = account is not None and tokens.stale(conn, account.id, now)
    if account is None:
        if not request.app.state.doorkeeper.allow_token(request, now):
            raise TooOften
        raise NotSignedIn
    if stale:
        number = account.id
        service.transact(lambda tx: tokens.used(tx, number, now))
    return account


def _signed_in(request: Request) -> Account | None:
    """Who is signed in on this screen. The session is renewed when half its time has passed."""
    secret = request.cookies.get(cookie_name(request))
    if not secret or not encrypted_enough(request):
        return None
    service = service_of(request)
    now = service.now()
    with service.read() as conn:
        account = accounts.find_session(conn, secret, now)
    if account is not None and not account.wall and account.until - now < accounts.SESSION_LASTS // 2:
        session = account.session
        service.transact(lambda tx: accounts.renew_session(tx, session, now))
    return account


def language_of(request: Request) -> str:
    """The account's; before signing in the one chosen here, the reader's, the browser's, or that of the
    settings."""
    account: Account | None = getattr(request.state, "account", None)
    if account is not None:
        return account.language
    reader = getattr(request.state, "reader", "")  # whom a page without an account is for
    wanted = chosen_language(request) or reader or preferred(request.headers.get("accept-language", ""))
    return wanted or service_of(request).settings.language


def chosen_language(request: Request) -> str:
    """What the button of the sign-in page asked for, now or on an earlier page; "" when nobody pressed it."""
    known = (request.query_params.get("language"), request.cookies.get(CHOSEN))
    return next((one for one in known if one in LANGUAGES), "")


def reach_of(request: Request) -> Reach:
    """How far who asks sees. Only where a route lets somebody in."""
    account: Account = request.state.account
    return account.reach


class Allow:
    """A dependency that lets through who may do this (a line of permissions.LEAST); for public routes it
    gives None. `everywhere`: what belongs to no place, so nobody with a scope may see it."""

    def __init__(self, permission: str, everywhere: bool = False) -> None:
        if permission != Permission.PUBLIC and permission not in LEAST:
            raise RuntimeError(f"permissions.LEAST has no line {permission!r}: say there who may do it")
        self.permission = permission
        self.everywhere = everywhere

    def __call__(self, request: Request) -> Account | None:
        if self.permission == Permission.PUBLIC:
            return None
        account = getattr(request.state, "known", None) or account_of(request)
        if account is None:
            raise NotSignedIn
        request.state.account = account
        if not account.may(self.permission):
            in_nobodys_name = account.machine and not account.person
            raise NotAllowed("error_nameless" if in_nobodys_name else "error_403")
        if self.everywhere and account.scope:
            raise NotAllowed("error_everywhere")
        once_of(request)
        return account


Public = Annotated[None, Depends(Allow(Permission.PUBLIC))]
Viewer = Annotated[Account, Depends(Allow(Permission.SEE))]
Actor = Annotated[Account, Depends(Allow(Permission.ACT))]
Manager = Annotated[Account, Depends(Allow(Permission.STAFF, everywhere=True))]
Administrator = Annotated[Account, Depends(Allow(Permission.ADMINISTER, everywhere=True))]
CampusViewer = Annotated[Account, Depends(Allow(Permission.SEE, everywhere=True))]


def declared(route: APIRoute) -> str | None:
    found = [d.call.permission for d in _dependencies(route.dependant) if isinstance(d.call, Allow)]
    return found[0] if found else None


def _dependencies(dependant: Any) -> Iterable[Any]:
    for one in dependant.dependencies:
        yield one
        yield from _dependencies(one)


def check_routes(routes: Iterable[APIRoute]) -> None:
    """Default deny: raises for a route that forgot to say who may use it."""
    open_doors = [route.path for route in routes if declared(route) is None]
    if open_doors:
        raise RuntimeError(f"routes without a permission: {', '.join(open_doors)}")
