"""Thinks. What the API answers of hazards, incidents, drills and what is hidden, for its documentation."""

from typing import Any, Literal

from pydantic import Field

from dashboard.rest.shapes import MOMENT, Alert, Duty, Line, Moment, Names, OnDuty, Page, Shape


class Hazard(Shape):
    """Something that somebody has to mend."""

    id: int = Field(examples=[12])
    code: str = Field(examples=["H12"])
    title: Names
    cause: str
    source: Literal["rule", "drill", "false_alarm", "delivery", "person"]
    device: str
    place: str
    owner: str = Field(description="The id of a person, a team or a post.")
    life: Literal["open", "closed"]
    mending: Literal["standing", "mended"]
    recheck: Literal["none", "passed", "failed"]
    term: Literal["running", "overdue"]
    due_at: int = Field(description="Until when it is to be mended; once it is mended, rechecked.")
    found_by: str
    found_at: int = Field(description=MOMENT)
    times: int
    reopened: int
    mended_by: str
    mended_at: Moment
    evidence: str
    rechecked_by: str
    rechecked_at: Moment
    finding: str


class Hazards(Page):
    hazards: list[Hazard]


class HazardChanged(Shape):
    hazard: Hazard


class RecordLine(Line):
    """`detail.photo` is the hash of a photo."""


class WholeHazard(Hazard):
    """With what befell it, the oldest first, and the hashes of its photos."""

    history: list[RecordLine]
    photos: list[str]


class Incident(Shape):
    """Several alerts handled as one. `alerts`: their ids."""

    id: int
    life: Literal["open", "closed"]
    open: bool
    commander: str = Field(description="A person's id; a post's while `command` says so.")
    command: Literal["nobody", "post", "owned", "offered"]
    offered_to: str
    opened_by: str
    opened_at: int = Field(description=MOMENT)
    closed_at: Moment
    alerts: list[int]


class Incidents(Page):
    incidents: list[Incident]


class WholeIncident(Incident):
    """With the alerts that are within reach, and one timeline of all of them."""

    cards: list[Alert]
    timeline: list[dict[str, Any]]


class IncidentChanged(Shape):
    incident: int
    alerts: list[Alert]


class Drill(Shape):
    """A drill or a test: declared, scoped, timed."""

    id: int
    mode: Literal["drill", "test"]
    state: Literal["waiting", "planned", "running", "over"]
    title: str
    places: list[str]
    kinds: list[str]
    points: list[str] = Field(description="Devices that are to speak.")
    zones: list[str]
    people: list[str]
    sirens: bool
    declared_by: str
    declared_at: int
    agreed_by: str
    agreed_at: Moment
    begins: Moment
    ends_at: int
    ended_at: Moment
    spoke: list[str]
    silent: list[str]


class DrillsStanding(Shape):
    """Those that wait for the second person, are planned, or run."""

    standing: list[Drill]


class Drills(DrillsStanding, Page):
    """`over`: those that are over, the newest first, by pages."""

    over: list[Drill]


class WholeDrill(Drill):
    """The record: each point, the alerts, who was told, who answered when, and the log."""

    coverage: list[dict[str, Any]]
    heard: int
    alerts: list[dict[str, Any]]
    answers: list[dict[str, Any]]
    told: list[dict[str, Any]]
    timeline: list[dict[str, Any]]


class Impairment(Shape):
    """An entry of the impairment register."""

    id: int
    scope: Literal["device", "zone", "place"]
    target: str
    state: Literal["proposed", "in_force", "over"]
    owner: str
    reason: str
    patrol: str
    life_safety: bool
    declared_by: str
    declared_at: int
    agreed_by: str
    since: Moment
    until: int
    ended_by: str
    ended_at: Moment
    end_reason: str
    devices: int
    vital: int = Field(description="How many of its devices are of life safety.")
    hid: dict[str, int] = Field(description="Alerts it hid, their activations, those of life safety.")


class Inhibited(Shape):
    """All that is hidden now, and the newest entries that are over (`past`)."""

    entries: list[Impairment]
    past: list[Impairment]
    shelved: list[Alert]
    suppressed: list[Alert]
    out: list[Alert]
    suppressed_lately: dict[str, int] = Field(description="In the last 24 hours.")


class Raised(Shape):
    alert: int = Field(description="The number of the new alert.")
    alerts: list[Alert]


class Found(Names):
    """A place; `zh` and `en` are whole paths."""

    id: str


class PlacesFound(Shape):
    places: list[Found]


class Person(Names):
    id: str
    teams: list[str]


class Persons(Shape):
    persons: list[Person]


class Policies(Shape):
    policies: list[dict[str, Any]]


class Posts(Duty):
    problems: list[str] = Field(description="What keeps alerts from their people, in words.")


class Stretch(Shape):
    """A stretch of duty, in milliseconds."""

    start: int
    end: int
    who: list[str]


class Swap(Shape):
    """A swap of shifts; it counts once `answer` is accepted."""

    id: int
    day: str
    giver: str
    taker: str
    back: str


class WholePost(OnDuty):
    """The roster of a post."""

    order: list[str]
    shifts: list[dict[str, Any]]
    overrides: list[dict[str, Any]]
    fetched: bool = Field(description="Whether a calendar is fetched for it from elsewhere.")
    version: str = Field(description="Send it with a change: nobody overwrites what they have not seen.")
    watches: list[Stretch] = Field(description="The next two weeks.")
    gaps: list[Stretch] = Field(description="The next seven days: stretches in which nobody can be told.")
    swaps: list[Swap]
