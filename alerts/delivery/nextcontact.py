"""Touches. The person's next contact: told too, once, when a notice failed, or nothing proves that it came.

The words are the same, so is the code: whoever gets both sees that it is one alert. Everything is decided in
the transaction that records why, so neither a crash nor a second look tells anybody twice.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace
from sqlalchemy import Connection, select, update

from alerts import why
from alerts.delivery import outbox
from alerts.delivery.channels.channel import Arrival, Progress
from alerts.delivery.notification import Failed, Notification, Outcome, State, wants_another
from alerts.delivery.outbox import notification
from alerts.delivery.recording import Ended
from alerts.duty.people import Contact
from ingest.bilingual import both
from rules.verdict import Text

Contacts = Callable[[str], Sequence[Contact]]
"""The contacts of a person that can be used now, in order of preference."""

AT_ONCE = 200  # rows of one look


def unproven(outcome: Outcome, row: Notification) -> tuple[Text, bool] | None:
    """Why the next contact is told after this outcome, and whether only this address is to blame; None when
    it is not told."""
    match outcome:
        case Failed(unknown=True):
            return why.unanswered(row.channel), False
        case Failed(personal=True):
            return why.undelivered(row.channel), False
        case Failed(retry_at=None):
            return why.undelivered(row.channel), outcome.dead
        case Progress(arrival=Arrival.LOST):
            return why.undelivered(row.channel), True
    return None


def settled(
    tx: Connection, batch: Sequence[Ended], every: Mapping[str, int], contacts: Contacts, now: int
) -> list[Notification]:
    """Record how attempts ended; returns what is owed to others now: the next contacts of those who may not
    have been reached. `every`: as outbox.settle has it, of each channel that can be asked."""
    owed: list[Notification] = []
    for one in batch:
        row, outcome = one.row, one.outcome
        assert row.id is not None
        new = outbox.settle(tx, row.id, outcome, one.at, one.took, every.get(row.channel, 0))
        if new and (because := unproven(outcome, row)):
            owed += pass_on(tx, row.id, *because, contacts, now)
    return owed


def pass_on(
    tx: Connection, row_id: int, reason: Text, address_only: bool, contacts: Contacts, now: int
) -> list[Notification]:
    """Owe it to the next contact, if there is one that has not been told: one on another channel first,
    unless only the address is to blame. Returns what is owed, which is claimed."""
    taken = update(notification).where(notification.c.id == row_id, notification.c.next_at.is_not(None))
    if not tx.execute(taken.values(next_at=None)).rowcount:
        return []
    found = tx.execute(outbox.WORK.where(notification.c.id == row_id)).one()
    row = outbox.as_notification(found)
    if not wants_another(row, outbox.standing(found)):
        return []
    said = both(reason.zh, reason.en)
    for contact in others(row, contacts(row.person), address_only):
        another = replace(
            row, id=None, channel=contact.channel, address=contact.address, why=said, attempts=0, doubtful=0
        )
        if owed := outbox.owe(tx, [another], now):
            return owed
    return []


def held(tx: Connection, channel: str, contacts: Contacts, now: int) -> list[Notification]:
    """What is owed because the gateway of `channel` does not work, for all that waits there."""
    waits = (notification.c.channel == channel, notification.c.state == State.QUEUED)
    late = select(notification.c.id).where(*waits, notification.c.next_at.is_not(None)).limit(AT_ONCE)
    owed: list[Notification] = []
    for row_id in tx.execute(late.order_by(notification.c.id)).scalars().all():
        owed += pass_on(tx, row_id, why.blocked(channel), False, contacts, now)
    return owed


def others(row: Notification, contacts: Sequence[Contact], address_only: bool) -> list[Contact]:
    """A person's other contacts in the order in which they are tried after this one."""
    doors = [(contact.channel, contact.address) for contact in contacts]
    here = doors.index((row.channel, row.address)) if (row.channel, row.address) in doors else -1
    rest = [*contacts[here + 1 :], *contacts[: max(here, 0)]]
    return rest if address_only else sorted(rest, key=lambda contact: contact.channel == row.channel)


def overdue(tx: Connection, contacts: Contacts, now: int) -> tuple[list[Notification], int | None]:
    """What is owed because no receipt came in the policy's time, or because the person has moved; and when
    the next such time ends."""
    n = notification.c
    late = select(n.id, n.channel, n.patience, n.state)
    late = late.where(notification.c.next_at <= now).order_by(notification.c.next_at).limit(AT_ONCE)
    owed: list[Notification] = []
    for row in tx.execute(late).all():
        moved = row.state == State.CANCELLED  # the person is reached elsewhere
        reason = why.undelivered(row.channel) if moved else why.unproven(row.channel, row.patience)
        owed += pass_on(tx, row.id, reason, False, contacts, now)
    next_at = select(notification.c.next_at).where(notification.c.next_at.is_not(None))
    return owed, tx.execute(next_at.order_by(notification.c.next_at).limit(1)).scalar()
