"""Thinks. The fields of a radio frame as rtl_433 decodes it, model by model, as readings of a device.

Few of these sensors tell what they sense, and few tell the end of an alarm. Where the end is never told the
alarm is an occurrence of its own (see Hearing.once): the alert is latched, the next one is a new one.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from ingest.campus.kinds import KINDS, UNREGISTERED
from ingest.dialects.hazard import bare, hazard_of
from ingest.dialects.held import Hearing
from ingest.dialects.panel import opened
from ingest.dialects.rtl433.repeat import ONE_SHOT, PRESS, repeated
from ingest.value import READERS, UNKNOWN, Value, affirmed, parsed, shown

Body = dict[str, Any]

_END_NOT_SAID = "over as far as is known: this sensor never tells its end"
_BY_RECEIPT = "received at all: this model sends no state, and other remotes look like it"
_STRANGE = re.compile(r"[^-.A-Za-z0-9]")
_SUBTYPES = {"smoke": "smoke", "heat": "heat", "co": "co", "contact": "contact", "motion": "intrusion",
             "glass": "intrusion", "glassbreak": "intrusion", "panic": "press", "keyfob": "press",
             "flood": "leak", "water": "leak", "gas": "gas", "freeze": "contact", "tilt": "contact",
             "shock": "intrusion"}  # fmt: skip
_SIGNS = frozenset("+-")
_WET = ("leak", "water", "wh55", "flood")
_BUTTONS = ("panic_button", "call_point")
_OPEN_CLOSED: dict[str, Value] = {"alarm": ("open", ""), "normal": ("closed", "")}


def topic_name(text: str) -> str:
    """A model, subtype or id as rtl_433 writes it into a topic: old models have blanks and slashes."""
    return _topic_name(text[:80])


@lru_cache(maxsize=4096)
def _topic_name(text: str) -> str:
    return _STRANGE.sub("_", text)


def clock(raw: Any, received: int) -> int:
    """The message's own clock for telling repeats apart: local time without a zone does for that."""
    if isinstance(raw, str) and len(raw) <= 40:
        try:
            return int(datetime.fromisoformat(raw).replace(tzinfo=UTC).timestamp() * 1000)
        except (ValueError, OverflowError):
            number = parsed(raw)
            raw = number if number is not None else raw
    return _seconds(raw) or received


def moment_of(raw: Any) -> Any:
    """The `time` of a message as event_time takes it: None for local time without a zone."""
    if type(raw) is str and len(raw) == 19 and raw[4] == "-":
        return None  # the fast way
    dated = type(raw) is str and raw[4:5] == "-" == raw[7:8]  # no number looks like this
    moment = None if dated else _seconds(parsed(raw) if isinstance(raw, str) else raw)
    if moment is not None:
        return moment
    if isinstance(raw, str) and raw[-1:].isdigit() and not _SIGNS & {raw[-5:-4], raw[-6:-5]}:
        return None
    return raw


def _seconds(raw: Any) -> int | None:
    return int(raw * 1000) if type(raw) in (int, float) and abs(raw) < 1e11 else None


class Frame:
    """One frame about one device, and where its readings go."""

    __slots__ = ("body", "hearing", "kind", "model")

    def __init__(self, hearing: Hearing, model: str, body: Body) -> None:
        self.hearing, self.model, self.body = hearing, model, body
        self.kind = hearing.device.kind

    def read(self) -> None:
        _reader(self.model)(self)
        _common(self)

    def once(self, metric: str, value: Value, end: str = "normal") -> None:
        """An alarm whose end is never told."""
        if not self.hearing.said.retained and not self._repeated(f"{metric} {value[0]}", ONE_SHOT):
            self.hearing.once(metric, value, end, _END_NOT_SAID)

    def press(self, note: str) -> None:
        if self.hearing.said.retained or self._repeated("press", PRESS):
            return
        if self.kind == UNREGISTERED or "press" in KINDS[self.kind].metrics:
            self.hearing.take("press", ("alarm", note))
        else:
            self.once(hazard_of(self.kind) or "call_point", ("alarm", note))

    def _repeated(self, what: str, window: int) -> bool:
        hearing = self.hearing
        moment = clock(self.body.get("time"), hearing.said.received)
        return repeated(hearing.said.known, hearing.address, what, moment, window, hearing.news)

    def loop(self, active: bool, note: str = "", part: str = "", nature: str = "contact") -> None:
        """A loop that is open: what it means the kind says, or the message where nobody registered it."""
        if self.kind in _BUTTONS:
            if active:
                self.press(note)
            return
        if self.kind == UNREGISTERED and nature != "contact":
            if nature == "press":
                return  # of a key ring of whoever passes by
            found: tuple[str, Value] | None = (nature, ("alarm" if active else "normal", ""))
        else:
            found = opened(active, self.kind)
        if found is not None:
            metric, value = found
            self.hearing.take(metric, (value[0], note if active else ""), part=part)


