"""Thinks. ring-mqtt: the sensors of a Ring alarm as its cloud knows them, one topic for each fact.

There is no last will: the bridge itself repeats `status` every five minutes, so a live `online` is its sign
of life, and silence tells that the bridge is gone.
"""

from typing import Any

from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.dialect import IGNORED, Known, Result, Said, json_guard, link, malformed, no_definitions
from ingest.dialects.held import Hearing
from ingest.dialects.panel import told, triggered
from ingest.guard import Malformed, json_object
from ingest.moment import BEHIND, event_time, milliseconds
from ingest.reading import Decoded
from ingest.value import READERS, UNKNOWN, Value, shown

NAME = "ring"
BASES = ("ring",)
INTERVAL = {"": 900}  # three of the repeated status messages
guard, define = json_guard, no_definitions

_EPOCH_2000 = 946_684_800_000
_SAME = {"smoke": "smoke", "co": "co", "gas": "co", "flood": "leak", "fire": "fire", "tamper": "tamper"}
_BATTERY = {"full": "normal", "high": "normal", "ok": "normal", "charging": "normal", "medium": "normal",
            "charged": "normal", "warn": "low", "low": "low", "failed": "low", "critical": "low"}  # fmt: skip
_FINE = ("ok", "none")
_NO_ALARM = ("all-clear", "entry-delay", "exit-delay")
_BURGLARS = ("burglar", "panic", "user-verified")  # of alarms that are neither fire nor gas


def topics(known: Known) -> list[str]:
    return ["+/+/+/+/state", "+/+/+/status"]


def filters(address: str, known: Known) -> list[str]:
    return [f"+/+/{address}/+/state", f"+/+/{address}/status"]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    levels = rest.split("/")
    if (len(levels) == 5 and levels[4] == "state") or (len(levels) == 4 and levels[3] == "status"):
        return (levels[2],)
    return ()


def decode(said: Said) -> Result:
    if not said.payload:
        return IGNORED  # a retained message was deleted
    levels = said.rest.split("/")
    if levels[-1] == "status":
        result = link(said)
        if isinstance(result, Decoded) and not said.retained and result.readings[0].value == "online":
            result.alive = True  # repeated by the bridge, not kept by the broker
        return result
    hearing = Hearing(said, said.device, said.address)
    if levels[3] == "info":
        try:
            return _info(hearing, json_object(said.payload))
        except Malformed as error:
            return malformed(error, said)
    _state(hearing, levels[3], told(said.payload))
    return hearing.result()


def _state(hearing: Hearing, name: str, word: str) -> None:
    kind = hearing.device.kind
    if name in _SAME:
        hearing.take(_SAME[name], READERS[_SAME[name]](word), part="" if name in ("smoke", "flood") else name)
    elif name == "contact":
        open_or_closed: dict[str, Value] = {"alarm": ("open", ""), "normal": ("closed", "")}
        value = READERS["intrusion"](word)
        hearing.take("contact", value and open_or_closed.get(str(value[0]), (UNKNOWN, value[1])))
    elif name == "freeze":
        value = READERS["fault"](word)
        hearing.take("fault", value and (value[0], "freeze" if value[0] == "fault" else value[1]), part=name)
    elif name == "motion" and kind in ("perimeter", UNREGISTERED):
        hearing.take("intrusion", READERS["intrusion"](word))
    elif name == "alarm":  # what has set it off, `info` says
        hearing.take("intrusion", triggered(word), part=name)
    elif name == "panic":
        value = READERS["press"](word)
        hearing.take("press", None if hearing.said.retained else value)


def _info(hearing: Hearing, body: dict[str, Any]) -> Result:
    if "batteryLevel" in body:
        hearing.take("battery", READERS["battery"](body["batteryLevel"]))
    for key, take in _STATUSES:
        raw = body.get(key)
        if raw and isinstance(raw, str):
            take(hearing, raw)
    if "wirelessSignal" in body:
        hearing.take("rssi", READERS["rssi"](body["wirelessSignal"]))
    said = hearing.said
    updated = body.get("lastUpdate")  # not lastCommTime, which may be 1970
    seen = None if updated is None else milliseconds(updated)
    moment, quality = event_time(seen, said.received, said.retained)
    cached = seen is not None and _EPOCH_2000 < seen < said.received - BEHIND
    return hearing.result(moment, quality, alive=not (said.retained or cached))


def _battery(hearing: Hearing, raw: str) -> None:
    word = _BATTERY.get(raw.lower())
    value: Value = (word, "") if word else (UNKNOWN, f"not understood: {shown(raw)}")
    hearing.take("battery_low", value)


def _tamper(hearing: Hearing, raw: str) -> None:
    hearing.take("tamper", READERS["tamper"](raw), part="tamperStatus")


def _comm(hearing: Hearing, raw: str) -> None:
    fine = raw.lower() in _FINE
    hearing.take("fault", ("normal", "") if fine else ("fault", f"commStatus {raw[:40]}"), part="commStatus")


def _mains(hearing: Hearing, raw: str) -> None:
    words: dict[str, Value] = {"ok": ("mains", ""), "connected": ("mains", ""), "error": ("battery", "")}
    hearing.take("power", words.get(raw.lower(), (UNKNOWN, f"not understood: {shown(raw)}")))


def _alarm(hearing: Hearing, raw: str) -> None:
    """What has set off the alarm of the panel: all-clear, burglar-alarm, fire-alarm, co-alarm, panic…"""
    word = raw.lower()
    fire, co = "fire" in word, "co-" in word
    burglars = not (fire or co or word in _NO_ALARM)
    strange = burglars and not any(part in word for part in _BURGLARS)
    calm: Value = (UNKNOWN, f"not understood: {shown(raw)}") if strange else ("normal", "")
    for metric, alarm in (("fire", fire), ("co", co), ("intrusion", burglars)):
        hearing.take(metric, ("alarm", raw[:40]) if alarm else calm, part="alarmState")


_STATUSES = (
    ("batteryStatus", _battery),
    ("tamperStatus", _tamper),
    ("commStatus", _comm),
    ("acStatus", _mains),
    ("alarmState", _alarm),
)
