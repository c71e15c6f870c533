"""Touches. One service at a time on a data folder.

Two writers would corrupt it, and two clients of one id throw each other out of the broker.
"""

import fcntl
from pathlib import Path
from typing import IO


class Taken(Exception):
    """Another process holds the folder."""


class FolderLock:
    """Held for as long as this process lives; the kernel lets go of it when the process dies, however."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = (folder / "tocsin.lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise Taken(f"another Tocsin is running on {folder}") from None

    def release(self) -> None:
        self._file.close()
