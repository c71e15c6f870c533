"""Thinks. `apply --add`: what a row of the file leaves out stays as it is stored."""

from typing import Any

from tocsin.document import Document

_SECTIONS = ("places", "zones", "devices", "persons", "teams", "posts", "calendar")


def complete(document: Document, stored: dict[str, Any]) -> None:
    """Fill the rows of a file from those that are stored. A table names its columns once: an empty cell below
    one of them says "nothing", and only a column that is not there leaves anything out."""
    for section in _SECTIONS:
        rows = document.value.get(section) if isinstance(document.value, dict) else None
        known = {row["id"]: row for row in stored.get(section, ())}
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and (before := known.get(str(row.get("id")))):
                _fill(row, before, document.columns.get(section, frozenset()))


def _fill(row: dict[str, Any], before: dict[str, Any], columns: frozenset[str]) -> None:
    for key, value in before.items():
        if key == "labels" and columns:
            kept = {name: label for name, label in value.items() if f"label.{name}" not in columns}
            if kept or "labels" in row:
                row["labels"] = {**kept, **row.get("labels", {})}
        elif key not in row and key not in columns and f"{key}.x" not in columns:
            row[key] = value
