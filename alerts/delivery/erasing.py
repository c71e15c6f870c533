"""Touches. Who is taken out of the register is forgotten: where they were reached, and in which words they
answered. That they were told and did answer stays, under their id, and the log is not touched: it never held
more. What gateways said of a failure may name the address, and goes too. Where an alert is still open, the
address is needed for its all-clear, and goes another time."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, String, and_, cast, literal, select, update

from alerts.delivery import subscriptions
from alerts.delivery.answering import answer
from alerts.delivery.notification import HOLDS, State
from alerts.delivery.outbox import notification
from alerts.delivery.stamps import notification_stamp
from alerts.tables import alert

_PART = 500  # persons in one statement


def erase(tx: Connection, persons: Collection[str]) -> list[str]:
    """Forget all but these persons; returns the ids of the others, of whom anything was known."""
    told = select(notification.c.person).where(notification.c.address != "").distinct()
    said = select(answer.c.person).where(answer.c.words != "").distinct()
    known = {*tx.execute(told).scalars(), *tx.execute(said).scalars()}
    known |= subscriptions.persons(tx)
    gone = sorted(known - {"", *persons})
    for start in range(0, len(gone), _PART):
        _forget(tx, gone[start : start + _PART])
    return gone


def _forget(tx: Connection, gone: Sequence[str]) -> None:
    subscriptions.remove_all(tx, gone)
    n, s = notification.c, notification_stamp.c
    theirs = select(n.id).where(n.person.in_(gone))
    tx.execute(update(answer).where(answer.c.person.in_(gone)).values(words=""))
    spoken = s.state.in_([State.ANSWERED, State.FAILED, State.QUEUED]) & s.note.not_in(sorted(HOLDS))
    words = and_(spoken, s.note != "", s.notification.in_(theirs))
    tx.execute(update(notification_stamp).where(words).values(note=""))
    needed = select(alert.c.id).where(alert.c.open)
    done = and_(n.person.in_(gone), n.address != "", n.due_at.is_(None), n.alert.not_in(needed))
    # the key holds a digest of the address, from which a number can be found again
    key = literal("erased/") + cast(n.id, String)
    forgotten = {"address": "", "key": key, "receipt": "", "ask_at": None, "next_at": None}
    tx.execute(update(notification).where(done & (n.state == State.FAILED)).values(note=""))
    tx.execute(update(notification).where(done).values(forgotten))
