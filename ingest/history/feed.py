"""Touches. The feed's own thread: sends the history on to the user's InfluxDB or VictoriaMetrics.

It reads what the history has stored, so an outage of months grows neither the spool nor memory. How far it
came is kept with the history; after a kill the last second is sent again, overwriting the same points.
"""

import json
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import structlog

from ingest.campus.registry import Registry
from ingest.history.influx import Answer, Influx, WriteError
from ingest.history.lines import line, series_of
from ingest.history.trouble import Report, Trouble
from ingest.settings import FeedSettings

log = structlog.get_logger("ingest.feed")

MOST = 5_000  # lines in one request
IDLE = 1.0  # seconds between two looks while there is nothing to send
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # while the server is away
DENIED_PAUSE, LONGEST_DENIED_PAUSE = 30.0, 300.0  # while a person must mend something
FAILURES_TOLD = 3  # failures in a row before anybody hears of them
SUSPICIOUS = 20  # lines refused in a row before we ask whether the server takes anything at all
REFUSED_BYTES = 10_000_000  # size of the file of refused lines, above which no more are kept

Row = tuple[int, str, str, int, float | None, str | None]


class Source(Protocol):
    """What the feed needs of the history."""

    def unsent(self, limit: int) -> list[Row]: ...

    def sent(self, number: int) -> None: ...


class Stopped(Exception):
    """Asked to stop while waiting."""


class Feed:
    """Sends in order of arrival, and retries for ever. A line that the server cannot read is set aside in
    `refused` (a JSON line each, with the server's reason). `patience` scales every pause."""

    def __init__(
        self,
        settings: FeedSettings,
        history: Source,
        registry: Callable[[], Registry],
        refused: Path,
        report: Report,
        now: Callable[[], int],
        patience: float = 1.0,
    ) -> None:
        self._settings = settings
        self._history = history
        self._registry = registry
        self._known: Registry | None = None
        self._series: dict[tuple[str, str], str] = {}
        self._refused = refused
        self._trouble = Trouble("feed", report, now)
        self._now = now
        self._patience = patience
        self._size = MOST
        self._failures = 0
        self._refusals = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self._influx: Influx | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 15.0) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self._step():
                    self._stopping.wait(IDLE * self._patience)
            except Stopped:
                break
            except Exception as error:
                log.exception("feed failed")
                self._trouble.fault(f"the feed failed: {error}"[:200])
                self._stopping.wait(LONGEST_PAUSE * self._patience)
        if self._influx is not None:
            self._influx.close()

    def _step(self) -> bool:
        """Send the next readings; whether there were any."""
        rows = self._history.unsent(self._size)
        if not rows:
            return False
        lines = [text for row in rows if (text := self._line(row)) is not None]
        if lines:
            self._push(lines)
        self._history.sent(rows[-1][0])
        return True

    def _line(self, row: Row) -> str | None:
        _, device, metric, event_time, number, word = row
        registry = self._registry()
        if registry is not self._known:
            self._known, self._series = registry, {}
        series = self._series.get((device, metric))
        if series is None:
            series = self._series[device, metric] = series_of(metric, device, self._settings.site, registry)
        return line(series, number, word, event_time)

    def _push(self, lines: list[str]) -> None:
        """Deliver all of them, halving around what the server cannot take. Raises Stopped."""
        while True:
            try:
                self._write(lines)
            except WriteError as error:
                if error.answer is Answer.LARGE:
                    self._size = max(1, self._size // 2)
                if error.answer in (Answer.BAD, Answer.LARGE) and len(lines) > 1:
                    self._push(lines[: len(lines) // 2])
                    self._push(lines[len(lines) // 2 :])
                elif error.answer in (Answer.BAD, Answer.LARGE) and self._takes_anything():
                    self._set_aside(lines[0], str(error))
                else:
                    self._pause(error)
                    continue
            else:
                self._refusals = 0
            return

    def _write(self, lines: list[str]) -> None:
        if self._influx is None:
            self._influx = Influx(self._settings)
        self._influx.write(lines)
        self._failures = 0
        self._trouble.well()

    def _takes_anything(self) -> bool:
        """Whether a refusal is about the line. Once many in a row were refused, a line of our own tells."""
        self._refusals += 1
        if self._refusals < SUSPICIOUS:
            return True
        try:
            assert self._known is not None
            own = series_of("tocsin_feed", "tocsin", self._settings.site, self._known)
            self._write([f"{own} value=1.0 {self._now()}"])
        except WriteError:
            return False
        self._refusals = 0
        return True

    def _set_aside(self, text: str, reason: str) -> None:
        log.warning("line refused", line=text, reason=reason)
        self._trouble.lost(f"the server refused a line, see {self._refused.name}: {reason}"[:200])
        if not self._refused.exists() or self._refused.stat().st_size < REFUSED_BYTES:
            with self._refused.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"moment": self._now(), "line": text, "reason": reason}) + "\n")

    def _pause(self, error: WriteError) -> None:
        """Longer each time, with jitter, until the server answers. Raises Stopped."""
        self._failures += 1
        mend = error.answer is not Answer.LATER
        first, longest = (DENIED_PAUSE, LONGEST_DENIED_PAUSE) if mend else (FIRST_PAUSE, LONGEST_PAUSE)
        pause = min(longest, first * 2 ** min(self._failures - 1, 10)) * random.uniform(0.5, 1.0)
        if mend or self._failures >= FAILURES_TOLD:
            hint = "; check url, bucket and token under `feed`" if mend else ""
            self._trouble.fault(f"the feed to {self._settings.url} fails{hint}: {error}"[:250])
        log.warning("feed waits", reason=str(error), seconds=round(pause, 1))
        if self._stopping.wait(max(pause * self._patience, error.wait)):
            raise Stopped
