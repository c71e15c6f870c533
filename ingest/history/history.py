"""Touches. The history's own thread: takes readings from the spool, seals days, forgets old ones.

Nothing here can stop an alarm: every error is caught in this thread, reported as Tocsin's own point `history`
and tried again with a growing pause; meanwhile the readings wait in the spool.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

import duckdb
import msgspec
import structlog
from sqlalchemy import Connection

from ingest import spool
from ingest.campus.kinds import METRICS, Form
from ingest.history import digest, series, weeks
from ingest.history.batch import Batch
from ingest.history.figures import Figures
from ingest.history.recorded import Files, export
from ingest.history.sealed import DAY, day_text
from ingest.history.today import Today, damaged, move_aside, open_today
from ingest.history.trouble import Report, Trouble, first_line
from ingest.settings import HistorySettings

log = structlog.get_logger("ingest.history")

BATCH = 20_000  # readings in one transaction
READ_AT_ONCE = 16  # batches of the spool in one question
FLUSH = 1.0  # seconds between two transactions while readings trickle
PIECE = 0.1  # seconds between two looks at the spool meanwhile: taken in one go, a second's readings would
# hold the interpreter lock for as long as an alarm should need in all
LOOK = 5.0  # seconds after which the spool is looked at even if nobody woke us
SEAL_AFTER = 3_600_000  # ms after its end that a day is sealed
TEND_EVERY = 3_600_000  # ms between two looks for days to seal and to forget
AGAIN_AFTER = 600_000  # ms after which a day that could not be sealed is tried again
LONGEST_PAUSE = 60.0
NICE = 10  # of this thread, where the system gives threads a priority of their own (Linux)
READY = 5.0  # seconds a question waits for the file to be open

T = TypeVar("T")


class History:
    """The embedded time series of one service. `series`, `words` and `unsent` may be called from any thread.

    `folder` is the history's own. `consumed(position)` is told after each commit: the spool up to there is
    not needed any more. `fed`: a feed follows, so what it has not sent yet is kept for it.
    """

    def __init__(
        self,
        folder: Path,
        database_read: Callable[[], AbstractContextManager[Connection]],
        spool_epoch: str,
        settings: HistorySettings,
        report: Report,
        now: Callable[[], int],
        consumed: Callable[[int], None] = lambda position: None,
        fed: bool = False,
    ) -> None:
        self._folder = folder
        self._read = database_read
        self._epoch = spool_epoch
        self._settings = settings
        self._trouble = Trouble("history", report, now)
        self._now = now
        self._consumed = consumed
        self._fed = fed
        self._today: Today | None = None
        self._tried = threading.Event()  # the file was opened, or could not be
        self._work = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self._batch: Batch | None = None  # gathered and not yet in a transaction
        self._flushed = 0.0
        self._tend_at = 0
        self._to_seal: list[int] = []
        self._folded = 0  # the UTC day on which late readings were last put into their files
        self._sent = 0
        self._asking = threading.Lock()
        self._figures: tuple[tuple[int, tuple[tuple[str, str], ...]], Figures] | None = None
        self.cursor = 0

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There may be something new in the spool. Cheap; from any thread."""
        self._work.set()

    def stop(self, timeout: float = 20.0) -> None:
        """Take what is in the spool and close the file."""
        self._stopping.set()
        self._work.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def series(
        self, device: str, metric: str, start: int, end: int, points: int = 600
    ) -> list[tuple[int, float, float, float]]:
        """(moment of the first, lowest, mean, highest) of at most `points` equal parts of a span in ms.

        Empty where the history cannot answer: that is reported, and never an error of the caller.
        """
        return self._answer(lambda today: series.numbers(today, device, metric, start, end, points), [])

    def words(self, device: str, metric: str, start: int, end: int) -> list[tuple[int, str]]:
        """(moment, word) of every change of a state, beginning with the one that stood at `start`; of an
        event every one in the span. At most the latest 10,000, oldest first."""
        known = METRICS.get(metric)
        each = known is not None and known.form is Form.EVENT
        return self._answer(lambda today: series.words(today, device, metric, start, end, each), [])

    def weeks(self, points: Sequence[tuple[str, str]], hour: int, back: int) -> list[weeks.Figure] | None:
        """What these (device, metric) said at this hour (full hours since 1970 UTC) of `back` weeks before:
        (device, metric, weeks ago, mean, standard deviation). None where the history cannot answer."""
        return self._answer(lambda today: weeks.figures(today, points, hour, back), None)

    def figures(self, now: int, standing: Sequence[tuple[str, str]] = ()) -> Figures | None:
        """What the last 90 days say of every device, for the device-health report; None where the history
        cannot answer. `standing`: the (device, metric) of which it is asked since when they say it.
        An answer is good for a minute: on a large campus the question costs a second."""
        asked = now // 60_000, tuple(standing)
        with self._asking:  # of many who ask at once only the first pays
            if self._figures is None or self._figures[0] != asked:
                found = self._answer(lambda today: digest.figures(today, self._folder, now, standing), None)
                self._figures = None if found is None or found.missing else (asked, found)
                return found
            return self._figures[1]

    def recorded(self, start: int, end: int) -> Files | None:
        """The files of what was received between two moments, the unsealed rest copied into one of them (the
        reader deletes that one). None where the history cannot answer."""
        folder = self._folder.absolute()
        return self._answer(lambda today: export(today, folder, start, end), None)

    def unsent(self, limit: int) -> list[tuple[int, str, str, int, float | None, str | None]]:
        """For the feed: the next readings after the one it last called `sent` for, in order of arrival."""
        today = self._today
        if today is None or today.number <= self._sent:
            return []
        return self._answer(lambda today: series.unsent(today, self._sent, limit), [])

    def sent(self, number: int) -> None:
        """The feed has delivered everything up to here. On disk with the next flush."""
        self._sent = number
        self._work.set()

    def behind(self) -> int:
        """How many readings the feed has still to send; 0 as long as the file is not open."""
        today = self._today
        return 0 if today is None else max(0, today.number - self._sent)

    def _answer(self, question: Callable[[Today], T], otherwise: T) -> T:
        self._tried.wait(READY)
        today = self._today
        if today is None:
            return otherwise
        try:
            return question(today)
        except duckdb.Error as error:
            log.warning("history cannot answer", error=str(error)[:300])
            self._trouble.lost(f"a question to the history failed: {first_line(error)}")
            return otherwise

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # alarms go first
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        pause = 0.0
        while True:
            try:
                if self._today is None:
                    self._open_today()
                more = self._take()
                if not more and self._stopping.is_set():
                    break
                self._trouble.well()
                more = more or self._tend()
                pause = 0.0
                if not more:
                    self._rest()
            except Exception as error:
                pause = min(LONGEST_PAUSE, max(1.0, pause * 2))
                self._failed(error, pause)
                if self._stopping.wait(pause):
                    break
        if self._today is not None:
            self._today.close()

    def _open_today(self) -> None:
        today, aside = open_today(self._folder.absolute(), self._settings.memory, self._now())
        if aside:
            self._trouble.lost(f"the history was damaged; it is now {aside.name}, and a new one was started")
        self.cursor = today.position if today.epoch == self._epoch else 0
        self._sent = today.sent
        with self._read() as conn:  # less than we have: an older state database was put back
            self.cursor = min(self.cursor, spool.last(conn))
        self._today = today
        self._tried.set()

    def _take(self) -> bool:
        """Gather a piece of the spool, and store what was gathered where a transaction is worth its fsync;
        whether there may be more at once."""
        today = self._today
        assert today is not None
        batch = self._batch = self._batch or Batch(today.points)
        more = self._gather(batch)
        over = time.monotonic() >= self._flushed + FLUSH or self._stopping.is_set()
        if len(batch) >= BATCH or (over and not more):
            self._store(today, batch)
        return more

    def _gather(self, batch: Batch) -> bool:
        with self._read() as conn:
            rows = spool.read(conn, batch.position or self.cursor, READ_AT_ONCE)
        for position, blob in rows:
            try:
                batch.add(position, blob)
            except msgspec.MsgspecError as error:
                batch.position = position
                self._trouble.lost(f"a batch of the spool was unreadable and left out: {error}")
            if len(batch) >= BATCH:
                return True
        return len(rows) == READ_AT_ONCE

    def _store(self, today: Today, batch: Batch) -> None:
        today.sent = self._sent
        if batch.position:
            today.insert(batch, self._epoch)
            self.cursor = batch.position
            self._consumed(batch.position)
        elif self._fed:
            today.keep_sent()
        self._batch = None
        self._flushed = time.monotonic()

    def _tend(self) -> bool:
        """Seal one day that is over, or forget what is too old; whether there is more to do at once."""
        today, now = self._today, self._now()
        assert today is not None
        if today.sealed.unreadable:
            for name in today.set_aside():
                self._trouble.lost(f"the file {name} of the history cannot be read and was set aside")
        if self._to_seal:
            self._seal(today, self._to_seal.pop(0))
            return True
        if now < self._tend_at:
            return False
        self._tend_at = now + TEND_EVERY
        today.forget((now - self._settings.keep_days * DAY) // DAY)
        today.sealed.drop_sent(today.sent)
        over = (now - SEAL_AFTER) // DAY
        self._to_seal = today.days(over, late=over != self._folded)  # late ones once a day: each costs a file
        self._folded = over
        return bool(self._to_seal)

    def _seal(self, today: Today, day: int) -> None:
        try:
            today.seal(day, self._fed)
        except duckdb.Error as error:
            self._trouble.lost(f"the day {day_text(day)} could not be sealed: {first_line(error)}")
            if damaged(error):
                raise
            today.rollback()
            series.find_unreadable(today)
            self._to_seal.clear()
            self._tend_at = self._now() + AGAIN_AFTER

    def _rest(self) -> None:
        """Until there is work; a little longer, so that it comes in pieces worth looking for."""
        until_flush = max(0.0, self._flushed + FLUSH - time.monotonic())
        self._work.wait(LOOK if self._batch is None else until_flush)
        self._work.clear()
        self._stopping.wait(PIECE)

    def _failed(self, error: Exception, pause: float) -> None:
        log.warning("history failed", error=str(error)[:500], again_in_s=pause)
        self._trouble.fault(f"the history is not written: {first_line(error)}")
        self._tried.set()
        today, self._today, self._batch = self._today, None, None
        if today is not None:
            today.close()
        if isinstance(error, duckdb.Error) and damaged(error):
            with contextlib.suppress(OSError):
                aside = move_aside(self._folder.absolute(), self._now())
                self._trouble.lost(
                    f"the history was damaged; it is now {aside.name}, and a new one was started"
                )
