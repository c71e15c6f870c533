"""Touches. The writer: the one thread that writes the state database and drives the pipeline.

People's acts and delivery's outcomes go first, then the session `life`, then the rest. When a commit fails
the batch is held and tried again, never settled and never dropped, and what concerns life safety sounds
at once through the in-memory desk (P6).
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from alerts.alert import Fact
from alerts.desk import Outcome
from alerts.emergency import Emergency
from ingest import spool
from ingest.message import Message
from ingest.reading import Reading
from rules.verdict import Verdict
from tocsin import pipeline
from tocsin.database import Database
from tocsin.house import House, Prepared

log = structlog.get_logger("tocsin.writer")
T = TypeVar("T")

BATCH = 1000  # messages in one transaction: some 20 ms of thinking
BESIDE_LIFE = 300  # ordinary messages that may share a transaction with what came from `life`
FLOOD = 30  # messages in a batch, above which the next one waits a moment for company
LINGER = 0.006  # seconds of that moment: fewer, larger commits leave more of the processor to everybody
RETRY = 0.2  # seconds between tries of a failing commit
SAVE_EVERY = 30_000  # ms between two savings of the latest points
IDLE = 1.0  # seconds at most between two looks at the deadlines


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
        self._jobs: deque[tuple[Callable[[Connection], Any], Future[Any]]] = deque()
        self._held = Prepared()
        self.messages = 0  # committed since the start
        self._saved_at = now()
        self._trim_to: int | None = None
        self._some = threading.Event()
        self._act = threading.Event()  # somebody waits for an answer
        self._flooded = False
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
        self._some.set()

    def deliver_all(self, messages: list[Message]) -> None:
        self._all.extend(messages)
        self._some.set()

    def report(self, reading: Reading) -> None:
        """A reading of Tocsin's own, to be judged like any other."""
        self._reports.append(reading)
        self._some.set()

    def transact(self, fn: Callable[[Connection], T]) -> Future[T]:
        """Run `fn` in the next transaction; the future has its result once that is committed."""
        future: Future[T] = Future()
        self._jobs.append((fn, future))
        self._act.set()
        self._some.set()
        return future

    def apply(self, facts: list[Fact]) -> Future[Outcome]:
        """People's acts, through the desk."""
        return self.act(lambda tx: pipeline.apply_facts(self.house, tx, facts, self._now()))

    def act(self, fn: Callable[[Connection], Outcome]) -> Future[Outcome]:
        """Like `transact`, for what changes alerts: delivery and the screens hear of it after the commit."""
        future = self.transact(fn)
        future.add_done_callback(self._told)
        return future

    def _told(self, future: Future[Outcome]) -> None:
        if future.exception() is None:
            self._committed(Prepared(), future.result())

    def look_again(self) -> None:
        """Something may be due at the desk that it did not plan itself."""
        self.house.desk_due = 0
        self._some.set()

    def waiting(self) -> dict[str, int]:
        return {"life": len(self._life), "all": len(self._all), "held": len(self._held.messages)}

    def consumed(self, position: int) -> None:
        """The history has everything up to this position of the spool."""
        self._trim_to = position

    # ---- the writer's thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        while not (self._stopped.is_set() and not self._jobs):
            try:
                self.turn()
            except Exception:  # whatever it is, this thread must go on: it is the one that raises alarms
                log.exception("a turn of the writer failed")
                self._stopped.wait(RETRY)
            if self.failing:
                self._stopped.wait(RETRY)
            elif not (self._jobs or self._life or self._all or self._reports):
                self._some.wait(self._idle())
                self._some.clear()
            elif self._flooded:
                self._act.wait(LINGER)
            self._act.clear()

    def _idle(self) -> float:
        house = self.house
        moments = [house.desk_due, house.memories.next_due(), house.supervision.next_due()]
        soonest = min((m for m in moments if m is not None), default=None)
        if soonest is None:
            return IDLE
        return min(IDLE, max(0.0, (soonest - self._now()) / 1000))

    def turn(self) -> None:
        """Do what waits: one round of people's acts, then one batch."""
        self._work_jobs()
        now = self._now()
        life = [self._life.popleft() for _ in range(min(len(self._life), BATCH))]
        room = min(len(self._all), BESIDE_LIFE if life else BATCH)
        messages = life + [self._all.popleft() for _ in range(room)]
        self._flooded = FLOOD <= len(messages) < BESIDE_LIFE
        reports = [self._reports.popleft() for _ in range(len(self._reports))]
        pipeline.prepare(self.house, self._held, messages, reports, now)
        if self._held or self._something_due(now):
            self._commit(now)
        if now - self._saved_at >= SAVE_EVERY and not self.failing:
            self._save(now)

    def _something_due(self, now: int) -> bool:
        desk_due, memory_due = self.house.desk_due, self.house.memories.next_due()
        return (desk_due is not None and desk_due <= now) or (memory_due is not None and memory_due <= now)

    def _work_jobs(self) -> None:
        """Each job in a savepoint of its own, all in one transaction: one cannot undo another."""
        jobs = [self._jobs.popleft() for _ in range(len(self._jobs))]
        if not jobs:
            return
        done: list[tuple[Future[Any], Any]] = []
        try:
            with self._database.transaction() as tx:
                for fn, future in jobs:
                    self._work_job(tx, fn, future, done)
        except SQLAlchemyError as error:
            self.house.desk_due = 0
            for future, _ in done:
                future.set_exception(error)
            return
        for future, result in done:
            future.set_result(result)

    def _work_job(
        self,
        tx: Connection,
        fn: Callable[[Connection], Any],
        future: Future[Any],
        done: list[tuple[Future[Any], Any]],
    ) -> None:
        savepoint = tx.begin_nested()
        try:
            result = fn(tx)
            savepoint.commit()
        except Exception as error:
            if savepoint.is_active:
                savepoint.rollback()
            future.set_exception(error)
        else:
            done.append((future, result))

    def _commit(self, now: int) -> None:
        house, held = self.house, self._held
        house.memories.mark()
        verdicts = pipeline.think(house, held)
        try:
            with self._database.transaction() as tx:
                outcome, unheard = pipeline.write(house, tx, held, verdicts, now)
        except Exception as error:
            self._failed(verdicts, error, now)
            return
        self._held = Prepared()
        house.memories.committed()
        house.seen.committed()
        house.latest.note(held.readings)
        house.position += 1 if held.readings else 0
        self._committed(held, outcome)
        for message in held.messages:
            message.settle()
        self.messages += len(held.messages)
        if self.failing:
            log.warning("commits work again", was=self.failing)
            self.failing = ""
            self._emergency.clear()
        self._emergency.sound(unheard, now)

    def _failed(self, verdicts: list[Verdict], error: Exception, now: int) -> None:
        self._emergency.sound([v for v in verdicts if v.life_safety], now)
        self.house.memories.rollback()
        self.house.desk_due = 0
        if not self.failing:
            log.error("commit failed; the batch is held", exc_info=error)
        self.failing = f"{type(error).__name__}: {error}"[:300]

    def _save(self, now: int) -> None:
        self._saved_at = now
        house, upto = self.house, self._trim_to
        try:
            with self._database.transaction() as tx:
                house.latest.save(tx, house.position)
                if upto is not None:
                    spool.trim(tx, upto)
        except SQLAlchemyError as error:
            log.error("latest points could not be stored", error=str(error))
            return
        house.latest.saved()
