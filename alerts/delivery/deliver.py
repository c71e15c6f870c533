"""Touches. Delivery: takes what is owed to its channel, sees how it ends, and has that recorded.

Nothing on this path is logged and then forgotten: a row leaves `_held` only when its outcome is committed
(or another claim may have it), and every future is held until it is done.
"""

import random
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import structlog
from sqlalchemy import Connection

from alerts.clean import clean
from alerts.delivery import nextcontact, outbox
from alerts.delivery.channels.channel import (
    Arrival,
    Channel,
    ChannelError,
    Local,
    Progress,
    Receipt,
    Standing,
    Tracked,
)
from alerts.delivery.gateways import Gateways
from alerts.delivery.health import Health
from alerts.delivery.nextcontact import Contacts
from alerts.delivery.notification import Failed, Held, Lost, Notification, Outcome, no_such_channel
from alerts.delivery.offrecord import OffRecord
from alerts.delivery.recording import Ended, Recorder, Transact, in_both, started
from alerts.delivery.rungs import with_own_lines
from alerts.delivery.senders import ROOM, Result, Senders
from alerts.delivery.tracking import Tracker

log = structlog.get_logger("alerts.delivery.deliver")

Report = Callable[[str, str, str], None]

TICK = 0.5  # seconds between two looks at attempts that hang and outcomes that wait
CLAIM_EVERY = 5.0  # seconds at most between two claims
FIRST_RETRY = 1_000  # ms; doubles with each failure
LAST_RETRY = 60_000  # ms
PATIENCE = 300_000  # ms: a gateway's Retry-After is respected up to this
TAKE_OVER = 5.0  # seconds the record's own notices have to start the sirens that it needs; and, at a start,
# the database to say which sirens sound
GRACE = 3.0  # seconds stop() gives to attempts under way
LOST_AGAIN = 3_600_000  # ms between two tidings that a person cannot be reached at an address
ASK = 2.0  # seconds to wait for the database before sending something that may be owed no more


