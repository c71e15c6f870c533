"""Thinks. Shelly of the second generation and later: frames of JSON-RPC, and the state of one component.

A NotifyStatus is an overlay: a key that is missing has not changed, one that is null has gone.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import msgspec

from ingest.dialects.dialect import IGNORED, Result
from ingest.dialects.held import Hearing, key_of
from ingest.dialects.shelly.gen1 import BUTTON, alarmed, battery, button_test, learn, moment
from ingest.dialects.shelly.ids import same
from ingest.guard import Malformed, escaped, json_object, look_closely
from ingest.reading import Parts
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


class _Sys(msgspec.Struct, gc=False):
    mac: Any = None
    wakeup_period: Any = None
    wakeup_reason: Any = None


_frame = msgspec.json.Decoder(_Frame).decode
_sys = msgspec.json.Decoder(_Sys | None).decode
_events = msgspec.json.Decoder(list[dict[str, Any]]).decode


def frame(hearing: Hearing, payload: bytes) -> Result:
    """`events/rpc`."""
    try:
        found = _frame(payload)
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from None
    params = found.params
    if escaped(payload) or payload.count(b'"params"') > 1 or payload.count(b'"method"') > 1:
        look_closely(payload)  # a key may be there twice: a closer look
    same(hearing.said, found.src)
    period = None
    if found.method == "NotifyEvent":
        _happened(hearing, params.get("events"))
    elif found.method in ("NotifyStatus", "NotifyFullStatus"):
        period = _changed(hearing, params, found.method == "NotifyFullStatus")
    else:
        return IGNORED
    result = hearing.result(*moment(_number(params.get("ts")), hearing))
    if period and not hearing.said.retained:
        (result.heard[0] if isinstance(result, Parts) else result).interval = period * 11 // 10
    return result


def status(hearing: Hearing, component: str, payload: bytes) -> Result:
    """`status/<component>`: the whole state of it."""
    take, _ = _component(component)
    if take is not None:
        _one(hearing, take, component, payload, True)
    elif component == "sys":
        _system(hearing, payload)
    return hearing.result()


def _changed(hearing: Hearing, params: dict[str, msgspec.Raw], full: bool) -> int | None:
    """The seconds after which the device wakes again, where it says so."""
    payload = hearing.said.payload
    for name, raw in params.items():
        take, quoted = _component(name)
        if take is not None:
            if payload.count(quoted) > 1:
                look_closely(payload)
            _one(hearing, take, name, bytes(raw), full)
    # last: whether the button has woken it is read beside what it senses
    return _system(hearing, params["sys"]) if "sys" in params else None


@lru_cache(maxsize=256)
def _component(name: str) -> tuple[_Component | None, bytes]:
    """How a component such as `smoke:0` is read, and its key as it stands in a frame."""
    return _COMPONENTS.get(name.partition(":")[0]), b'"%s"' % name.encode("utf-8", "replace")


def _one(hearing: Hearing, take: _Component, name: str, raw: bytes, full: bool) -> None:
    if raw == b"null":
        metric = _HAZARDS.get(name.partition(":")[0])
        if metric:
            hearing.take(metric, (UNKNOWN, f"{name[:20]} was removed"), part=name)
        return
    body = json_object(raw)
    take(hearing, name, body)
    if "errors" in body:
        _errors(hearing, name, body["errors"])
    elif full and name in (hearing.said.known.learned.get(key_of("fault", hearing.address)) or ()):
        _errors(hearing, name, None)


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


_COMPONENTS: dict[str, _Component] = {
    **dict.fromkeys(_HAZARDS, _hazard),
    **dict.fromkeys(_MEASURED, _measured),
    "devicepower": _power,
    "wifi": _wifi,
}


def _system(hearing: Hearing, raw: bytes | msgspec.Raw) -> int | None:
    try:
        told = _sys(raw)
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from None
    if told is None:
        return None
    same(hearing.said, told.mac)
    if isinstance(told.wakeup_reason, dict) and told.wakeup_reason.get("cause") == "button":
        _woken(hearing)
    period, key = told.wakeup_period, key_of("sleeps", hearing.address)
    if type(period) is not int or not 0 <= period < 10**7:
        return None
    if period != (hearing.said.known.learned.get(key) or 0):
        learn(hearing, key, period or None)
    return period


def _woken(hearing: Hearing) -> None:
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
        look_closely(bytes(raw))
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
        return None if raw is None else float(bytes(raw))
    except ValueError:
        return None
