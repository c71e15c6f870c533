"""Touches. Places, zones and devices as an Excel workbook: a sheet each, or one sheet of devices.

A workbook is a ZIP of XML from anywhere: its sizes are checked before anything is unpacked.
"""

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter, range_boundaries

from tocsin.document import Document
from tocsin.mistake import Mistakes, Position, told
from tocsin.sheet import COLUMNS, DATES, SHEETS, Cell, Row, TableReader, guarded, table

MAX_BYTES = 16_000_000
MAX_UNPACKED = 64_000_000
MAX_PARTS = 1_000
MAX_ROWS = 100_000
MAX_COLUMNS = 200  # GR
_ONE_OF = f"a workbook has {', '.join(COLUMNS)}; keep anything else in another file"
_DIGITS = 10**15  # a spreadsheet keeps no more of a number
_ZEROS = re.compile(r"0+")
_FORMULA = re.compile(rb"<(\w+:)?f[ />]")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?ref="([A-Z]+[0-9]+(?::[A-Z]+[0-9]+)?)"')
_FORBIDDEN = {
    re.compile(rb"<!DOCTYPE"): "has a document type, as no workbook has",
    re.compile(
        rb'<(?:\w+:)?c r="(?:[A-Z]{3}|[H-Z][A-Z]|G[S-Z])\d+"[^>]*(?<!/)>'
    ): f"has something beyond its first {MAX_COLUMNS} columns",
}


def read_workbook(path: Path) -> Document:
    """Raises Mistakes where it cannot be read, or a sheet or a column is not known."""
    checked = _checked(path)
    try:
        return _read(path, checked)
    except Mistakes:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers meet in a damaged file
        said = f"is not readable as XLSX: {str(error)[:200] or type(error).__name__}"
        raise Mistakes([told(str(path), "", said)]) from None


class _Checked(msgspec.Struct):
    """Whether there are formulas, and which cells are merged first: part of the workbook → their range."""

    formulas: bool = False
    merged: dict[str, str] = {}


