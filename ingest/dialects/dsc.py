"""Thinks. DSC Keybus interface (HomeAssistant-MQTT sketch): zones, fire and trouble as "1" and "0".

A fire zone opens before the fire flag is set, and the flag may fall while the detector still stands: each is
read by itself, the zone as the kind it is registered as, the flag as the fire of its partition.
"""

import re

from ingest.dialects.dialect import IGNORED, Known, Result, Said, link, no_definitions
from ingest.dialects.held import Hearing
from ingest.dialects.panel import CHANGES_ONLY, PANEL, opened, told, triggered
from ingest.guard import check_size
from ingest.reading import Reason
from ingest.value import READERS

NAME = "dsc"
BASES = ("dsc",)
INTERVAL = CHANGES_ONLY
define = no_definitions

_STATE = re.compile(r"Get/(?:(Zone|Partition|Fire)([1-9][0-9]?)|Trouble)")


def topics(known: Known) -> list[str]:
    return ["Get/+", "Status"]


def filters(address: str, known: Known) -> list[str]:
    if address == PANEL:
        return ["Get/Trouble", "Status"]
    partition = address.removeprefix("Partition")
    return [f"Get/{address}", *([f"Get/Fire{partition}"] if partition != address else [])]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    found = _STATE.fullmatch(rest)
    if found is None:
        return (PANEL,) if rest == "Status" else ()
    if found[1] == "Fire":  # a flag of the partition, or registered by itself
        return f"Fire{found[2]}", f"Partition{found[2]}"
    return (found[1] + found[2],) if found[1] else (PANEL,)


def guard(rest: str, payload: bytes) -> tuple[Reason, str] | None:
    return check_size(payload)


def decode(said: Said) -> Result:
    rest, payload = said.rest, said.payload
    if not payload:
        return IGNORED  # a retained message was deleted
    if rest == "Status":
        return link(said)
    hearing, word = Hearing(said, said.device, said.address), told(payload)
    if rest.startswith("Get/Fire"):
        hearing.take("fire", READERS["fire"](word))
    elif rest.startswith("Get/Zone"):
        found = opened(word, said.device.kind)
        if found is not None:
            hearing.take(*found)
    elif rest == "Get/Trouble":
        hearing.take("fault", READERS["fault"](word))
    else:
        hearing.take("intrusion", triggered(word))
    return hearing.result()
