"""Thinks. A drill or a test: who declares it, what it is to show, when it counts and how it ends.

It is declared with a scope (alerts/drills/drillscope.py says what that takes in), and for a whole building a
second person must agree: until then it does not count. It ends at a stored moment at the latest, or when
somebody says so: what still stands is then real (alerts/lifecycle.py). Points that were to speak and did not
become hazards.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Literal

import msgspec
from msgspec.structs import replace

from alerts import refusal
from alerts.alert import TOCSIN, Mode
from alerts.duty.people import Directory
from alerts.hazards.found import Found
from alerts.reasons import MINUTE
from alerts.refusal import Refused
from ingest.campus.device import OWN
from ingest.campus.kinds import KINDS, UNREGISTERED
from ingest.campus.registry import Registry
from rules.verdict import Class, Text

LONGEST = 60  # minutes
AHEAD = 31 * 24 * 60 * MINUTE  # ms that one may be declared before it starts
SILENT = "silent_in_drill"  # the cause of a hazard


class State(StrEnum):
    WAITING = "waiting"  # for the second person: it does not count
    PLANNED = "planned"
    RUNNING = "running"
    OVER = "over"


class Ending(StrEnum):
    NOT_YET = ""
    DONE = "done"  # what was to speak and did not is a hazard
    BROKEN_OFF = "broken_off"  # nobody is judged by it
    REAL = "real"  # somebody said that an alert of it is real
    NEVER = "never"  # it never counted


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """`points` are the devices that are to speak, `zones` those where several may, `people` the only ones who
    are told. `alert_class` and `kinds`: of which alerts and devices. `pair`: a second person must agree.
    `spoke`: of the points, written when it ends. `id` 0 until it is stored."""

    mode: Mode
    title: str
    places: tuple[str, ...]
    kinds: tuple[str, ...]
    points: tuple[str, ...]
    zones: tuple[str, ...]
    people: tuple[str, ...]
    sirens: bool
    pair: bool
    declared_by: str
    declared_at: int
    starts_at: int
    ends_at: int
    alert_class: Class = Class.ALARM
    id: int = 0
    agreed_by: str = ""
    agreed_at: int | None = None
    ended_by: str = ""
    ended_at: int | None = None
    ending: Ending = Ending.NOT_YET
    spoke: tuple[str, ...] = ()

    @property
    def begins(self) -> int | None:
        """From when it counts; None while nobody has agreed to it."""
        if not self.pair:
            return self.starts_at
        return None if self.agreed_at is None else max(self.starts_at, self.agreed_at)

    def runs(self, moment: int) -> bool:
        begins = self.begins
        return self.ended_at is None and begins is not None and begins <= moment < self.ends_at

    @property
    def due_at(self) -> int | None:
        return None if self.ended_at is not None else self.ends_at

    @property
    def silent(self) -> tuple[str, ...]:
        """The points that were to speak and did not; none where it was not judged."""
        if self.ending is not Ending.DONE:
            return ()
        return tuple(point for point in self.points if point not in self.spoke)

    def state(self, now: int) -> State:
        if self.ended_at is not None or now >= self.ends_at:
            return State.OVER
        if self.begins is None:
            return State.WAITING
        return State.RUNNING if self.runs(now) else State.PLANNED


class DrillDeclared(msgspec.Struct, frozen=True, kw_only=True):
    """`starts_at` None: now."""

    by: str
    mode: Literal[Mode.DRILL, Mode.TEST]
    title: str
    places: tuple[str, ...]
    kinds: tuple[str, ...]
    minutes: int
    people: tuple[str, ...]
    points: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    sirens: bool = False
    alert_class: Class = Class.ALARM
    starts_at: int | None = None


class DrillAgreed(msgspec.Struct, frozen=True):
    drill: int
    by: str


class DrillEnded(msgspec.Struct, frozen=True):
    """Before its time, or taken back. `broken_off`: nobody is judged by it."""

    drill: int
    by: str
    broken_off: bool = False


class DrillOver(msgspec.Struct, frozen=True):
    """Its end has come. `due` is that deadline."""

    drill: int
    due: int


DrillFact = DrillDeclared | DrillAgreed | DrillEnded | DrillOver
DRILL_FACTS = (DrillDeclared, DrillAgreed, DrillEnded, DrillOver)


def declared(fact: DrillDeclared, registry: Registry, directory: Directory, now: int) -> Drill:
    """The new drill. Raises Refused."""
    starts_at = now if fact.starts_at is None else fact.starts_at
    _check_words(fact, registry, directory)
    if not 1 <= fact.minutes <= LONGEST:
        raise Refused(refusal.DRILL_LENGTH)
    if not now <= starts_at <= now + AHEAD:
        raise Refused(refusal.DRILL_START)
    made = Drill(
        mode=Mode(fact.mode),
        title=fact.title.strip(),
        places=fact.places,
        kinds=fact.kinds,
        points=fact.points,
        zones=fact.zones,
        people=fact.people,
        sirens=fact.sirens,
        alert_class=fact.alert_class,
        pair=whole_building(fact.places, registry),
        declared_by=fact.by,
        declared_at=now,
        starts_at=starts_at,
        ends_at=starts_at + fact.minutes * MINUTE,
    )
    _check_points(made, registry)
    return made


def _check_words(fact: DrillDeclared, registry: Registry, directory: Directory) -> None:
    """That everything it names is there."""
    if fact.mode not in (Mode.DRILL, Mode.TEST):
        raise Refused(refusal.DRILL_MODE)
    if not fact.title.strip():
        raise Refused(refusal.REASON_MISSING)
    for names, known, missing in (
        (fact.places, registry.places, refusal.UNKNOWN_PLACE),
        (fact.kinds, KINDS.keys() - {"service", UNREGISTERED}, refusal.UNKNOWN_KIND),
    ):
        if not names or any(name not in known for name in names):
            raise Refused(missing)
    if any(zone not in registry.zones for zone in fact.zones):
        raise Refused(refusal.UNKNOWN_ZONE)
    if not fact.people:
        raise Refused(refusal.NOBODY_IN_DRILL)
    for person in fact.people:
        if person not in directory.persons:
            raise Refused(refusal.UNKNOWN_PERSON, person)


def _check_points(drill: Drill, registry: Registry) -> None:
    """Two in a zone that is not scheduled could not both speak in the drill: the second would be real."""
    homes: set[str] = set()
    for point in drill.points:
        device = registry.devices.get(point)
        if device is None or not within(device.place, drill.places, registry):
            raise Refused(refusal.POINT_OUTSIDE)
        if device.kind not in drill.kinds:
            raise Refused(refusal.POINT_OF_OTHER_KIND)
        home = device.zone or device.place
        if home in homes and not scheduled(drill, home):
            raise Refused(refusal.ZONE_NOT_SCHEDULED)
        homes.add(home)


def scheduled(drill: Drill, home: str) -> bool:
    """Whether several devices of this zone may speak; those without one count to their place."""
    return home in drill.zones or home in drill.places


def within(place: str, outer: Collection[str], registry: Registry) -> bool:
    return any(part.id in outer for part in registry.path(place))


def whole_building(places: Collection[str], registry: Registry) -> bool:
    """Whether the scope takes in all of some building: by its name, or piece by piece."""
    root = registry.root.id
    buildings = [p.id for p in registry.places.values() if p.level == "building" or p.parent == root]
    if any(within(building, places, registry) for building in (root, *buildings)):
        return True
    there: dict[str, list[str]] = {}
    for device in registry.devices.values():
        for part in registry.path(device.place) if device.id != OWN else ():
            there.setdefault(part.id, []).append(device.place)
    return any(
        len(there.get(building, ())) > 1 and all(within(at, places, registry) for at in there[building])
        for building in buildings
    )


def step(drill: Drill, fact: DrillAgreed | DrillEnded | DrillOver, now: int, real: bool = False) -> Drill:
    """What it becomes; `real`: it ends because somebody said that an alert of it is real. Raises Refused; a
    deadline is never refused."""
    if isinstance(fact, DrillOver):
        if drill.ended_at is not None or fact.due != drill.ends_at:
            return drill
        ending = Ending.NEVER if drill.begins is None else Ending.DONE
        return replace(drill, ended_by=TOCSIN, ended_at=now, ending=ending)
    if drill.state(now) is State.OVER:
        raise Refused(refusal.DRILL_OVER)
    if isinstance(fact, DrillAgreed):
        if drill.begins is not None:
            raise Refused(refusal.DRILL_AGREED)
        if fact.by == drill.declared_by:
            raise Refused(refusal.DRILL_BY_ANOTHER)
        return replace(drill, agreed_by=fact.by, agreed_at=now)
    ending = Ending.BROKEN_OFF if fact.broken_off else Ending.DONE
    if real:
        ending = Ending.REAL
    if not drill.runs(now):
        ending = Ending.NEVER
    return replace(drill, ended_by=fact.by, ended_at=now, ending=ending)


def hazards(drill: Drill, registry: Registry, now: int) -> list[Found]:
    """One for each point that was to speak and did not."""
    named = Text("演练中应报警而未报警", "Was to speak in a drill and did not")
    if drill.mode is Mode.TEST:
        named = Text("测试中应报警而未报警", "Was to speak in a test and did not")
    found: list[Found] = []
    for point in drill.silent:
        device = registry.devices.get(point)
        if device is not None:
            found.append(
                Found(
                    alert=0,
                    source="drill",
                    device=point,
                    place=device.place,
                    cause=SILENT,
                    by=drill.ended_by,
                    moment=now,
                    title=named,
                    note=drill.title,
                    life_safety=device.life_safety,
                )
            )
    return found
