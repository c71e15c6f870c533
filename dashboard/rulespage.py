"""Touches. The page of the rules: those in force in words, what is refused, every change. Edits nothing."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from dashboard import rulewords, words
from dashboard.fields import Before
from dashboard.gate import Viewer, language_of, service_of
from dashboard.page import render
from dashboard.rulepage import standing
from dashboard.service import Service
from ingest.campus.registry import Registry
from rules import record, shadowstore
from rules.load import Loaded
from rules.record import Recorded

router = APIRouter()
CHANGES_A_PAGE = 300
PACK = "standard/"


@router.get("/rules")
def rules_page(request: Request, who: Viewer, before: Before = None) -> Response:
    service, language = service_of(request), language_of(request)
    info = service.rules()
    with service.read() as conn:
        found = record.history(conn, CHANGES_A_PAGE, before=before)
        since = record.newest(conn)
        shadows = _shadows(service, conn, info.loaded, since)
    rows = _rows(service, info.loaded, since, language)
    return render(
        request,
        "rules.html",
        info=info,
        mistakes=info.refused.splitlines(),
        own=[row for row in rows if not row["source"].startswith(PACK)],
        standard=[row for row in rows if row["source"].startswith(PACK)],
        loads=_loads(found),
        shadows=shadows,
        before=found[-1].id if len(found) == CHANGES_A_PAGE else None,
        first=before is None,
    )


def named(registry: Registry, language: str) -> rulewords.Name:
    """What a rule calls by its id, by the name that people use."""

    def name(what: str, key: str) -> str:
        known = {"device": registry.devices, "place": registry.places, "zone": registry.zones}.get(what, {})
        return words.name(known.get(key), language, key)  # type: ignore[arg-type]

    return name


def explained(service: Service, conn: Connection, rule: str, version: str, language: str) -> list[str]:
    """What a rule said in this version, clause by clause; nothing where nobody recorded it."""
    then, now = record.version(conn, rule, version), service.rules().loaded.said.get(rule)
    body = then.change.body if then is not None else now.body if now is not None else None
    return rulewords.clauses(body, language, named(service.registry(), language)) if body else []


def _shadows(
    service: Service, conn: Connection, loaded: Loaded, since: dict[str, Recorded]
) -> list[dict[str, Any]]:
    """The rules in shadow, those whose days are over first."""
    rows = []
    for rule in loaded.rules.rules:
        if (about := standing(service, rule, since.get(rule.id))) is not None:
            rows.append({"rule": rule, "seen": shadowstore.tally(conn, rule.id, rule.version), **about})
    return sorted(rows, key=lambda row: (not row["over"], row["until"]))


def _rows(
    service: Service, loaded: Loaded, since: dict[str, Recorded], language: str
) -> list[dict[str, Any]]:
    name, rows = named(service.registry(), language), []
    for rule in loaded.rules.rules:
        said = loaded.said.get(rule.id)
        rows.append(
            {
                "rule": rule,
                "source": rule.source,
                "clauses": rulewords.clauses(said.body, language, name) if said is not None else [],
                "since": since.get(rule.id),
            }
        )
    return rows


def _loads(found: Iterable[Recorded]) -> list[dict[str, Any]]:
    """Changes by the load that made them, the newest first."""
    return [
        {"moment": moment, "version": loaded, "changes": [one.change for one in group]}
        for (moment, loaded), group in groupby(found, key=lambda one: (one.moment, one.loaded))
    ]
