"""Thinks. Tables as CSV, which spreadsheets open: nothing in them is ever run as a formula."""

import csv
import io
from datetime import date, datetime

from dashboard.health.columns import COLUMNS, Cell, Reader
from dashboard.health.report import Report

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
BOM = "\ufeff"  # so that spreadsheets read UTF-8
_NO_XML = {0x7F, 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)}


def as_csv(report: Report, reader: Reader) -> bytes:
    """One line a device, by risk. Text that a spreadsheet would run is led by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([reader.say(column.key) for column in COLUMNS])
    for row in report.rows:
        writer.writerow([plain(column.cell(row, reader)) for column in COLUMNS])
    return (BOM + out.getvalue()).encode()


def plain(cell: Cell) -> str | int | float | None:
    if isinstance(cell, datetime | date):
        return str(cell)
    if isinstance(cell, str):
        text = visible(cell)
        return f"'{text}" if text.startswith(FORMULA) else text
    return cell


def visible(text: str) -> str:
    """Without control characters: a workbook may hold none."""
    return "".join(
        " " if ord(character) < 32 or ord(character) in _NO_XML else character for character in text
    )
