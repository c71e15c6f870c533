"""Touches. The listeners: the room's doors other than MQTT. A new one is a file, a line here, a setting."""

from collections.abc import Callable

from ingest.listeners import gb26875
from ingest.listeners.server import Deliver, Report, Server
from ingest.settings import ListenersSettings

SPEECHES = {one.name: one for one in (gb26875.SPEECH,)}


def opened(
    settings: ListenersSettings, deliver: Deliver, report: Report, now: Callable[[], int]
) -> list[Server]:
    """A server for each listener that is set; none of them has started yet."""
    return [
        Server(SPEECHES[name], one, deliver, report, now)
        for name in sorted(SPEECHES)
        if (one := getattr(settings, name)) is not None
    ]
