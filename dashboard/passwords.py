"""Touches. Passwords: argon2id in a bounded pool, so that a flood of sign-ins starves nothing."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

SHORTEST = 8
LONGEST = 256
_WAITING = 8
_TOO_COMMON = frozenset(
    """
    12345678 123456789 1234567890 11111111 00000000 88888888 66666666 12341234 123123123 87654321
    password password1 password123 passw0rd p@ssw0rd qwertyui qwerty123 qwertyuiop 1q2w3e4r 1qaz2wsx
    1qaz@wsx abcd1234 abc12345 asdfghjk admin123 admin1234 administrator a1234567 a12345678 aa123456
    woaini1314 5201314520 iloveyou letmein1 welcome1 football baseball sunshine princess 123456789a
    1234abcd changeme tocsin123 tocsintocsin
    """.split()  # noqa: SIM905
)


class Busy(Exception):
    """Too many sign-ins wait already; try again shortly."""


class Passwords:
    """Hashing costs ~50 ms and 32 MiB by design; at most `workers` run and a few wait, others get Busy."""

    def __init__(self, workers: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="argon2")
        self._places = threading.BoundedSemaphore(workers + _WAITING)
        self._nobody = self._hasher.hash("nobody's password")

    def hash(self, password: str) -> str:
        return self._run(self._hash, password, "")

    def verify(self, stored: str | None, password: str) -> bool:
        """`stored` None: the account does not exist; it takes as long and is always False."""
        right = self._run(self._check, password, stored or self._nobody)
        return stored is not None and right == "right"

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, work: Callable[[str, str], str], password: str, stored: str) -> str:
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            return self._pool.submit(work, password, stored).result()
        finally:
            self._places.release()

    def _hash(self, password: str, _: str) -> str:
        return self._hasher.hash(password)

    def _check(self, password: str, stored: str) -> str:
        try:
            self._hasher.verify(stored, password)
        except (Argon2Error, InvalidHashError):
            return "wrong"
        return "right"


def weakness(password: str, name: str) -> str | None:
    """The key of the sentence that says why a password will not do, or None. No rule about its make-up."""
    if len(password) < SHORTEST:
        return "password_short"
    if len(password) > LONGEST:
        return "password_long"
    if password.lower() in _TOO_COMMON or password.lower() == name.lower() or len(set(password)) < 4:
        return "password_common"
    return None
