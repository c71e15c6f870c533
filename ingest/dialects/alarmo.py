"""Thinks. Alarmo (an alarm system inside Home Assistant): the state of each area, and events of it.

An area is `triggered` whatever its sensors sense; what that means, the kind it is registered as says. An
entry delay (`pending`, or a TRIGGER with a `delay`) is no alarm yet.
"""

from typing import Any

from ingest.dialects.dialect import IGNORED, Known, Result, Said, json_guard, malformed, no_definitions
from ingest.dialects.hazard import hazard_of
from ingest.dialects.held import Hearing
from ingest.dialects.panel import CHANGES_ONLY, PANEL, told, triggered
from ingest.guard import Malformed, json_object

NAME = "alarmo"
BASES = ("alarmo",)
INTERVAL = CHANGES_ONLY
guard, define = json_guard, no_definitions


def topics(known: Known) -> list[str]:
    return ["state", "event", "+/state", "+/event"]


def filters(address: str, known: Known) -> list[str]:
    return ["state", "event"] if address == PANEL else [f"{address}/state", f"{address}/event"]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    area, _, what = rest.rpartition("/")
    if what not in ("state", "event") or "/" in area:
        return ()
    return (area or PANEL,)


def decode(said: Said) -> Result:
    if not said.payload:
        return IGNORED  # a retained message was deleted
    hearing = Hearing(said, said.device, said.address)
    metric = hazard_of(said.device.kind) or "intrusion"
    if said.rest.endswith("state"):
        hearing.take(metric, triggered(told(said.payload)))
        return hearing.result()
    try:
        body = json_object(said.payload)
    except Malformed as error:
        return malformed(error, said)
    if body.get("event") == "TRIGGER" and not body.get("delay") and not said.retained:
        hearing.take(metric, ("alarm", _sensors(body.get("sensors"))))  # its end comes on `state`
    return hearing.result()


def _sensors(listed: Any) -> str:
    names = (
        [str(one.get("name"))[:40] for one in listed if isinstance(one, dict)]
        if isinstance(listed, list)
        else []
    )
    return ", ".join(names[:5])
