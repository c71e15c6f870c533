"""Touches. The delivery ledger: how the notices to each person on each channel fared, counted in SQL.

Answered from two indexes alone (`notification_ledger`, `notification_stamp_proof`), since the rows themselves
are wide. What goes nowhere (`null`), what only tries a channel and what replies to an answer is left out.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, over, select

from alerts.delivery import stamps
from alerts.delivery.message import Purpose
from alerts.delivery.notification import HANDED_OVER, HOLDS, State
from alerts.delivery.outbox import notification
from alerts.delivery.stamps import PROVES, notification_stamp
from alerts.duty.policy import NULL

_AT_ONCE = 500  # values in one statement
_n, _s = notification.c, notification_stamp.c
_ARRIVED = HANDED_OVER[HANDED_OVER.index(State.DELIVERED) :]
_NO_NOTICE = (Purpose.TEST, Purpose.ANSWER)
_DOOR = (_n.person, _n.channel)

Door = tuple[str, str]  # person ("": the channel itself is told) and channel


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One person on one channel. `sent`: taken by the gateway, and not lost behind it as far as it said.
    `tries`: attempts that failed or whose outcome is unknown, also of notices
    that arrived in the end. `to_deliver`, `to_answer`: median ms from the moment it was owed. `failure`: the
    reason of the last failure, in both languages."""

    person: str
    channel: str
    owed: int
    sent: int
    delivered: int
    answered: int
    failed: int
    cancelled: int
    tries: int
    to_deliver: int | None = None
    to_answer: int | None = None
    failure: str = ""
    failed_at: int | None = None


def ledger(conn: Connection, since: int) -> list[Line]:
    """Of what has been owed since then; by person, then channel."""
    rows = conn.execute(_counted(since)).all()
    delivered, answered = _medians(conn, since, _ARRIVED), _medians(conn, since, (State.ANSWERED,))
    failures = _failures(conn, [row.troubled for row in rows if row.troubled])
    return [_line(row, delivered, answered, failures) for row in rows]


def _since(since: int) -> ColumnElement[bool]:
    return and_(_n.owed_at >= since, _n.channel != NULL, _n.purpose.not_in(_NO_NOTICE))


def _counted(since: int) -> Select[Any]:
    def those(*states: State) -> ColumnElement[int]:
        return func.sum(case((_n.state.in_(states), 1), else_=0))

    troubled = case(((_n.attempts > 0) | (_n.state == State.FAILED), _n.id))
    return (
        select(
            *_DOOR, func.count().label("owed"), those(*HANDED_OVER).label("sent"),
            those(*_ARRIVED).label("delivered"), those(State.ANSWERED).label("answered"),
            those(State.FAILED).label("failed"), those(State.CANCELLED).label("cancelled"),
            func.sum(_n.attempts).label("tries"), func.max(troubled).label("troubled"),
        ).where(_since(since)).group_by(*_DOOR).order_by(*_DOOR)
    )  # fmt: skip


def _medians(conn: Connection, since: int, states: Sequence[State]) -> dict[Door, int]:
    """Of the time until the first of these states."""
    oldest = select(func.min(_n.id)).where(_n.owed_at >= since).scalar_subquery()
    first = (
        select(_s.notification, func.min(_s.at).label("at"))
        .where(PROVES, _s.state.in_(states), _s.notification >= oldest)
        .group_by(_s.notification)
        .subquery()
    )
    took = (first.c.at - _n.owed_at).label("took")
    ranking = over(func.row_number(), partition_by=_DOOR, order_by=first.c.at - _n.owed_at)
    counting = over(func.count(), partition_by=_DOOR)
    ranked = (
        select(
            *_DOOR, took, ranking.label("rank"),
            counting.label("of"),
        ).join_from(first, notification, _n.id == first.c.notification).where(_since(since)).subquery()
    )  # fmt: skip
    r = ranked.c
    middle = (r.rank * 2 >= r.of) & (r.rank * 2 <= r.of + 2)
    wanted = select(r.person, r.channel, func.avg(r.took)).where(middle).group_by(r.person, r.channel)
    return {(person, channel): int(length) for person, channel, length in conn.execute(wanted)}


def _failures(conn: Connection, rows: Sequence[int]) -> dict[int, tuple[int, str]]:
    """notification → when it last failed, and why."""
    failed = (State.QUEUED, State.FAILED)
    return {
        row: (stamp["at"], stamp["note"])
        for start in range(0, len(rows), _AT_ONCE)
        for row, found in stamps.of(conn, rows[start : start + _AT_ONCE]).items()
        for stamp in found
        if stamp["state"] in failed and stamp["note"] and stamp["note"] not in HOLDS
    }


def _line(
    row: Row[Any], delivered: dict[Door, int], answered: dict[Door, int], failures: dict[int, tuple[int, str]]
) -> Line:
    values = dict(row._mapping)
    at, reason = failures.get(values.pop("troubled"), (None, ""))
    door = row.person, row.channel
    values |= {"tries": int(row.tries), "failure": reason, "failed_at": at}
    return Line(**values, to_deliver=delivered.get(door), to_answer=answered.get(door))
