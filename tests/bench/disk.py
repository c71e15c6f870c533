"""Touches. A bystander on the same machine: when did the disk stand still, and how much did the host take?

Shared and virtual disks stop for hundreds of milliseconds with nobody writing much. A latency that waits for
fsync must be read beside that, or the machine is measured and not the program.
"""

import os
import threading
import time
from pathlib import Path

STALL = 0.010  # seconds of one fdatasync, above which the disk stood still
EVERY = 0.010


class Bystander:
    """Syncs 8 KB every 10 ms and remembers when that took long: `with Bystander(folder) as disk:`."""

    def __init__(self, folder: Path) -> None:
        self.stalls: list[tuple[float, float]] = []
        self._file = os.open(folder / "bystander", os.O_CREAT | os.O_WRONLY)
        self._stopped = threading.Event()
        self._before = _processor()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        at = 0
        while not self._stopped.wait(EVERY):
            os.pwrite(self._file, b"x" * 8192, at % 500 * 8192)
            began = time.monotonic()
            os.fdatasync(self._file)
            ended = time.monotonic()
            if ended - began > STALL:
                self.stalls.append((began, ended))
            at += 1

    def stood_still(self, begin: float, end: float) -> bool:
        """Whether the disk stood still at some moment of this span (time.monotonic)."""
        return any(began < end and begin < ended for began, ended in self.stalls)

    def stolen(self) -> float:
        """The share of the processors' time that the host took for others since this began, 0 to 1."""
        total, taken = (after - before for after, before in zip(_processor(), self._before, strict=True))
        return taken / max(1, total)

    def __enter__(self) -> "Bystander":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        os.close(self._file)


def _processor() -> tuple[int, int]:
    """(all time, stolen time) of all processors, from /proc/stat."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(fields), fields[7]
