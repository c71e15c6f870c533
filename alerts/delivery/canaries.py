"""Touches. The canaries: one row each, with the stamps of its way to a person and back.

A row is written before its message is published, so a crash publishes it again; the message keeps its number,
by which a second copy is known and dropped (ingest/seen.py). One is under way at a time, since one alert of a
rule may be open: the posts that wait come after it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    String,
    Table,
    UniqueConstraint,
    func,
    insert,
    select,
    update,
)

from alerts import store
from alerts.delivery import stamps
from alerts.delivery.message import Purpose
from alerts.delivery.notification import State
from alerts.delivery.outbox import notification
from alerts.duty.canary import Owed, Plan, Said, is_canary, reaches_persons, read, unknown
from alerts.duty.people import CANARY, Directory
from alerts.tables import Id, metadata
from alerts.tables import alert as alert_table
from ingest.bilingual import both
from ingest.campus.device import OWN

AFTERWARDS = 3_600_000  # ms for which receipts that come late are still noted
SKEW = 60_000  # ms
PROOFS = (State.ANSWERED, State.READ, State.DELIVERED)  # the best first
PROVEN, MISSING, NOBODY, MISSED = "proven", "missing", "nobody", "missed"

canary = Table(
    "canary",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("post", String, nullable=False),
    Column("shift_at", BigInteger, nullable=False),  # when the shift began that it is for
    Column("person", String, nullable=False),  # "" where nobody on duty could be told
    Column("said_at", BigInteger, nullable=False),  # when it was published, or found out that it cannot be
    Column("until", BigInteger, nullable=False),  # until when something must prove that it arrived
    Column("result", String, nullable=False),  # "" while it is waited for; proven, missing, nobody, missed
    Column("proof", String, nullable=False),  # answered, read or delivered
    Column("alert", BigInteger),
    Column("channel", String, nullable=False),
    Column("heard_at", BigInteger),  # it came back from the broker
    Column("queued_at", BigInteger),  # rule and desk have decided, and the notice is owed
    Column("accepted_at", BigInteger),
    Column("delivered_at", BigInteger),
    Column("answered_at", BigInteger),
    UniqueConstraint("post", "shift_at", name="canary_once"),
    Index("canary_until", "until"),
    comment="the test alert of each shift: its way to whoever is on duty and back",
)
_c = canary.c


class Canary(msgspec.Struct, frozen=True, kw_only=True):
    """A row. Moments are ms."""

    post: str
    shift_at: int
    person: str
    said_at: int
    until: int
    id: int = 0
    result: str = ""
    proof: str = ""
    alert: int | None = None
    channel: str = ""
    heard_at: int | None = None
    queued_at: int | None = None
    accepted_at: int | None = None
    delivered_at: int | None = None
    answered_at: int | None = None

    def said(self) -> Said:
        return Said(self.id, self.until, self.person)


class Look(msgspec.Struct, frozen=True):
    """What is to be done now: messages to publish, alerts that have proved their point and make room for the
    next, and what somebody must look at, in both languages."""

    publish: tuple[Canary, ...] = ()
    over: tuple[tuple[int, int], ...] = ()  # alert, until
    faults: tuple[str, ...] = ()


def latest(conn: Connection, most: int, before: int | None = None) -> list[Canary]:
    """The newest first."""
    rows = select(canary).order_by(_c.id.desc()).limit(most)
    return _made(conn, rows if before is None else rows.where(_c.id < before))


def look(
    tx: Connection, directory: Directory, plan: Plan, found: Sequence[Owed], since: int, now: int
) -> Look:
    """Note what has become of those under way, and begin the next one that is owed. `found`: the shifts whose
    time has come; `since`: ms, the start of the service."""
    rows = [_followed(tx, row, now) for row in _made(tx, select(canary).where(_c.until > now - AFTERWARDS))]
    if not plan.on or not reaches_persons(directory, now):
        return Look()
    under_way = [row for row in rows if row.person and not _over(tx, row, now)]
    new, over = None, [row for row in under_way if row.result == PROVEN]
    owed = _noted(tx, unknown(found, _known(tx), since), plan, now)
    if owed and not under_way:
        new = _add(tx, owed[0], "", plan, now)
    unheard = [row for row in under_way if row.result == "" and row.alert is None]
    return Look(
        tuple([*unheard, new] if new else unheard),
        tuple((row.alert, row.until) for row in over if row.alert is not None) if owed else (),
        (*_strange(plan, directory), *(_fault(row, directory) for row in _unwell(tx, directory, plan))),
    )


def _noted(tx: Connection, owed: Sequence[Owed], plan: Plan, now: int) -> list[Owed]:
    """Those that can be sent; that the others cannot be is written down."""
    for one in owed:
        if one.late or not one.person:
            _add(tx, one, MISSED if one.late else NOBODY, plan, now)
    return [one for one in owed if one.person and not one.late]


def _add(tx: Connection, owed: Owed, result: str, plan: Plan, now: int) -> Canary:
    person = "" if result else owed.person
    row = Canary(post=owed.post, shift_at=owed.shift, person=person, said_at=now, until=now + plan.within,
                 result=result)  # fmt: skip
    values = msgspec.structs.asdict(row)
    del values["id"]
    number = tx.execute(insert(canary).values(**values).returning(_c.id)).scalar_one()
    return msgspec.structs.replace(row, id=number)


def _known(tx: Connection) -> dict[str, int]:
    rows = tx.execute(select(_c.post, func.max(_c.shift_at).label("shift")).group_by(_c.post))
    return {row.post: row.shift for row in rows}


def _over(tx: Connection, row: Canary, now: int) -> bool:
    """Whether its alert is closed, or can be opened by nobody any more."""
    if row.alert is None:
        return now >= row.until
    found = store.read(tx, row.alert)
    return found is None or not found.open


def _followed(tx: Connection, row: Canary, now: int) -> Canary:
    """The row with what is known by now."""
    found = row
    if row.alert is None and row.person:
        found = _heard(tx, row)
    if found.alert is not None:
        found = _stamped(tx, found)
    if found.result == "" and found.proof:
        found = msgspec.structs.replace(found, result=PROVEN)
    elif found.result == "" and now >= found.until:
        found = msgspec.structs.replace(found, result=MISSING)
    if found != row:
        tx.execute(update(canary).where(_c.id == row.id).values(**msgspec.structs.asdict(found)))
    return found


def _heard(tx: Connection, row: Canary) -> Canary:
    """With the alert that its message has raised."""
    a = alert_table.c
    raised = select(a.id).where(a.device == OWN, a.policy == CANARY, a.raised_at >= row.said_at - SKEW)
    for found in store.read_many(tx, tx.execute(raised).scalars()):
        for reading in found.evidence if is_canary(found) else ():
            if read(reading.note) == row.said():
                return msgspec.structs.replace(row, alert=found.id, heard_at=reading.received)
    return row


def _stamped(tx: Connection, row: Canary) -> Canary:
    """With the stamps of its notice; any door by which the person took it is an answer."""
    n = notification.c
    mine = (n.alert == row.alert, n.person == row.person, n.purpose != Purpose.ANSWER)
    found = tx.execute(select(n.id, n.channel, n.owed_at).where(*mine).order_by(n.id).limit(1)).first()
    moments: dict[str, int] = {}
    if found is not None:
        for stamp in stamps.of(tx, [found.id]).get(found.id, ()):
            moments.setdefault(stamp["state"], stamp["at"])
    alert = store.read(tx, row.alert or 0)
    if alert is not None and alert.acknowledged_by == row.person and alert.acknowledged_at is not None:
        moments.setdefault(State.ANSWERED, alert.acknowledged_at)
    return msgspec.structs.replace(
        row,
        channel=found.channel if found is not None else row.channel,
        queued_at=found.owed_at if found is not None else row.queued_at,
        accepted_at=moments.get(State.ACCEPTED, moments.get(State.SENT)),
        delivered_at=moments.get(State.DELIVERED, moments.get(State.READ)),
        answered_at=moments.get(State.ANSWERED),
        proof=next((one.value for one in PROOFS if one in moments), ""),
    )


def _unwell(tx: Connection, directory: Directory, plan: Plan) -> list[Canary]:
    """The last canary of each post, where nothing proved that it arrived."""
    decided = select(func.max(_c.id)).where(_c.result.in_((PROVEN, MISSING, NOBODY))).group_by(_c.post)
    rows = _made(tx, select(canary).where(_c.id.in_(decided)).order_by(_c.post))
    posts = [post for post in directory.posts if not plan.posts or post in plan.posts]
    return [row for row in rows if row.result != PROVEN and row.post in posts]


def _strange(plan: Plan, directory: Directory) -> Iterator[str]:
    for post in plan.posts:
        if post not in directory.posts:
            yield both(
                f"alerts.canary.posts：没有值班岗 {post!r}", f"alerts.canary.posts: there is no post {post!r}"
            )


def _fault(row: Canary, directory: Directory) -> str:
    post = directory.posts[row.post]
    zh, en = post.zh or post.en, post.en or post.zh
    if row.result == NOBODY:
        return both(f"{zh}：无人在班，或在班人员没有可用的联系方式", f"{en}: nobody on duty can be told")
    how_zh, how_en = _far(row)
    who = (directory.name(row.person, "zh"), directory.name(row.person, "en"))
    return both(f"{zh}：{who[0]}的通知测试{how_zh}", f"{en}: the test to {who[1]} {how_en}")


def _far(row: Canary) -> tuple[str, str]:
    """How far it came."""
    if row.alert is None:
        return "没有从消息服务器返回", "did not come back from the broker"
    if row.queued_at is None:
        return "没有产生通知", "led to no notice"
    if row.accepted_at is None:
        return f"未被通道 {row.channel} 接受", f"was not accepted by {row.channel}"
    return f"经 {row.channel} 发出，没有回执或答复", f"went out by {row.channel}: no receipt and no answer"


def _made(conn: Connection, query: Any) -> list[Canary]:
    return [Canary(**row) for row in conn.execute(query).mappings()]
