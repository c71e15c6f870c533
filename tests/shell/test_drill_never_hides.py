"""Touches. P7: in whatever order things happen, no drill takes in what is not in its scope."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select

from alerts import desk, store
from alerts.alert import Acknowledged, Alert, MadeReal, Mode, Origin, Raised
from alerts.delivery.outbox import notification
from alerts.drills.drill import DrillAgreed, DrillDeclared, DrillEnded
from alerts.refusal import Refused
from alerts.tables import metadata
from ingest.campus.device import Device, Place, Zone
from ingest.campus.registry import Registry
from rules.verdict import Class, Evidence, Holds, Text, Verdict
from tests.fakes.campus import LI, MINUTE, NOW, WANG, directory

PLACES = ("campus", "dorm", "dorm-1", "dorm-2", "lab")
KINDS = ("smoke_detector", "heat_detector", "call_point")
ZONES = ("z1", "z2")
REGISTRY = Registry.build(
    [
        Place("campus", "学校", "School"),
        Place("dorm", "宿舍", "Dormitory", "campus"),
        Place("dorm-1", "1室", "Room 1", "dorm"),
        Place("dorm-2", "2室", "Room 2", "dorm"),
        Place("lab", "实验楼", "Laboratories", "campus"),
    ],
    [Zone(zone, zone, zone) for zone in ZONES],
    [
        Device("smoke-1", "smoke_detector", "dorm-1", "z1"),
        Device("smoke-2", "smoke_detector", "dorm-1", "z1"),
        Device("heat-1", "heat_detector", "dorm-1", "z1"),
        Device("call-1", "call_point", "dorm-1"),
        Device("smoke-3", "smoke_detector", "dorm-2", "z1"),
        Device("smoke-4", "smoke_detector", "lab", "z2"),
    ],
)
DEVICES = tuple(name for name in REGISTRY.devices if name != "tocsin")
DIRECTORY = directory()


class World:
    """The desk on an empty database, and what it should make of drills, remembered apart from it."""

    def __init__(self, tx: Connection) -> None:
        self.tx, self.now = tx, NOW
        self.drills: dict[int, DrillDeclared] = {}
        self.begins: dict[int, int] = {}
        self.over: set[int] = set()
        self.spoke: list[tuple[int, str]] = []

    def hear(self, *facts: desk.AnyFact) -> bool:
        try:
            with self.tx.begin_nested():
                desk.apply(self.tx, facts, self.now, DIRECTORY, REGISTRY)
        except Refused:
            return False
        return True

    def wait(self, length: int) -> None:
        self.now += length
        self.hear(*desk.elapsed(self.tx, self.now))

    def say(self, device: str, holds: Holds, alert_class: Class, began: int) -> None:
        if holds is Holds.YES and alert_class is Class.ALARM:
            self.spoke.append((self.now, device))
        self.hear(verdict(f"{device}/x", device, holds, alert_class, self.now, self.now - began))

    def confirm(self, zone: str, devices: list[str]) -> None:
        made = verdict(zone, devices[0], Holds.YES, Class.ALARM, self.now, self.now)
        seen = tuple(Evidence("x", "alarm", self.now, self.now, "", device=one) for one in devices)
        self.spoke += [(self.now, one) for one in devices]
        self.hear(Verdict(**{**{n: getattr(made, n) for n in made.__struct_fields__}, "evidence": seen}))

    def declare(self, fact: DrillDeclared) -> None:
        if self.hear(fact):
            number = len(self.drills) + 1
            self.drills[number] = fact
            if not {"campus", "dorm", "lab"} & set(fact.places) and not {"dorm-1", "dorm-2"} <= set(
                fact.places
            ):
                self.begins[number] = fact.starts_at or self.now

    def agree(self, number: int, by: str) -> None:
        if self.hear(DrillAgreed(number, by)):
            assert by != self.drills[number].by
            self.begins[number] = max(self.drills[number].starts_at or 0, self.now)

    def end(self, number: int) -> None:
        if self.hear(DrillEnded(number, LI)):
            self.over.add(number)

    def runs(self, number: int) -> bool:
        fact = self.drills[number]
        ends = (fact.starts_at or 0) + fact.minutes * MINUTE
        return number not in self.over and self.begins.get(number, self.now + 1) <= self.now < ends

    def alerts(self) -> Iterator[Alert]:
        yield from store.all_open(self.tx)

    def holds(self) -> None:
        for alert in self.alerts():
            if alert.mode is not Mode.REAL:
                self.belongs(alert)
        for row in self.tx.execute(select(notification)).mappings():
            told = store.read(self.tx, row["alert"])
            if row["short"].startswith(("【演练】", "[DRILL]")):
                assert told is not None
                assert row["person"] in self.drills[told.drill].people
            elif told is not None and told.mode is not Mode.REAL:
                raise AssertionError("somebody was told of a drill as if it were real")

    def belongs(self, alert: Alert) -> None:
        assert self.runs(alert.drill), "no drill that is over, or not begun, holds an alert"
        fact, begins = self.drills[alert.drill], self.begins[alert.drill]
        assert alert.origin is Origin.RULE
        assert alert.alert_class is fact.alert_class
        assert min(alert.active_at, alert.raised_at) >= begins
        names = {alert.device, *(one.device for one in alert.evidence if one.device)}
        for device in (REGISTRY.devices[name] for name in names):
            assert {part.id for part in REGISTRY.path(device.place)} & set(fact.places)
            assert device.kind in fact.kinds
            assert device.kind != "call_point" or device.id in fact.points
            home = device.zone or device.place
            if home not in fact.zones and home not in fact.places:
                others = {n for at, n in self.spoke if at >= begins and n != device.id and n in DEVICES}
                assert not [n for n in others if mate(n) == home], "the second of a zone is real"


def mate(name: str) -> str:
    return REGISTRY.devices[name].zone or REGISTRY.devices[name].place


def verdict(
    subject: str, device: str, holds: Holds, alert_class: Class, now: int, since: int, **more: Any
) -> Verdict:
    return Verdict(
        rule=f"r-{alert_class.value}",
        version="1",
        subject=subject,
        device=device,
        holds=holds,
        moment=now,
        since=since,
        title=Text("报警", "Alarm"),
        alert_class=alert_class,
        life_safety=alert_class is Class.ALARM,
        verify=True,
        **more,
    )


def some(values: tuple[str, ...], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=3, unique=True).map(tuple)


def act(world: World, data: st.DataObject) -> None:
    """One thing that happens, of those that matter most often."""
    draw = data.draw
    match draw(st.sampled_from(ACTS)):
        case "say":
            began = draw(st.sampled_from((0, 0, 0, 3 * MINUTE)))
            holds = draw(st.sampled_from((Holds.YES, Holds.YES, Holds.NO, Holds.UNKNOWN)))
            kind = draw(st.sampled_from((Class.ALARM, Class.ALARM, Class.TROUBLE)))
            world.say(draw(st.sampled_from(DEVICES)), holds, kind, began)
        case "wait":
            world.wait(draw(st.sampled_from((1_000, MINUTE, 10 * MINUTE, 61 * MINUTE))))
        case "drill":
            world.declare(
                DrillDeclared(
                    by=LI,
                    mode=Mode.DRILL,
                    title="演练",
                    places=draw(some(PLACES, 1) | st.just(("dorm-1",))),
                    kinds=draw(some(KINDS, 1) | st.just(("smoke_detector", "call_point"))),
                    minutes=draw(st.sampled_from((1, 20, 60))),
                    people=(LI,),
                    points=draw(some(DEVICES)),
                    zones=draw(some(ZONES)),
                    starts_at=world.now + draw(st.sampled_from((0, 0, 5 * MINUTE))),
                )
            )
        case "end" if world.drills:
            world.end(draw(st.sampled_from(sorted(world.drills))))
        case "agree" if world.drills:
            world.agree(draw(st.sampled_from(sorted(world.drills))), draw(st.sampled_from((LI, WANG, WANG))))
        case "take" | "real" as what:
            for alert in list(world.alerts())[:1]:
                if what == "take":
                    world.hear(Acknowledged(alert.id, LI))
                elif world.hear(MadeReal(alert.id, LI)):
                    world.over.add(alert.drill)
        case "call":
            world.hear(Raised(LI, draw(st.sampled_from(PLACES)), Text("烟", "smoke"), Class.ALARM))
        case "confirm":
            zone = "z1"
            inside = [name for name in DEVICES if REGISTRY.devices[name].zone == zone]
            world.confirm(zone, draw(st.lists(st.sampled_from(inside), min_size=2, max_size=3, unique=True)))


ACTS = ("say", "say", "say", "say", "wait", "wait", "drill", "drill", "end", "agree", "take", "real", "call",
        "confirm")  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_no_alarm_outside_its_scope_is_ever_a_drill_and_none_is_after_the_end(data: st.DataObject) -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as tx:
        world = World(tx)
        if data.draw(st.booleans()):
            world.declare(room(zones=data.draw(some(ZONES)), points=data.draw(some(("smoke-1", "call-1")))))
        for _ in range(data.draw(st.integers(4, 25))):
            act(world, data)
            world.holds()
        world.wait(3 * 60 * MINUTE)
        assert {one.mode for one in world.alerts()} <= {Mode.REAL}


def room(**other: Any) -> DrillDeclared:
    """Room 1, its smoke detectors and call points, for twenty minutes."""
    said: dict[str, Any] = {
        "by": LI,
        "mode": Mode.DRILL,
        "title": "演练",
        "places": ("dorm-1",),
        "kinds": ("smoke_detector", "call_point"),
        "minutes": 20,
        "people": (LI,),
        "starts_at": NOW,
    }
    return DrillDeclared(**said | other)


@pytest.fixture
def world() -> Iterator[World]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as tx:
        yield World(tx)


def test_the_property_is_about_something(world: World) -> None:
    """Such worlds do hold drills, and alerts that are part of them."""
    world.declare(room())
    world.say("smoke-1", Holds.YES, Class.ALARM, 0)
    world.holds()
    assert [one.mode for one in world.alerts()] == [Mode.DRILL]


def test_the_second_of_a_zone_is_real_in_whatever_order_they_speak(world: World) -> None:
    world.declare(room(points=("smoke-1",)))
    world.say("smoke-2", Holds.YES, Class.ALARM, 0)
    world.say("smoke-1", Holds.YES, Class.ALARM, 0)
    world.holds()
    assert [one.mode for one in world.alerts()] == [Mode.REAL, Mode.REAL]


def test_a_confirmation_that_another_kind_joins_later_breaks_out_of_the_drill(world: World) -> None:
    world.declare(room(zones=("z1",)))
    world.confirm("z1", ["smoke-1", "smoke-2"])
    assert [one.mode for one in world.alerts()] == [Mode.DRILL]
    world.confirm("z1", ["smoke-1", "heat-1"])
    world.holds()
    assert [one.mode for one in world.alerts()] == [Mode.REAL]
