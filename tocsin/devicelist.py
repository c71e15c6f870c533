"""Touches. Devices from a spreadsheet (CSV), a row each, as the campus file would say them.

Columns are named as in the campus file, labels `label.key`. Comma, semicolon or tab; UTF-8, or GB 18030 as
spreadsheets in China save it. An empty cell is a key that is not there.
"""

import csv
from pathlib import Path
from typing import Any

from ingest.campus.device import Device
from tocsin.document import Document
from tocsin.mistake import KeyPath, Mistakes, Position, did_you_mean, told

YES = ("1", "true", "yes", "y", "是")


def read_devices(path: Path) -> Document:
    """Raises Mistakes where the file cannot be read or a column is not known."""
    lines = _text(path).splitlines()
    header = lines[0] if lines else ""
    reader = csv.reader(lines, delimiter=max(",;\t", key=header.count))
    columns = [name.strip() for name in next(reader, [])]
    known = [name for name in Device.__struct_fields__ if name != "labels"]
    strange = [name for name in columns if name not in known and not name.startswith("label.")]
    if strange or "id" not in columns:
        raise Mistakes(
            [told(f"{path}:1", name, "unknown column", did_you_mean(name, known)) for name in strange]
            + ([] if "id" in columns else [told(f"{path}:1", "", "there is no column id")])
        )
    document = Document()
    document.first = Position(str(path), 1, 1)
    rows: list[dict[str, Any]] = []
    for cells in reader:
        if any(cell.strip() for cell in cells):
            rows.append(_row(document, ("devices", len(rows)), str(path), reader.line_num, columns, cells))
    document.value = {"devices": rows}
    return document


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Mistakes([told(str(path), "", f"cannot be read: {error.strerror or error}")]) from None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Mistakes([told(str(path), "", "is not text: save it as CSV in UTF-8")])


def _row(
    document: Document, path: KeyPath, file: str, line: int, columns: list[str], cells: list[str]
) -> dict[str, Any]:
    document.values_at[path] = Position(file, line, 1)
    made: dict[str, Any] = {}
    for number, (column, cell) in enumerate(zip(columns, cells, strict=False), start=1):
        cell = cell.strip()
        if cell and column.startswith("label."):
            made.setdefault("labels", {})[column.removeprefix("label.")] = cell
        elif cell:
            made[column] = _value(column, cell)
            document.values_at[(*path, column)] = Position(file, line, number)
    return made


def _value(column: str, cell: str) -> Any:
    if column == "interval" and cell.isdigit():
        return int(cell)
    return cell.lower() in YES if column == "sleepy" else cell
