"""Thinks. A calendar that is fetched from an address: the last good one, and when it is asked again."""

import re
from urllib.parse import urlsplit

import msgspec

EVERY = 15 * 60_000  # ms between two tries


class Fetched(msgspec.Struct, frozen=True):
    """`problem` is that of the last try, "" when it was good; `ics` the last good one, "" before any."""

    address: str
    ics: str = ""
    good_at: int | None = None
    tried_at: int = 0
    problem: str = ""

    def due(self, now: int) -> bool:
        return not self.tried_at <= now < self.tried_at + EVERY


def check_address(address: str) -> None:
    """Raises ValueError in words."""
    parts = urlsplit(address)
    if not re.fullmatch(r"https://[^\s/@\\]+(/[^\s#]*)?", address) or not parts.hostname:
        raise ValueError("calendar: must be https://host/…, without user or password, and no #")
    if parts.port == 0:  # raises ValueError itself when it is none at all
        raise ValueError("calendar: the port is not one")