class Delivery:
    """After the commit `settled` hears the ids of alerts whose notices have a new outcome, and `lost` the
    notices that can never be delivered to a person, of each address once an hour at most. `contacts` of a
    person are asked anew each time one of them fails; `used` are the channels on which people can be told."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        transact: Transact,
        report: Report,
        now: Callable[[], int],
        settled: Callable[[Collection[int]], None] = lambda alerts: None,
        lost: Callable[[Sequence[Lost]], object] = lambda lost: None,
        contacts: Contacts = lambda person: (),
        used: Callable[[], Collection[str]] = lambda: (),
    ) -> None:
        self._channels = channels
        self._transact = transact
        self._now = now
        self._settled = settled
        self._lost = lost
        self._told_lost: dict[tuple[str, str, str], int] = {}  # person, channel and address → when
        local = [name for name, one in channels.items() if isinstance(one, Local)]
        self._contacts: Contacts = lambda person: with_own_lines(contacts(person), local)
        self._health = Health(report)
        self.gateways = Gateways(report, now, local, used)
        self._senders = {
            name: Senders(one, self._still_owed, self._done, self._turned, now)
            for name, one in channels.items()
        }
        self._trackers = {
            name: Tracker(name, one, transact, self._told, self._health.note, now)
            for name, one in channels.items()
            if isinstance(one, Tracked)
        }
        self._every = {name: one.every for name, one in channels.items() if isinstance(one, Tracked)}
        self._recorder = Recorder(transact, self._settle, self._recorded)
        self._lock = threading.Lock()
        # by key: in line, being sent, or its outcome not yet committed
        self._held: dict[str, Notification] = {}
        self._turns: set[str] = set()  # channels whose breaker has opened or closed since the last claim
        self._claiming: Future[Any] | None = None
        self._claim_at = 0.0
        self._looking: Future[Any] | None = None
        self._look_at = 0.0  # when it is looked which receipts are overdue
        self._off_record = OffRecord()
        self._wake = threading.Event()
        self._stopping = False
        self._clock = threading.Thread(target=self._keep_time, name="delivery", daemon=True)

    # ---- called by others ------------------------------------------------------------------------------

    def start(self) -> None:
        """Void the leases of a dead process, tell sirens what still sounds, and begin. A database that hangs
        is not waited for long: what cannot be written must go out all the same."""
        standing = {n: one for n, one in self._channels.items() if isinstance(one, Standing)}
        ended = threading.Event()

        def taken_over(future: "Future[list[Notification]]") -> None:
            if error := future.exception():
                log.error("leases not released: what was being sent waits for their end", error=repr(error))
            else:
                for name, channel in standing.items():
                    channel.restore([row.notice() for row in future.result() if row.channel == name])
            ended.set()

        started(self._transact, lambda tx: self._take_over(tx, standing)).add_done_callback(taken_over)
        ended.wait(TAKE_OVER)
        for senders in self._senders.values():
            senders.start()
        for tracker in self._trackers.values():
            tracker.start()
        self._clock.start()

    def stop(self) -> None:
        """Begin nothing new; give attempts under way a moment to end and be recorded. The rest is sent by
        the next start."""
        self._stopping = True
        for tracker in self._trackers.values():
            tracker.stop()
        for senders in self._senders.values():
            senders.stop()
        until = time.monotonic() + GRACE
        while time.monotonic() < until and (
            self._recorder.busy() or any(s.busy() for s in self._senders.values())
        ):
            time.sleep(0.01)
        self._wake.set()
        if self._clock.is_alive():
            self._clock.join(1)

    def send(self, rows: Sequence[Notification]) -> None:
        """Right after the commit that wrote them, or (rows without an id) when it cannot be written."""
        for row in rows:
            self._accept(row)

    def written_again(self, clears: Sequence[Notification]) -> None:
        """Commits work again: whom an unrecorded notice did not reach, the real desk tells. Its sirens end a
        moment later, when the record's own notices have started those that must sound on."""
        self._off_record.written_again(clears, self._now(), TAKE_OVER)

    def poke(self) -> None:
        """Something may be due."""
        self._claim_at = 0.0
        self._wake.set()

    # ---- a row's way -----------------------------------------------------------------------------------

    def _accept(self, row: Notification) -> None:
        with self._lock:
            if row.key in self._held:
                return
            self._held[row.key] = row
        if row.id is None:
            self._off_record.begun(row)
        senders = self._senders.get(row.channel)
        if senders is None:
            self._ended(row, no_such_channel(row.channel))
        elif not senders.lets(row):
            self._hold([row])
        elif not senders.put(row):
            self._forget([row])

    def _hold(self, rows: Sequence[Notification]) -> None:
        """Their gateway does not work: they wait for it in the outbox, and their next contacts are told."""
        now = self._now()
        held = [Ended(row, Held(self._senders[row.channel].tries_at() or now), now) for row in rows]
        self._recorder.add(*held)

    def _turned(self, channel: str, rows: Sequence[Notification]) -> None:
        """A gateway has ceased to work, or works again."""
        works = self._senders[channel].tries_at() is None
        log.warning("a gateway works again" if works else "a gateway does not work", channel=channel)
        with self._lock:
            self._turns.add(channel)
        if rows:
            self._hold(rows)
        self.poke()

    def _forget(self, rows: Sequence[Notification]) -> None:
        with self._lock:
            for row in rows:
                self._held.pop(row.key, None)

    def _still_owed(self, row: Notification) -> bool:
        """When the database cannot say, it is sent: one too many is better than one too few."""
        row_id = row.id
        if row_id is None:
            return True
        try:
            return bool(self._transact(lambda tx: outbox.renew(tx, row_id, self._now())).result(ASK))
        except Exception as error:
            log.warning("sent without asking again", key=row.key, error=repr(error))
            return True

    def _done(self, row: Notification, result: Result, took: int) -> None:
        """An attempt has ended, on a sender's thread."""
        match result:
            case None:
                self._forget([row])
            case Receipt():
                said = in_both(result.zh, result.detail)
                receipt = Receipt(result.accepted, clean(result.id, 200), said)
                self._ended(row, receipt, took)
            case ChannelError():
                self._ended(row, self._failed(row, result), took)

    def _failed(self, row: Notification, error: ChannelError) -> Failed:
        log.warning(
            "not delivered", channel=row.channel, key=row.key, reason=error.reason, final=error.permanent
        )
        if error.permanent:
            return Failed(in_both(error.zh, error.reason), None, error.unknown, error.dead)
        doubled = min(LAST_RETRY, FIRST_RETRY << min(row.attempts, 10))
        wait = max(int(doubled * random.uniform(0.5, 1)), min(error.retry_after or 0, PATIENCE))
        self._claim_at = min(self._claim_at, time.monotonic() + wait / 1000)
        return Failed(in_both(error.zh, error.reason), self._now() + wait, error.unknown)

    def _ended(self, row: Notification, outcome: Outcome, took: int = 0) -> None:
        self._health.note(row.channel, outcome)
        self.gateways.tried(row, outcome, took)
        if row.id is None:
            self._forget([row])
            self._off_record.ended(row, outcome, self._now())
        else:
            self._recorder.add(Ended(row, outcome, self._now(), took))

    def _told(self, heard: Sequence[tuple[Notification, Progress]]) -> None:
        """What a gateway says of earlier messages, on a tracker's thread. A siren that keeps silent has no
        next contact, so it is a fault."""
        for row, said in heard:
            if not row.person and said.arrival is Arrival.LOST:
                self._health.note(row.channel, Failed(in_both(said.zh, said.detail), None))
        self._recorder.add(*(Ended(row, said, self._now()) for row, said in heard))

    # ---- recording what came of it -----------------------------------------------------------------------

    def _settle(self, tx: Connection, batch: list[Ended]) -> list[Notification]:
        """Returns what is owed to others now: the next contacts of those who may not have been reached."""
        owed: list[Notification] = []
        for one in batch:
            row, outcome = one.row, one.outcome
            assert row.id is not None
            new = outbox.settle(tx, row.id, outcome, one.at, one.took, self._every.get(row.channel, 0))
            if new and (because := nextcontact.unproven(outcome, row)):
                owed += nextcontact.pass_on(tx, row.id, *because, self._contacts, self._now())
        return owed

    def _recorded(self, batch: list[Ended], owed: list[Notification]) -> None:
        self._forget([one.row for one in batch if not isinstance(one.outcome, Progress)])
        self.send(owed)
        if any(isinstance(one.outcome, Held) for one in batch):
            self.poke()  # their next contacts are owed it
        for channel in {one.row.channel for one in batch if isinstance(one.outcome, Receipt)}:
            if channel in self._trackers:
                self._trackers[channel].expect()
        self._settled({one.row.alert for one in batch})
        self._tell_lost(batch)

    def _tell_lost(self, batch: list[Ended]) -> None:
        found = []
        for one in batch:
            lost, row = _lost(one), one.row
            if lost is None or not row.person:
                continue
            address = (row.person, row.channel, row.address if lost.dead else "")
            if one.at - self._told_lost.get(address, -LOST_AGAIN) >= LOST_AGAIN:
                self._told_lost[address] = one.at
                found.append(lost)
        if found:
            self._lost(found)

    # ---- the clock ---------------------------------------------------------------------------------------

    def _keep_time(self) -> None:
        while not self._stopping:
            try:
                self._tick()
            except Exception:
                log.exception("delivery's clock stumbled and goes on")
            self._wake.wait(min(TICK, max(0.01, self._claim_at - time.monotonic())))
            self._wake.clear()

    def _tick(self) -> None:
        for senders in self._senders.values():
            senders.cut()
        for tracker in self._trackers.values():
            tracker.watch()
        self._recorder.record()
        if self.gateways.look():
            self._settled(())
        self.send(self._off_record.due())
        if time.monotonic() >= self._claim_at and self._claiming is None:
            self._claim()
        if time.monotonic() >= self._look_at and self._looking is None:
            self._look_for_receipts()

    def _claim(self) -> None:
        self._claim_at = time.monotonic() + CLAIM_EVERY
        room = {name: senders.room() for name, senders in self._senders.items()}
        shut = {name: at for name, one in self._senders.items() if (at := one.tries_at()) is not None}
        with self._lock:
            mended, self._turns = self._turns - shut.keys(), set()
        self._claiming = future = started(self._transact, lambda tx: self._take_due(tx, room, shut, mended))
        future.add_done_callback(self._claimed)

    def _take_due(
        self, tx: Connection, room: Mapping[str, int], shut: Mapping[str, int], mended: Collection[str]
    ) -> list[Notification]:
        """`shut`: gateways that do not work, and when each is tried again; `mended`: those that do again."""
        now = self._now()
        for channel in mended:
            outbox.hurry(tx, channel, now)
        rows = outbox.claim(tx, now, room, self._mine())
        for channel, at in shut.items():
            outbox.hold(tx, channel, now, max(at, now + FIRST_RETRY))
            rows += nextcontact.held(tx, channel, self._contacts, now)
        return rows

    def _claimed(self, future: "Future[list[Notification]]") -> None:
        self._claiming = None
        if error := future.exception():
            log.error("could not claim what is due", error=repr(error))
            return
        rows = future.result()
        self.send(rows)
        for senders in self._senders.values():
            if at := senders.tries_at():
                self._claim_at = min(self._claim_at, time.monotonic() + max(TICK, (at - self._now()) / 1000))
        if len(rows) >= ROOM:  # there may be more
            self._claim_at = time.monotonic() + TICK

    def _look_for_receipts(self) -> None:
        """Apart from the claim, so that neither can hold up the other."""
        self._look_at = time.monotonic() + CLAIM_EVERY
        self._looking = future = started(
            self._transact, lambda tx: nextcontact.overdue(tx, self._contacts, self._now())
        )
        future.add_done_callback(self._looked)

    def _looked(self, future: "Future[tuple[list[Notification], int | None]]") -> None:
        self._looking = None
        if error := future.exception():
            log.error("could not look for receipts that are overdue", error=repr(error))
            return
        owed, next_at = future.result()
        if next_at is not None:
            due = time.monotonic() + max(TICK, (next_at - self._now()) / 1000)
            self._look_at = min(self._look_at, due)
        if owed:
            self.send(owed)
            self._settled({row.alert for row in owed})

    def _mine(self) -> set[int]:
        with self._lock:
            return {row.id for row in self._held.values() if row.id is not None}

    def _take_over(self, tx: Connection, standing: Collection[str]) -> list[Notification]:
        released = outbox.release_all(tx, self._now(), self._mine())
        if released:
            log.warning("sent again: their sender died before it told how it ended", rows=released)
        return outbox.sounding(tx, standing)


def _lost(ended: Ended) -> Lost | None:
    """Whether this can never be delivered. That a phone was off all day is nobody's mistake."""
    match ended.outcome:
        case Failed(retry_at=None, reason=reason, dead=dead):
            return Lost(ended.row, reason, dead)
        case Progress(arrival=Arrival.LOST, dead=True, detail=reason):
            return Lost(ended.row, reason, True)
    return None