@lru_cache(maxsize=1024)
def _reader(model: str) -> Callable[[Frame], None]:
    return next((read for start, read in _MODELS if model.startswith(start)), _any_model)


def _common(frame: Frame) -> None:
    body, take = frame.body, frame.hearing.take
    ok = body.get("battery_ok", body.get("battery"))
    if ok is not None:
        _battery(frame, ok)
    for key, (metric, factor) in _NUMBERS.items():
        if key in body:
            take(metric, scaled(metric, body[key], factor))
    if "temperature_F" in body and "temperature_C" not in body:
        take("temperature", fahrenheit(body["temperature_F"]))
    if "tamper" in body and not frame.model.startswith("Honeywell"):
        take("tamper", READERS["tamper"](body["tamper"]))


_NUMBERS = {
    "temperature_C": ("temperature", 1.0),
    "humidity": ("humidity", 1.0),
    "battery_mV": ("voltage", 0.001),
    "battery_V": ("voltage", 1.0),
    "co2_ppm": ("co2", 1.0),
    "co_ppm": ("co_ppm", 1.0),
}


def scaled(metric: str, raw: Any, factor: float) -> Value | None:
    number = _measured(raw)
    return READERS[metric](raw if number is None or factor == 1.0 else number * factor)


def fahrenheit(raw: Any) -> Value | None:
    number = _measured(raw)
    return READERS["temperature"](raw if number is None else round((number - 32) / 1.8, 2))


def _measured(raw: Any) -> float | None:
    """A number to count with: no text, and none too long to become a float."""
    number = raw if type(raw) in (int, float) else parsed(raw)
    return number if number is not None and abs(number) < 1e15 else None


def _battery(frame: Frame, raw: Any) -> None:
    """1 is good, 0 is low; what lies between is a level."""
    take = frame.hearing.take
    number = raw if type(raw) in (int, float) else parsed(raw)
    if number is None:
        take("battery_low", READERS["battery_low"](raw if isinstance(raw, str) else not raw))
    elif number in (0, 1):
        take("battery_low", ("low" if number == 0 else "normal", ""))
    elif 0 < number < 1:
        take("battery", (round(number * 100.0, 1), ""))
    else:
        take("battery_low", (UNKNOWN, f"not understood: {shown(raw)}"))


def _whole(raw: Any, base: int = 10) -> int | None:
    """The number in an int, or in a text to a base."""
    if type(raw) is int:
        return raw if 0 <= raw <= 0xFFFF else None
    if not isinstance(raw, str) or not 0 < len(raw) <= 6:
        return None
    try:
        return int(raw, base)
    except ValueError:
        return None


def _cavius(frame: Frame) -> None:
    """Bits, since the text is "Unknown" whenever two of them meet."""
    raw = frame.body.get("message")
    bits = _whole(raw)
    metric = (hazard_of(frame.kind) if frame.kind != UNREGISTERED else "") or "fire"
    if bits is None:
        if raw is not None:
            frame.hearing.take(metric, (UNKNOWN, f"not understood: {shown(raw)}"))
        return
    water = metric == "leak"
    if bits & 0x20 or (water and bits & 0x10):
        frame.once(
            metric, ("alarm", "silenced" if bits & 0x04 else "test bit set too" if bits & 0x40 else "")
        )
    elif bits & 0x04:
        frame.once(metric, ("alarm", "silenced"))
    elif bits & 0x10:
        frame.once(metric, ("prealarm", "warning, or water"))
    elif bits & 0x40:
        frame.once(metric, ("test", ""))
    if bits & 0x08:
        frame.hearing.take("battery_low", ("low", ""))


def _dsc(frame: Frame) -> None:
    """`closed` 0 is the alarm of a smoke detector, the open door of a contact; the type is not sent."""
    closed = frame.body.get("closed")
    if frame.kind in _BUTTONS:
        if affirmed(frame.body.get("event")) or closed in (0, "0"):
            frame.press("")
    elif closed in (0, 1, "0", "1"):
        frame.loop(not affirmed(closed))
    elif closed is not None:
        _unclear(frame, closed)


def _honeywell(frame: Frame) -> None:
    """The event byte: loops 1 to 3, tamper, battery. `state` knows only loop 1, and is wrong."""
    body, raw = frame.body, frame.body.get("event")
    bits = _whole(raw, 16)
    if raw is not None and (bits is None or bits > 0xFF):
        _unclear(frame, raw)
        return
    if bits is None:
        _honeywell_field(frame)
        return
    loops = [str(n) for n, bit in ((1, 0x80), (2, 0x20), (3, 0x10)) if bits & bit]
    frame.loop(bool(loops), f"loop {', '.join(loops)} open" if loops else "")
    frame.hearing.take("tamper", ("tamper" if bits & 0x40 else "normal", ""))
    if "battery_ok" not in body:
        frame.hearing.take("battery_low", ("low" if bits & 0x08 else "normal", ""))


