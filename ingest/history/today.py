"""Touches. The DuckDB file of everything that is not sealed yet; one process only.

A transaction holds the readings, the position of the spool they came from and what was sealed, so that a kill
at any moment neither loses nor doubles a reading. A file that cannot be read is moved aside for a new one.
"""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import structlog

from ingest.history.batch import Batch, Numbered
from ingest.history.sealed import DAY, Sealed

log = structlog.get_logger("ingest.history")

STEADY_MEMORY = "64MB"  # while readings arrive and days are sealed; questions may use what the settings allow

_TABLES = """
CREATE TABLE IF NOT EXISTS cursor (epoch VARCHAR, position BIGINT, number BIGINT, sent BIGINT);
CREATE TABLE IF NOT EXISTS point (id INTEGER PRIMARY KEY, device VARCHAR, metric VARCHAR);
CREATE TABLE IF NOT EXISTS reading (number BIGINT, point INTEGER, event_time BIGINT, received BIGINT,
                                    value DOUBLE, word VARCHAR, flags UTINYINT, note VARCHAR);
CREATE TABLE IF NOT EXISTS day (day INTEGER PRIMARY KEY, file VARCHAR);
"""
_INSERT = """
INSERT INTO reading
SELECT $first + row_number() OVER () - 1, point, time, time + delay, CASE WHEN word = 0 THEN value END,
       $texts[word], flags, $texts[note] FROM arrived
"""


class Today:
    """The open file. Written by the history's thread only; `reader()` is for everybody."""

    def __init__(self, connection: Any, folder: Path, memory: str) -> None:
        self._connection = connection
        self._memory = memory
        self._lock = threading.Lock()
        self._users = 0
        self.sealed = Sealed(folder)
        self.points: Numbered[tuple[str, str]] = Numbered()
        self.epoch, self.position, self.number = "", 0, 0  # of the last transaction
        self.sent = self._sent_kept = 0  # the last number that the feed has delivered
        self._load()

    def _load(self) -> None:
        connection = self._connection
        connection.execute(_TABLES)
        found = connection.execute("SELECT epoch, position, number, sent FROM cursor").fetchone()
        if found is None:
            self.sent, self.number = self.sealed.sent_range()  # not 0 where an older file was moved aside
            connection.execute("INSERT INTO cursor VALUES ('', 0, ?, ?)", [self.number, self.sent])
        else:
            self.epoch, self.position, self.number, self.sent = found
            self._sent_kept = self.sent
        rows = connection.execute("SELECT device, metric, id FROM point").fetchall()
        self.points = Numbered({(device, metric): number for device, metric, number in rows})
        self.sealed.agree(connection)

    def insert(self, batch: Batch, epoch: str) -> None:
        """Store a batch and where in the spool it ended, in one transaction."""
        connection = self._connection
        count = len(batch)
        connection.execute("BEGIN")
        if new := batch.new():
            ids, devices, metrics = (list(column) for column in zip(*new, strict=True))
            connection.execute(
                "INSERT INTO point SELECT unnest(?), unnest(?), unnest(?)", [ids, devices, metrics]
            )
        if count:
            connection.register("arrived", batch.columns())
            connection.execute(_INSERT, {"first": self.number + 1, "texts": batch.texts()})
            connection.unregister("arrived")
        self._move(epoch, batch.position, self.number + count)
        connection.execute("COMMIT")
        self.epoch, self.position, self.number = epoch, batch.position, self.number + count

    def keep_sent(self) -> None:
        """Store how far the feed is, where no reading arrives to store it with."""
        if self.sent != self._sent_kept:
            self._move(self.epoch, self.position, self.number)

    def _move(self, epoch: str, position: int, number: int) -> None:
        sent = self.sent
        query = "UPDATE cursor SET epoch = ?, position = ?, number = ?, sent = ?"
        self._connection.execute(query, [epoch, position, number, sent])
        self._sent_kept = sent

    def seal(self, day: int, fed: bool) -> None:
        """Move what is here of one UTC day into its day file, together with what the file held before."""
        sent = self.sent if fed else None
        try:
            self.sealed.seal(self._connection, day, sent)
        except duckdb.OutOfMemoryException:
            with self._room(self._connection):
                self.sealed.seal(self._connection, day, sent)
        with contextlib.suppress(duckdb.Error):  # while somebody reads it cannot, and comes later by itself
            self._connection.execute("CHECKPOINT")

    def days(self, before: int, late: bool) -> list[int]:
        """The UTC days before this one, of which there are readings that are not in a day file; with `late`
        also days that have a file already."""
        query = f"""SELECT DISTINCT event_time // {DAY} AS day FROM reading
                    WHERE event_time < ? AND (? OR day NOT IN (SELECT day FROM day)) ORDER BY 1"""
        return [day for (day,) in self._connection.execute(query, [before * DAY, late]).fetchall()]

    def forget(self, before: int) -> None:
        """Drop what is older than a UTC day."""
        self._connection.execute("DELETE FROM reading WHERE event_time < ?", [before * DAY])
        self.sealed.forget(self._connection, before)

    def set_aside(self) -> list[str]:
        """Rename the day files that were found unreadable; their names."""
        return self.sealed.set_aside(self._connection)

    @contextlib.contextmanager
    def reader(self) -> Iterator[Any]:
        """A cursor of the caller's own on one unchanging state of the history."""
        cursor = self._connection.cursor()
        try:
            with self._room(cursor):
                cursor.execute("BEGIN")
                yield cursor
        finally:
            cursor.close()

    @contextlib.contextmanager
    def _room(self, connection: Any) -> Iterator[None]:
        """All the memory the settings allow, while somebody needs it."""
        self._use(connection, +1)
        try:
            yield
        finally:
            self._use(connection, -1)

    def _use(self, connection: Any, change: int) -> None:
        with self._lock:
            before, self._users = self._users, self._users + change
            if (before == 0) != (self._users == 0):
                memory = self._memory if self._users else STEADY_MEMORY
                with contextlib.suppress(duckdb.Error):  # lowering fails while the memory is still in use
                    connection.execute(f"SET memory_limit = '{memory}'")

    def rollback(self) -> None:
        """After a failed transaction."""
        with contextlib.suppress(duckdb.Error):
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        with contextlib.suppress(duckdb.Error):
            self._connection.close()


