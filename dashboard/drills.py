"""Touches. Drills and tests: declare, agree, watch, end, and the record with its file."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from alerts.alert import Mode
from alerts.drills import drillstore
from alerts.drills.drill import (
    LONGEST,
    DrillAgreed,
    DrillDeclared,
    DrillEnded,
    DrillFact,
    whole_building,
    within,
)
from alerts.refusal import Refused
from dashboard import words
from dashboard.accounts import Account
from dashboard.actions import perform, sentence
from dashboard.drillrecord import record, standing, told
from dashboard.fields import Before, Fields, Number, Sent, own_path, sends, take
from dashboard.gate import Allow, Viewer, language_of, reach_of, service_of
from dashboard.health.sheets import BOM, plain
from dashboard.page import answer, render, wants_page
from dashboard.rest import records
from dashboard.rest.alerts import Cursor, Limit
from dashboard.rest.cursor import given
from dashboard.rest.cursor import number as number_of
from dashboard.service import Service
from ingest.campus.device import OWN, Device
from rules.verdict import Class

router = APIRouter()
A_PAGE = 50
Declarer = Annotated[Account, Depends(Allow("drill"))]
Agreer = Annotated[Account, Depends(Allow("agree"))]
Ender = Annotated[Account, Depends(Allow("real"))]  # whoever may say that it is real may end it
Many = Annotated[Sequence[str], Query(max_length=200)]
ANSWERS: dict[int | str, dict[str, Any]] = {200: {"model": records.DrillsStanding}}
LISTS = ("places", "kinds", "points", "zones", "people")


class DrillForm(Sent):
    mode: Literal["drill", "test"] = "drill"
    title: str
    places: list[str]
    kinds: list[str]
    points: list[str] = Field(default_factory=list)
    zones: list[str] = Field(default_factory=list)
    people: list[str]
    sirens: str = ""
    minutes: Annotated[int, Field(strict=False, le=1_000_000)]
    start: str = ""  # local time, 2026-11-22T14:30; "": now
    alert_class: Literal["alarm", "supervisory", "trouble"] = "alarm"


class EndOfDrill(Sent):
    broken_off: str = ""


# ---- reading -----------------------------------------------------------------------------------------------


@router.get("/drills")
def drills_page(
    request: Request,
    who: Viewer,
    place: Many = (),
    kind: Many = (),
    before: Before = None,
) -> Response:
    """What stands, what was, and the form: first where and of which kinds, then of which points."""
    service = service_of(request)
    with service.read() as conn:
        now = _standing(request, conn)
        past = list(islice(_over(request, conn, before), A_PAGE))
    registry = service.registry()
    chosen = [one for one in _devices(service) if within(one.place, place, registry) and one.kind in kind]
    zones = sorted({one.zone for one in chosen if one.zone})
    return render(
        request,
        "drills.html",
        now_and_planned=now,
        past=past,
        before=past[-1]["id"] if len(past) == A_PAGE else None,
        asked={"place": place, "kind": kind},
        chosen=chosen,
        zones=[registry.zones[zone] for zone in zones],
        pair=bool(place) and whole_building(place, registry),
        kinds_here=sorted({one.kind for one in _devices(service)}),
        longest=LONGEST,
        **_names(request),
    )


@router.get("/drills/{number}")
def drill_page(request: Request, number: Number, who: Viewer) -> Response:
    found = _record(request, number)
    return answer(request, 404, "error_404") if found is None else render(
        request, "drill.html", drill=found, **_names(request)
    )  # fmt: skip


@router.get("/drills/{number}/record.csv")
def drill_csv(request: Request, number: Number, who: Viewer) -> Response:
    """The record as a file: what was declared, the points, who was told and answered, the log's lines."""
    found = _record(request, number)
    if found is None:
        return answer(request, 404, "error_404")
    out = io.StringIO()
    csv.writer(out).writerows([[plain(cell) for cell in row] for row in _rows(request, found)])
    name = f"attachment; filename=drill-{number}.csv"
    body = (BOM + out.getvalue()).encode()
    return Response(body, media_type="text/csv; charset=utf-8", headers={"content-disposition": name})


