"""Touches. What a person presses on the page of a one-tap link: heard at the desk as an answer by SMS is.

The link says which notice it answers; whoever that notice told is who acts. An act that was done by a link is
not done again by it. The record, the act and the receipt are one transaction.
"""

import msgspec
import structlog
from sqlalchemy import Connection, insert, select

from alerts import store
from alerts.alert import Alert
from alerts.delivery import answers, outbox
from alerts.delivery.answering import Ear, answer
from alerts.delivery.answers import Meant, Told
from alerts.delivery.links import ACTS, Flaw, Link, mark
from alerts.delivery.notification import Answered, Notification
from alerts.delivery.recording import in_both
from alerts.desk import Outcome
from alerts.duty.people import Directory, Person

log = structlog.get_logger("alerts.delivery.linked")

DOOR = "link"  # the channel of such an answer, and the `via` of what it takes


class Seen(msgspec.Struct, frozen=True):
    """What a link answers to, as it stands: the notice, its alert, whom it told, what was done by it."""

    row: Notification
    alert: Alert
    person: Person
    done: frozenset[Meant]


class Pressed(msgspec.Struct, frozen=True):
    """What came of it: the record's word for it, and the sentence for the person."""

    result: str
    sentence: str


def look(conn: Connection, link: Link, directory: Directory, now: int) -> Seen | Flaw:
    """Changes nothing. Where the person is not registered at this address any more, the telephone may be
    somebody else's by now."""
    found = conn.execute(outbox.WORK.where(outbox.notification.c.id == link.notice)).one_or_none()
    row = outbox.as_notification(found) if found is not None else None
    if row is None or mark(row) != link.mark:
        return Flaw.MOVED
    person, alert = directory.persons.get(row.person), store.read(conn, row.alert)
    if person is None or alert is None or not _theirs(row, person):
        return Flaw.MOVED
    return Seen(row, alert, person, _done(conn, link.notice))


def others(conn: Connection, seen: Seen, since: int) -> list[tuple[Notification, Alert]]:
    """What else this person was told of at the same address since then (ms) and is open, the last notice of
    each alert: whoever holds a link of one could hold theirs as well."""
    row, n = seen.row, outbox.notification.c
    same = n.person == row.person, n.channel == row.channel, n.address == row.address
    told = outbox.WORK.where(*same, n.owed_at >= since, n.alert != row.alert, outbox.TOLD).order_by(n.id)
    newest = {one.alert: outbox.as_notification(one) for one in conn.execute(told) if one.open}
    alerts = {alert.id: alert for alert in store.read_many(conn, newest)}
    return [(one, alerts[id]) for id, one in sorted(newest.items()) if id in alerts]


def press(ear: Ear, tx: Connection, link: Link, meant: Meant, now: int) -> tuple[Outcome, Pressed | Flaw]:
    seen = look(tx, link, ear.directory(), now)
    if isinstance(seen, Flaw):
        return Outcome(), seen
    if meant not in link.acts:
        return Outcome(), Flaw.FORGED
    language, code = seen.person.language, seen.alert.code
    if meant in seen.done:
        return Outcome(), Pressed("repeat", answers.again(meant, code, language))
    words = in_both(f"一键链接：{answers.LABELS[meant].zh}", f"one-tap link: {answers.LABELS[meant].en}")
    decided = answers.on(Told(seen.alert.id, code, seen.alert.open), meant)
    outcome, sentence, result = ear.do(tx, decided, seen.person, DOOR, words)
    log.info("a one-tap link was used", person=seen.person.id, alert=code, act=meant.value, result=result)
    _record(tx, seen, meant, words, result, now)
    outbox.settle(tx, link.notice, Answered(words), now)
    return outcome, Pressed(result, sentence)


def _theirs(row: Notification, person: Person) -> bool:
    return any((one.channel, one.address) == (row.channel, row.address) for one in person.contacts)


def _done(conn: Connection, notice: int) -> frozenset[Meant]:
    acts = [f"{notice}/{act.value}" for act in ACTS]
    rows = select(answer.c.result).where(answer.c.channel == DOOR, answer.c.gateway_id.in_(acts))
    return frozenset(Meant(result) for result in conn.execute(rows).scalars())


def _record(tx: Connection, seen: Seen, meant: Meant, words: str, result: str, now: int) -> None:
    """One that was refused may be pressed again, when the alert stands otherwise; what was done is done."""
    number = f"{seen.row.id}/{meant.value}"
    if result != meant.value:
        refused = select(answer.c.id).where(
            answer.c.channel == DOOR, answer.c.gateway_id.startswith(f"{number}/")
        )
        number = f"{number}/{len(tx.execute(refused).all()) + 1}"
    tx.execute(
        insert(answer).values(
            channel=DOOR, gateway_id=number, person=seen.person.id, alert=seen.alert.id, words=words, at=now,
            result=result,
        )
    )  # fmt: skip
