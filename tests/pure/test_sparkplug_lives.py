"""Thinks. Sparkplug B: numbers that jump, rebirths that are asked for, last wills that come late."""

import pytest

from ingest.campus.device import Device
from ingest.dialects.sparkplug.payload import read
from ingest.filters import Filters
from ingest.reading import Ignored
from tests.fakes.sparkplug import (
    ALARM,
    BOOLEAN,
    GATEWAY,
    INT64,
    NOW,
    TEMPERATURE,
    House,
    metric,
    payload,
    values,
)


@pytest.fixture
def house():
    found = House()
    found.birth()
    found.born(ALARM, TEMPERATURE)
    return found


# ---- numbers, rebirths -----------------------------------------------------------------------------------


def test_data_before_a_birth_asks_for_a_rebirth_in_the_words_of_the_protocol():
    house = House()
    found = house.data(metric(alias=1, value=True), seq=9)
    [(topic, body)] = found.replies
    assert topic == "spBv1.0/school/NCMD/edge"
    told = read(body)
    assert (told.timestamp, told.seq) == (NOW, None)
    [command] = told.metrics
    assert (command.name, command.datatype, command.value) == ("Node Control/Rebirth", BOOLEAN, True)
    expected = metric("Node Control/Rebirth", True, BOOLEAN, time=NOW)
    assert sorted(body) == sorted(payload([expected]))


def test_until_the_birth_the_hazard_of_the_device_is_unknown_and_the_message_is_shown():
    house = House()
    found = house.data(metric(alias=1, value=True), seq=9)
    assert values(found) == {"smoke": "unknown"}
    [refused] = found.rejected
    assert "alias 1" in refused.detail
    assert "rebirth" in refused.detail


def test_a_rebirth_is_asked_for_once_a_minute_until_it_comes():
    house = House()
    asked = [
        bool(house.data(metric(alias=1, value=True), seq=n, at=NOW + n * 20_000).replies) for n in range(8)
    ]
    assert asked == [True, False, False, True, False, False, True, False]
    house.birth(at=NOW + 200_000)
    house.born(ALARM, at=NOW + 200_001)
    assert house.data(metric(alias=1, value=True), at=NOW + 300_000).replies == []


def test_a_restart_does_not_ask_again_within_the_minute():
    first = House()
    assert first.data(metric(alias=1, value=True)).replies
    assert House(learned=first.decoder.news).data(metric(alias=1, value=True), at=NOW + 1000).replies == []


def test_a_jump_in_the_numbers_asks_for_a_rebirth_and_is_told_at_the_node(house):
    found = house.data(metric(alias=1, value=True), seq=6)
    assert values(found) == {"smoke": "alarm"}
    assert len(found.replies) == 1
    assert values(found, "gw") == {"sequence_gap": 4.0}


def test_a_jump_within_the_minute_is_asked_about_after_it(house):
    house.data(metric(alias=1, value=True), seq=6)
    house.birth(at=NOW + 1000)
    house.born(ALARM, at=NOW + 1000)
    assert house.data(metric(alias=1, value=True), seq=9, at=NOW + 2000).replies == []
    found = house.data(metric(alias=1, value=False), seq=10, at=NOW + 60_000)
    assert len(found.replies) == 1
    assert values(found, "gw") == {"sequence_gap": 7.0}


def test_numbers_begin_again_after_255(house):
    for number in range(2, 256):
        assert house.data(metric(alias=1, value=False), seq=number).replies == []
    assert house.data(metric(alias=1, value=False), seq=0).replies == []


def test_a_number_that_comes_twice_is_no_gap_and_its_message_is_heard(house):
    house.data(metric(alias=1, value=False), seq=2)
    found = house.data(metric(alias=1, value=True), seq=2)
    assert values(found) == {"smoke": "alarm"}
    assert found.replies == []
    assert house.data(metric(alias=1, value=True), seq=3).replies == []


