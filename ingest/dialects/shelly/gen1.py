"""Thinks. Shelly of the first generation: a topic with a bare word for each fact, and `info` as JSON."""

from collections.abc import Callable
from typing import Any

from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.dialect import Result
from ingest.dialects.held import Hearing, key_of
from ingest.dialects.shelly.ids import hazard, same
from ingest.guard import json_object, json_scalar
from ingest.moment import event_time
from ingest.reading import TimeQuality
from ingest.value import READERS, UNKNOWN, affirmed, shown

BUTTON = "woken by its button: test or service"
TOLD_ONCE = "the test is told once"
_EPOCH_2001 = 978_307_200  # s; what is less is no time but how long the device has been on

_GAS = {
    "none": ("normal", ""),
    "mild": ("alarm", "mild"),
    "heavy": ("alarm", "heavy"),
    "test": ("test", ""),
}
_OPERATION = {"normal": ("normal", ""), "warm-up": ("normal", "warming up"), "fault": ("fault", "sensor")}
_SELF_TEST = ("not_completed", "completed", "running", "pending")
_PUSHES = ("s", "ss", "sss", "l", "sl", "ls")


def learn(hearing: Hearing, key: str, value: Any) -> None:
    """Strangers may be invented, and would fill the store."""
    if hearing.device.kind != UNREGISTERED:
        hearing.news[key] = value


def button_test(hearing: Hearing, metric: str, standing: bool) -> None:
    """The button of the detector has woken it. An alarm that stands is never called a test."""
    if metric and not standing:
        hearing.once(metric, ("test", BUTTON), "normal", TOLD_ONCE)


def alarmed(hearing: Hearing, metric: str) -> bool:
    """Whether the metric was in alarm when it was last told, or is by this message."""
    before = hearing.said.known.learned.get(key_of(metric, hearing.address)) or {}
    return "alarm" in before.values() or hearing.values.get(metric, ("",))[0] == "alarm"


def moment(seconds: Any, hearing: Hearing) -> tuple[int, TimeQuality]:
    """Right after a deep sleep the device counts the seconds since it woke: that is no time at all."""
    said = hearing.said
    if type(seconds) not in (int, float) or not _EPOCH_2001 <= seconds < 1e11:
        return said.received, TimeQuality.RECEIVED
    return event_time(int(seconds * 1000), said.received, said.retained)


def battery(hearing: Hearing, percent: Any, volts: Any, external: Any) -> None:
    """With external power and no battery inserted, 0 % is no measurement."""
    said, key = hearing.said, key_of("external", hearing.address)
    known = said.known.learned.get(key)
    if external is not None and affirmed(external) != bool(known):
        known = affirmed(external) or None
        learn(hearing, key, known)
    if not (known and percent in (0, "0")):
        hearing.take("battery", READERS["battery"](percent))
        hearing.take("voltage", READERS["voltage"](volts))


def sensor(hearing: Hearing, name: str, payload: bytes) -> Result:
    """`sensor/<name>`."""
    take = _SENSORS.get(name)
    if take is not None:
        take(hearing, payload.decode("utf-8", "replace").strip())
    return hearing.result()


def _word(metric: str) -> Callable[[Hearing, str], None]:
    read = READERS[metric]
    return lambda hearing, word: hearing.take(metric, read(word))


def _hazard(metric: str) -> Callable[[Hearing, str], None]:
    read = READERS[metric]
    return lambda hearing, word: hearing.take(metric, read(word), part="sensor")


def _gas(hearing: Hearing, word: str) -> None:
    hearing.take("gas", _GAS.get(word, (UNKNOWN, f"not understood: {shown(word)}")), part="sensor")


def _operation(hearing: Hearing, word: str) -> None:
    value = _OPERATION.get(word) or (UNKNOWN, "" if word == "unknown" else f"not understood: {shown(word)}")
    hearing.take("fault", value, part="operation")


def _self_test(hearing: Hearing, word: str) -> None:
    """Repeated every half minute: only the end of a test that was seen running is its result."""
    said, key = hearing.said, key_of("self_test", hearing.address)
    before = said.known.learned.get(key)
    if word not in _SELF_TEST:
        hearing.take("self_test", READERS["self_test"](word))
    elif word != before and not said.retained:
        learn(hearing, key, word)
        if before == "running" and word in ("completed", "not_completed"):
            hearing.take("self_test", ("passed" if word == "completed" else "failed", word))