def _honeywell_field(frame: Frame) -> None:
    """One field on a topic of its own."""
    for key in ("contact_open", "reed_open", "alarm"):
        if key in frame.body:
            _bit(frame, frame.body[key], key, part=key)
    if "tamper" in frame.body:
        frame.hearing.take("tamper", READERS["tamper"](frame.body["tamper"]))


def _interlogix(frame: Frame) -> None:
    subtype = str(frame.body.get("subtype", frame.body.get("device_type", ""))).lower()
    nature = _SUBTYPES.get(subtype, "fire" if subtype not in ("", "unknown") else "contact")
    active = "closed" if subtype in ("keyfob", "glass", "glassbreak") else "open"
    for number in (1, 2, 4, 5):
        raw = frame.body.get(f"switch{number}")
        if raw is None:
            continue
        word = raw.lower() if isinstance(raw, str) else ""
        if word not in ("open", "closed"):
            _unclear(frame, raw)
        else:
            _switch(frame, number, word == active, nature)
    cover = READERS["tamper"](frame.body.get("switch3")) if "switch3" in frame.body else None
    if subtype != "keyfob":
        frame.hearing.take("tamper", cover)


def _switch(frame: Frame, number: int, active: bool, nature: str) -> None:
    if nature == "press" and frame.kind not in _BUTTONS:
        if frame.kind == UNREGISTERED and active and frame.body.get("subtype") == "panic":
            frame.press(f"switch {number}")
        return
    frame.loop(active, f"switch {number}", part=f"switch{number}", nature=nature)


def _gs558(frame: Frame) -> None:
    frame.once((frame.kind != UNREGISTERED and hazard_of(frame.kind)) or "smoke", ("alarm", _BY_RECEIPT))


def _nothing(frame: Frame) -> None:
    """A heartbeat only: its alarm cannot be decoded."""


def _govee(frame: Frame) -> None:
    body, event = frame.body, frame.body.get("event")
    metric = (hazard_of(frame.kind) if frame.kind != UNREGISTERED else "") or "leak"
    if "detect_wet" in body:
        frame.hearing.take(metric, READERS[metric](body["detect_wet"]))
    elif event == "Water Leak":
        frame.once(metric, ("alarm", event))
    elif event == "Open":  # it tells when it opens, and never when it closes
        frame.once("contact", ("open", ""), UNKNOWN)


def _any_model(frame: Frame) -> None:
    """A model we know nothing of, by the names of its fields."""
    body, kind = frame.body, frame.kind
    guess = _guess(frame.model)
    for key in ("alarm", "leak", "water_leak", "detect_wet", "smoke"):
        if key in body:
            value = READERS["fire"](body[key])
            nature = {"alarm": guess, "smoke": "smoke_detector"}.get(key, "water_leak")
            found = bare(value, kind, nature) if value is not None else None
            if found is not None:
                frame.hearing.take(*found)
    if "closed" in body:
        _bit(frame, body["closed"], wrong="normal")
    if kind in _BUTTONS and not _only_alive(body):
        frame.press("received: this model sends when it is pressed")


@lru_cache(maxsize=1024)
def _guess(model: str) -> str:
    name = model.lower()
    if "smoke" in name:
        return "smoke_detector"
    return "water_leak" if any(mark in name for mark in _WET) else ""


def _only_alive(body: Body) -> bool:
    return affirmed(body.get("heartbeat")) or "temperature_C" in body or body.keys() <= {"battery_ok", "time"}


def _bit(frame: Frame, raw: Any, note: str = "", part: str = "", wrong: str = "alarm") -> None:
    """A field that is true or false; `wrong` is what it says where the loop is open."""
    word = (READERS["fire"](raw) or (UNKNOWN,))[0]
    if word in ("alarm", "normal"):
        frame.loop(word == wrong, note, part=part)
    else:
        _unclear(frame, raw)


def _unclear(frame: Frame, raw: Any) -> None:
    """The field that would tell says something nobody knows: neither alarm nor calm."""
    found = opened("?", frame.kind)
    if found is not None:
        frame.hearing.take(found[0], (UNKNOWN, f"not understood: {shown(raw)}"))


_MODELS: tuple[tuple[str, Callable[[Frame], None]], ...] = (
    ("Cavius", _cavius),
    ("DSC", _dsc),
    ("Honeywell-Security", _honeywell),
    ("Honeywell_Door", _honeywell),
    ("Interlogix", _interlogix),
    ("Smoke-GS558", _gs558),
    ("Smoke_detector_GS_558", _gs558),
    ("Kidde", _nothing),
    ("Govee", _govee),
)
