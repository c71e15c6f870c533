"""Touches. The report as a workbook. Imported where one is made: openpyxl takes a tenth of a second to load,
and nobody waits for it at a start."""

import io
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from dashboard.health.columns import COLUMNS, Cell, Reader
from dashboard.health.report import COUNTED, Group, Report
from dashboard.health.row import REPORTING
from dashboard.health.sheets import visible

COUNTS = ("devices", *REPORTING, *COUNTED)
_FORMS: dict[type, str] = {datetime: "yyyy-mm-dd hh:mm:ss", date: "yyyy-mm-dd"}


def as_xlsx(report: Report, reader: Reader) -> bytes:
    """Two sheets, summary and devices, with typed dates and numbers and the heading frozen."""
    book = Workbook(write_only=True)
    _fill(book, reader.say("health_summary"), _summary(report, reader), [26] + [11] * len(COUNTS))
    heading: list[Cell] = [reader.say(column.key) for column in COLUMNS]
    rows = ([column.cell(row, reader) for column in COLUMNS] for row in report.rows)
    widths = [column.width for column in COLUMNS]
    _fill(book, reader.say("devices"), [heading, *rows], widths, filtered=True)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _fill(
    book: Workbook, title: str, rows: Iterable[list[Cell]], widths: list[int], filtered: bool = False
) -> None:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    count = 0
    for count, row in enumerate(rows, 1):
        sheet.append([_typed(sheet, cell, bold=count == 1) for cell in row])
    if filtered:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(widths))}{count}"


def _typed(sheet: object, cell: Cell, bold: bool) -> object:
    if cell is None or (isinstance(cell, int | float) and not bold):
        return cell
    made = WriteOnlyCell(sheet, visible(cell) if isinstance(cell, str) else cell)
    if isinstance(cell, str):
        made.data_type = "s"  # "=1+1" is text here
    else:
        made.number_format = _FORMS.get(type(cell), "General")
    if bold:
        made.font = Font(bold=True)
    return made


def _summary(report: Report, reader: Reader) -> Iterator[list[Cell]]:
    yield [reader.say("device_health"), *(reader.say(f"health_{count}") for count in COUNTS)]
    yield [reader.say("health_campus"), *_counts(report.total)]
    for key, groups, named in (
        ("health_building", report.buildings, reader.building),
        ("health_owner", report.owners, lambda owner: reader.owner(owner) or reader.say("owner_none")),
        ("kind", report.kinds, reader.kind),
    ):
        yield []
        yield [reader.say(key)]
        for group in groups:
            yield [named(group.key), *_counts(group)]
    yield []
    yield [reader.say("health_as_of"), reader.moment(report.moment)]
    yield [reader.say("quarantined_messages"), report.quarantined[1]]
    yield [reader.say("health_pending"), report.pending]


def _counts(group: Group) -> list[Cell]:
    return [group.counts[count] for count in COUNTS]
