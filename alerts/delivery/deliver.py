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
from alerts.delivery import bundle, nextcontact, outbox, retry
from alerts.delivery.channels.channel import (
    Arrival,
    Channel,
    ChannelError,
    Local,
    Notice,
    Progress,
    Receipt,
    Standing,
    Tracked,
)
from alerts.delivery.gateways import Gateways
from alerts.delivery.health import Health
from alerts.delivery.losses import Losses
from alerts.delivery.nextcontact import Contacts
from alerts.delivery.notification import (
    BLOCKED,
    FULL,
    GATHERED,
    Failed,
    Held,
    Lost,
    Notification,
    Outcome,
    no_such_channel,
)
from alerts.delivery.offrecord import OffRecord
from alerts.delivery.recording import Ended, Recorder, Transact, in_both, started
from alerts.delivery.rewording import Rewording
from alerts.delivery.rungs import with_own_lines
from alerts.delivery.senders import ROOM, Result, Senders
from alerts.delivery.tracking import Tracker

log = structlog.get_logger("alerts.delivery.deliver")

Report = Callable[[str, str, str], None]

TICK = 0.5  # seconds between two looks at attempts that hang and outcomes that wait
CLAIM_EVERY = 5.0  # seconds at most between two claims
TAKE_OVER = 5.0  # seconds for new notices to start sirens anew; at a start, for the database to name them
GRACE = 3.0  # seconds stop() gives to attempts under way
ASK = 2.0  # seconds to wait for the database before sending something that may be owed no more


