"""Thinks. The pending tray: strangers wait visible and counted, and their fires are raised all the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.campus.device import OWN, Device
from ingest.campus.kinds import UNREGISTERED
from ingest.campus.registry import Registry
from ingest.reading import Announced, Decoded
from ingest.tray import FORGET, MOST, NEW_A_MINUTE, OPEN, Tray
from tests.fakes.engine import reading

M = 60_000


def stranger(number):
    return Device(
        f"unregistered.s{number}", UNREGISTERED, "", dialect="tocsin", address=f"s{number}", interval=0
    )


def hear(tray, number, now, **values):
    device = stranger(number)
    decoded = Decoded(device.id, [reading(device.id, metric, value, now) for metric, value in values.items()])
    return tray.hear(device, decoded, now, "campus")


def counted(readings):
    return [r.value for r in readings if (r.device, r.metric) == (OWN, "strangers")]


def test_a_stranger_waits_with_what_it_said_and_how_often():
    tray = Tray()
    assert hear(tray, 1, 5 * M, battery=87.0, contact="open") == []
    assert hear(tray, 1, 6 * M, battery=86.0) == []
    (row,) = tray.rows.values()
    assert (row.first, row.last, row.count, row.said) == (5 * M, 6 * M, 2, "battery 86.0")
    assert tray.changed == {row.device.id}
    assert not tray.urgent


def test_the_alarm_of_a_stranger_is_judged_at_the_campus_and_stored_with_its_batch():
    tray = Tray()
    (alarm,) = hear(tray, 1, M, smoke="alarm", battery=50.0)
    assert (alarm.metric, alarm.value) == ("smoke", "alarm")
    assert tray.urgent
    (device,) = tray.judged.values()
    assert (device.place, device.zh, device.kind) == ("campus", "s1", UNREGISTERED)
    (again,) = hear(tray, 1, 2 * M, smoke="normal")
    assert again.value == "normal"


@pytest.mark.parametrize(
    "values", [{"smoke": "normal"}, {"smoke": "fault"}, {"leak": "alarm"}, {"battery": 3.0}]
)
def test_what_is_no_life_safety_alarm_of_a_stranger_is_not_judged(values):
    assert hear(Tray(), 1, M, **values) == []


def test_at_most_five_are_judged_at_once_and_the_rest_are_counted_in_one():
    tray = Tray()
    for number in range(OPEN):
        assert [r.device for r in hear(tray, number, M, smoke="alarm")] == [f"unregistered.s{number}"]
    assert counted(hear(tray, 10, M, smoke="alarm")) == [1.0]
    assert counted(hear(tray, 11, M, smoke="alarm")) == [2.0]
    assert hear(tray, 11, M + 1, smoke="alarm") == []
    assert counted(hear(tray, 11, M + 2, smoke="normal")) == [1.0]
    assert counted(tray.due(M + FORGET)) == [0.0]
    assert len(tray.judged) == OPEN


def test_the_place_of_one_whose_alert_is_closed_is_free_for_another():
    tray = Tray()
    for number in range(OPEN + 1):
        hear(tray, number, M, smoke="alarm")
    alerted = {f"unregistered.s{number}" for number in range(1, OPEN)}
    assert not tray.free(alerted, M + 1)  # it may be about to have one
    assert tray.free(alerted, 3 * M)
    found = hear(tray, OPEN, 3 * M, smoke="alarm")
    assert [r.device for r in found] == [f"unregistered.s{OPEN}", OWN]
    assert counted(found) == [0.0]


def test_ten_thousand_invented_ids_in_a_minute_disturb_nobody():
    tray = Tray()
    for number in range(10_000):
        assert hear(tray, number, M, contact="open") == []
    assert len(tray.rows) == NEW_A_MINUTE
    assert tray.turned_away == 10_000 - NEW_A_MINUTE
    (alarm,) = hear(tray, 10_001, M + 1, smoke="alarm")  # a fire among them is raised all the same
    assert alarm.value == "alarm"


def test_ten_thousand_invented_fires_are_five_and_a_number():
    tray = Tray()
    judged = [r for number in range(10_000) for r in hear(tray, number, M, smoke="alarm")]
    assert len([r for r in judged if r.device != OWN]) == OPEN
    assert counted(judged)[-1] == 10_000 - OPEN
    assert len(tray.rows) <= NEW_A_MINUTE + OPEN


def test_a_full_tray_lets_go_of_the_longest_unheard_and_never_of_one_in_alarm():
    tray = Tray()
    hear(tray, 0, M, smoke="alarm")
    for number in range(1, MOST + 50):
        hear(tray, number, M + number * 1000, contact="open")
    assert len(tray.rows) <= MOST
    assert "unregistered.s0" in tray.rows
    assert "unregistered.s1" not in tray.rows
    assert "unregistered.s1" in tray.gone


def test_who_is_registered_waits_no_longer():
    tray = Tray()
    hear(tray, 1, M, smoke="alarm")
    hear(tray, 2, M, contact="open")
    tray.fit(Registry.build(devices=[Device("hall", "smoke_detector", "campus", address="s1")]))
    assert set(tray.rows) == {"unregistered.s2"}
    assert tray.judged == {}


def test_what_a_gateway_says_of_a_device_is_kept_with_it_and_said_again_only_when_it_changes():
    tray = Tray()
    said = Announced("s1", "smoke_detector", "Hall", "Vendor M-1", stand_in=stranger(1))
    tray.announce(said, M)
    tray.stored()
    tray.announce(said, 2 * M)
    assert tray.changed == set()
    hear(tray, 1, 3 * M, smoke="alarm")
    assert tray.judged["unregistered.s1"].zh == "Hall"


@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.sampled_from(["alarm", "normal", "test"]), st.integers(0, 3 * M))
    )
)
def test_no_order_of_alarms_judges_more_than_five_or_loses_count_of_one(history):
    tray, now, told = Tray(), M, 0.0
    for number, word, wait in history:
        now += wait
        found = [*tray.due(now), *hear(tray, number, now, smoke=word)]
        told = [told, *counted(found)][-1]
        assert len(tray.judged) <= OPEN
        alarmed = word == "alarm"
        judged = any(r.device == f"unregistered.s{number}" for r in found)
        assert judged or not alarmed or told >= 1
