"""Touches. The API of alerts: list, one, its log, its notices. Reads only."""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query
from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from alerts.delivery import stamps
from alerts.delivery.outbox import notification
from alerts.tables import alert, alert_log
from dashboard import cards
from dashboard.fields import LARGEST, Number
from dashboard.gate import Viewer, service_of
from dashboard.page import answer
from dashboard.permissions import Permission
from dashboard.response import response
from dashboard.rest import shapes
from dashboard.rest.cursor import given
from dashboard.rest.cursor import number as number_of
from dashboard.service import Service
from ingest.bilingual import plain

router = APIRouter(tags=["alerts"])
Cursor = Annotated[str, Query(max_length=400, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=500)]
Moment = Annotated[int | None, Query(ge=0, le=LARGEST, description=shapes.MOMENT)]
Id = Annotated[str, Query(max_length=128)]
_NOTICE = ("id", "person", "channel", "purpose", "why", "state", "owed_at", "settled_at", "attempts", "note")


@router.get("/api/v1/alerts", responses={200: {"model": shapes.Alerts}})
def alerts(
    request: Request,
    who: Viewer,
    open: Annotated[bool | None, Query(description="true: only open ones; false: only closed ones")] = None,
    class_: Annotated[
        Literal["alarm", "supervisory", "trouble", "status"] | None, Query(alias="class")
    ] = None,
    place: Annotated[str, Query(max_length=128, description="a place and all that lies in it")] = "",
    device: Id = "",
    since: Moment = None,
    cursor: Cursor = "",
    limit: Limit = 100,
) -> Response:
    """The newest alerts first. Alerts that are raised meanwhile shift no page."""
    service = service_of(request)
    registry = service.registry()
    if place and place not in registry.places:
        return answer(request, 404, "no_place")
    inside = [one for one in registry.places if any(part.id == place for part in registry.path(one))]
    filters = [
        alert.c.open.is_(open) if open is not None else None,
        alert.c.alert_class == class_ if class_ else None,
        alert.c.place.in_(inside) if place else None,
        alert.c.device == device if device else None,
        alert.c.raised_at >= since if since is not None else None,
    ]
    wanted = [one for one in filters if one is not None]
    before = number_of("alerts", cursor)
    with service.read() as conn:
        found = cards.recent(service, conn, before, who.reach, limit, *wanted)
    return JSONResponse({"alerts": found, "next": _next("alerts", found, limit, "id")})


def _next(kind: str, found: list[dict[str, Any]], limit: int, key: str) -> str | None:
    return given(kind, found[-1][key]) if len(found) == limit else None


@router.get("/api/v1/alerts/{number}", responses={200: {"model": shapes.Alert}})
def one_alert(request: Request, number: Number, who: Viewer) -> Response:
    """One alert with its evidence, its timeline, its plan and, once it is confirmed, the call to 119."""
    service = service_of(request)
    with service.read() as conn:
        card = cards.whole(service, conn, number, who.reach)
        if card is None:
            return answer(request, 404, "no_alert")
        if not who.may(Permission.ACT):
            card["caller"] = None  # a name and a number: for who may call back
        card["evidence"] = [
            {**one, "compared": plain(one["compared"]), "note": plain(one["note"])}
            for one in card["evidence"]
        ]
        for notice in (one for line in card["timeline"] for one in line.get("notices", ())):
            notice["why"], notice["note"] = plain(notice["why"]), plain(notice["note"])
        return JSONResponse({**card, **response(service, conn, number, who.person)})


@router.get("/api/v1/alerts/{number}/log", responses={200: {"model": shapes.Log}})
def log_of(
    request: Request, number: Number, who: Viewer, cursor: Cursor = "", limit: Limit = 100
) -> Response:
    """What befell it, the oldest first."""
    service, after = service_of(request), number_of("log", cursor) or 0
    with service.read() as conn:
        if not _seen(service, conn, number, who):
            return answer(request, 404, "no_alert")
        wanted = select(alert_log).where(alert_log.c.alert == number, alert_log.c.seq > after)
        rows = conn.execute(wanted.order_by(alert_log.c.seq).limit(limit)).mappings().all()
    found = [
        {
            "seq": row["seq"],
            "at": row["moment"],
            "fact": row["fact"],
            "by": row["by"],
            "detail": msgspec.json.decode(row["detail"] or "{}"),
        }
        for row in rows
    ]
    return JSONResponse({"log": found, "next": _next("log", found, limit, "seq")})


@router.get("/api/v1/alerts/{number}/notices", responses={200: {"model": shapes.Notices}})
def notices_of(
    request: Request, number: Number, who: Viewer, cursor: Cursor = "", limit: Limit = 100
) -> Response:
    """Whom it was sent to and how that fared, the oldest first. No addresses."""
    service, after = service_of(request), number_of("notices", cursor) or 0
    n = notification.c
    with service.read() as conn:
        if not _seen(service, conn, number, who):
            return answer(request, 404, "no_alert")
        wanted = select(*(n[name] for name in _NOTICE)).where(n.alert == number, n.id > after)
        rows = conn.execute(wanted.order_by(n.id).limit(limit)).mappings().all()
        changes = stamps.of(conn, [row["id"] for row in rows])
        found = [
            {
                **row,
                "why": plain(row["why"]),
                "note": plain(row["note"]),
                "stamps": _of(changes, row["id"]),
            }
            for row in rows
        ]
    return JSONResponse({"notices": found, "next": _next("notices", found, limit, "id")})


def _of(changes: dict[int, list[dict[str, Any]]], number: int) -> list[dict[str, Any]]:
    return [{**stamp, "note": plain(stamp["note"])} for stamp in changes.get(number, [])]


def _seen(service: Service, conn: Connection, number: int, who: Viewer) -> bool:
    return bool(cards.cards(service, conn, [number], who.reach))
