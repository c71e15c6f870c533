"""Thinks. The timeline of an alert as a page shows it: the newest first, equal notices in a row as one."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

Line = dict[str, Any]


def shown(lines: Iterable[Mapping[str, Any]]) -> list[Line]:
    """`lines` are the oldest first. A line of notices gets `times`, how many it stands for, and `since`, when
    the first of them was; it is itself the latest of them."""
    found = [_folded(list(same)) for _, same in groupby(lines, key=_alike)]
    return [line for group in reversed(found) for line in reversed(group)]


def _alike(line: Mapping[str, Any]) -> object:
    """What told the same persons for the same purpose and fared alike; no fact is like another."""
    if line["what"] != "notice":
        return id(line)
    notices = [(one["person"], one["channel"], one["state"]) for one in line["notices"]]
    return line["purpose"], sorted(notices)


def _folded(lines: list[Mapping[str, Any]]) -> list[Line]:
    last = dict(lines[-1])
    return [{**last, "times": len(lines), "since": lines[0]["at"]}]
