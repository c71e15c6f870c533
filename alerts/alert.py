"""Thinks. The alert (a record on independent axes), the facts that can befall it, and the effects a fact has.

Moments are int ms since 1970 UTC; `by` is the id of a person, or "tocsin". What a fact does to the axes is
written in alerts/lifecycle.py; only alerts/desk.py changes an alert.
"""

from enum import StrEnum
from typing import Literal

import msgspec

from rules.verdict import Class, Evidence, Text, Verdict

TOCSIN = "tocsin"  # what `by` says when no person did it


class Activity(StrEnum):
    NORMAL = "normal"
    ACTIVE = "active"
    UNKNOWN = "unknown"  # the point is silent, or its rule or device is gone


class Acknowledgement(StrEnum):
    NOT_NEEDED = "not_needed"  # class status
    NO = "no"
    PROMISED = "promised"  # somebody took it, and the clock of that promise runs
    KEPT = "kept"  # they arrived or verified it: no clock runs


class Verification(StrEnum):
    NOT_NEEDED = "not_needed"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    FALSE = "false"
    UNDETERMINED = "undetermined"  # somebody looked and could not tell: stays open until it is told


class Ownership(StrEnum):
    NOBODY = "nobody"
    OWNED = "owned"
    OFFERED = "offered"  # handed over and not yet accepted: still the owner's


class Inhibition(StrEnum):
    NONE = "none"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out_of_service"


class Mode(StrEnum):
    REAL = "real"
    DRILL = "drill"
    TEST = "test"


class Latch(StrEnum):
    FREE = "free"
    HELD = "held"  # latched, and its cause stands or is not known to be gone
    READY = "ready"  # latched, its cause is gone: waits for the reset


class Origin(StrEnum):
    RULE = "rule"
    PERSON = "person"
    ORPHAN = "orphan"  # its rule or device was removed while it was open: only a person closes it


