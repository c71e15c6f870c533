"""Touches. Devices as CSV. Comma, semicolon or tab; UTF-8, or GB 18030 as spreadsheets in China save it."""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from tocsin.document import Document
from tocsin.mistake import Mistakes, Position, told
from tocsin.sheet import Row, TableReader, guarded, known_columns, table

MAX_BYTES = 32_000_000


def read_devices(path: Path) -> Document:
    """Raises Mistakes where the file cannot be read or a column is not known."""
    text = _text(path)
    reader = TableReader(str(path))
    try:
        rows = _rows(text, max(",;\t", key=lambda mark: _named(text, mark)))
        reader.read("devices", rows, lambda line, number: Position(str(path), line, number))
    except csv.Error as error:
        raise Mistakes([told(str(path), "", f"is not readable as CSV: {error}")]) from None
    if reader.mistakes:
        raise Mistakes(reader.mistakes)
    return reader.document


def write_devices(stream: TextIO, rows: Iterable[dict[str, Any]]) -> None:
    """The stream must be open with `newline=""`. A leading mark of the encoding is the caller's."""
    writer = csv.writer(stream, lineterminator="\r\n")
    for cells in table("devices", rows):
        writer.writerow(["" if cell is None else guarded(_shown(cell)) for cell in cells])


def _shown(cell: Any) -> str:
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _rows(text: str, mark: str) -> Iterator[Row]:
    reader, line = csv.reader(io.StringIO(text, newline=""), delimiter=mark), 1
    for cells in reader:
        yield line, cells
        line = reader.line_num + 1


def _named(text: str, mark: str) -> int:
    """How many columns of the first line are known with this mark between them."""
    first = next(csv.reader(io.StringIO(text[:100_000], newline=""), delimiter=mark), [])
    return known_columns(first, "devices")


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Mistakes([told(str(path), "", f"is over {MAX_BYTES // 1_000_000} MB")])
        data = path.read_bytes()
    except OSError as error:
        raise Mistakes([told(str(path), "", f"cannot be read: {error.strerror or error}")]) from None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Mistakes([told(str(path), "", "is not text: save it as CSV in UTF-8")])
