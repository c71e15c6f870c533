"""Thinks. Every condition, by the key that spells it in a rule file: one file and one line here for each.

A file of a condition has `FORM` (of the metrics it can look at, None: of any), `EXTRAS` (the keys that may
stand beside its own) and `built(when, key, metrics)`.
"""

from typing import Protocol

from ingest.campus.kinds import Form
from rules.conditions import (
    change,
    coincidence,
    count,
    event,
    expression,
    past,
    rate,
    siblings,
    silence,
    state,
    stuck,
    threshold,
)
from rules.rule import Condition
from rules.section import Section


class Spelt(Protocol):
    """A file of a condition."""

    @property
    def FORM(self) -> Form | None: ...  # noqa: N802
    @property
    def EXTRAS(self) -> tuple[str, ...]: ...  # noqa: N802

    def built(self, when: Section, key: str, metrics: tuple[str, ...]) -> Condition | None: ...


class Wrapping(Protocol):
    """A file of a condition that counts another one."""

    def wrapped(self, when: Section, what: Condition) -> Condition | None: ...


SPELT: dict[str, Spelt] = {
    "is": state,
    "above": threshold,
    "below": threshold,
    "happens": event,
    "silent_for": silence,
    "changes": change,
    "rises": rate,
    "falls": rate,
    "same_for": stuck,
    "past": past,
    "siblings": siblings,
    "expression": expression,
}
WRAPPING: dict[str, Wrapping] = {"times": count, "devices": coincidence}
EXTRAS = {
    extra: tuple(key for key, one in SPELT.items() if extra in one.EXTRAS)
    for extra in ("deadband", "hold", "within")
}  # key that stands beside others -> those others
COUNTING = {"within": ("times", "devices"), "shorter_than": ("times",)}  # the same of WRAPPING
