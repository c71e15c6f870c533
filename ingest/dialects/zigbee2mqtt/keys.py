"""Thinks. What the keys of a Zigbee2MQTT report mean as metrics of the campus, for each kind of device."""

from typing import Any

from ingest.campus.kinds import KINDS, TAKE_BUTTON
from ingest.dialects.hazard import HAZARDS, graver, hazard_of
from ingest.value import READERS, UNKNOWN, Reader, Value, affirmed, parsed, shown

Found = dict[str, Value]
Key = tuple[str, Reader]  # the metric, and how the raw value is read

_HAZARD_KEYS = {
    "smoke": "smoke",
    "heat": "heat",
    "gas": "gas",
    "carbon_monoxide": "co",
    "water_leak": "leak",
}
# What an alarm bit without a name of its own stands for on these kinds; "alarm" is the bit of any IAS zone.
_BARE_ALARM = ("alarm", "alarm_1", "alarm_2")
_MOVEMENT = ("occupancy", "presence", "vibration")

# Words of `action` that are an emergency on every device, and those that are one on a button of the campus.
_EMERGENCY = {
    "emergency",
    "panic",
    "sos",
    "fire",
    "fire_panic",
    "police_panic",
    "emergency_panic",
    "medical_panic",
}
_BUTTON = {"single", "double", "triple", "quadruple", "many", "hold", "long", "press", "pressed", "click",
           "on", "off", "toggle", "alarm"}  # fmt: skip
_BUTTON_KINDS = {"panic_button", "call_point"}
PULSES = ("press", "take")  # the metrics of `action`: what is replayed of them happens to nobody now
_NO_PRESS = {"", "none", "release", "hold_release", "long_release"}


def _fault(raw: Any) -> Value | None:
    """A boolean, or an enum in which every word but the normal one is some fault."""
    value = READERS["fault"](raw)
    if isinstance(raw, str) and raw and value is not None and value[0] == UNKNOWN and raw != UNKNOWN:
        return "fault", raw[:60] if raw.isprintable() else shown(raw)
    return value


def _reliability(raw: Any) -> Value | None:
    return ("normal", "") if raw == "no_fault_detected" else _fault(raw)


def _mains_failed(raw: Any) -> Value | None:
    """`ac_status` true is the IAS bit "AC (mains) fault"."""
    value = READERS["fault"](raw)
    words = {"fault": "battery", "normal": "mains"}
    return value if value is None else (words.get(str(value[0]), UNKNOWN), value[1])


def _voltage(raw: Any) -> Value | None:
    """Battery devices report mV, mains sockets V: no mains is above 480 V, no battery below 480 mV."""
    number: Any = parsed(raw) if isinstance(raw, str) else raw
    if type(number) in (int, float) and 480 < number < 1e6:
        return READERS["voltage"](number / 1000)
    return READERS["voltage"](raw)


_SAME = ("tamper", "battery_low", "contact", "battery", "temperature", "humidity")
_FAULTS = ("fault", "fault_state", "trouble", "device_fault", "fault_alarm", "battery_defect", "smoke_fault",
           "co_fault", "gas_fault", "heat_fault", "sensor_fault")  # fmt: skip

_COMMON: dict[str, Key] = {
    **{
        key + suffix: (metric, READERS[metric])
        for key, metric in _HAZARD_KEYS.items()
        for suffix in ("", "_alarm", "_alarm_1", "_alarm_2", "_state")
    },
    **{key: (key, READERS[key]) for key in _SAME},
    **dict.fromkeys(_FAULTS, ("fault", _fault)),
    "reliability": ("fault", _reliability),
    "ac_status": ("power", _mains_failed),
    "linkquality": ("link_quality", READERS["link_quality"]),
    "voltage": ("voltage", _voltage),
    "smoke_density_dbm": ("smoke_density", READERS["smoke_density"]),
    "sos": ("call_point", READERS["call_point"]),
}


def _keys_of(kind: str) -> dict[str, Key]:
    hazard = hazard_of(kind)
    keys = dict(_COMMON)
    if hazard:
        bare = (*_BARE_ALARM, *_MOVEMENT) if kind == "perimeter" else _BARE_ALARM
        keys |= dict.fromkeys(bare, (hazard, READERS[hazard]))
    return keys


_KEYS = {kind: _keys_of(kind) for kind in KINDS}
_HAZARD = {kind: hazard_of(kind) for kind in KINDS}
_TESTS = ("test", "self_test", "self_test_result")
NAMES = frozenset().union(*_KEYS.values(), _TESTS, ("action", "co"))


def found(body: dict[str, Any], kind: str) -> Found:
    """What one report says: metric → value. Keys that mean nothing here are passed over."""
    values: Found = {}
    keys = _KEYS[kind]
    for key, raw in body.items():
        meant = keys.get(key)
        if meant is not None:
            metric, read = meant
            value = read(raw)
            if value is None:
                continue
            if metric in values:
                _graver(values, metric, value)
            else:
                values[metric] = value
        elif key == "action":
            _press(values, raw, kind)
        elif key == "co":
            _carbon_monoxide(values, raw)
    if body.get("test") or body.get("self_test") or body.get("self_test_result"):
        _tested(values, body, kind)
    return values


def attribute(key: str, raw: Any, kind: str) -> Found:
    """What one attribute topic says. A test is left out: the alarm bit beside it is not known here."""
    return {} if key in _TESTS else found({key: raw}, kind)


def _graver(values: Found, metric: str, value: Value) -> None:
    present = values.get(metric)
    values[metric] = value if present is None else graver(present, value)


def _press(values: Found, raw: Any, kind: str) -> None:
    if not isinstance(raw, str) or raw in _NO_PRESS:
        return
    if raw in _EMERGENCY or (raw in _BUTTON and kind in _BUTTON_KINDS):
        values["press"] = ("alarm", "" if raw == "emergency" else f"action {raw}")
    elif kind in _BUTTON_KINDS:
        values["press"] = (UNKNOWN, f"action not understood: {shown(raw)}")
    elif kind == TAKE_BUTTON and raw in _BUTTON:
        values["take"] = ("pressed", f"action {raw}")


def _carbon_monoxide(values: Found, raw: Any) -> None:
    """`co` is a concentration in ppm on most devices and the alarm bit on a few."""
    metric = "co" if isinstance(raw, bool) else "co_ppm"
    value = READERS[metric](raw)
    if value is not None:
        _graver(values, metric, value)


def _tested(values: Found, body: dict[str, Any], kind: str) -> None:
    results = (body.get("self_test"), body.get("self_test_result"))
    if affirmed(body.get("test")) or "checking" in results:
        for metric in [m for m in values if m in HAZARDS] or filter(None, [_HAZARD[kind]]):
            _graver(values, metric, ("test", ""))
    if "failure" in results:
        _graver(values, "fault", ("fault", "self-test failed"))
