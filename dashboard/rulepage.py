"""Touches. The page of one rule: what it would have raised beside what was raised; its backtest; promoting.

No file is edited here. Promoting records who put which version of a rule in shadow into service, and why.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.tables import alert
from dashboard import words
from dashboard.fields import Fields, Sent, take
from dashboard.gate import Actor, Administrator, Viewer, language_of, service_of
from dashboard.page import answer, render
from dashboard.reach import Reach
from dashboard.service import Service
from rules import record, shadowstore
from rules.firing import Firing, Tally
from rules.record import Recorded
from rules.rule import Rule
from rules.shadow import NotPromoted, ends

router = APIRouter()
AROUND = 600_000  # ms before and after, in which what was really raised stands beside
SHOWN = 50  # activations of one rule
NEAR = 3  # alerts beside one activation
MOST_ALERTS = 2_000


class Promotion(Sent):
    version: str = Field(min_length=1, max_length=8)
    reason: str = Field(min_length=3)


@router.get("/rules/{name}")
def rule_page(request: Request, name: str, who: Viewer) -> Response:
    service, language = service_of(request), language_of(request)
    rule = service.rules().loaded.rules.by_id.get(name)
    if rule is None:
        return answer(request, 404, "error_404")
    with service.read() as conn:
        since = record.newest(conn).get(name)
        seen = shadowstore.tally(conn, name, rule.version) if rule.shadow else None
        rows = _beside(service, conn, seen.firings[-SHOWN:][::-1], name, language, who.reach) if seen else []
    test = service.backtests.last if service.backtests is not None else None
    mine = test if test is not None and test.rule == name else None
    told = mine.answer.now.get(name, Tally(name)) if mine is not None and mine.answer else None
    return render(
        request,
        "rule.html",
        rule=rule,
        shadow=standing(service, rule, since),
        seen=seen,
        rows=rows,
        test=mine,
        busy=test is not None and test.running,
        can_test=service.backtests is not None,
        told=told,
        told_rows=_plain(service, told.firings[-SHOWN:][::-1], language, who.reach) if told else [],
    )


def standing(service: Service, rule: Rule, since: Recorded | None) -> dict[str, Any] | None:
    """Of a rule in shadow: when its days end, and whether somebody must decide."""
    if rule.shadow is None:
        return None
    until = ends(rule.shadow, since.moment if since is not None else service.now(), ZoneInfo(service.zone))
    return {"until": until, "over": until <= service.now()}


@router.post("/api/v1/rules/{name}/backtest")
def start_backtest(request: Request, name: str, fields: Fields, who: Actor) -> Response:
    """Judge the last 30 days anew by this rule. 409 while another backtest runs."""
    service = service_of(request)
    take(Sent, fields)
    if service.backtests is None or name not in service.rules().loaded.rules.by_id:
        return answer(request, 404, "error_404")
    if not service.backtests.start(name):
        return answer(request, 409, "backtest_busy")
    return RedirectResponse(f"/rules/{name}", 303)


@router.post("/api/v1/rules/{name}/promote")
def promote(request: Request, name: str, fields: Fields, who: Administrator) -> Response:
    """Put this version of a rule in shadow into service. 409 with a sentence when it cannot be done now."""
    service, form = service_of(request), take(Promotion, fields)
    if service.promote is None:
        return answer(request, 404, "error_404")
    try:
        service.promote(name, form.version, who.person, form.reason)
    except NotPromoted as refusal:
        sentence = words.say(refusal.key, language_of(request), rules=refusal.rules)
        return answer(request, 409, "refused", sentence)
    return RedirectResponse(f"/rules/{name}", 303)


def _plain(service: Service, firings: Iterable[Firing], language: str, reach: Reach) -> list[dict[str, Any]]:
    """Those of devices within reach."""
    registry = service.registry()
    devices = registry.devices
    return [
        {
            "firing": one,
            "name": words.name(devices.get(one.device), language, one.device),
            "place": device.place if (device := devices.get(one.device)) is not None else "",
        }
        for one in firings
        if reach.everywhere or (one.device in devices and reach.has(registry, devices[one.device].place))
    ]


def _beside(
    service: Service,
    conn: Connection,
    firings: Sequence[Firing],
    rule: str,
    language: str,
    reach: Reach,
) -> list[dict[str, Any]]:
    """Each activation with the alerts that were really raised around then, there or in the same zone."""
    rows, raised = _plain(service, firings, language, reach), _raised(conn, firings, rule)
    for row in rows:
        firing = row["firing"]
        peers, last = _zone(service, firing.device), firing.until or firing.moment
        low, high = firing.moment - AROUND, max(last, firing.moment) + AROUND
        near = (one for one in raised if one["device"] in peers and low <= one["raised_at"] <= high)
        here = (one for one in near if reach.has(service.registry(), one["place"]))
        row["raised"] = list(islice(here, NEAR))
    return rows


def _raised(conn: Connection, firings: Sequence[Firing], rule: str) -> list[dict[str, Any]]:
    if not firings:
        return []
    low = min(one.moment for one in firings) - AROUND
    wanted = select(alert.c.id, alert.c.code, alert.c.rule, alert.c.device, alert.c.place, alert.c.raised_at)
    chosen = wanted.where(alert.c.raised_at >= low, alert.c.rule != rule).order_by(alert.c.id.desc())
    return [dict(row) for row in conn.execute(chosen.limit(MOST_ALERTS)).mappings()]


def _zone(service: Service, name: str) -> set[str]:
    devices = service.registry().devices
    zone = device.zone if (device := devices.get(name)) is not None else None
    return {name} | {one.id for one in devices.values() if zone is not None and one.zone == zone}
