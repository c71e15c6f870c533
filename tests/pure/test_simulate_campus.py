"""Thinks. The demo school as data: the same every time, consistent, and one our registry accepts."""

import re

import pytest

from ingest.campus.kinds import COMMON_METRICS, KINDS
from tests.fakes.school import registry
from tocsin.simulate.campus import build, campus_file
from tocsin.simulate.habits import HABITS
from tocsin.simulate.school import GATEWAYS

SIZES = (60, 150, 300, 301, 1000, 10_000)


def test_the_same_seed_builds_the_same_school():
    assert campus_file(7, 300) == campus_file(7, 300)
    assert build(7, 300) == build(7, 300)


def test_another_seed_makes_other_devices_awkward_and_registers_the_same_ids():
    schools = [build(seed, 300) for seed in range(20)]
    assert len({school.flaky for school in schools}) > 3
    assert len({school.wrong_clock for school in schools}) > 1
    assert len({school.weak for school in schools}) > 3
    assert len({tuple(device.id for device in school.devices) for school in schools}) == 1


@pytest.mark.parametrize("devices", SIZES)
def test_the_school_has_exactly_as_many_devices_as_asked_for(devices):
    assert len(build(7, devices).devices) == devices


@pytest.mark.parametrize("devices", [-1, 0, 59, 50_001])
def test_a_school_that_cannot_be_built_is_refused_in_a_sentence(devices):
    with pytest.raises(ValueError, match=f"--devices {devices}: a campus has between 60 and 50000 devices"):
        build(7, devices)


@pytest.mark.parametrize("devices", SIZES)
def test_our_own_registry_accepts_the_school(devices):
    file = campus_file(7, devices)
    found = registry(file)
    assert len(found.devices) == devices + 1  # and Tocsin itself
    assert len(found.places) == len(file["places"])


@pytest.mark.parametrize("devices", SIZES)
def test_every_owner_gateway_place_and_zone_exists(devices):
    file = campus_file(7, devices)
    ids = {name: [row["id"] for row in file[name]] for name in ("places", "zones", "devices", "persons")}
    for name, listed in ids.items():
        assert len(listed) == len(set(listed)), name
    for place in file["places"]:
        assert place.get("parent") is None or place["parent"] in ids["places"]
    for device in file["devices"]:
        assert re.fullmatch(r"[A-Za-z0-9_.:-]{1,64}", device["id"])
        assert device["kind"] in KINDS
        assert device["place"] in ids["places"]
        assert device["owner"] in ids["persons"]
        assert device.get("zone") is None or device["zone"] in ids["zones"]
        assert device.get("gateway") is None or device["gateway"] in ids["devices"]
        assert device["zh"]
        assert device["en"]


def test_everybody_who_is_to_be_told_exists_and_can_be_reached():
    file = campus_file(7)
    people = {row["id"] for row in file["persons"]}
    known = {
        "person": people,
        "team": {row["id"] for row in file["teams"]},
        "post": {row["id"] for row in file["posts"]},
    }
    places = {row["id"] for row in file["places"]}
    assert all(person["contacts"] for person in file["persons"])
    assert {member for team in file["teams"] for member in team["members"]} <= people
    on_shift = [shift["who"] for post in file["posts"] for shift in post.get("shifts", ())]
    assert {member for post in file["posts"] for member in post.get("order", ())} <= people
    assert {member for who in on_shift for member in who} <= people
    for policy in file["policies"]:
        assert set(policy["match"].get("place", ())) <= places
        assert set(policy["match"].get("kind", ())) <= set(KINDS)
        for step in policy["steps"]:
            for notify in step["notify"]:
                ((sort, id),) = notify.items()
                assert id in known[sort]
    assert [p["id"] for p in file["policies"] if not p["match"]] == ["default"]
    assert file["policies"][-1]["id"] == "default"


def test_no_number_of_the_demo_can_be_rung():
    numbers = [contact["address"] for person in campus_file(7)["persons"] for contact in person["contacts"]]
    assert all(re.fullmatch(r"\+86100\d{7}", number) for number in numbers)
    assert len(set(numbers)) == len(numbers)


# What a panel's transmitter or a fitting of the building speaks of, and what only people press: in no
# simulated school yet.
ABSENT = {
    "service", "unregistered", "fire_panel", "flame_detector", "flow_switch", "hydrant", "water_tank", "pump",
    "module", "fire_door", "take_button",
}  # fmt: skip


def test_the_school_has_every_kind_of_device():
    assert {device.kind for device in build(7).devices} == set(KINDS) - ABSENT


def test_a_bigger_school_needs_no_more_connections():
    assert {device.gateway or device.id for device in build(7, 10_000).devices} == {g.id for g in GATEWAYS}


def test_a_floor_of_the_dormitory_and_the_library_speak_zigbee():
    zigbee = [device for device in build(7).devices if device.dialect == "zigbee2mqtt"]
    assert {device.building for device in zigbee} == {"dorm-1", "library"}
    assert all(device.gateway == "gw-library" for device in zigbee if device.kind != "gateway")
    assert all("/" in device.address for device in zigbee if device.kind != "gateway")


def test_habits_agree_with_the_vocabulary_of_the_campus():
    assert set(HABITS) == set(KINDS) - ABSENT
    for name, habit in HABITS.items():
        metrics = (*KINDS[name].metrics, *COMMON_METRICS)
        assert {*habit.words, *habit.numbers} <= set(metrics)
        assert habit.longest == KINDS[name].interval
