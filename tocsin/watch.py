"""Touches. The watch over ourselves: duties done now and then, and what is looked at on the machine.

What touches the disk is never done on the thread that must notice that the disk hangs.
"""

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

log = structlog.get_logger("tocsin.watch")

LOOP_EVERY = 60.0  # seconds
LOOP_FIRST = 5.0
AUDIT_EVERY = 15.0
LOOK_EVERY = 30.0
CANARY_EVERY = 15.0
FORGET_EVERY = 3600.0
ERRANDS_FIRST = 20.0
ERRANDS_EVERY = 60.0
HANG_EVERY = 1.0
RULES_EVERY = 2.0
PASTS_FIRST = 10.0
PASTS_EVERY = 60.0
DISK_RESERVE = 512 * 1024 * 1024  # bytes free below which the disk is in trouble
CLOCK_JUMP = 5.0  # seconds between wall clock and monotonic clock

Duty = Callable[[], None]
Report = Callable[[str, str, str], None]


class Watch:
    """Runs each duty (seconds to the first time, and then between two; what) on one thread of its own. One
    that fails is logged and the others go on; one that hangs stops them all."""

    def __init__(self, name: str, duties: Sequence[tuple[float, float, Duty]]) -> None:
        self._duties = duties
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(5)

    def _run(self) -> None:
        due = [time.monotonic() + first for first, _, _ in self._duties]
        while not self._stopped.wait(max(0.05, min(due) - time.monotonic())):
            for index, (_, every, duty) in enumerate(self._duties):
                if time.monotonic() >= due[index]:
                    due[index] = time.monotonic() + every
                    self._do(duty)

    def _do(self, duty: Duty) -> None:
        try:
            duty()
        except Exception:
            log.exception("a duty of the watch failed", duty=getattr(duty, "__name__", str(duty)))


def watch_service(
    hang: Duty, loop: Duty, audit: Duty, forget: Duty, own: Duty, clock: Duty, canary: Duty
) -> Watch:
    """Nothing in here may touch the data folder, or wait for what does."""
    duties = [
        (HANG_EVERY, HANG_EVERY, hang),
        (LOOP_FIRST, LOOP_EVERY, loop),
        (AUDIT_EVERY, AUDIT_EVERY, audit),
        (LOOK_EVERY, LOOK_EVERY, own),
        (LOOK_EVERY, LOOK_EVERY, clock),
        (CANARY_EVERY, CANARY_EVERY, canary),
        (FORGET_EVERY, FORGET_EVERY, forget),
    ]
    return Watch("watch", duties)


def watch_disk(folder: Path, ballast: Duty, report: Report) -> Watch:
    def look() -> None:
        look_at_disk(folder, report)

    return Watch("watch-disk", [(LOOK_EVERY, LOOK_EVERY, ballast), (LOOK_EVERY, LOOK_EVERY, look)])


def watch_errands(report: Duty, calendars: Duty) -> Watch:
    """The weekly report, which reads the history and speaks to a mail server, and calendars that are fetched:
    other machines are asked, so nothing waits for it."""
    duties = [(ERRANDS_FIRST, ERRANDS_EVERY, duty) for duty in (calendars, report)]
    return Watch("errands", duties)


def watch_rules(look: Duty, pasts: Duty, undecided: Duty) -> Watch:
    """The rule files, on a thread of its own since they may lie on a disk that hangs; what points said in the
    weeks before, which is asked of the history; and rules on trial that somebody must decide about."""
    rare = [(PASTS_FIRST, PASTS_EVERY, duty) for duty in (pasts, undecided)]
    return Watch("watch-rules", [(RULES_EVERY, RULES_EVERY, look), *rare])


def look_at_disk(folder: Path, report: Report) -> None:
    usage = shutil.disk_usage(folder)
    if usage.free < min(DISK_RESERVE, usage.total // 20):
        report("disk", "fault", f"{usage.free // (1024 * 1024)} MB free on the disk of {folder}")
    elif usage.free > min(2 * DISK_RESERVE, usage.total // 10):
        report("disk", "normal", "")


class ClockLook:
    """Whether the clock has jumped since it was looked at last; `set_back` hears by how many ms it has gone
    back."""

    def __init__(self, report: Report, now: Callable[[], int], set_back: Callable[[int], object]) -> None:
        self._report = report
        self._set_back = set_back
        self._now = now
        self._drift = now() / 1000 - time.monotonic()

    def __call__(self) -> None:
        drift = self._now() / 1000 - time.monotonic()
        jump, self._drift = drift - self._drift, drift
        if abs(jump) > CLOCK_JUMP:
            self._report("clock", "fault", f"the clock jumped by {jump:+.0f} s")
            if jump < 0:
                self._set_back(round(-jump * 1000))
        else:
            self._report("clock", "normal", "")
