"""Touches. The writer: the one thread that writes the state database and drives the pipeline.

People's acts and delivery's outcomes go first, then the session `life`, then the rest. When a commit fails
the batch is held and tried again, never settled and never dropped, and what concerns life safety sounds
at once through the in-memory desk (P6).
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from alerts.delivery.emergency import Emergency
from alerts.desk import AnyFact, Outcome
from dashboard.service import Within
from ingest import pending, spool
from ingest.message import Message, settle
from ingest.reading import Reading
from tocsin import pipeline
from tocsin.database import Database
from tocsin.glance import glance
from tocsin.hand_over import apply_facts
from tocsin.house import House, Prepared

log = structlog.get_logger("tocsin.writer")
T = TypeVar("T")

OUTAGE = (OperationalError, InterfaceError, OSError)  # the database is away or full: hold and try again

BATCH = 1000  # messages in one transaction: some 20 ms of thinking
SLICE = 100  # ordinary messages judged at once: what comes from `life` meanwhile waits for no more
STEP = 5  # of these between two looks at the clock: a single message can cost as much as a thousand
LONGEST_SLICE = 0.02  # seconds
BESIDE_ALARM = 20  # the same where something happened: it waits for them before its commit
LINGER = 0.025  # seconds that messages in which nothing happened wait for company
RETRY = 0.2  # seconds between tries of a failing commit
SAVE_EVERY = 15_000  # ms between two savings of the latest points
SAVE_NEXT = 40  # ms between two pieces of one saving
IDLE = 1.0  # seconds at most between two looks at the deadlines
HANGS = 3_000  # ms after which a transaction that neither succeeds nor fails is taken for a failure


@dataclass(frozen=True)
class Job:
    """`told`: its result is an Outcome, of which delivery and the screens must hear after the commit."""

    work: Callable[[Connection], Any]
    future: Future[Any]
    told: bool = False


class Writer:
    """Owns `house` and `database.transaction()`. Everything else hands it work."""

    def __init__(
        self,
        house: House,
        database: Database,
        emergency: Emergency,
        now: Callable[[], int],
        committed: Callable[[Prepared, Outcome], None],
    ) -> None:
        self.house = house
        self.failing = ""  # why the last commit failed; "" while all is well
        self._database = database
        self._emergency = emergency
        self._now = now
        self._committed = committed
        self._life: deque[Message] = deque()
        self._all: deque[Message] = deque()
        self._reports: deque[Reading] = deque()
        self._jobs: deque[Job] = deque()
        self._held = Prepared()
        self.messages = 0  # committed since the start
        self._save_at = now() + SAVE_EVERY
        self._trim_to: int | None = None
        self._some = threading.Event()
        self._urgent = threading.Event()  # not set by ordinary messages, which may wait for company
        self._commit_by: float | None = None  # by when what waits is committed (time.monotonic)
        self._asked = False  # somebody waits for an answer
        self._each = False  # the desk failed on the last try
        self._begun: int | None = None  # when the transaction under way began
        self._glanced = 0  # of `_life`, how many were looked at while it hangs
        self._overheard: deque[Message] = deque()  # what nobody was promised, while nothing can be written
        self._ending = threading.Lock()  # a transaction does not end while somebody looks at it
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    # ---- called from other threads -------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._some.set()
        self._thread.join(30)

    def deliver_life(self, messages: list[Message]) -> None:
        self._life.extend(messages)
        self._hurry()

    def deliver_all(self, messages: list[Message]) -> None:
        self._all.extend(messages)
        self._some.set()

    def overhear(self, messages: list[Message]) -> None:
        """Of life safety, heard while commits fail: it sounds and is not kept. The broker keeps it."""
        self._overheard.extend(messages)

    def report(self, reading: Reading) -> None:
        """A reading of Tocsin's own, to be judged like any other."""
        self._reports.append(reading)
        self._hurry()

    def transact(self, fn: Callable[[Connection], T]) -> Future[T]:
        """Run `fn` in the next transaction; the future has its result once that is committed."""
        return self._ask(Job(fn, Future()))

    def transact_soon(self, fn: Callable[[Connection], T]) -> Future[T]:
        """The same for what nobody waits for: it may wait for company as ordinary messages do."""
        job = Job(fn, Future())
        self._jobs.append(job)
        self._some.set()
        return job.future

    def apply(self, facts: list[AnyFact], within: Within | None = None) -> Future[Outcome]:
        """People's acts, through the desk; `within` is run around it, in its transaction."""

        def act(tx: Connection) -> Outcome:
            try:
                made: Outcome = around(tx, lambda: apply_facts(self.house, tx, facts, self._now()))
            except Exception:
                self.house.desk_due = 0  # it may have been moved before the act was undone: look again
                raise
            return made

        around = within or (lambda tx, desk: desk())
        return self.act(act)

    def act(self, fn: Callable[[Connection], Outcome]) -> Future[Outcome]:
        """Like `transact`, for what changes alerts: delivery and the screens hear of it after the commit."""
        return self._ask(Job(fn, Future(), told=True))

    def _ask(self, job: Job) -> Future[Any]:
        self._jobs.append(job)
        self._asked = True  # only now: a turn that finds nothing to do must not use it up
        self._hurry()
        return job.future

    def _hurry(self) -> None:
        self._urgent.set()
        self._some.set()

    def look_again(self) -> None:
        """Something may be due at the desk that it did not plan itself."""
        self.house.desk_due = 0
        self._some.set()

    def look(self) -> None:
        """For the watch, every second. A dying disk often hangs where it should fail: then what was judged
        sounds at once, and so does what came since, at first sight."""
        with self._ending:
            now, begun = self._now(), self._begun
            if begun is None or now - begun < HANGS:
                return
            if not self.failing:
                self._overheard.clear()  # as in _sound
                self.failing = f"the database has not answered for {(now - begun) // 1000} s"
            came = list(self._life)
            new, self._glanced = came[self._glanced :], len(came)
            self._sound(new, now)

    def waiting(self) -> dict[str, int]:
        return {"life": len(self._life), "all": len(self._all), "held": len(self._held.messages)}

    def consumed(self, position: int) -> None:
        """The history has everything up to this position of the spool."""
        self._trim_to = position

    # ---- the writer's thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        while not (self._stopped.is_set() and not self._jobs):
            self._some.clear()
            self._urgent.clear()
            try:
                self.turn()
            except Exception:  # whatever it is, this thread must go on: it is the one that raises alarms
                log.exception("a turn of the writer failed")
                self._stopped.wait(RETRY)
            if self.failing:
                self._stopped.wait(RETRY)
            elif self._all or self._life or self._reports:
                continue
            elif self._held or self._jobs:
                self._urgent.wait(self._linger())
            else:
                self._some.wait(self._idle())

    def _idle(self) -> float:
        house = self.house
        moments = [house.desk_due, house.memories.next_due(), house.supervision.next_due()]
        soonest = min((m for m in moments if m is not None), default=None)
        if soonest is None:
            return IDLE
        return min(IDLE, max(0.0, (soonest - self._now()) / 1000))

    def turn(self, flush: bool = False) -> None:
        """Judge what has come. An alarm, an act or a deadline commits at once; the rest waits for company,
        unless told to `flush`."""
        now = self._now()
        asked, self._asked = self._asked, False
        self._judge(now)
        waiting = bool(self._held or self._jobs)
        if waiting and self._commit_by is None:
            self._commit_by = time.monotonic() + LINGER
        if asked or self._something_due(now) or (waiting and (flush or self._full())):
            self._commit([self._jobs.popleft() for _ in range(len(self._jobs))], now)
        elif now >= self._save_at and not self.failing:
            self._save(now)
        if not self.failing:
            self._make_up(now)

    def _make_up(self, now: int) -> None:
        """For what the desk failed on, though commits work: its ladder, and another try to write it."""
        self._emergency.climb(now)
        for verdict in self._emergency.to_offer(now):
            self.apply([verdict])

    def _judge(self, now: int) -> None:
        house, held = self.house, self._held
        if not held:
            house.memories.mark()
        if self._life:
            pipeline.prepare(house, held, _take(self._life, BATCH), (), now)
            pipeline.think(house, held)
        pipeline.prepare(house, held, (), _take(self._reports, BATCH), now)
        left, until = BESIDE_ALARM if held.verdicts else SLICE, time.monotonic() + LONGEST_SLICE
        while self._all and left > 0 and time.monotonic() < until:
            ordinary = _take(self._all, STEP)
            pipeline.read(house, held, ordinary)
            left -= len(ordinary)
        pipeline.think(house, held)

    def _full(self) -> bool:
        held = self._held
        return bool(held.verdicts) or len(held.messages) >= BATCH or not self._linger()

    def _linger(self) -> float:
        """Seconds that what waits may still wait for company."""
        return 0.0 if self._commit_by is None else max(0.0, self._commit_by - time.monotonic())

    def _something_due(self, now: int) -> bool:
        return self.house.desk_due is not None and self.house.desk_due <= now

    def _commit(self, jobs: list[Job], now: int) -> None:
        """People's acts and the batch in one transaction; an act that fails undoes only itself."""
        house, held = self.house, self._held
        done: list[tuple[Job, Any]] = []
        try:
            with self._transaction() as tx:
                for job in jobs:
                    _work(tx, job, done)
                outcome, unheard = pipeline.write(house, tx, held, now, self._each)
        except Exception as error:
            if self._each or isinstance(error, OUTAGE):  # or it failed although every fact was tried alone
                for job in jobs:  # also those that were never begun: somebody waits for each
                    if not job.future.done():
                        job.future.set_exception(error)
                self._failed(error, now)
                return
            log.exception("the batch failed; every fact is tried alone")
            self._each = True
            self._jobs.extendleft(job for job in reversed(jobs) if not job.future.done())
            self._asked = bool(jobs)
            self._forget_thoughts()
            self._stopped.wait(RETRY)
            return
        self._held = Prepared()
        self._commit_by = None
        house.committed(bool(held.readings))
        for job, result in done:  # in the order in which they were written, acts before the batch
            if job.told:
                self._tell(Prepared(), result)
        self._tell(held, outcome)
        settle(held.messages)
        for job, result in done:
            if not job.future.done():
                job.future.set_result(result)
        house.latest.note(held.readings)
        self.messages += len(held.messages)
        self._emergency.judged(held.verdicts, unheard, now)
        if self.failing:
            log.warning("commits work again", was=self.failing)
            self.failing = ""
            self._emergency.clear()
        self._each = False

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Connection]:
        self._begun = self._now()
        try:
            with self._database.transaction() as tx:
                yield tx
        finally:
            with self._ending:
                self._begun, self._glanced = None, 0

    def _tell(self, held: Prepared, outcome: Outcome) -> None:
        """What is written is settled whatever its listeners do: a notice not handed on is claimed later."""
        try:
            self._committed(held, outcome)
        except Exception:
            log.exception("what was committed could not be told")

    def _forget_thoughts(self) -> None:
        """What was judged was not written: memory goes back, and everything is judged again."""
        self.house.memories.rollback()
        self.house.desk_due = 0
        self._held.forget_thoughts()

    def _failed(self, error: Exception, now: int) -> None:
        self._sound([], now)
        self._forget_thoughts()
        if not self.failing:
            log.error("commit failed; the batch is held", exc_info=error)
        self.failing = f"{type(error).__name__}: {error}"[:300]

    def _sound(self, unjudged: list[Message], now: int) -> None:
        """Life safety, unrecorded: what was judged, what was not, and what is only overheard."""
        if not self.failing:
            self._overheard.clear()  # the ear closes a moment after an outage: old news in the next
        house, heard = self.house, [self._overheard.popleft() for _ in range(len(self._overheard))]
        seen = glance(house.decoder, house.rules, house.registry, [*unjudged, *heard])
        self._emergency.sound([*self._held.to_sound(), *seen], now)
        self._emergency.pass_time(now)

    def _save(self, now: int) -> None:
        """A piece of what may be late: the latest points, and the spool that the history has."""
        house, upto = self.house, self._trim_to
        more = False
        try:
            with self._transaction() as tx:
                house.latest.save(tx, house.position)
                pending.save(tx, house.tray)
                if upto is not None:  # and a kill finds in the spool what the latest points still lack
                    more = spool.trim(tx, min(upto, house.latest.stored), house.position)
        except SQLAlchemyError as error:
            log.error("latest points could not be stored", error=str(error))
            self._save_at = now + SAVE_EVERY
            return
        house.tray.stored()
        done = house.latest.saved() and not more
        self._save_at = now + (SAVE_EVERY if done else SAVE_NEXT)


def _take(line: deque[T], most: int) -> list[T]:
    return [line.popleft() for _ in range(min(len(line), most))]


def _work(tx: Connection, job: Job, done: list[tuple[Job, Any]]) -> None:
    """One job in a savepoint of its own. Its result is told after the commit, its failure at once; an outage
    of the database is everybody's and goes up."""
    try:
        with tx.begin_nested():
            result = job.work(tx)
    except OUTAGE:
        raise
    except Exception as error:
        job.future.set_exception(error)
    else:
        done.append((job, result))
