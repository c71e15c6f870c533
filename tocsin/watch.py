"""Touches. The watch over ourselves: loop message, escalations, disk, clock, a commit that hangs."""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

log = structlog.get_logger("tocsin.watch")

LOOP_EVERY = 60.0  # seconds
AUDIT_EVERY = 15.0
LOOK_EVERY = 30.0
FORGET_EVERY = 3600.0
HANG_EVERY = 1.0
DISK_RESERVE = 512 * 1024 * 1024  # bytes free below which the disk is in trouble
CLOCK_JUMP = 5.0  # seconds between wall clock and monotonic clock


class Watch:
    """Runs each duty at its interval on one thread; a duty that fails is logged and the others go on."""

    def __init__(
        self,
        folder: Path,
        loop: Callable[[], None],
        audit: Callable[[], None],
        forget: Callable[[], None],
        hang: Callable[[], None],
        ballast: Callable[[], None],
        report: Callable[[str, str, str], None],
        now: Callable[[], int],
    ) -> None:
        self._folder = folder
        self._report = report
        self._now = now
        self._drift = now() / 1000 - time.monotonic()
        self._duties = [(LOOP_EVERY, loop), (AUDIT_EVERY, audit), (LOOK_EVERY, self._look)]
        self._duties += [(FORGET_EVERY, forget), (HANG_EVERY, hang), (LOOK_EVERY, ballast)]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(5)

    def _run(self) -> None:
        due = [time.monotonic() + (5.0 if every == LOOP_EVERY else every) for every, _ in self._duties]
        while not self._stopped.wait(max(0.05, min(due) - time.monotonic())):
            for index, (every, duty) in enumerate(self._duties):
                if time.monotonic() >= due[index]:
                    due[index] = time.monotonic() + every
                    self._do(duty)

    def _do(self, duty: Callable[[], None]) -> None:
        try:
            duty()
        except Exception:
            log.exception("a duty of the watch failed", duty=getattr(duty, "__name__", str(duty)))

    def _look(self) -> None:
        self._look_at_disk()
        self._look_at_clock()

    def _look_at_disk(self) -> None:
        usage = shutil.disk_usage(self._folder)
        if usage.free < min(DISK_RESERVE, usage.total // 20):
            free = usage.free // (1024 * 1024)
            self._report("disk", "fault", f"{free} MB free on the disk of {self._folder}")
        elif usage.free > min(2 * DISK_RESERVE, usage.total // 10):
            self._report("disk", "normal", "")

    def _look_at_clock(self) -> None:
        drift = self._now() / 1000 - time.monotonic()
        jump, self._drift = drift - self._drift, drift
        if abs(jump) > CLOCK_JUMP:
            self._report("clock", "fault", f"the clock jumped by {jump:+.0f} s")
        else:
            self._report("clock", "normal", "")