def _error(hearing: Hearing, word: str) -> None:
    hearing.take("fault", ("normal", "") if word == "0" else ("fault", f"error {word[:40]}"), part="error")


def _reasons(hearing: Hearing, word: str) -> None:
    reasons = json_scalar(word.encode("utf-8", "replace"))
    if isinstance(reasons, list) and "button" in reasons:
        metric = hazard(hearing.said)
        button_test(hearing, metric, alarmed(hearing, metric))


def _temperature(hearing: Hearing, raw: Any, unit: Any = None) -> None:
    """The bare number is in the unit that is set in the device, which only `info` tells."""
    key = key_of("unit", hearing.address)
    known = hearing.said.known.learned.get(key)
    if unit in ("C", "F") and unit != (known or "C"):
        known = unit if unit == "F" else None
        learn(hearing, key, known)
    value = READERS["temperature"](raw)
    if known == "F" and value is not None and isinstance(value[0], float):
        value = READERS["temperature"](round((value[0] - 32) / 1.8, 2))
    hearing.take("temperature", value)


def _motion(hearing: Hearing, word: str) -> None:
    if hearing.device.kind == "perimeter":
        hearing.take("intrusion", READERS["intrusion"](word), part="motion")


_SENSORS: dict[str, Callable[[Hearing, str], None]] = {
    "smoke": _hazard("smoke"),
    "flood": _hazard("leak"),
    "gas": _gas,
    "operation": _operation,
    "self_test": _self_test,
    "error": _error,
    "act_reasons": _reasons,
    "battery": lambda hearing, word: battery(hearing, word, None, None),
    "ext_power": lambda hearing, word: battery(hearing, None, None, word),
    "temperature": _temperature,
    "humidity": _word("humidity"),
    "state": _word("contact"),
    "motion": _motion,
}


def info(hearing: Hearing, payload: bytes) -> Result:
    """`info`: the whole state of the device."""
    body = json_object(payload)
    same(hearing.said, body.get("mac"))
    valid = body.get("is_valid") is not False
    for key, metric in (("smoke", "smoke"), ("flood", "leak")):
        if key in body:
            value = READERS[metric](body[key])
            if not valid and value is not None and value[0] == "normal":
                value = UNKNOWN, "the device says that its sensor is not valid"
            hearing.take(metric, value, part="sensor")
    _gas_info(hearing, _part(body, "gas_sensor"))
    _measured(hearing, body)
    reasons = body.get("act_reasons")
    if isinstance(reasons, list) and "button" in reasons:
        for metric in ("smoke", "leak"):
            if metric in hearing.values:
                button_test(hearing, metric, alarmed(hearing, metric))
    return hearing.result(*moment(body.get("unixtime"), hearing))


def _gas_info(hearing: Hearing, gas: dict[str, Any]) -> None:
    for key, take in (("alarm_state", _gas), ("sensor_state", _operation), ("self_test_state", _self_test)):
        if gas.get(key) is not None:
            take(hearing, str(gas[key])[:60])


def _measured(hearing: Hearing, body: dict[str, Any]) -> None:
    temperature, humidity, cell = (_part(body, key) for key in ("tmp", "hum", "bat"))
    if temperature.get("is_valid") is not False:
        _temperature(hearing, temperature.get("value"), temperature.get("units"))
    if humidity.get("is_valid") is not False:
        hearing.take("humidity", READERS["humidity"](humidity.get("value")))
    if cell:
        battery(hearing, cell.get("value"), cell.get("voltage"), None)
    hearing.take("rssi", READERS["rssi"](_part(body, "wifi_sta").get("rssi")))


def _part(body: dict[str, Any], key: str) -> dict[str, Any]:
    found = body.get(key)
    return found if isinstance(found, dict) else {}


def pushed(hearing: Hearing, payload: bytes) -> Result:
    """`input_event/<n>`: a push, told again at every wake-up until the next; the count tells them apart."""
    body, said = json_object(payload), hearing.said
    event, count = body.get("event"), body.get("event_cnt")
    key = key_of(f"pushes {said.rest[-10:]}", hearing.address)
    told = type(count) is int and 0 <= count < 1 << 60 and count != said.known.learned.get(key)
    if said.retained or not told:
        return hearing.result()
    learn(hearing, key, count)
    if hearing.device.kind in ("panic_button", "call_point") and str(event).lower() in _PUSHES:
        hearing.take("press", ("alarm", f"pushed: {event}"))
    return hearing.result()
