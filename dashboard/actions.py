"""Touches. What a person does to an alert: each button builds one fact and puts it through the desk."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import Field
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from alerts.alert import (
    Accepted,
    Acknowledged,
    Act,
    Arrived,
    Closed,
    Commented,
    Declined,
    HandedOver,
    Joined,
    MadeReal,
    Reset,
    Shelved,
    Ticked,
    Unshelved,
    Verification,
    Verified,
)
from alerts.desk import AnyFact
from alerts.refusal import Refused
from dashboard import cards, words
from dashboard.account import Account
from dashboard.fields import Fields, Many, Number, Sent, own_path, sends, take
from dashboard.gate import Administrator, Allow, NotAllowed, language_of, service_of
from dashboard.once import within
from dashboard.page import answer, wants_page
from dashboard.rest import shapes
from dashboard.service import WAIT

router = APIRouter()
VIA = "dashboard"


class Plain(Sent):
    note: str = ""


class Verify(Sent):
    outcome: Literal["confirmed", "false", "undetermined"]
    cause: str = ""
    note: str = ""


class Reason(Sent):
    reason: str


class Words(Sent):
    note: str = Field(min_length=1)


class Handover(Plain):
    to: str = Field(min_length=1)


class Step(Plain):
    step: str = Field(min_length=1)


class Shelve(Sent):
    reason: str
    until: Annotated[Many, Field(strict=False)]  # ms


class Several(Sent):
    alerts: list[Many] = Field(min_length=1, max_length=500)


def _verified(alert: int, by: str, form: Verify) -> Act:
    outcomes = {
        "confirmed": Verification.CONFIRMED,
        "false": Verification.FALSE,
        "undetermined": Verification.UNDETERMINED,
    }
    return Verified(alert, by, outcomes[form.outcome], form.cause, form.note)  # type: ignore[arg-type]


Build = Callable[[int, str, Any], Act]
ACTS: dict[str, tuple[type[Sent], Build]] = {
    "acknowledge": (Plain, lambda alert, by, form: Acknowledged(alert, by, VIA, form.note)),
    "arrived": (Plain, lambda alert, by, form: Arrived(alert, by, form.note)),
    "join": (Plain, lambda alert, by, form: Joined(alert, by, form.note)),
    "verify": (Verify, _verified),
    "handover": (Handover, lambda alert, by, form: HandedOver(alert, by, form.to, form.note)),
    "accept": (Sent, lambda alert, by, form: Accepted(alert, by)),
    "decline": (Sent, lambda alert, by, form: Declined(alert, by)),
    "tick": (Step, lambda alert, by, form: Ticked(alert, by, form.step, form.note)),
    "reset": (Sent, lambda alert, by, form: Reset(alert, by)),
    "real": (Sent, lambda alert, by, form: MadeReal(alert, by)),
    "shelve": (Shelve, lambda alert, by, form: Shelved(alert, by, form.reason, form.until)),
    "unshelve": (Sent, lambda alert, by, form: Unshelved(alert, by)),
    "comment": (Words, lambda alert, by, form: Commented(alert, by, form.note)),
    "close": (Reason, lambda alert, by, form: Closed(alert, by, form.reason)),
}


# What the documentation of the API says of each.
SAID: dict[str, str] = {
    "acknowledge": "Take it: a promise with a clock. It is yours until somebody accepts it from you.",
    "arrived": "You are at the place: the promise is kept.",
    "join": "Be the second person of a confirmed fire: one stays, one goes.",
    "verify": "Confirm it, call it false (with a cause), or say that it could not be told.",
    "handover": "Offer it to a person (`to`); it stays yours until they accept.",
    "accept": "Take over what was offered to you.",
    "decline": "Refuse what was offered to you.",
    "tick": "A step of the plan is done; `step` is its id.",
    "real": "This is no drill: everybody is told, and the drill it was raised in ends at once.",
    "reset": "Release the latch. Refused while the cause stands; never starts or stops equipment.",
    "shelve": "Hide a nuisance until a moment (`until`), with a `reason` from the list.",
    "unshelve": "Bring it back before its time.",
    "comment": "Write a line into the timeline.",
    "close": "Close an alert that a person raised, or whose rule or device is gone.",
}
Taker = Annotated[Account, Depends(Allow("acknowledge"))]


def perform(
    request: Request, facts: Sequence[AnyFact], shown: Callable[[Connection, Any], dict[str, Any]]
) -> str:
    """Through the desk; the answer as JSON. With an idempotency key it is composed and kept in its
    transaction, else read after it. Raises Refused."""
    told: list[str] = []

    def answered(tx: Connection, outcome: Any) -> str:
        told.append(json.dumps(shown(tx, outcome), ensure_ascii=False))
        return told[-1]

    service = service_of(request)
    outcome = service.apply(facts, within(request, answered)).result(WAIT)
    if told:
        return told[-1]
    with service.read() as conn:
        return answered(conn, outcome)


def touch(request: Request, number: int, who: Account) -> bool:
    """Whether there is such an alert, as far as they see. Raises NotAllowed where they see it and no more."""
    service = service_of(request)
    with service.read() as conn:
        found = cards.cards(service, conn, [number], who.reach)
    if found and not who.reach.acts(service.registry(), found[0]):
        raise NotAllowed("error_scope")
    return bool(found)


def _act(request: Request, number: int, act: str, fields: dict[str, Any], who: Account) -> Response:
    model, build = ACTS[act]
    form = take(model, fields)
    if not touch(request, number, who):
        return answer(request, 404, "no_alert")
    try:
        body = perform(
            request, [build(number, who.by, form)], lambda conn, _: _changed(request, conn, [number], who)
        )
    except Refused as refusal:
        return answer(request, 409, "refused", sentence(request, refusal))
    if wants_page(request):
        return RedirectResponse(own_path(form.next or f"/alerts/{number}"), 303)
    return Response(body, media_type="application/json")


def sentence(request: Request, refusal: Refused) -> str:
    language = language_of(request)
    persons = service_of(request).directory().persons
    return refusal.sentence(language, lambda person: words.name(persons.get(person), language, person))


def _changed(
    request: Request,
    conn: Connection,
    numbers: list[int],
    who: Account,
    problems: dict[int, str] | None = None,
) -> dict[str, Any]:
    found = cards.cards(service_of(request), conn, numbers, who.reach)
    return {"alerts": found, "problems": problems or {}}


def _route(act: str) -> Callable[..., Response]:
    allowed = Annotated[Account, Depends(Allow(act))]

    def run(request: Request, number: Number, fields: Fields, who: allowed) -> Response:
        return _act(request, number, act, fields, who)

    run.__name__ = act
    run.__doc__ = SAID.get(act, act)
    run.sends = ACTS[act][0]  # type: ignore[attr-defined]
    return run


for _name in ACTS:
    router.add_api_route(f"/api/v1/alerts/{{number}}/{_name}", _route(_name), methods=["POST"])


@router.post("/api/v1/acknowledge", responses={200: {"model": shapes.Changed}})
@sends(Several)
def acknowledge_several(request: Request, fields: Fields, who: Taker) -> Response:
    """Take alerts of one kind together. Each is a fact of its own: one that is refused stops no other, and
    `problems` says why, by its number."""
    form = take(Several, fields)
    service, language = service_of(request), language_of(request)
    sent: dict[int, Future[Any]] = {}
    problems: dict[int, str] = {}
    for number in dict.fromkeys(form.alerts):
        try:
            if touch(request, number, who):
                sent[number] = service.apply([Acknowledged(number, who.by, VIA)])
            else:
                problems[number] = words.say("no_alert", language)
        except NotAllowed as refusal:
            problems[number] = words.say(refusal.key, language)
    for number, future in sent.items():
        try:
            future.result(WAIT)
        except Refused as refusal:
            problems[number] = sentence(request, refusal)
    with service.read() as conn:
        return JSONResponse(_changed(request, conn, form.alerts, who, problems))


@router.post("/api/v1/scenarios/{name}")
def start_scenario(request: Request, name: str, fields: Fields, who: Administrator) -> Response:
    """Demo mode only: lets the simulated campus play a scenario."""
    service = service_of(request)
    known = {scenario[0] for scenario in service.scenarios}
    if service.demo is None or name not in known:
        return answer(request, 404, "error_404")
    service.demo(name)
    if wants_page(request):
        return RedirectResponse(f"/?started={name}", 303)
    return JSONResponse({"started": name}, 202)
