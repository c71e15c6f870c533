"""Touches. The API of hazards: list, one with its history, report, acts, and photos as evidence."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import Field
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from alerts.desk import AnyFact
from alerts.duty.hours import day_of, moment
from alerts.hazards import hazardstore
from alerts.hazards.found import Found
from alerts.hazards.hazard import Assigned, Hazard, Mended, Noted, PhotoAdded, Postponed, Rechecked
from alerts.hazards.hazardnotice import MORNING
from alerts.incidents import photolines
from alerts.incidents.photos import MOST
from alerts.reasons import HAZARD_CAUSES
from alerts.refusal import NO_SUCH_HAZARD, PHOTO_MANY, PHOTO_NO_ROOM, Refused
from dashboard.accounts import Account
from dashboard.actions import perform, sentence
from dashboard.fields import Fields, Number, Sent, own_path, sends, take
from dashboard.gate import Allow, Viewer, reach_of, service_of
from dashboard.hazards import history, seen, visible
from dashboard.page import answer, wants_page
from dashboard.pictures import FORM, received, shown, unkept
from dashboard.rest import records
from dashboard.rest.alerts import Cursor, Limit
from dashboard.rest.cursor import given
from dashboard.rest.cursor import number as number_of
from dashboard.service import WAIT, Service
from rules.verdict import Text

router = APIRouter(tags=["hazards"])
Finder = Annotated[Account, Depends(Allow("hazard"))]


class ReportForm(Sent):
    cause: str
    what: str = ""
    place: str = ""
    device: str = ""
    owner: str = ""
    note: str = ""
    life_safety: str = ""


class AssignForm(Sent):
    to: str
    note: str = ""


class PostponeForm(Sent):
    until: str  # a day
    reason: str = ""


class MendForm(Sent):
    evidence: str = ""


class RecheckForm(Sent):
    passed: Literal["yes", "no"]
    finding: str = ""


class NoteForm(Sent):
    note: str = Field("", max_length=2000)


@router.get("/api/v1/hazards", responses={200: {"model": records.Hazards}})
def hazards(
    request: Request,
    who: Viewer,
    over: Annotated[
        Literal["", "0", "1", "true", "false"], Query(description="1: those that are over as well")
    ] = "",
    cursor: Cursor = "",
    limit: Limit = 100,
) -> Response:
    """The hazards that stand, the newest first."""
    before = number_of("hazards", cursor)
    found = sorted(seen(request, over in ("1", "true")), key=lambda one: -one.id)
    found = [one for one in found if before is None or one.id < before]
    more = given("hazards", found[limit - 1].id) if len(found) > limit else None
    return JSONResponse({"hazards": [_told(one) for one in found[:limit]], "next": more})


@router.get("/api/v1/hazards/{number}", responses={200: {"model": records.WholeHazard}})
def one_hazard(request: Request, number: Number, who: Viewer) -> Response:
    """One hazard with all that befell it, and its photos."""
    with service_of(request).read() as conn:
        one = hazardstore.read(conn, number)
        if one is None or not visible(request, one):
            return answer(request, 404, "error_404")
        photos = photolines.of_hazard(conn, number)
        return JSONResponse({**_told(one), "history": history(conn, one), "photos": photos})


def _told(one: Hazard) -> dict[str, Any]:
    return msgspec.to_builtins(msgspec.structs.asdict(one)) | {"code": one.code}  # type: ignore[no-any-return]


# ---- acting ------------------------------------------------------------------------------------------------


@router.post("/hazards")
@router.post("/api/v1/hazards", responses={200: {"model": records.HazardChanged}})
@sends(ReportForm)
def report(request: Request, fields: Fields, who: Finder) -> Response:
    """Somebody saw something that has to be mended. The same cause at the same thing is the same hazard."""
    form = take(ReportForm, fields)
    service = service_of(request)
    device = service.registry().devices.get(form.device)
    place = device.place if device is not None else form.place
    if not reach_of(request).has(service.registry(), place):
        return answer(request, 403, "error_403")
    known = HAZARD_CAUSES.get(form.cause)
    if known is None:
        return answer(request, 422, "hazard_no_cause")
    said = form.what.strip()
    found = Found(
        alert=0,
        source="person",
        device=form.device,
        place=place,
        cause=f"{form.cause}: {said.lower()}" if form.cause == "other" else form.cause,
        by=who.person,
        moment=service.now(),
        title=Text(said, said) if said else known,
        note=form.note,
        owner=form.owner,
        life_safety=bool(form.life_safety) or (device is not None and device.life_safety),
    )
    return _do(
        request,
        found,
        form.next or "/hazards",
        lambda conn: hazardstore.known(conn, found.subject, found.cause),
    )


Build = Callable[[Service, int, str, Any], AnyFact]


def _postponed(service: Service, number: int, by: str, form: PostponeForm) -> AnyFact:
    try:
        until = moment(day_of(form.until), MORNING, service.directory().clock)
    except (ValueError, OverflowError):
        until = 0  # the desk says that the end is missing
    return Postponed(number, by, until, form.reason)


def _rechecked(service: Service, number: int, by: str, form: RecheckForm) -> AnyFact:
    return Rechecked(number, by, form.passed == "yes", form.finding)


ACTS: dict[str, tuple[type[Sent], str, Build, str]] = {
    "assign": (
        AssignForm, "hazard", lambda service, n, by, form: Assigned(n, by, form.to, form.note),
        "Give it to a person, a team or a post.",
    ),
    "postpone": (
        PostponeForm, "recheck", _postponed, "Another day (2026-12-24) by which it is mended, with a reason.",
    ),
    "mend": (
        MendForm, "hazard", lambda service, n, by, form: Mended(n, by, form.evidence),
        "It is mended: what was done, and how one can see it. Photos are sent beside.",
    ),
    "recheck": (RecheckForm, "recheck", _rechecked, "Somebody else looked. One that fails stands again."),
    "note": (
        NoteForm, "hazard", lambda service, n, by, form: Noted(n, by, form.note),
        "Add a sentence to its history.",
    ),
}  # fmt: skip


def _route(act: str) -> Callable[..., Response]:
    model, permission, build, said = ACTS[act]

    def run(
        request: Request, number: Number, fields: Fields, who: Annotated[Account, Depends(Allow(permission))]
    ) -> Response:
        form = take(model, fields)
        service = service_of(request)
        if not _known(request, number):
            return answer(request, 404, "error_404")
        fact = build(service, number, who.person, form)
        onward = form.next or f"/hazards/{number}"
        return _do(request, fact, onward, lambda conn: hazardstore.read(conn, number))

    run.__name__, run.__doc__ = f"hazard_{act}", said
    return sends(model)(run)


for _name in ACTS:
    _answers: dict[int | str, dict[str, Any]] = {200: {"model": records.HazardChanged}}
    router.add_api_route(
        f"/api/v1/hazards/{{number}}/{_name}", _route(_name), methods=["POST"], responses=_answers
    )


def _known(request: Request, number: int) -> bool:
    with service_of(request).read() as conn:
        one = hazardstore.read(conn, number)
    return one is not None and visible(request, one)


def _do(
    request: Request, fact: AnyFact, onward: str, changed: Callable[[Connection], Hazard | None]
) -> Response:
    def told(conn: Connection, _: Any) -> dict[str, Any]:
        one = changed(conn)
        return {"hazard": _told(one) if one else None}

    try:
        body = perform(request, [fact], told)
    except Refused as refusal:
        return answer(request, 409, "refused", sentence(request, refusal))
    if wants_page(request):
        return RedirectResponse(own_path(onward), 303)
    return Response(body, media_type="application/json")


# ---- photos ------------------------------------------------------------------------------------------------


@router.post(
    "/api/v1/hazards/{number}/photos",
    status_code=201,
    openapi_extra=FORM,
    responses={201: {"model": records.HazardChanged}},
)
async def add_photo(request: Request, number: Number, who: Finder) -> Response:
    """A photo as evidence (multipart/form-data: `photo`, and `note` if you like): JPEG, PNG or WebP of 12 MB
    at most. What is kept is drawn anew, without place and camera."""
    try:
        sent, note = await received(request)
        await run_in_threadpool(_keep, request, number, who, sent, note)
    except (OSError, Refused) as problem:
        return unkept(request, problem)
    if wants_page(request):
        return RedirectResponse(f"/hazards/{number}", 303)
    with service_of(request).read() as conn:
        one = hazardstore.read(conn, number)
    return JSONResponse({"hazard": _told(one) if one else None}, 201)


def _keep(request: Request, number: int, who: Account, sent: bytes, note: str) -> None:
    service = service_of(request)
    if not _known(request, number):
        raise Refused(NO_SUCH_HAZARD)
    with service.read() as conn:
        known = photolines.of_hazard(conn, number)
    if service.photos is None:
        raise Refused(PHOTO_NO_ROOM)
    if len(known) >= MOST:
        raise Refused(PHOTO_MANY)
    service.apply([PhotoAdded(number, who.person, service.photos.keep(sent), note)]).result(WAIT)


@router.get("/hazards/{number}/photos/{name}")
def show_photo(request: Request, number: Number, name: str, who: Viewer) -> Response:
    """`name`: the hash of a photo of this hazard, and .jpg or .thumb.jpg."""
    with service_of(request).read() as conn:
        known = photolines.of_hazard(conn, number)
    return shown(request, name, known if _known(request, number) else (), f"H{number}")
