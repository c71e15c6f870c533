"""Touches. A notice that goes out late: by then somebody may have taken the alert, and its words say who."""

from collections.abc import Callable, Iterable, Sequence

import structlog
from sqlalchemy import Connection, select

from alerts import store
from alerts.alert import Acknowledgement, Alert
from alerts.delivery import notices
from alerts.delivery.message import SAYS_WHO
from alerts.delivery.notification import Notification
from alerts.duty.people import Directory
from alerts.tables import alert as table
from ingest.campus.registry import Registry

Rewording = Callable[[Connection, list[Notification]], list[Notification]]
log = structlog.get_logger("alerts.delivery.rewording")


def reworded(
    tx: Connection, rows: Sequence[Notification], directory: Directory, registry: Registry, now: int
) -> list[Notification]:
    """These rows, in new words where their alert is taken by now. Whatever goes wrong with that, the old
    words go out: they are better than none."""
    late = {row.alert for row in rows if row.id is not None and row.purpose in SAYS_WHO}
    try:
        with tx.begin_nested():
            taken = {alert.id: alert for alert in _taken(tx, late)} if late else {}
        return [
            notices.anew(row, taken[row.alert], directory, registry, now)
            if row.alert in taken and row.purpose in SAYS_WHO
            else row
            for row in rows
        ]
    except Exception:
        log.exception("sent in the words in which it was owed", rows=[row.key for row in rows])
        return list(rows)


def _taken(tx: Connection, alerts: Iterable[int]) -> list[Alert]:
    wanted, found = sorted(alerts), list[int]()
    for start in range(0, len(wanted), store.PART):
        part = table.c.id.in_(wanted[start : start + store.PART])
        has = table.c.acknowledgement.in_([Acknowledgement.PROMISED, Acknowledgement.KEPT])
        found += tx.execute(select(table.c.id).where(part, has)).scalars()
    return store.read_many(tx, found)
