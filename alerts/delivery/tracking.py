"""Touches. Asks a gateway what became of the messages it took, until it is known or too long ago.

Each channel that can be asked has a thread of its own, which nobody waits for: one that hangs delays neither
sending nor the questions to others. What is asked, and when, is in the rows, so a restart goes on.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import structlog

from alerts.delivery import receipts
from alerts.delivery.channels.channel import ChannelError, Progress, Receipt, Tracked
from alerts.delivery.notification import Failed, Notification, Outcome
from alerts.delivery.recording import Transact, in_both

log = structlog.get_logger("alerts.delivery.tracking")

MOST = 100  # messages of one question
IDLE = 60.0  # seconds between two looks when nothing is waited for
SOONEST = 0.5  # seconds between two looks
LONGEST = 600.0  # seconds between two questions that failed
HANGS = 60.0  # seconds after which a question that has no answer is a fault
DATABASE = 30.0  # seconds that are waited for the rows

Taken = tuple[list[receipts.Waiting], int | None]
Told = Callable[[Sequence[tuple[Notification, Progress]]], None]


class Tracker:
    """`told` hears what is new; `say` an outcome for health: whether the gateway can be asked at all."""

    def __init__(
        self,
        name: str,
        channel: Tracked,
        transact: Transact,
        told: Told,
        say: Callable[[str, Outcome], None],
        now: Callable[[], int],
    ) -> None:
        self.name = f"{name} (receipts)"
        self._channel_name, self._channel = name, channel
        self._transact, self._told, self._say, self._now = transact, told, say, now
        self._some = threading.Condition()
        self._at = 0.0  # time.monotonic() of the next look
        self._asking: float | None = None
        self._failures = 0
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name=f"receipts-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._some:
            self._stopping = True
            self._some.notify()

    def expect(self) -> None:
        """A message was accepted: it is asked about when it is `every` old."""
        if not self._failures:
            self._plan(self._channel.every / 1000)

    def watch(self) -> None:
        """For delivery's clock: a question that hangs is told, once."""
        since = self._asking
        if since is not None and time.monotonic() - since > HANGS:
            self._asking = None
            self._failed(ChannelError("a question about receipts hangs", False, zh="查询回执没有应答"))

    def _plan(self, seconds: float) -> None:
        with self._some:
            self._at = min(self._at, time.monotonic() + seconds)
            self._some.notify()

    def _work(self) -> None:
        while self._wait():
            pause = LONGEST
            try:
                pause = self._look()
            except Exception:
                log.exception("the question about receipts stumbled and goes on", channel=self._channel_name)
                self._failures += 1
            self._plan(max(SOONEST, pause))

    def _wait(self) -> bool:
        """True when it is time to look; then nothing is planned. False at the end."""
        with self._some:
            while not self._stopping and (left := self._at - time.monotonic()) > 0:
                self._some.wait(left)
            self._at = float("inf")
            return not self._stopping

    def _look(self) -> float:
        """Seconds until the next look."""
        every, now = self._channel.every, self._now()
        taken: Future[Taken] = self._transact(
            lambda tx: receipts.take(tx, self._channel_name, now, MOST, every, _jittered)
        )
        waiting, due = taken.result(DATABASE)
        if waiting:
            try:
                self._ask(waiting)
            except ChannelError as error:
                return self._failed(error)
        return IDLE if due is None else min(IDLE, (due - self._now()) / 1000)

    def _ask(self, waiting: list[receipts.Waiting]) -> None:
        self._asking = time.monotonic()
        try:
            heard = self._channel.ask([*{one.asked.receipt: one.asked for one in waiting}.values()])
        finally:
            self._asking = None
        self._failures = 0
        self._say(self.name, Receipt())
        rows: dict[str, list[Notification]] = {}
        for one in waiting:
            rows.setdefault(one.asked.receipt, []).append(one.row)
        new = [(row, _washed(said)) for said in heard for row in rows.get(said.receipt, ())]
        if new:
            self._told(new)

    def _failed(self, error: ChannelError) -> float:
        """Seconds until it is asked again: longer each time, and no sooner than the gateway asks for."""
        self._failures += 1
        log.warning("cannot ask for receipts", channel=self._channel_name, reason=error.reason)
        self._say(self.name, Failed(in_both(error.zh, error.reason), self._now()))
        doubled = min(LONGEST, self._channel.every / 1000 * (1 << min(self._failures, 10)))
        asked_for = min(LONGEST, (error.retry_after or 0) / 1000)
        return max(doubled * random.uniform(0.5, 1), asked_for)


def _jittered(interval: int) -> int:
    return int(interval * random.uniform(0.8, 1.2))


def _washed(said: Progress) -> Progress:
    """For the record, in both languages."""
    words = in_both(said.zh, said.detail)
    return Progress(said.receipt, said.arrival, said.at, words, words, said.dead)
