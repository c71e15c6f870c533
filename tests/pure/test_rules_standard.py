"""Thinks. That every kind of device does the right thing with no rule written by a user."""

import pytest

from ingest.campus.device import OWN, Device, Zone
from ingest.campus.kinds import KINDS, METRICS, OWN_POINTS, Form
from ingest.campus.registry import Registry
from rules.conditions.silence import Silence
from rules.evaluate import arm, due, evaluate
from rules.load import load
from rules.memory import Memories, State
from rules.rule import reportable
from rules.verdict import Holds, Verdict
from tests.fakes.engine import reading

RULES = load()
CAMPUS = Registry.build(devices=[Device(kind, kind, "campus") for kind in KINDS if kind != "service"])
S, M = 1000, 60_000


class School:
    """One device of each kind, named after its kind, under the standard pack alone."""

    def __init__(self) -> None:
        self.memories = Memories()

    def hear(self, device: str, metric: str, value: float | str, at: int = 0) -> list[Verdict]:
        one = reading(device, metric, value, at)
        verdicts = self.pass_time(at)
        return verdicts + evaluate(RULES, self.memories, one, CAMPUS.devices[device], CAMPUS)

    def pass_time(self, until: int) -> list[Verdict]:
        return due(RULES, self.memories, until, CAMPUS)


def brief(verdicts: list[Verdict]) -> list[tuple[str, str, str, int]]:
    return [(v.rule, v.holds.value, v.alert_class.value, v.priority) for v in verdicts]


HAZARDS = [("smoke_detector", "smoke"), ("heat_detector", "heat"), ("call_point", "call_point"),
           ("gas_detector", "gas"), ("co_detector", "co"), ("electrical_fire", "arc"), ("fire_panel", "fire"),
           ("flame_detector", "flame"), ("flow_switch", "water_flow")]  # fmt: skip
ALARMS = {"smoke": "smoke-alarm", "heat": "heat-alarm", "call_point": "call-point-alarm", "gas": "gas-alarm",
          "co": "co-alarm", "arc": "electrical-fire-alarm", "fire": "panel-fire-alarm",
          "flame": "flame-alarm",
          "water_flow": "water-flow-alarm"}  # fmt: skip


@pytest.mark.parametrize(("kind", "metric"), HAZARDS)
def test_the_first_alarm_of_a_life_safety_detector_is_raised_at_once(kind, metric):
    (verdict,) = School().hear(kind, metric, "alarm", 5)
    assert brief([verdict]) == [(ALARMS[metric], "yes", "alarm", 1)]
    assert verdict.moment == 5
    assert verdict.life_safety
    assert verdict.latch
    assert verdict.verify


@pytest.mark.parametrize(("kind", "metric"), [*HAZARDS, ("water_leak", "leak"), ("perimeter", "intrusion")])
def test_the_other_words_of_a_detector_are_raised_in_their_own_class(kind, metric):
    for word, rule, alert_class in (
        ("fault", "detector-fault", "trouble"),
        ("disabled", "detector-disabled", "supervisory"),
        ("test", "detector-test", "status"),
    ):
        (verdict,) = School().hear(kind, metric, word)
        assert (verdict.rule, verdict.alert_class) == (rule, alert_class)
    (verdict,) = School().hear(kind, metric, "prealarm")
    assert (verdict.rule.endswith("prealarm"), verdict.alert_class) == (True, "supervisory")
    assert School().hear(kind, metric, "normal") == []


@pytest.mark.parametrize(
    ("kind", "metric", "value", "expected"),
    [
        ("panic_button", "press", "alarm", ("panic-alarm", "yes", "alarm", 1)),
        ("panic_button", "press", "test", ("panic-test", "yes", "status", 4)),
        ("perimeter", "intrusion", "alarm", ("intrusion-alarm", "yes", "alarm", 2)),
        ("water_leak", "leak", "alarm", ("leak-alarm", "yes", "supervisory", 1)),
        ("emergency_light", "lamp", "fault", ("emergency-light-lamp-fault", "yes", "trouble", 2)),
        ("exit_sign", "self_test", "failed", ("emergency-light-self-test-failed", "yes", "trouble", 2)),
        ("electrical_fire", "residual_current", 300.1, ("residual-current-high", "yes", "supervisory", 1)),
        ("smoke_detector", "battery_low", "low", ("battery-low", "yes", "trouble", 3)),
        ("door", "battery", 19.9, ("battery-level-low", "yes", "trouble", 3)),
        ("camera", "tamper", "tamper", ("tamper", "yes", "supervisory", 2)),
        ("gateway", "fault", "fault", ("device-fault", "yes", "trouble", 2)),
        ("smoke_detector", "supervision", "silent", ("life-safety-silent", "yes", "trouble", 1)),
        ("panic_button", "supervision", "silent", ("life-safety-silent", "yes", "trouble", 1)),
        ("gateway", "supervision", "silent", ("gateway-silent", "yes", "trouble", 1)),
        ("camera", "supervision", "silent", ("camera-silent", "yes", "trouble", 2)),
        ("door", "supervision", "silent", ("device-silent", "yes", "trouble", 3)),
    ],
)
def test_what_needs_a_person_is_raised_at_once(kind, metric, value, expected):
    assert brief(School().hear(kind, metric, value)) == [expected]


