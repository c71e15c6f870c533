"""Touches. Photos of an alert: sent by a form, shown with the alert's timeline."""

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from alerts.incidents import photolines
from alerts.incidents.attached import Photographed
from alerts.incidents.photos import HASH, MOST
from alerts.refusal import NO_SUCH_ALERT, NO_SUCH_HAZARD, PHOTO_KIND, PHOTO_MANY, PHOTO_NO_ROOM, Refused
from dashboard import cards
from dashboard.account import Account
from dashboard.actions import sentence
from dashboard.fields import Number
from dashboard.gate import Allow, NotAllowed, Viewer, service_of
from dashboard.page import answer, wants_page
from dashboard.service import WAIT

router = APIRouter()
Photographer = Annotated[Account, Depends(Allow("photo"))]
LONGEST_NOTE = 2000
_PHOTO = {"type": "string", "format": "binary"}
_FIELDS = {"photo": _PHOTO, "note": {"type": "string", "maxLength": LONGEST_NOTE}}
_FORM = {"type": "object", "required": ["photo"], "properties": _FIELDS}
FORM = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}


@router.post("/api/v1/alerts/{number}/photos", status_code=201, openapi_extra=FORM)
async def add(request: Request, number: Number, who: Photographer) -> Response:
    """A form (multipart/form-data) with `photo`, and `note` if you like. JPEG, PNG or WebP of 12 MB at most;
    what is kept is drawn anew, without place and camera."""
    try:
        sent, said = await received(request)
        await run_in_threadpool(_keep, request, number, who, sent, said)
    except (OSError, Refused) as problem:
        return unkept(request, problem)
    if wants_page(request):
        return RedirectResponse(f"/alerts/{number}", 303)
    return JSONResponse({"alerts": [], "problems": {}}, 201)


async def received(request: Request) -> tuple[bytes, str]:
    """The photo and what is said of it. Raises Refused, and OSError: a large form waits on the disk while it
    comes in."""
    async with request.form(max_files=1, max_fields=3) as form:
        photo, note = form.get("photo"), form.get("note")
        if not isinstance(photo, UploadFile):
            raise Refused(PHOTO_KIND)
        return await photo.read(), note[:LONGEST_NOTE] if isinstance(note, str) else ""


def unkept(request: Request, problem: OSError | Refused) -> Response:
    refusal = problem if isinstance(problem, Refused) else Refused(PHOTO_NO_ROOM)
    status = {PHOTO_NO_ROOM: 507, NO_SUCH_ALERT: 404, NO_SUCH_HAZARD: 404}.get(refusal.text, 409)
    return answer(request, status, "refused", sentence(request, refusal))


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
    with service.read() as conn:
        found = cards.cards(service, conn, [number], who.reach)
        known = photolines.of_alert(conn, number) if found else ()
    return shown(request, name, known, str(number))


def shown(request: Request, name: str, known: Collection[str], of: str) -> Response:
    """The photo of this name, if its hash is among those that are known there."""
    photos = service_of(request).photos
    digest, _, end = name.partition(".")
    if photos is None or not HASH.fullmatch(digest) or end not in ("jpg", "thumb.jpg"):
        return answer(request, 404, "error_404")
    content = photos.read(digest, end == "thumb.jpg") if digest in known else None
    if content is None:
        return answer(request, 404, "error_404")
    headers = {
        "cache-control": "private, max-age=3600",
        "content-disposition": f'inline; filename="{of}-{digest[:8]}.jpg"',
    }
    return Response(content, media_type="image/jpeg", headers=headers)
