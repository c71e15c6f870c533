"""Thinks. Presses of take buttons: which count, and what each takes.

A button on the wall says "taken" for whoever is on shift at its post: where somebody pressed is known, but
not who. So it can do less than a person: it takes what has sounded and nobody has. It never finds an alert
false or real, and closes nothing. A button that is stuck, or a press that comes late, must not keep anybody
from being told.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from alerts.alert import Alert, Mode
from alerts.duty.people import Directory, Person
from alerts.duty.policy import DUTY
from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.reading import Decoded, Reading, TimeQuality
from rules.verdict import Class

METRIC, PRESSED = "take", "pressed"
DOOR = "button"  # begins the `via` of what it takes, before the device
POST, PLACE = "post", "takes"  # the labels of a button: for which post, and what lies where

QUIET = 10_000  # ms without a press before one that counts: what comes sooner is the same press
SPAN = 10 * 60_000  # ms in which
MOST = 5  # presses count; a button that is pressed more often than that is stuck, or somebody plays with it
LATE = 60_000  # ms after which a press is no answer any more to what sounds now
SETTLING = 30_000  # ms of a new connection in which the broker may still bring what it had kept
REACTION = 1_000  # ms: nobody answers sooner to what has just begun to sound


class Result(StrEnum):
    TAKE = "take"
    NOTHING_OPEN = "nothing_open"
    LATE = "late"
    STUCK = "stuck"
    NOBODY_ON_SHIFT = "nobody_on_shift"
    REFUSED = "refused"


class Press(msgspec.Struct, frozen=True):
    """`at` is when it was pressed, by the button's clock where it has one; `spoilt`: why it takes nothing."""

    device: str
    at: int
    received: int
    spoilt: Result | None = None


class Fingers:
    """Which presses count. Asked once for each message of a button; after a restart it knows the last press
    (`last`: button → ms) and no more."""

    def __init__(self, last: Mapping[str, int] | None = None) -> None:
        self._last = dict(last or {})
        self._counted: dict[str, list[int]] = {}

    def press(self, decoded: Decoded, received: int, since: int) -> list[Press]:
        """What counts of a message, or would. `since`: when the connection was opened on which it came."""
        live = (one for one in decoded.readings if decoded.alive and not one.retained)
        pressed = next((one for one in live if (one.metric, one.value) == (METRIC, PRESSED)), None)
        if pressed is None:
            return []
        last, self._last[decoded.device] = self._last.get(decoded.device), received
        if last is not None and 0 <= received - last < QUIET:
            return []
        counted = [one for one in self._counted.get(decoded.device, ()) if 0 <= received - one < SPAN]
        self._counted[decoded.device] = [*counted, received][-MOST - 1 :]
        if len(counted) > MOST:
            return []  # that it is stuck is said already
        spoilt = Result.STUCK if len(counted) == MOST else None
        if spoilt is None and _kept_for_us(pressed, received, since):
            spoilt = Result.LATE
        return [Press(decoded.device, min(pressed.event_time, received), received, spoilt)]


def _kept_for_us(reading: Reading, received: int, since: int) -> bool:
    """Whether it may have been said long ago."""
    if reading.time_quality is TimeQuality.DEVICE:
        return received - reading.event_time > LATE
    return reading.time_quality is TimeQuality.HISTORIC or received - since < SETTLING


def via(device: Device) -> str:
    return f"{DOOR}:{device.id}"


def post_of(device: Device) -> str:
    return device.labels.get(POST) or DUTY


def place_of(device: Device) -> str:
    return device.labels.get(PLACE) or device.place


def on_behalf(device: Device, directory: Directory, moment: int) -> Person | None:
    """Whoever is first on shift at the button's post; None when nobody is."""
    return next(iter(directory.on_duty(post_of(device), moment)), None)


def taken(
    device: Device, person: Person, pressed: int, alerts: Iterable[Alert], registry: Registry
) -> list[Alert]:
    """What a press takes of the open alerts: at its place, of the gravest class that waits there. So whoever
    runs to a fire has not promised to look after ten flat batteries as well."""
    found = [
        alert
        for alert in alerts
        if alert.acknowledge_needed
        and not alert.inhibited
        and (alert.mode is Mode.REAL or person.id in alert.drill_people)
        and alert.sounded_at is not None
        and alert.sounded_at <= pressed - REACTION
        and any(place.id == place_of(device) for place in registry.path(alert.place))
    ]
    gravest = min((_ORDER.index(alert.alert_class) for alert in found), default=0)
    return [alert for alert in found if _ORDER.index(alert.alert_class) == gravest]


_ORDER = tuple(Class)
