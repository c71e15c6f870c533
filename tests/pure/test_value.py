"""Thinks. Raw values as values of a metric: the words, their polarity, and what is no measurement."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.campus.kinds import METRICS, Form
from ingest.value import READERS, affirmed, shown

WORDS = [
    # metric, what devices write, the word
    (
        "smoke",
        (True, 1, 1.0, "true", "True", "TRUE", "1", "ON", "on", "alarm", "Alarm", "ALARM", "active"),
        "alarm",
    ),
    (
        "smoke",
        (False, 0, "false", "False", "0", "OFF", "off", "normal", "none", "NoAlarm", "no_alarm", "ok"),
        "normal",
    ),
    ("smoke", ("clear", "all-clear", "inactive", "正常", " normal "), "normal"),
    ("smoke", ("test", "self-test", "Testing", "自检"), "test"),
    ("smoke", ("prealarm", "pre-alarm", "Pre Alarm", "warning"), "prealarm"),
    ("smoke", ("fault", "trouble", "故障"), "fault"),
    ("smoke", ("disabled", "isolated", "bypassed", "屏蔽"), "disabled"),
    ("leak", ("Leak", "wet", "detected"), "alarm"),
    ("leak", ("NoLeak", "no leak", "dry"), "normal"),
    ("call_point", ("报警", "火警", "fire"), "alarm"),
    ("contact", (True, "closed", "close", "CLOSED", 1, "on"), "closed"),
    ("contact", (False, "open", "opened", 0, "off"), "open"),
    ("power", (True, "mains", "AC", "主电"), "mains"),
    ("power", (False, "battery", "备电"), "battery"),
    ("lamp", (True, "normal", "ok", "true", "1"), "normal"),
    ("lamp", (False, "fault", "failure", "0"), "fault"),
    ("presence", (True, "present", "in place"), "present"),
    ("presence", (False, "missing", "removed"), "missing"),
    ("video", (True, "ok"), "normal"),
    ("video", (False, "error"), "fault"),
    ("link", (True, "online", "Online", "connected", "up"), "online"),
    ("link", (False, "offline", "disconnected", "down"), "offline"),
    ("tamper", (True, "tamper", "tampered", "open"), "tamper"),
    ("tamper", (False, "normal", "closed"), "normal"),
    ("battery_low", (True, "low", "critical"), "low"),
    ("battery_low", (False, "normal", "high", "middle", "medium", "full", "good"), "normal"),
    ("fault", (True, "fault"), "fault"),
    ("fault", (False, "none", "no_fault"), "normal"),
    ("self_test", (True, "passed", "success"), "passed"),
    ("self_test", (False, "failed", "failure"), "failed"),
    ("press", (True, "alarm", "pressed", "panic", "emergency", 1), "alarm"),
    ("press", ("test",), "test"),
    ("loop", ("alarm",), "alarm"),
]


@pytest.mark.parametrize(("metric", "raw", "word"), [(m, raw, w) for m, raws, w in WORDS for raw in raws])
def test_every_spelling_in_use_is_understood_with_the_polarity_of_its_metric(metric, raw, word):
    assert READERS[metric](raw) == (word, "")


@pytest.mark.parametrize(
    "raw", ["", "maybe", "閉", 2, -1, 0.5, [], {}, ["alarm"], "alarm!", "x" * 70_000, 10**400]
)
@pytest.mark.parametrize("metric", [m.name for m in METRICS.values() if m.form is Form.STATE])
def test_a_word_that_is_not_known_is_unknown_with_a_note_and_never_normal(metric, raw):
    value, note = READERS[metric](raw)
    assert value == "unknown"
    assert note.startswith("not understood")
    assert len(note) < 100


@pytest.mark.parametrize("raw", ["on", "off"])
def test_a_lamp_that_is_on_or_off_says_nothing_of_its_health(raw):
    assert READERS["lamp"](raw)[0] == "unknown"


@pytest.mark.parametrize("metric", METRICS)
def test_null_is_unknown_for_a_state_and_nothing_for_a_number_or_an_event(metric):
    expected = ("unknown", "") if METRICS[metric].form is Form.STATE else None
    assert READERS[metric](None) == expected


@pytest.mark.parametrize("raw", ["", False, 0, "none", "None", "false", "off", None])
def test_a_button_that_is_not_pressed_is_no_press(raw):
    assert READERS["press"](raw) is None


def test_a_press_that_is_not_understood_is_seen():
    assert READERS["press"]("wobble")[0] == "unknown"


@pytest.mark.parametrize(
    ("metric", "raw", "value"),
    [
        ("battery", 87, 87.0),
        ("battery", "100.00", 100.0),
        ("battery", " 52.6 ", 52.6),
        ("battery", 0, 0.0),
        ("temperature", -0.0, 0.0),
        ("temperature", "-12.5", -12.5),
        ("temperature", -1, -1.0),
        ("temperature", "1e1", 10.0),
        ("link_quality", 255, 255.0),
        ("co_ppm", 999, 999.0),
    ],
)
def test_numbers_are_read_also_from_texts(metric, raw, value):
    assert READERS[metric](raw) == (value, "")


@pytest.mark.parametrize(
    ("metric", "raw"),
    [
        *(("battery", raw) for raw in (-1, 101, 255, 254, 65535, 1e308, -1e308, 10**400, -(10**400))),
        *(
            ("battery", raw)
            for raw in ("nan", "NaN", "inf", "-inf", "Infinity", "1e999", "87%", "", "low", "1_0", "１２")
        ),
        *(("battery", raw) for raw in (True, False, [], {}, [87], "9" * 50_000, math.nan, math.inf)),
        *(("temperature", raw) for raw in (-273, -127.99, 127.99, 999, "127.99")),
        ("voltage", 65.535),
        ("residual_current", 65535),
        ("humidity", 100.1),
    ],
)
def test_what_is_no_measurement_is_unknown_with_a_note_so_that_rules_see_it(metric, raw):
    value, note = READERS[metric](raw)
    assert value == "unknown"
    assert note
    assert len(note) < 150


raw_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(METRICS)), raw_values)
def test_any_raw_value_becomes_a_word_of_the_metric_a_number_in_its_range_or_unknown(name, raw):
    metric, found = METRICS[name], READERS[name](raw)
    if found is None:
        assert metric.form is not Form.STATE
        return
    value, note = found
    assert isinstance(note, str)
    if isinstance(value, float):
        assert metric.form is Form.NUMBER
        assert metric.low <= value <= metric.high
    else:
        assert value in (*metric.words, "unknown")


@given(raw_values)
def test_any_raw_value_can_be_shown_in_a_note(raw):
    text = shown(raw)
    assert text.isprintable()
    assert len(text) < 200


@pytest.mark.parametrize("raw", [True, 1, "true", "ON", "1"])
def test_yes_is_yes(raw):
    assert affirmed(raw)


@pytest.mark.parametrize("raw", [False, 0, None, "", "off", "idle", [], {}, "true" * 1000, 2])
def test_everything_else_is_not_yes(raw):
    assert not affirmed(raw)
