"""Touches. Which messages a gateway is to be asked about: the rows, and when each is asked about again."""

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, select, update

from alerts.delivery import outbox
from alerts.delivery.channels.channel import Arrival, Asked
from alerts.delivery.notification import Notification, State, ask_again
from alerts.delivery.outbox import notification

KNOWN = {State.DELIVERED: Arrival.DELIVERED, State.READ: Arrival.READ}
_SET = update(notification).where(notification.c.id == bindparam("row")).values(ask_at=bindparam("at"))


class Waiting(msgspec.Struct, frozen=True):
    """A message of which something may still be learned, and its notice."""

    row: Notification
    asked: Asked


def take(
    tx: Connection, channel: str, now: int, most: int, every: int, jitter: Callable[[int], int]
) -> tuple[list[Waiting], int | None]:
    """At most so many messages of a channel that are due, each with its next turn planned already; and when
    the next is due. `jitter` makes an interval a little longer or shorter."""
    ours = notification.c.channel == channel
    due = select(notification).where(ours, notification.c.ask_at <= now)
    rows = tx.execute(due.order_by(notification.c.ask_at).limit(most)).all()
    if rows:
        tx.execute(_SET, [{"row": row.id, "at": _next(row, now, every, jitter)} for row in rows])
    first = select(notification.c.ask_at).where(ours, notification.c.ask_at.is_not(None))
    return (
        [_waiting(row) for row in rows],
        tx.execute(first.order_by(notification.c.ask_at).limit(1)).scalar(),
    )


def _next(row: Row[Any], now: int, every: int, jitter: Callable[[int], int]) -> int | None:
    wait = ask_again(every, max(0, now - (row.settled_at or row.owed_at)), KNOWN.get(row.state))
    return None if wait is None else now + jitter(wait)


def _waiting(row: Row[Any]) -> Waiting:
    sent_at = row.settled_at or row.owed_at
    asked = Asked(row.receipt, row.address, sent_at, KNOWN.get(row.state))
    return Waiting(outbox.as_notification(row), asked)
