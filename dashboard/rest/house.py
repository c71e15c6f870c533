"""Touches. The API of rules in force, the health report, and how Tocsin itself is. Reads only."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dashboard import rulewords
from dashboard.gate import CampusViewer, Viewer, language_of, service_of
from dashboard.health.gather import gather
from dashboard.health.report import narrow
from dashboard.page import answer
from dashboard.permissions import LEAST
from dashboard.rest import shapes
from dashboard.rulespage import named
from dashboard.service import Service
from ingest.campus.device import OWN
from rules import record
from rules.record import Recorded
from rules.rule import Rule

router = APIRouter(tags=["house"])
_VERSIONS = 100


@router.get("/api/v1/me", responses={200: {"model": shapes.Me}})
def me(request: Request, who: Viewer) -> Response:
    """Who asks, and what they may do; 401 when nobody is signed in."""
    told = {"name": who.name, "person": who.person, "role": who.role, "language": who.language}
    return JSONResponse({**told, "scope": who.scope, "may": [what for what in LEAST if who.may(what)]})


@router.get("/api/v1/rules", responses={200: {"model": shapes.Rules}})
def rules(request: Request, who: Viewer) -> Response:
    """The rules in force, those in shadow too."""
    service, info = service_of(request), service_of(request).rules()
    with service.read() as conn:
        since = record.newest(conn)
    told = [_rule(request, service, rule, since.get(rule.id)) for rule in info.loaded.rules.rules]
    return JSONResponse({"version": info.version, "refused": info.refused, "rules": told})


@router.get("/api/v1/rules/{name}", responses={200: {"model": shapes.WholeRule}})
def one_rule(request: Request, name: str, who: Viewer) -> Response:
    """One rule as its file states it, and its versions, the newest first."""
    service, loaded = service_of(request), service_of(request).rules().loaded
    rule = loaded.rules.by_id.get(name)
    if rule is None:
        return answer(request, 404, "no_rule")
    with service.read() as conn:
        past = record.history(conn, _VERSIONS, rule=name)
    said, versions = loaded.said.get(name), [_version(one) for one in past]
    told = _rule(request, service, rule, past[0] if past else None)
    return JSONResponse({**told, "body": said.body if said else {}, "versions": versions})


def _rule(request: Request, service: Service, rule: Rule, since: Recorded | None) -> dict[str, Any]:
    said, language = service.rules().loaded.said.get(rule.id), language_of(request)
    clauses = rulewords.clauses(said.body, language, named(service.registry(), language)) if said else []
    return {
        "id": rule.id, "version": rule.version, "source": rule.source, "shadow": rule.shadow is not None,
        "since": since.moment if since else None, "said": clauses,
    }  # fmt: skip


def _version(one: Recorded) -> dict[str, Any]:
    change = one.change
    return {
        "id": one.id, "at": one.moment, "what": change.what, "version": change.version,
        "former": change.former, "changed_by": change.changed_by, "reason": change.reason,
        "body": change.body,
    }  # fmt: skip


@router.get("/api/v1/health-report", responses={200: {"model": shapes.Report}})
def health_report(
    request: Request,
    who: Viewer,
    building: Annotated[str, Query(max_length=128)] = "",
    kind: Annotated[str, Query(max_length=64)] = "",
    found: Annotated[bool, Query(description="only devices about which something was found")] = True,
) -> Response:
    """Which devices are about to fail, the gravest first."""
    service = service_of(request)
    report = narrow(gather(service, who.reach), building, None, kind)
    rows = [row for row in report.rows if row.findings or not found]
    told = [{**msgspec.to_builtins(row), "device": row.device.id, "place": row.device.place} for row in rows]
    return JSONResponse({"at": report.moment, "total": report.total.counts, "devices": told})


@router.get("/api/v1/status", responses={200: {"model": shapes.Status}})
def status(request: Request, who: CampusViewer) -> Response:
    """How Tocsin itself is: its counters, and the points of its own."""
    service = service_of(request)
    health = dict(service.status())
    points = {point.metric: point.value for point in service.latest.points(OWN).values()}
    told = {"version": service.version, "now": service.now(), "ready": bool(health.get("ready", True))}
    return JSONResponse(msgspec.to_builtins({**told, "health": health, "points": points}))
