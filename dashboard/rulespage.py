"""Touches. The page of the rules: those in force in words, what is refused, every change. Edits nothing."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from dashboard import rulewords, words
from dashboard.fields import Before
from dashboard.gate import Viewer, language_of, service_of
from dashboard.page import render
from dashboard.service import Service
from rules import record
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
    rows = _rows(service, info.loaded, since, language)
    return render(
        request,
        "rules.html",
        info=info,
        mistakes=info.refused.splitlines(),
        own=[row for row in rows if not row["source"].startswith(PACK)],
        standard=[row for row in rows if row["source"].startswith(PACK)],
        loads=_loads(found),
        before=found[-1].id if len(found) == CHANGES_A_PAGE else None,
        first=before is None,
    )


def _rows(
    service: Service, loaded: Loaded, since: dict[str, Recorded], language: str
) -> list[dict[str, Any]]:
    registry = service.registry()

    def name(what: str, key: str) -> str:
        known = {"device": registry.devices, "place": registry.places, "zone": registry.zones}.get(what, {})
        return words.name(known.get(key), language, key)  # type: ignore[arg-type]

    rows = []
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