class Life(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Effect(StrEnum):
    """What a fact means for those outside the record; alerts/escalation.py turns it into notifications."""

    RAISED = "raised"  # tell people: first notice
    AGAIN = "again"  # tell people: activated again after it was acknowledged
    LAPSED = "lapsed"  # tell people: the promise ran out
    RELEASED = "released"  # tell people: it was inhibited, is no longer, and still stands
    REAL = "real"  # tell people: it was drill or test, and is now real
    BOUNCED = "bounced"  # tell people: the handover was not accepted in time
    OFFERED = "offered"  # tell the person it is offered to
    HUSHED = "hushed"  # steps that wait for the acknowledgement end
    DECLINED = "declined"  # tell the owner: the handover was refused
    CLOSED = "closed"  # all clear, to those who were reached


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Something that needs a person. `id` 0 and `code` "" until it is stored.

    `subject` is what the rule judges; (rule, subject) has one open alert at most. `occurrence` counts what
    sounded anew, `activations` everything that happened. `step` is the next step of the ladder, in `round`.
    `ladder` is the policy in use. `verify` and `latching` are what is demanded before it closes.
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
    verify: bool = False
    latching: bool = False
    evidence: tuple[Evidence, ...] = ()
    note: str = ""

    life: Life = Life.OPEN
    activity: Activity = Activity.ACTIVE
    acknowledgement: Acknowledgement = Acknowledgement.NO
    verification: Verification = Verification.NOT_NEEDED
    ownership: Ownership = Ownership.NOBODY
    inhibition: Inhibition = Inhibition.NONE
    mode: Mode = Mode.REAL
    latch: Latch = Latch.FREE
    origin: Origin = Origin.RULE

    occurrence: int = 1
    activations: int = 1
    raised_by: str = TOCSIN
    normal_at: int | None = None
    acknowledged_by: str = ""
    acknowledged_at: int | None = None
    acknowledged_until: int | None = None
    arrived_by: str = ""
    arrived_at: int | None = None
    verified_by: str = ""
    verified_at: int | None = None
    cause: str = ""
    owner: str = ""
    offered_to: str = ""
    offered_until: int | None = None
    handovers: int = 0
    inhibited_by: str = ""
    inhibited_reason: str = ""
    inhibited_until: int | None = None
    removed_by: str = ""
    closed_by: str = ""
    closed_at: int | None = None
    close_reason: str = ""

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
    def initial_latch(self) -> Latch:
        return Latch.HELD if self.latching else Latch.FREE

    @property
    def due_at(self) -> int | None:
        """The earliest of its deadlines; None when it waits for nothing but a fact."""
        if not self.open:
            return None
        deadlines = (self.step_due_at, self.acknowledged_until, self.offered_until, self.inhibited_until)
        return min((moment for moment in deadlines if moment is not None), default=None)


class Acknowledged(msgspec.Struct, frozen=True):
    """`by` took it: a promise with a clock. `via` names the door (dashboard, sms …)."""

    alert: int
    by: str
    via: str = ""
    note: str = ""


class Arrived(msgspec.Struct, frozen=True):
    alert: int
    by: str
    note: str = ""


class Verified(msgspec.Struct, frozen=True):
    """`outcome` false needs a `cause` (a code of alerts/reasons.py)."""

    alert: int
    by: str
    outcome: Literal[Verification.CONFIRMED, Verification.FALSE, Verification.UNDETERMINED]
    cause: str = ""
    note: str = ""


class Reset(msgspec.Struct, frozen=True):
    """Releases a latched alert whose cause is gone; never starts or stops equipment."""

    alert: int
    by: str


class Shelved(msgspec.Struct, frozen=True):
    """`reason` is a code of alerts/reasons.py; `until` is when it comes back by itself."""

    alert: int
    by: str
    reason: str
    until: int


class Unshelved(msgspec.Struct, frozen=True):
    alert: int
    by: str


class Suppressed(msgspec.Struct, frozen=True):
    """Logic hides it, as declared in a rule."""

    alert: int
    by: str
    reason: str


class OutOfService(msgspec.Struct, frozen=True):
    alert: int
    by: str
    reason: str
    until: int


class Released(msgspec.Struct, frozen=True):
    """Neither suppressed nor out of service any longer."""

    alert: int
    by: str


class MadeReal(msgspec.Struct, frozen=True):
    """What was raised in a drill or test is real after all."""

    alert: int
    by: str


class HandedOver(msgspec.Struct, frozen=True):
    """The owner offers it to `to`, who owns it from the moment of accepting it."""

    alert: int
    by: str
    to: str
    note: str = ""


class Accepted(msgspec.Struct, frozen=True):
    alert: int
    by: str


class Declined(msgspec.Struct, frozen=True):
    alert: int
    by: str


class Raised(msgspec.Struct, frozen=True):
    """A person raises it: the office was telephoned."""

    by: str
    place: str
    title: Text
    alert_class: Class
    note: str = ""


class Closed(msgspec.Struct, frozen=True):
    alert: int
    by: str
    reason: str


class Commented(msgspec.Struct, frozen=True):
    alert: int
    by: str
    note: str


class StepDue(msgspec.Struct, frozen=True):
    """The deadline of the next escalation step has come. `due` is that deadline."""

    alert: int
    due: int


class Lapsed(msgspec.Struct, frozen=True):
    """A promise, a handover or a shelf (or term out of service) ran out at `due`."""

    alert: int
    what: Literal["promise", "handover", "shelf"]
    due: int


class Removed(msgspec.Struct, frozen=True):
    """A rule or a device was removed from the campus; every open alert of it stays, and says so."""

    by: str
    rule: str = ""
    device: str = ""


Act = (
    Acknowledged | Arrived | Verified | Reset | Shelved | Unshelved | Suppressed | OutOfService | Released
    | MadeReal | HandedOver | Accepted | Declined | Closed | Commented
)  # fmt: skip
Fact = Verdict | Raised | Act | StepDue | Lapsed | Removed