class Delivery:
    """After the commit `settled` hears the ids of alerts whose notices have a new outcome, and `lost` the
    notices that can never be delivered to a person, of each address once an hour at most. `contacts` of a
    person are asked anew each time one of them fails; `used` are the channels on which people can be told.
    `notice` makes the message of rows; `anew` puts what goes out late into new words; `limits` say how many
    messages a person gets."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        transact: Transact,
        report: Report,
        now: Callable[[], int],
        settled: Callable[[Collection[int]], None] = lambda alerts: None,
        lost: Callable[[Sequence[Lost]], "Future[Any] | None"] = lambda lost: None,
        contacts: Contacts = lambda person: (),
        used: Callable[[], Collection[str]] = lambda: (),
        notice: Callable[[Sequence[Notification]], Notice] = bundle.notice,
        anew: Rewording = lambda tx, rows: rows,
        limits: bundle.Limits = bundle.Limits(),  # noqa: B008 - it never changes
    ) -> None:
        self._anew = anew
        self._channels = channels
        self._transact = transact
        self._now = now
        self._settled, self._lost = settled, lost
        self._losses = Losses()
        local = [name for name, one in channels.items() if isinstance(one, Local)]
        self._contacts: Contacts = lambda person: with_own_lines(contacts(person), local)
        self._health = Health(report)
        self.gateways = Gateways(report, now, local, used)
        self._senders = {
            name: Senders(one, self._still_owed, self._done, self._turned, now, notice)
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
        self._looking: Future[Any] | None = None
        self._claim_at = self._look_at = 0.0  # when it is looked what is due, and which receipts are overdue
        self._off_record = OffRecord()
        self._pace = bundle.Pace(limits)
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
        apart = {name for name, one in self._senders.items() if one.one_by_one}
        for together in bundle.bundles(self._accepted(rows), apart):
            self._line_up(together)

    def written_again(self, clears: Sequence[Notification]) -> None:
        """Commits work again: whom an unrecorded notice did not reach, the real desk tells. Its sirens end a
        moment later, when the record's own notices have started those that must sound on."""
        self._off_record.written_again(clears, self._now(), TAKE_OVER)

    def poke(self) -> None:
        """Something may be due."""
        self._claim_at = 0.0
        self._wake.set()

    # ---- a row's way -----------------------------------------------------------------------------------

    def _accepted(self, rows: Sequence[Notification]) -> list[Notification]:
        """Those that are not in hand already."""
        with self._lock:
            new = {row.key: row for row in rows if row.key not in self._held}
            self._held |= new
        for row in new.values():
            if row.id is None:
                self._off_record.begun(row)
        return list(new.values())

    def _line_up(self, rows: Sequence[Notification]) -> None:
        """What may be one message."""
        first, now = rows[0], self._now()
        senders = self._senders.get(first.channel)
        if senders is None:
            self._ended(rows, no_such_channel(first.channel))
        elif wait := 0 if senders.one_by_one else self._paced(first, now):
            self._hold(rows, wait, GATHERED)
        elif not senders.lets(first):
            self._hold(rows, senders.tries_at() or now, BLOCKED)
        elif not senders.put(rows):
            self._hold(rows, now + outbox.LEASE, FULL)

    def _paced(self, first: Notification, now: int) -> int:
        with self._lock:
            return self._pace.wait(first, now)

    def _hold(self, rows: Sequence[Notification], until: int, reason: str) -> None:
        now = self._now()
        self._claim_at = min(self._claim_at, time.monotonic() + (until - now) / 1000)
        self._recorder.add(*(Ended(row, Held(until, reason), now) for row in rows))

    def _turned(self, channel: str, rows: Sequence[Notification]) -> None:
        """A gateway has ceased to work, or works again."""
        works = self._senders[channel].tries_at() is None
        log.warning("a gateway works again" if works else "a gateway does not work", channel=channel)
        with self._lock:
            self._turns.add(channel)
        if rows:
            self._hold(rows, self._senders[channel].tries_at() or self._now(), BLOCKED)
        self.poke()

    def _forget(self, rows: Sequence[Notification]) -> None:
        with self._lock:
            for row in rows:
                self._held.pop(row.key, None)

    def _still_owed(self, rows: list[Notification]) -> list[Notification]:
        """When the database cannot say, it is sent: one too many is better than one too few."""
        if all(row.id is None for row in rows):
            return rows

        def ask(tx: Connection) -> list[Notification]:
            owed = [row for row in rows if row.id is None or outbox.renew(tx, row.id, self._now())]
            return self._anew(tx, owed)

        try:
            return list(self._transact(ask).result(ASK))
        except Exception as error:
            log.warning("sent without asking again", keys=[row.key for row in rows], error=repr(error))
            return rows

    def _done(self, rows: Sequence[Notification], result: Result, took: int) -> None:
        """An attempt has ended, on a sender's thread. All that was in the message shares its outcome."""
        match result:
            case None:
                self._forget(rows)
            case Receipt():
                many = bundle.together(len(rows))
                said = in_both(f"{result.zh}{many.zh}", f"{result.detail}{many.en}")
                self._ended(rows, Receipt(result.accepted, clean(result.id, 200), said), took)
            case ChannelError():
                self._ended(rows, self._failed(rows, result), took)

    def _failed(self, rows: Sequence[Notification], error: ChannelError) -> Failed:
        row, many = rows[0], bundle.together(len(rows) if error.unknown else 1)
        reason = in_both(f"{error.zh or error.reason}{many.zh}", f"{error.reason}{many.en}")
        log.warning(
            "not delivered", channel=row.channel, key=row.key, reason=error.reason, final=error.permanent
        )
        outcome = retry.failed(error, reason, row.attempts, now := self._now(), random.uniform(0.5, 1))
        if outcome.retry_at is not None:
            self._claim_at = min(self._claim_at, time.monotonic() + (outcome.retry_at - now) / 1000)
        return outcome

    def _ended(self, rows: Sequence[Notification], outcome: Outcome, took: int = 0) -> None:
        self._health.note(rows[0].channel, outcome, rows[0].is_trial)
        self.gateways.tried(rows[0], outcome, took)
        now = self._now()
        for row in rows:
            if row.id is None:
                self._forget([row])
                self._off_record.ended(row, outcome, now)
        self._recorder.add(*(Ended(row, outcome, now, took) for row in rows if row.id is not None))

    def _told(self, heard: Sequence[tuple[Notification, Progress]]) -> None:
        """What a gateway says of earlier messages, on a tracker's thread. A siren that keeps silent has no
        next contact, so it is a fault."""
        for row, said in heard:
            if not row.person and said.arrival is Arrival.LOST:
                self._health.note(row.channel, Failed(in_both(said.zh, said.detail), None), row.is_trial)
        self._recorder.add(*(Ended(row, said, self._now()) for row, said in heard))

    # ---- recording what came of it -----------------------------------------------------------------------

    def _settle(self, tx: Connection, batch: list[Ended]) -> list[Notification]:
        return nextcontact.settled(tx, batch, self._every, self._contacts, self._now())

    def _recorded(self, batch: list[Ended], owed: list[Notification]) -> None:
        self._forget([one.row for one in batch if not isinstance(one.outcome, Progress)])
        self.send(owed)
        if any(isinstance(one.outcome, Held) for one in batch):
            self.poke()  # their next contacts are owed it
        for channel in {one.row.channel for one in batch if isinstance(one.outcome, Receipt)}:
            if channel in self._trackers:
                self._trackers[channel].expect()
        self._settled({one.row.alert for one in batch})
        if found := self._losses.new([(one.row, one.outcome) for one in batch], self._now()):
            self._tell_lost(found)

    def _tell_lost(self, found: Sequence[Lost]) -> None:
        try:
            told = self._lost(found)
        except Exception:
            log.exception("who cannot be reached could not be told")
            self._losses.untold(found)
            return
        if told is not None:
            told.add_done_callback(lambda done: self._losses.untold(found) if done.exception() else None)

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
        future.add_done_callback(lambda done: self._claimed(done, mended))

    def _take_due(
        self, tx: Connection, room: Mapping[str, int], shut: Mapping[str, int], mended: Collection[str]
    ) -> list[Notification]:
        """`shut`: gateways that do not work, and when each is tried again; `mended`: those that do again."""
        now = self._now()
        for channel in mended:
            outbox.hurry(tx, channel, now)
        rows = self._anew(tx, outbox.claim(tx, now, room, self._mine()))
        for channel, at in shut.items():
            if at > now or any(row.channel == channel for row in rows):  # else its try is still to come
                outbox.hold(tx, channel, now, max(at, now + retry.FIRST_RETRY))
            rows += nextcontact.held(tx, channel, self._contacts, now)
        return rows

    def _claimed(self, future: "Future[list[Notification]]", mended: Collection[str]) -> None:
        self._claiming = None
        if error := future.exception():
            log.error("could not claim what is due", error=repr(error))
            with self._lock:
                self._turns.update(mended)
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
