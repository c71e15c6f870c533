"""Thinks. The pending tray: strangers wait visible and counted, and their fires are raised all the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.bilingual import plain
from ingest.campus.device import Device
from ingest.campus.kinds import UNREGISTERED
from ingest.campus.registry import Registry
from ingest.crowd import CROWD, TELL
from ingest.reading import Announced, Decoded
from ingest.tray import MOST, NEW_A_MINUTE, OPEN, Tray
from tests.fakes.engine import reading

M = 60_000


def stranger(number, gateway=None):
    name, address = f"unregistered.s{number}", f"s{number}"
    return Device(name, UNREGISTERED, "", dialect="tocsin", address=address, interval=0, gateway=gateway)


def hear(tray, number, now, gateway=None, **values):
    device = stranger(number, gateway)
    decoded = Decoded(device.id, [reading(device.id, metric, value, now) for metric, value in values.items()])
    return tray.hear(device, decoded, now, "campus")


def crowd(readings):
    return [r for r in readings if (r.device, r.metric) == (CROWD.id, "strangers")]


def told(readings):
    """Who has joined, as each ring of the others names them."""
    return [plain(r.note).partition(" in all: ")[2] for r in crowd(readings) if r.value == "alarm"]


def words(readings):
    return [r.value for r in crowd(readings)]


def full(now=M, gateway=None):
    """A tray without a free place."""
    tray = Tray()
    for number in range(OPEN):
        hear(tray, number, now, gateway, smoke="alarm")
    return tray


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


def test_at_most_five_are_judged_at_once_and_the_rest_are_told_together():
    tray = Tray()
    for number in range(OPEN):
        assert [r.device for r in hear(tray, number, M, smoke="alarm")] == [f"unregistered.s{number}"]
    assert told(hear(tray, 10, M, smoke="alarm")) == ["s10"]
    assert hear(tray, 11, M + 1, smoke="alarm") == []
    assert hear(tray, 12, M + 2, smoke="alarm") == []
    assert hear(tray, 11, M + 3, smoke="alarm") == []
    assert told(tray.due(M + TELL, "campus")) == ["s11, s12"]
    assert tray.due(M + 3 * TELL, "campus") == []
    assert len(tray.judged) == OPEN


def test_each_that_joins_the_others_rings_anew():
    tray = Tray()
    for number in range(OPEN):
        hear(tray, number, M, smoke="alarm")
    notes = [told(hear(tray, 10 + n, M + n * TELL, smoke="alarm")) for n in range(5)]
    assert notes == [["s10"], ["s11"], ["s12"], ["s13"], ["s14"]]


def test_the_place_of_one_whose_alert_is_closed_goes_to_one_who_waits_without_shouting_again():
    tray = Tray()
    for number in range(OPEN + 2):
        hear(tray, number, M, smoke="alarm")
    alerted = {f"unregistered.s{number}" for number in range(1, OPEN)}
    assert not tray.free(alerted, M + 1)  # it may be about to have one
    assert tray.free(alerted, 3 * M)
    (alarm,) = [r for r in tray.due(3 * M, "campus") if r.device != CROWD.id]
    assert (alarm.device, alarm.value, alarm.received) == (f"unregistered.s{OPEN}", "alarm", 3 * M)
    assert tray.judged[f"unregistered.s{OPEN}"].place == "campus"


def test_one_who_is_normal_again_waits_for_no_place_and_one_who_never_was_waits_for_ever():
    tray = full()
    hear(tray, 5, M, smoke="alarm")
    hear(tray, 6, M, smoke="alarm")
    hear(tray, 5, M + 1, smoke="normal")
    assert tray.free((), M + 3600 * M)
    assert [r.device for r in tray.due(M + 3600 * M, "campus") if r.device != CROWD.id] == ["unregistered.s6"]


def test_more_in_alarm_are_one_state_that_stands_until_the_last_of_them_is_clear():
    tray = full()
    assert words(hear(tray, 10, M, smoke="alarm")) == ["alarm"]
    assert words(hear(tray, 11, M + 1, smoke="alarm")) == []
    assert words(tray.due(M + TELL, "campus")) == ["normal", "alarm"]  # it rings anew
    assert words(tray.due(M + 60 * M, "campus")) == []
    assert words(hear(tray, 10, M + 61 * M, smoke="normal")) == []
    (end,) = crowd(hear(tray, 11, M + 62 * M, smoke="normal"))
    assert end.value == "normal"
    assert words(tray.due(M + 63 * M, "campus")) == []


def test_a_detector_that_burns_through_or_speaks_of_something_else_is_not_clear():
    tray = full()
    hear(tray, 10, M, smoke="alarm", co="alarm")
    for values in ({"battery": 3.0}, {"smoke": "fault"}, {"smoke": "normal"}, {"heat": "normal"}):
        assert words(hear(tray, 10, M + TELL, **values)) == []
    assert words(hear(tray, 10, M + TELL, co="normal")) == ["normal"]


def test_a_button_once_pressed_is_clear_by_nothing_it_says():
    tray = full()
    hear(tray, 10, M, press="alarm")
    assert words(hear(tray, 10, M + TELL, press="test")) == []
    tray.forget("unregistered.s10")
    assert words(tray.due(M + TELL, "campus")) == ["normal"]


def test_whoever_is_registered_or_forgotten_counts_no_more_among_the_others():
    tray = full()
    hear(tray, 10, M, smoke="alarm")
    hear(tray, 11, M, smoke="alarm")
    found = tray.fit(Registry.build(devices=[Device("hall", "smoke_detector", "campus", address="s10")]))
    assert found == {"unregistered.s10": "hall"}
    assert words(tray.due(M + 1, "campus")) == []
    tray.forget("unregistered.s11")
    assert words(tray.due(M + 2, "campus")) == ["normal"]


def test_a_person_who_verifies_the_alert_has_looked_at_those_who_had_joined_and_at_no_later_one():
    tray = full()
    hear(tray, 10, M, smoke="alarm")
    tray.look(M - 1)  # it was verified before this one rang
    assert words(tray.due(M + 1, "campus")) == []
    hear(tray, 11, M + 2, smoke="alarm")  # joined, and nobody was told yet
    tray.look(M + 3)
    assert words(tray.due(M + 4, "campus")) == []
    assert told(tray.due(M + TELL, "campus")) == ["s11"]
    tray.look(M + TELL + 1)
    assert words(tray.due(M + TELL + 2, "campus")) == ["normal"]
    assert words(hear(tray, 10, M + 2 * TELL, smoke="alarm")) == []  # it only repeats itself
    hear(tray, 10, M + 3 * TELL, smoke="normal")
    assert told(hear(tray, 10, M + 4 * TELL, smoke="alarm")) == ["s10"]


def test_one_that_a_person_has_looked_at_is_given_no_alert_of_its_own_afterwards():
    tray = full()
    hear(tray, 10, M, smoke="alarm")
    tray.look(M)
    tray.free((), M + 2 * M)
    assert [r for r in tray.due(M + 2 * M, "campus") if r.device != CROWD.id] == []
    assert words(hear(tray, 10, M + 3 * M, smoke="alarm")) == []


def test_invented_fires_take_no_place_of_what_speaks_through_a_registered_panel():
    tray = full()
    hear(tray, 10, M, smoke="alarm")
    for number in range(20, 20 + OPEN):
        assert [r.value for r in hear(tray, number, M, "panel", fire="alarm")] == ["alarm"]
    assert told([*hear(tray, 30, M, "panel", fire="alarm"), *tray.due(M + TELL, "campus")]) == ["s30"]
    assert [r.value for r in hear(tray, 40, M, "other-panel", fire="alarm")] == ["alarm"]


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
    assert len([r for r in judged if r.device != CROWD.id]) == OPEN
    assert len(told(judged)) == 1
    (rest,) = told(tray.due(M + TELL, "campus"))
    assert rest.endswith(f"+{10_000 - OPEN - 1 - 5}")
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
def test_no_order_of_alarms_judges_more_than_five_or_leaves_one_untold(history):
    tray, now, heard = Tray(), M, []
    for number, word, wait in history:
        now += wait
        heard += [*tray.due(now, "campus"), *hear(tray, number, now, smoke=word)]
        assert len(tray.judged) <= OPEN
    heard += tray.due(now + TELL, "campus")
    named = {r.device for r in heard if r.device != CROWD.id and r.value == "alarm"}
    named |= {f"unregistered.{one}" for note in told(heard) for one in note.split(", ")}
    assert {f"unregistered.s{number}" for number, word, _ in history if word == "alarm"} <= named