@router.get("/api/v1/drills", responses={200: {"model": records.Drills}})
def drills(request: Request, who: Viewer, cursor: Cursor = "", limit: Limit = A_PAGE) -> Response:
    """Drills and tests that stand (waiting, planned, running), and by pages the newest that are over."""
    service, before = service_of(request), number_of("drills", cursor)
    with service.read() as conn:
        past = list(islice(_over(request, conn, before), limit + 1))
        more = given("drills", past[limit - 1]["id"]) if len(past) > limit else None
        return JSONResponse({"standing": _standing(request, conn), "over": past[:limit], "next": more})


@router.get("/api/v1/drills/{number}", responses={200: {"model": records.WholeDrill}})
def drill(request: Request, number: Number, who: Viewer) -> Response:
    """The whole record: coverage, alerts, who was told, who answered when, the lines of the log."""
    found = _record(request, number)
    return answer(request, 404, "error_404") if found is None else JSONResponse(found)


def _standing(request: Request, conn: Connection) -> list[dict[str, Any]]:
    return [one for one in standing(service_of(request), conn) if _visible(request, one)]


def _over(request: Request, conn: Connection, before: int | None) -> Iterator[dict[str, Any]]:
    """The newest that are over and within reach."""
    now = service_of(request).now()
    while past := drillstore.over(conn, before, A_PAGE):
        yield from (one for one in (told(drill, now) for drill in past) if _visible(request, one))
        before = past[-1].id


def _visible(request: Request, one: Mapping[str, Any]) -> bool:
    """Within reach, or something one has part in."""
    reach, registry = reach_of(request), service_of(request).registry()
    theirs = {*one["people"], one["declared_by"], one["agreed_by"]} - {""}
    return any(reach.has(registry, place) for place in one["places"]) or reach.person in theirs


def _record(request: Request, number: int) -> dict[str, Any] | None:
    service = service_of(request)
    with service.read() as conn:
        found = drillstore.read(conn, number)
        if found is None or not _visible(request, told(found, service.now())):
            return None
        return record(service, conn, found)


def _devices(service: Service) -> list[Device]:
    return [one for one in service.registry().devices.values() if one.id != OWN]


def _names(request: Request) -> dict[str, Any]:
    service = service_of(request)
    return {
        "registry": service.registry(),
        "persons": service.directory().persons,
        "words_of": lambda line: words.say(f"fact_{line}", language_of(request)),
    }


def _rows(request: Request, found: dict[str, Any]) -> Iterator[list[Any]]:
    language, zone = language_of(request), service_of(request).zone

    def say(key: str) -> str:
        return words.say(key, language)

    def at(moment: int | None) -> str:
        return "" if moment is None else words.exact(moment, zone)

    yield [say(f"mode_{found['mode']}"), found["id"], found["title"], say(f"drill_{found['state']}")]
    for name in ("declared", "agreed", "ended"):
        yield [say(f"drill_{name}_by"), found[f"{name}_by"], at(found[f"{name}_at"])]
    yield [say("drill_from"), at(found["begins"]), say("drill_to"), at(found["ends_at"])]
    for name in (*LISTS, "spoke", "silent"):
        yield [say(f"drill_{name}"), *found[name]]
    yield []
    yield [say("device"), say("place"), say("drill_heard_at"), say("mode")]
    for line in found["coverage"]:
        said = say(f"mode_{line['mode']}") if line["mode"] else say("drill_not_heard")
        yield [line["device"], line["place"], at(line["at"]), said]
    yield []
    yield [say("code"), say("fact"), say("drill_by"), say("drill_at"), say("drill_after")]
    for line in found["answers"]:
        after = line["after"] // 1000
        yield [line["alert"], say(f"fact_{line['fact']}"), line["by"], at(line["at"]), after]
    yield []
    for line in found["told"]:
        yield [
            line["alert"],
            say("told"),
            line["person"] or line["channel"],
            at(line["owed_at"]),
            line["state"],
        ]
    yield []
    for line in found["timeline"]:
        yield [at(line["at"]), say(f"fact_{line['fact']}"), line["by"], line["device"], line["hash"]]