def open_today(folder: Path, memory: str, now: int) -> tuple[Today, Path | None]:
    """Open the file, or a new one after moving a damaged one aside: then also where it went.

    Raises duckdb.Error where nothing is wrong with the file: another process has it, the disk is full.
    """
    for name in ("days", "unsent"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    mark = folder / "opening"  # still there: the last opening ended with the whole process
    aside = move_aside(folder, now) if mark.exists() and _opening_kills(folder) else None
    mark.touch()
    try:
        today = _connect(folder, memory)
    except duckdb.Error as error:
        if not damaged(error):
            raise
        log.error("history is damaged", error=str(error))
        aside = move_aside(folder, now)
        today = _connect(folder, memory)
    finally:
        mark.unlink(missing_ok=True)
    return today, aside


def _opening_kills(folder: Path) -> bool:
    """Try in a process of its own whether the file takes down whoever opens it."""
    script = "import duckdb, sys; duckdb.connect(sys.argv[1]).close()"
    command = [sys.executable, "-c", script, str(folder / "today.duckdb")]
    return subprocess.run(command, capture_output=True, timeout=300).returncode < 0


def _connect(folder: Path, memory: str) -> Today:
    settings: dict[str, Any] = {
        "threads": 1,
        "memory_limit": STEADY_MEMORY,
        "temp_directory": str(folder / "tmp"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(str(folder / "today.duckdb"), config=settings)
    try:
        inside = str(folder).replace("'", "''")
        connection.execute(f"SET allowed_directories = ['{inside}']")
        connection.execute("SET enable_external_access = false")
        return Today(connection, folder, memory)
    except BaseException:
        connection.close()
        raise


def damaged(error: BaseException) -> bool:
    """Whether an error says that the file itself is broken, rather than the disk full or the file in use."""
    said = str(error)
    outside = ("set lock", "No space", "Permission denied", "Read-only", "Too many open", "Input/output")
    inside = (
        "Corrupt",
        "corrupt",
        "checksum",
        "not a valid DuckDB",
        "Could not read enough",
        "INTERNAL",
        "WAL",
    )
    if any(word in said for word in outside):
        return False
    return any(word in said for word in inside)


def move_aside(folder: Path, now: int) -> Path:
    """Rename the file, so that nothing of it is lost to a person who wants to save it."""
    moment = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m-%dT%H%M%SZ")
    aside = folder / f"today.duckdb.corrupt.{moment}"
    for suffix in ("", ".wal"):
        part = folder / f"today.duckdb{suffix}"
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    log.error("history was moved aside", to=str(aside))
    return aside
