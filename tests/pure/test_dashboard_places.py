"""Thinks. Façades and the worst state of a place; words of time and readings."""

import re

from dashboard import words
from dashboard.catalogue import CATALOGUE, PARTS
from dashboard.places import Facade, facades, path, states, worst
from ingest.campus.device import Device, Place
from ingest.campus.registry import Registry

PLACES = [
    Place("campus", "校园", "Campus"),
    Place("dorm", "宿舍", "Dormitory", "campus"),
    Place("dorm-f1", "1层", "Floor 1", "dorm"),
    Place("dorm-101", "101室", "Room 101", "dorm-f1"),
    Place("dorm-f2", "2层", "Floor 2", "dorm"),
    Place("dorm-201", "201室", "Room 201", "dorm-f2"),
    Place("dorm-201-a", "201室里间", "Room 201, inner", "dorm-201"),
    Place("dorm-roof", "屋顶", "Roof", "dorm"),
    Place("gate", "校门", "Gate", "campus"),
]
REGISTRY = Registry.build(PLACES, [], [Device("d1", "smoke_detector", "dorm-101")])


def _card(place: str, alert_class: str, inhibition: str = "none", mode: str = "real") -> dict[str, str]:
    return {"place": place, "class": alert_class, "inhibition": inhibition, "mode": mode}


def test_a_building_stands_with_its_highest_floor_on_top() -> None:
    dorm, gate = facades(REGISTRY)
    assert [(row.place, row.rooms) for row in dorm.rows] == [
        ("dorm-f2", ("dorm-201", "dorm-201-a")),
        ("dorm-f1", ("dorm-101",)),
        (None, ("dorm-roof",)),
    ]
    assert gate.rows == ()


def test_every_place_below_the_campus_is_on_exactly_one_facade() -> None:
    shown = [place for facade in facades(REGISTRY) for place in _places_of(facade)]
    assert sorted(shown) == sorted(place.id for place in PLACES[1:])


def _places_of(facade: Facade) -> list[str]:
    floors = [row.place for row in facade.rows if row.place]
    return [facade.place, *floors, *(room for row in facade.rows for room in row.rooms)]


def test_a_place_is_as_bad_as_the_worst_inside_it() -> None:
    found = states(REGISTRY, [_card("dorm-101", "trouble"), _card("dorm-201-a", "alarm")], ["gate"])
    assert found == {
        "campus": "alarm", "dorm": "alarm", "dorm-f2": "alarm", "dorm-201": "alarm", "dorm-201-a": "alarm",
        "dorm-f1": "trouble", "dorm-101": "trouble", "gate": "silent",
    }  # fmt: skip


def test_a_drill_colours_its_place_as_a_drill_and_covers_nothing_that_is_real() -> None:
    drill = _card("dorm-101", "alarm", mode="drill")
    assert states(REGISTRY, [drill], [])["dorm"] == "drill"
    found = states(REGISTRY, [drill, _card("dorm-201", "status")], ["gate"])
    assert (found["dorm"], found["dorm-101"], found["campus"]) == ("status", "drill", "silent")


def test_an_inhibited_alert_does_not_colour_its_place() -> None:
    assert states(REGISTRY, [_card("gate", "alarm", "shelved")], [])["gate"] == "out"


def test_a_place_that_is_gone_colours_nothing() -> None:
    assert states(REGISTRY, [_card("demolished", "alarm")], []) == {}


def test_worst_of_nothing_is_normal() -> None:
    assert worst([]) == "normal"
    assert worst(["status", "silent", "trouble"]) == "trouble"


def test_a_path_leaves_out_the_campus_unless_it_is_all_there_is() -> None:
    assert [place.id for place in path(REGISTRY, "dorm-101")] == ["dorm", "dorm-f1", "dorm-101"]
    assert [place.id for place in path(REGISTRY, "campus")] == ["campus"]
    assert path(REGISTRY, "demolished") == ()


def test_every_sentence_has_both_languages_with_the_same_blanks() -> None:
    def blanks(text: str) -> set[str]:
        return set(re.findall(r"{(\w+)}", text))

    for key, (zh, en) in CATALOGUE.items():
        assert zh, key
        assert en, key
        assert blanks(zh) == blanks(en), key


def test_no_sentence_is_written_twice_under_one_key_in_two_files() -> None:
    assert len(CATALOGUE) == sum(len(part.WORDS) for part in PARTS)


def test_times_are_said_in_their_largest_unit() -> None:
    said = {1: "just now", 42: "42 s ago", 61: "1 min ago", 7300: "2 h ago", 200_000: "2 d ago"}
    assert {seconds: words.ago(0, seconds * 1000, "en") for seconds in said} == said
    assert words.ago(5000, 0, "zh") == "刚刚"


def test_readings_are_said_with_their_unit_or_as_a_word() -> None:
    assert words.reading("temperature", 24.26, "zh") == "24.3 °C"
    assert words.reading("battery", 100.0, "zh") == "100%"
    assert words.reading("residual_current", 1234.5, "en") == "1234 mA"
    assert words.reading("smoke", "alarm", "zh") == "报警"
    assert words.reading("smoke", "warbling", "zh") == "warbling"


def test_a_missing_word_is_shown_as_its_key_and_stops_no_page() -> None:
    assert words.say("no_such_key", "zh") == "no_such_key"
