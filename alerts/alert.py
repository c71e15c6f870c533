"""Thinks. The alert (a record on independent axes) and the effects a fact has; the facts: alerts/fact.py.

Moments are int ms since 1970 UTC; `by` is the id of a person, or "tocsin". What a fact does to the axes is
written in alerts/lifecycle.py; only alerts/desk.py changes an alert.
"""

from enum import StrEnum

import msgspec

from alerts.axes import Acknowledgement as Acknowledgement
from alerts.axes import Activity as Activity
from alerts.axes import Inhibition as Inhibition
from alerts.axes import Latch as Latch
from alerts.axes import Life as Life
from alerts.axes import Mode as Mode
from alerts.axes import Origin as Origin
from alerts.axes import Ownership as Ownership
from alerts.axes import Pair as Pair
from alerts.axes import Verification as Verification
from alerts.fact import Accepted as Accepted
from alerts.fact import Acknowledged as Acknowledged
from alerts.fact import Act as Act
from alerts.fact import Arrived as Arrived
from alerts.fact import CannotCome as CannotCome
from alerts.fact import Closed as Closed
from alerts.fact import Commented as Commented
from alerts.fact import Declined as Declined
from alerts.fact import Fact as Fact
from alerts.fact import Gone as Gone
from alerts.fact import HandedOver as HandedOver
from alerts.fact import Joined as Joined
from alerts.fact import Lapsed as Lapsed
from alerts.fact import MadeReal as MadeReal
from alerts.fact import OutOfService as OutOfService
from alerts.fact import Raised as Raised
from alerts.fact import Registered as Registered
from alerts.fact import Released as Released
from alerts.fact import Removed as Removed
from alerts.fact import Rerouted as Rerouted
from alerts.fact import Reset as Reset
from alerts.fact import Shelved as Shelved
from alerts.fact import StepDue as StepDue
from alerts.fact import Suppressed as Suppressed
from alerts.fact import Ticked as Ticked
from alerts.fact import Unshelved as Unshelved
from alerts.fact import Verified as Verified
from rules.verdict import Class, Evidence, Text

TOCSIN = "tocsin"  # what `by` says when no person did it


class Effect(StrEnum):
    """What a fact means for those outside the record; alerts/duty/escalation.py turns it into
    notifications."""

    RAISED = "raised"  # tell people: first notice
    AGAIN = "again"  # tell people: activated again after it was acknowledged
    LAPSED = "lapsed"  # tell people: the promise ran out
    RELEASED = "released"  # tell people: it was inhibited, is no longer, and still stands
    BACK = "back"  # tell its owner: it was inhibited, is no longer, and somebody has taken it
    REAL = "real"  # tell people: it was drill or test, and is now real
    BOUNCED = "bounced"  # tell people: the handover was not accepted
    GONE = "gone"  # tell people: its owner is gone, and it is the post's again
    CONFIRMED = "confirmed"  # tell everybody the policy names, at once: it is no false alarm
    FOUND = "found"  # a false alarm: something is to be mended (alerts/hazards/found.py)
    OFFERED = "offered"  # tell the person it is offered to
    HUSHED = "hushed"  # steps that wait for the acknowledgement end
    DECLINED = "declined"  # tell the owner: the handover was refused
    CLOSED = "closed"  # all clear, to those who were reached


