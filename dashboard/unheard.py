"""Touches. The page of answers that nobody is known to have given. For whoever keeps the rosters."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from alerts.delivery import unheard
from dashboard.gate import Manager, service_of
from dashboard.page import render

router = APIRouter()
MOST = 200
DAYS = 30
DAY = 86_400_000


@router.get("/unheard")
def unheard_page(request: Request, who: Manager) -> Response:
    service = service_of(request)
    with service.read() as conn:
        rows = unheard.latest(conn, MOST)
        counts = unheard.counted(conn, service.now() - DAYS * DAY)
    return render(request, "unheard.html", rows=rows, counts=counts, days=DAYS)
