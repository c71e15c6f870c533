"""Thinks. What the codes of Contact ID (SIA DC-05) mean: a qualifier and three digits.

1 is new, 3 restored, 6 still so. The parts are those of the SIA codes: each may end what the other raised.
"""

from functools import lru_cache

from ingest.dialects.siadc09.codes import (
    ALARM,
    DISABLED,
    HAZARD,
    NOTHING,
    PREALARM,
    TEST,
    Effect,
    Meaning,
    on,
    state,
)

# from, to (both within), what a new one means. The first that fits counts.
_RANGES: tuple[tuple[int, int, Meaning], ...] = (
    (100, 102, on("call_point", ALARM, "medical emergency", "medical emergency")),
    (110, 110, on("fire", ALARM, "fire")),
    (111, 111, on("smoke", ALARM, "fire")),
    (112, 112, on("fire", ALARM, "fire")),
    (113, 113, on("water_flow", ALARM, "sprinkler")),
    (114, 114, on("heat", ALARM, "heat")),
    (115, 115, on("call_point", ALARM, "pull station")),
    (116, 116, on("smoke", ALARM, "fire", "duct")),
    (117, 117, on("flame", ALARM, "fire")),
    (118, 118, on("fire", PREALARM, "fire unverified", "near alarm")),
    (120, 126, on("call_point", ALARM, "panic", "panic")),
    (129, 129, on("call_point", ALARM, "holdup", "holdup")),
    (137, 137, state("tamper", "tamper", "tamper", True)),
    (130, 140, on("intrusion", ALARM, "burglary")),
    (141, 142, state("bus", "fault", "loop")),
    (143, 143, state("fault", "fault", "expansion module")),
    (144, 145, state("tamper", "tamper", "tamper", True)),
    (146, 146, on("intrusion", ALARM, "burglary")),
    (147, 147, state("fault", "fault", "sensor supervision", True)),
    (150, 150, on("untyped", ALARM, "alarm of unknown type", "alarm of unknown type")),
    (151, 151, on("gas", ALARM, "gas")),
    (152, 153, state("fault", "fault", "heating or cooling failed", True)),
    (154, 154, on("leak", ALARM, "water")),
    (155, 155, on("intrusion", ALARM, "burglary", "foil break")),
    (156, 157, state("fault", "fault", "trouble by day or gas level", True)),
    (158, 158, on("heat", ALARM, "heat", "high temperature")),
    (159, 159, state("fault", "fault", "too cold", True)),
    (161, 161, state("fault", "fault", "no air flow", True)),
    (162, 162, on("co", ALARM, "carbon monoxide")),
    (163, 163, state("fault", "fault", "tank level", True)),
    (100, 199, on("untyped", ALARM, "alarm of unknown type", "alarm of unknown type")),
    (201, 201, on("fire", PREALARM, "water pressure", "low water pressure")),
    (202, 202, on("fire", PREALARM, "CO2 supply", "low CO2")),
    (203, 203, on("fire", PREALARM, "gate valve", "gate valve")),
    (204, 204, on("fire", PREALARM, "water level", "low water level")),
    (205, 205, state("running", "running", "pump", True)),
    (206, 206, state("fault", "fault", "pump", True)),
    (200, 299, on("fire", PREALARM, "fire supervisory", "fire supervisory")),
    (301, 301, state("power", "battery", "mains")),
    (302, 302, state("battery_low", "low", "battery")),
    (305, 306, NOTHING),
    (309, 309, state("backup", "fault", "battery test")),
    (311, 311, state("backup", "fault", "battery missing")),
    (313, 313, NOTHING),
    (320, 329, state("fault", "fault", "bell")),
    (331, 332, state("bus", "fault", "loop")),
    (333, 333, state("fault", "fault", "expansion module")),
    (338, 338, state("battery_low", "low", "battery of an expansion module")),
    (339, 339, NOTHING),
    (341, 341, state("tamper", "tamper", "tamper", True)),
    (344, 344, state("fault", "fault", "radio interference")),
    (351, 352, state("fault", "fault", "phone line")),
    (350, 359, state("fault", "fault", "communication")),
    (300, 349, state("fault", "fault", "system trouble")),
    (373, 373, state("fault", "fault", "fire trouble", True)),
    (374, 374, NOTHING),
    (375, 375, state("fault", "fault", "panic trouble", True)),
    (376, 376, state("fault", "fault", "holdup trouble", True)),
    (377, 378, NOTHING),
    (381, 382, state("fault", "fault", "radio supervision", True)),
    (383, 383, state("tamper", "tamper", "tamper", True)),
    (384, 384, state("battery_low", "low", "battery", True)),
    (385, 386, state("fault", "fault", "detector needs cleaning", True)),
    (392, 393, state("fault", "fault", "detector needs cleaning", True)),
    (370, 399, state("fault", "fault", "sensor trouble", True)),
    (400, 499, NOTHING),  # arming, access
    (520, 532, state("fault", "fault", "switched off")),
    (551, 553, state("fault", "fault", "communicator switched off")),
    (571, 571, on("fire", DISABLED, "fire bypass", "bypassed")),
    (573, 573, on("intrusion", DISABLED, "burglary bypass", "bypassed")),
    (570, 579, on("untyped", DISABLED, "alarm of unknown type bypass", "bypassed")),
    (500, 599, NOTHING),
    (604, 604, Meaning((Effect(HAZARD, TEST, "fire test of the area", "fire"),), False)),
    (607, 607, Meaning((Effect(HAZARD, TEST, "walk test", "fire"),), False)),
    (600, 699, NOTHING),  # tests of the line, the log, programs
)
_CALM = {"power": "mains", "running": "stopped"}


@lru_cache(maxsize=1000)
def contact(code: str) -> Meaning | None:
    """The meaning of a qualifier and three digits; None where it is not known."""
    qualifier, number = code[0], code[1:]
    if qualifier not in "136" or not number.isdecimal():
        return None
    new = next((meaning for low, high, meaning in _RANGES if low <= int(number) <= high), None)
    if new is None or qualifier != "3":
        return new
    return Meaning(tuple(end for effect in new.effects for end in _ends(effect)), new.point)


def _ends(effect: Effect) -> tuple[Effect, ...]:
    """What a restore takes back; the end of an alarm is the end of a test of the same zone too."""
    end = Effect(effect.metric, _CALM.get(effect.metric, "normal"), effect.part, effect.family)
    if effect.word != ALARM:
        return (end,)
    return (end, Effect(effect.metric, end.word, f"{effect.part} test", effect.family))
