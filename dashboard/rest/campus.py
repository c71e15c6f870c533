"""Touches. The API of the campus: devices and their points, places, who is on duty. Reads only."""

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dashboard import cards, duty, views
from dashboard.fields import LARGEST
from dashboard.gate import Viewer, service_of
from dashboard.page import answer
from dashboard.reach import Reach
from dashboard.rest import shapes
from dashboard.rest.alerts import Cursor, Id, Limit
from dashboard.rest.cursor import given, name
from dashboard.service import Service
from ingest.campus.device import Device

router = APIRouter(tags=["campus"])
log = structlog.get_logger("dashboard.api")


@router.get("/api/v1/devices", responses={200: {"model": shapes.Devices}})
def devices(
    request: Request,
    who: Viewer,
    q: Annotated[str, Query(max_length=100, description="part of an id, name, address or place")] = "",
    place: Annotated[str, Query(max_length=128, description="a place and all that lies in it")] = "",
    kind: Id = "",
    odd: Annotated[bool, Query(description="only what is not well")] = False,
    cursor: Cursor = "",
    limit: Limit = 100,
) -> Response:
    """Devices by their ids."""
    service, after = service_of(request), name("devices", cursor) or ""
    if place and place not in service.registry().places:
        return answer(request, 404, "no_place")
    found = [row["device"] for row in views.device_rows(service, q, place, kind, odd, who.reach)]
    rest = sorted((one for one in found if one.id > after), key=lambda one: str(one.id))
    shown = rest[:limit]
    more = given("devices", shown[-1].id) if len(rest) > limit else None
    return JSONResponse({"devices": [_device(service, one) for one in shown], "next": more})


def _device(service: Service, device: Device) -> dict[str, Any]:
    view = views.device_view(service, device.id)
    return {
        "id": device.id, "kind": device.kind, "place": device.place, "zone": device.zone,
        "owner": device.owner, "zh": device.zh, "en": device.en, "gateway": device.gateway,
        "installed": device.installed, "expires": device.expires, "life_safety": device.life_safety,
        "supervision": view["supervision"], "heard": view["heard"],
    }  # fmt: skip


@router.get("/api/v1/devices/{device}", responses={200: {"model": shapes.WholeDevice}})
def one_device(request: Request, device: str, who: Viewer) -> Response:
    """One device with its latest points, its supervision and its open alerts."""
    service = service_of(request)
    known = _known(service, device, who.reach)
    if known is None:
        return answer(request, 404, "no_device")
    with service.read() as conn:
        found = cards.device_cards(service, conn, device, who.reach)
    return JSONResponse({**_device(service, known), **views.device_view(service, device), "alerts": found})


def _known(service: Service, device: str, reach: Reach) -> Device | None:
    registry = service.registry()
    known = registry.devices.get(device)
    return known if known is not None and reach.has(registry, known.place) else None


@router.get("/api/v1/series", responses={200: {"model": shapes.Series}})
def series(
    request: Request,
    who: Viewer,
    device: Id,
    metric: Id,
    start: Annotated[int, Query(alias="from", ge=0, le=LARGEST, description=shapes.MOMENT)],
    end: Annotated[int, Query(alias="to", ge=0, le=LARGEST, description=shapes.MOMENT)],
    limit: Annotated[int, Query(ge=10, le=2000, description="steps of a number at most")] = 600,
) -> Response:
    """The history of one point over any span. A number: [moment, low, mean, high] of each step; a state or an
    event: [moment, word]."""
    service = service_of(request)
    if _known(service, device, who.reach) is None:
        return answer(request, 404, "no_device")
    if end <= start:
        return answer(request, 422, "series_span")
    try:
        return JSONResponse(views.series(service, device, metric, start, end, limit))
    except Exception as problem:  # a broken history is moved aside and mended; the rest goes on
        log.warning("no series", device=device, metric=metric, problem=repr(problem))
        return answer(request, 503, "history_away")


@router.get("/api/v1/places", responses={200: {"model": shapes.Places}})
def places(request: Request, who: Viewer) -> Response:
    """The places within your scope and those they lie in, from the campus down, and how it stands there."""
    service = service_of(request)
    registry = service.registry()
    with service.read() as conn:
        found = cards.open_cards(service, conn, who.reach)
    states = views.facade_states(service, found, who.reach)
    seen = {part.id for place in who.reach.places(registry) for part in registry.path(place)}
    told = [
        {
            "id": place.id,
            "zh": place.zh,
            "en": place.en,
            "parent": place.parent,
            "state": states.get(place.id, "normal"),
        }
        for place in registry.places.values()
        if place.id in seen
    ]
    return JSONResponse({"places": told})


@router.get("/api/v1/duty", responses={200: {"model": shapes.Duty}})
def duty_now(request: Request, who: Viewer) -> Response:
    """Who is on duty at each post, until when, and who comes next."""
    service = service_of(request)
    now = service.now()
    return JSONResponse({"now": now, "posts": duty.now_and_next(service.directory(), now)})
