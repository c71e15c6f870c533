"""Touches. A spool with readings in it, for tests and benchmarks of the history."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine

from ingest import spool
from ingest.reading import Reading
from ingest.tables import metadata


class Spool:
    """The spool of a state database of its own (SQLite), and the clock of the test."""

    def __init__(self, folder: Path, now: int = 1_795_337_000_000) -> None:
        self._engine = create_engine(f"sqlite:///{folder / 'state.db'}")
        metadata.create_all(self._engine)
        with self._engine.begin() as tx:
            self.epoch = spool.epoch(tx)
            self._position = spool.last(tx)
        self.moment = now

    def now(self) -> int:
        return self.moment

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._engine.connect() as conn:
            yield conn

    def add(self, *readings: Reading) -> int:
        """One batch; its position."""
        return self.add_all([readings])

    def add_all(self, batches: Sequence[Sequence[Reading]]) -> int:
        """Many batches in one transaction; the last position."""
        with self._engine.begin() as tx:
            for batch in batches:
                self._position += 1
                spool.append(tx, self._position, self.moment, list(batch), b"")
        return self._position

    def damage(self, position: int) -> None:
        with self._engine.begin() as tx:
            tx.exec_driver_sql("UPDATE spool SET readings = x'ff00' WHERE position = ?", (position,))

    def trim(self, upto: int) -> None:
        with self._engine.begin() as tx:
            spool.trim(tx, upto, self._position, keep=0, most=1_000_000)


def reading(device: str, value: float | str, moment: int, metric: str = "", late: int = 0) -> Reading:
    """A reading at a moment, received `late` ms after it."""
    metric = metric or ("temperature" if isinstance(value, float) else "smoke")
    return Reading(device, metric, value, moment + late, moment)


class Told:
    """A `report` that remembers."""

    def __init__(self) -> None:
        self.words: list[tuple[str, str, str]] = []

    def __call__(self, point: str, word: str, note: str) -> None:
        self.words.append((point, word, note))

    def last(self, point: str) -> tuple[str, str]:
        said = [(word, note) for name, word, note in self.words if name == point]
        return said[-1] if said else ("normal", "")