def _checked(path: Path) -> _Checked:
    """Raises Mistakes for what must not be unpacked or would be misread."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Mistakes([told(str(path), "", f"is over {MAX_BYTES // 1_000_000} MB")])
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise Mistakes([told(str(path), "", f"unpacks to over {MAX_UNPACKED // 1_000_000} MB")])
            found = _Checked()
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    data = archive.read(part)
                    found.formulas = found.formulas or _FORMULA.search(data) is not None
                    if ranges := _MERGED.search(data):
                        found.merged[part.filename] = ranges[1].decode()
                    wrong = [said for mark, said in _FORBIDDEN.items() if mark.search(data)]
                    if wrong:
                        raise Mistakes([told(f"{path} {part.filename}", "", *wrong)])
            return found
    except OSError as error:
        raise Mistakes([told(str(path), "", f"cannot be read: {error.strerror or error}")]) from None
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError):
        said = "is not an XLSX workbook: save it anew as .xlsx, without a password"
        raise Mistakes([told(str(path), "", said)]) from None
    except Mistakes:
        raise
    except Exception as error:  # a damaged stream: zlib.error, lzma.LZMAError
        raise Mistakes([told(str(path), "", f"is damaged: {error}")]) from None


def _read(path: Path, checked: _Checked) -> Document:
    reader = TableReader(str(path))
    book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    written = load_workbook(path, read_only=True, keep_links=False) if checked.formulas else None
    try:
        sheets = {sheet.title: _Sheet(path, sheet, reader.mistakes) for sheet in book.worksheets}
        full = {name: sheet for name, sheet in sheets.items() if not sheet.empty()}
        if merged := [line for sheet in sheets.values() for line in sheet.merged(checked.merged)]:
            raise Mistakes(merged)
        sections = {name: SHEETS.get(name.strip(), name.strip().lower()) for name in full}
        known = set(sections.values()) & set(COLUMNS)
        for name, sheet in full.items():
            section = sections[name] if known or len(full) > 1 else "devices"
            if section not in COLUMNS:
                told_at = f"{path} {name}"
                reader.mistakes.append(told(told_at, "", "unknown sheet", _ONE_OF))
            elif section in reader.document.value:
                reader.mistakes.append(told(f"{path} {name}", "", "given twice"))
            else:
                also = written[name] if written is not None else None
                reader.read(section, sheet.rows(also), sheet.at)
    finally:
        book.close()
        if written is not None:
            written.close()
    if not full:
        reader.mistakes.append(told(str(path), "", "has no sheet with anything in it"))
    if reader.mistakes:
        raise Mistakes(reader.mistakes)
    return reader.document


class _Sheet:
    """One sheet of a workbook that is being read."""

    def __init__(self, path: Path, sheet: Any, mistakes: list[str]) -> None:
        self._path, self._sheet, self._mistakes = path, sheet, mistakes
        sheet.reset_dimensions()  # what the file says of its own size is not believed

    def at(self, row: int, column: int) -> Position:
        return Position(str(self._path), row, column, self._sheet.title)

    def merged(self, parts: dict[str, str]) -> Iterator[str]:
        ranges = parts.get(str(self._sheet._worksheet_path).lstrip("/"))
        if ranges:
            column, row, *_ = range_boundaries(ranges)
            said = f"has merged cells ({ranges}): only the first of them has a value; split them"
            yield told(self.at(row or 1, column or 1), "", said)

    def empty(self) -> bool:
        return not any(cell for _, cells in self.rows(None, report=False) for cell in cells)

    def rows(self, written: Any, report: bool = True) -> Iterator[Row]:
        """Its rows; `written` is the same sheet with formulas in place of what they come to."""
        limits = {"max_row": MAX_ROWS + 1, "max_col": MAX_COLUMNS}
        if written is not None:
            written.reset_dimensions()
        asked = written.iter_rows(**limits) if written is not None else None
        for number, row in enumerate(self._sheet.iter_rows(**limits), 1):
            formulas = next(asked, ()) if asked is not None else ()
            if number > MAX_ROWS:
                raise Mistakes([told(self.at(number, 1), "", f"has over {MAX_ROWS} rows")])
            cells = []
            for column, cell in enumerate(row, 1):
                computed = column <= len(formulas) and formulas[column - 1].data_type == "f"
                made, wrong = _cell(cell, computed)
                if wrong and report:
                    self._mistakes.append(told(self.at(number, column), "", f"got {made!r}"[:90], wrong))
                cells.append(made)
            yield number, cells


def _cell(cell: Any, computed: bool) -> tuple[Cell, str]:
    """A cell as the table reader takes it, and what is wrong with it."""
    value = cell.value
    if value is None:
        return "", "a formula without a result: open the file, save it, and try again" if computed else ""
    if cell.data_type == "e":
        return str(value), "an error of the spreadsheet"
    if isinstance(value, bool):
        return str(value).lower(), ""
    if isinstance(value, datetime | date):
        return value, ""
    if isinstance(value, time | timedelta):
        return str(value), "is a time: make the column text"
    if not isinstance(value, int | float):
        return str(value), ""
    return _number(value, str(cell.number_format))


def _number(value: float, shown: str) -> tuple[str, str]:
    text = str(int(value)) if value == int(value) else repr(value)
    if abs(value) >= _DIGITS:
        return text, "a spreadsheet has rounded so long a number: make the column text and write it again"
    return text.zfill(len(shown)) if _ZEROS.fullmatch(shown) else text, ""


def write_workbook(stream: BinaryIO, values: dict[str, Any]) -> None:
    """The sections that have a table, a sheet each."""
    book = Workbook(write_only=True)
    for section in COLUMNS:
        sheet = book.create_sheet(section)
        sheet.freeze_panes = "B2"
        rows = table(section, values[section])
        for number, name in enumerate(rows[0], 1):
            sheet.column_dimensions[get_column_letter(number)].width = max(12, len(name) + 2)
        for cells in rows:
            sheet.append(
                [_written(sheet, cells is not rows[0], *pair) for pair in zip(cells, rows[0], strict=True)]
            )
    book.save(stream)


def _written(sheet: Any, fact: bool, value: Any, column: str) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    made = WriteOnlyCell(sheet)
    if fact and column in DATES and value >= "1901":
        made.value, made.number_format = date.fromisoformat(value), "yyyy-mm-dd"
        return made
    starts_as_formula = value.startswith(tuple("=+-@"))
    made.value = value if starts_as_formula and value == value.strip() else guarded(value)
    made.data_type, made.number_format, made.quotePrefix = "s", "@", starts_as_formula
    return made
