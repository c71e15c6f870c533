"""Touches. Ballast: room kept in the data folder, so that the service starts although the disk is full (P6).

SQLite cannot even be opened on a full disk. So a file holds some room for that: a start that finds none takes
a piece of it, and gives back what is left as soon as what it owes is written, since the next start may need
it again. The piece is small, so that a start that fails because somebody else was quicker has another try.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import structlog
from sqlalchemy.exc import OperationalError

log = structlog.get_logger("tocsin.ballast")

NAME = "ballast"
MB = 1024 * 1024
SIZE = 32 * MB  # a start needs less than one; a migration as much as it rewrites
SHARE = 20  # at most one part in so many of what is free
STEP = 8 * MB  # given up at once
PIECE = MB // 16  # taken at once
PROBE = MB // 8
FULL = (errno.ENOSPC, errno.EDQUOT)
WHY = {
    errno.ENOSPC: "is on a full disk: free some space",
    errno.EDQUOT: "has used up its quota: free some space or raise the quota",
    errno.EROFS: "is on a read-only file system: mount it for writing. A disk that fails is often mounted "
    "read-only by the system, whose log then says so",
    errno.EACCES: "may not be written by this user: give it to the user that runs Tocsin",
    errno.EPERM: "may not be written by this user: give it to the user that runs Tocsin",
}


class Unwritable(OSError):
    """Nothing can be written into the data folder; the message says why and what to do."""


@contextlib.contextmanager
def opening(folder: Path) -> Iterator[None]:
    """What fails in here because the folder cannot be written is told in one sentence. Raises Unwritable."""
    try:
        yield
    except (OSError, OperationalError) as error:
        refused = error.errno if isinstance(error, OSError) else _refusal(folder)
        if not refused:
            raise
        why = WHY.get(refused, f"cannot be written: {os.strerror(refused)}")
        raise Unwritable(f"the data folder {folder} {why}; then start again") from error


class Ballast:
    """`make_room` before anything is opened, `take_back` afterwards and now and then."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / NAME
        self._before = 0  # bytes it had when a part was given up
        self.released = False

    def make_room(self) -> None:
        """Give up as much as it takes for something to be written at all, if it is there."""
        size = self._before = self._path.stat().st_size if self._path.exists() else 0
        while size and _refusal(self._folder) in FULL:
            size = max(0, size - STEP)
            os.truncate(self._path, size)
            self.released = True
            log.error("the disk is full: ballast released", folder=str(self._folder), left=size)

    def take_back(self) -> None:
        """As much as there was, as far as it is still free; else a small share of what is. Never less than it
        has; and whatever is wrong with it stops nobody."""
        with contextlib.suppress(OSError):
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "r+b"):
                room = os.statvfs(self._folder)
                size = os.fstat(handle).st_size
                share = (size + room.f_bavail * room.f_frsize) // SHARE
                _grow(handle, size, max(self._before, min(SIZE, share)))
        self._before = 0


def _grow(handle: int, size: int, wanted: int) -> None:
    try:
        while size + PIECE <= wanted:
            os.posix_fallocate(handle, size, PIECE)
            size += PIECE
    except OSError:
        os.ftruncate(handle, size)  # some file systems keep a part of what they refused


def _refusal(folder: Path) -> int:
    """The error with which a write is refused; 0 where it works."""
    probe = folder / "probe"
    try:
        with probe.open("wb") as file:
            file.write(os.urandom(PROBE))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.errno or errno.EIO
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
    return 0
