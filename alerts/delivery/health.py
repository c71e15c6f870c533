"""Touches. Whether the channels work: a channel that keeps failing is a fault of Tocsin's own."""

import threading
from collections.abc import Callable

from alerts.delivery.channels.channel import Receipt
from alerts.delivery.notification import Failed, Outcome

FAULTY = 3  # failures of a channel in a row; a permanent one is enough by itself


class Health:
    """`report` hears "delivery" "fault" with the channels and their reasons, and "normal" when all work."""

    def __init__(self, report: Callable[[str, str, str], None]) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._failures: dict[str, int] = {}
        self._faulty: dict[str, str] = {}  # channel → why
        self._told: frozenset[str] | None = None  # the faulty channels at the last report

    def note(self, channel: str, outcome: Outcome, trial: bool = False) -> None:
        """That one number does not exist, or has had its share, is no fault of the channel; and whoever
        tries it by hand sees for themselves that it fails."""
        if isinstance(outcome, Failed) and (outcome.dead or outcome.personal or trial):
            return
        with self._lock:
            match outcome:
                case Receipt():
                    self._failures.pop(channel, None)
                    self._faulty.pop(channel, None)
                case Failed():
                    self._failures[channel] = self._failures.get(channel, 0) + 1
                    if outcome.retry_at is None or self._failures[channel] >= FAULTY:
                        self._faulty[channel] = outcome.reason
            faulty = frozenset(self._faulty)
            if faulty == self._told or (not faulty and not isinstance(outcome, Receipt)):
                return
            self._told = faulty
            note = "; ".join(f"{name}: {why}" for name, why in sorted(self._faulty.items()))
        self._report("delivery", "fault" if faulty else "normal", note)
