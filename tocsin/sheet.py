"""Thinks. Places, zones and devices as tables of a spreadsheet: columns and cells, and back.

Columns are named as in the campus file; labels are `label.key`, a position is `position.x` and `position.y`.
An empty cell is a key that is not there. A leading ' keeps a cell as it stands: no spreadsheet computes it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import partial
from typing import Any

from ingest.campus.calendar import Span
from ingest.campus.device import Device, Place, Zone
from tocsin.document import Document
from tocsin.mistake import KeyPath, Position, did_you_mean, told

Cell = str | date  # what a spreadsheet has in a cell, numbers as they are shown
Row = tuple[int, Sequence[Cell]]  # the number of its line, and its cells
_X, _Y = "position.x", "position.y"
DATES = ("installed", "expires", "first", "last")
_APART = ("labels", "position")  # fields that have columns of their own
COLUMNS: dict[str, tuple[str, ...]] = {
    "places": Place.__struct_fields__,
    "zones": Zone.__struct_fields__,
    "calendar": Span.__struct_fields__,
    "devices": (*(name for name in Device.__struct_fields__ if name not in _APART), _X, _Y),
}
# What a Chinese school writes above its columns, on its sheets and in the cells of levels.
_TITLES = {
    "编号": "id", "设备编号": "id", "类型": "kind", "设备类型": "kind", "地点": "place", "位置": "place",
    "安装位置": "place", "分区": "zone", "防火分区": "zone", "报警分区": "zone", "责任人": "owner",
    "接入协议": "dialect", "地址": "address", "名称": "zh", "中文名": "zh", "英文名": "en", "网关": "gateway",
    "最长间隔": "interval", "上报间隔": "interval", "休眠": "sleepy", "安装日期": "installed",
    "有效期": "expires", "有效期至": "expires", "上级": "parent", "级别": "level", "电话": "phone",
    "性质": "what", "首日": "first", "末日": "last", "坐标.x": _X, "坐标.y": _Y,
}  # fmt: skip
SHEETS = {"地点": "places", "分区": "zones", "校历": "calendar", "设备": "devices"}
_LEVELS = {"校园": "campus", "校区": "campus", "楼栋": "building", "楼层": "floor", "房间": "room"}
_BOOLS = dict.fromkeys(("1", "true", "yes", "y", "是"), True) | dict.fromkeys(
    ("0", "false", "no", "n", "否"), False
)
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)
_SERIAL = re.compile(r"[0-9]{5}(\.[0-9]+)?")  # a day as spreadsheets keep it, counted from 1900
_WHOLE = re.compile(r"[0-9]{1,15}")
_NUMBER = re.compile(r"-?[0-9]{1,15}([.,][0-9]{1,40})?(e-?[0-9]{1,3})?", re.IGNORECASE)
_COMPUTED = tuple("=+-@'")


class TableReader:
    """Reads the tables of one file into a document, collecting mistakes."""

    def __init__(self, file: str) -> None:
        self.mistakes: list[str] = []
        self.document = Document()
        self.document.first = Position(file, 1, 1)
        self.document.value = {}

    def read(self, section: str, rows: Iterable[Row], at: Callable[[int, int], Position]) -> None:
        """One table; `at` says where a line and a column (from 1) are. The first row names the columns."""
        made: list[dict[str, Any]] = []
        columns: list[str] = []
        for line, cells in rows:
            if not any(_text(cell).strip() for cell in cells):
                continue
            if not columns:
                columns = [_named(unguarded(_text(cell))) for cell in cells]
                self.document.columns[section] = frozenset(columns)
                if not self._known(section, columns, line, at):
                    return
            else:
                made.append(self._row((section, len(made)), columns, cells, partial(at, line)))
        if not columns:
            self.mistakes.append(told(at(1, 1), "", "there is no column id"))
        self.document.value[section] = made

    def _known(self, section: str, columns: list[str], line: int, at: Callable[[int, int], Position]) -> bool:
        before, known = len(self.mistakes), COLUMNS[section]
        for number, name in enumerate(columns, 1):
            label = section == "devices" and name.startswith("label.")
            if name and name not in known and not label:
                said = "unknown column", did_you_mean(name, known) or f"the columns are: {', '.join(known)}"
            elif name and name in columns[: number - 1]:
                said = "given twice", ""
            else:
                continue
            self.mistakes.append(told(at(line, number), name, *said))
        if "id" not in columns:
            self.mistakes.append(told(at(line, 1), "", "there is no column id"))
        return len(self.mistakes) == before

    def _row(
        self, path: KeyPath, columns: list[str], cells: Sequence[Cell], at: Callable[[int], Position]
    ) -> dict[str, Any]:
        self.document.values_at[path] = at(1)
        made: dict[str, Any] = {}
        for number, cell in enumerate(cells, 1):
            text = unguarded(_text(cell))
            column = columns[number - 1] if number <= len(columns) else ""
            if not text:
                continue
            if not column:
                self._wrong(at(number), path, text, "stands in a column without a name")
            elif isinstance(cell, date) and column not in DATES and not column.startswith("label."):
                self._wrong(at(number), (*path, column), text, "is a date: make the column text")
            elif column in DATES and _SERIAL.fullmatch(text):
                self._wrong(
                    at(number), (*path, column), text, "is the number of a day: format the cell as a date"
                )
            else:
                self._put(made, path, column, text, at(number))
        if "position" in made and None in made["position"]:
            self._wrong(at(1), (*path, "position"), "", f"needs both {_X} and {_Y}")
        return made

    def _put(self, made: dict[str, Any], path: KeyPath, column: str, text: str, at: Position) -> None:
        if column.startswith("label."):
            made.setdefault("labels", {})[column.removeprefix("label.")] = text
            path = (*path, "labels", column.removeprefix("label."))
        elif column in (_X, _Y):
            which = (_X, _Y).index(column)
            made.setdefault("position", [None, None])[which] = _number(text)
            self.document.values_at[(*path, "position")] = at
            path = (*path, "position", which)
        else:
            made[column] = _value(column, text)
            path = (*path, column)
        self.document.values_at[path] = at

    def _wrong(self, at: Position, path: KeyPath, text: str, sentence: str) -> None:
        self.mistakes.append(told(at, path, f"got {text[:80]!r}" if text else "", sentence))


def _named(title: str) -> str:
    """The column that a title means."""
    if title.startswith("标签."):
        return f"label.{title.removeprefix('标签.')}"
    return _TITLES.get(title, title)


def known_columns(titles: Iterable[str], section: str) -> int:
    """How many of them are columns of this section."""
    return len({_named(title.strip()) for title in titles} & set(COLUMNS[section]))


def _text(cell: Cell) -> str:
    return cell.isoformat()[:10] if isinstance(cell, date) else cell


def _value(column: str, text: str) -> Any:
    if column == "interval" and _WHOLE.fullmatch(text):
        return int(text)
    if column == "level":
        return _LEVELS.get(text, text)
    if column == "sleepy":
        return _BOOLS.get(text.lower(), text)
    if column in DATES and (found := _DAY.fullmatch(text)):
        return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}"
    return text


def _number(text: str) -> Any:
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else text


def table(section: str, rows: Iterable[dict[str, Any]]) -> list[list[Any]]:
    """The rows of a campus file as a header and rows of cells: text, numbers, yes or no, nothing."""
    flat = [_flat(row) for row in rows]
    labels = sorted({name for row in flat for name in row if name.startswith("label.")})
    columns = [*COLUMNS[section], *labels]
    return [columns, *([row.get(column) for column in columns] for row in flat)]


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    made = {name: value for name, value in row.items() if name not in _APART}
    made |= {f"label.{key}": value for key, value in row.get("labels", {}).items()}
    if "position" in row:
        made[_X], made[_Y] = row["position"]
    return made


def guarded(text: str) -> str:
    """A text that a spreadsheet shows and never computes, and that keeps the space at its ends."""
    return f"'{text}" if text.startswith(_COMPUTED) or text != text.strip() else text


def unguarded(cell: str) -> str:
    """What `guarded` was given; of a cell that a person wrote, the text without space around it."""
    cell = cell.replace("\r\n", "\n").replace("\r", "\n")
    return cell[1:] if cell.startswith("'") else cell.strip()
