"""Touches. What is hidden and why: the impairment register, the shelf, what rules suppress; on one page."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends
from pydantic import Field
from sqlalchemy import Connection, func, select
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from alerts.alert import Inhibition
from alerts.hazards import register
from alerts.hazards.impairment import (
    Agreed,
    Declared,
    Ended,
    Impairment,
    ImpairmentFact,
    State,
    devices_in,
    holds,
)
from alerts.reasons import HOUR, SHELVE_REASONS
from alerts.refusal import Refused
from alerts.tables import alert
from dashboard import cards, words
from dashboard.accounts import Account
from dashboard.actions import perform, sentence
from dashboard.fields import Fields, Many, Number, Sent, own_path, sends, take
from dashboard.gate import Allow, Viewer, language_of, reach_of, service_of
from dashboard.page import answer, render, wants_page
from dashboard.rest import records
from dashboard.service import Service
from ingest.campus.device import Device

router = APIRouter()
DAY = 24 * HOUR
ENDS = (1, 2, 4, 8, 12, 24, 48, 72, 168)  # hours that the form offers, up to the limit
Impairer = Annotated[Account, Depends(Allow("impair"))]
Agreer = Annotated[Account, Depends(Allow("agree"))]
Releaser = Annotated[Account, Depends(Allow("release"))]
Plain = dict[str, Any]
ANSWERS: dict[int | str, Plain] = {200: {"model": records.Inhibited}}


class ImpairForm(Sent):
    scope: str
    target: str
    owner: str
    reason: str = ""
    patrol: str = ""
    until: Annotated[Many, Field(strict=False)]


class EndOfImpairment(Sent):
    reason: str = ""


# ---- reading -----------------------------------------------------------------------------------------------


@router.get("/inhibited")
def inhibited_page(request: Request, who: Viewer, scope: str = "", target: str = "") -> Response:
    service = service_of(request)
    with service.read() as conn:
        found = everything(service, conn, request)
    registry, limits = service.registry(), service.limits()
    parents = {place.parent for place in registry.places.values()}
    return render(
        request,
        "inhibited.html",
        **found,
        asked={"scope": scope, "target": target},
        targets=[
            *(one for one in registry.places.values() if one.parent and one.id in parents),
            *registry.zones.values(),
        ],
        ends=[hours for hours in ENDS if hours * HOUR <= limits.out_of_service],
        hour=HOUR,
        reasons=SHELVE_REASONS,
        scope_name=lambda entry: scope_name(service, entry, language_of(request)),
        persons=service.directory().persons,
        registry=registry,
    )


@router.get("/api/v1/inhibited", responses={200: {"model": records.Inhibited}})
def inhibited(request: Request, who: Viewer) -> Response:
    """All that is hidden now: out of service, shelved, suppressed; and what was out of service before."""
    with service_of(request).read() as conn:
        return JSONResponse(everything(service_of(request), conn, request))


def everything(service: Service, conn: Connection, request: Request) -> Plain:
    seen = cards.open_cards(service, conn, reach_of(request))
    hidden = [card for card in seen if card["inhibition"] != Inhibition.NONE]
    entries = [one for one in register.standing(conn) if _visible(request, one)]
    past = [one for one in register.past(conn, 50) if _visible(request, one)]
    hid = _hid(conn, [one.id for one in (*entries, *past)])
    return {
        "entries": [_told(service, one, hid) for one in entries],
        "past": [_told(service, one, hid) for one in past],
        "shelved": [card for card in hidden if card["inhibition"] == Inhibition.SHELVED],
        "suppressed": [card for card in hidden if card["inhibition"] == Inhibition.SUPPRESSED],
        "out": [card for card in hidden if card["inhibition"] == Inhibition.OUT_OF_SERVICE],
        "suppressed_lately": _suppressed_since(conn, service.now() - DAY),
    }


def of_device(service: Service, conn: Connection, device: Device) -> list[Plain]:
    """The entries by which a device is out of service, or may soon be."""
    registry = service.registry()
    found = [one for one in register.standing(conn) if holds(one, device, registry)]
    return [_told(service, one, {}) for one in found]


def scope_name(service: Service, entry: Plain, language: str) -> str:
    registry, target = service.registry(), entry["target"]
    if entry["scope"] == "zone":
        return words.name(registry.zones.get(target), language, target)
    device = registry.devices.get(target)
    place = (device.place if device else "") if entry["scope"] == "device" else target
    path = registry.path(place)
    named = [words.name(part, language, part.id) for part in path[1:] or path]
    if entry["scope"] == "device":
        named.append(words.name(device, language, target) if device else target)
    return " ".join(named) or str(target)


def _told(service: Service, one: Impairment, hid: dict[int, Plain]) -> Plain:
    plain: Plain = msgspec.to_builtins(msgspec.structs.asdict(one))
    devices = devices_in(one, service.registry()) if one.state is not State.OVER else []
    plain["devices"] = len(devices)
    plain["vital"] = sum(device.life_safety for device in devices)
    return plain | {"hid": hid.get(one.id, {"alerts": 0, "activations": 0, "vital": 0})}


def _hid(conn: Connection, numbers: list[int]) -> dict[int, Plain]:
    """What each entry has hidden: alerts, how often they were activated, and how many were of life safety."""
    vital = func.count().filter(alert.c.life_safety)
    columns = (alert.c.impairment, func.count(), func.sum(alert.c.hidden), vital)
    wanted = select(*columns).where(alert.c.impairment.in_(numbers)).group_by(alert.c.impairment)
    rows = conn.execute(wanted) if numbers else ()
    return {row[0]: {"alerts": row[1], "activations": int(row[2] or 0), "vital": row[3]} for row in rows}


def _suppressed_since(conn: Connection, moment: int) -> Plain:
    wanted = select(func.count(), func.sum(alert.c.hidden)).where(
        alert.c.closed_at >= moment, alert.c.inhibition == Inhibition.SUPPRESSED.value
    )
    count, hidden = conn.execute(wanted).one()
    return {"alerts": count, "activations": int(hidden or 0)}


def _visible(request: Request, entry: Impairment) -> bool:
    """Within reach: its place, its device's place, or any of its zone's devices."""
    reach, registry = reach_of(request), service_of(request).registry()
    if reach.everywhere:
        return True
    if entry.scope == "place":
        return reach.has(registry, entry.target)
    return any(reach.has(registry, device.place) for device in devices_in(entry, registry))


# ---- acting ------------------------------------------------------------------------------------------------


@router.post("/api/v1/impairments", responses=ANSWERS)
@sends(ImpairForm)
def impair(request: Request, fields: Fields, who: Impairer) -> Response:
    """Take a device, a zone or a place out of service. Where life safety lies in it somebody else must agree
    before it hides anything."""
    form = take(ImpairForm, fields)
    fact = Declared(
        who.person, form.scope, form.target, form.owner, form.reason, form.patrol, form.until  # type: ignore[arg-type]
    )  # fmt: skip
    draft = Impairment(
        scope=fact.scope, target=form.target, owner="", reason="", patrol="", declared_by="", declared_at=0,
        until=0,
    )  # fmt: skip
    registry = service_of(request).registry()
    within = [reach_of(request).has(registry, device.place) for device in devices_in(draft, registry)]
    if not reach_of(request).everywhere and not (within and all(within)):
        return answer(request, 403, "error_403")
    return _do(request, fact, form.next)


@router.post("/api/v1/impairments/{number}/agree", responses=ANSWERS)
@sends(Sent)
def agree(request: Request, number: Number, fields: Fields, who: Agreer) -> Response:
    """The second person agrees: it is in force from now on."""
    form = take(Sent, fields)
    return _known(request, number, lambda: Agreed(number, who.person), form.next)


@router.post("/api/v1/impairments/{number}/end", responses=ANSWERS)
@sends(EndOfImpairment)
def end(request: Request, number: Number, fields: Fields, who: Releaser) -> Response:
    """Back in service before its time; or it is not agreed to."""
    form = take(EndOfImpairment, fields)
    return _known(request, number, lambda: Ended(number, who.person, form.reason), form.next)


def _known(request: Request, number: int, build: Callable[[], ImpairmentFact], onward: str) -> Response:
    with service_of(request).read() as conn:
        entry = register.read(conn, number)
    if entry is None or not _visible(request, entry):
        return answer(request, 404, "error_404")
    return _do(request, build(), onward)


def _do(request: Request, fact: ImpairmentFact, onward: str) -> Response:
    try:
        body = perform(request, [fact], lambda conn, _: everything(service_of(request), conn, request))
    except Refused as refusal:
        return answer(request, 409, "refused", sentence(request, refusal))
    if wants_page(request):
        return RedirectResponse(own_path(onward or "/inhibited"), 303)
    return Response(body, media_type="application/json")
