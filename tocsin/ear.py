"""Touches. The ear: hears life-safety devices at QoS 0 while nothing can be settled.

A broker sends only so much ahead of our acknowledgements (Mosquitto, unless told otherwise, 20 messages a
session). While commits fail nothing is acknowledged, so after these a new fire would wait at the broker. The
ear is a third connection, without a promise: what it hears sounds; the broker keeps the message for `life`.
"""

from collections.abc import Callable

from ingest.broker import Session


class Ear:
    """`session` makes a connection that does not last."""

    def __init__(self, session: Callable[[], Session]) -> None:
        self._make = session
        self.session: Session | None = None

    def listen(self, needed: bool) -> None:
        """Open or close it; called again and again, from one thread."""
        if needed and self.session is None:
            self.session = self._make()
            self.session.start()
        elif not needed and self.session is not None:
            self.session.stop()
            self.session = None
