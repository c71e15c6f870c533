"""Touches. The pages a person opens. Each is useful as it arrives, before and without its scripts."""

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from alerts.delivery.notification import Moot
from alerts.hazards import hazardstore
from alerts.reasons import CAUSES, HOUR, SHELVE_REASONS
from alerts.refusal import CAUSE_STANDS
from dashboard import cards, places, timeline, views
from dashboard.fields import Before, Number
from dashboard.gate import CampusViewer, Viewer, language_of, service_of
from dashboard.inhibited import of_device
from dashboard.page import answer, render
from dashboard.permissions import Permission
from dashboard.reach import Reach
from dashboard.response import response
from dashboard.rulespage import explained
from dashboard.service import Service
from ingest import pending, quarantine
from ingest.campus.device import OWN
from ingest.campus.kinds import OWN_POINTS
from rules.verdict import Class

router = APIRouter()
_ALERTS_A_PAGE = 100
_DEVICES_A_PAGE = 100
_QUARANTINE_ROWS = 200
_SHELF_HOURS = (0.25, 0.5, 1, 2, 4, 8, 24, 72)


@router.get("/")
def wall(request: Request, who: Viewer) -> Response:
    service = service_of(request)
    with service.read() as conn:
        snapshot = views.snapshot(service, conn, who.reach)
        held, waiting = quarantine_count(conn), pending.count(conn)
    return render(
        request,
        "wall.html",
        snapshot=snapshot,
        quarantined=held,
        waiting=waiting,
        registry=service.registry(),
        facades=_facades(service, who.reach),
        states=views.facade_states(service, snapshot["alerts"], who.reach),
        scenarios=service.scenarios if service.demo else (),
        started=request.query_params.get("started"),
        persons=service.directory().persons,
    )


@router.get("/alerts")
def alerts(request: Request, who: Viewer, before: Before = None) -> Response:
    service = service_of(request)
    with service.read() as conn:
        open_now = cards.open_cards(service, conn, who.reach) if before is None else []
        found = cards.recent(service, conn, before, who.reach)
    return render(
        request,
        "alerts.html",
        open_now=open_now,
        recent=[card for card in found if not card["open"]],
        before=found[-1]["id"] if len(found) == _ALERTS_A_PAGE else None,
        persons=service.directory().persons,
        registry=service.registry(),
    )


@router.get("/alerts/{number}")
def alert(request: Request, number: Number, who: Viewer) -> Response:
    service = service_of(request)
    with service.read() as conn:
        card = cards.whole(service, conn, number, who.reach)
        if card is None:
            return answer(request, 404, "error_404")
        rule, version = card["rule"] or "", card["rule_version"] or ""
        answered = response(service, conn, number, who.person)
        clauses = explained(service, conn, rule, version, language_of(request))
    return render(
        request,
        "alert.html",
        card=card,
        timeline=timeline.shown(card["timeline"]),
        moots=tuple(Moot),
        may_act=who.may(Permission.ACT) and who.reach.acts(service.registry(), card),
        clauses=clauses,
        **answered,
        plan_steps={step["id"]: step for step in (answered["plan"] or {"steps": ()})["steps"]},
        cause_stands=CAUSE_STANDS,
        shelve_reasons=SHELVE_REASONS,
        shelf_hours=shelf_hours(service, card["class"]),
        posts=service.directory().posts,
        causes=CAUSES,
        persons=service.directory().persons,
        registry=service.registry(),
    )


@router.get("/devices")
def devices(
    request: Request,
    who: Viewer,
    q: str = "",
    place: str = "",
    kind: str = "",
    odd: str = "",
    start: int = Query(0, ge=0),
) -> Response:
    service = service_of(request)
    found = views.device_rows(service, q, place, kind, bool(odd), who.reach)
    shown = found[start : start + _DEVICES_A_PAGE]
    return render(
        request,
        "devices.html",
        rows=shown,
        total=len(found),
        upto=start + len(shown),
        asked={"q": q, "place": place, "kind": kind, "odd": odd},
        kinds_here=_kinds_in_use(service),
    )


@router.get("/devices/{device}")
def device(request: Request, device: str, who: Viewer) -> Response:
    service = service_of(request)
    registry = service.registry()
    known = registry.device(device)
    if known is None or not who.reach.has(registry, known.place):
        return answer(request, 404, "error_404")
    with service.read() as conn:
        found = cards.device_cards(service, conn, device, who.reach)
        out = of_device(service, conn, known)
        standing = hazardstore.standing(conn).get(device, 0)
    return render(
        request,
        "device.html",
        device=known,
        view=views.device_view(service, device),
        open_now=found,
        out=out,
        hazards=standing,
        zone_of=registry.zones.get(known.zone or ""),
        gateway=registry.devices.get(known.gateway or ""),
        persons=service.directory().persons,
        registry=service.registry(),
    )


@router.get("/quarantine")
def quarantine_page(request: Request, who: CampusViewer) -> Response:
    with service_of(request).read() as conn:
        rows = quarantine.listing(conn, _QUARANTINE_ROWS)
    return render(request, "quarantine.html", rows=rows)


@router.get("/pending")
def pending_page(request: Request, who: CampusViewer) -> Response:
    with service_of(request).read() as conn:
        rows = pending.rows(conn)
    return render(request, "pending.html", rows=rows)


@router.get("/system")
def system(request: Request, who: Viewer) -> Response:
    service = service_of(request)
    points = service.latest.points(OWN)
    return render(
        request,
        "system.html",
        points=[points[name] for name in OWN_POINTS if name in points],
        health=dict(service.status()),
        rules=service.rules(),
    )


def _facades(service: Service, reach: Reach) -> list[places.Facade]:
    """The buildings of which some place is within reach."""
    registry = service.registry()
    seen = {part.id for place in reach.places(registry) for part in registry.path(place)}
    return [facade for facade in places.facades(registry) if facade.place in seen]


def quarantine_count(conn: Connection) -> int:
    return len(quarantine.listing(conn, _QUARANTINE_ROWS))


def shelf_hours(service: Service, alert_class: str) -> list[float]:
    """How long an alert of this class may be shelved, as the page offers it."""
    most = service.limits().shelf[Class(alert_class)] / HOUR
    return [hours for hours in _SHELF_HOURS if hours <= most] or [most]


def _kinds_in_use(service: Service) -> list[str]:
    return sorted({d.kind for d in service.registry().devices.values() if d.id != OWN})
