"""Touches. The latest reading of every point: in memory, and in the database at most half a minute behind.

What is newer than the stored rows is read again from the spool at start, so nothing is lost by a kill.
"""

from collections.abc import Iterable

import msgspec
import structlog
from sqlalchemy import Connection, select, text

from ingest import spool
from ingest.reading import NO_LIFE, Reading, TimeQuality
from ingest.tables import latest, meta

HISTORIC = TimeQuality.HISTORIC
log = structlog.get_logger("ingest.latest")

_KEEP = text(
    "INSERT INTO latest (device, heard, readings) VALUES (:device, :heard, :readings)"
    " ON CONFLICT (device) DO UPDATE SET heard = excluded.heard, readings = excluded.readings"
)
_KEEP_META = text(
    "INSERT INTO meta (name, value) VALUES (:name, :value)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


class Latest:
    """device → metric → the latest Reading, and device → the moment it was last heard alive.

    Written by the writer thread only; read by any thread (a reading replaces another in one step).
    """

    def __init__(self) -> None:
        self._points: dict[str, dict[str, Reading]] = {}
        self.heard_at: dict[str, int] = {}
        self._dirty: set[str] = set()
        self._pass: list[str] = []  # devices still to be stored in this pass
        self._pass_position = 0
        self.stored = 0  # position of the spool up to which everything here is in the database
        self._chunk: list[str] = []

    def note(self, readings: Iterable[Reading]) -> None:
        """An older event never replaces a newer one."""
        last, mine = "", {}
        for reading in readings:
            device = reading.device
            if device is not last:  # the readings of one message stand together and share the name
                last = device
                mine = self._points.setdefault(device, {})
                self._dirty.add(device)
            metric = reading.metric
            known = mine.get(metric)
            newer = known is None or known.event_time <= reading.event_time
            if newer and reading.time_quality is not HISTORIC:  # what a device remembers does not stand
                mine[metric] = reading

    def hear(self, device: str, moment: int) -> None:
        self.heard_at[device] = moment
        self._dirty.add(device)

    def points(self, device: str) -> dict[str, Reading]:
        return dict(self._points.get(device, {}))

    def value(self, device: str, metric: str) -> float | str | None:
        reading = self._points.get(device, {}).get(metric)
        return None if reading is None else reading.value

    def of(self, metric: str) -> dict[str, Reading]:
        """The latest reading of this metric of every device that has one."""
        return {device: mine[metric] for device, mine in self._points.items() if metric in mine}

    def heard(self, device: str) -> int | None:
        return self.heard_at.get(device)

    def save(self, tx: Connection, position: int, most: int = 100) -> None:
        """Store what changed, at most so many devices at once: an alarm may be waiting for the writer.

        `position` is the spool's now. Once every device that had changed by the beginning of a pass is
        stored, the position of that beginning is stored as well: memory is complete up to there.
        """
        if not self._pass:
            self._pass, self._dirty = list(self._dirty), set()
            self._pass_position = position
        self._chunk = self._pass[-most:]
        if self._chunk:
            tx.execute(_KEEP, [self._row(device) for device in self._chunk])
        if len(self._chunk) == len(self._pass):
            tx.execute(_KEEP_META, {"name": "latest", "value": str(self._pass_position)})

    def saved(self) -> bool:
        """The transaction that `save` wrote in has been committed; whether the pass is complete."""
        del self._pass[len(self._pass) - len(self._chunk) :]
        if not self._pass:
            self.stored = self._pass_position
        return not self._pass

    def _row(self, device: str) -> dict[str, object]:
        readings = list(self._points.get(device, {}).values())
        return {"device": device, "heard": self.heard_at.get(device), "readings": spool.encode(readings)}

    def load(self, conn: Connection) -> None:
        for row in conn.execute(select(latest)):
            self._points[row.device] = {r.metric: r for r in _readable(row.readings)}
            if row.heard is not None:
                self.heard_at[row.device] = row.heard
        after = int(conn.execute(select(meta.c.value).where(meta.c.name == "latest")).scalar() or 0)
        self.stored = after
        while rows := spool.read(conn, after):
            after = rows[-1][0]
            for _, blob in rows:
                readings = _readable(blob)
                self.note(readings)
                for reading in readings:
                    if not reading.retained and reading.metric not in NO_LIFE:
                        self.hear(reading.device, reading.received)


def _readable(blob: bytes) -> list[Reading]:
    try:
        return spool.decode(blob)
    except msgspec.MsgspecError as error:  # points are asked anew by their next readings: start all the same
        log.error("stored readings are unreadable", error=str(error))
        return []
