"""Touches. The tests of each shift: their receipts on a page and in a CSV file, for whoever keeps rosters."""

import csv
import io
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from alerts.delivery.canaries import Canary, latest
from dashboard import words
from dashboard.gate import Manager, language_of, service_of
from dashboard.health.sheets import BOM, plain
from dashboard.page import render
from dashboard.service import Service

router = APIRouter()
A_PAGE, A_SHEET = 60, 5000
STEPS = ("heard_at", "queued_at", "accepted_at", "delivered_at", "answered_at")
COLUMNS = ("post", "shift_at", "person", "channel", "result", "proof", "said_at", *STEPS)

Before = Annotated[int | None, Query(ge=1, le=2**62)]


@router.get("/canary")
def canary_page(request: Request, who: Manager, before: Before = None) -> Response:
    service = service_of(request)
    rows, people = _rows(service, A_PAGE, before), service.directory()
    return render(
        request, "canary.html", rows=rows, steps=STEPS, persons=people.persons, posts=people.posts,
        before=rows[-1].id if len(rows) == A_PAGE else None,
    )  # fmt: skip


@router.get("/canary.csv")
def canary_csv(request: Request, who: Manager) -> Response:
    service, language = service_of(request), language_of(request)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([words.say(f"canary_{key}", language) for key in COLUMNS])
    for row in _rows(service, A_SHEET, None):
        writer.writerow([plain(cell) for cell in _cells(service, row, language)])
    headers = {"Content-Disposition": 'attachment; filename="canary.csv"', "Cache-Control": "no-store"}
    return Response((BOM + out.getvalue()).encode(), media_type="text/csv; charset=utf-8", headers=headers)


def _rows(service: Service, most: int, before: int | None) -> list[Canary]:
    with service.read() as conn:
        return latest(conn, most, before)


def _cells(service: Service, row: Canary, language: str) -> Iterator[str]:
    people = service.directory()
    for key in COLUMNS:
        cell: Any = getattr(row, key)
        if key.endswith("_at"):
            yield words.exact(cell, service.zone) if cell else ""
        elif key == "post":
            yield words.name(people.posts.get(cell), language, cell)
        elif key == "person":
            yield people.name(cell, language) if cell else ""
        elif key == "result" or (key == "proof" and cell):
            yield words.say(f"canary_is_{cell or 'open'}", language)
        else:
            yield cell
