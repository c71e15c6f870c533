"""Thinks. Durations as a person writes them: `90s`, `5m`, `2h`, `1d`."""

import re

_ONE = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_WHOLE = re.compile(rf"(?:{_ONE.pattern})+")
_UNITS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}


def parse(text: object) -> int | None:
    """In ms; several parts may stand together (`1h30m`). None when it is not a duration."""
    if not isinstance(text, str) or not _WHOLE.fullmatch(text):
        return None
    return int(sum(float(number) * _UNITS[unit] for number, unit in _ONE.findall(text)))


def text(ms: int) -> str:
    """Shortest: in the largest unit that leaves no rest."""
    if ms == 0:
        return "0s"
    unit = next(unit for unit, size in _UNITS.items() if ms % size == 0)
    return f"{ms // _UNITS[unit]}{unit}"
