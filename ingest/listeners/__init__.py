"""Touches. The listeners: the room's doors other than MQTT. A new one is a file, a line here, a setting."""

from collections.abc import Callable
from typing import Any

from ingest.listeners import gb26875, siadc09
from ingest.listeners.listening import Speech
from ingest.listeners.server import Deliver, Report, Server
from ingest.settings import ListenersSettings

SPEECHES: dict[str, Callable[[Any], Speech]] = {  # name → its speech, by its settings
    "gb26875": lambda settings: gb26875.SPEECH,
    "siadc09": siadc09.speech,
}


def opened(
    settings: ListenersSettings, deliver: Deliver, report: Report, now: Callable[[], int]
) -> list[Server]:
    """A server for each listener that is set; none of them has started yet."""
    return [
        Server(SPEECHES[name](one), one, deliver, report, now)
        for name in sorted(SPEECHES)
        if (one := getattr(settings, name)) is not None
    ]
