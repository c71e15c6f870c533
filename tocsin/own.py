"""Touches. Tocsin as a device of its own: every fault of ours is a reading of one of our points."""

import threading
from collections.abc import Callable

from ingest.campus.registry import OWN
from ingest.reading import Reading

# Points whose owner speaks for itself as soon as it runs; for the others, running means normal.
SPEAK_FOR_THEMSELVES = ("broker_life", "broker_all", "subscription", "history", "feed", "delivery", "routing")


class Own:
    """`report` is handed to every part that can fail. Only a change becomes a reading."""

    def __init__(self, emit: Callable[[Reading], None], now: Callable[[], int]) -> None:
        self._emit = emit
        self._now = now
        self._words: dict[str, str] = {}
        self._parts: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def report(self, metric: str, word: str, note: str = "") -> None:
        """`word` is normal or fault; `note` tells a person what is wrong."""
        with self._lock:
            if self._words.get(metric) == word:
                return
            self._words[metric] = word
        moment = self._now()
        self._emit(Reading(OWN, metric, word, moment, moment, note=note))

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

    def returned(self, moment: int) -> None:
        """The loop message came all the way round."""
        now = self._now()
        self._emit(Reading(OWN, "loop_returned", float(now - moment), now, now))

    def faults(self) -> dict[str, str]:
        with self._lock:
            return {metric: word for metric, word in self._words.items() if word != "normal"}
