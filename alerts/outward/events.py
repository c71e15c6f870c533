"""Touches. Every line of the log to a receiver of CloudEvents: in order, at least once, by a durable cursor.

The cursor is written after the receiver has taken a line, so a crash sends some lines again, under the same
id. A line that the receiver calls unreadable, again and again, is left out, and that is said; anything else
that goes wrong holds up this receiver alone, for as long as it lasts.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any

import structlog
from sqlalchemy import Connection, delete, insert, select, update

from alerts import log as chain
from alerts import store
from alerts.alert import Alert
from alerts.delivery.channels.channel import ChannelError
from alerts.delivery.channels.webhook import Poster
from alerts.outward.cloudevent import FORM, event
from alerts.outward.receiver import Receiver, Report
from alerts.outward.settings import EventsSettings
from alerts.outward.shown import for_others
from alerts.tables import alert_log, event_cursor
from ingest.campus.registry import Registry

log = structlog.get_logger("alerts.outward")

MOST = 50  # lines between two writings of the cursor: what a crash may send again
IDLE = 5.0  # seconds between two looks when nobody said that there is something
UNREADABLE = frozenset({400, 413, 415, 422})  # answers that are about the line, not about the receiver
TRIES = 5  # of a line that the receiver calls unreadable
WRITTEN = 30.0  # seconds to wait for the cursor's commit

Transact = Callable[[Callable[[Connection], Any]], "Future[Any]"]


class Events(Receiver):
    """One receiver. A new one begins with the next line; one that comes back goes on where it was."""

    def __init__(
        self,
        name: str,
        settings: EventsSettings,
        read: Callable[[], AbstractContextManager[Connection]],
        transact: Transact,
        registry: Callable[[], Registry],
        now: Callable[[], int],
        report: Report,
        patience: float = 1.0,
    ) -> None:
        self._source = settings.source
        self._read = read
        self._transact = transact
        self._registry = registry
        self._seq: int | None = None  # of the last line that it has taken; None before we know
        self._tries = 0
        super().__init__(name, Poster(settings.url, settings, now, form=FORM), report, patience)

    def _step(self) -> float:
        if self._seq is None:
            self._seq = self._transact(lambda tx: _begin(tx, self.name)).result(WRITTEN)
        with self._read() as conn:
            lines = _after(conn, self._seq)
            alerts = {one.id: one for one in store.read_many(conn, {line["alert"] for line in lines})}
        if not lines:
            return IDLE
        began = self._seq
        try:
            for line in lines:
                self._send(line, alerts.get(line["alert"]))
                self._seq = line["seq"]
        finally:
            if self._seq != began:
                self._keep(self._seq)
        return 0.0

    def _keep(self, seq: int) -> None:
        """Not waited for: a line that is sent again is known by its id."""
        try:
            self._transact(lambda tx: _move(tx, self.name, seq))
        except Exception as error:
            log.warning("cursor not written", receiver=self.name, error=repr(error))

    def _send(self, line: Mapping[str, Any], alert: Alert | None) -> None:
        """Until the receiver has it. Raises Stopped."""
        if line["alert"] and (alert is None or not for_others(alert)):
            return  # of the loop message
        body = event(line, alert, self._source, self._registry())
        self._tries = 0
        while True:
            try:
                self.post(body, f"{self._source}#{line['seq']}")
                return
            except ChannelError as error:
                self._tries += error.status in UNREADABLE
                if self._tries >= TRIES:
                    self._leave_out(line, error)
                    return
                self.failed(error)

    def _leave_out(self, line: Mapping[str, Any], error: ChannelError) -> None:
        note = f"{self.name} refuses log line {line['seq']} for good, it is left out: {error.reason}"
        log.error("left out", receiver=self.name, seq=line["seq"], reason=error.reason)
        self._report(self.name, "fault", note[:250])


def _after(conn: Connection, seq: int) -> Sequence[Mapping[str, Any]]:
    wanted = select(alert_log).where(alert_log.c.seq > seq).order_by(alert_log.c.seq).limit(MOST)
    return [dict(row) for row in conn.execute(wanted).mappings()]


def _begin(tx: Connection, name: str) -> int:
    known: int | None = tx.execute(
        select(event_cursor.c.seq).where(event_cursor.c.receiver == name)
    ).scalar_one_or_none()
    if known is not None:
        return known
    seq, _ = chain.head(tx)
    tx.execute(insert(event_cursor).values(receiver=name, seq=seq))
    return seq


def _move(tx: Connection, name: str, seq: int) -> None:
    tx.execute(update(event_cursor).where(event_cursor.c.receiver == name).values(seq=seq))


def forget_others(tx: Connection, names: Collection[str]) -> None:
    """A receiver that is no longer set begins anew when it is set again: nobody expects old news then."""
    tx.execute(delete(event_cursor).where(event_cursor.c.receiver.not_in(list(names))))
