"""Touches. One's own account (language, appearance, password), and the administrator's page of accounts."""

from typing import Literal

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.delivery import subscriptions
from dashboard import accounts
from dashboard.account import Account
from dashboard.accounts import AccountError
from dashboard.doorkeeper import SignIn, check, doorkeeper, enter, turned_away
from dashboard.fields import Fields, Number, Sent, own_path, take
from dashboard.gate import Administrator, Viewer, service_of
from dashboard.page import render
from dashboard.passwords import weakness
from dashboard.permissions import Role
from dashboard.service import WAIT, Service

router = APIRouter()


class Preferences(Sent):
    language: Literal["", "zh", "en"] = ""
    theme: Literal["", "auto", "light", "dark"] = ""


class PasswordChange(Sent):
    old: str
    password: str
    again: str


RoleName = Literal["viewer", "guard", "duty", "manager", "administrator"]


class RoleChange(Sent):
    role: RoleName


class Invitation(Sent):
    role: RoleName
    person: str = ""


@router.post("/preferences")
def preferences(request: Request, fields: Fields, who: Viewer) -> Response:
    """Language and appearance, kept with the account."""
    form = take(Preferences, fields)
    chosen = {"language": form.language, "theme": form.theme}
    values = {key: value for key, value in chosen.items() if value}
    if values:
        service_of(request).transact(lambda tx: accounts.set_preference(tx, who.id, **values)).result(WAIT)
    return RedirectResponse(own_path(form.next), 303)


@router.get("/account")
def account_page(request: Request, who: Viewer) -> Response:
    return _account(request, who)


@router.post("/account/password")
def change_password(request: Request, fields: Fields, who: Viewer) -> Response:
    """Needs the present password; every other screen of the account is signed out."""
    form = take(PasswordChange, fields)
    service, keeper = service_of(request), doorkeeper(request)
    key = weakness(form.password, who.name) or ("" if form.password == form.again else "passwords_differ")
    refusal = turned_away(request) or ((422, key) if key else None)
    if refusal is None:
        refusal_or_id = check(request, SignIn(name=who.name, password=form.old))
        refusal = refusal_or_id if isinstance(refusal_or_id, tuple) else None
    if refusal is not None:
        return _account(request, who, *refusal)
    hashed = keeper.passwords.hash(form.password)
    _sign_out_everywhere(service, who.id, hashed)
    return enter(request, who.id, "/account", who.wall)


def _account(request: Request, who: Account, status: int = 200, said: str = "") -> Response:
    service = service_of(request)
    push, person = service.push(), service.directory().persons.get(who.person)
    with service.read() as conn:
        devices = subscriptions.of(conn, who.person) if push else []
    contact = person is not None and any(one.channel == push.channel for one in person.contacts if push)
    return render(
        request, "account.html", status, said=said, push=push, devices=devices, push_contact=contact
    )


def _sign_out_everywhere(service: Service, account: int, hashed: str) -> None:
    def act(tx: Connection) -> list[str]:
        accounts.set_password(tx, account, hashed)
        return accounts.close_sessions(tx, account)

    service.live.end(service.transact(act).result(WAIT))


@router.get("/accounts")
def accounts_page(request: Request, who: Administrator) -> Response:
    return _accounts(request)


@router.post("/accounts/invite")
def invite(request: Request, fields: Fields, who: Administrator) -> Response:
    form = take(Invitation, fields)
    service = service_of(request)
    now = service.now()
    made = service.transact(lambda tx: accounts.invite(tx, now, form.role, form.person.strip()))
    return _accounts(request, token=made.result(WAIT))


@router.post("/accounts/{account}/role")
def change_role(request: Request, account: Number, fields: Fields, who: Administrator) -> Response:
    form = take(RoleChange, fields)
    try:
        service_of(request).transact(lambda tx: accounts.set_role(tx, account, form.role)).result(WAIT)
    except AccountError as problem:
        return _accounts(request, said=problem.key, status=409)
    return RedirectResponse("/accounts", 303)


@router.post("/accounts/{account}/{switch}")
def switch_account(
    request: Request, account: Number, switch: Literal["disable", "enable"], who: Administrator
) -> Response:
    """A disabled account is signed out everywhere at once, also on open streams."""
    service = service_of(request)
    try:
        ended = service.transact(lambda tx: accounts.set_disabled(tx, account, switch == "disable")).result(
            WAIT
        )
    except AccountError as problem:
        return _accounts(request, said=problem.key, status=409)
    service.live.end(ended)
    return RedirectResponse("/accounts", 303)


def _accounts(request: Request, token: str = "", said: str = "", status: int = 200) -> Response:
    service = service_of(request)
    with service.read() as conn:
        rows = accounts.listing(conn)
    persons = service.directory().persons
    return render(
        request, "accounts.html", status, rows=rows, roles=list(Role), persons=persons, token=token, said=said
    )
