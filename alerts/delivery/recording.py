"""Touches. Has outcomes recorded: those that end while one commit runs share the next. None is given up."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import msgspec
import structlog
from sqlalchemy import Connection

from alerts.clean import clean
from alerts.delivery.notification import Notification, Outcome
from ingest.bilingual import both

log = structlog.get_logger("alerts.delivery.recording")
T = TypeVar("T")
Transact = Callable[[Callable[[Connection], Any]], "Future[Any]"]


class Ended(msgspec.Struct, frozen=True):
    """How an attempt ended, or what a gateway said of it since; when, and how long the attempt took (ms)."""

    row: Notification
    outcome: Outcome
    at: int
    took: int = 0


class Recorder:
    """`settle` writes them, in a transaction; `recorded` hears of it after the commit, with its result."""

    def __init__(
        self,
        transact: Transact,
        settle: Callable[[Connection, list[Ended]], T],
        recorded: Callable[[list[Ended], T], None],
    ) -> None:
        self._transact, self._settle, self._heard = transact, settle, recorded
        self._lock = threading.Lock()
        self._waiting: list[Ended] = []
        self._future: Future[Any] | None = None
        self._stumbled = False  # the last commit failed: go one by one, so that one row cannot hold up all

    def add(self, *ended: Ended) -> None:
        with self._lock:
            self._waiting += ended
        self.record()

    def busy(self) -> bool:
        with self._lock:
            return bool(self._waiting or self._future)

    def record(self) -> None:
        """Begin the next commit, unless one is under way."""
        with self._lock:
            if self._future is not None or not self._waiting:
                return
            batch = self._waiting[:1] if self._stumbled else self._waiting
            self._waiting = self._waiting[len(batch) :]
            self._future = future = started(self._transact, lambda tx: self._settle(tx, batch))
        future.add_done_callback(lambda done: self._recorded(done, batch))

    def _recorded(self, future: "Future[Any]", batch: list[Ended]) -> None:
        error = future.exception()
        with self._lock:
            self._future = None
            self._stumbled = error is not None
            if error is not None:
                self._waiting += batch
        if error is not None:
            log.error("outcomes not recorded yet", rows=len(batch), error=repr(error))
            return
        self.record()
        self._heard(batch, future.result())


def in_both(zh: str, en: str) -> str:
    """For the record, whoever reads it; what the far end said is the same in both."""
    washed = clean(zh, 300), clean(en, 300)
    return both(*washed) if washed[0] and washed[0] != washed[1] else washed[1]


def started(transact: Transact, fn: Callable[[Connection], T]) -> "Future[T]":
    """The future of `fn`; one that has failed already when it could not even be handed over."""
    try:
        return transact(fn)
    except Exception as error:
        failed: Future[T] = Future()
        failed.set_exception(error)
        return failed
