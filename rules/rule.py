"""Thinks. A rule: what to look for (condition), where (selector), and what the alert it raises is like."""

import msgspec

from ingest.campus.device import Device
from ingest.campus.kinds import COMMON_METRICS, KINDS, UNREGISTERED
from ingest.campus.registry import Registry
from ingest.topology import carries
from rules.verdict import Class, Holds, Text

UNKNOWN = "unknown"  # the word of a reading whose value the device does not know
BLIND = (UNKNOWN, "fault", "disabled")  # words of a device that cannot sense: none of them means normal


class State(msgspec.Struct, frozen=True, tag=True):
    """Holds while the metric is one of `words`.

    A detector that burns through goes from alarm to fault: that is not "back to normal". So a rule that
    looks for what a device senses takes `fault` and `disabled` as unknown; one that looks for those very
    words takes them as they are.
    """

    metrics: tuple[str, ...]
    words: tuple[str, ...]

    def judge(self, value: float | str, held: bool) -> Holds:
        if value in self.words:
            return Holds.YES
        senses = not any(word in BLIND for word in self.words)
        return Holds.UNKNOWN if value == UNKNOWN or (senses and value in BLIND) else Holds.NO

    @property
    def compared(self) -> str:
        return f"is {' or '.join(self.words)}"


class Threshold(msgspec.Struct, frozen=True, tag=True):
    """Holds while the metric is above (or below) its limit; let go only `deadband` inside it."""

    metrics: tuple[str, ...]
    above: float | None = None
    below: float | None = None
    deadband: float = 0.0

    def judge(self, value: float | str, held: bool) -> Holds:
        """What `value` says; `held`: the rule holds already, so the deadband counts."""
        if isinstance(value, str) or value != value:  # a word, or not a number: nothing is known
            return Holds.UNKNOWN
        slack = self.deadband if held else 0.0
        if self.above is not None:
            return Holds.YES if value > self.above - slack else Holds.NO
        assert self.below is not None
        return Holds.YES if value < self.below + slack else Holds.NO

    @property
    def compared(self) -> str:
        limit = f"above {self.above:g}" if self.above is not None else f"below {self.below:g}"
        return f"{limit}, deadband {self.deadband:g}" if self.deadband else limit


class Event(msgspec.Struct, frozen=True, tag=True):
    """Each report of one of `words` is a new occurrence; normal again `hold` ms after the last one."""

    metrics: tuple[str, ...]
    words: tuple[str, ...]
    hold: int = 60_000

    @property
    def compared(self) -> str:
        return f"happens: {' or '.join(self.words)}"


class Silence(msgspec.Struct, frozen=True, tag=True):
    """Holds when no live reading with a value came for `silent_for` ms."""

    metrics: tuple[str, ...]
    silent_for: int

    @property
    def compared(self) -> str:
        return f"silent for {self.silent_for // 1000} s"


Condition = State | Threshold | Event | Silence


class Selector(msgspec.Struct, frozen=True):
    """Which devices a rule is for: all that is given must hold. A place stands for its whole subtree. Of an
    unregistered device nothing is known but its alarm, so only rules that name that kind are for it.
    `gateway_of`: what speaks through the device, so that one outage is raised by one rule."""

    kinds: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    labels: dict[str, tuple[str, ...]] = {}
    gateway_of: tuple[str, ...] = ()

    def matches(self, device: Device, registry: Registry) -> bool:
        return (
            (device.kind in self.kinds if self.kinds else device.kind != UNREGISTERED)
            and (not self.devices or device.id in self.devices)
            and (not self.zones or device.zone in self.zones)
            and all(device.labels.get(name) in wanted for name, wanted in self.labels.items())
            and (not self.places or any(place.id in self.places for place in registry.path(device.place)))
            and (not self.gateway_of or carries(registry, device.id) in self.gateway_of)
        )


class Rule(msgspec.Struct, frozen=True):
    """One rule as it was read. Delays are ms.

    `version` is a short hash of the rule's text (comments and layout do not count). `by_device`: the
    subject is the device itself, not its point. `source` is "file:line".
    """

    id: str
    title: Text
    condition: Condition
    selector: Selector = Selector()
    alert_class: Class = Class.TROUBLE
    priority: int = 3
    latch: bool = False
    verify: bool = False
    on_delay: int = 0
    off_delay: int = 0
    policy: str | None = None
    by_device: bool = False
    version: str = ""
    source: str = ""

    def subject(self, device: str, metric: str) -> str:
        """What the rule judges for this point: the point "device/metric", or the device."""
        return device if self.by_device else f"{device}/{metric}"

    def covers(self, kind: str, metric: str) -> bool:
        """Whether the rule looks at this metric of devices of this kind (places, zones, labels apart)."""
        kinds = self.selector.kinds
        return metric in self.condition.metrics and (kind in kinds if kinds else kind != UNREGISTERED)


def reportable(kind: str) -> tuple[str, ...]:
    """Every metric a device of this kind can report."""
    return (*KINDS[kind].metrics, *COMMON_METRICS)
