"""Touches. Who telephoned: kept beside the alert, and erased for good while the record stays as it is."""

from sqlalchemy import Connection, delete

from alerts import log
from alerts.tables import caller

ERASED = "caller_erased"


def erase(tx: Connection, alert: int, by: str, now: int) -> bool:
    """False when nothing is kept of this alert."""
    gone = tx.execute(delete(caller).where(caller.c.alert == alert)).rowcount
    if gone:
        log.append(tx, [log.Entry(now, alert, ERASED, by, {})])
    return bool(gone)
