"""Touches. The state database: SQLite beside the service, or PostgreSQL.

SQLite: one writing connection, which alone checkpoints (3.7.0 to 3.51.2 can corrupt a WAL that two
connections write), `synchronous=FULL` because a settled message must survive a power cut, readers with
`mode=ro`.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import StaticPool

import alerts.delivery.answering
import alerts.delivery.canaries
import alerts.delivery.outbox
import alerts.delivery.subscriptions
import alerts.tables
import dashboard.health.tables
import dashboard.tables
import ingest.campus.tables
import ingest.pending
import ingest.quarantine
import ingest.tables
import rules.tables

log = structlog.get_logger("tocsin.database")

# A commit that hangs silences whatever waits for it: better that it fails and alarms sound unrecorded.
_PATIENCE = {
    "connect_timeout": 3,
    "tcp_user_timeout": 4000,
    "options": "-c lock_timeout=2000 -c idle_in_transaction_session_timeout=30000",
}

METADATA: tuple[MetaData, ...] = (
    ingest.tables.metadata,
    rules.tables.metadata,
    alerts.tables.metadata,
    dashboard.tables.metadata,
)


class Database:
    """The state database. `transaction()` belongs to the writer thread alone; `read()` to everybody."""

    def __init__(self, writer: Engine, readers: Engine, path: Path | None) -> None:
        self._writer = writer
        self._readers = readers
        self.path = path
        self.moved_aside: Path | None = None

    @classmethod
    def open(cls, url: str) -> "Database":
        """`sqlite:////path/state.db` or `postgresql://…`. Creates what is missing but not the tables."""
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return cls._open_sqlite(Path(str(parsed.database)).absolute())
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=8,
            pool_pre_ping=True,
            connect_args=_PATIENCE,
        )
        return cls(engine, engine, None)

    @classmethod
    def _open_sqlite(cls, path: Path) -> "Database":
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = create_engine(
            f"sqlite:///{path}", poolclass=StaticPool, connect_args={"check_same_thread": False, "timeout": 1}
        )
        event.listen(writer, "connect", _configure_writer)
        event.listen(writer, "begin", lambda conn: conn.exec_driver_sql("BEGIN IMMEDIATE"))
        readers = create_engine(
            f"sqlite:///file:{path}?mode=ro&uri=true",
            pool_size=8,
            max_overflow=8,
            connect_args={"check_same_thread": False, "timeout": 5},
        )
        event.listen(readers, "connect", _configure_reader)
        return cls(writer, readers, path)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction of the writing connection, committed at the end, rolled back on an exception."""
        with self._writer.begin() as conn:
            yield conn

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read from; it can write nothing in SQLite and should not in PostgreSQL."""
        with self._readers.connect() as conn:
            yield conn

    def create_all(self) -> None:
        """Create every table at its newest shape, without migrations: for tests."""
        for metadata in METADATA:
            metadata.create_all(self._writer)

    def engine(self) -> Engine:
        return self._writer

    def close(self) -> None:
        self._readers.dispose()
        self._writer.dispose()


def _configure_writer(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "wal_autocheckpoint=2000",
        "journal_size_limit=67108864",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _configure_reader(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only=ON")


def open_or_move_aside(url: str, now: int) -> Database:
    """Open; where the SQLite file is corrupt, move it aside and start a new one: alarms go on (P6)."""
    database = Database.open(url)
    if database.path is None:
        return database
    try:
        with database.transaction() as tx:
            tx.execute(text("SELECT count(*) FROM sqlite_master"))
    except DatabaseError as error:
        if "malformed" not in str(error) and "not a database" not in str(error):
            raise
        database.close()
        aside = database.path.with_name(f"{database.path.name}.corrupt.{now}")
        for suffix in ("", "-wal", "-shm"):
            part = database.path.with_name(database.path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        log.error("state database is corrupt and was moved aside", to=str(aside))
        database = Database.open(url)
        database.moved_aside = aside
    return database
