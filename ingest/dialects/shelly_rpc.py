"""Thinks. Shelly of the second generation and later: frames of JSON-RPC, and the state of one component.

A NotifyStatus is an overlay: a key that is missing has not changed, one that is null has gone.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ingest.dialects.dialect import IGNORED, Result
from ingest.dialects.held import Hearing, key_of
from ingest.dialects.shelly_gen1 import BUTTON, alarmed, battery, button_test, moment
from ingest.dialects.shelly_ids import same
from ingest.guard import Malformed, json_object, no_key_twice
from ingest.value import READERS, UNKNOWN, affirmed

_Component = Callable[[Hearing, str, dict[str, Any]], None]

_HAZARDS = {"smoke": "smoke", "flood": "leak", "gas": "gas"}
_MEASURED = {"temperature": ("tC", "temperature"), "humidity": ("rh", "humidity")}
_EVENTS = {"alarm": ("alarm", ""), "alarm_off": ("normal", "")}
_TESTS = ("alarm_test", "test")
_PUSHES = ("single_push", "double_push", "triple_push", "long_push")


class _Frame(msgspec.Struct, gc=False):
    method: str
    src: Any = None
    params: dict[str, msgspec.Raw] = {}


_frame = msgspec.json.Decoder(_Frame).decode
_events = msgspec.json.Decoder(list[dict[str, Any]]).decode


def frame(hearing: Hearing, payload: bytes) -> Result:
    """`events/rpc`."""
    try:
        found = _frame(payload)
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from None
    params = found.params
    if b"\\" in payload or any(
        payload.count(b'"%s":' % name.encode("utf-8", "replace")) > 1 for name in params
    ):
        no_key_twice(payload, 0, {})
    same(hearing.said, found.src)
    if found.method == "NotifyEvent":
        _happened(hearing, params.get("events"))
    elif found.method in ("NotifyStatus", "NotifyFullStatus"):
        _changed(hearing, params, found.method == "NotifyFullStatus")
    else:
        return IGNORED
    return hearing.result(*moment(_number(params.get("ts")), hearing))


def status(hearing: Hearing, component: str, payload: bytes) -> Result:
    """`status/<component>`: the whole state of it."""
    take = _COMPONENTS.get(component.partition(":")[0])
    if take is not None:
        _one(hearing, take, component, payload, True)
    return hearing.result()


def _changed(hearing: Hearing, params: dict[str, msgspec.Raw], full: bool) -> None:
    for name, raw in params.items():
        take = _COMPONENTS.get(name.partition(":")[0])
        if take is not None:
            _one(hearing, take, name, bytes(raw), full)
    if "sys" in params:  # last: whether the button has woken it is read beside what it senses
        _woken(hearing, bytes(params["sys"]))


def _one(hearing: Hearing, take: _Component, name: str, raw: bytes, full: bool) -> None:
    if raw.strip() == b"null":
        metric = _HAZARDS.get(name.partition(":")[0])
        if metric:
            hearing.take(metric, (UNKNOWN, f"{name[:20]} was removed"), part=name)
        return
    body = json_object(raw)
    take(hearing, name, body)
    held = hearing.said.known.learned.get(key_of("fault", hearing.address)) or {}
    if "errors" in body or (full and name in held):
        _errors(hearing, name, body.get("errors"))


def _errors(hearing: Hearing, name: str, errors: Any) -> None:
    told = ", ".join(str(one)[:40] for one in errors[:5]) if isinstance(errors, list) else ""
    hearing.take("fault", ("fault", told) if told else ("normal", ""), part=name)


def _hazard(hearing: Hearing, name: str, body: dict[str, Any]) -> None:
    if "alarm" not in body:
        return
    metric = _HAZARDS[name.partition(":")[0]]
    value = READERS[metric](body["alarm"])
    if value is not None and value[0] == "alarm" and affirmed(body.get("mute")):
        value = "alarm", "silenced"
    hearing.take(metric, value, part=name)


def _power(hearing: Hearing, name: str, body: dict[str, Any]) -> None:
    cell, external = body.get("battery"), body.get("external")
    present = external.get("present") if isinstance(external, dict) else None
    if isinstance(present, bool):
        hearing.take("power", READERS["power"](present))
    percent, volts = (cell.get("percent"), cell.get("V")) if isinstance(cell, dict) else (None, None)
    battery(hearing, percent, volts, present if isinstance(present, bool) else None)


def _measured(hearing: Hearing, name: str, body: dict[str, Any]) -> None:
    key, metric = _MEASURED[name.partition(":")[0]]
    hearing.take(metric, READERS[metric](body.get(key)))


def _wifi(hearing: Hearing, name: str, body: dict[str, Any]) -> None:
    hearing.take("rssi", READERS["rssi"](body.get("rssi")))


def _sys(hearing: Hearing, name: str, body: dict[str, Any]) -> None:
    same(hearing.said, body.get("mac"))
    period, key = body.get("wakeup_period"), key_of("sleeps", hearing.address)
    known = hearing.said.known.learned.get(key)
    if type(period) is int and 0 <= period < 10**9 and period != (known or 0):
        hearing.news[key] = period or None


_COMPONENTS: dict[str, _Component] = {
    **dict.fromkeys(_HAZARDS, _hazard),
    **dict.fromkeys(_MEASURED, _measured),
    "devicepower": _power,
    "wifi": _wifi,
    "sys": _sys,
}


def _woken(hearing: Hearing, raw: bytes) -> None:
    reason = json_object(raw).get("wakeup_reason") if raw.strip() != b"null" else None
    if not isinstance(reason, dict) or reason.get("cause") != "button":
        return
    for metric in _HAZARDS.values():
        value = hearing.values.get(metric)
        if value is not None and value[0] == "normal":
            button_test(hearing, metric, False)
        elif value is not None and value[0] == "alarm":
            hearing.values[metric] = "alarm", f"{value[1]}; {BUTTON}".strip("; ")


def _happened(hearing: Hearing, raw: msgspec.Raw | None) -> None:
    try:
        events: Iterable[dict[str, Any]] = _events(raw) if raw is not None else ()
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from None
    if raw is not None:
        no_key_twice(bytes(raw), 0, {})
    for event in events:
        name, what = str(event.get("component"))[:40], str(event.get("event"))[:40]
        kind, metric = name.partition(":")[0], _HAZARDS.get(name.partition(":")[0])
        if metric and what in _EVENTS:
            hearing.take(metric, _EVENTS[what], part=name)
        elif metric and what in _TESTS:
            if not alarmed(hearing, metric):
                hearing.once(metric, ("test", what), "normal", "the test is told once")
        elif kind == "input" and what in _PUSHES and hearing.device.kind in ("panic_button", "call_point"):
            hearing.take("press", None if hearing.said.retained else ("alarm", what))


def _number(raw: msgspec.Raw | None) -> Any:
    try:
        return float(bytes(raw)) if raw is not None else None
    except ValueError:
        return None
