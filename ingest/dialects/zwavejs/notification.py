"""Thinks. The Notification command class of Z-Wave: what its values mean for each type of notification.

A value alone says what happened, whatever the variable is called; 0 says that this variable is idle again. A
detector has several variables (sensor, alarm, maintenance), and none of them ends what another has raised.
"""

from typing import Any

from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.held import Hearing, held, key_of
from ingest.value import UNKNOWN, Value, parsed, shown

_Meaning = tuple[str, str, str]  # metric, word, note
_SILENCED = "silenced"


def _detector(metric: str, alarms: tuple[int, ...], test: int, faults: dict[int, str]) -> dict[int, _Meaning]:
    found = dict.fromkeys(alarms, (metric, "alarm", "")) | {test: (metric, "test", "")}
    return found | {value: ("fault", "fault", note) for value, note in faults.items()}


_WORN = {4: "replacement required", 5: "end of life", 7: "periodic inspection is due"}

_TYPES: dict[str, dict[int, _Meaning]] = {
    "smokealarm": _detector("smoke", (1, 2), 3, _WORN | {8: "dust in the device"})
    | {6: ("smoke", _SILENCED, "")},
    "coalarm": _detector("co", (1, 2), 3, _WORN) | {6: ("co", _SILENCED, "")},
    "co2alarm": _detector("gas", (1, 2), 3, _WORN) | {6: ("gas", _SILENCED, "")},
    "heatalarm": _detector(
        "heat",
        (1, 2, 3, 4),
        7,
        {5: "underheat", 6: "underheat", 8: "end of life", 10: "dust in the device",
         11: "periodic inspection is due", 12: "rapid fall", 13: "rapid fall"},
    ) | {9: ("heat", _SILENCED, "")},
    "wateralarm": {
        1: ("leak", "alarm", ""),
        2: ("leak", "alarm", ""),
        **{
            value: ("fault", "fault", note)
            for value, note in {
                3: "water level dropped", 4: "water level dropped", 5: "replace the water filter",
                6: "water flow alarm", 7: "water pressure alarm", 8: "water temperature alarm",
                9: "water level alarm", 11: "sump pump failure",
            }.items()
        },
    },
    "gasalarm": _detector("gas", (1, 2), 5, {6: "replacement required"})
    | {3: ("gas", "alarm", "toxic gas"), 4: ("gas", "alarm", "toxic gas")},
    "accesscontrol": {
        22: ("contact", "open", ""),
        23: ("contact", "closed", ""),
        5632: ("contact", "open", ""),
        5633: ("contact", "open", "tilted"),
        11: ("fault", "fault", "lock jammed"),
    },
    "homesecurity": {
        1: ("intrusion", "alarm", ""),
        2: ("intrusion", "alarm", ""),
        3: ("tamper", "tamper", "cover removed"),
        4: ("tamper", "tamper", "invalid code"),
        5: ("intrusion", "alarm", "glass broken"),
        6: ("intrusion", "alarm", "glass broken"),
        7: ("intrusion", "alarm", "motion"),
        8: ("intrusion", "alarm", "motion"),
        9: ("tamper", "tamper", "moved"),
        10: ("tamper", "tamper", "impact"),
        11: ("tamper", "tamper", "magnetic field"),
        12: ("fault", "fault", "radio jamming"),
    },
    "powermanagement": {
        2: ("power", "battery", ""),
        3: ("power", "mains", ""),
        6: ("fault", "fault", "over-current"),
        7: ("fault", "fault", "over-voltage"),
        8: ("fault", "fault", "over-load"),
        9: ("fault", "fault", "load error"),
        10: ("battery_low", "low", "replace soon"),
        11: ("battery_low", "low", "replace now"),
        13: ("battery_low", "normal", ""),
        14: ("battery_low", "low", "charge soon"),
        15: ("battery_low", "low", "charge now"),
        16: ("backup", "fault", "battery low"),
        17: ("battery_low", "low", "battery fluid"),
        18: ("backup", "fault", "battery disconnected"),
    },
    "system": {
        1: ("fault", "fault", "hardware"),
        2: ("fault", "fault", "software"),
        3: ("fault", "fault", "hardware"),
        4: ("fault", "fault", "software"),
        6: ("tamper", "tamper", "cover removed"),
        7: ("fault", "fault", "emergency shut-off"),
    },
    "emergencyalarm": {
        1: ("press", "alarm", "police"),
        2: ("press", "alarm", "fire service"),
        3: ("press", "alarm", "medical"),
    },
}  # fmt: skip
_HAZARD_OF = {"smokealarm": "smoke", "coalarm": "co", "co2alarm": "gas", "heatalarm": "heat",
              "wateralarm": "leak", "gasalarm": "gas"}  # fmt: skip