@pytest.mark.parametrize(
    ("kind", "metric", "value", "delay", "expected"),
    [
        ("emergency_light", "power", "battery", 5 * S, ("emergency-light-on-battery", "supervisory", 3)),
        ("exit_sign", "power", "battery", 5 * S, ("emergency-light-on-battery", "supervisory", 3)),
        ("gateway", "power", "battery", 5 * S, ("gateway-on-battery", "trouble", 2)),
        ("camera", "video", "fault", 10 * S, ("camera-video-fault", "trouble", 2)),
        ("door", "contact", "open", 10 * M, ("door-left-open", "status", 3)),
        ("climate", "temperature", 35.1, M, ("store-room-hot", "supervisory", 2)),
        ("climate", "humidity", 80.1, M, ("store-room-humid", "supervisory", 3)),
        ("extinguisher", "pressure", 0.99, M, ("extinguisher-pressure-low", "supervisory", 3)),
        ("extinguisher", "presence", "missing", 30 * S, ("extinguisher-missing", "supervisory", 2)),
    ],
)
def test_what_may_pass_by_itself_is_raised_after_its_delay(kind, metric, value, delay, expected):
    school = School()
    assert school.hear(kind, metric, value) == []
    assert school.pass_time(delay - 1) == []
    (verdict,) = school.pass_time(delay)
    assert (verdict.rule, verdict.alert_class, verdict.priority) == expected
    assert verdict.holds is Holds.YES


@pytest.mark.parametrize(
    ("kind", "metric", "value"),
    [
        ("electrical_fire", "residual_current", 300.0),
        ("climate", "temperature", 35.0),
        ("climate", "humidity", 80.0),
        ("extinguisher", "pressure", 1.0),
        ("smoke_detector", "battery", 20.0),
        ("smoke_detector", "temperature", 39.0),
        ("smoke_detector", "supervision", "late"),
        ("smoke_detector", "link", "offline"),
        ("exit_sign", "self_test", "passed"),
    ],
)
def test_what_needs_nobody_raises_nothing(kind, metric, value):
    school = School()
    assert school.hear(kind, metric, value) == []
    assert school.pass_time(3_600_000) == []
    assert len(school.memories) == 0


@pytest.mark.parametrize(
    ("kind", "metric", "over", "still", "back"),
    [
        ("electrical_fire", "residual_current", 301.0, 270.1, 270.0),
        ("climate", "temperature", 36.0, 33.1, 33.0),
        ("climate", "humidity", 81.0, 75.1, 75.0),
        ("extinguisher", "pressure", 0.9, 1.04, 1.05),
        ("door", "battery", 10.0, 24.9, 25.0),
    ],
)
def test_a_number_at_its_limit_does_not_come_and_go(kind, metric, over, still, back):
    school = School()
    school.hear(kind, metric, over, 0)
    school.pass_time(10 * M)
    assert school.hear(kind, metric, still, 11 * M) == []
    assert school.pass_time(30 * M) == []
    school.hear(kind, metric, back, 31 * M)
    assert [verdict.holds for verdict in school.pass_time(60 * M)] == [Holds.NO]


def test_a_detector_that_chatters_is_trouble_beside_its_alarms():
    school = School()
    told = [
        verdict
        for at, word in enumerate(["alarm", "normal"] * 3)
        for verdict in school.hear("smoke_detector", "smoke", word, at * 9 * S)
    ]
    assert brief(told) == [("smoke-alarm", "yes", "alarm", 1), ("detector-chattering", "yes", "trouble", 2)]
    assert told[1].moment == 36 * S


def test_a_second_device_of_the_zone_confirms_the_fire_and_both_alarms_are_raised_at_once():
    zoned = Registry.build(
        zones=[Zone("z", "一区", "Zone")],
        devices=[
            Device("a", "smoke_detector", "campus", zone="z"),
            Device("b", "call_point", "campus", zone="z"),
        ],
    )
    memories, told = Memories(), []
    for name, metric, at in (("a", "smoke", 0), ("b", "call_point", 5 * M)):
        told += evaluate(RULES, memories, reading(name, metric, "alarm", at), zoned.devices[name], zoned)
    assert brief(told) == [
        ("smoke-alarm", "yes", "alarm", 1), ("call-point-alarm", "yes", "alarm", 1),
        ("fire-confirmed", "yes", "alarm", 1),
    ]  # fmt: skip
    assert told[2].latch
    assert told[2].verify


