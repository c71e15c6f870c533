"""Thinks. The scenarios: timed lists of what happens to which device. Same seed and campus, same list."""

from collections.abc import Callable
from typing import NamedTuple

from tocsin.simulate.campus import Campus
from tocsin.simulate.chance import between
from tocsin.simulate.habits import Values


class Step(NamedTuple):
    """At `offset` seconds the device reports `values`, and they stand; no values = it is back to its habits.
    `{"link": "offline"}` cuts a gateway's connection, `{"link": "online"}` mends it."""

    offset: float
    device: str
    values: Values


class Scenario(NamedTuple):
    name: str
    zh: str
    en: str
    steps: Callable[[Campus, int], list[Step]]


class UnknownScenario(Exception):
    """The message names the scenarios there are."""


def _night_fire(campus: Campus, seed: int) -> list[Step]:
    """Room 305 of dormitory 2: prealarm, alarm; 8 s later the corridor; 20 s after that the call point."""
    room, corridor = "dorm-2-305-smoke", "dorm-2-f3-corridor-smoke"
    steps = [
        Step(0, room, {"smoke": "prealarm", "smoke_density": 0.9, "temperature": 27.0}),
        Step(5, room, {"smoke": "alarm", "smoke_density": 2.1, "temperature": 31.5}),
        Step(13, corridor, {"smoke": "alarm", "smoke_density": 1.4, "temperature": 25.5}),
        Step(33, "dorm-2-f3-corridor-call", {"call_point": "alarm"}),
    ]
    for number in range(1, 13):  # the smoke thickens for a minute
        thicker = number * between(0.9, 1.1, seed, "night-fire", number)
        dense = round(2.1 + 0.55 * thicker, 2)
        steps.append(Step(5 + 5 * number, room, {"smoke_density": dense, "temperature": 31.5 + 4 * number}))
        if number > 2:
            dense = round(1.4 + 0.3 * thicker, 2)
            steps.append(Step(6.5 + 5 * number, corridor, {"smoke_density": dense}))
    return _in_order(steps)


def _gas_leak(campus: Campus, seed: int) -> list[Step]:
    """Laboratory 201: the gas rises for half a minute, is aired out, and the detector returns to normal."""
    device = "lab-201-gas"
    levels = [(0, 3.0), (4, 6.0), (8, 11.0), (12, 16.0), (16, 22.0), (20, 28.0), (26, 36.0), (34, 41.0)]
    levels += [(120, 30.0), (135, 18.0), (150, 8.0)]
    words = {8: "prealarm", 20: "alarm", 135: "prealarm", 150: "normal"}
    steps = []
    for offset, level in levels:
        values: Values = {"gas_level": round(level + between(-0.6, 0.6, seed, "gas-leak", offset), 1)}
        if offset in words:
            values["gas"] = words[offset]
        steps.append(Step(offset, device, values))
    return [*steps, Step(180, device, {})]


def _power_cut(campus: Campus, seed: int) -> list[Step]:
    """Teaching building A has no mains for two minutes: lights, signs and gateway run on batteries."""
    steps = [Step(0, "gw-teach-a", {"power": "battery"}), Step(120, "gw-teach-a", {})]
    for light in campus.of("teach-a", "emergency_light", "exit_sign"):
        late = round(between(0.2, 3, seed, "power-cut", light.id), 2)
        drain = between(2, 5, seed, "power-cut drain", light.id)
        steps.append(Step(late, light.id, {"power": "battery"}))
        for number in (1, 2, 3):
            steps.append(Step(late + 30 * number, light.id, {"battery": round(100 - drain * number)}))
        steps.append(Step(120 + late, light.id, {"power": "mains"}))
        steps.append(Step(180 + late, light.id, {}))
    return _in_order(steps)


def _gateway_death(campus: Campus, seed: int) -> list[Step]:
    """The gateway of teaching building B falls off the network for 90 s; its devices fall silent with it."""
    return [Step(0, "gw-teach-b", {"link": "offline"}), Step(90, "gw-teach-b", {"link": "online"})]


def _chattering_door(campus: Campus, seed: int) -> list[Step]:
    """The door of dormitory 1 rattles open and closed in the wind for most of a minute."""
    steps, offset = [], 0.0
    for number in range(60):
        word = "open" if number % 2 == 0 else "closed"
        steps.append(Step(round(offset, 2), "dorm-1-lobby-door", {"contact": word}))
        offset += between(0.4, 1.2, seed, "chattering-door", number)
    return [*steps, Step(round(offset + 1, 2), "dorm-1-lobby-door", {})]


def _panic(campus: Campus, seed: int) -> list[Step]:
    """The button in the guard post is pressed, and a quarter of a minute later pressed again."""
    return [Step(0, "gate-guard-panic", {"press": "alarm"}), Step(15, "gate-guard-panic", {"press": "alarm"})]


def _nothing(campus: Campus, seed: int) -> list[Step]:
    return []


ALL_NORMAL = "all-normal"
SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("night-fire", "夜间宿舍火情", "Night fire in the dormitory", _night_fire),
        Scenario("gas-leak", "实验室燃气泄漏", "Gas leak in the laboratory", _gas_leak),
        Scenario("power-cut", "教学楼停电", "Power cut in a teaching building", _power_cut),
        Scenario("gateway-death", "网关掉线", "A gateway dies", _gateway_death),
        Scenario("chattering-door", "门磁频繁抖动", "A chattering door", _chattering_door),
        Scenario("panic", "紧急按钮", "Panic button", _panic),
        Scenario(ALL_NORMAL, "全部恢复正常", "Everything back to normal", _nothing),
    )
}
# Not played by the simulator, which cannot stop a broker: its owner restarts it under this name.
# The simulator's gateways wait, keep what they have to say, and say it when the broker is back.
BROKER_OUTAGE = Scenario("broker-outage", "消息服务器中断", "Broker outage", _nothing)


def steps(name: str, campus: Campus, seed: int) -> list[Step]:
    """What happens in the scenario `name`, in order of time. Raises UnknownScenario."""
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise UnknownScenario(f"there is no scenario {name!r}; there are: {', '.join(SCENARIOS)}")
    return scenario.steps(campus, seed)


def _in_order(steps: list[Step]) -> list[Step]:
    return sorted(steps, key=lambda step: step.offset)
