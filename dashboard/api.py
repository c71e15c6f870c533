"""Touches. What programs and the scripts of the pages read: JSON, and the live stream. It changes nothing."""

from typing import Any

from fastapi import APIRouter, Query
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dashboard import cards, views
from dashboard.fields import Before, Number
from dashboard.gate import Public, Viewer, service_of
from dashboard.page import answer
from dashboard.stream import LiveResponse

router = APIRouter()


@router.get("/api/v1/snapshot")
def snapshot(request: Request, who: Viewer) -> Response:
    """Everything the wall shows, with the `seq` from which the live stream goes on."""
    service = service_of(request)
    with service.read() as conn:
        return JSONResponse(views.snapshot(service, conn))


@router.get("/api/v1/events", response_class=LiveResponse, status_code=200)
async def events(request: Request, who: Viewer, device: str = Query("", max_length=64)) -> Response:
    """Server-sent events: `hello`, then `frame` (alerts that changed; a heartbeat each 5 s) and `device`."""
    service = service_of(request)
    return LiveResponse(service.live, lambda: service.live.join(who.session, who.until, device))


@router.get("/api/v1/me")
def me(request: Request, who: Viewer) -> dict[str, str]:
    """Who is signed in on this screen; 401 when nobody is."""
    return {"name": who.name, "person": who.person, "role": who.role, "language": who.language}


@router.get("/api/v1/alerts")
def alerts(request: Request, who: Viewer, before: Before = None, state: str = "") -> dict[str, Any]:
    """Open alerts in the order of the wall (`state=open`), else the newest, by pages (`before`=id)."""
    service = service_of(request)
    with service.read() as conn:
        if state == "open":
            return {"alerts": cards.open_cards(service, conn)}
        found = cards.recent(service, conn, before)
    return {"alerts": found, "before": found[-1]["id"] if found else None}


@router.get("/api/v1/alerts/{number}", response_model=None)
def alert(request: Request, number: Number, who: Viewer) -> dict[str, Any] | Response:
    service = service_of(request)
    with service.read() as conn:
        card = cards.whole(service, conn, number)
    return answer(request, 404, "error_404") if card is None else card


@router.get("/api/v1/devices/{device}", response_model=None)
def device(request: Request, device: str, who: Viewer) -> dict[str, Any] | Response:
    service = service_of(request)
    if device not in service.registry().devices:
        return answer(request, 404, "error_404")
    with service.read() as conn:
        found = cards.device_cards(service, conn, device)
    return {**views.device_view(service, device), "alerts": found}


@router.get("/api/v1/series", response_model=None)
def series(
    request: Request,
    who: Viewer,
    device: str,
    metric: str,
    start: int,
    end: int,
    points: int = Query(600, ge=10, le=2000),
) -> dict[str, Any] | Response:
    """One point over any span. A number: [moment, low, mean, high]; a state or an event: [moment, word]."""
    if end <= start:
        return answer(request, 422, "error_input")
    try:
        return views.series(service_of(request), device, metric, start, end, points)
    except Exception:  # a broken history is moved aside and mended; the rest of the page goes on
        return answer(request, 503, "history_away")


@router.get("/api/v1/openapi.json", include_in_schema=False)
def openapi(request: Request, who: Viewer) -> Response:
    return JSONResponse(request.app.openapi())


@router.get("/-/healthy", include_in_schema=False)
async def healthy(_: Public) -> dict[str, bool]:
    """The web loop turns."""
    return {"ok": True}


@router.get("/-/ready", include_in_schema=False)
def ready(request: Request, _: Public) -> Response:
    """The database answers, and messages are received and judged; 503 until then."""
    service = service_of(request)
    with service.read() as conn:
        conn.execute(text("SELECT 1"))
    ready = bool(service.status().get("ready", True))
    return JSONResponse({"ok": ready}, 200 if ready else 503)