def test_a_message_without_a_number_is_heard(house):
    assert values(house.data(metric(alias=1, value=True), seq=None)) == {"smoke": "alarm"}


def test_node_and_devices_are_counted_together():
    house = House()
    house.birth(7, metric("Fault", False, BOOLEAN, alias=9))
    house.born(ALARM, seq=1)
    assert house.hear("school/NDATA/edge", payload([metric(alias=9, value=True)], 2)).replies == []
    assert house.data(metric(alias=1, value=True), seq=3).replies == []
    assert house.hear("school/DDEATH/edge/d1", payload([], 4)).replies == []
    assert house.hear("school/NDATA/edge", payload([], 5)).replies == []


def test_the_life_session_hears_the_whole_node_of_a_life_safety_device():
    decoder = House().decoder
    whole = Filters(decoder.life_filters())
    for topic in ("NBIRTH/edge", "NDATA/edge", "NDEATH/edge", "DBIRTH/edge/d1", "DDATA/edge/other"):
        assert whole.match(f"spBv1.0/school/{topic}"), topic
    assert not whole.match("spBv1.0/school/DDATA/another/d1")


def test_aliases_of_before_a_death_are_not_trusted_but_for_an_alarm(house):
    house.death()
    found = house.data(metric(alias=2, value=99.0), seq=5)
    assert values(found) == {"temperature": "unknown"}
    assert values(house.data(metric(alias=1, value=True), seq=6)) == {"smoke": "alarm"}
    assert values(house.data(metric(alias=1, value=False), seq=7)) == {"smoke": "unknown"}
    house.birth(8)
    assert values(house.data(metric(alias=1, value=False), seq=1)) == {"smoke": "unknown"}  # no DBIRTH yet
    house.born(ALARM, seq=2)
    assert values(house.data(metric(alias=1, value=False), seq=3)) == {"smoke": "normal"}


def test_a_name_in_the_data_needs_no_birth():
    assert values(House().data(metric("Smoke/Alarm", True, BOOLEAN))) == {"smoke": "alarm"}


# ---- deaths ----------------------------------------------------------------------------------------------


def test_the_last_will_of_a_node_is_its_link_and_no_sign_of_life(house):
    found = house.death()
    assert values(found, "gw") == {"link": "offline"}
    assert not any(one.alive for one in found.heard)


def test_devices_that_hang_on_the_node_in_the_registry_are_left_to_it():
    below = Device(
        "smoke", "smoke_detector", "campus", dialect="sparkplug", address="school/edge/d1", gateway="gw"
    )
    house = House(GATEWAY, below)
    house.birth()
    house.born(ALARM)
    assert values(house.death()) == {}


def test_a_device_that_hangs_on_nothing_is_told_offline_with_its_node(house):
    assert values(house.death()) == {"link": "offline"}
    assert values(house.birth(8), "gw") == {"link": "online"}
    assert values(house.born(ALARM))["link"] == "online"


def test_a_last_will_of_an_earlier_connection_is_ignored(house):
    house.birth(8)
    assert isinstance(house.death(7), Ignored)
    assert values(house.death(8), "gw") == {"link": "offline"}


@pytest.mark.parametrize("body", [b"", payload([]), payload([metric("bdSeq", 3, INT64)])])
def test_a_last_will_with_nothing_to_compare_counts(body):
    assert values(House().hear("school/NDEATH/edge", body), "gw") == {"link": "offline"}


def test_a_node_that_speaks_after_its_death_lives_and_is_asked_for_its_birth(house):
    house.death()
    found = house.data(metric(alias=1, value=True), seq=5)
    assert values(found, "gw") == {"link": "online"}
    assert len(found.replies) == 1


def test_the_death_of_a_device_is_no_death_of_its_node(house):
    found = house.hear("school/DDEATH/edge/d1", payload([], 2))
    assert values(found) == {"link": "offline"}
    assert values(found, "gw") == {}
    assert not found.heard[0].alive
