"""Touches. Incidents: the page of each with one timeline, and what a person does for all of its alerts."""

import json
from collections.abc import Callable
from heapq import merge
from itertools import islice
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends
from pydantic import Field
from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from alerts.incidents import incident, incidentbook
from alerts.incidents.incident import Formed, Grown, IncidentFact
from alerts.reasons import CAUSES
from alerts.refusal import Refused
from alerts.tables import alert_log
from dashboard import cards, together
from dashboard.account import Account
from dashboard.actions import VIA, perform, sentence
from dashboard.fields import Fields, Many, Number, Sent, own_path, sends, take
from dashboard.gate import Allow, NotAllowed, Viewer, service_of
from dashboard.page import answer, render, wants_page
from dashboard.reach import EVERYWHERE, Reach
from dashboard.rest import records
from dashboard.rest.alerts import Cursor, Limit
from dashboard.rest.cursor import given
from dashboard.rest.cursor import number as number_of
from dashboard.service import Service

router = APIRouter()
Commander = Annotated[Account, Depends(Allow("incident"))]
Plain = dict[str, Any]


class ChosenAlerts(Sent):
    """`alert`: one of them, as a form sends it."""

    alerts: list[Many] = Field(default=[], max_length=500)
    alert: str = Field("", pattern=r"^\d{0,18}$")
    note: str = ""

    @property
    def ids(self) -> tuple[int, ...]:
        return (*self.alerts, *((int(self.alert),) if self.alert else ()))


class OneAlert(Sent):
    alert: str = Field(pattern=r"^\d{1,18}$")


class CommandTo(Sent):
    to: str = Field(min_length=1)
    note: str = ""


class Remark(Sent):
    note: str = Field(min_length=1)


class AllAtOnce(Sent):
    what: Literal["acknowledge", "arrived"]


Build = Callable[[int, str, Any], IncidentFact]
ACTS: dict[str, tuple[type[Sent], Build]] = {
    "put-in": (ChosenAlerts, lambda number, by, form: Grown(number, by, form.ids)),
    "take-out": (OneAlert, lambda number, by, form: incident.Shrunk(number, by, int(form.alert))),
    "together": (AllAtOnce, lambda number, by, form: incident.Together(number, by, form.what, VIA)),
    "handover": (CommandTo, lambda number, by, form: incident.CommandOffered(number, by, form.to, form.note)),
    "command": (Sent, lambda number, by, form: incident.CommandTaken(number, by)),
    "decline": (Sent, lambda number, by, form: incident.CommandDeclined(number, by)),
    "remark": (Remark, lambda number, by, form: incident.Remarked(number, by, form.note)),
}


@router.get("/incidents")
def listing(request: Request, who: Viewer) -> Response:
    service = service_of(request)
    with service.read() as conn:
        found = [_shown(service, conn, one, who.reach) for one in incidentbook.newest(conn)]
    visible = [one for one in found if _visible(one, who.reach)]
    return render(request, "incidents.html", found=visible, **_known(service))


@router.get("/incidents/{number}")
def page(request: Request, number: Number, who: Viewer) -> Response:
    service = service_of(request)
    with service.read() as conn:
        shown = _whole(service, conn, number, who.reach)
        others = [card for card in cards.open_cards(service, conn, who.reach) if not card["incident"]]
    if shown is None:
        return answer(request, 404, "error_404")
    others = [card for card in others if who.reach.acts(service.registry(), card)]
    return render(request, "incident.html", one=shown, others=others, **_known(service))


@router.get("/api/v1/incidents", responses={200: {"model": records.Incidents}})
def incidents(request: Request, who: Viewer, cursor: Cursor = "", limit: Limit = 100) -> Response:
    """The newest incidents first, open and over: commander, and the ids of their alerts."""
    service, before = service_of(request), number_of("incidents", cursor)
    with service.read() as conn:
        known = (one for one in incidentbook.newest(conn, None) if before is None or one.id < before)
        shown = (_shown(service, conn, one, who.reach) for one in known)
        found = list(islice((one for one in shown if _visible(one, who.reach)), limit + 1))
    more = given("incidents", found[limit - 1]["id"]) if len(found) > limit else None
    told = [{k: v for k, v in one.items() if k != "cards"} for one in found[:limit]]
    return JSONResponse({"incidents": told, "next": more})


