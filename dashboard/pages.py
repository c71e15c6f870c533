"""Touches. The pages a person opens. Each is useful as it arrives, before and without its scripts."""

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from alerts.reasons import CAUSES
from dashboard import cards, places, views
from dashboard.fields import Before, Number
from dashboard.gate import Viewer, service_of
from dashboard.page import answer, render
from dashboard.service import Service
from ingest import pending, quarantine
from ingest.campus.device import OWN
from ingest.campus.kinds import OWN_POINTS

router = APIRouter()
_ALERTS_A_PAGE = 100
_DEVICES_A_PAGE = 100
_QUARANTINE_ROWS = 200


@router.get("/")
def wall(request: Request, who: Viewer) -> Response:
    service = service_of(request)
    with service.read() as conn:
        snapshot = views.snapshot(service, conn)
        held, waiting = quarantine_count(conn), pending.count(conn)
    return render(
        request,
        "wall.html",
        snapshot=snapshot,
        quarantined=held,
        waiting=waiting,
        registry=service.registry(),
        facades=places.facades(service.registry()),
        states=views.facade_states(service, snapshot["alerts"]),
        scenarios=service.scenarios if service.demo else (),
        persons=service.directory().persons,
    )


@router.get("/alerts")
def alerts(request: Request, who: Viewer, before: Before = None) -> Response:
    service = service_of(request)
    with service.read() as conn:
        open_now = cards.open_cards(service, conn) if before is None else []
        found = cards.recent(service, conn, before)
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
        card = cards.whole(service, conn, number)
    if card is None:
        return answer(request, 404, "error_404")
    return render(
        request,
        "alert.html",
        card=card,
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
    found = views.device_rows(service, q, place, kind, bool(odd))
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
    if known is None:
        return answer(request, 404, "error_404")
    with service.read() as conn:
        found = cards.device_cards(service, conn, device)
    return render(
        request,
        "device.html",
        device=known,
        view=views.device_view(service, device),
        open_now=found,
        zone_of=registry.zones.get(known.zone or ""),
        gateway=registry.devices.get(known.gateway or ""),
        persons=service.directory().persons,
        registry=service.registry(),
    )


@router.get("/quarantine")
def quarantine_page(request: Request, who: Viewer) -> Response:
    with service_of(request).read() as conn:
        rows = quarantine.listing(conn, _QUARANTINE_ROWS)
    return render(request, "quarantine.html", rows=rows)


@router.get("/pending")
def pending_page(request: Request, who: Viewer) -> Response:
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


def quarantine_count(conn: Connection) -> int:
    return len(quarantine.listing(conn, _QUARANTINE_ROWS))


def _kinds_in_use(service: Service) -> list[str]:
    return sorted({d.kind for d in service.registry().devices.values() if d.id != OWN})
