"""Touches. The administrator's page of machines' tokens: make, see when they were used, revoke."""

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dashboard import tokens, words
from dashboard.accounts import AccountError
from dashboard.fields import Fields, Number, Sent, take
from dashboard.gate import Administrator, language_of, service_of
from dashboard.page import render
from dashboard.permissions import Role
from dashboard.service import WAIT

router = APIRouter()


class NewToken(Sent):
    name: str
    role: str
    scope: str = ""
    person: str = ""
    days: str = Field("90", pattern=r"^[0-9]{1,4}$")


@router.get("/tokens")
def tokens_page(request: Request, who: Administrator) -> Response:
    return _shown(request)


@router.post("/tokens")
def make_token(request: Request, fields: Fields, who: Administrator) -> Response:
    service, form, language = service_of(request), take(NewToken, fields), language_of(request)
    scope = [part.strip() for part in form.scope.replace("，", ",").split(",") if part.strip()]
    strange = next((place for place in scope if place not in service.registry().places), None)
    if strange is not None:
        return _shown(request, said=words.say("token_places", language, place=strange), status=422)
    if form.person and form.person not in service.directory().persons:
        return _shown(request, said=words.say("roster_unknown", language, name=form.person), status=422)
    now = service.now()
    made = service.transact(
        lambda tx: tokens.make(
            tx, now, form.name.strip(), form.role, int(form.days), who.by, scope, form.person
        )
    )
    try:
        return _shown(request, token=made.result(WAIT))
    except AccountError as problem:
        return _shown(request, said=words.say(problem.key, language), status=422)


@router.post("/tokens/{number}/revoke")
def revoke_token(request: Request, number: Number, who: Administrator) -> Response:
    """Worth nothing from now on, also on open streams."""
    service = service_of(request)
    now = service.now()
    service.live.end([service.transact(lambda tx: tokens.revoke(tx, number, now)).result(WAIT)])
    return RedirectResponse("/tokens", 303)


def _shown(request: Request, token: str = "", said: str = "", status: int = 200) -> Response:
    service = service_of(request)
    with service.read() as conn:
        rows = tokens.listing(conn)
    return render(
        request,
        "tokens.html",
        status,
        rows=rows,
        roles=list(Role),
        persons=service.directory().persons,
        registry=service.registry(),
        token=token,
        said=said,
    )
