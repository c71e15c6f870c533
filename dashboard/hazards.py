"""Touches. The pages of hazards: the list by day and risk, each with its history, and a file."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import msgspec
from fastapi import APIRouter
from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import Response

from alerts.hazards import hazardstore
from alerts.hazards.hazard import Hazard
from alerts.reasons import HAZARD_CAUSES
from alerts.tables import alert_log
from dashboard import words
from dashboard.fields import Number
from dashboard.gate import Viewer, language_of, reach_of, service_of
from dashboard.health.gather import building_of
from dashboard.health.sheets import BOM, plain
from dashboard.page import answer, render
from dashboard.service import Service

router = APIRouter()
COLUMNS = (
    "code", "hazard_title", "place", "device", "health_owner", "hazard_state", "hazard_due", "hazard_found",
    "hazard_times", "hazard_reopened", "hazard_mended", "hazard_evidence", "hazard_rechecked",
    "hazard_finding",
)  # fmt: skip


@router.get("/hazards")
def hazards_page(
    request: Request, who: Viewer, building: str = "", owner: str = "", over: str = "", device: str = "",
    place: str = "",
) -> Response:  # fmt: skip
    service = service_of(request)
    whole = seen(request, bool(over))
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
    for one in seen(request, bool(over)):
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
        if one is None or not visible(request, one):
            return answer(request, 404, "error_404")
        lines = history(conn, one)
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


def seen(request: Request, over: bool) -> list[Hazard]:
    with service_of(request).read() as conn:
        return [one for one in hazardstore.every(conn, over) if visible(request, one)]


def visible(request: Request, one: Hazard) -> bool:
    reach = reach_of(request)
    return reach.has(service_of(request).registry(), one.place) or one.owner == reach.person != ""


def _asked(service: Service, one: Hazard, building: str, owner: str, device: str) -> bool:
    here = not building or any(part.id == building for part in service.registry().path(one.place))
    return here and owner in ("", one.owner) and device in ("", one.device)


def history(conn: Connection, one: Hazard) -> list[dict[str, Any]]:
    wanted = select(alert_log).where(alert_log.c.record == f"hazard/{one.id}").order_by(alert_log.c.seq)
    rows = conn.execute(wanted.limit(500)).mappings()
    return [
        {
            "seq": row["seq"],
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
