"""Thinks. A rule: what to look for (condition), where (selector), and what the alert it raises is like."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from ingest.campus.device import Device
from ingest.campus.kinds import COMMON_METRICS, KINDS, UNREGISTERED
from ingest.campus.registry import Registry
from ingest.reading import Reading
from ingest.topology import carries
from rules.memory import Memories, Memory
from rules.schedule import Schedule
from rules.verdict import Class, Evidence, Holds, Text, Verdict

if TYPE_CHECKING:
    from rules.gather import Scene

UNKNOWN = "unknown"  # the word of a reading whose value the device does not know
BLIND = (UNKNOWN, "fault", "disabled")  # words of a device that cannot sense: none of them means normal

Step = tuple[Memory | None, Verdict | None]
Scope = Literal["point", "device", "zone", "place"]
Same = Literal["device", "zone", "place", "building", "gateway"]


class Starts(NamedTuple):
    """The values that may start something: these words, numbers outside `low` to `high`, or every value."""

    words: tuple[str, ...] = ()
    low: float = float("-inf")
    high: float = float("inf")
    everything: bool = False


class Condition(msgspec.Struct, frozen=True):
    """What to look for. Each kind of condition is one file of rules/conditions/.

    `read` says what one reading does to one pair (its row afterwards, the same object when nothing changed),
    `fire` what the passing of the row's deadline does.
    """

    metrics: tuple[str, ...]

    @property
    def compared(self) -> str:
        """What a value is compared with, in words."""
        raise NotImplementedError

    @property
    def gathers(self) -> bool:
        """Whether it judges more than one point together, by `weigh`."""
        return False

    @property
    def momentary(self) -> bool:
        """Whether it happens and has no end of its own, so that each report is a new occurrence."""
        return False

    @property
    def looks_around(self) -> bool:
        """Whether it needs more than the reading and its own row, and gets it by `informed`."""
        return False

    @property
    def broke(self) -> Exception | None:
        """Of one that was informed: why it could not be judged, where that is a mistake of the rule."""
        return None

    @property
    def noted(self) -> str:
        """Of one that was informed: what it knows besides the reading, for the evidence."""
        return ""

    def informed(self, scene: "Scene", rule: "Rule", reading: Reading, device: Device) -> "Condition":
        """The same condition, knowing what it looks at besides this reading. At a deadline the reading is
        the remembered one, received at that deadline."""
        return self

    def starts(self) -> Starts:
        return Starts(everything=True)

    def read(self, rule: "Rule", before: Memory | None, reading: Reading, device: Device) -> Step:
        raise NotImplementedError

    def fire(self, rule: "Rule", row: Memory, device: Device) -> Step:
        raise NotImplementedError

    def weigh(
        self, peers: Sequence[Device], memories: Memories, rules: Mapping[str, "Rule"], rule: "Rule"
    ) -> tuple[Holds, float, tuple[Evidence, ...]]:
        """Of one that gathers: whether it holds for these devices, how many count, and what they said."""
        raise NotImplementedError

    def fits(self, row: Memory) -> bool:
        """Whether a row that an earlier version of the rule left behind still means something."""
        raise NotImplementedError


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

    def takes(self, kind: str) -> bool:
        return kind in self.kinds if self.kinds else kind != UNREGISTERED

    def matches(self, device: Device, registry: Registry) -> bool:
        return self.takes(device.kind) and (
            (not self.devices or device.id in self.devices)
            and (not self.zones or device.zone in self.zones)
            and (
                not self.labels or all(device.labels.get(at) in wanted for at, wanted in self.labels.items())
            )
            and (not self.places or any(place.id in self.places for place in registry.path(device.place)))
            and (not self.gateway_of or carries(registry, device.id) in self.gateway_of)
        )

    @property
    def everywhere(self) -> bool:
        """Whether nothing but the kind is asked."""
        return not (self.devices or self.places or self.zones or self.labels or self.gateway_of)


class Reference(NamedTuple):
    """Another rule that a rule names, and where it does so ("file:line:column  path")."""

    rule: str
    where: str


class Shadow(NamedTuple):
    """How long a rule tells nobody: so many ms from when it came into force, or through the day `until`."""

    lasts: int
    until: str = ""


class Suppressor(NamedTuple):
    """A rule that hides this one while it holds for the same device (zone, place, building), or for a gateway
    through which the device speaks."""

    rule: str
    same: Same


class Rule(msgspec.Struct, frozen=True):
    """One rule as it was read. Delays are ms.

    `version` is a short hash of the rule's text (comments and layout do not count). `scope`: what the subject
    is. `source` is "file:line", `delayed_at` the place of its on-delay. `refers`: every rule that this one
    names. `shadow`: judged, and told to nobody. `schedule`: when it is asked at all (None: always).
    `hazard`: what it finds is to be mended.
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
    plan: str | None = None
    scope: Scope = "point"
    version: str = ""
    source: str = ""
    delayed_at: str = ""
    suppressed_by: tuple[Suppressor, ...] = ()
    refers: tuple[Reference, ...] = ()
    shadow: Shadow | None = None
    hazard: bool = False
    schedule: Schedule | None = None

    @property
    def compared(self) -> str:
        """What a value is compared with, and when."""
        more = f"; {self.schedule.text}" if self.schedule is not None else ""
        return self.condition.compared + more

    @property
    def by_device(self) -> bool:
        return self.scope == "device"

    def subject(self, device: str, metric: str) -> str:
        """The pair that a reading of this point belongs to: the point "device/metric", or the device."""
        return device if self.scope == "device" else f"{device}/{metric}"

    def place_of(self, device: Device) -> str | None:
        """What a rule that gathers judges this device as a part of."""
        return {"device": device.id, "zone": device.zone, "place": device.place}.get(self.scope)

    def subjects(self, device: Device) -> tuple[str, ...]:
        """Everything that the rule can tell something of which this device is, or is a part of."""
        if self.scope == "point":
            return tuple(f"{device.id}/{metric}" for metric in self.condition.metrics)
        subject = self.place_of(device)
        return () if subject is None else (subject,)

    def covers(self, kind: str, metric: str) -> bool:
        """Whether the rule looks at this metric of devices of this kind (places, zones, labels apart)."""
        return metric in self.condition.metrics and self.selector.takes(kind)


def reportable(kind: str) -> tuple[str, ...]:
    """Every metric a device of this kind can report."""
    return (*KINDS[kind].metrics, *COMMON_METRICS)
