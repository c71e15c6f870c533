"""Touches. One channel's waiting line and the threads that empty it: no channel ever waits for another.

An attempt that lasts longer than LIMIT is cut: its outcome is unknown, and a fresh thread takes the place of
the one that hangs, up to a bound, so that one dead gateway can neither stop its own channel nor fill memory.
What stands in line when the breaker opens is given back: it is not to wait for a gateway that does not work.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog

from alerts.delivery import bundle
from alerts.delivery.breaker import Breaker
from alerts.delivery.channels.channel import Channel, ChannelError, Notice, OneByOne, Receipt
from alerts.delivery.notification import Notification

log = structlog.get_logger("alerts.delivery.senders")

LIMIT = 10.0  # seconds for one attempt
ROOM = 1000  # rows in line; what finds no room is claimed again when its lease has run out
WAITED = 2.0  # seconds in line after which it is asked whether a row is still owed
SPARE = 3  # hanging threads that are replaced, for each worker

Result = Receipt | ChannelError | None
"""How an attempt ended; None when the row was not owed any more."""


class _InLine(NamedTuple):
    row: Notification
    since: float
    door: bundle.Door | None


class _Attempt:
    """One message. `rows` are the notices that are in it."""

    __slots__ = ("cut", "replaced", "rows", "since")

    def __init__(self, rows: list[Notification], since: float) -> None:
        self.rows = rows
        self.since = since
        self.cut = False  # given up: what it brings after all is not heard
        self.replaced = False  # another thread works in its stead

    def took(self) -> int:
        return int((time.monotonic() - self.since) * 1000)


class Senders:
    """`still_owed` is asked for rows that waited in line; `done` hears how each attempt ended and how many
    ms it took, and `turned` that the breaker has opened (with what stood in line) or closed: on a sender's
    thread or on that of cut()."""

    def __init__(
        self,
        channel: Channel,
        still_owed: Callable[[list[Notification]], list[Notification]],
        done: Callable[[Sequence[Notification], Result, int], None],
        turned: Callable[[str, Sequence[Notification]], None],
        now: Callable[[], int],
        notice: Callable[[Sequence[Notification]], Notice] = bundle.notice,
    ) -> None:
        self.channel = channel
        self._notice = notice
        self.one_by_one = isinstance(channel, OneByOne)
        self._still_owed = still_owed
        self._done = done
        self._turned = turned
        self._now = now
        self._breaker = Breaker()
        self._firsts = bundle.Firsts()
        self._urgent: deque[_InLine] = deque()  # life safety goes first
        self._rest: deque[_InLine] = deque()
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

    def put(self, rows: Sequence[Notification]) -> bool:
        """What may be one message into the line; False when it is full, which it never is for life safety."""
        with self._some:
            urgent = rows[0].life_safety
            if not urgent and len(self._urgent) + len(self._rest) >= ROOM:
                return False
            since = time.monotonic()
            (self._urgent if urgent else self._rest).extend(
                _InLine(row, since, self._door(row)) for row in rows
            )
            self._some.notify()
        return True

    def lets(self, row: Notification) -> bool:
        """Whether the breaker lets a message through that begins with it. Trying a channel is what a test is
        for, and what could not be written has nowhere to wait."""
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
            self._end(attempt, _too_late())

    def _hire(self) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        name = f"sender-{self.channel.name}-{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            attempt, waited = taken
            result = self._attempt(attempt, waited)
            with self._some:
                self._busy.discard(attempt)
                if attempt.replaced:
                    self._spare += 1
                    return
            if not attempt.cut:
                self._end(attempt, result)

    def _end(self, attempt: _Attempt, result: Result) -> None:
        """Whatever goes wrong in telling how it ended, this thread goes on, and the rows are let go: when
        their lease has run out they are sent again."""
        try:
            self._ended(attempt, result)
        except Exception:
            keys = [row.key for row in attempt.rows]
            log.exception("how an attempt ended could not be told", channel=self.channel.name, keys=keys)
            self._done(attempt.rows, None, 0)

    def _ended(self, attempt: _Attempt, result: Result) -> None:
        with self._some:
            turned, back = self._judged(attempt.rows, result), list[Notification]()
            if turned and self._breaker.tries_at() is not None:
                back = [one.row for one in (*self._urgent, *self._rest) if _waits(one.row)]
                self._urgent = deque(one for one in self._urgent if not _waits(one.row))
                self._rest = deque(one for one in self._rest if not _waits(one.row))
                self._breaker.awaited(any(row.life_safety for row in (*attempt.rows, *back)))
        self._done(attempt.rows, result, attempt.took())
        if turned:
            self._turned(self.channel.name, back)

    def _judged(self, rows: Sequence[Notification], result: Result) -> bool:
        match result:
            case None:
                self._breaker.unused()
                return False
            case ChannelError(personal=True):
                self._breaker.unused()
                return False
            case ChannelError(permanent=False):
                return self._breaker.failed(rows[0].key, self._now(), result.retry_after or 0)
        return self._breaker.answered()

    def _take(self) -> tuple[_Attempt, float] | None:
        with self._some:
            while not (self._urgent or self._rest or self._stopping):
                self._some.wait()
            if self._stopping:
                return None
            line = self._urgent or self._rest
            since = line[0].since
            alone = self._firsts.first(line[0].row, self._now())
            attempt = _Attempt([line.popleft().row] if alone else _next(line), time.monotonic())
            self._busy.add(attempt)
            if self._urgent or self._rest:
                self._some.notify()
            return attempt, attempt.since - since

    def _door(self, row: Notification) -> bundle.Door | None:
        return None if self.one_by_one else bundle.door(row)

    def _attempt(self, attempt: _Attempt, waited: float) -> Result:
        try:
            if waited > WAITED:
                self._part(attempt)
            return self.channel.send(self._notice(attempt.rows)) if attempt.rows else None
        except ChannelError as error:
            return error
        except Exception as error:
            keys = [row.key for row in attempt.rows]
            log.exception("a channel failed in our own code", channel=self.channel.name, keys=keys)
            return ChannelError(f"our own code failed: {type(error).__name__}", False, unknown=True)

    def _part(self, attempt: _Attempt) -> None:
        """What is owed no more leaves the message."""
        rows = attempt.rows
        attempt.rows = self._still_owed(rows)
        owed = {row.key for row in attempt.rows}
        if moot := [row for row in rows if row.key not in owed]:
            self._done(moot, None, 0)


def _next(line: "deque[_InLine]") -> list[Notification]:
    """Out of the line: its first, and all that may go in the same message."""
    first = line.popleft()
    if first.door is None:
        return [first.row]
    rows, left = [first.row], list[_InLine]()
    for one in line:
        if one.door == first.door and len(rows) < bundle.MOST:
            rows.append(one.row)
        else:
            left.append(one)
    if len(rows) > 1:
        line.clear()
        line.extend(left)
    return rows


def _waits(row: Notification) -> bool:
    return row.id is not None and not row.is_trial


def _too_late() -> ChannelError:
    return ChannelError(
        f"no answer within {LIMIT:.0f} s", False, zh=f"{LIMIT:.0f} 秒内没有应答", unknown=True
    )
