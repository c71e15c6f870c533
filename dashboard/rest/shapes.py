"""Thinks. What the API answers, for its documentation. More fields may come; none of these goes in v1."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MOMENT = "milliseconds since 1970, UTC"
Moment = int | None


class Shape(BaseModel):
    model_config = ConfigDict(extra="allow")


class Mistake(Shape):
    where: str = Field(examples=["body.note", "query.limit"])
    what: str = Field(examples=["missing"])


class Problem(Shape):
    """RFC 9457. `type` is stable, for programs; the words are for people, in their language."""

    type: str = Field(examples=["urn:tocsin:problem:refused"])
    title: str
    status: int
    detail: str = Field(description="What is wrong, where, and what to do.")
    instance: str
    errors: list[Mistake] = []


class Names(Shape):
    zh: str
    en: str


class Alert(Shape):
    """One alert on its independent axes."""

    id: int = Field(examples=[17])
    code: str = Field(description="Short, for a reply by SMS; unique among open alerts.", examples=["K7Q"])
    class_: Literal["alarm", "supervisory", "trouble", "status"] = Field(alias="class")
    title: Names
    device: str
    place: str
    priority: int
    life_safety: bool
    open: bool
    activity: Literal["normal", "active", "unknown"]
    acknowledgement: Literal["not_needed", "no", "promised", "kept"]
    acknowledged_by: str
    acknowledged_via: str = Field(
        description="The door it was taken by: dashboard, a channel, `button:` and a device; or not said."
    )
    acknowledged_at: Moment
    verification: Literal["not_needed", "pending", "confirmed", "false", "undetermined"]
    owner: str = Field(description="A person's id; nobody: empty.")
    ownership: Literal["nobody", "post", "owned", "offered"]
    offered_to: str
    inhibition: Literal["none", "shelved", "suppressed", "out_of_service"]
    mode: Literal["real", "drill", "test"]
    latch: Literal["free", "held", "ready"]
    raised_at: int = Field(description=MOMENT, examples=[1795337000000])
    raised_by: str
    next: list[Any] = Field(description="Whom the next step of the ladder tells.")


class Page(Shape):
    next: str | None = Field(description="Send it as `cursor` for the next page; null: there is none.")


class Alerts(Page):
    alerts: list[Alert]


class Changed(Shape):
    """The alerts that an act changed, and by number why any was refused."""

    alerts: list[Alert]
    problems: dict[str, str]


class Line(Shape):
    seq: int
    at: int = Field(description=MOMENT)
    fact: str = Field(examples=["raised", "acknowledged"])
    by: str = Field(description="A person's id, api:NAME for a machine, or tocsin.")
    detail: dict[str, Any]


class Log(Page):
    log: list[Line]


class Stamp(Shape):
    state: str = Field(examples=["delivered"])
    at: int
    note: str


class Notice(Shape):
    id: int
    person: str
    channel: str
    purpose: str
    why: str
    state: str
    owed_at: int
    settled_at: Moment
    attempts: int
    note: str
    stamps: list[Stamp] = Field(description="every change of its state, the oldest first")


class Notices(Page):
    notices: list[Notice]


class Point(Shape):
    metric: str = Field(examples=["temperature"])
    value: float | str
    event_time: int
    received: int
    unit: str


class Device(Shape):
    id: str
    kind: str
    place: str
    zone: str | None
    owner: str | None
    zh: str
    en: str
    supervision: str = Field(description="reporting, late, silent, never, unknown or unsupervised")
    heard: Moment


class Devices(Page):
    devices: list[Device]


class WholeDevice(Device):
    """With its latest points and its open alerts."""

    points: list[Point]
    alerts: list[Alert]


class Place(Shape):
    id: str
    zh: str
    en: str
    parent: str | None
    state: str = Field(
        description="The worst there: alarm, supervisory, trouble, silent, status, out, normal."
    )


class Places(Shape):
    places: list[Place]


class OnDuty(Shape):
    post: str
    who: list[str]
    until: Moment
    then: list[str]


class Duty(Shape):
    now: int
    posts: list[OnDuty]


class Series(Shape):
    """`points`: [moment, low, mean, high] of a number; `words`: [moment, word] of a state or an event."""

    device: str
    metric: str
    unit: str
    points: list[list[float]] = []
    words: list[tuple[int, str]] = []


class Rule(Shape):
    id: str
    version: str
    source: str
    since: Moment
    shadow: bool
    said: list[str] = Field(description="The rule in words, in the caller's language.")


class Rules(Shape):
    version: str
    refused: str = Field(description="Why newer files are not in force; empty: they are.")
    rules: list[Rule]


class Version(Shape):
    id: int
    at: int
    what: str
    version: str
    changed_by: str
    reason: str


class WholeRule(Rule):
    body: dict[str, Any] = Field(description="As its file states it.")
    versions: list[Version]


class Report(Shape):
    at: int
    total: dict[str, int]
    devices: list[dict[str, Any]]


class Status(Shape):
    version: str
    now: int
    ready: bool
    health: dict[str, Any]


class Me(Shape):
    name: str
    person: str
    role: str
    language: str
    scope: list[str] = Field(description="Places; empty: everywhere.")
    may: list[str] = Field(description="What the role may do.")
