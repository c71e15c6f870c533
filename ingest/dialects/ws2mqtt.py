"""Thinks. ws2mqtt (FireAngel WiSafe2 radio alarms): each fact told once, an alarm never ended.

The bridge says "alarm" for real smoke and for a pressed test button alike: it is taken for an alarm, since an
alarm must not hide as a test.
"""

from ingest.dialects.dialect import IGNORED, Known, Result, Said, link, no_definitions
from ingest.dialects.hazard import bare, hazard_of
from ingest.dialects.held import Hearing
from ingest.dialects.panel import CHANGES_ONLY, told
from ingest.guard import check_size
from ingest.reading import Reason
from ingest.value import READERS, UNKNOWN, Value, shown

NAME = "ws2mqtt"
BASES = ("ws2mqtt",)
INTERVAL = CHANGES_ONLY
define = no_definitions

_BRIDGE = "bridge_"
_END_NOT_SAID = "over as far as is known: these alarms never tell their end"
_EITHER = "real, or a pressed test button: the bridge does not tell"
_FACTS = {
    "sensor_battery": "battery_low",
    "radio_module_battery": "battery_low",
    "generic_error": "fault",
}


def topics(known: Known) -> list[str]:
    return ["+/+/state", "+/state", "+/event"]


def filters(address: str, known: Known) -> list[str]:
    if address.startswith(_BRIDGE):
        return [f"{address}/state", f"{address}/event"]
    return [f"{address}/+/state", f"{address}/event"]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    levels = rest.split("/")
    if len(levels) == 3 and levels[2] == "state":
        return (levels[0],)
    if len(levels) != 2 or levels[1] not in ("state", "event"):
        return ()
    return (levels[0],) if levels[1] == "event" or levels[0].startswith(_BRIDGE) else ()


def guard(rest: str, payload: bytes) -> tuple[Reason, str] | None:
    return check_size(payload)


def decode(said: Said) -> Result:
    if not said.payload:
        return IGNORED  # a retained message was deleted
    levels, word = said.rest.split("/"), told(said.payload)
    if len(levels) == 2 and levels[1] == "state":
        return link(said)
    hearing = Hearing(said, said.device, said.address)
    if len(levels) == 2:
        _event(hearing, word)
    else:
        _fact(hearing, levels[1], word)
    return hearing.result()


def _event(hearing: Hearing, word: str) -> None:
    kind = hearing.device.kind
    hazard = hazard_of(kind) or "fire"
    if word == "test_button":
        hearing.once(hazard, ("test", word), "normal", _END_NOT_SAID)
    elif word == "alarm":
        hearing.once(hazard, ("alarm", _EITHER), "normal", _END_NOT_SAID)
    elif not hearing.said.retained:
        hearing.take("fault", (UNKNOWN, f"event not understood: {shown(word)}"))


def _fact(hearing: Hearing, name: str, word: str) -> None:
    if name == "alarm":
        value = READERS["fire"](word)
        found = bare(value, hearing.device.kind) if value is not None else None
        if found is not None and found[1][0] in ("alarm", "fault"):
            hearing.once(found[0], found[1], "normal", _END_NOT_SAID)
        elif found is not None:
            hearing.take(*found)
    elif name == "docked":  # off its base plate it senses no more
        fixed: dict[str, Value] = {"tamper": ("normal", ""), "normal": ("tamper", "not on its base")}
        value = READERS["tamper"](word)
        hearing.take("tamper", value and fixed.get(str(value[0]), value))
    elif name in _FACTS:
        metric = _FACTS[name]
        hearing.take(metric, READERS[metric](word), part=name)
