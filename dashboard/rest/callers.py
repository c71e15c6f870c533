"""Touches. Erases the name and the number of who telephoned. That it was done, and by whom, is logged."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from alerts import callers
from dashboard import cards
from dashboard.account import Account
from dashboard.actions import touch
from dashboard.fields import Fields, Number, Sent, own_path, sends, take
from dashboard.gate import Allow, service_of
from dashboard.page import answer, wants_page
from dashboard.rest import shapes
from dashboard.service import WAIT

router = APIRouter(tags=["alerts"])
Eraser = Annotated[Account, Depends(Allow("erase"))]


@router.post("/api/v1/alerts/{number}/erase-caller", responses={200: {"model": shapes.Changed}})
@sends(Sent)
def erase_caller(request: Request, number: Number, fields: Fields, who: Eraser) -> Response:
    """Erase for good who telephoned and the number to call back. The log holds neither, and stays whole."""
    form, service = take(Sent, fields), service_of(request)
    if not touch(request, number, who):
        return answer(request, 404, "no_alert")
    now = service.now()
    if not service.transact(lambda tx: callers.erase(tx, number, who.by, now)).result(WAIT):
        return answer(request, 409, "no_caller")
    service.live.publish((number,), ())
    if wants_page(request):
        return RedirectResponse(own_path(form.next or f"/alerts/{number}"), 303)
    with service.read() as conn:
        return JSONResponse({"alerts": cards.cards(service, conn, [number], who.reach), "problems": {}})
