"""Thinks. A flooding device: repetitions are merged, what is new in them passes at once."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ingest.flood import CALM, LIMIT, MOST_OWED, Floods
from ingest.reading import TimeQuality
from tests.fakes.engine import reading

T = 1_000_000


def say(floods, at, device="d", **values):
    return floods.sift(device, [reading(device, metric, value, at) for metric, value in values.items()], at)


def brief(readings):
    return [(r.metric, r.value) for r in readings]


def flooding():
    floods = Floods()
    for _ in range(LIMIT + 1):
        told = say(floods, T, smoke="normal", temperature=20.0)
    return floods, told


def test_a_device_below_the_limit_is_left_alone():
    floods = Floods()
    for second in range(20):
        for _ in range(LIMIT):
            assert brief(say(floods, T + second * 1000, smoke="normal")) == [("smoke", "normal")]
    assert floods.due(T + 60_000) == []


def test_a_flood_is_named_once_and_its_end_too():
    floods, told = flooding()
    assert brief(told)[0] == ("flooding", "fault")
    assert "flooding" not in dict(brief(say(floods, T, smoke="normal")))
    assert floods.due(T + CALM - 1) == []
    (end,) = floods.due(T + CALM)
    assert (end.metric, end.value) == ("flooding", "normal")
    assert "merged" in end.note
    assert brief(say(floods, T + CALM + 1, smoke="normal")) == [("smoke", "normal")]


def test_the_first_real_change_in_a_flood_passes_at_once():
    floods, _ = flooding()
    assert brief(say(floods, T + 3, smoke="normal")) == []
    assert brief(say(floods, T + 4, smoke="alarm")) == [("smoke", "alarm")]
    assert brief(say(floods, T + 5, smoke="alarm")) == []


def test_a_flood_that_goes_to_and_fro_passes_each_word_once_a_second_and_ends_as_it_ended():
    floods, _ = flooding()
    passed = []
    for step in range(1, 900):
        passed += say(floods, T + step, smoke=["alarm", "normal"][step % 2])
    assert brief(passed) == [("smoke", "alarm")]
    (last,) = floods.due(T + 1000)
    assert (last.metric, last.value, last.received) == ("smoke", "normal", T + 1000)


def test_numbers_are_kept_a_few_times_a_second():
    floods, _ = flooding()
    kept = [r for step in range(1, 5000) for r in say(floods, T + step, temperature=20.0 + step)]
    assert len(kept) <= 4 * 5


def test_a_peak_and_a_dip_in_a_flood_are_judged():
    floods, _ = flooding()
    for step in range(1, 900):
        value = {300: 90.0, 600: -30.0}.get(step, 20.0)
        say(floods, T + step, temperature=value)
    assert [r.value for r in floods.due(T + 1000)] == [90.0, -30.0, 20.0]


def test_others_are_not_touched_by_a_flood():
    floods, _ = flooding()
    assert brief(say(floods, T, device="other", smoke="normal")) == [("smoke", "normal")]


def test_presses_in_a_flood_are_one_a_second():
    floods, _ = flooding()
    presses = [r for step in range(3000) for r in say(floods, T + step, press="alarm")]
    assert brief(presses) == [("press", "alarm")] * 3


words = st.sampled_from(["normal", "alarm", "fault", "test"])


@given(st.lists(st.tuples(st.integers(0, 400), words), max_size=60))
def test_no_flood_hides_an_alarm_or_the_word_it_ends_with(history):
    floods, _ = flooding()
    now, passed = T, ["normal"]
    for wait, word in history:
        now += wait
        found = [*floods.due(now), *say(floods, now, smoke=word)]
        passed += [r.value for r in found if r.metric == "smoke"]
        floods._floods["d"].busy = now  # it goes on
        if word == "alarm":  # within its second it was passed already, or passes now
            assert "alarm" in passed
    passed += [r.value for r in floods.due(now + 1000) if r.metric == "smoke"]
    if history:
        assert passed[-1] == history[-1][1]


def test_a_retained_message_in_a_flood_does_not_hide_the_live_one_behind_it():
    for metric in ("press", "smoke"):
        floods, _ = flooding()
        restored = [reading("d", metric, "alarm", T + 1, retained=True)]
        assert [r.retained for r in floods.sift("d", restored, T + 1)] == [True]
        assert [(r.value, r.retained) for r in say(floods, T + 2, **{metric: "alarm"})] == [("alarm", False)]
        assert say(floods, T + 3, **{metric: "alarm"}) == []


def test_a_retained_message_is_not_what_a_flood_ended_with():
    floods, _ = flooding()
    say(floods, T + 1, smoke="alarm")
    say(floods, T + 2, smoke="normal")
    floods.sift("d", [reading("d", "smoke", "alarm", T + 3, retained=True)], T + 3)
    assert brief(floods.due(T + 1000)) == [("smoke", "normal")]


def historic(at, moment, value="alarm"):
    made = reading("d", "smoke", value, at)
    return msgspec.structs.replace(made, event_time=moment, time_quality=TimeQuality.HISTORIC)


def test_what_a_device_replays_in_a_flood_is_kept_and_hides_nothing_and_the_same_twice_is_kept_once():
    floods, _ = flooding()
    kept = [r for n in range(900) for r in floods.sift("d", [historic(T + 1, T - n * 1000)], T + 1)]
    assert len(kept) == 900
    assert brief(say(floods, T + 2, smoke="alarm")) == [("smoke", "alarm")]
    again = [r for n in range(900) for r in floods.sift("d", [historic(T + 3, T)], T + 3)]
    assert again == []


def test_three_hundred_devices_in_flood_at_once_are_each_merged_and_each_first_alarm_passes():
    floods, passed = Floods(), []
    for number in range(300):
        for step in range(LIMIT * 2):
            passed += say(floods, T + step, device=f"d{number}", smoke="normal")
        passed += say(floods, T + 900, device=f"d{number}", smoke="alarm")
    assert [r.metric for r in passed].count("flooding") == 300
    assert [r.value for r in passed if r.metric == "smoke"].count("alarm") == 300
    assert len(passed) <= 300 * (LIMIT + 4)


def test_what_waited_at_the_broker_while_we_were_away_is_no_flood_and_is_kept_whole():
    an_hour_ago = T - 3_600_000
    floods = Floods({"meter": an_hour_ago, "mad": T - 1000})
    kept = [r for n in range(3600) for r in say(floods, T + n // 4, device="meter", temperature=20.0 + n % 7)]
    assert len(kept) == 3600
    told = [r for _ in range(LIMIT + 1) for r in say(floods, T, device="mad", temperature=20.0)]
    assert ("flooding", "fault") in brief(told)


def test_nobody_buys_a_flood_by_being_silent_for_long():
    floods = Floods({"d": T - 30 * 86_400_000})
    told = [r for n in range(MOST_OWED + 9 * LIMIT) for r in say(floods, T + n // 5, smoke="normal")]
    assert brief(told).count(("flooding", "fault")) == 1
    assert len(told) <= MOST_OWED + 5 * LIMIT


def test_a_device_that_speaks_on_earns_nothing_by_it():
    floods = Floods()
    for second in range(60):
        say(floods, T + second * 1000, smoke="normal")
    told = [r for _ in range(LIMIT + 1) for r in say(floods, T + 60_000, smoke="normal")]
    assert ("flooding", "fault") in brief(told)
