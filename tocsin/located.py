"""Thinks. Where in the campus file a mistake stands that only shows when the whole campus is put together."""

import re
from collections.abc import Iterator
from typing import Any

from tocsin.document import Document
from tocsin.mistake import KeyPath, told

_SECTIONS = {"person": "persons", "policy": "policies", "calendar": "calendar", "hours": "hours"}
_SUBJECT = re.compile(
    r"(place|zone|device|person|team|post|policy|mapping|approval|calendar|hours) '([^']*)': (.*)", re.DOTALL
)
_QUOTED = re.compile(r"'([^']*)'")


def located(lines: list[str], document: Document) -> list[str]:
    """`device 'x': kind 'smok' is not known…` with the file, line and column of what it speaks of. A line
    about something that is not in the file is about what is stored already, and says so."""
    return [_located(line, document) for line in lines]


def _located(line: str, document: Document) -> str:
    found = _SUBJECT.match(line)
    if found is None:
        return line
    section = _SECTIONS.get(found[1], f"{found[1]}s")
    rows = document.value.get(section) if isinstance(document.value, dict) else None
    for index, row in enumerate(rows if isinstance(rows, list) else []):
        if isinstance(row, dict) and repr(str(row.get("id")))[1:-1] == found[2]:  # as the sentence shows it
            path: KeyPath = (section, index)
            for name in _QUOTED.findall(found[3]):
                path = next(_paths_of(name, row, path), path)
                if len(path) > 2:
                    break
            return told(document.at(path), path, line)
    return f"already stored: {line}"


def _paths_of(name: str, value: Any, path: KeyPath) -> Iterator[KeyPath]:
    """The places inside a row where a name stands, but for the row's own id."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "id":
                yield from _paths_of(name, inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _paths_of(name, inner, (*path, index))
    elif str(value) == name:
        yield path
