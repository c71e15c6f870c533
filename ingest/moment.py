"""Thinks. When a reading happened: what the device says where that is plausible, else its receipt."""

from datetime import datetime
from typing import Any

from ingest.reading import TimeQuality

BEHIND = 24 * 3600 * 1000  # ms: older is no late reading any more but a wrong clock
AHEAD = 5 * 60 * 1000

_DEVICE, _RECEIVED = TimeQuality.DEVICE, TimeQuality.RECEIVED


def event_time(said: Any, received: int, retained: bool = False) -> tuple[int, TimeQuality]:
    """The moment (ms) and where it is from. `said` is ms since 1970, ISO 8601 with an offset, or None.

    Plausible is from 24 h before receipt (a reading that was buffered on its way) to 5 min after it. A
    retained message may be older and the clock still be right, so it is not called implausible for that.
    """
    if said is None:
        return received, _RECEIVED
    if type(said) is int and received - BEHIND <= said <= received + AHEAD:
        return said, _DEVICE  # the fast way
    moment = milliseconds(said)
    if moment is not None and received - BEHIND <= moment <= received + AHEAD:
        return moment, _DEVICE
    if retained and moment is not None and moment < received:
        return received, _RECEIVED
    return received, TimeQuality.IMPLAUSIBLE


def milliseconds(said: Any) -> int | None:
    """A JSON value as ms since 1970 UTC; None for what is no moment (a text without an offset, a boolean)."""
    kind = type(said)
    if kind is int:
        return int(said)
    if kind is float:
        return int(said) if abs(said) < 1e15 else None
    if kind is not str or len(said) > 40:
        return None
    try:
        moment = datetime.fromisoformat(said)
        return int(moment.timestamp() * 1000) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
