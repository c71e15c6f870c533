"""Touches. Tocsin as a device of its own: every fault of ours is a reading of one of our points."""

import re
import threading
from collections.abc import Callable

from ingest.campus.device import OWN
from ingest.reading import Reading

# Points whose owner speaks for itself as soon as it runs; for the others, running means normal.
SPEAK_FOR_THEMSELVES = (
    "broker_life", "broker_all", "subscription", "history", "feed", "delivery", "routing", "dashboard",
    "listener", "canary",
)  # fmt: skip

AGAIN = 60_000  # ms between two readings of a point that differ only in their reason
QUIET = 3_600_000  # ms without another failure after which one that has no end of its own is over
DIGITS = re.compile(r"\d+")  # a reason in which only a number has changed is the same reason


class Own:
    """`report` is handed to every part that can fail. Only another word or reason becomes a reading."""

    def __init__(self, emit: Callable[[Reading], None], now: Callable[[], int]) -> None:
        self._emit = emit
        self._now = now
        self._true: dict[str, tuple[str, str]] = {}  # word and note as they are now
        self._told: dict[str, tuple[str, str, int]] = {}  # word, reason and moment of the last reading
        self._parts: dict[str, dict[str, str]] = {}
        self._happened: dict[str, int] = {}
        self._lock = threading.RLock()

    def report(self, metric: str, word: str, note: str = "") -> None:
        """`word` is normal or fault; `note` tells a person what is wrong."""
        with self._lock:
            self._true[metric] = word, note
            self._tell(metric)

    def report_part(self, part: str, metric: str, word: str, note: str = "") -> None:
        """For a point that several parts speak of: it is normal when it is for all of them."""
        with self._lock:
            faults = self._parts.setdefault(metric, {})
            if word == "normal":
                faults.pop(part, None)
            else:
                faults[part] = note
            left = "; ".join(faults.values())
            self.report(metric, "fault" if faults else "normal", left)

    def happened(self, metric: str, note: str) -> None:
        """A failure whose end nobody sees: it is over after a quiet time, so that the next one is told."""
        with self._lock:
            self._happened[metric] = self._now()
            self.report_part("happened", metric, "fault", note)

    def look(self) -> None:
        """Now and then: what has not happened for a while is over; what came too soon is told."""
        with self._lock:
            now = self._now()
            for metric in [one for one, moment in self._happened.items() if now - moment >= QUIET]:
                del self._happened[metric]
                self.report_part("happened", metric, "normal")
            for metric in self._true:
                self._tell(metric)

    def _tell(self, metric: str) -> None:
        (word, note), moment = self._true[metric], self._now()
        reason = DIGITS.sub("", note)
        told, because, at = self._told.get(metric, ("", "", 0))
        if word == told and (reason == because or moment - at < AGAIN):
            return
        self._told[metric] = word, reason, moment
        self._emit(Reading(OWN, metric, word, moment, moment, note=note))

    def returned(self, moment: int) -> None:
        """The loop message came all the way round."""
        now = self._now()
        self._emit(Reading(OWN, "loop_returned", float(now - moment), now, now))

    def faults(self) -> dict[str, str]:
        with self._lock:
            return {metric: word for metric, (word, _) in self._true.items() if word != "normal"}
