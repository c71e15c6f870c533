"""Touches. The form by which a person raises an alert: the office was telephoned, or somebody came in."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from alerts.alert import Raised
from alerts.plan import Plan
from alerts.refusal import Refused
from dashboard import cards
from dashboard.account import Account
from dashboard.actions import perform, sentence
from dashboard.fields import Fields, Sent, sends, take
from dashboard.gate import Allow, NotAllowed, Viewer, service_of
from dashboard.page import answer, render, wants_page
from dashboard.rest import records
from dashboard.service import Service
from rules.verdict import Class, Text

router = APIRouter()
Raiser = Annotated[Account, Depends(Allow("raise"))]
FOUND = 12  # places shown of a search
Search = Annotated[str, Query(max_length=100)]


class Call(Sent):
    place: str = Field(min_length=1, max_length=64)
    kind: Literal["alarm", "supervisory", "trouble", "status"] = "alarm"
    what: str = Field(min_length=1, max_length=120)
    note: str = ""
    caller: str = Field("", max_length=80)
    callback: str = Field("", max_length=40)
    plan: str = Field("", max_length=64)
    q: str = ""  # what was searched for; means nothing here


def places_like(service: Service, wanted: str) -> list[dict[str, Any]]:
    """Places whose names, or those of what they lie in, have every word that was typed."""
    words = wanted.lower().split()
    registry = service.registry()
    found = []
    for place in registry.places.values():
        path = registry.path(place.id)
        names = " ".join(f"{part.zh} {part.en} {part.id}" for part in path).lower()
        own = f"{place.zh} {place.en} {place.id}".lower()
        if words and all(word in names for word in words) and words[-1] in own:
            shown = path[1:] or path
            found.append({
                "id": place.id,
                "zh": " ".join(part.zh or part.en for part in shown),
                "en": ", ".join(part.en or part.zh for part in shown),
            })  # fmt: skip
    return sorted(found, key=lambda one: (len(one["zh"]), one["id"]))[:FOUND]


@router.get("/raise")
def form(request: Request, who: Raiser, q: Search = "", place: Search = "") -> Response:
    service = service_of(request)
    here = service.registry().places.get(place)
    found = places_like(service, here.id) if here else places_like(service, q)
    registry, plans = service.registry(), plans_now(service)
    return render(request, "raise.html", found=found, q=q, chosen=place, registry=registry, plans=plans)


def plans_now(service: Service) -> list[Plan]:
    """The plans of this hour: no device says of what kind it is, so a person chooses."""
    directory, now = service.directory(), service.now()
    return [
        plan for plan in directory.plans if not plan.match.hours or directory.within(plan.match.hours, now)
    ]


@router.get("/api/v1/places/search", responses={200: {"model": records.PlacesFound}})
def search(request: Request, who: Viewer, q: Search = "") -> Response:
    """Places by a few letters of their names: `zh` and `en` are whole paths."""
    return JSONResponse({"places": places_like(service_of(request), q)})


@router.post("/api/v1/alerts", status_code=201, responses={201: {"model": records.Raised}})
@sends(Call)
def raise_alert(request: Request, fields: Fields, who: Raiser) -> Response:
    """A person raises an alert. Who called and the number to call back stay out of the log."""
    call = take(Call, fields)
    service = service_of(request)
    if not who.reach.has(service.registry(), call.place):
        raise NotAllowed("error_scope")
    title = Text(call.what.strip(), call.what.strip())
    fact = Raised(
        by=who.by,
        place=call.place,
        title=title,
        alert_class=Class(call.kind),
        note=call.note,
        caller=call.caller.strip(),
        callback=call.callback.strip(),
        plan=call.plan or None,
    )
    try:
        body = perform(request, [fact], lambda tx, outcome: _made(service, tx, outcome.changed, who))
    except Refused as refusal:
        return answer(request, 409, "refused", sentence(request, refusal))
    if wants_page(request):
        return RedirectResponse(f"/alerts/{json.loads(body)['alert']}", 303)
    return Response(body, 201, media_type="application/json")


def _made(service: Service, conn: Connection, made: list[int], who: Account) -> dict[str, Any]:
    found = cards.cards(service, conn, made, who.reach)
    return {"alert": made[0], "alerts": found, "problems": {}}
