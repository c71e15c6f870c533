"""Touches. A clock that was set back: what is to be done later is done as much earlier by it."""

from sqlalchemy import Connection, or_, update

from alerts.delivery.outbox import notification


def set_back(tx: Connection, by: int) -> None:
    """The wall clock goes `by` ms behind where it would be: retries, leases, receipts that are waited for and
    questions to gateways keep the time that was left until them."""
    moments = [notification.c[name] for name in ("due_at", "next_at", "ask_at")]
    waits = or_(*(moment.is_not(None) for moment in moments))
    tx.execute(update(notification).where(waits).values({one: one - by for one in moments}))
