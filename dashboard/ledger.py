"""Touches. The delivery ledger: a page and a CSV file of how notices fared, and a page of each person and
channel with a button that tries them. For whoever keeps the rosters."""

import csv
import io
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.delivery import trials
from alerts.delivery.ledger import Line, ledger
from alerts.delivery.tested import WAITED_FOR, sentence, stage
from dashboard import words
from dashboard.fields import Fields, Sent, take
from dashboard.gate import Manager, language_of, service_of
from dashboard.health.sheets import BOM, plain
from dashboard.page import answer, render
from dashboard.service import WAIT, Service
from ingest.bilingual import told

router = APIRouter()
DAY = 86_400_000
SPANS = (7, 30, 90, 365)  # days
USUAL = 30
REFRESH = "2"  # seconds between two looks while a try is under way
COLUMNS = ("person", "channel", "owed", "sent", "delivered", "to_deliver", "answered", "to_answer",
           "failed", "cancelled", "tries", "failure", "failed_at")  # fmt: skip

Days = Annotated[int, Query(ge=1, le=3660)]


@router.get("/ledger")
def ledger_page(request: Request, who: Manager, days: Days = USUAL) -> Response:
    service = service_of(request)
    known = service.directory()
    return render(
        request, "ledger.html", lines=_lines(service, days), days=days, spans=SPANS, persons=known.persons,
        channels=sorted(known.channels or ()),
    )  # fmt: skip


@router.get("/ledger.csv")
def ledger_csv(request: Request, who: Manager, days: Days = USUAL) -> Response:
    """Spans in seconds, so that a sheet can count with them."""
    service, language = service_of(request), language_of(request)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([words.say(f"ledger_{key}", language) for key in COLUMNS])
    for line in _lines(service, days):
        writer.writerow([plain(cell) for cell in _cells(service, line, language)])
    headers = {
        "Content-Disposition": f'attachment; filename="ledger-{days}-days.csv"',
        "Cache-Control": "no-store",
    }
    return Response((BOM + out.getvalue()).encode(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/people/{person}")
def person_page(request: Request, person: str, who: Manager) -> Response:
    return _reached(request, person=person)


@router.get("/channels/{channel}")
def channel_page(request: Request, channel: str, who: Manager) -> Response:
    return _reached(request, channel=channel)


@router.post("/people/{person}/test")
def try_person(request: Request, person: str, fields: Fields, who: Manager) -> Response:
    return _tried(request, fields, person=person)


@router.post("/channels/{channel}/test")
def try_channel(request: Request, channel: str, fields: Fields, who: Manager) -> Response:
    return _tried(request, fields, channel=channel)


def _lines(service: Service, days: int) -> list[Line]:
    with service.read() as conn:
        return ledger(conn, service.now() - days * DAY)


def _cells(service: Service, line: Line, language: str) -> Iterable[str | int | float]:
    for key in COLUMNS:
        cell = getattr(line, key)
        if key == "person":
            cell = service.directory().name(cell, language) if cell else ""
        elif key in ("to_deliver", "to_answer"):
            cell = "" if cell is None else cell / 1000
        elif key == "failed_at":
            cell = words.exact(cell, service.zone) if cell else ""
        yield told(cell, language) if key == "failure" else cell


def _tried(request: Request, fields: Any, person: str = "", channel: str = "") -> Response:
    take(Sent, fields)
    service = service_of(request)
    if not _is_known(service, person, channel):
        return answer(request, 404, "error_404")
    rows, now = trials.doors(service.directory(), person, channel), service.now()
    if not rows:
        return _reached(request, person, said="trial_no_contacts", status=422)
    try:
        service.send(service.transact(lambda tx: trials.begin(tx, rows, now)).result(WAIT))
    except trials.TooSoon:
        return _reached(request, person, channel, "trial_too_soon", 429)
    return RedirectResponse(str(request.url.path).removesuffix("/test"), 303)


def _is_known(service: Service, person: str, channel: str) -> bool:
    known = service.directory()
    return person in known.persons if person else channel in (known.channels or ())


def _reached(
    request: Request, person: str = "", channel: str = "", said: str = "", status: int = 200
) -> Response:
    service, now = service_of(request), service_of(request).now()
    if not _is_known(service, person, channel):
        return answer(request, 404, "error_404")
    with service.read() as conn:
        tries = [
            {"trial": one, "stamps": told_so_far, "stage": stage(one, now), "sentence": sentence(one, now)}
            for one, told_so_far in trials.latest(conn, person, channel)
        ]
        lines = [
            line
            for line in ledger(conn, now - USUAL * DAY)
            if person in ("", line.person) and channel in ("", line.channel)
        ]
    page = render(
        request, "reached.html", status, person=person, channel=channel, tries=tries, lines=lines,
        refused=said, persons=service.directory().persons, channels=service.directory().channels or (),
    )  # fmt: skip
    if any(one["stage"] in WAITED_FOR for one in tries):
        page.headers["refresh"] = f"{REFRESH}; url={str(request.url.path).removesuffix('/test')}"
    return page
