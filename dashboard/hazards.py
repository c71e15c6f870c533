"""Touches. Hazards: the list by day and risk, a page of each with its history, its acts, and a file."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends
from pydantic import Field
from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from alerts.desk import AnyFact
from alerts.duty.hours import day_of, moment
from alerts.hazards import hazardstore
from alerts.hazards.found import Found
from alerts.hazards.hazard import Assigned, Hazard, Mended, Noted, Postponed, Rechecked
from alerts.hazards.hazardnotice import MORNING
from alerts.reasons import HAZARD_CAUSES
from alerts.refusal import Refused
from alerts.tables import alert_log
from dashboard import words
from dashboard.accounts import Account
from dashboard.fields import Fields, Number, Sent, own_path, take
from dashboard.gate import Allow, Viewer, language_of, reach_of, service_of
from dashboard.health.gather import building_of
from dashboard.health.sheets import BOM, plain
from dashboard.page import answer, render, wants_page
from dashboard.service import Service
from rules.verdict import Text

router = APIRouter()
WAIT = 10.0  # seconds for a commit
Finder = Annotated[Account, Depends(Allow("hazard"))]
Checker = Annotated[Account, Depends(Allow("recheck"))]
NOBODY = "-"
COLUMNS = (
    "code", "hazard_title", "place", "device", "health_owner", "hazard_state", "hazard_due", "hazard_found",
    "hazard_times", "hazard_reopened", "hazard_mended", "hazard_evidence", "hazard_rechecked",
    "hazard_finding",
)  # fmt: skip


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


# ---- reading -----------------------------------------------------------------------------------------------


@router.get("/hazards")
def hazards_page(
    request: Request, who: Viewer, building: str = "", owner: str = "", over: str = "", device: str = "",
    place: str = "",
) -> Response:  # fmt: skip
    service = service_of(request)
    whole = _seen(request, bool(over))
    rows = [one for one in whole if _asked(service, one, building, owner, device)]
    return render(
        request,
        "hazards.html",
        rows=rows,
        asked={"building": building, "owner": owner, "over": over, "device": device, "place": place},
        buildings=sorted({building_of(service.registry(), one.place) for one in whole if one.place}),
        owners=sorted({one.owner for one in whole}),
        owner_name=lambda name: owner_name(service, name, language_of(request)),
        overdue=sum(1 for one in rows if one.open and one.due_at <= service.now()),
        causes=HAZARD_CAUSES,
        **_choices(service),
    )


@router.get("/hazards.csv")
def hazards_csv(
    request: Request, who: Viewer, building: str = "", owner: str = "", over: str = "", device: str = ""
) -> Response:
    service, language = service_of(request), language_of(request)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([words.say(key, language) for key in COLUMNS])
    for one in _seen(request, bool(over)):
        if _asked(service, one, building, owner, device):
            writer.writerow([plain(cell) for cell in _cells(service, one, language)])
    day = datetime.fromtimestamp(service.now() / 1000, UTC).date().isoformat()
    headers = {
        "Content-Disposition": f'attachment; filename="hazards-{day}.csv"',
        "Cache-Control": "no-store",
    }
    return Response((BOM + out.getvalue()).encode(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/hazards/{number}")
def hazard_page(request: Request, number: Number, who: Viewer) -> Response:
    service = service_of(request)
    with service.read() as conn:
        one = hazardstore.read(conn, number)
        if one is None or not _visible(request, one):
            return answer(request, 404, "error_404")
        lines = _history(conn, one)
    return render(
        request,
        "hazard.html",
        one=one,
        lines=lines,
        owner_name=lambda name: owner_name(service, name, language_of(request)),
        persons=service.directory().persons,
        registry=service.registry(),
        **_choices(service),
    )


@router.get("/api/v1/hazards")
def hazards(request: Request, who: Viewer, over: str = "") -> dict[str, Any]:
    """The hazards that stand, by the day they are due; `over=1`: those that are over as well."""
    return {"hazards": [_told(one) for one in _seen(request, bool(over))]}


def _seen(request: Request, over: bool) -> list[Hazard]:
    with service_of(request).read() as conn:
        return [one for one in hazardstore.every(conn, over) if _visible(request, one)]


def _visible(request: Request, one: Hazard) -> bool:
    reach = reach_of(request)
    return reach.has(service_of(request).registry(), one.place) or one.owner == reach.person != ""


def _asked(service: Service, one: Hazard, building: str, owner: str, device: str) -> bool:
    here = not building or any(part.id == building for part in service.registry().path(one.place))
    return here and owner in ("", one.owner) and device in ("", one.device)


def _told(one: Hazard) -> dict[str, Any]:
    return msgspec.to_builtins(msgspec.structs.asdict(one)) | {"code": one.code}  # type: ignore[no-any-return]


def _history(conn: Connection, one: Hazard) -> list[dict[str, Any]]:
    wanted = select(alert_log).where(alert_log.c.record == f"hazard/{one.id}").order_by(alert_log.c.seq)
    rows = conn.execute(wanted.limit(500)).mappings()
    return [
        {
            "at": row["moment"],
            "fact": row["fact"],
            "by": row["by"],
            "detail": msgspec.json.decode(row["detail"]),
        }
        for row in rows
    ]


def owner_name(service: Service, owner: str, language: str) -> str:
    directory = service.directory()
    known = directory.persons.get(owner) or directory.teams.get(owner) or directory.posts.get(owner)
    return words.name(known, language, owner) if known else words.say("duty_post", language)


def _choices(service: Service) -> dict[str, Any]:
    directory = service.directory()
    parents = {place.parent for place in service.registry().places.values()}
    known = [one for one in service.registry().places.values() if one.id in parents]
    return {
        "places_known": known,
        "choices": (*directory.persons.values(), *directory.teams.values(), *directory.posts.values()),
    }


def _cells(service: Service, one: Hazard, language: str) -> list[Any]:
    registry, persons = service.registry(), service.directory().persons

    def at(when: int | None) -> str:
        return words.exact(when, service.zone)[:16] if when else ""

    def who(person: str, when: int | None) -> str:
        return f"{words.name(persons.get(person), language, person)} {at(when)}" if person else ""

    device = registry.devices.get(one.device)
    path = registry.path(one.place)
    return [
        one.code,
        words.name(one.title, language),
        " ".join(words.name(part, language, part.id) for part in path[1:] or path),
        words.name(device, language, one.device) if device else one.device,
        owner_name(service, one.owner, language),
        words.say(f"hazard_{_state(one, service.now())}", language),
        at(one.due_at) if one.open else "",
        at(one.found_at),
        one.times,
        one.reopened,
        who(one.mended_by, one.mended_at),
        one.evidence,
        who(one.rechecked_by, one.rechecked_at),
        one.finding,
    ]


def _state(one: Hazard, now: int) -> str:
    if not one.open:
        return "closed"
    return f"{one.mending.value}_overdue" if one.due_at <= now else one.mending.value


# ---- acting ------------------------------------------------------------------------------------------------


@router.post("/hazards")
@router.post("/api/v1/hazards")
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
    title = Text(said, said) if said else known
    found = Found(
        alert=0,
        source="person",
        device=form.device,
        place=place,
        cause=f"{form.cause}: {said.lower()}" if form.cause == "other" else form.cause,
        by=who.person,
        moment=service.now(),
        title=title,
        note=form.note,
        owner=form.owner,
        life_safety=bool(form.life_safety) or (device is not None and device.life_safety),
    )
    return _do(request, [found], form.next or "/hazards")


Build = Callable[[Service, int, str, Any], AnyFact]


def _postponed(service: Service, number: int, by: str, form: PostponeForm) -> AnyFact:
    try:
        until = moment(day_of(form.until), MORNING, service.directory().clock)
    except ValueError:
        until = 0  # the desk says that the end is missing
    return Postponed(number, by, until, form.reason)


def _rechecked(service: Service, number: int, by: str, form: RecheckForm) -> AnyFact:
    return Rechecked(number, by, form.passed == "yes", form.finding)


ACTS: dict[str, tuple[type[Sent], str, Build]] = {
    "assign": (AssignForm, "hazard", lambda service, n, by, form: Assigned(n, by, form.to, form.note)),
    "postpone": (PostponeForm, "recheck", _postponed),
    "mend": (MendForm, "hazard", lambda service, n, by, form: Mended(n, by, form.evidence)),
    "recheck": (RecheckForm, "recheck", _rechecked),
    "note": (NoteForm, "hazard", lambda service, n, by, form: Noted(n, by, form.note)),
}


def _route(act: str) -> Callable[..., Response]:
    model, permission, build = ACTS[act]

    def run(
        request: Request, number: Number, fields: Fields, who: Annotated[Account, Depends(Allow(permission))]
    ) -> Response:
        form = take(model, fields)
        service = service_of(request)
        with service.read() as conn:
            one = hazardstore.read(conn, number)
        if one is None or not _visible(request, one):
            return answer(request, 404, "error_404")
        fact = build(service, number, who.person, form)
        return _do(request, [fact], form.next or f"/hazards/{number}", number)

    run.__name__ = f"hazard_{act}"
    run.__doc__ = f"{act} one hazard, through the desk. 409 with a sentence when it cannot be done now."
    return run


for _name in ACTS:
    router.add_api_route(f"/api/v1/hazards/{{number}}/{_name}", _route(_name), methods=["POST"])


def _do(request: Request, facts: list[AnyFact], onward: str, number: int | None = None) -> Response:
    service, language = service_of(request), language_of(request)
    persons = service.directory().persons
    try:
        service.apply(facts).result(WAIT)
    except Refused as refusal:
        said = refusal.sentence(language, lambda person: words.name(persons.get(person), language, person))
        return answer(request, 409, "refused", said)
    if wants_page(request):
        return RedirectResponse(own_path(onward), 303)
    with service.read() as conn:
        found = [one for one in hazardstore.every(conn, over=True) if number in (None, one.id)]
    changed = max(found, key=lambda one: one.found_again_at or one.found_at) if number is None else found[0]
    return JSONResponse({"hazard": _told(changed)})
