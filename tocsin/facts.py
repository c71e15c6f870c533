"""Thinks. What is wrong with the devices of a file whose form is wrong as well: told in the same round."""

from collections.abc import Iterator
from typing import Any, get_type_hints

import msgspec

from ingest.campus.checks import unknown_kind
from ingest.campus.device import Device, fact_problems
from ingest.campus.kinds import CALLED, KINDS
from tocsin.document import Document
from tocsin.mistake import told

_FACTS = ("interval", "installed", "expires", "position")
_HINTS = get_type_hints(Device)


def facts(document: Document) -> Iterator[str]:
    """Of each device row what can be judged without the rest of the campus; what has the wrong form is left
    out, since that is told already."""
    rows = document.value.get("devices")
    for index, row in enumerate(rows if isinstance(rows, list) else ()):
        if not isinstance(row, dict):
            continue
        kind, name = row.get("kind"), row.get("id", "")
        sound = {key: row[key] for key in _FACTS if key in row and _sound(key, row[key])}
        for problem in fact_problems(Device(str(name), "door", "", **_built(sound))):
            path = ("devices", index, problem.split(" ")[0])
            yield told(document.at(path), path, f"device {str(name)!r}: {problem}")
        if isinstance(kind, str) and kind not in KINDS and kind.strip() not in CALLED:
            path = ("devices", index, "kind")
            yield told(document.at(path), path, f"device {str(name)!r}: {unknown_kind(kind)}")


def _sound(key: str, value: Any) -> bool:
    try:
        msgspec.convert(value, _HINTS[key], strict=True)
    except msgspec.ValidationError:
        return False
    return True


def _built(row: dict[str, Any]) -> dict[str, Any]:
    return {key: msgspec.convert(value, _HINTS[key]) for key, value in row.items()}
