"""Thinks. The timeline of an alert as a page shows it: the newest first, equal notices in a row as one."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

Line = dict[str, Any]
ESCALATED = "step_due"  # the fact; its notices say the same, and whom


def shown(lines: Iterable[Mapping[str, Any]]) -> list[Line]:
    """`lines` are the oldest first. A line of notices gets `times`, how many it stands for, and `since`, when
    the first of them was; it is itself the latest of them."""
    kept = list(lines)
    told = {line["at"] for line in kept if line["what"] == "notice"}
    kept = [line for line in kept if line.get("fact") != ESCALATED or line["at"] not in told]
    found = [_folded(list(same)) for _, same in groupby(kept, key=_alike)]
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
