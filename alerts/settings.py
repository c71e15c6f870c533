"""Thinks. The settings of this room: its limits, and calendars. (Those of a channel lie beside it.)"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from alerts.delivery import bundle
from alerts.duty.canary import Plan
from alerts.duty.hours import minute
from alerts.limits import HAZARD_DAYS, Limits
from alerts.reasons import HOUR, SHELVE_LIMIT
from rules.verdict import Class

MINUTE = 60_000


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Hours = Annotated[float, Field(gt=0, le=8760)]
Days = Annotated[int, Field(ge=0, le=365)]


class ShelfSettings(_Settings):
    """The most hours that an alert of a class may be shelved at once, and how many alerts at once."""

    alarm: Hours = SHELVE_LIMIT[Class.ALARM] / HOUR
    supervisory: Hours = SHELVE_LIMIT[Class.SUPERVISORY] / HOUR
    trouble: Hours = SHELVE_LIMIT[Class.TROUBLE] / HOUR
    status: Hours = SHELVE_LIMIT[Class.STATUS] / HOUR
    at_once: int = Field(Limits().shelved, ge=0, le=10_000)


class HazardDays(_Settings):
    """Days until it must be mended."""

    life_safety: Days
    other: Days


def _days(source: str) -> Any:
    vital, other = HAZARD_DAYS[source]
    return Field(HazardDays(life_safety=vital, other=other))


class HazardSettings(_Settings):
    """When hazards are due, by what found them; and how long a mended one may wait for its recheck."""

    rule: HazardDays = _days("rule")
    drill: HazardDays = _days("drill")
    false_alarm: HazardDays = _days("false_alarm")
    delivery: HazardDays = _days("delivery")
    person: HazardDays = _days("person")
    recheck: Days = Limits().recheck_days


class CalendarsSettings(_Settings):
    """Calendars of posts that are fetched. `inside`: also from addresses in our own network, which are
    refused otherwise; `ca` is a PEM file that vouches for them."""

    inside: bool = False
    ca: str | None = None


class CanarySettings(_Settings):
    """The test alert of each shift, docs/canary.md. Minutes after its begin, and within which an answer or a
    receipt must come; the time of day where no shift begins; which posts, none for all."""

    on: bool = True
    after_shift_start: float = Field(10, ge=0, le=720)
    within: float = Field(30, ge=1, le=720)
    daily: str = "09:00"
    posts: tuple[str, ...] = ()

    @field_validator("daily")
    @classmethod
    def _is_a_time(cls, value: str) -> str:
        minute(value)
        return value

    def plan(self) -> Plan:
        return Plan(
            on=self.on,
            after=int(self.after_shift_start * MINUTE),
            within=int(self.within * MINUTE),
            daily=minute(self.daily),
            posts=self.posts,
        )


class MessagesSettings(_Settings):
    """How many messages a person gets on a channel, of what is neither an alarm nor about life safety:
    `at_once` in `within` minutes, each as it comes; from then on one in `gather` seconds, for all of it."""

    at_once: int = Field(bundle.AT_ONCE, ge=1, le=100)
    within: float = Field(bundle.WINDOW / MINUTE, gt=0, le=60)
    gather: float = Field(bundle.GATHER / 1000, ge=0, le=600)

    def limits(self) -> bundle.Limits:
        return bundle.Limits(self.at_once, int(self.within * MINUTE), int(self.gather * 1000))


class AlertsSettings(_Settings):
    """Limits of what hides alerts, and of hazards. `out_of_service`: the most hours of one entry."""

    calendars: CalendarsSettings = Field(default_factory=CalendarsSettings)
    canary: CanarySettings = Field(default_factory=CanarySettings)
    shelf: ShelfSettings = Field(default_factory=ShelfSettings)
    out_of_service: Hours = Limits().out_of_service / HOUR
    hazards: HazardSettings = Field(default_factory=HazardSettings)
    messages: MessagesSettings = Field(default_factory=MessagesSettings)

    def limits(self) -> Limits:
        days = {source: getattr(self.hazards, source) for source in HAZARD_DAYS}
        return Limits(
            shelf={one: int(getattr(self.shelf, one.value) * HOUR) for one in Class},
            shelved=self.shelf.at_once,
            out_of_service=int(self.out_of_service * HOUR),
            hazard_days={source: (one.life_safety, one.other) for source, one in days.items()},
            recheck_days=self.hazards.recheck,
        )
