"""Touches. The report on screen and on paper, and as files. Reads only."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from dashboard import words
from dashboard.gate import Viewer, language_of, reach_of, service_of
from dashboard.health import ledger
from dashboard.health.changes import Changes, compare
from dashboard.health.columns import Reader
from dashboard.health.gather import day_at, gather
from dashboard.health.letter import XLSX
from dashboard.health.report import Report, narrow
from dashboard.health.row import REPORTING, Row, slope
from dashboard.health.sheets import as_csv
from dashboard.health.standards import DURATION_TEST, EXPIRING_KINDS, FUNCTION_TEST
from dashboard.page import render
from dashboard.service import Service
from ingest.history.figures import DAY

router = APIRouter()
_A_PAGE = 100
_ON_PAPER = 5_000
_NOBODY = "-"  # the owner in an address, for devices that have none


class Asked(msgspec.Struct, frozen=True):
    """What of the campus is asked for; "" is all of it."""

    building: str = ""
    owner: str = ""
    kind: str = ""

    def of(self, report: Report) -> Report:
        owners = None if not self.owner else ("",) if self.owner == _NOBODY else (self.owner,)
        return narrow(report, self.building, owners, self.kind)

    def plain(self) -> dict[str, str]:
        return {key: value for key, value in msgspec.structs.asdict(self).items() if value}


def _asked(building: str = "", owner: str = "", kind: str = "") -> Asked:
    return Asked(building, owner, kind)


Filters = Annotated[Asked, Depends(_asked)]
# Which rows a table is of, and their order: view → (whether, key).
VIEWS: dict[str, tuple[Callable[[Row], bool], Callable[[Row], Any]]] = {
    "risk": (lambda row: bool(row.findings), lambda row: 0),
    "tests": (lambda row: row.function_test is not None, lambda row: _next_test(row)),
    "expiry": (lambda row: bool(row.expiry), lambda row: (row.days_left is not None, row.days_left or 0)),
    "signal": (lambda row: True, lambda row: (row.battery is None, row.battery or 0)),
}


def _next_test(row: Row) -> int:
    assert row.function_test is not None
    assert row.duration_test is not None
    return min(row.function_test.due or 0, row.duration_test.due or 0)


@router.get("/health")
def health(
    request: Request,
    who: Viewer,
    asked: Filters,
    view: str = "risk",
    start: int = Query(0, ge=0),
    paper: str = "",
) -> Response:
    service = service_of(request)
    view = view if view in VIEWS else "risk"
    whole = gather(service, who.reach)
    report = asked.of(whole)
    whether, order = VIEWS[view]
    rows = sorted(filter(whether, report.rows), key=order)
    shown = rows[:_ON_PAPER] if paper else rows[start : start + _A_PAGE]
    return render(
        request,
        "health.html",
        report=report,
        rows=shown,
        counted=len(rows),
        upto=start + len(shown),
        view=view,
        views=tuple(VIEWS),
        asked=asked.plain(),
        paper=bool(paper),
        choices=_choices(whole, _reader(request)),
        changes=_changes(service, report, partial=bool(asked.plain()) or not who.reach.everywhere),
        reader=_reader(request),
        reporting=REPORTING,
        campus=words.name(service.registry().root, language_of(request)),
        day=day_at(report.moment, service.zone).isoformat(),
        since=lambda span: day_at(span * DAY, service.zone).isoformat(),
        slope=slope,
        intervals=(FUNCTION_TEST, DURATION_TEST),
        expiring=EXPIRING_KINDS,
        nobody=_NOBODY,
    )


@router.get("/health.csv")
def health_csv(request: Request, who: Viewer, asked: Filters) -> Response:
    return _file(request, asked, as_csv, "text/csv; charset=utf-8", "csv")


@router.get("/health.xlsx")
def health_xlsx(request: Request, who: Viewer, asked: Filters) -> Response:
    from dashboard.health.workbook import as_xlsx

    return _file(request, asked, as_xlsx, XLSX, "xlsx")


def _file(
    request: Request, asked: Asked, write: Callable[[Report, Reader], bytes], media_type: str, suffix: str
) -> Response:
    report = asked.of(gather(service_of(request), reach_of(request)))
    name = f"health-{day_at(report.moment, service_of(request).zone).isoformat()}.{suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(write(report, _reader(request)), media_type=media_type, headers=headers)


def _reader(request: Request) -> Reader:
    service = service_of(request)
    return Reader(language_of(request), service.zone, service.registry(), service.directory())


def _choices(whole: Report, reader: Reader) -> dict[str, list[tuple[str, str]]]:
    """What the filters offer: (value, name), of what the campus has."""
    owners = [
        (group.key or _NOBODY, reader.owner(group.key) or reader.say("owner_none")) for group in whole.owners
    ]
    return {
        "building": sorted((g.key, reader.building(g.key)) for g in whole.buildings),
        "owner": sorted(owners, key=lambda one: (one[0] == _NOBODY, one[1])),
        "kind": sorted((g.key, reader.kind(g.key)) for g in whole.kinds),
    }


def _changes(service: Service, report: Report, partial: bool) -> Changes | None:
    with service.read() as conn:
        past = ledger.past(conn)
    return None if past is None else compare(past.moment, past.findings, report, removed=not partial)
