"""Thinks. DALI-PRO-IoT controllers: `<controller>/devices/<category>/<guid>/data/<property>`, one value each.

The emergency properties carry the status bytes of the gear (see dali_bytes). Date and time of a value are the
controller's local ones without a zone, so the receipt counts.
"""

from typing import Any

from ingest.dialects.dali.heard import answer, query_of
from ingest.dialects.dialect import IGNORED, Known, Result, Said, json_guard, malformed, no_definitions
from ingest.dialects.held import Hearing
from ingest.guard import Malformed, json_object
from ingest.value import READERS, UNKNOWN, parsed, shown

NAME = "dali"
BASES = ("DALI-PRO-IoT",)
INTERVAL = {"": 3600}  # as the profiles of the controller say; each property may have its own
guard, define = json_guard, no_definitions

_ERRORS = ("errorOverall", "errorBits", "errorBitsCoupler")


def topics(known: Known) -> list[str]:
    return ["+/devices/+/+/data/+"]


def filters(address: str, known: Known) -> list[str]:
    return [f"+/devices/+/{address}/data/+"]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    levels = rest.split("/")
    if len(levels) != 6 or levels[1] != "devices" or levels[4] != "data":
        return ()
    return (levels[3],) if levels[3] else None


def decode(said: Said) -> Result:
    if not said.payload:
        return IGNORED  # a retained message was deleted
    try:
        body = json_object(said.payload)
        if "value" not in body:
            raise Malformed("no value in it")
    except Malformed as error:
        return malformed(error, said)
    name = said.rest.rpartition("/")[2]
    hearing, query, raw = Hearing(said, said.device, said.address), query_of(name), body["value"]
    if query is not None:
        return answer(hearing, query, raw, str(body.get("unit")))
    _driver(hearing, name, raw)
    return hearing.result()


def _driver(hearing: Hearing, name: str, raw: Any) -> None:
    if name in _ERRORS:
        number = raw if type(raw) in (int, float) else parsed(raw)
        bit = raw if number is None else number != 0
        word, note = READERS["fault"](bit) or (UNKNOWN, f"not understood: {shown(raw)}")
        hearing.take("fault", (word, f"{name} {str(raw)[:40]}" if word == "fault" else note), part=name)
    elif name == "driverTemperature":
        hearing.take("temperature", READERS["temperature"](raw))
    elif name == "driverInputVoltage":
        hearing.take("voltage", READERS["voltage"](raw))
