"""Touches. The stamps: every change of a notification's state, one row each, in the order they came.

They say what befell a notice (when it was claimed, sent, accepted, delivered …), where the row itself only
says how it stands. Nothing here is ever changed, but that the words of people who left are forgotten
(alerts/delivery/erasing.py).
"""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    text,
)

from alerts.delivery.notification import State
from alerts.prepared import Prepared
from alerts.tables import Id, metadata

notification_stamp = Table(
    "notification_stamp",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("notification", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("at", BigInteger, nullable=False),  # the gateway's own time where it makes sense
    Column("note", Text, nullable=False),  # the gateway's number, or a reason in words
    Index("notification_stamp_of", "notification", "id"),
    comment="every change of state of a notification, in order; never changed",
)

# Written as text: SQLite uses the index only for a question that says literally the same.
PROVES = text("notification_stamp.state IN ('delivered', 'read', 'answered')")
_PROVES = text("state IN ('delivered', 'read', 'answered')")
Index("notification_stamp_proof", notification_stamp.c.notification, notification_stamp.c.state,
      notification_stamp.c.at, sqlite_where=_PROVES, postgresql_where=_PROVES)  # fmt: skip

_GIVEN = ("notification", "state", "at", "note")
_ADD = Prepared(insert(notification_stamp), _GIVEN)


def add(tx: Connection, rows: Iterable[int], state: State, at: int, note: str = "") -> None:
    """These notifications have come to this state."""
    values = [{"notification": row, "state": state.value, "at": at, "note": note} for row in rows]
    if values:
        _ADD(tx, values)


def of(conn: Connection, rows: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """notification → its stamps, the oldest first."""
    columns = (notification_stamp.c[name] for name in _GIVEN)
    wanted = select(*columns).where(notification_stamp.c.notification.in_(rows))
    found: dict[int, list[dict[str, Any]]] = {}
    for row in conn.execute(wanted.order_by(notification_stamp.c.id)).mappings():
        stamp = dict(row)
        found.setdefault(stamp.pop("notification"), []).append(stamp)
    return found


def forget(tx: Connection, rows: Any) -> None:
    """Those of notifications that are forgotten; `rows` is a selection of their ids."""
    tx.execute(delete(notification_stamp).where(notification_stamp.c.notification.in_(rows)))
