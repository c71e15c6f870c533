"""Thinks. The settings of this room: its limits, and calendars. (Those of a channel lie beside it.)"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from alerts.limits import HAZARD_DAYS, Limits
from alerts.reasons import HOUR, SHELVE_LIMIT
from rules.verdict import Class


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


class AlertsSettings(_Settings):
    """Limits of what hides alerts, and of hazards. `out_of_service`: the most hours of one entry."""

    calendars: CalendarsSettings = Field(default_factory=CalendarsSettings)
    shelf: ShelfSettings = Field(default_factory=ShelfSettings)
    out_of_service: Hours = Limits().out_of_service / HOUR
    hazards: HazardSettings = Field(default_factory=HazardSettings)

    def limits(self) -> Limits:
        days = {source: getattr(self.hazards, source) for source in HAZARD_DAYS}
        return Limits(
            shelf={one: int(getattr(self.shelf, one.value) * HOUR) for one in Class},
            shelved=self.shelf.at_once,
            out_of_service=int(self.out_of_service * HOUR),
            hazard_days={source: (one.life_safety, one.other) for source, one in days.items()},
            recheck_days=self.hazards.recheck,
        )
