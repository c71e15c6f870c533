"""Thinks. Supervision: reporting, late, silent, each at its own moment, whatever happens in between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.reading import Reading
from ingest.supervision import START_GRACE, Supervision
from tests.fakes.words import english

START = 1_795_305_600_000
SECOND = 1000
MINUTE = 60 * SECOND


def registry(*devices):
    return Registry.build([], [], devices)


def sensor(name="a", interval=600, **more):
    return Device(name, "smoke_detector", "campus", interval=interval, **more)


def watching(*devices, heard=None, started=START):
    return Supervision(registry(*devices), started, heard or {})


def offline(supervision, device, moment):
    return supervision.link(device, "offline", moment)


def was(**words):
    return {
        device: Reading(device, "supervision", word, START - 1, START - 1) for device, word in words.items()
    }


def said(readings):
    return [(reading.device, reading.value, (reading.received - START) / SECOND) for reading in readings]


def test_a_device_that_stops_reporting_is_late_then_silent_each_at_its_own_moment():
    supervision = watching(sensor())
    supervision.hear("a", START + 100 * SECOND)
    assert said(supervision.due(START + 759 * SECOND)) == []
    assert said(supervision.due(START + 5000 * SECOND)) == [("a", "late", 760.0), ("a", "silent", 1000.0)]
    assert said(supervision.due(START + 9_000_000 * SECOND)) == []
    assert supervision.next_due() is None


def test_a_reading_of_supervision_tells_how_long_nothing_was_heard():
    supervision = watching(sensor(), sensor("b", 60), sensor("c", 36000))
    readings = supervision.due(START + 40000 * SECOND)
    assert [(r.device, r.metric, english(r.note)) for r in readings if r.value == "late"] == [
        ("b", "supervision", "nothing heard for 66 s"),
        ("a", "supervision", "nothing heard for 11 min"),
        ("c", "supervision", "nothing heard for 10 h"),
    ]
    assert all(r.event_time == r.received and not r.retained for r in readings)


def test_the_grace_is_a_tenth_of_the_interval_and_at_most_a_minute():
    supervision = watching(sensor("a", 36000))
    assert said(supervision.due(START + 36060 * SECOND)) == [("a", "late", 36060.0)]


def test_a_device_that_reports_is_never_mentioned():
    supervision = watching(sensor())
    for minute in range(1, 600):
        assert not supervision.due(START + minute * MINUTE)
        assert not supervision.hear("a", START + minute * MINUTE)


@pytest.mark.parametrize("word", ["late", "silent"])
def test_a_device_that_comes_back_is_reporting_again_and_starts_a_new_interval(word):
    supervision = watching(sensor())
    supervision.due(START + (700 if word == "late" else 2000) * SECOND)
    (back,) = supervision.hear("a", START + 3000 * SECOND)
    assert (back.value, back.received) == ("reporting", START + 3000 * SECOND)
    assert english(back.note) == f"was {word}"
    assert not supervision.hear("a", START + 3001 * SECOND)
    assert said(supervision.due(START + 9000 * SECOND)) == [("a", "late", 3661.0), ("a", "silent", 3901.0)]


def test_a_last_will_is_silence_at_once_and_only_a_message_ends_it():
    supervision = watching(sensor())
    (gone,) = offline(supervision, "a", START + 5 * SECOND)
    assert (gone.value, english(gone.note)) == ("silent", "its connection was lost (last will)")
    assert not offline(supervision, "a", START + 6 * SECOND)
    assert not supervision.link("a", "online", START + 7 * SECOND)
    assert not supervision.due(START + 90_000 * SECOND)
    assert supervision.hear("a", START + 90_001 * SECOND)[0].value == "reporting"


def test_a_last_will_after_late_is_silence():
    supervision = watching(sensor())
    supervision.due(START + 700 * SECOND)
    assert offline(supervision, "a", START + 701 * SECOND)[0].value == "silent"
    assert not supervision.due(START + 5000 * SECOND)


def test_the_last_will_of_a_sleepy_device_says_nothing_and_its_interval_still_counts():
    supervision = watching(sensor(sleepy=True))
    assert not offline(supervision, "a", START + 5 * SECOND)
    assert [r.value for r in supervision.due(START + 5000 * SECOND)] == ["late", "silent"]


def test_a_device_that_is_not_supervised_is_never_late_but_its_last_will_counts():
    supervision = watching(sensor(interval=0))
    assert supervision.next_due() is None
    assert not supervision.due(START + 10**12)
    assert offline(supervision, "a", START)[0].value == "silent"
    assert supervision.hear("a", START + 1)[0].value == "reporting"
    assert supervision.next_due() is None


def test_a_device_that_is_not_registered_is_nobody():
    supervision = watching(sensor())
    assert not supervision.hear("stranger", START)
    assert not supervision.hear("stranger", START - 1)
    assert not offline(supervision, "stranger", START)
    supervision.restore(was(stranger="silent"), {"stranger": Reading("stranger", "link", "offline", 1, 1)})
    assert not supervision.hear("stranger", START)
    assert "stranger" not in supervision._heard, "ten thousand invented names a minute would fill the memory"


# ---- our own restart


def test_after_our_start_nobody_is_late_before_he_could_be_heard():
    long_ago = {"a": START - 10**9, "b": START - 10**9}
    supervision = watching(sensor("a"), sensor("b", 30), heard=long_ago)
    assert said(supervision.due(START + START_GRACE)) == [("b", "silent", 30.0), ("a", "silent", 120.0)]


def test_after_our_start_the_time_already_waited_counts():
    supervision = watching(sensor(interval=3600), heard={"a": START - 3000 * SECOND})
    assert said(supervision.due(START + 5000 * SECOND)) == [("a", "late", 660.0), ("a", "silent", 2400.0)]


def test_a_device_never_heard_has_its_whole_interval_from_our_start():
    assert said(watching(sensor()).due(START + 5000 * SECOND)) == [
        ("a", "late", 660.0),
        ("a", "silent", 900.0),
    ]


def test_a_moment_stored_in_the_future_by_a_wrong_clock_does_not_keep_us_waiting():
    supervision = watching(sensor(), heard={"a": START + 10**11})
    assert [r.value for r in supervision.due(START + 5000 * SECOND)] == ["late", "silent"]


def test_what_was_said_before_a_restart_is_not_said_again():
    silent = watching(sensor(), heard={"a": START - 10**7})
    silent.restore(was(a="silent"))
    assert not silent.due(START + 10**9)
    assert silent.hear("a", START + 10**9)[0].value == "reporting"
    late = watching(sensor(), heard={"a": START - 700 * SECOND})
    late.restore(was(a="late"))
    assert said(late.due(START + 5000 * SECOND)) == [("a", "silent", 200.0)]
    well = watching(sensor(), heard={"a": START})
    well.restore(was(a="reporting", b="unknown"))
    assert not well.hear("a", START + 1)


def test_our_clock_set_back_makes_nobody_immortal():
    supervision = watching(sensor())
    supervision.hear("a", START + 10**9)
    supervision.hear("a", START + 10 * SECOND)  # the clock was put right
    assert [r.value for r in supervision.due(START + 5000 * SECOND)] == ["late", "silent"]


def test_a_message_that_overtook_another_changes_nothing():
    supervision = watching(sensor())
    supervision.hear("a", START + 100 * SECOND)
    supervision.hear("a", START + 99 * SECOND)
    assert said(supervision.due(START + 800 * SECOND)) == [("a", "late", 760.0)]


# ---- a changed registry


def test_a_changed_registry_keeps_what_is_known_and_gives_a_new_device_its_whole_interval():
    old = watching(sensor("a"), sensor("b"), sensor("gone"))
    old.due(START + 700 * SECOND)  # all are late
    old.hear("b", START + 800 * SECOND)
    new = old.replace(registry(sensor("a"), sensor("b"), sensor("fresh")), START + 850 * SECOND)
    assert said(new.due(START + 10_000 * SECOND)) == [
        ("a", "silent", 900.0),
        ("b", "late", 1460.0),
        ("fresh", "late", 1510.0),
        ("b", "silent", 1700.0),
        ("fresh", "silent", 1750.0),
    ]


# ---- any history


class Model:
    """Supervision as the words say it, looked at every second: slow and obvious."""

    def __init__(self, interval):
        self.late, self.silent = interval + min(interval // 10, 60), interval * 3 // 2
        self.heard, self.word = 0, "reporting"

    def tick(self, second):
        waited = second - self.heard
        if self.word == "late" and waited >= self.silent:
            self.word = "silent"
        elif self.word == "reporting" and waited >= self.late:
            self.word = "late"
        else:
            return []
        return [(self.word, second)]

    def hear(self, second):
        was, self.word, self.heard = self.word, "reporting", second
        return [] if was == "reporting" else [("reporting", second)]

    def offline(self, second):
        was, self.word = self.word, "silent"
        return [] if was == "silent" else [("silent", second)]


steps = st.lists(
    st.tuples(st.sampled_from(["hear", "offline", "wait"]), st.integers(0, 400)), min_size=1, max_size=30
)


@given(steps, st.sampled_from([130, 200, 300]), st.data())
def test_any_history_says_what_the_words_mean_in_any_split_of_time(history, interval, data):
    supervision, model = watching(sensor(interval=interval)), Model(interval)
    expected, found, now = [], [], 0
    for act, wait in history:
        target = now + wait
        expected += [event for second in range(now + 1, target + 1) for event in model.tick(second)]
        if wait and data.draw(st.booleans()):
            found += supervision.due(START + (now + data.draw(st.integers(0, wait))) * SECOND)
        due = supervision.next_due()
        found += supervision.due(START + target * SECOND)
        assert (
            due is None or supervision.next_due() is None or supervision.next_due() > START + target * SECOND
        )
        now = target
        if act != "wait":
            expected += getattr(model, act)(now)
            act = {"hear": supervision.hear, "offline": lambda *at: offline(supervision, *at)}[act]
            found += act("a", START + now * SECOND)
        assert len(supervision._heap) <= 3  # one device leaves no litter
    assert [(r.value, (r.received - START) // SECOND) for r in found] == expected
