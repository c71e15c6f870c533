"""Thinks. The facts that can befall an alert; what each does to its axes is written in alerts/lifecycle.py.

Moments are int ms since 1970 UTC; `by` is the id of a person, or "tocsin".
"""

from typing import Literal

import msgspec

from alerts.axes import Verification
from alerts.incidents.attached import Photographed, PutIn, TakenOut
from rules.verdict import Class, Text, Verdict


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


class Joined(msgspec.Struct, frozen=True):
    """The second person: one stays, one goes."""

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
    """An entry of the impairment register hides it."""

    alert: int
    by: str
    reason: str
    until: int
    impairment: int = 0


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


class Ticked(msgspec.Struct, frozen=True):
    """A step of its plan is done; `step` is the step's id."""

    alert: int
    by: str
    step: str
    note: str = ""


class Raised(msgspec.Struct, frozen=True):
    """A person raises it: the office was telephoned. `plan` is the one to be followed: no kind of device says
    which. `caller` and `callback` are contact data, kept beside the record and never in the log."""

    by: str
    place: str
    title: Text
    alert_class: Class
    note: str = ""
    caller: str = ""
    callback: str = ""
    plan: str | None = None


class Closed(msgspec.Struct, frozen=True):
    alert: int
    by: str
    reason: str


class Commented(msgspec.Struct, frozen=True):
    alert: int
    by: str
    note: str


class CannotCome(msgspec.Struct, frozen=True):
    """Who was told says that they will not be there. `via` names the door."""

    alert: int
    by: str
    via: str = ""


class StepDue(msgspec.Struct, frozen=True):
    """The deadline of the next escalation step has come. `due` is that deadline."""

    alert: int
    due: int


class Lapsed(msgspec.Struct, frozen=True):
    """A promise, a handover or a shelf (or term out of service) ran out at `due`."""

    alert: int
    what: Literal["promise", "handover", "shelf", "drill"]
    due: int


class Removed(msgspec.Struct, frozen=True):
    """A rule or a device was removed from the campus; every open alert of it stays, and says so."""

    by: str
    rule: str = ""
    device: str = ""


class Registered(msgspec.Struct, frozen=True):
    """Its device, of which nothing was known, is in the registry now. The alert becomes that of `verdict`:
    what a rule finds of the registered device; None where it is over or no rule looks for it."""

    alert: int
    by: str
    device: str
    kind: str
    place: str
    title: Text
    verdict: Verdict | None = None


class Gone(msgspec.Struct, frozen=True):
    """A person is no longer there. What they own on any open alert is the `post`'s again and sounds; what was
    offered to them bounces; where they were the second person, another one is wanted."""

    person: str
    by: str
    what: Literal["removed", "off_shift"]
    post: str = "duty"


class Rerouted(msgspec.Struct, frozen=True):
    """People or policies were changed while it is open: `was` the policy, and whom the next step `tells` now,
    at `due`."""

    alert: int
    by: str
    was: str
    policy: str
    tells: tuple[str, ...]
    due: int | None


Act = (
    Acknowledged | Arrived | Verified | Reset | Shelved | Unshelved | Suppressed | OutOfService | Released
    | MadeReal | HandedOver | Accepted | Declined | Closed | Commented | CannotCome | Joined | Ticked
    | Photographed | PutIn | TakenOut
)  # fmt: skip
Fact = Verdict | Raised | Act | StepDue | Lapsed | Removed | Gone | Rerouted | Registered
