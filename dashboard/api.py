"""Touches. What the wall lives on: the snapshot and the live stream; and whether the service is well."""

from fastapi import APIRouter, Query
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dashboard import views
from dashboard.account import Account, standing
from dashboard.gate import Public, Viewer, service_of
from dashboard.page import answer
from dashboard.permissions import Permission
from dashboard.reach import Reach
from dashboard.service import Service
from dashboard.stream import LiveResponse

router = APIRouter(tags=["live"])


@router.get("/api/v1/snapshot")
def snapshot(request: Request, who: Viewer) -> Response:
    """Everything the wall shows, with the `seq` from which the live stream goes on."""
    service = service_of(request)
    with service.read() as conn:
        return JSONResponse(views.snapshot(service, conn, who.reach))


@router.get("/api/v1/events", response_class=LiveResponse, status_code=200)
async def events(request: Request, who: Viewer, device: str = Query("", max_length=128)) -> Response:
    """Server-sent events: `hello`, then `frame` (alerts that changed; a heartbeat each 5 s) and `device`."""
    service = service_of(request)
    registry = service.registry()
    watched = registry.devices.get(device)
    if watched is not None and not who.reach.has(registry, watched.place):
        return answer(request, 404, "no_device")

    def reach() -> Reach | None:
        return _reach(service, who)

    return LiveResponse(service.live, lambda: service.live.join(who.session, who.until, reach, device))


def _reach(service: Service, who: Account) -> Reach | None:
    """How far they see now: a person's role and scope may have changed since they began to look."""
    today = standing(who, service.directory().persons, service.registry())
    return today.reach if today.may(Permission.SEE) else None


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
