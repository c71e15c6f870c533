"""Thinks. Frigate: the health of its cameras, and a microphone that hears an alarm.

What it sees (events, reviews, counts, motion) is no alarm of ours and is not subscribed to, nor are its
pictures.
"""

import msgspec

from ingest.dialects.dialect import IGNORED, Known, Result, Said, link, malformed, no_definitions
from ingest.dialects.held import Hearing
from ingest.dialects.panel import told
from ingest.guard import check, check_size
from ingest.reading import Decoded, Parts, Reason
from ingest.value import READERS, UNKNOWN, Value, shown

NAME = "frigate"
BASES = ("frigate",)
INTERVAL = {"": 0, "gateway": 300}  # statistics come every 60 s; the state of a camera when it changes
SERVER = "frigate"  # the address of Frigate itself, registered as a gateway
define = no_definitions

_STATES: dict[str, Value] = {
    "online": ("normal", ""),
    "offline": ("fault", ""),
    "disabled": (UNKNOWN, "switched off"),  # on purpose: no fault, and no picture either
}
_ALARMS = ("fire_alarm", "smoke_detector")  # sounds, as Frigate calls them


class _Camera(msgspec.Struct, gc=False):
    camera_fps: float = 0.0


class _Statistics(msgspec.Struct, gc=False):
    cameras: dict[str, _Camera] = {}


_read_statistics = msgspec.json.Decoder(_Statistics).decode


def topics(known: Known) -> list[str]:
    return ["available", "stats", "+/status/+", "+/audio/+"]


def filters(address: str, known: Known) -> list[str]:
    if address == SERVER:
        return ["available", "stats"]
    return [] if "/" in address else [f"{address}/status/+", f"{address}/audio/+"]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    if rest == "available":
        return (SERVER,)
    if rest == "stats":
        return (SERVER, "")
    levels = rest.split("/")
    if len(levels) != 3 or not levels[0]:
        return ()
    if levels[1] == "status" or (levels[1] == "audio" and (levels[2] in _ALARMS or levels[2] == "+")):
        return (levels[0],)
    return ()


def guard(rest: str, payload: bytes) -> tuple[Reason, str] | None:
    return check(payload) if rest == "stats" else check_size(payload)


def decode(said: Said) -> Result:
    if not said.payload:
        return IGNORED  # a retained message was deleted
    if said.rest == "available":
        return _available(said)
    if said.rest == "stats":
        return _statistics(said)
    _, what, which = said.rest.split("/")
    hearing = Hearing(said, said.device, said.address)
    word = told(said.payload).lower()
    if what == "audio":
        heard = READERS["alarm_sound"](word)
        hearing.take("alarm_sound", heard and (heard[0], heard[1] or which), which)
        return hearing.result()
    state, note = _STATES.get(word, (UNKNOWN, f"not understood: {shown(word)}"))
    hearing.take("video", (state, f"{which} {note}".strip() if state != "normal" else ""), which)
    return hearing.result(alive=not said.retained and word == "online")


def _available(said: Said) -> Result:
    """`stopped` on purpose is no less deaf than `offline`, its last will."""
    stopped = told(said.payload).lower() == "stopped"
    found = link(said, b"offline" if stopped else None)
    if isinstance(found, Decoded):
        if stopped:
            found.readings[0] = msgspec.structs.replace(found.readings[0], note="stopped on purpose")
        elif found.readings[0].value == "online" and not said.retained:
            found.alive = True  # said by Frigate itself, just now
    return found


def _statistics(said: Said) -> Result:
    """A sign of life of Frigate, and of each camera that sends pictures."""
    try:
        cameras = _read_statistics(said.payload).cameras
    except (ValueError, RecursionError) as error:
        return malformed(error, said)
    found = [said.device] if said.address else []
    for name, camera in cameras.items():
        device = said.known.registered(name) if camera.camera_fps > 0 else None
        found += [device] if device is not None else []
    return Parts([Decoded(device.id, [], alive=not said.retained) for device in found])
