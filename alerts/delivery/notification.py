"""Thinks. A notification: what one person is owed by one channel; how sending it ended; when it is moot."""

from enum import StrEnum
from zlib import crc32

import msgspec

from alerts.delivery.channels.channel import Notice, Receipt
from alerts.delivery.message import Plain, Purpose

STALE = 600_000  # ms after which a first notice of an alert that is closed is no news any more
DAY = 86_400_000  # ms for which an all-clear is tried
STEPS = frozenset({Purpose.ESCALATE, Purpose.LAPSED, Purpose.OVERDUE})  # wait for an act that may come first


class State(StrEnum):
    QUEUED = "queued"
    CLAIMED = "claimed"
    SENT = "sent"  # handed over; this channel cannot prove more
    ACCEPTED = "accepted"  # the gateway said yes
    FAILED = "failed"  # for good: trying again cannot help
    CANCELLED = "cancelled"


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """What one person (`person` id; "" for a siren) is owed by one channel, with its words already made.

    `id` is None until owe() has written it, and stays None for one that could not be written (a failing
    commit): it is sent all the same. `why` says why this person is told now. `step` and `round` count from 0.
    """

    alert: int
    occurrence: int
    step: int
    round: int = 0
    person: str
    channel: str
    address: str = ""
    language: str = "zh"
    purpose: Purpose
    code: str
    short: str
    title: str
    body: str
    facts: dict[str, Plain] = {}
    why: str = ""
    life_safety: bool = False
    owed_at: int = 0
    attempts: int = 0
    doubtful: int = 0
    id: int | None = None

    @property
    def key(self) -> str:
        """What makes it one and the same notice; also the Idempotency-Key a gateway sees. A person with two
        addresses on one channel is owed one at each, told apart without giving the address away. What is not
        recorded may come again in another outage: then it is another notice, told apart by its moment."""
        cause = str(self.alert) if self.alert else f"unrecorded-{self.code}/{self.owed_at}"
        door = f"{self.channel}#{crc32(self.address.encode()):08x}" if self.address else self.channel
        return f"{cause}/{self.occurrence}/{self.step}/{self.round}/{self.person}/{door}/{self.purpose}"

    def notice(self) -> Notice:
        """As a channel sees it."""
        return Notice(
            key=self.key,
            code=self.code,
            purpose=self.purpose,
            person=self.person,
            address=self.address,
            language=self.language,
            short=self.short,
            title=self.title,
            body=self.body,
            alert=self.facts,
        )


class Failed(msgspec.Struct, frozen=True):
    """An attempt that did not succeed. `retry_at` (ms) is None when trying again cannot help; `unknown`
    when the message may have gone out all the same."""

    reason: str
    retry_at: int | None
    unknown: bool = False


class Cancelled(msgspec.Struct, frozen=True):
    reason: str


Outcome = Receipt | Failed | Cancelled


def no_such_channel(name: str) -> Failed:
    return Failed(
        f"the settings name no channel {name!r}: add it under `channels`, or correct the policy", None
    )


class Moot(StrEnum):
    """Why a notice was cancelled at the moment of sending: what its `note` says."""

    CLOSED = "closed"  # the alert is closed
    TAKEN = "taken"  # somebody has acknowledged it
    INHIBITED = "inhibited"  # shelved, suppressed or out of service by now
    REPLACED = "replaced"  # it could not be delivered, and a newer notice to the same person is on its way


class Standing(msgspec.Struct, frozen=True):
    """An alert as it stands at the moment of sending. `replaced`: a newer notice of it to the same person and
    channel is owed already."""

    open: bool
    taken: bool
    inhibited: bool
    replaced: bool


def moot(row: Notification, alert: Standing, now: int) -> Moot | None:
    """Whether it has become pointless since it was owed. First notices are always sent, unless the alert has
    been closed for long; an all-clear is tried for a day; a siren is never started for a closed alert."""
    if row.purpose is Purpose.TEST:
        return None
    if row.purpose is Purpose.CLEAR:
        return Moot.CLOSED if row.person and now - row.owed_at > DAY else None
    if not alert.open:
        first = row.purpose not in STEPS and row.person
        return None if first and now - row.owed_at <= STALE else Moot.CLOSED
    if row.purpose not in STEPS:
        return None
    if alert.taken and row.purpose is not Purpose.OVERDUE:
        return Moot.TAKEN
    if alert.inhibited:
        return Moot.INHIBITED
    return Moot.REPLACED if row.attempts and alert.replaced else None
