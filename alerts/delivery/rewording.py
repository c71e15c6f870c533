"""Touches. A notice that goes out late says by how much; by then somebody may have taken the alert, or its
cause is gone, and its words say so; or the person is reached elsewhere, and it does not go to whoever has
their old number now."""

from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import Connection, select, update

from alerts import store
from alerts.alert import Acknowledgement, Activity, Alert
from alerts.delivery import notices, outbox
from alerts.delivery.message import SAYS_WHO, Purpose
from alerts.delivery.notification import Cancelled, Moot, Notification
from alerts.delivery.outbox import notification
from alerts.delivery.rungs import with_own_lines
from alerts.duty.people import Directory
from alerts.tables import alert as table
from ingest.campus.registry import Registry

Rewording = Callable[[Connection, list[Notification]], list[Notification]]
LATE = 60_000  # ms
_WHEREVER = (Purpose.CLEAR, Purpose.ANSWER, Purpose.TEST)  # these go where something was sent before
log = structlog.get_logger("alerts.delivery.rewording")


def reworded(
    tx: Connection, rows: Sequence[Notification], directory: Directory, registry: Registry, now: int
) -> list[Notification]:
    """These rows, in new words where they are late or their alert is taken or back to normal by now, and
    without those whose address is not the person's any more: these are cancelled. Whatever goes wrong with
    that, the old words go out to where they were owed: that is better than not at all."""
    try:
        with tx.begin_nested():
            rows = [row for row in rows if not _moved(tx, row, directory, now)]
            told = [row for row in rows if row.id is not None and row.purpose in SAYS_WHO]
            late = {row.alert for row in told if now - row.owed_at >= LATE}
            changed = {alert.id: alert for alert in _changed(tx, {row.alert for row in told}, late)}
        return [
            notices.anew(row, changed[row.alert], directory, registry, now)
            if row.alert in changed and row.purpose in SAYS_WHO
            else row
            for row in rows
        ]
    except Exception:
        log.exception("sent in the words in which it was owed", rows=[row.key for row in rows])
        return list(rows)


def _moved(tx: Connection, row: Notification, directory: Directory, now: int) -> bool:
    """Its next contact is looked for at once, where one is to be."""
    if row.id is None or not row.person or row.purpose in _WHEREVER:
        return False
    person = directory.persons.get(row.person)
    local = [row.channel]  # each of their numbers is tried over our own modem too
    known = with_own_lines(person.contacts, local) if person else []
    if any((one.channel, one.address) == (row.channel, row.address) for one in known):
        return False
    outbox.settle(tx, row.id, Cancelled(Moot.MOVED), now)
    tx.execute(
        update(notification).where(notification.c.id == row.id).values(next_at=now if row.patience else None)
    )
    return True


def _changed(tx: Connection, alerts: set[int], late: set[int]) -> list[Alert]:
    wanted, found = sorted(alerts - late), list(late)
    for start in range(0, len(wanted), store.PART):
        part = table.c.id.in_(wanted[start : start + store.PART])
        has = table.c.acknowledgement.in_([Acknowledgement.PROMISED, Acknowledgement.KEPT])
        gone = table.c.activity == Activity.NORMAL
        found += tx.execute(select(table.c.id).where(part, has | gone)).scalars()
    return store.read_many(tx, found)
