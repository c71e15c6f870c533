"""Touches. Photos of an alert: sent by a form, shown with the alert's timeline."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from alerts.incidents import photolines
from alerts.incidents.attached import Photographed
from alerts.incidents.photos import HASH, MOST
from alerts.refusal import NO_SUCH_ALERT, PHOTO_KIND, PHOTO_MANY, PHOTO_NO_ROOM, Refused
from dashboard import cards
from dashboard.account import Account
from dashboard.actions import WAIT, sentence
from dashboard.fields import Number
from dashboard.gate import Allow, NotAllowed, Viewer, service_of
from dashboard.page import answer, wants_page

router = APIRouter()
Photographer = Annotated[Account, Depends(Allow("photo"))]
LONGEST_NOTE = 2000


@router.post("/api/v1/alerts/{number}/photos", status_code=201)
async def add(request: Request, number: Number, who: Photographer) -> Response:
    """A form (multipart/form-data) with `photo`, and `note` if you like. JPEG, PNG or WebP of 12 MB at most;
    what is kept is drawn anew, without place and camera."""
    try:
        async with request.form(max_files=1, max_fields=3) as form:
            photo, note = form.get("photo"), form.get("note")
            if not isinstance(photo, UploadFile):
                raise Refused(PHOTO_KIND)
            sent = await photo.read()
        said = note[:LONGEST_NOTE] if isinstance(note, str) else ""
        await run_in_threadpool(_keep, request, number, who, sent, said)
    except OSError:  # a large form waits on the disk while it comes in
        return answer(request, 507, "refused", sentence(request, Refused(PHOTO_NO_ROOM)))
    except Refused as refusal:
        status = {PHOTO_NO_ROOM: 507, NO_SUCH_ALERT: 404}.get(refusal.text, 409)
        return answer(request, status, "refused", sentence(request, refusal))
    if wants_page(request):
        return RedirectResponse(f"/alerts/{number}", 303)
    return JSONResponse({"alerts": [], "problems": {}}, 201)


def _keep(request: Request, number: int, who: Account, sent: bytes, note: str) -> None:
    service = service_of(request)
    with service.read() as conn:
        found = cards.cards(service, conn, [number], who.reach)
        known = photolines.of_alert(conn, number)
    if not found:
        raise Refused(NO_SUCH_ALERT)
    if not who.reach.acts(service.registry(), found[0]):
        raise NotAllowed("error_scope")
    if service.photos is None:
        raise Refused(PHOTO_NO_ROOM)
    if len(known) >= MOST:
        raise Refused(PHOTO_MANY)
    digest = service.photos.keep(sent)
    service.apply([Photographed(number, who.by, digest, note)]).result(WAIT)


@router.get("/alerts/{number}/photos/{name}")
def show(request: Request, number: Number, name: str, who: Viewer) -> Response:
    """`name`: the hash of a photo of this alert, and .jpg or .thumb.jpg."""
    service = service_of(request)
    digest, _, end = name.partition(".")
    if service.photos is None or not HASH.fullmatch(digest) or end not in ("jpg", "thumb.jpg"):
        return answer(request, 404, "error_404")
    with service.read() as conn:
        found = cards.cards(service, conn, [number], who.reach)
        known = digest in photolines.of_alert(conn, number)
    content = service.photos.read(digest, end == "thumb.jpg") if known and found else None
    if content is None:
        return answer(request, 404, "error_404")
    headers = {
        "cache-control": "private, max-age=3600",
        "content-disposition": f'inline; filename="{number}-{digest[:8]}.jpg"',
    }
    return Response(content, media_type="image/jpeg", headers=headers)
