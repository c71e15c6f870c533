"""Thinks. What the property names of decoded LoRaWAN payloads mean as metrics of the campus, kind by kind.

The names are those of the vendors' codecs, which both network servers pass on as they are. They are compared
without case, blanks, `_` and `-`, and a number in them is a channel (`WaterLeak_2`).
"""

import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import msgspec

from ingest.campus.device import Device
from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.hazard import HAZARDS, graver
from ingest.dialects.lorawan import words
from ingest.dialects.lorawan.names import (
    ALARM_WORDS,
    BARE,
    BUTTON_KINDS,
    EVENTS,
    HAZARD_OF,
    MODELS,
    NUMBERS,
    OVER,
    TABLES,
    Key,
)
from ingest.dialects.lorawan.pressure import MPA, Change, pressure, unit_told, wika
from ingest.dialects.lorawan.words import plain
from ingest.value import READERS, UNKNOWN, Value, affirmed, parsed, shown

_LAST = re.compile(r"[_\- ]?\d+$")
_MIDDLE = re.compile(r"[_\- ]\d+(?=[_\- ])")
_PRESSURE = re.compile(r"(?:water|pipe|hydrant|extinguisher|idle)?pressure(mpa|kpa|mbar|bar|psi|hpa|pa)?")


class Found(msgspec.Struct):
    """What one decoded payload says: metric → value; faults that began or ended; the unit of its pressure."""

    values: dict[str, Value]
    changes: list[Change]
    unit: str = ""

    def take(self, metric: str, value: Value | None) -> None:
        if value is not None:
            present = self.values.get(metric)
            self.values[metric] = value if present is None else graver(present, value)


Special = Callable[[Found, Any, dict[str, Any], Device, str], None]


def found(body: dict[str, Any], device: Device, unit: str = "") -> Found:
    """What a decoded payload says of a device. `unit` is that of its pressure, where somebody told."""
    it = Found({}, [])
    kind, values = device.kind, it.values
    for key, raw in body.items():
        meant, special, word = _meaning(kind, key[:64])
        if special is not None:
            special(it, raw, body, device, unit)
        elif meant is not None:
            metric, read = meant
            if word in BARE and _worded(it, raw, body):
                continue
            if type(raw) is dict and metric in NUMBERS:  # Cayenne: channel → value
                raw = next(iter(raw.values()), None)
            value = read(raw)
            if value is not None:
                values[metric] = graver(values[metric], value) if metric in values else value
    return it if _WHOLE.isdisjoint(body) else _completed(it, body, kind)


@lru_cache(4096)  # as many names as a campus has, and no more: they are a stranger's to invent
def _meaning(kind: str, key: str) -> tuple[Key | None, Special | None, str]:
    """How a property is read, and its plain name. A number in it is a channel, or belongs to it (`co2`)."""
    for name in (key, _LAST.sub("", key), _MIDDLE.sub("", key)):
        word = plain(name)
        meant, special = TABLES[kind].get(word), _special(kind, word)
        if meant is not None or special is not None:
            return (meant if name == key else _channelled(meant, key)), special, word
    return None, None, ""


def _special(kind: str, word: str) -> Special | None:
    if (unit := _PRESSURE.fullmatch(word)) is not None:
        return partial(_pressure, unit[1] or "")
    if word in _WIKA:
        return partial(_wika, word)
    return _stranger if kind == UNREGISTERED and word in (*BARE, "firealarm") else _SPECIAL.get(word)


def _channelled(meant: Key | None, key: str) -> Key | None:
    """An alarm of one channel of several names it."""
    if meant is None or meant[0] not in HAZARDS:
        return meant
    metric, read = meant

    def reader(raw: Any) -> Value | None:
        value = read(raw)
        return (value[0], value[1] or key) if value is not None and value[0] == "alarm" else value

    return metric, reader


def _worded(it: Found, raw: Any, body: dict[str, Any]) -> bool:
    """Whether a bare alarm was none at all: one of Milesight's words, or Dragino's "open for too long"."""
    if isinstance(raw, str) and (said := ALARM_WORDS.get(plain(raw[:60]))):
        _say(it, said)
        return True
    return "DOOR_OPEN_STATUS" in body or ("MOD" in body and "BAT_V" in body)


def _say(it: Found, said: tuple[tuple[str, str, str], ...]) -> None:
    for metric, word, note in said:
        if metric:
            it.take(metric, (word, note))
        else:
            it.changes.append((note, word == "on"))


def _event(it: Found, raw: Any, body: dict[str, Any], device: Device, unit: str) -> None:
    """Milesight's GS524N says one word for all it has to say; on a button it is the press."""
    if device.kind in BUTTON_KINDS:
        it.take("press", words.press(raw))
        return
    if raw is None or not (device.kind in ("smoke_detector", UNREGISTERED) or body.get("type") == _SMOKE):
        return
    said = EVENTS.get(plain(raw[:60])) if isinstance(raw, str) else None
    if said:
        _say(it, said)
    elif device.kind != UNREGISTERED or "type" in body:
        it.take("smoke", (UNKNOWN, f"not understood: {shown(raw)}"))


