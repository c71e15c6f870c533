"""Thinks. A verdict: a rule holds, no longer holds or is unknown, for whom, since when, on what evidence.

It is all that `alerts` sees of this room, so it carries what a rule says about the alert it raises.
"""

from enum import StrEnum

import msgspec


class Class(StrEnum):
    """Class of alert, most important first. Priority orders inside a class, never across."""

    ALARM = "alarm"
    SUPERVISORY = "supervisory"
    TROUBLE = "trouble"
    STATUS = "status"


class Holds(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Text(msgspec.Struct, frozen=True):
    zh: str
    en: str


class Evidence(msgspec.Struct, frozen=True):
    """One input of a verdict: the reading as it was, and what the rule compared it with (in words). `device`
    is named where it is not the verdict's own."""

    metric: str
    value: float | str
    event_time: int
    received: int
    compared: str
    note: str = ""
    device: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """`moment` is when it was decided (ms), `since` when the condition began. `again` is True for a new
    activation of a rule that holds already (a second press). `retained`: decided from a restored state.
    `suppressed`: the rule that hides it, as declared; told again without it when that rule no longer holds.
    `shadow`: of a rule in shadow, so it never reaches the desk. `hazard`: what it found is to be mended.
    `place`: where it is, when neither device nor subject tells.
    """

    rule: str
    version: str
    subject: str
    device: str
    holds: Holds
    moment: int
    since: int
    title: Text
    alert_class: Class = Class.TROUBLE
    priority: int = 3
    again: bool = False
    retained: bool = False
    life_safety: bool = False
    latch: bool = False
    verify: bool = False
    policy: str | None = None
    plan: str | None = None
    suppressed: str = ""
    evidence: tuple[Evidence, ...] = ()
    shadow: bool = False
    hazard: bool = False
    place: str = ""
