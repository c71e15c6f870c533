"""Thinks. A device is removed while a rule about its whole zone holds: its alert is never lost by it."""

import pytest

from ingest.campus.device import Device, Place, Zone
from ingest.campus.registry import Registry
from rules.vanish import reconcile
from rules.verdict import Holds, Verdict
from tests.fakes.engine import Engine, reading, rule
from tests.fakes.words import english

CONFIRMED = rule(
    "{metric: smoke, is: [alarm], devices: 2, within: 5m}",
    "alarm",
    "confirmed",
    only="{kind: smoke_detector}",
)


def campus(*names: str) -> Registry:
    return Registry.build(
        places=[Place("campus", "校园", "Campus")],
        zones=[Zone("z1", "一区", "Zone 1")],
        devices=[Device(name, "smoke_detector", "campus", zone="z1") for name in names],
    )


def burning(*names: str) -> Engine:
    engine = Engine(CONFIRMED, registry=campus("a", "b", "c"))
    for at, name in enumerate(names):
        engine.take(reading(name, "smoke", "alarm", at))
    return engine


def without(engine: Engine, *left: str) -> list[Verdict]:
    return reconcile(engine.rules, engine.rules, engine.memories, campus(*left), 5_000)


@pytest.mark.parametrize("gone", ["a", "b", "c"])
def test_while_enough_others_count_the_zone_holds_whichever_device_is_removed(gone: str) -> None:
    engine = burning("a", "b", "c")
    assert [one for one in without(engine, *({"a", "b", "c"} - {gone})) if one.rule == "confirmed"] == []
    row = engine.memories.get("confirmed", "z1")
    assert row is not None
    assert (row.told, row.device == gone) == (Holds.YES, False)


@pytest.mark.parametrize("gone", ["a", "b"])
def test_when_too_few_are_left_nobody_knows_any_more_and_it_is_not_called_normal(gone: str) -> None:
    engine = burning("a", "b")
    (verdict,) = without(engine, *({"a", "b", "c"} - {gone}))
    assert (verdict.subject, verdict.holds) == ("z1", Holds.UNKNOWN)
    assert english(verdict.evidence[0].compared) == "device removed"
    assert engine.memories.get("confirmed", "z1") is None


def test_a_device_that_did_not_count_changes_nothing_when_it_is_removed() -> None:
    engine = burning("a", "b")
    assert without(engine, "a", "b") == []


def test_with_its_last_device_the_zone_becomes_unknown() -> None:
    engine = burning("a", "b")
    (verdict,) = without(engine)
    assert (verdict.subject, verdict.holds) == ("z1", Holds.UNKNOWN)
    assert list(engine.memories) == []


def test_what_builds_on_a_zone_that_became_unknown_does_too() -> None:
    engine = Engine(
        CONFIRMED, rule("{all: [confirmed]}", "alarm", "upper", subject="zone"), registry=campus("a", "b")
    )
    for at, name in enumerate("ab"):
        engine.take(reading(name, "smoke", "alarm", at))
    found = {one.rule: one.holds for one in without(engine, "b")}
    assert found == {"confirmed": Holds.UNKNOWN, "upper": Holds.UNKNOWN}
