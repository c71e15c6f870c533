"""Thinks. What the bridges of alarm panels have in common: zones that open, partitions that are triggered."""

from typing import Any

from ingest.campus.kinds import KINDS, UNREGISTERED
from ingest.dialects.hazard import hazard_of
from ingest.value import READERS, UNKNOWN, Value, shown

PANEL = "panel"  # the address of the panel and its bridge themselves
CHANGES_ONLY = {"": 0}  # nothing is said while nothing changes: only the last will tells of a silent bridge
ENTRY_DELAY = "entry or exit delay"

_CALM = {"disarmed", "armed", "armed_home", "armed_away", "armed_night", "armed_vacation", "ready",
         "armed_custom_bypass", "full_armed", "part_armed_1", "part_armed_2", "part_armed_3"}  # fmt: skip
_DELAYS = {"pending", "arming", "disarming", "in_entry", "in_exit"}


def opened(raw: Any, kind: str) -> tuple[str, Value] | None:
    """An open zone: the detector of a fire zone has tripped, a door is open. What it is, the kind says."""
    value = READERS["intrusion"](raw)
    if value is None:
        return None
    hazard = "" if kind == UNREGISTERED else hazard_of(kind)
    if hazard:
        return hazard, value
    if kind == UNREGISTERED or "contact" in KINDS[kind].metrics:
        words = {"alarm": "open", "normal": "closed"}
        return "contact", (words.get(str(value[0]), UNKNOWN), value[1])
    return None


def triggered(raw: Any) -> Value:
    """The state of a partition or an area in the words of these bridges."""
    word = raw.strip().lower() if isinstance(raw, str) else ""
    if word == "triggered":
        return "alarm", ""
    if word in _CALM:
        return "normal", ""
    return ("normal", ENTRY_DELAY) if word in _DELAYS else (UNKNOWN, f"not understood: {shown(raw)}")


def told(payload: bytes) -> str:
    """A bare word. What is no text comes out as what nobody understands."""
    return payload.decode("utf-8", "replace").strip()