def _netvox_volt(it: Found, raw: Any, body: dict[str, Any], device: Device, unit: str) -> None:
    """`3`, or `"2.9(low battery)"`; older codecs leave the low bit in the number: above 12.7."""
    low = isinstance(raw, str) and "low" in raw[:40].lower()
    number: Any = parsed(raw.split("(")[0].strip()) if isinstance(raw, str) else raw
    if type(number) not in (int, float):
        it.take("voltage", READERS["voltage"](raw))
        return
    if 12.75 < number <= 25.5:
        low, number = True, round(number - 12.8, 3)
    it.take("voltage", READERS["voltage"](number))
    it.take("battery_low", ("low" if low else "normal", ""))


def _carbon_monoxide(it: Found, raw: Any, body: dict[str, Any], device: Device, unit: str) -> None:
    """`co` is a concentration in ppm, or the alarm itself."""
    if type(raw) in (int, float) or parsed(raw) is not None:
        it.take("co_ppm", READERS["co_ppm"](raw))
    else:
        it.take("co", _CO(raw))


def _stranger(it: Found, raw: Any, body: dict[str, Any], device: Device, unit: str) -> None:
    """The bare alarm of a device that nobody registered: what its model suggests, else a fire."""
    if _worded(it, raw, body):
        return
    model = body.get("Device")
    hazard = MODELS.get(model, "") if isinstance(model, str) else ""
    if not hazard:
        hazard = "press" if "FunctionKeyTrigger" in body else "fire"
    it.take(hazard, words.press(raw) if hazard == "press" else words.hazard(hazard)(raw))


def _life_remaining(it: Found, raw: Any, body: dict[str, Any], device: Device, unit: str) -> None:
    if raw == 0 and raw is not False:
        it.changes.append((OVER, True))


def _unit(it: Found, raw: Any, body: dict[str, Any], device: Device, unit: str) -> None:
    it.unit = unit_told(raw)


def _level(share: float, it: Found, raw: Any, body: dict[str, Any], device: Device, unit: str) -> None:
    if type(raw) in (int, float) and abs(raw) < 1e9:
        it.take("level", READERS["level"](round(raw * share, 6)))


def _pressure(named: str, it: Found, raw: Any, body: dict[str, Any], device: Device, unit: str) -> None:
    """A bare `pressure` is the air's on a climate sensor; elsewhere its unit is told, or kPa (EM500-PP)."""
    if not named and device.kind not in _UNDER_PRESSURE:
        return
    said = body.get("unit", body.get("pressure_unit", body.get("pressureUnit")))
    told = said if isinstance(said, str) and plain(said[:20]) in MPA else unit
    if type(raw) is dict:
        raw = next(iter(raw.values()), None)
    it.take("pressure", pressure(raw, named or told or "kpa"))


def _wika(section: str, it: Found, raw: Any, body: dict[str, Any], device: Device, unit: str) -> None:
    it.changes += wika(section, raw, unit or "bar", it.take)


_SMOKE = "smoke sensor"  # the type of a GS524N
_UNDER_PRESSURE = ("extinguisher", "hydrant", "water_tank", "pump", "flow_switch", "module")
_CO = words.hazard("co")
_SPECIAL: dict[str, Special] = {
    "event": _event,
    "volt": _netvox_volt,
    "co": _carbon_monoxide,
    "liferemain": _life_remaining,
    "deviceinformation": _unit,
    "waterdeepcm": partial(_level, 0.01),
    "waterlevelcm": partial(_level, 0.01),
    "waterlevelmm": partial(_level, 0.001),
}
_WIKA = {"measurement", "measurements", "devicestatistic", "processalarms", "technicalalarms", "devicealarm",
         "devicealarms"}  # fmt: skip


_WHOLE = {"ALARM", "type", "test", "self_test", "silenced", "muted"}


def _completed(it: Found, body: dict[str, Any], kind: str) -> Found:
    """What is seen only in the whole: a test, a door open for too long, a frame without its event."""
    values = it.values
    if "ALARM" in body and affirmed(body["ALARM"]) and values.get("contact") == ("open", ""):
        values["contact"] = ("open", "open for longer than its limit")
    if body.get("type") == _SMOKE and "event" not in body:
        it.take("smoke", (UNKNOWN, "its event is not known to the codec"))
    if affirmed(body.get("test")) or affirmed(body.get("self_test")):
        hazard = next((metric for metric in values if metric in HAZARDS), HAZARD_OF.get(kind))
        it.take(hazard, ("test", "")) if hazard else None
    if affirmed(body.get("silenced")) or affirmed(body.get("muted")):
        for metric in HAZARDS & values.keys():
            if values[metric] == ("alarm", ""):
                values[metric] = ("alarm", "silenced")
    return it
