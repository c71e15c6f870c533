"""Thinks. A reading (one value of one point), a decoded message, and a rejected one.

Moments are int milliseconds since 1970-01-01 UTC everywhere in Tocsin.
"""

from enum import StrEnum
from typing import Any

import msgspec

from ingest.campus.device import Device


class TimeQuality(StrEnum):
    DEVICE = "device"  # the device's own clock, found plausible
    RECEIVED = "received"  # the device sent no time
    IMPLAUSIBLE = "implausible"  # the device's clock is wrong: event_time is the receive time
    HISTORIC = "historic"  # replayed from the device's memory: for the history, judged by no rule


NO_LIFE = ("supervision", "link", "unprotected")  # what is said about a device, not by it


class Reading(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One value of one point. A point is (device, metric).

    `value` is a float for a measured metric (in the metric's unit, see campus.kinds.METRICS) and a word
    for a state or an event. `retained`: restored by the broker, not live: it may raise what is not yet
    known, and never notifies again about what is. `note` is a short explanation for a person (may be "").
    """

    device: str
    metric: str
    value: float | str
    received: int
    event_time: int
    time_quality: TimeQuality = TimeQuality.RECEIVED
    retained: bool = False
    note: str = ""

    @property
    def point(self) -> str:
        return f"{self.device}/{self.metric}"


class Decoded(msgspec.Struct, gc=False):
    """What one message said: its readings, and (boot, sequence) where the device numbers its messages.

    `alive` is False for what says nothing about the device itself being alive: a last will, an
    availability topic, cached state replayed by a bridge. `interval`: seconds after which it will speak
    again at the latest, where it states that itself.
    """

    device: str
    readings: list[Reading]
    boot: int | None = None
    sequence: int | None = None
    alive: bool = True
    interval: int | None = None


class Reason(StrEnum):
    """Why a message went to quarantine."""

    BAD_TOPIC = "bad_topic"
    OVERSIZE = "oversize"
    MALFORMED = "malformed"
    TOO_DEEP = "too_deep"
    IDENTITY = "identity"  # the payload names another device than the topic: a security event
    FAILED = "failed"  # our own decoder failed on it: our bug, kept for mending


class Rejected(msgspec.Struct):
    """A message that could not be read: why, in a sentence for a person, and the first bytes of it. `device`:
    whose topic it is, where that is known."""

    reason: Reason
    detail: str
    topic: str
    sample: bytes
    received: int
    device: str = ""


class Announced(msgspec.Struct, frozen=True):
    """A device that its gateway or itself makes known: it waits in the pending tray until it is registered.

    `kind` is what it most likely is, "" where that is not said; `note` helps the person who registers it.
    `document` is the definition to approve, for a dialect that proposes one (see Dialect.define). `changed`:
    what it says otherwise than the one that a person approved, "" if nothing; None where none is approved.
    """

    address: str
    kind: str = ""
    name: str = ""
    model: str = ""
    note: str = ""
    document: dict[str, Any] | None = None
    changed: str | None = None
    stand_in: Device | None = None  # set by the decoder


class Parts(msgspec.Struct, gc=False):
    """What a message says that concerns several devices, or that later messages need to be understood.

    `learned`: key → a JSON-like value, None to forget; it comes back as `Known.learned`, also after a
    restart. `replies`: topic and payload of what the sender must be told after the commit.
    """

    heard: list[Decoded] = msgspec.field(default_factory=list)
    rejected: list[Rejected] = msgspec.field(default_factory=list)
    announced: list[Announced] = msgspec.field(default_factory=list)
    learned: dict[str, Any] = msgspec.field(default_factory=dict)
    replies: list[tuple[str, bytes]] = msgspec.field(default_factory=list)


class Ignored(msgspec.Struct):
    """A message that is understood and means nothing to us (a command topic, a bridge's log)."""
