"""Touches. A small disk that somebody fills."""

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own."""
    if os.geteuid() != 0:
        pytest.skip("a small file system can only be mounted by root")
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tocsin-test", str(disk)], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def free(disk: Path) -> int:
    room = os.statvfs(disk)
    return room.f_bavail * room.f_frsize


class Filler:
    """Takes all the room there is; from `keep_full` on also all that is given back, until it is dropped."""

    def __init__(self, disk: Path) -> None:
        self._path = disk / "somebody-elses.log"
        self._file = self._path.open("wb", buffering=0)
        self._dropped = threading.Event()
        self._thread = threading.Thread(target=self._keep_full, daemon=True)
        self.fill()

    def keep_full(self) -> None:
        self._thread.start()

    def fill(self) -> None:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    self._file.write(b"\0" * size)

    def _keep_full(self) -> None:
        while not self._dropped.wait(0.002):
            self.fill()

    def rest(self) -> None:
        """The disk stays full; what is given back now stays free."""
        self._dropped.set()
        if self._thread.is_alive():
            self._thread.join()

    def drop(self) -> None:
        self.rest()
        self._file.close()
        self._path.unlink()
