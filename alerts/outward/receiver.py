"""Touches. One receiver on a thread of its own: what all that we POST to other systems have in common.

A receiver that is slow, away or refuses everything delays nobody else: it is tried again, longer each time,
and from the third failure on it is a fault of Tocsin's own until it answers.
"""

import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

import structlog

from alerts.delivery.channels.channel import ChannelError
from alerts.delivery.channels.webhook import Poster

log = structlog.get_logger("alerts.outward")

Report = Callable[[str, str, str], None]  # the name of the receiver, normal or fault, why
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds while it is away
STUMBLED = 5.0  # … after a mistake of ours, or while the database cannot be read
LONGEST_ASKED = 300_000  # ms: its Retry-After is respected up to this
TOLD_AFTER = 3  # failures in a row


class Stopped(Exception):
    """Asked to stop while waiting."""


class Receiver(ABC):
    """Does `_step` until it is stopped. `patience` scales every pause."""

    def __init__(self, name: str, poster: Poster, report: Report, patience: float = 1.0) -> None:
        self.name = name
        self._poster = poster
        self._report = report
        self._patience = patience
        self._failures = 0
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"outward-{name}", daemon=True)

    @abstractmethod
    def _step(self) -> float:
        """Send the next. For how many seconds there is nothing more to do."""

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    def stop(self, within: float = 2.0) -> None:
        """A call under way may take ten seconds: it is not waited for, and made again by the next start."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(within)

    def post(self, body: bytes, key: str) -> None:
        """One attempt. Raises ChannelError, which `failed` wants to hear of; or Stopped."""
        if self._stopping.is_set():
            raise Stopped
        self._poster.post(body, key)
        self._failures = 0

    def failed(self, error: ChannelError) -> None:
        """Say so when it lasts, and wait. Raises Stopped."""
        self._failures += 1
        log.warning("not taken", receiver=self.name, reason=error.reason, failures=self._failures)
        if self._failures >= TOLD_AFTER or error.permanent:
            self._report(self.name, "fault", f"{self.name}: {error.reason}"[:250])
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._failures - 1, 10)) * random.uniform(0.5, 1)
        self._wait(max(pause, min(error.retry_after or 0, LONGEST_ASKED) / 1000) * self._patience)

    def _wait(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Stopped

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                idle = self._step()
            except Stopped:
                return
            except Exception as error:  # a database that cannot be read, or a mistake of ours: it must go on
                log.exception("a receiver is not served", receiver=self.name)
                self._report(self.name, "fault", f"{self.name}: {error!r}"[:250])
                self._stopping.wait(STUMBLED * self._patience)
            else:
                if not self._failures:
                    self._report(self.name, "normal", "")
                self._wake.wait(idle * self._patience)
