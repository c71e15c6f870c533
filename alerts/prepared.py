"""Touches. What is written for every fact: statements compiled once for each database.

SQLAlchemy's own way from a statement to the driver costs more than SQLite takes to do it, the more so with
the seventy columns of an alert. Values go to the driver as they are: only what it knows by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import ClauseElement, Connection, CursorResult, Dialect

Order = Callable[[Mapping[str, Any]], Any]


class Prepared:
    """A statement all of whose values are parameters. `columns`: of an insertion, those that are given."""

    def __init__(self, statement: ClauseElement, columns: Sequence[str] | None = None) -> None:
        self._statement, self._columns = statement, columns
        self._compiled: dict[str, tuple[str, Order]] = {}

    def __call__(self, tx: Connection, rows: Sequence[Mapping[str, Any]]) -> CursorResult[Any]:
        """Execute it once for each row; there must be one. What it returns is that of a single row."""
        name = tx.dialect.name
        if name not in self._compiled:
            self._compiled[name] = self._compile(tx.dialect)
        text, order = self._compiled[name]
        return tx.exec_driver_sql(text, [order(row) for row in rows])

    def _compile(self, dialect: Dialect) -> tuple[str, Order]:
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=self._columns)
        places = compiled.positiontup
        return str(compiled), dict if places is None else itemgetter(*places)
