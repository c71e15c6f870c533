"""Touches. What is wrong with a part of Tocsin, told once: a reading of its own point, fault or normal."""

from collections.abc import Callable

import structlog

log = structlog.get_logger("ingest.history")

Report = Callable[[str, str, str], None]
SHOW = 600_000  # ms that a loss stays told, so that somebody sees it


class Trouble:
    """Tells `report` only of changes, and never raises. For one thread, or for several that may race to tell
    the same thing twice."""

    def __init__(self, point: str, report: Report, now: Callable[[], int]) -> None:
        self._point = point
        self._report = report
        self._now = now
        self._said: str | None = None  # nothing yet
        self._until = 0

    def fault(self, note: str) -> None:
        """It does not work now."""
        if self._said != note:
            self._said = note
            self._tell("fault", note)

    def lost(self, note: str) -> None:
        """Something was lost or set aside: worth a look even when it works again."""
        self._until = self._now() + SHOW
        self.fault(note)

    def well(self) -> None:
        """It works."""
        if self._said != "" and self._now() >= self._until:
            self._said = ""
            self._tell("normal", "")

    def _tell(self, word: str, note: str) -> None:
        try:
            self._report(self._point, word, note)
        except Exception:
            log.exception("report failed", point=self._point)


def first_line(error: Exception) -> str:
    """An error as a short sentence."""
    return (str(error) or type(error).__name__).splitlines()[0][:200]