_IDLE = {  # variable → the metric it speaks of, where that is not the detector's own or a fault
    "coverstatus": "tamper",
    "magneticinterferencestatus": "tamper",
    "motionsensorstatus": "intrusion",
    "batterymaintenancestatus": "battery_low",
    "batterylevelstatus": "battery_low",
    "backupbatterylevelstatus": "backup",
}
_DETECTING = ("sensorstatus", "alarmstatus", "teststatus", "heatsensorstatus", "combustiblegasstatus",
              "toxicgasstatus", "")  # fmt: skip
_STATES = {  # what a variable of each type may have raised
    kind: tuple(sorted({metric for metric, _, _ in table.values()} - {"press", "contact", "power"}))
    for kind, table in _TYPES.items()
}
_NORMAL: Value = ("normal", "")


def notified(hearing: Hearing, kind: str, key: str, raw: Any, live: bool) -> None:
    """`kind` and `key`: `Smoke Alarm` and `Sensor status` in small letters without blanks; behind the key `@`
    and the endpoint where it is not the first."""
    table = _TYPES.get(kind)
    if table is None:
        return
    number = parsed(raw) if isinstance(raw, str) else raw
    part, variable = f"{kind}/{key}", key.partition("@")[0]
    if type(number) not in (int, float) or number not in table:
        if number == 0 and type(number) in (int, float):
            _idle(hearing, kind, variable, part)
        elif kind in _HAZARD_OF and variable in _DETECTING:
            note = "" if raw is None else f"not understood: {shown(raw)}"
            hearing.take(_HAZARD_OF[kind], (UNKNOWN, note), part)
        return
    metric, word, note = table[int(number)]
    if word == _SILENCED:
        _silenced(hearing, metric, part)
    elif (
        metric == "intrusion" and note == "motion" and hearing.device.kind not in ("perimeter", UNREGISTERED)
    ):
        return  # somebody walks past
    elif metric == "press":
        hearing.take(metric, (word, note) if live else None)
    elif variable == "teststatus":  # it is never idle again
        _tested(hearing, metric, live)
    else:
        hearing.take(metric, (word, note), part="" if metric in ("contact", "power") else part)


def _idle(hearing: Hearing, kind: str, variable: str, part: str) -> None:
    learned = hearing.said.known.learned
    own = _HAZARD_OF.get(kind, "intrusion" if kind == "homesecurity" else "")
    speaks_of = own if variable in _DETECTING else _IDLE.get(variable, "fault")
    if speaks_of == "intrusion" and variable == "motionsensorstatus" and hearing.device.kind != "perimeter":
        speaks_of = ""
    for metric in _STATES[kind]:
        raised = part in (learned.get(key_of(metric, hearing.address)) or ())
        if metric == speaks_of or raised:
            hearing.take(metric, _NORMAL, part)


def _silenced(hearing: Hearing, metric: str, part: str) -> None:
    """A silenced alarm is one; a silenced test is still a test."""
    before = hearing.said.known.learned.get(key_of(metric, hearing.address)) or {}
    test = before.get(part) == "test" and "alarm" not in before.values()
    hearing.take(metric, ("test" if test else "alarm", "silenced"), part)


def _tested(hearing: Hearing, metric: str, live: bool) -> None:
    known, address = hearing.said.known, hearing.address
    if live and held(known, address, metric, "test", _NORMAL, {})[0] != "alarm":
        hearing.once(metric, ("test", ""), "normal", "the test is told once")
