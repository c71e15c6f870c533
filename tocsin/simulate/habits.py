"""Thinks. What a device says when nothing happens, and how often: heartbeats, drifting values, batteries.

Offsets are seconds since the simulation began. All follows from seed, device, heartbeat number, offset.
"""

from collections.abc import Mapping
from math import pi, sin
from typing import NamedTuple

from tocsin.simulate.chance import between, chance
from tocsin.simulate.site import Device

Values = dict[str, float | str]
Span = tuple[float, float, float, int]  # low, high, swing, digits

EVENTS = frozenset(("press", "self_test"))  # they happen; every other word or number stands until the next


class Habit(NamedTuple):
    """`every`: seconds between heartbeats at rate 1, far shorter than in life so that a demo lives.
    `longest`: what supervision allows a device of this kind."""

    every: float
    longest: float
    words: Mapping[str, str]
    numbers: Mapping[str, Span]
    battery: bool = False
    qos: int = 1
    retain: bool = False


_ROOM = (18.0, 24.0, 1.5, 1)
HABITS: dict[str, Habit] = {
    "smoke_detector": Habit(
        120, 3600, {"smoke": "normal"}, {"smoke_density": (0.01, 0.06, 0.01, 3), "temperature": _ROOM}
    ),
    "heat_detector": Habit(120, 3600, {"heat": "normal"}, {"temperature": (20, 28, 2, 1)}),
    "call_point": Habit(150, 3600, {"call_point": "normal"}, {"voltage": (23.6, 24.4, 0.1, 1)}, retain=True),
    "gas_detector": Habit(60, 3600, {"gas": "normal"}, {"gas_level": (0.2, 1.5, 0.3, 1)}, retain=True),
    "co_detector": Habit(90, 3600, {"co": "normal"}, {"co_ppm": (0.5, 4, 0.8, 1)}),
    "electrical_fire": Habit(
        60,
        3600,
        {"arc": "normal"},
        {"residual_current": (20, 80, 15, 0), "temperature": (30, 42, 4, 1)},
        retain=True,
    ),
    "panic_button": Habit(240, 90000, {}, {}, battery=True),
    "emergency_light": Habit(150, 3600, {"power": "mains", "lamp": "normal"}, {"battery": (99, 100, 0, 0)}),
    "exit_sign": Habit(150, 3600, {"power": "mains", "lamp": "normal"}, {"battery": (98, 100, 0, 0)}),
    "extinguisher": Habit(
        240, 90000, {"presence": "present"}, {"pressure": (1.15, 1.3, 0.02, 2)}, battery=True, retain=True
    ),
    "water_leak": Habit(240, 90000, {"leak": "normal"}, {}, battery=True, retain=True),
    "camera": Habit(45, 300, {"video": "normal"}, {}, qos=0),
    "door": Habit(90, 90000, {"contact": "closed"}, {}, retain=True),
    "perimeter": Habit(120, 3600, {"intrusion": "normal"}, {"rssi": (-85, -60, 3, 0)}),
    "climate": Habit(60, 1800, {}, {"temperature": _ROOM, "humidity": (40, 55, 4, 1)}, battery=True, qos=0),
    "gateway": Habit(30, 180, {"power": "mains"}, {"rssi": (-75, -55, 3, 0)}, retain=True),
}
_COLD_STORE = (2.0, 5.0, 0.8, 1)

_DAY = 1800.0  # seconds in which a value swings once up and down: a demo's day
AWAY = (300.0, 540.0, 1500.0)  # the flaky device: gone from, back at, in every so many seconds


def heartbeat(seed: int, device: Device, number: int, offset: float, weak: bool) -> Values:
    """All that a device reports of itself in heartbeat `number`: its full state, as devices do."""
    habit = HABITS[device.kind]
    values: Values = dict(habit.words)
    for metric, span in habit.numbers.items():
        cold = metric == "temperature" and device.place.endswith("-cold")
        values[metric] = _drift(seed, device.id, metric, number, offset, _COLD_STORE if cold else span)
    if habit.battery:
        left = battery(seed, device.id, number, weak)
        values |= {"battery": left, "battery_low": "low" if left <= 20 else "normal"}
    if "lamp" in habit.words and number and chance(seed, device.id, "self_test", number) < 1 / 30:
        values["self_test"] = "passed"
    return values


def _drift(seed: int, device: str, metric: str, number: int, offset: float, span: Span) -> float:
    low, high, swing, digits = span
    centre = between(low, high, seed, device, metric)
    phase = chance(seed, device, metric, "phase")
    noise = between(-0.25, 0.25, seed, device, metric, number)
    value = centre + swing * (sin(2 * pi * (offset / _DAY + phase)) + noise)
    return round(max(value, low / 2) if low > 0 else value, digits or None)


def battery(seed: int, device: str, number: int, weak: bool) -> int:
    """Percent. It runs down by the heartbeat, and at 3 % somebody puts in a new one."""
    full = 21.4 if weak else between(40, 100, seed, device, "battery")
    drained = number * (0.6 if weak else 0.002)
    return round(3 + (full - 3 - drained) % 97)


def passage(seed: int, device: Device, number: int) -> float:
    """Seconds for which somebody going through holds a door open at this heartbeat; 0 = nobody does."""
    if device.kind != "door" or not number or chance(seed, device.id, "passage", number) < 0.3:
        return 0.0
    return round(between(2.5, 8, seed, device.id, "open", number), 1)


def repeated(seed: int, device: Device, number: int) -> bool:
    """Whether this message is sent twice, the same bytes with the same sequence number."""
    return chance(seed, device.id, "repeat", number) < 0.02


def away(offset: float) -> bool:
    """Whether the flaky device is out of reach at this moment."""
    gone, back, every = AWAY
    return gone <= offset % every < back


def pause(seed: int, device: Device, number: int, rate: float) -> float:
    """Seconds until the next heartbeat: never exactly regular, never longer than supervision allows."""
    habit = HABITS[device.kind]
    allowed = device.interval or habit.longest
    every = min(habit.every / rate, allowed * 0.4)
    low = 0.2 if number == 1 else 0.9  # at the start all spoke at about the same time: part them
    return every * between(low, 1.1, seed, device.id, "pause", number)


def first(seed: int, device: Device, devices: int) -> float:
    """Seconds after (re)connecting at which a device first speaks: gateways at once, the rest spread out."""
    if device.kind == "gateway":
        return between(0, 1, seed, device.id, "first")
    return 1 + between(0, max(8.0, devices / 150), seed, device.id, "first")
