"""Touches. The devices on which people have switched notifications on: Web Push subscriptions, one row each.

A subscription is what the browser of a device gave us: where its push service takes messages for it, and the
keys by which only that device can read them. It belongs to a person, and goes when its push service says so.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any

import structlog
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
)

from alerts.delivery.channels.channel import Subscription
from alerts.tables import Id, metadata

log = structlog.get_logger("alerts.delivery.subscriptions")
MOST = 10  # devices of one person; the oldest gives way

push_subscription = Table(
    "push_subscription",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("person", String, nullable=False),
    Column("endpoint", Text, nullable=False, unique=True),
    Column("p256dh", String, nullable=False),
    Column("auth", String, nullable=False),
    Column("device", String, nullable=False),  # what it calls itself
    Column("since", BigInteger, nullable=False),
    Index("push_subscription_person", "person"),
)
_s = push_subscription.c


def add(tx: Connection, one: Subscription, now: int) -> None:
    """A device that comes again, or to another person, is there once."""
    tx.execute(delete(push_subscription).where(_s.endpoint == one.endpoint))
    kept = select(_s.id).where(_s.person == one.person).order_by(_s.id.desc()).limit(MOST - 1)
    stays = tx.execute(kept).scalars().all()
    tx.execute(delete(push_subscription).where(_s.person == one.person, _s.id.not_in(stays)))
    values = {name: getattr(one, name) for name in ("person", "endpoint", "p256dh", "auth", "device")}
    tx.execute(insert(push_subscription).values(**values, since=now))


def of(conn: Connection, person: str) -> list[Subscription]:
    rows = conn.execute(select(push_subscription).where(_s.person == person).order_by(_s.id))
    return [Subscription(**row._mapping) for row in rows]


def remove(tx: Connection, person: str, number: int) -> None:
    tx.execute(delete(push_subscription).where(_s.person == person, _s.id == number))


def remove_all(tx: Connection, persons: Collection[str]) -> None:
    tx.execute(delete(push_subscription).where(_s.person.in_(persons)))


def persons(conn: Connection) -> set[str]:
    return set(conn.execute(select(_s.person).distinct()).scalars())


class Subscribed:
    """The same for the channel, which asks at each message and says which are gone."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[Connection]],
        transact: Callable[[Callable[[Connection], Any]], "Future[Any]"],
    ) -> None:
        self._read, self._transact = read, transact

    def of(self, person: str) -> Sequence[Subscription]:
        with self._read() as conn:
            return of(conn, person)

    def gone(self, one: Subscription) -> None:
        log.info("a device takes no push messages any more", person=one.person, device=one.device)
        self._transact(
            lambda tx: tx.execute(delete(push_subscription).where(_s.endpoint == one.endpoint)) and None
        )
