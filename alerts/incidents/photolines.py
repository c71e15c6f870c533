"""Touches. Which photos the log names, and whether they are still what was taken."""

from collections.abc import Iterator

import msgspec
from sqlalchemy import ColumnElement, Connection, select

from alerts.factkind import FactKind
from alerts.hazards.hazard import Kind
from alerts.incidents.photos import Photos
from alerts.tables import alert_log

_LINES = select(alert_log.c.alert, alert_log.c.record, alert_log.c.detail).where(
    alert_log.c.fact.in_((FactKind.PHOTOGRAPHED.value, Kind.PHOTO_ADDED.value))
)


def of_alert(conn: Connection, number: int) -> list[str]:
    """The hashes of an alert's photos, the first taken first."""
    return _of(conn, (alert_log.c.alert == number) & (alert_log.c.record == ""))


def of_hazard(conn: Connection, number: int) -> list[str]:
    return _of(conn, alert_log.c.record == f"hazard/{number}")


def _of(conn: Connection, whose: ColumnElement[bool]) -> list[str]:
    rows = conn.execute(_LINES.where(whose).order_by(alert_log.c.seq))
    return [photo for row in rows if (photo := _photo(row.detail))]


def problems(conn: Connection, photos: Photos) -> Iterator[str]:
    """One sentence for each photo that is gone or was altered."""
    for row in conn.execute(_LINES.order_by(alert_log.c.seq)):
        digest = _photo(row.detail)
        if digest and (what := photos.problem(digest)):
            whose = row.record.replace("/", " ") or f"alert {row.alert}"
            yield f"{whose}: the photo {digest[:12]}… {what}"


def _photo(detail: str) -> str:
    try:
        return str(msgspec.json.decode(detail).get("photo", ""))
    except (msgspec.DecodeError, AttributeError):
        return ""  # the chain tells of this line
