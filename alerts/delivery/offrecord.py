"""Touches. Notices that could not be written: tried again for as long as nothing can be."""

import threading
import time
from collections.abc import Sequence

from msgspec.structs import replace

from alerts.delivery.message import Purpose
from alerts.delivery.notification import Failed, Notification, Outcome

Door = tuple[str, str, str, str]  # code, person, channel and address: to whom, of what


class OffRecord:
    """Of each door only the newest. The end of a siren is tried until it is told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._again: dict[Door, tuple[float, Notification]] = {}  # when (monotonic), what
        self._written_at = -1  # ms, when commits began to work again

    def begun(self, row: Notification) -> None:
        """It takes the place of one that was tried in vain."""
        with self._lock:
            self._again.pop(_door(row), None)

    def ended(self, row: Notification, outcome: Outcome, now: int) -> None:
        if not isinstance(outcome, Failed) or outcome.retry_at is None:
            return
        due = time.monotonic() + (outcome.retry_at - now) / 1000
        with self._lock:
            if row.owed_at > self._written_at or row.purpose is Purpose.CLEAR:
                self._again[_door(row)] = due, replace(row, attempts=row.attempts + 1)

    def written_again(self, clears: Sequence[Notification], now: int, after: float) -> None:
        """Commits work again, so the real desk tells people; the sirens that sound off the record end `after`
        so many seconds."""
        with self._lock:
            self._written_at = now
            ends = [row for _, row in self._again.values() if row.purpose is Purpose.CLEAR]
            due = time.monotonic() + after
            self._again = {_door(row): (due, row) for row in (*ends, *clears)}

    def due(self) -> list[Notification]:
        """What is to be tried by now; each is given once."""
        with self._lock:
            rows = [row for moment, row in self._again.values() if moment <= time.monotonic()]
            for row in rows:
                del self._again[_door(row)]
        return rows


def _door(row: Notification) -> Door:
    return row.code, row.person, row.channel, row.address
