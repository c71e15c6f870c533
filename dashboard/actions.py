"""Touches. What a person does to an alert: each button builds one fact and puts it through the desk."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from alerts.alert import Acknowledged, Act, Arrived, Closed, Commented, Reset, Verification, Verified
from alerts.refusal import Refused
from dashboard import cards, words
from dashboard.accounts import Account
from dashboard.fields import Fields, Number, Sent, own_path, take
from dashboard.gate import Actor, Administrator, language_of, service_of
from dashboard.page import answer, wants_page

router = APIRouter()
WAIT = 10.0  # seconds for a commit
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


class Several(Sent):
    alerts: list[int] = Field(min_length=1, max_length=500)


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
    "verify": (Verify, _verified),
    "reset": (Sent, lambda alert, by, form: Reset(alert, by)),
    "comment": (Words, lambda alert, by, form: Commented(alert, by, form.note)),
    "close": (Reason, lambda alert, by, form: Closed(alert, by, form.reason)),
}


def _act(request: Request, number: int, act: str, fields: dict[str, Any], who: Account) -> Response:
    model, build = ACTS[act]
    form = take(model, fields)
    try:
        service_of(request).apply([build(number, who.person, form)]).result(WAIT)
    except Refused as refusal:
        return answer(request, 409, "refused", _sentence(request, refusal))
    if wants_page(request):
        return RedirectResponse(own_path(form.next or f"/alerts/{number}"), 303)
    return _changed(request, [number])


def _sentence(request: Request, refusal: Refused) -> str:
    language = language_of(request)
    persons = service_of(request).directory().persons
    return refusal.sentence(language, lambda person: words.name(persons.get(person), language, person))


def _changed(request: Request, numbers: list[int], problems: dict[int, str] | None = None) -> Response:
    service = service_of(request)
    with service.read() as conn:
        found = cards.cards(service, conn, numbers)
    return JSONResponse({"alerts": found, "problems": problems or {}})


def _route(act: str) -> Callable[..., Response]:
    def run(request: Request, number: Number, fields: Fields, who: Actor) -> Response:
        return _act(request, number, act, fields, who)

    run.__name__ = act
    run.__doc__ = f"{act} one alert, through the desk. 409 with a sentence when it cannot be done now."
    return run


for _name in ACTS:
    router.add_api_route(f"/api/v1/alerts/{{number}}/{_name}", _route(_name), methods=["POST"])


@router.post("/api/v1/acknowledge")
def acknowledge_several(request: Request, fields: Fields, who: Actor) -> Response:
    """Take alerts of one kind together. Each is a fact of its own: one that is refused stops no other."""
    form = take(Several, fields)
    service = service_of(request)
    sent: dict[int, Future[Any]] = {n: service.apply([Acknowledged(n, who.person, VIA)]) for n in form.alerts}
    problems: dict[int, str] = {}
    for number, future in sent.items():
        try:
            future.result(WAIT)
        except Refused as refusal:
            problems[number] = _sentence(request, refusal)
    return _changed(request, form.alerts, problems)


@router.post("/api/v1/scenarios/{name}")
def start_scenario(request: Request, name: str, fields: Fields, who: Administrator) -> Response:
    """Demo mode only: lets the simulated campus play a scenario."""
    service = service_of(request)
    known = {scenario[0] for scenario in service.scenarios}
    if service.demo is None or name not in known:
        return answer(request, 404, "error_404")
    service.demo(name)
    if wants_page(request):
        return RedirectResponse(own_path(take(Sent, fields).next), 303)
    return JSONResponse({"started": name}, 202)