class Tick(msgspec.Struct, frozen=True):
    """A step of the plan that somebody has done."""

    step: str
    by: str
    at: int


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Something that needs a person. `id` 0 and `code` "" until it is stored.

    `subject` is what the rule judges; (rule, subject) has one open alert at most. `occurrence` counts what
    sounded anew, `activations` everything that happened. `step` is the next step of the ladder, in `round`.
    `ladder` is the policy in use. `verify` and `latching` are what is demanded before it closes. `owner` is a
    person, or a post while `ownership` says so: then `left_by` had it before. `ticks`: what is done of the
    plan. `hidden`: how often it was activated while inhibited, the last time that it was; `impairment` is the
    last entry of the register that hid it, 0 for none. `drill`: what it was raised in, 0 for none; until
    `drill_until`, while it is not real, only `drill_people` are told, and sirens where `drill_sirens`.
    """

    rule: str
    subject: str
    title: Text
    alert_class: Class
    raised_at: int
    active_at: int
    id: int = 0
    code: str = ""
    rule_version: str = ""
    device: str = ""
    device_kind: str = ""
    place: str = ""
    priority: int = 3
    life_safety: bool = False
    policy: str | None = None
    plan: str | None = None
    verify: bool = False
    latching: bool = False
    evidence: tuple[Evidence, ...] = ()
    note: str = ""

    life: Life = Life.OPEN
    activity: Activity = Activity.ACTIVE
    acknowledgement: Acknowledgement = Acknowledgement.NO
    verification: Verification = Verification.NOT_NEEDED
    ownership: Ownership = Ownership.NOBODY
    pair: Pair = Pair.NOT_NEEDED
    inhibition: Inhibition = Inhibition.NONE
    mode: Mode = Mode.REAL
    latch: Latch = Latch.FREE
    origin: Origin = Origin.RULE

    occurrence: int = 1
    activations: int = 1
    raised_by: str = TOCSIN
    normal_at: int | None = None
    acknowledged_by: str = ""
    acknowledged_via: str = ""
    acknowledged_at: int | None = None
    acknowledged_until: int | None = None
    arrived_by: str = ""
    arrived_at: int | None = None
    verified_by: str = ""
    verified_at: int | None = None
    cause: str = ""
    joined_by: str = ""
    joined_at: int | None = None
    owner: str = ""
    left_by: str = ""
    offered_to: str = ""
    offered_until: int | None = None
    handovers: int = 0
    incident: int = 0
    inhibited_by: str = ""
    inhibited_reason: str = ""
    inhibited_until: int | None = None
    inhibited_at: int | None = None
    hidden: int = 0
    impairment: int = 0
    drill: int = 0
    drill_until: int | None = None
    drill_people: tuple[str, ...] = ()
    drill_sirens: bool = False
    removed_by: str = ""
    closed_by: str = ""
    closed_at: int | None = None
    close_reason: str = ""
    ticks: tuple[Tick, ...] = ()

    ladder: str = ""
    sounded_at: int | None = None
    sound_reason: str = ""
    step: int = 0
    round: int = 0
    step_due_at: int | None = None

    @property
    def open(self) -> bool:
        return self.life is Life.OPEN

    @property
    def acknowledged(self) -> bool:
        return self.acknowledgement in (Acknowledgement.PROMISED, Acknowledgement.KEPT)

    @property
    def acknowledge_needed(self) -> bool:
        return self.acknowledgement is Acknowledgement.NO

    @property
    def inhibited(self) -> bool:
        return self.inhibition is not Inhibition.NONE

    @property
    def initial_acknowledgement(self) -> Acknowledgement:
        return Acknowledgement.NOT_NEEDED if self.alert_class is Class.STATUS else Acknowledgement.NO

    @property
    def initial_verification(self) -> Verification:
        return Verification.PENDING if self.verify else Verification.NOT_NEEDED

    @property
    def initial_pair(self) -> Pair:
        needed = self.alert_class is Class.ALARM and self.life_safety
        return Pair.IF_CONFIRMED if needed else Pair.NOT_NEEDED

    @property
    def initial_latch(self) -> Latch:
        return Latch.HELD if self.latching else Latch.FREE

    @property
    def due_at(self) -> int | None:
        """The earliest of its deadlines; None when it waits for nothing but a fact."""
        if not self.open:
            return None
        deadlines = (
            self.step_due_at, self.acknowledged_until, self.offered_until, self.inhibited_until,
            self.drill_until,
        )  # fmt: skip
        return min((moment for moment in deadlines if moment is not None), default=None)
