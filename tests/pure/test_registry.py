"""Thinks. The registry: consistent as a whole, or every mistake named at once."""

import pytest

from ingest.campus.device import OWN, Device, Place, Zone, address_of
from ingest.campus.registry import Registry, RegistryError
from ingest.dialects import DIALECTS
from ingest.interval import expected_interval

PLACES = [
    Place("campus", "示范学校", "Demo School"),
    Place("dorm-2", "2号宿舍楼", "Dormitory 2", "campus"),
    Place("dorm-2-f3", "3层", "Floor 3", "dorm-2"),
    Place("dorm-2-305", "305室", "Room 305", "dorm-2-f3"),
]
ZONES = [Zone("z1", "3层1区", "Floor 3 zone 1")]
DEVICES = [
    Device("smoke", "smoke_detector", "dorm-2-305", zone="z1"),
    Device("gw", "gateway", "dorm-2", dialect="zigbee2mqtt", address="bridge"),
    Device("leak", "water_leak", "dorm-2", dialect="zigbee2mqtt", address="cellar/leak 1", gateway="gw"),
]


def refused(places=PLACES, zones=ZONES, devices=DEVICES):
    with pytest.raises(RegistryError) as error:
        Registry.build(places, zones, devices)
    return error.value.problems


def test_a_registry_finds_everything_in_every_way():
    registry = Registry.build(PLACES, ZONES, DEVICES)
    assert registry.root.id == "campus"
    assert [place.id for place in registry.path("dorm-2-305")] == [
        "campus",
        "dorm-2",
        "dorm-2-f3",
        "dorm-2-305",
    ]
    assert registry.path("nowhere") == ()
    assert registry.by_address("tocsin", "smoke") is registry.devices["smoke"]
    assert registry.by_address("zigbee2mqtt", "cellar/leak 1") is registry.devices["leak"]
    assert registry.by_address("zigbee2mqtt", "smoke") is None
    assert registry.children("gw") == [registry.devices["leak"]]
    assert registry.children("smoke") == []
    assert list(registry.zones) == ["z1"]
    assert address_of(registry.devices["smoke"]) == "smoke"


def test_the_service_is_a_device_in_its_own_registry_also_when_nothing_else_is():
    empty = Registry.build()
    assert (empty.devices[OWN].kind, empty.devices[OWN].place) == ("service", "campus")
    assert expected_interval(empty.devices[OWN]) == 0
    mine = Device(OWN, "service", "dorm-2", zh="值班室主机")
    assert Registry.build(PLACES, ZONES, [mine]).devices[OWN] is mine


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"places": [*PLACES, Place("dorm-2", "x", "x", "campus")]}, "place 'dorm-2': registered twice"),
        ({"places": [*PLACES, Place("other", "x", "x")]}, "only the campus has no parent"),
        (
            {"places": [*PLACES, Place("x", "x", "x", "dorm2")]},
            "parent 'dorm2' is not a place; did you mean 'dorm-2'?",
        ),
        (
            {"places": [*PLACES, Place("a", "", "", "b"), Place("b", "", "", "a")]},
            "its parent leads back to itself (a → b → a)",
        ),
        ({"places": [*PLACES, Place("a", "", "", "a")]}, "(a → a)"),
        ({"places": [*PLACES, Place("a b", "", "", "campus")]}, "place 'a b': an id has 1 to 64"),
        ({"places": [*PLACES, Place("", "", "", "campus")]}, "place '': an id"),
        ({"zones": [*ZONES, *ZONES]}, "zone 'z1': registered twice"),
        ({"devices": [*DEVICES, DEVICES[0]]}, "device 'smoke': registered twice"),
        (
            {"devices": [Device("d", "smoke_detecter", "campus")]},
            "kind 'smoke_detecter' is not known; did you mean 'smoke_detector'?",
        ),
        ({"devices": [Device("d", "xyz", "campus")]}, "kind 'xyz' is not known"),
        (
            {"devices": [Device("d", "door", "dorm-3")]},
            "place 'dorm-3' is not a place; did you mean 'dorm-2'?",
        ),
        ({"devices": [Device("d", "door", "campus", zone="z2")]}, "zone 'z2' is not a zone"),
        ({"devices": [Device("d", "door", "campus", gateway="gv")]}, "gateway 'gv' is not a device"),
        ({"devices": [Device("d", "gateway", "campus", gateway="d")]}, "its gateway leads back to itself"),
        ({"devices": [Device("d", "door", "campus", interval=-1)]}, "interval -1 is below 0"),
        ({"devices": [Device("d", "door", "campus", dialect="zigbe2mqtt")]}, "did you mean 'zigbee2mqtt'?"),
        (
            {"devices": [Device("d", "door", "campus", address="a b")]},
            "no topic of dialect tocsin can carry the address 'a b'",
        ),
        ({"devices": [Device("d", "door", "campus", address="a/b")]}, "can carry the address 'a/b'"),
        ({"devices": [Device("d", "door", "campus", dialect="zigbee2mqtt", address="a/#")]}, "has + # or"),
        (
            {"devices": [Device("d", "door", "campus", dialect="zigbee2mqtt", address="a\nb")]},
            "control character",
        ),
        ({"devices": [Device("d", "door", "campus", dialect="zigbee2mqtt", address="a/set")]}, "can carry"),
        ({"devices": [Device("d", "door", "campus", dialect="zigbee2mqtt", address="x" * 300)]}, "over 256"),
        (
            {"devices": [Device("a", "door", "campus", address="b"), Device("b", "door", "campus")]},
            "address 'b' belongs to 'a'",
        ),
        (
            {
                "places": [
                    *PLACES,
                    Place("f", "f", "f", "campus", "floor"),
                    Place("b", "b", "b", "f", "building"),
                ]
            },
            "place 'b': level 'building' cannot lie in 'f', level 'floor'",
        ),
        (
            {
                "places": [
                    Place("r", "r", "r", None, "room"),
                    Place("x", "x", "x", "r"),
                    Place("f", "f", "f", "x", "floor"),
                ]
            },
            "place 'f': level 'floor' cannot lie in 'r', level 'room'",
        ),
        (
            {"devices": [Device("d", "door", "campus", installed="2025-02-29")]},
            "installed '2025-02-29' is not a day",
        ),
        ({"devices": [Device("d", "door", "campus", expires="20250228")]}, "expires '20250228' is not a day"),
        (
            {"devices": [Device("d", "door", "campus", installed="2025-02-02", expires="2025-02-01")]},
            "expires '2025-02-01' is before it was installed",
        ),
        (
            {"devices": [Device("d", "door", "campus", position=(0.5, 1.1))]},
            "position [0.5, 1.1] must be x and y",
        ),
        (
            {"devices": [Device("d", "door", "campus", position=(float("nan"), 0))]},
            "position [nan, 0] must be",
        ),
        ({"devices": [Device("d", "door", "campus", interval=10**10)]}, "is over a year"),
        ({"devices": [Device(OWN, "door", "campus")]}, "it is this service itself"),
        ({"devices": [Device("d", "service", "campus")]}, "no other is of kind 'service'"),
    ],
)
def test_a_mistake_is_named_with_what_and_where_and_what_was_meant(parts, words):
    problems = refused(**parts)
    assert any(words in problem for problem in problems), problems


