"""Touches. Tries of a channel by hand, as rows of the outbox: they go the way of a real notice, gateway and
receipt and all, and their stamps are what is shown. No alert is behind them; the ledger leaves them out."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, func, select

from alerts.delivery import outbox, stamps
from alerts.delivery.message import Purpose
from alerts.delivery.notification import Notification, State
from alerts.delivery.outbox import notification
from alerts.delivery.send_test import trial_notice
from alerts.delivery.tested import Trial
from alerts.duty.people import Directory

GAP = 30_000  # ms between two tries of the same person or channel
HOUR = 3_600_000
MOST = 30  # tries an hour: each may cost money, and somebody's patience
SHOWN = 5
_n = notification.c
_TRIES = (_n.alert == 0) & (_n.purpose == Purpose.TEST)


class TooSoon(Exception):
    """This was tried a moment ago, or too much was tried in the last hour."""


def doors(directory: Directory, person: str = "", channel: str = "") -> list[Notification]:
    """What trying a person (each contact) or a channel itself owes; empty for who has no contacts."""
    if channel:
        return [_owed("", channel, "", "zh")]
    one = directory.persons[person]
    return [_owed(person, contact.channel, contact.address, one.language) for contact in one.contacts]


def begin(tx: Connection, rows: Sequence[Notification], now: int) -> list[Notification]:
    """Write what is to be sent after the commit, claimed already. Raises TooSoon."""
    lately = select(func.count()).where(_TRIES, _n.owed_at > now - HOUR)
    target = _of(rows[0].person, rows[0].channel)
    again = select(func.max(_n.owed_at)).where(_TRIES, target)
    if tx.execute(lately).scalar_one() + len(rows) > MOST or (tx.execute(again).scalar() or 0) > now - GAP:
        raise TooSoon
    return outbox.owe(tx, [_worded(row, now) for row in rows], now)


def latest(conn: Connection, person: str = "", channel: str = "") -> list[tuple[Trial, list[dict[str, Any]]]]:
    """The last tries of a person or of a channel itself with their stamps, the newest first."""
    wanted = select(notification).where(_TRIES, _of(person, channel))
    return _read(conn, wanted.order_by(_n.id.desc()).limit(SHOWN))


def of(conn: Connection, rows: Sequence[Notification]) -> list[Trial]:
    wanted = select(notification).where(_n.id.in_([row.id for row in rows])).order_by(_n.id)
    return [trial for trial, _ in _read(conn, wanted)]


def _read(conn: Connection, wanted: Any) -> list[tuple[Trial, list[dict[str, Any]]]]:
    rows = conn.execute(wanted).all()
    told = stamps.of(conn, [row.id for row in rows])
    return [(_trial(row), told.get(row.id, [])) for row in rows]


def _trial(row: Any) -> Trial:
    asked = row.ask_at is not None
    return Trial(row.person, row.channel, State(row.state), asked, row.owed_at, row.attempts, row.note)


def _of(person: str, channel: str) -> ColumnElement[bool]:
    return _n.person == person if person else (_n.person == "") & (_n.channel == channel)


def _owed(person: str, channel: str, address: str, language: str) -> Notification:
    return Notification(
        alert=0, occurrence=0, step=0, person=person, channel=channel, address=address, language=language,
        purpose=Purpose.TEST, code="TEST", short="", title="", body="",
    )  # fmt: skip


def _worded(row: Notification, now: int) -> Notification:
    """The moment is in its key: each try is another notice."""
    made = trial_notice(row.person, row.address, row.language, now)
    words = {"short": made.short, "title": made.title, "body": made.body, "facts": made.alert}
    return replace(row, owed_at=now, **words)
