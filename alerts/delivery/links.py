"""Thinks. One-tap links: a signed token that says which notice is answered, by which acts, and until when.

It is as short as it can be and still be safe: 30 letters at sixteen million notices. It names the notice by
its number, and holds a mark of what that notice was: a number comes again where the database was brought back
from a backup, and then an old link must not answer for another alert.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Iterable, Sequence
from enum import StrEnum
from hashlib import blake2b, sha256

import msgspec

from alerts.delivery import bundle
from alerts.delivery.answers import Meant
from alerts.delivery.channels.channel import Notice
from alerts.delivery.message import Purpose
from alerts.delivery.notification import STARTS, STEPS, Notification
from rules.verdict import Class

PATH = "/a/"  # where the page of a link is
ACTS = tuple(Meant)  # their order is in every link that was sent: add at the end
VERSION = 1
MINUTE = 60_000
KEY = 32  # bytes of the key
FILE = "links.key"  # in the data folder; without it every link that was sent is useless
_MARK, _MAC = 4, 10  # bytes
_HEAD = 1 + 4 + _MARK
_ASKS = STARTS | STEPS | {Purpose.OFFERED, Purpose.DECLINED, Purpose.BOUNCED, Purpose.CONFIRMED}


class Flaw(StrEnum):
    """Why a link does nothing."""

    FORGED = "forged"  # incomplete, altered, or signed by somebody else
    EXPIRED = "expired"
    MOVED = "moved"  # the notice of this number is another one now, or is gone


class Link(msgspec.Struct, frozen=True):
    """What a token says. `until` is ms; `mark` is that of the notice it was made for."""

    notice: int
    acts: frozenset[Meant]
    until: int
    mark: bytes


class Links(msgspec.Struct, frozen=True):
    """Makes and reads links. Without an `address` (of the dashboard, as people's telephones reach it) there
    are none. `lasts`: ms."""

    key: bytes
    address: str
    lasts: int

    def to(self, row: Notification, now: int) -> str:
        """The link that answers this notice; "" where none can."""
        path = self.path(row, now + self.lasts) if self.address else ""
        return f"{self.address}{path}" if path else ""

    def path(self, row: Notification, until: int) -> str:
        """The same within the dashboard; `until`: ms."""
        acts = offered(row)
        return f"{PATH}{token(self.key, row, acts, until)}" if acts else ""

    def noticed(self, rows: Sequence[Notification], now: int) -> Notice:
        """The message of these rows, with its link: that of the first, whose page leads to the others."""
        return msgspec.structs.replace(bundle.notice(rows), link=self.to(rows[0], now))

    def read(self, said: str, now: int) -> Link | Flaw:
        return read(self.key, said, now)


def offered(row: Notification) -> frozenset[Meant]:
    """What can be answered to it by a link: nothing where it goes to no address of a person's own, nothing is
    recorded, or nothing is asked."""
    known = row.id is not None and row.alert and row.person and row.address
    asks = known and row.purpose in _ASKS
    return frozenset(ACTS) if asks and row.facts.get("class") != Class.STATUS else frozenset()


def token(key: bytes, row: Notification, acts: Iterable[Meant], until: int) -> str:
    assert row.id is not None
    bits = sum(1 << ACTS.index(act) for act in acts)
    head = bytes([VERSION << 5 | bits]) + (-(-until // MINUTE)).to_bytes(4, "big") + mark(row)
    body = head + row.id.to_bytes((row.id.bit_length() + 7) // 8, "big")
    return _text(body + _mac(key, body))


def read(key: bytes, said: str, now: int) -> Link | Flaw:
    """Nothing of it is believed before its signature is right."""
    try:
        raw = urlsafe_b64decode(said + "=" * (-len(said) % 4))
    except (Error, ValueError):
        return Flaw.FORGED
    body, mac = raw[:-_MAC], raw[-_MAC:]
    if not _HEAD < len(body) <= _HEAD + 8 or _text(raw) != said:
        return Flaw.FORGED
    if not hmac.compare_digest(mac, _mac(key, body)) or body[0] >> 5 != VERSION:
        return Flaw.FORGED
    until = int.from_bytes(body[1:5], "big") * MINUTE
    acts = frozenset(act for n, act in enumerate(ACTS) if body[0] >> n & 1)
    link = Link(int.from_bytes(body[_HEAD:], "big"), acts, until, body[5:_HEAD])
    return Flaw.EXPIRED if now >= until else link


def mark(row: Notification) -> bytes:
    """Of what the notice is: whom it told of what, and when that was owed."""
    return blake2b(f"{row.owed_at}/{row.key}".encode(), digest_size=_MARK).digest()


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, b"tocsin link " + body, sha256)[:_MAC]


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
