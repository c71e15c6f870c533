"""Touches. Answers that nobody is known to have given: from a number that is not registered or that two
people share, and one-tap links that we did not sign. They do nothing, but somebody can look at them."""

from typing import Any

import structlog
from sqlalchemy import Connection, Row, delete, func, insert, select

from alerts.delivery.answered import answer
from alerts.delivery.answers import masked

log = structlog.get_logger("alerts.delivery.unheard")

STRANGER, SHARED, FORGED = "unknown_sender", "shared_sender", "forged"
KEPT = 90 * 86_400_000  # ms
MOST = 5_000  # rows: whoever has our number can write as often as they like
_NOBODYS = answer.c.result.in_((STRANGER, SHARED, FORGED))


def keep(
    tx: Connection, channel: str, gateway_id: str, address: str, words: str, now: int, shared: bool = False
) -> None:
    result = SHARED if shared else STRANGER
    log.warning("an answer from nobody who is known", channel=channel, result=result)
    _keep(tx, now, channel=channel, gateway_id=gateway_id, sender=masked(address), words=words, result=result)


def keep_forged(tx: Connection, source: str, door: str, now: int) -> None:
    """A link that we did not sign, opened from this machine."""
    log.warning("a one-tap link that is not ours", source=source)
    number = f"{FORGED}/{source}/{now}"
    known = select(answer.c.id).where(answer.c.channel == door, answer.c.gateway_id == number)
    if tx.execute(known).first() is None:
        _keep(tx, now, channel=door, gateway_id=number, sender=source[:64], words="", result=FORGED)


def _keep(tx: Connection, now: int, **values: str) -> None:
    tx.execute(insert(answer).values(**values, person="", alert=None, at=now))
    tx.execute(delete(answer).where(_NOBODYS, answer.c.at < now - KEPT))
    newest = select(answer.c.id).where(_NOBODYS).order_by(answer.c.id.desc())
    first_too_many = tx.execute(newest.offset(MOST).limit(1)).scalar()
    if first_too_many is not None:
        tx.execute(delete(answer).where(_NOBODYS, answer.c.id <= first_too_many))


def latest(conn: Connection, most: int) -> list[Row[Any]]:
    """The newest first."""
    return list(conn.execute(select(answer).where(_NOBODYS).order_by(answer.c.id.desc()).limit(most)))


def counted(conn: Connection, since: int) -> dict[str, int]:
    """Result → how many."""
    grouped = select(answer.c.result, func.count()).group_by(answer.c.result)
    rows = conn.execute(grouped.where(_NOBODYS, answer.c.at >= since))
    return {row[0]: row[1] for row in rows}
