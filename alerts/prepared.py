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
        text, order = self._for(tx.dialect)
        return tx.exec_driver_sql(text, [order(row) for row in rows])

    def read(self, conn: Connection, row: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """What it selects, each row in the order of its columns, as the driver gives it: SQLite knows no
        true and false, only 1 and 0. What fails is asked for once more in SQLAlchemy's own way, whose errors
        the rest of the house knows."""
        text, order = self._for(conn.dialect)
        try:
            cursor = conn.connection.cursor()
            cursor.execute(text, order(row))
            found: Sequence[Sequence[Any]] = cursor.fetchall()
            cursor.close()
        except conn.dialect.loaded_dbapi.Error:
            return [tuple(one) for one in conn.exec_driver_sql(text, order(row))]
        return found

    def _for(self, dialect: Dialect) -> tuple[str, Order]:
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = self._compile(dialect)
        return self._compiled[dialect.name]

    def _compile(self, dialect: Dialect) -> tuple[str, Order]:
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=self._columns)
        places = compiled.positiontup
        if places is None:
            return str(compiled), dict
        if len(places) > 1:
            return str(compiled), itemgetter(*places)
        return str(compiled), lambda row: tuple(row[place] for place in places)