def test_a_chattering_door_raises_nothing_and_a_banging_open_one_raises_once():
    school = School()
    words = ["open", "closed"] * 200
    assert [v for at, word in enumerate(words) for v in school.hear("door", "contact", word, at * S)] == []
    start = 1000 * S
    school.hear("door", "contact", "open", start)
    raised = school.pass_time(start + 10 * M)
    for at in range(100):
        raised += school.hear("door", "contact", ["closed", "open"][at % 2], start + 11 * M + at * S)
    assert [verdict.holds for verdict in raised] == [Holds.YES]


def test_every_press_of_a_panic_button_rings_again():
    school = School()
    school.hear("panic_button", "press", "alarm", 0)
    (second,) = school.hear("panic_button", "press", "alarm", 2 * S)
    assert second.again
    assert second.life_safety


@pytest.mark.parametrize("point", OWN_POINTS)
def test_each_fault_of_tocsin_itself_is_trouble_with_a_sentence_in_both_languages(point):
    school = School()
    (verdict,) = school.hear(OWN, point, "fault") + school.pass_time(10 * S)
    assert verdict.alert_class == "trouble"
    assert "：" in verdict.title.zh
    assert ": " in verdict.title.en
    assert len(verdict.title.zh) <= 40
    verdicts = school.hear(OWN, point, "normal", 11 * S) + school.pass_time(2 * M)
    assert [verdict.holds for verdict in verdicts] == [Holds.NO]


def test_each_loop_message_is_a_status_of_its_own_for_the_loop_policy():
    school = School()
    told = []
    for minute in range(3):
        told += school.hear(OWN, "loop", "alarm", minute * M)
    told += school.pass_time(3 * M)
    assert [v.holds.value for v in told] == ["yes", "no", "yes", "no", "yes", "no"]
    assert {(v.alert_class.value, v.policy, v.again) for v in told} == {("status", "loop", False)}


def test_a_loop_that_does_not_return_for_90_seconds_is_trouble():
    school = School()
    arm(RULES, school.memories, CAMPUS, 0)
    assert school.hear(OWN, "loop_returned", 0.0, 60 * S) == []
    assert school.pass_time(150 * S - 1) == []
    assert brief(school.pass_time(150 * S)) == [("loop-missing", "yes", "trouble", 1)]


SUPERVISED = [kind for kind in KINDS if kind not in ("service", "unregistered")]


@pytest.mark.parametrize("kind", SUPERVISED)
def test_the_silence_of_every_kind_is_raised_exactly_once(kind):
    (verdict,) = School().hear(kind, "supervision", "silent")
    assert verdict.subject == kind
    assert (verdict.priority == 1) == (KINDS[kind].life_safety or kind == "gateway")


NOT_JUDGED = {  # measured for charts, or judged under another metric
    "smoke_density", "gas_level", "co_ppm", "voltage", "rssi", "link_quality", "link", "co2", "current",
    "level", "take",
    "sequence_gap", "clock_error", "unprotected", "interval",
}  # fmt: skip


@pytest.mark.parametrize("kind", SUPERVISED)
def test_no_metric_of_any_kind_is_forgotten(kind):
    judged = {metric for metric in METRICS if RULES.for_reading(kind, metric)}
    forgotten = set(reportable(kind)) - judged - NOT_JUDGED
    measured = set() if kind in ("climate", "hydrant", "water_tank") else {"temperature"}
    assert forgotten == measured & set(KINDS[kind].metrics)


ASKING = {
    "alarm", "prealarm", "test", "fault", "disabled", "tamper", "low", "failed", "missing", "silent",
    "manual",
}  # fmt: skip
NOT_SAID = {
    # a microphone only corroborates: no dialect says more of it than that it hears an alarm
    "camera": [("alarm_sound", word) for word in ("disabled", "fault", "prealarm", "test")],
    "service": [("supervision", "silent")],  # that we are silent, only somebody outside can say
}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "unregistered"])
def test_every_word_of_every_kind_that_asks_for_a_person_is_judged_by_a_rule_of_the_pack(kind):
    silent = []
    for metric in reportable(kind):
        known = METRICS[metric]
        for word in sorted(ASKING.intersection(known.words)):
            school = School()
            device = OWN if kind == "service" else kind
            school.hear(device, metric, word)
            if not any(row.told is Holds.YES or row.state is State.PENDING for row in school.memories):
                silent.append((metric, word))
    assert silent == NOT_SAID.get(kind, [])


@pytest.mark.parametrize("kind", KINDS)
def test_no_reading_at_all_raises_two_rules(kind):
    for metric in reportable(kind):
        known = METRICS[metric]
        values = [known.low, known.high] if known.form is Form.NUMBER else known.words
        for value in values:
            school = School()
            arm(RULES, school.memories, CAMPUS, 0)
            device = OWN if kind == "service" else kind
            school.hear(device, metric, value)
            raised = [row for row in school.memories if row.told is Holds.YES or row.state is State.PENDING]
            assert len(raised) <= 1, (metric, value)


def test_the_standard_pack_waits_for_silence_only_of_itself():
    waiting = [rule.id for rule in RULES.rules if isinstance(rule.condition, Silence)]
    assert waiting == ["loop-missing"]
