"""Thinks. How a point was at the same hour of the weeks before: the plain value that `past` compares with."""

from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

HOUR = 3_600_000  # ms
WEEK = 168  # hours


class Slot(NamedTuple):
    """One point in one hour. `hour`: full hours since 1970 UTC."""

    device: str
    metric: str
    hour: int


class Week(NamedTuple):
    """What the point said in that hour `ago` weeks before. `spread`: the standard deviation of it."""

    ago: int
    mean: float
    spread: float


class Typical(NamedTuple):
    """The point at this hour as a rule: over `weeks` weeks in which it spoke."""

    mean: float
    spread: float
    weeks: int


Baselines = Mapping[Slot, tuple[Week, ...]]
NONE: Baselines = {}


def slot(device: str, metric: str, moment: int) -> Slot:
    return Slot(device, metric, moment // HOUR)


def typical(weeks: tuple[Week, ...], back: int) -> Typical | None:
    """Every week of the last `back` counts the same, however often the point spoke in it."""
    found = [week for week in weeks if 1 <= week.ago <= back]
    if not found:
        return None
    mean = sum(week.mean for week in found) / len(found)
    squares = sum(week.spread**2 + (week.mean - mean) ** 2 for week in found) / len(found)
    return Typical(mean, sqrt(squares), len(found))