@router.get("/api/v1/incidents/{number}", responses={200: {"model": records.WholeIncident}})
def one_incident(request: Request, number: Number, who: Viewer) -> Response:
    """One incident with its alerts and one timeline of all of them."""
    service = service_of(request)
    with service.read() as conn:
        shown = _whole(service, conn, number, who.reach)
    return JSONResponse(shown) if shown else answer(request, 404, "error_404")


@router.post("/api/v1/incidents", status_code=201, responses={201: {"model": records.IncidentChanged}})
@sends(ChosenAlerts)
def form_incident(request: Request, fields: Fields, who: Commander) -> Response:
    """Put at least two open alerts together; who does it commands, until somebody accepts the command."""
    form = take(ChosenAlerts, fields)
    return _apply(request, Formed(who.by, form.ids, form.note), who, form.ids, form.next)


def _route(name: str) -> Callable[..., Response]:
    model, build = ACTS[name]

    def run(request: Request, number: Number, fields: Fields, who: Commander) -> Response:
        form = take(model, fields)
        service = service_of(request)
        with service.read() as conn:
            here = incidentbook.members(conn, number)
        concerned = (*here, *(form.ids if isinstance(form, ChosenAlerts) else ()))
        return _apply(request, build(number, who.by, form), who, concerned, form.next)

    run.__name__ = f"incident_{name.replace('-', '_')}"
    run.__doc__ = f"{name} for an incident, through the desk. 409 with a sentence when it cannot be done now."
    return sends(model)(run)


ANSWERS: dict[int | str, Plain] = {200: {"model": records.IncidentChanged}}
for _name in ACTS:
    router.add_api_route(
        f"/api/v1/incidents/{{number}}/{_name}", _route(_name), methods=["POST"], responses=ANSWERS
    )


def _apply(
    request: Request, fact: IncidentFact, who: Account, concerned: tuple[int, ...], onward: str
) -> Response:
    service = service_of(request)
    with service.read() as conn:
        found = cards.cards(service, conn, concerned, EVERYWHERE)
    if any(not who.reach.acts(service.registry(), card) for card in found):
        raise NotAllowed("error_scope")

    def done(conn: Connection, _: Any) -> Plain:
        number = getattr(fact, "incident", 0) or incidentbook.newest(conn, 1)[0].id
        changed = cards.cards(service, conn, concerned, who.reach)
        return {"incident": number, "alerts": changed, "problems": {}}

    try:
        body = perform(request, [fact], done)
    except Refused as refusal:
        return answer(request, 409, "refused", sentence(request, refusal))
    if wants_page(request):
        return RedirectResponse(own_path(onward or f"/incidents/{json.loads(body)['incident']}"), 303)
    return Response(body, 201 if isinstance(fact, Formed) else 200, media_type="application/json")


def _shown(service: Service, conn: Connection, one: incident.Incident, reach: Reach) -> Plain:
    """With the cards of its alerts that are seen from there."""
    plain = together.plain(conn, one)
    found = {card["id"]: card for card in cards.cards(service, conn, plain["alerts"], reach)}
    return {**plain, "cards": [found[number] for number in plain["alerts"] if number in found]}


def _visible(shown: Plain, reach: Reach) -> bool:
    return reach.everywhere or bool(shown["cards"])


def _whole(service: Service, conn: Connection, number: int, reach: Reach) -> Plain | None:
    one = incidentbook.read(conn, number)
    shown = _shown(service, conn, one, reach) if one else None
    if shown is None or not _visible(shown, reach):
        return None
    lines = [_own_lines(conn, number), *(_lines_of(service, conn, card, reach) for card in shown["cards"])]
    return {**shown, "timeline": list(merge(*lines, key=lambda line: line["at"]))}


def _own_lines(conn: Connection, number: int) -> list[Plain]:
    wanted = select(alert_log).where(alert_log.c.record == f"incident/{number}").order_by(alert_log.c.seq)
    return [
        {
            "what": "fact", "at": row["moment"], "fact": row["fact"], "by": row["by"], "code": "",
            "detail": msgspec.json.decode(row["detail"] or "{}"),
        }
        for row in conn.execute(wanted).mappings()
    ]  # fmt: skip


def _lines_of(service: Service, conn: Connection, card: Plain, reach: Reach) -> list[Plain]:
    whole = cards.whole(service, conn, card["id"], reach) or {"timeline": []}
    return [{**line, "code": card["code"], "alert": card["id"]} for line in whole["timeline"]]


def _known(service: Service) -> Plain:
    directory = service.directory()
    known = {"persons": directory.persons, "posts": directory.posts, "causes": CAUSES}
    return {**known, "registry": service.registry()}
