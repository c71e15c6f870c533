"""Thinks. The limits a campus sets: how long an alert may be hidden, how many at once, when hazards are due.

The numbers here are the defaults; `alerts` in tocsin.yaml sets others. Where they come from: docs/hazards.md.
"""

from collections.abc import Mapping

import msgspec

from alerts.reasons import HOUR, SHELVE_LIMIT
from rules.verdict import Class

DAY = 24 * HOUR
HAZARD_DAYS: dict[str, tuple[int, int]] = {  # by source: days for what concerns life safety, and for the rest
    "rule": (3, 14),
    "drill": (1, 7),
    "false_alarm": (7, 14),
    "delivery": (1, 3),
    "person": (3, 14),
}


class Limits(msgspec.Struct, frozen=True):
    """Lengths in ms. `shelved` is how many alerts may lie on the shelf at once, on the whole campus."""

    shelf: Mapping[Class, int] = msgspec.field(default_factory=lambda: SHELVE_LIMIT)
    shelved: int = 20
    out_of_service: int = 72 * HOUR
    hazard_days: Mapping[str, tuple[int, int]] = msgspec.field(default_factory=lambda: HAZARD_DAYS)
    recheck_days: int = 7


LIMITS = Limits()
