"""Touches. The outbox: what each person is owed by each channel, one row each, in the `notification` table.

Its states and what leads to them: alerts/delivery/notification.py; each change leaves a stamp
(alerts/delivery/stamps.py). The rules:
- A row is written in the transaction of the alert it speaks of, under a key that exists once
  (alert, occurrence, step, round, person, channel, purpose): owing twice is owing once.
- Whoever sends it holds a lease. When the lease runs out, or the process dies, the row is sent again: a
  crash costs at most one extra notice and never loses one.
- `due_at` is the one column that is asked for work: the retry while queued, the end of the lease while
  claimed, null when nothing more is owed.
- `next_at` is when the person's next contact is told too (alerts/delivery/nextcontact.py): null once it was,
  or once something proves that this notice arrived. `ask_at` is when its gateway is asked what became of it
  (alerts/delivery/receipts.py).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from alerts.alert import Acknowledgement, Inhibition
from alerts.delivery import stamps
from alerts.delivery.channels.channel import Arrival, Progress, Receipt
from alerts.delivery.message import Purpose
from alerts.delivery.notification import (
    HANDED_OVER,
    UNDECIDED,
    Answered,
    Cancelled,
    Failed,
    Held,
    Notification,
    Outcome,
    Standing,
    State,
    moot,
    turn,
)
from alerts.prepared import Prepared
from alerts.tables import Id, alert, metadata
from ingest.bilingual import both

__all__ = [
    "Notification",
    "State",
    "claim",
    "notification",
    "owe",
    "reached",
    "release_all",
    "settle",
]

_encode = msgspec.json.Encoder().encode
# Attempts after which a notice of life safety gives way: one that always fails must not be the only one that
# is tried while its gateway does not work.
OFTEN = 3
BEHIND = 100  # rows that are looked at where only one may go
LEASE = 15_000  # ms one process may hold a row before another claim takes it
LEFT = both("发送它的进程中断，再次发送", "whoever sent it died: sent again")

notification = Table(
    "notification",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False, unique=True),
    Column("alert", BigInteger, nullable=False, index=True),
    Column("occurrence", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("person", String, nullable=False),  # "" when the channel itself is told: a siren
    Column("channel", String, nullable=False),
    Column("address", String, nullable=False),
    Column("language", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("code", String, nullable=False),
    Column("short", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("facts", Text, nullable=False),  # JSON: plain values of the alert, for machines
    Column("why", Text, nullable=False),  # why this person is told now, in words
    Column("life_safety", Boolean, nullable=False),
    Column("state", String, nullable=False),
    Column("owed_at", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Column("attempts", Integer, nullable=False),  # attempts that ended, known to have failed or unknown
    Column("doubtful", Integer, nullable=False),  # of these, how many may have arrived
    Column("settled_at", BigInteger),
    Column("receipt", String, nullable=False),  # the gateway's own number for the message
    Column("note", Text, nullable=False),  # the last failure's or the cancellation's reason, in words
    Column("patience", Integer, nullable=False, server_default="0"),  # ms a receipt is waited for
    Column("next_at", BigInteger),  # when the person's next contact is told too
    Column("ask_at", BigInteger),  # when its gateway is asked what became of it
    Index("notification_work", "due_at", "channel"),
)
_WAITED_FOR, _ASKED = text("next_at IS NOT NULL"), text("ask_at IS NOT NULL")
Index("notification_next", notification.c.next_at, sqlite_where=_WAITED_FOR, postgresql_where=_WAITED_FOR)
Index("notification_ledger", *(notification.c[name] for name in (
      "owed_at", "person", "channel", "purpose", "state", "attempts", "id")))  # fmt: skip
Index("notification_ask", notification.c.channel, notification.c.ask_at,
      sqlite_where=_ASKED, postgresql_where=_ASKED)  # fmt: skip

_ADDED: dict[str, type[sqlite.Insert] | type[postgresql.Insert]] = {
    "sqlite": sqlite.Insert,
    "postgresql": postgresql.Insert,
}
_LATER_GIVEN = ("id", "settled_at", "ask_at")
_GIVEN = tuple(name for name in notification.c.keys() if name not in _LATER_GIVEN)  # noqa: SIM118
_AT_ONCE = 16  # rows in one statement: SQLite allows 999 values in its older versions
_UNDECIDED = notification.c.state.in_(sorted(UNDECIDED))
_HANDED_OVER = notification.c.state.in_(HANDED_OVER)
# A sounder that the broker told may sound, although it never said so.
_STARTED = and_(notification.c.person == "", notification.c.receipt != "")
TOLD = or_(_HANDED_OVER, notification.c.state == State.CLAIMED, notification.c.doubtful > 0, _STARTED)
_THIS = update(notification).where(notification.c.id == bindparam("row"))

_NEWER = notification.alias("newer")
_REPLACED = exists().where(
    _NEWER.c.alert == notification.c.alert, _NEWER.c.person == notification.c.person,
    _NEWER.c.channel == notification.c.channel, _NEWER.c.address == notification.c.address,
    _NEWER.c.id > notification.c.id, _NEWER.c.state.not_in([State.FAILED, State.CANCELLED]),
    _NEWER.c.purpose != Purpose.ANSWER,  # it says nothing of the alert that a notice would say
)  # fmt: skip
WORK = select(  # a row and its alert as it stands at the moment of asking
    notification,
    alert.c.open,
    alert.c.acknowledgement.in_([Acknowledgement.PROMISED, Acknowledgement.KEPT]).label("taken"),
    (alert.c.inhibition != Inhibition.NONE).label("inhibited"),
    _REPLACED.label("replaced"),
    func.coalesce(alert.c.closed_at > notification.c.owed_at, False).label("ended"),
).outerjoin(alert, alert.c.id == notification.c.alert)


def owe(tx: Connection, rows: Sequence[Notification], now: int) -> list[Notification]:
    """Write what is owed, already claimed by this process, so that it can be sent right after the commit.

    Returns the rows newly written, with their ids; those whose key exists already are left out."""
    if not rows:
        return []
    keys = [row.key for row in rows]
    columns = [_columns(row, key, now) for row, key in zip(rows, keys, strict=True)]
    ids: dict[str, int] = {}
    for start in range(0, len(rows), _AT_ONCE):
        part = columns[start : start + _AT_ONCE]
        values = {f"{name}_{n}": row[name] for n, row in enumerate(part) for name in _GIVEN}
        ids |= {row.key: row.id for row in _owed(tx.dialect.name, len(part))(tx, [values])}
    stamps.add(tx, sorted(ids.values()), State.CLAIMED, now)
    new = {key: row for key, row in zip(reversed(keys), reversed(rows), strict=True) if key in ids}
    return [  # the first of a repeated key counts
        msgspec.structs.replace(row, id=ids[key], owed_at=now)
        for key, row in sorted(new.items(), key=lambda item: ids[item[0]])
    ]


def claim(
    tx: Connection, now: int, room: Mapping[str, int], holding: Collection[int] = ()
) -> list[Notification]:
    """Take what is due: at most `room[channel]` rows a channel, life safety first, then what was tried least
    often, then the oldest.

    What has become moot is cancelled with its reason. What is owed to a channel that is not in `room` is
    taken as well: somebody has to end it. A row whose lease ran out may have arrived, unless this process has
    it in hand still (`holding`): then its lease begins anew and it is not returned.
    """
    room = {**room, **dict.fromkeys(_homeless(tx, now, room), BEHIND)}
    due = [row for channel, limit in room.items() for row in _due(tx, channel, limit, now, holding)]
    mine = [row for row in due if row.id in holding and row.state == State.CLAIMED]  # else it is let go now
    taken = [row for row in due if row.id not in holding]
    _lease(tx, [{"row": row.id, "lost": 0} for row in mine], now)
    _lease(tx, [{"row": row.id, "lost": int(row.state == State.CLAIMED)} for row in taken], now)
    stamps.add(tx, [row.id for row in taken], State.CLAIMED, now)
    return [as_notification(row) for row in taken]


def renew(tx: Connection, row_id: int, now: int) -> bool:
    """Ask again, at the moment of sending, for a row that waited in line: is it still owed? If so its lease
    starts anew; if not, it is cancelled with its reason."""
    row = tx.execute(WORK.where(notification.c.id == row_id, _UNDECIDED)).one_or_none()
    if row is None or _cancelled(tx, row, now):
        return False
    _lease(tx, [{"row": row_id, "lost": 0}], now)
    return True


def settle(tx: Connection, row_id: int, outcome: Outcome, now: int, took: int = 0, every: int = 0) -> bool:
    """Record how one attempt ended, or what became of it since; False when that says nothing new. `took`: ms
    that the attempt lasted. `every`: ms after which the gateway is first asked what became of it; 0 where
    it cannot be asked, and its yes is all the proof that there will be."""
    to, sources = turn(outcome)
    values = {"state": to.value, "due_at": None, **_changed(outcome, now, every)}
    given = {_NEW + name: value for name, value in values.items()}
    if not _settled(sources, tuple(values))(tx, [given | {"row": row_id}]).rowcount:
        return False
    _stamp(tx, row_id, outcome, to, now, took)
    return True


def _changed(outcome: Outcome, now: int, every: int) -> dict[str, Any]:
    """What else an outcome changes in its row: columns, and the names of `_SUMS`."""
    settled: dict[str, Any] = {"settled_at": now}
    match outcome:
        case Receipt():
            settled |= {"receipt": outcome.id, "note": outcome.detail}
            settled |= {"ask_at": now + every} if every and outcome.id else {}
            return settled | ({} if every else {"next_at": None})
        case Held():
            return {"due_at": outcome.until, "note": outcome.reason}
        case Cancelled():
            return settled | {"note": outcome.reason, "next_at": None}
        case Failed():
            counted = {"tried": 1, "unknown": int(outcome.unknown), "note": outcome.reason}
            again = outcome.retry_at is not None
            return settled | counted | ({"due_at": outcome.retry_at, "settled_at": None} if again else {})
        case Progress(arrival=Arrival.LOST):
            return settled | {"note": outcome.detail, "ask_at": None}
        case Progress(arrival=Arrival.DELIVERED):
            return {"first_settled": now, "next_at": None}
    return {"first_settled": now, "next_at": None, "ask_at": None}


def _stamp(tx: Connection, row_id: int, outcome: Outcome, to: State, now: int, took: int) -> None:
    at, note = now, ""
    match outcome:
        case Receipt():
            note = outcome.id
            if outcome.accepted:
                stamps.add(tx, [row_id], State.SENT, now - took)
        case Failed():
            note = outcome.reason
            if outcome.unknown:
                stamps.add(tx, [row_id], State.SENT, now - took)
        case Held():
            note = outcome.reason
        case Cancelled():
            note = outcome.reason
        case Answered():
            note = outcome.note
        case Progress():
            note = outcome.detail
            sent = select(notification.c.settled_at).where(notification.c.id == row_id)
            settled_at = tx.execute(sent).scalar_one()
            at = max(settled_at, outcome.at) if 0 < outcome.at < now else now  # in the order of our clock
    stamps.add(tx, [row_id], to, at, note)


def release_all(tx: Connection, now: int, holding: Collection[int] = ()) -> int:
    """At start: the leases of a dead process are void, all but `holding`, which are this process's own.
    Returns how many rows will be sent again; each may have arrived already."""
    claimed = tx.execute(select(notification.c.id).where(notification.c.state == State.CLAIMED)).scalars()
    lost = [{"row": row_id} for row_id in set(claimed) - set(holding)]
    if lost:
        again = {"state": State.QUEUED, "due_at": now, "doubtful": notification.c.doubtful + 1}
        tx.execute(_THIS.values(**again), lost)
        stamps.add(tx, sorted(one["row"] for one in lost), State.QUEUED, now, LEFT)
    return len(lost)


def reached(tx: Connection, alert_id: int) -> list[Notification]:
    """The last notice to each (person, channel, address) that was, or may have been, told of the alert: to
    these the all-clear is owed."""
    rows = tx.execute(WORK.where(notification.c.alert == alert_id, TOLD).order_by(notification.c.id))
    return list({(row.person, row.channel, row.address): as_notification(row) for row in rows}.values())


def sounding(tx: Connection, channels: Collection[str]) -> list[Notification]:
    """The last notice these channels themselves (no person) were given of each alert that is still open."""
    rows = tx.execute(
        WORK.where(notification.c.channel.in_(list(channels)), notification.c.person == "", alert.c.open)
        .where(or_(_HANDED_OVER, notification.c.doubtful > 0, _STARTED))
        .order_by(notification.c.id)
    )
    return list({(row.alert, row.channel, row.address): as_notification(row) for row in rows}.values())


def overdue(conn: Connection) -> int | None:
    """The earliest moment (ms) at which something that is still owed is to be tried."""
    found: int | None = conn.execute(select(func.min(notification.c.due_at))).scalar()
    return found


def _due(tx: Connection, channel: str, limit: int, now: int, holding: Collection[int]) -> Iterator[Row[Any]]:
    """What is due on a channel: `limit` rows at most that are still owed and not in hand, and those that are
    in hand. It is looked behind some that are owed no more: they are not to cost a turn."""
    mine = and_(notification.c.channel == channel, notification.c.due_at <= now)
    vital = and_(notification.c.life_safety, notification.c.attempts < OFTEN)
    first = (vital.desc(), notification.c.attempts, notification.c.id)
    look = (max(limit, BEHIND) if limit else 0) + len(holding)
    for row in tx.execute(WORK.where(mine).order_by(*first).limit(look)).all():
        if row.id in holding:
            yield row
        elif limit > 0 and not _cancelled(tx, row, now):
            limit -= 1
            yield row


def hold(tx: Connection, channel: str, now: int, until: int) -> None:
    """Its gateway does not work: what is due there is due later."""
    due = and_(notification.c.channel == channel, notification.c.due_at <= now)
    tx.execute(update(notification).where(due, notification.c.state == State.QUEUED).values(due_at=until))


def hurry(tx: Connection, channel: str, now: int) -> None:
    """Its gateway works again: what waited there is due now."""
    waits = and_(notification.c.channel == channel, notification.c.due_at > now)
    tx.execute(update(notification).where(waits, notification.c.state == State.QUEUED).values(due_at=now))


def _lease(tx: Connection, rows: list[dict[str, int]], now: int) -> None:
    """`lost` is 1 for a row whose last lease ran out with nobody to say how it ended."""
    if rows:
        lease = {"state": State.CLAIMED, "due_at": now + LEASE}
        tx.execute(_THIS.values(**lease, doubtful=notification.c.doubtful + bindparam("lost")), rows)


def _homeless(tx: Connection, now: int, channels: Collection[str]) -> Sequence[str]:
    """Channels that are not among these, and on which something is due."""
    homeless = and_(notification.c.due_at <= now, notification.c.channel.not_in(list(channels)))
    return tx.execute(select(notification.c.channel).where(homeless).distinct()).scalars().all()


def _cancelled(tx: Connection, row: Row[Any], now: int) -> bool:
    reason = moot(as_notification(row), standing(row), now)
    if reason:
        settle(tx, row.id, Cancelled(reason), now)
    return bool(reason)


def standing(row: Row[Any]) -> Standing:
    """Of the alert of a row of WORK; without an alert behind it, it speaks of something that stands."""
    known = row.open is not None
    return Standing(
        not known or row.open, bool(row.taken), bool(row.inhibited), row.replaced, bool(row.ended)
    )


_NEW = "new_"  # before the names of what is written: those of columns are taken
_SUMS: dict[str, tuple[str, ColumnElement[Any]]] = {
    "tried": ("attempts", notification.c.attempts + bindparam(_NEW + "tried")),
    "unknown": ("doubtful", notification.c.doubtful + bindparam(_NEW + "unknown")),
    "first_settled": (
        "settled_at",
        func.coalesce(notification.c.settled_at, bindparam(_NEW + "first_settled")),
    ),
}


@cache
def _settled(sources: frozenset[State], names: tuple[str, ...]) -> Prepared:
    """Writes these into a row that is in one of these states."""
    stands = notification.c.state.in_([literal_column(f"'{one.value}'") for one in sorted(sources)])
    values = dict(_SUMS.get(name, (name, bindparam(_NEW + name))) for name in names)
    return Prepared(_THIS.where(stands).values(**values))


@cache
def _owed(dialect: str, count: int) -> Prepared:
    """Writes so many rows at once, all but those whose key exists; returns id and key of the new ones."""
    rows: list[dict[str, Any]] = [{name: bindparam(f"{name}_{n}") for name in _GIVEN} for n in range(count)]
    added = _ADDED[dialect](notification).values(rows).on_conflict_do_nothing(index_elements=["key"])
    return Prepared(added.returning(notification.c.id, notification.c.key))


def _columns(row: Notification, key: str, now: int) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in _PLAIN}
    facts = _encode(row.facts).decode()
    values |= {"key": key, "facts": facts, "purpose": row.purpose.value, "state": State.CLAIMED.value}
    values |= {"next_at": now + row.patience if row.patience else None}
    return values | {"owed_at": now, "due_at": now + LEASE, "receipt": "", "note": ""}


def as_notification(row: Row[Any]) -> Notification:
    values = {name: getattr(row, name) for name in (*_PLAIN, "id", "owed_at")}
    return Notification(**values | {"purpose": Purpose(row.purpose), "facts": msgspec.json.decode(row.facts)})


_PLAIN = tuple(name for name in Notification.__struct_fields__ if name not in ("facts", "id", "owed_at"))