def test_all_mistakes_are_named_at_once():
    devices = [Device("a", "x", "nowhere", zone="none", gateway="none"), Device("b b", "door", "nowhere")]
    assert len(refused(devices=devices)) >= 6


def test_of_ten_thousand_mistakes_all_are_named_and_the_first_have_a_hint():
    devices = [Device(f"device-{n:05}", "door", "dorm-9", gateway=f"devise-{n:05}") for n in range(10_000)]
    problems = refused(devices=devices)
    assert len(problems) == 20_000
    assert "did you mean 'dorm-2'?" in problems[0]
    assert "did you mean" not in problems[-1]


def test_places_may_lie_in_places_of_their_level_or_of_one_above_and_need_not_say_theirs():
    places = [
        Place("s", "s", "s", None, "campus"),
        Place("c", "c", "c", "s", "campus"),
        Place("w", "w", "w", "c"),
        Place("b", "b", "b", "w", "building"),
        Place("r", "r", "r", "b", "room"),
        Place("cupboard", "x", "x", "r", "room"),
    ]
    assert Registry.build(places).places["cupboard"].level == "room"


class Speaks:
    """A dialect that wants a word of its definitions."""

    @staticmethod
    def define(name, document):
        if "word" not in document:
            raise ValueError("has no word; write {word: …}")


def test_a_definition_is_what_its_dialect_accepts(monkeypatch):
    monkeypatch.setitem(DIALECTS, "mapping", Speaks)
    good = {"mapping": {"meter/1": {"word": "x"}}, "later": {"not.yet:known": {"n": 1}}}
    assert Registry.build(definitions=good).definitions == good
    with pytest.raises(RegistryError) as error:
        Registry.build(definitions={"mapping": {"m": {}, "a b": {"word": 1}}})
    assert error.value.problems == [
        "mapping 'm': has no word; write {word: …}",
        "mapping 'a b': an id has 1 to 200 letters, digits or _ . : / -",
    ]


def test_what_was_stored_by_an_older_version_keeps_no_service_from_starting(monkeypatch):
    monkeypatch.setitem(DIALECTS, "mapping", Speaks)
    old = Device("d", "door", "campus", expires="soon")
    registry = Registry.build(devices=[old], definitions={"mapping": {"m": {}}}, trusted=True)
    assert registry.definitions == {"mapping": {"m": {}}}


def test_of_a_mapping_that_is_refused_its_devices_say_nothing_more():
    devices = [Device(f"m{n}", "door", "campus", dialect="mapping", address=f"p/{n}") for n in range(3)]
    other = Device("other", "door", "campus", dialect="mapping", address="nowhere/1")
    mapping = {"p": {"topic": "a/{x}", "fields": {"a": "zzz"}}}
    with pytest.raises(RegistryError) as caught:
        Registry.build([], [], [*devices, other], {"mapping": mapping})
    [loose, cause] = caught.value.problems
    assert loose.startswith("device 'other'")
    assert cause.startswith("mapping 'p'")
