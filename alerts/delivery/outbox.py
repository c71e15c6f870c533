"""Touches. The outbox: what each person is owed by each channel, one row each, in the `notification` table.

queued → claimed (a lease) → sent | accepted | failed(note) | cancelled(note). The rules:
- A row is written in the transaction of the alert it speaks of, under a key that exists once
  (alert, occurrence, step, round, person, channel, purpose): owing twice is owing once.
- Whoever sends it holds a lease. When the lease runs out, or the process dies, the row is sent again: a
  crash costs at most one extra notice and never loses one.
- `due_at` is the one column that is asked for work: the retry while queued, the end of the lease while
  claimed, null when nothing more is owed.
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
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from alerts.alert import Acknowledgement, Inhibition
from alerts.delivery.channels.channel import Receipt
from alerts.delivery.message import Purpose
from alerts.delivery.notification import (
    Cancelled,
    Failed,
    Notification,
    Outcome,
    Standing,
    State,
    moot,
    no_such_channel,
)
from alerts.prepared import Prepared
from alerts.tables import Id, alert, metadata

__all__ = [
    "Notification",
    "State",
    "cancel",
    "claim",
    "notification",
    "owe",
    "reached",
    "release_all",
    "settle",
]

_encode = msgspec.json.Encoder().encode
LEASE = 15_000  # ms one process may hold a row before another claim takes it

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
    Index("notification_work", "due_at", "channel"),
)

_ADDED: dict[str, type[sqlite.Insert] | type[postgresql.Insert]] = {
    "sqlite": sqlite.Insert,
    "postgresql": postgresql.Insert,
}
_GIVEN = tuple(name for name in notification.c.keys() if name not in ("id", "settled_at"))  # noqa: SIM118
_AT_ONCE = 16  # rows in one statement: SQLite allows 999 values in its older versions
_UNDECIDED = notification.c.state.in_([State.QUEUED, State.CLAIMED])
_HANDED_OVER = notification.c.state.in_([State.SENT, State.ACCEPTED])
_THIS = update(notification).where(notification.c.id == bindparam("row"))

_LATER = notification.alias("later")
_REPLACED = exists().where(
    _LATER.c.alert == notification.c.alert, _LATER.c.person == notification.c.person,
    _LATER.c.channel == notification.c.channel, _LATER.c.id > notification.c.id,
)  # fmt: skip
_WORK = select(  # a row and its alert as it stands at the moment of asking
    notification,
    alert.c.open,
    alert.c.acknowledgement.in_([Acknowledgement.PROMISED, Acknowledgement.KEPT]).label("taken"),
    (alert.c.inhibition != Inhibition.NONE).label("inhibited"),
    _REPLACED.label("replaced"),
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
    new = {key: row for key, row in zip(reversed(keys), reversed(rows), strict=True) if key in ids}
    return [  # the first of a repeated key counts
        msgspec.structs.replace(row, id=ids[key], owed_at=now)
        for key, row in sorted(new.items(), key=lambda item: ids[item[0]])
    ]


def claim(
    tx: Connection, now: int, room: Mapping[str, int], holding: Collection[int] = ()
) -> list[Notification]:
    """Take what is due: at most `room[channel]` rows a channel, life safety first, then oldest first.

    What has become moot is cancelled with its reason; what is owed to a channel that is not in `room` fails
    with its reason. A row whose lease ran out may have arrived, unless this process has it in hand still
    (`holding`): then its lease begins anew and it is not returned.
    """
    _fail_homeless(tx, now, room)
    due = [row for channel, limit in room.items() for row in _due(tx, channel, limit, now, holding)]
    mine = [row for row in due if row.id in holding]
    taken = [row for row in due if row.id not in holding and not _cancelled(tx, row, now)]
    _lease(tx, [{"row": row.id, "lost": 0} for row in mine], now)
    _lease(tx, [{"row": row.id, "lost": int(row.state == State.CLAIMED)} for row in taken], now)
    return [_notification(row) for row in taken]


def renew(tx: Connection, row_id: int, now: int) -> bool:
    """Ask again, at the moment of sending, for a row that waited in line: is it still owed? If so its lease
    starts anew; if not, it is cancelled with its reason."""
    row = tx.execute(_WORK.where(notification.c.id == row_id, _UNDECIDED)).one_or_none()
    if row is None or _cancelled(tx, row, now):
        return False
    _lease(tx, [{"row": row_id, "lost": 0}], now)
    return True


def settle(tx: Connection, row_id: int, outcome: Outcome, now: int) -> None:
    """Record how one attempt ended. A settled row keeps its outcome, except that what really arrived after
    it was cancelled is told as arrived."""
    values: dict[str, Any] = {"due_at": None, "settled_at": now}
    allowed: ColumnElement[bool] = _UNDECIDED
    match outcome:
        case Receipt():
            values |= {"state": State.ACCEPTED if outcome.accepted else State.SENT}
            values |= {"receipt": outcome.id, "note": outcome.detail}
            allowed = or_(_UNDECIDED, notification.c.state == State.CANCELLED)
        case Cancelled():
            values |= {"state": State.CANCELLED, "note": outcome.reason}
        case Failed():
            values |= {"state": State.FAILED, "note": outcome.reason}
            values |= {"attempts": notification.c.attempts + 1}
            values |= {"doubtful": notification.c.doubtful + int(outcome.unknown)}
            if outcome.retry_at is not None:
                values |= {"state": State.QUEUED, "due_at": outcome.retry_at, "settled_at": None}
    tx.execute(_THIS.where(allowed).values(**values), {"row": row_id})


def release_all(tx: Connection, now: int, holding: Collection[int] = ()) -> int:
    """At start: the leases of a dead process are void, all but `holding`, which are this process's own.
    Returns how many rows will be sent again; each may have arrived already."""
    claimed = tx.execute(select(notification.c.id).where(notification.c.state == State.CLAIMED)).scalars()
    lost = [{"row": row_id} for row_id in set(claimed) - set(holding)]
    if lost:
        again = {"state": State.QUEUED, "due_at": now, "doubtful": notification.c.doubtful + 1}
        tx.execute(_THIS.values(**again), lost)
    return len(lost)


def cancel(
    tx: Connection, alert_id: int, reason: str, now: int, purposes: Collection[Purpose] = tuple(Purpose)
) -> int:
    """Cancel what is still owed for an alert, of these purposes. Returns how many. One that is being sent at
    this moment may still arrive, and is then told as arrived."""
    owed = and_(notification.c.alert == alert_id, notification.c.purpose.in_(list(purposes)), _UNDECIDED)
    values = {"state": State.CANCELLED, "note": reason, "due_at": None, "settled_at": now}
    return tx.execute(update(notification).where(owed).values(**values)).rowcount


def reached(tx: Connection, alert_id: int) -> list[Notification]:
    """The last notice to each (person, channel, address) that was, or may have been, told of the alert: to
    these the all-clear is owed."""
    told = or_(_HANDED_OVER, notification.c.state == State.CLAIMED, notification.c.doubtful > 0)
    rows = tx.execute(_WORK.where(notification.c.alert == alert_id, told).order_by(notification.c.id))
    return list({(row.person, row.channel, row.address): _notification(row) for row in rows}.values())


def sounding(tx: Connection, channels: Collection[str]) -> list[Notification]:
    """The last notice these channels themselves (no person) were given of each alert that is still open."""
    rows = tx.execute(
        _WORK.where(notification.c.channel.in_(list(channels)), notification.c.person == "", alert.c.open)
        .where(or_(_HANDED_OVER, notification.c.doubtful > 0))
        .order_by(notification.c.id)
    )
    return list({(row.alert, row.channel, row.address): _notification(row) for row in rows}.values())


def _due(tx: Connection, channel: str, limit: int, now: int, holding: Collection[int]) -> Iterator[Row[Any]]:
    """What is due on a channel: `limit` rows at most that are not in hand, and those that are."""
    mine = and_(notification.c.channel == channel, notification.c.due_at <= now)
    first = (notification.c.life_safety.desc(), notification.c.id)
    for row in tx.execute(_WORK.where(mine).order_by(*first).limit(limit + len(holding))).all():
        held = row.id in holding
        if held or limit > 0:
            limit -= not held
            yield row


def _lease(tx: Connection, rows: list[dict[str, int]], now: int) -> None:
    """`lost` is 1 for a row whose last lease ran out with nobody to say how it ended."""
    if rows:
        lease = {"state": State.CLAIMED, "due_at": now + LEASE}
        tx.execute(_THIS.values(**lease, doubtful=notification.c.doubtful + bindparam("lost")), rows)


def _fail_homeless(tx: Connection, now: int, channels: Collection[str]) -> None:
    homeless = and_(notification.c.due_at <= now, notification.c.channel.not_in(list(channels)))
    for row in tx.execute(select(notification.c.id, notification.c.channel).where(homeless)).all():
        settle(tx, row.id, no_such_channel(row.channel), now)


def _cancelled(tx: Connection, row: Row[Any], now: int) -> bool:
    known = row.open is not None  # there is no alert behind a notice of another cause
    standing = Standing(not known or row.open, bool(row.taken), bool(row.inhibited), row.replaced)
    reason = moot(_notification(row), standing, now)
    if reason:
        settle(tx, row.id, Cancelled(reason), now)
    return bool(reason)


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
    return values | {"owed_at": now, "due_at": now + LEASE, "receipt": "", "note": ""}


def _notification(row: Row[Any]) -> Notification:
    values = {name: getattr(row, name) for name in (*_PLAIN, "id", "owed_at")}
    return Notification(**values | {"purpose": Purpose(row.purpose), "facts": msgspec.json.decode(row.facts)})


_PLAIN = tuple(name for name in Notification.__struct_fields__ if name not in ("facts", "id", "owed_at"))
