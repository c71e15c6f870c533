"""Thinks. What happens in the scenarios, and what the standard rules make of it."""

import pytest

from ingest.reading import Reading
from rules.evaluate import due, evaluate
from rules.load import load
from rules.memory import Memories
from rules.verdict import Holds, Verdict
from tests.fakes.school import MINUTE, START, School
from tocsin.simulate.campus import build
from tocsin.simulate.scenarios import SCENARIOS, UnknownScenario, steps

RULES = load()
CALM = 20_000  # ms: by then every device has spoken once


def judged(school: School, readings: list[Reading]) -> list[Verdict]:
    memories = Memories()
    verdicts: list[Verdict] = []
    for reading in readings:
        device = school.registry.devices[reading.device]
        verdicts += due(RULES, memories, reading.received, school.registry)
        verdicts += evaluate(RULES, memories, reading, device, school.registry)
    return verdicts


def raised(verdicts: list[Verdict]) -> set[tuple[str, str]]:
    return {(v.rule, v.device) for v in verdicts if v.holds is Holds.YES}


def played(name: str, minutes: int = 4) -> tuple[School, list[Reading]]:
    school = School()
    readings = school.pass_time(CALM)
    school.stage.play(name, CALM)
    return school, readings + school.pass_time(CALM + minutes * MINUTE)


def test_a_quiet_campus_raises_nothing_but_what_is_really_wrong():
    school = School()
    weak = school.campus.weak
    found = raised(judged(school, school.pass_time(25 * MINUTE)))
    assert found == {("battery-low", weak), ("battery-level-low", weak)}


@pytest.mark.parametrize("devices", [60, 300, 10_000])
@pytest.mark.parametrize("name", SCENARIOS)
def test_everybody_in_a_scenario_is_there_however_small_the_campus(name, devices):
    campus = build(7, devices)
    happening = steps(name, campus, 7)
    assert {step.device for step in happening} <= {device.id for device in campus.devices}
    assert happening == sorted(happening, key=lambda step: step.offset)
    assert happening == steps(name, campus, 7)


def test_an_unknown_scenario_names_those_there_are_and_changes_nothing():
    school = School()
    with pytest.raises(UnknownScenario, match="no scenario 'fire'; there are: night-fire, gas-leak"):
        school.stage.play("fire", 0)
    assert school.stage.running(0) is None


def test_the_night_fire_is_a_prealarm_an_alarm_a_second_detector_of_the_zone_and_a_call_point():
    school, readings = played("night-fire")
    words = [
        (r.received - START - CALM, r.device, r.value) for r in readings if r.value in ("prealarm", "alarm")
    ]
    first = {(device, word): offset for offset, device, word in reversed(words)}
    assert first == {
        ("dorm-2-305-smoke", "prealarm"): 0,
        ("dorm-2-305-smoke", "alarm"): 5_000,
        ("dorm-2-f3-corridor-smoke", "alarm"): 13_000,
        ("dorm-2-f3-corridor-call", "alarm"): 33_000,
    }
    assert len({school.registry.devices[device].zone for device, _ in first}) == 1
    density = [r.value for r in readings if r.point == "dorm-2-305-smoke/smoke_density" and r.value > 0.5]
    assert density[0] < 1 < 6 < density[-1]
    assert raised(judged(school, readings)) == {
        ("fire-prealarm", "dorm-2-305-smoke"),
        ("smoke-alarm", "dorm-2-305-smoke"),
        ("smoke-alarm", "dorm-2-f3-corridor-smoke"),
        ("fire-confirmed", "dorm-2-f3-corridor-smoke"),
        ("call-point-alarm", "dorm-2-f3-corridor-call"),
    }


def test_an_alarm_is_said_twice_with_the_same_sequence_number():
    school, _ = played("night-fire", minutes=1)
    alarms = [m["seq"] for m in school.said_by("dorm-2-305-smoke") if m["values"].get("smoke") == "prealarm"]
    assert len(alarms) >= 2
    assert alarms[0] == alarms[1]


def test_the_gas_leak_rises_to_an_alarm_and_is_aired_out():
    school, readings = played("gas-leak")
    verdicts = judged(school, readings)
    assert raised(verdicts) == {("gas-prealarm", "lab-201-gas"), ("gas-alarm", "lab-201-gas")}
    last = [r.value for r in readings if r.point == "lab-201-gas/gas"][-1]
    assert last == "normal"


def test_in_the_power_cut_every_light_and_sign_of_the_building_runs_on_its_battery_and_comes_back():
    school, readings = played("power-cut")
    lights = {d.id for d in school.campus.of("teach-a", "emergency_light", "exit_sign")} | {"gw-teach-a"}
    power = [(r.device, r.value) for r in readings if r.metric == "power"]
    assert {device for device, word in power if word == "battery"} == lights
    assert all(dict(power)[device] == "mains" for device in lights)
    assert len(lights) > 10


def test_a_dead_gateway_silences_its_devices_and_everyone_speaks_again_after_its_return():
    school, _ = played("gateway-death", minutes=1)
    children = {d.id for d in school.campus.devices if d.gateway == "gw-teach-b"} | {"gw-teach-b"}
    assert school.stage.cut == {"gw-teach-b"}
    assert not [s for s in school.sayings if s.gateway == "gw-teach-b" and s.offset > CALM]
    assert {reading.device for reading in school.pass_time(CALM + 2 * MINUTE)} >= children
    assert school.stage.cut == set()


def test_the_chattering_door_chatters_and_ends_closed_without_an_alert():
    school, readings = played("chattering-door", minutes=2)
    words = [
        r.value for r in readings if r.point == "dorm-1-lobby-door/contact" and r.received > START + CALM
    ]
    assert words.count("open") >= 30
    assert words[-1] == "closed"
    assert raised(judged(school, readings)) == set()


def test_the_panic_button_is_pressed_twice():
    school, readings = played("panic", minutes=1)
    assert raised(judged(school, readings)) == {("panic-alarm", "gate-guard-panic")}
    presses = [m["seq"] for m in school.said_by("gate-guard-panic") if "press" in m["values"]]
    assert len(set(presses)) == 2


def test_all_normal_ends_everything_at_once_and_nothing_of_it_comes_after():
    school = School()
    school.pass_time(CALM)
    for name in ("night-fire", "gateway-death", "power-cut", "gas-leak"):
        school.stage.play(name, CALM)
    school.pass_time(CALM + 25_000)
    assert school.stage.running(CALM + 25_000) == "gas-leak"
    school.stage.play("all-normal", CALM + 25_000)
    assert school.stage.running(CALM + 25_000) is None
    last: dict[str, float | str] = {}
    for reading in school.pass_time(CALM + 5 * MINUTE):
        last[reading.point] = reading.value
    assert "dorm-2-305-smoke/smoke" in last
    assert not {"alarm", "prealarm", "battery"} & {value for value in last.values() if isinstance(value, str)}
    assert school.stage.cut == set()


def test_the_scenario_begun_last_is_the_one_that_is_running():
    school = School()
    school.stage.play("gateway-death", 0)
    school.stage.play("panic", 5_000)
    running = [school.stage.running(offset) for offset in (6_000, 20_000, 20_001, 90_000, 90_001)]
    assert running == ["panic", "panic", "gateway-death", "gateway-death", None]
