"""Touches. What the desk asks on nearly every call, in one statement: where each table has come to.

The last alert and the last line of the log, which new ones follow; and whether anything at all stands in the
impairment register and among the drills, of which there is mostly nothing to read.
"""

from functools import cached_property
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from alerts.log import BEGINNING
from alerts.prepared import Prepared
from alerts.tables import alert, alert_log, drill, impairment

_LINE = select(func.max(alert_log.c.seq)).scalar_subquery()
_HEADS = Prepared(
    select(
        select(func.max(alert.c.id)).scalar_subquery(),
        _LINE,
        select(alert_log.c.hash).where(alert_log.c.seq == _LINE).scalar_subquery(),
        select(func.min(impairment.c.due_at)).scalar_subquery(),
        select(func.min(drill.c.ends_at)).where(drill.c.ended_at.is_(None)).scalar_subquery(),
    )
)


class _Read(NamedTuple):
    alert: int | None
    line: int | None
    hash: str | None
    impairment: int | None
    drill: int | None


class Heads:
    """As they are when first asked for, in one call of the desk: whoever writes since must know it."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx

    @cached_property
    def _read(self) -> _Read:
        return _Read(*_HEADS.read(self._tx, {})[0])

    @property
    def alert(self) -> int:
        return self._read.alert or 0

    @property
    def log(self) -> tuple[int, str]:
        return self._read.line or 0, self._read.hash or BEGINNING

    @property
    def impairments(self) -> bool:
        return self._read.impairment is not None

    @property
    def drills(self) -> bool:
        return self._read.drill is not None
