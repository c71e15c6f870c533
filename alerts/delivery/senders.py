"""Touches. One channel's waiting line and the threads that empty it: no channel ever waits for another.

An attempt that lasts longer than LIMIT is cut: its outcome is unknown, and a fresh thread takes the place of
the one that hangs, up to a bound, so that one dead gateway can neither stop its own channel nor fill memory.
What stands in line when the breaker opens is given back: it is not to wait for a gateway that does not work.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from alerts.delivery.breaker import Breaker
from alerts.delivery.channels.channel import Channel, ChannelError, Receipt
from alerts.delivery.message import Purpose
from alerts.delivery.notification import Notification

log = structlog.get_logger("alerts.delivery.senders")

LIMIT = 10.0  # seconds for one attempt
ROOM = 1000  # rows in line; what finds no room is claimed again when its lease has run out
WAITED = 2.0  # seconds in line after which it is asked whether a row is still owed
SPARE = 3  # hanging threads that are replaced, for each worker

Result = Receipt | ChannelError | None
"""How an attempt ended; None when the row was not owed any more."""


class _Attempt:
    __slots__ = ("cut", "replaced", "row", "since")

    def __init__(self, row: Notification, since: float) -> None:
        self.row = row
        self.since = since
        self.cut = False  # given up: what it brings after all is not heard
        self.replaced = False  # another thread works in its stead

    def took(self) -> int:
        return int((time.monotonic() - self.since) * 1000)


class Senders:
    """`still_owed` is asked for a row that waited in line; `done` hears how each attempt ended and how many
    ms it took, and `turned` that the breaker has opened (with what stood in line) or closed: on a sender's
    thread or on that of cut()."""

    def __init__(
        self,
        channel: Channel,
        still_owed: Callable[[Notification], bool],
        done: Callable[[Notification, Result, int], None],
        turned: Callable[[str, Sequence[Notification]], None],
        now: Callable[[], int],
    ) -> None:
        self.channel = channel
        self._still_owed = still_owed
        self._done = done
        self._turned = turned
        self._now = now
        self._breaker = Breaker()
        self._urgent: deque[tuple[Notification, float]] = deque()  # life safety goes first
        self._rest: deque[tuple[Notification, float]] = deque()
        self._some = threading.Condition()
        self._busy: set[_Attempt] = set()
        self._spare = SPARE * channel.workers
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for _ in range(self.channel.workers):
            self._hire()

    def stop(self) -> None:
        """No new attempt begins."""
        with self._some:
            self._stopping = True
            self._some.notify_all()

    def put(self, row: Notification) -> bool:
        """Into the line; False when it is full, which it never is for life safety."""
        with self._some:
            if not row.life_safety and len(self._urgent) + len(self._rest) >= ROOM:
                return False
            (self._urgent if row.life_safety else self._rest).append((row, time.monotonic()))
            self._some.notify()
        return True

    def lets(self, row: Notification) -> bool:
        """Whether the breaker lets it through. Trying a channel is what a test is for, and what could not be
        written has nowhere to wait."""
        if not _waits(row):
            return True
        with self._some:
            return self._breaker.lets(row.life_safety, self._now())

    def tries_at(self) -> int | None:
        """When a gateway that does not work is tried again (ms); None while it works."""
        with self._some:
            return self._breaker.tries_at()

    def room(self) -> int:
        with self._some:
            return self._breaker.room(max(0, ROOM - len(self._urgent) - len(self._rest)), self._now())

    def busy(self) -> bool:
        with self._some:
            return bool(self._busy)

    def cut(self) -> None:
        """Give up the attempts that have lasted too long."""
        with self._some:
            late = [attempt for attempt in self._busy if time.monotonic() - attempt.since >= LIMIT]
            for attempt in late:
                self._busy.discard(attempt)
                attempt.cut = True
                attempt.replaced = self._spare > 0 and not self._stopping
                self._spare -= attempt.replaced
        for attempt in late:
            if attempt.replaced:
                self._hire()
            self._ended(attempt, _too_late())

    def _hire(self) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        name = f"sender-{self.channel.name}-{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            attempt, waited = taken
            result = self._attempt(attempt.row, waited)
            with self._some:
                self._busy.discard(attempt)
                if attempt.replaced:
                    self._spare += 1
                    return
            if not attempt.cut:
                self._ended(attempt, result)

    def _ended(self, attempt: _Attempt, result: Result) -> None:
        with self._some:
            turned, back = self._judged(attempt.row, result), list[Notification]()
            if turned and self._breaker.tries_at() is not None:
                back = [row for row, _ in (*self._urgent, *self._rest) if _waits(row)]
                self._urgent = deque(one for one in self._urgent if not _waits(one[0]))
                self._rest = deque(one for one in self._rest if not _waits(one[0]))
                self._breaker.awaited(any(row.life_safety for row in (attempt.row, *back)))
        self._done(attempt.row, result, attempt.took())
        if turned:
            self._turned(self.channel.name, back)

    def _judged(self, row: Notification, result: Result) -> bool:
        match result:
            case None:
                self._breaker.unused()
                return False
            case ChannelError(permanent=False):
                return self._breaker.failed(row.key, self._now(), result.retry_after or 0)
        return self._breaker.answered()

    def _take(self) -> tuple[_Attempt, float] | None:
        with self._some:
            while not (self._urgent or self._rest or self._stopping):
                self._some.wait()
            if self._stopping:
                return None
            row, since = (self._urgent or self._rest).popleft()
            attempt = _Attempt(row, time.monotonic())
            self._busy.add(attempt)
            return attempt, attempt.since - since

    def _attempt(self, row: Notification, waited: float) -> Result:
        try:
            if waited > WAITED and not self._still_owed(row):
                return None
            return self.channel.send(row.notice())
        except ChannelError as error:
            return error
        except Exception as error:
            log.exception("a channel failed in our own code", channel=self.channel.name, key=row.key)
            return ChannelError(f"our own code failed: {type(error).__name__}", False, unknown=True)


def _waits(row: Notification) -> bool:
    return row.id is not None and row.purpose is not Purpose.TEST


def _too_late() -> ChannelError:
    return ChannelError(
        f"no answer within {LIMIT:.0f} s", False, zh=f"{LIMIT:.0f} 秒内没有应答", unknown=True
    )