# ---- acting ------------------------------------------------------------------------------------------------


@router.post("/api/v1/drills", responses=ANSWERS)
@sends(DrillForm)
def declare(request: Request, fields: Fields, who: Declarer) -> Response:
    """Declare a drill or a test. Of a whole building a second person must agree before it counts."""
    form = take(DrillForm, _gathered(fields))
    registry = service_of(request).registry()
    if not all(reach_of(request).has(registry, place) for place in form.places):
        return answer(request, 403, "error_scope")
    try:
        start = _moment(form.start, service_of(request).zone)
    except ValueError:
        return answer(request, 422, "drill_bad_start")
    fact = DrillDeclared(
        by=who.person,
        mode=Mode(form.mode),  # type: ignore[arg-type]
        title=form.title,
        places=tuple(form.places),
        kinds=tuple(form.kinds),
        minutes=form.minutes,
        people=tuple(form.people),
        points=tuple(form.points),
        zones=tuple(form.zones),
        sirens=bool(form.sirens),
        alert_class=Class(form.alert_class),
        starts_at=start,
    )
    return _do(request, fact, form.next)


def _gathered(fields: dict[str, Any]) -> dict[str, Any]:
    """A form cannot send a list: each ticked box is a field of its own, `points:smoke-305`."""
    made: dict[str, Any] = {name: value for name, value in fields.items() if ":" not in name}
    for name in fields:
        kind, mark, value = name.partition(":")
        if mark and kind in LISTS:
            made.setdefault(kind, []).append(value)
    return made


def _moment(local: str, zone: str) -> int | None:
    if not local:
        return None
    return int(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@router.post("/api/v1/drills/{number}/agree", responses=ANSWERS)
@sends(Sent)
def agree(request: Request, number: Number, fields: Fields, who: Agreer) -> Response:
    """The second person agrees: from now on, and not before its start, it counts."""
    form = take(Sent, fields)
    return _known(request, number, DrillAgreed(number, who.person), form.next, whole=True)


@router.post("/api/v1/drills/{number}/end", responses=ANSWERS)
@sends(EndOfDrill)
def end(request: Request, number: Number, fields: Fields, who: Ender) -> Response:
    """End it now: what still stands is real. `broken_off`: what did not speak is no hazard."""
    form = take(EndOfDrill, fields)
    return _known(request, number, DrillEnded(number, who.person, bool(form.broken_off)), form.next)


def _known(request: Request, number: int, fact: DrillFact, onward: str, whole: bool = False) -> Response:
    """`whole`: only for whom all of its places are within reach."""
    service = service_of(request)
    with service.read() as conn:
        found = drillstore.read(conn, number)
    if found is None or not _visible(request, told(found, service.now())):
        return answer(request, 404, "error_404")
    if whole and not all(reach_of(request).has(service.registry(), place) for place in found.places):
        return answer(request, 403, "error_scope")
    return _do(request, fact, onward or f"/drills/{number}")


def _do(request: Request, fact: DrillFact, onward: str) -> Response:
    try:
        body = perform(request, [fact], lambda conn, _: {"standing": _standing(request, conn)})
    except Refused as refusal:
        return answer(request, 409, "refused", sentence(request, refusal))
    service_of(request).live.publish((), ())
    if wants_page(request):
        return RedirectResponse(own_path(onward or "/drills"), 303)
    return Response(body, media_type="application/json")
