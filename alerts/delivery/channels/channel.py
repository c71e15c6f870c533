"""Thinks. A channel: one way to reach a person. What it is given, what it answers, how it fails."""

from typing import Protocol, runtime_checkable

import msgspec

from alerts.delivery.message import Plain


class Notice(msgspec.Struct, frozen=True):
    """What a channel is asked to bring to one person.

    `key` is the same for every attempt, so a gateway can tell a repeat. `address` is the person's address on
    this channel ("" takes the channel's own). `short` fits one SMS; `title` and `body` are for channels with
    room. `alert` holds plain values for machines: see alerts/delivery/message.py facts().
    """

    key: str
    code: str
    purpose: str
    person: str
    address: str
    language: str
    short: str
    title: str
    body: str
    alert: dict[str, Plain] = {}


class Receipt(msgspec.Struct, frozen=True):
    """What came back. `accepted`: the gateway said yes, not only that it was handed over. `id` is the
    gateway's own number for the message, where it gives one; `detail` its answer in a few words, and `zh` the
    same in Chinese where they are our words."""

    accepted: bool = True
    id: str = ""
    detail: str = ""
    zh: str = ""


class ChannelError(Exception):
    """The channel could not bring it. `reason` is a sentence for a person and holds no secret; `zh` is the
    same in Chinese.

    `permanent`: trying again cannot help. `unknown`: it may have gone out all the same. `retry_after`: ms
    the gateway asked us to wait. `status`: what HTTP called it, 0 for nothing.
    """

    def __init__(
        self,
        reason: str,
        permanent: bool,
        *,
        zh: str = "",
        unknown: bool = False,
        retry_after: int | None = None,
        status: int = 0,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.zh = zh or reason
        self.permanent = permanent
        self.unknown = unknown
        self.retry_after = retry_after
        self.status = status


class Channel(Protocol):
    """One way to reach a person. `workers` is how many notices it may carry at once."""

    name: str
    workers: int

    def send(self, notice: Notice) -> Receipt:
        """Bring one notice; blocks for ten seconds at most, raises ChannelError. Used by several threads."""


@runtime_checkable
class Standing(Protocol):
    """A channel whose notices leave a lasting state behind: a siren that sounds until the all-clear."""

    def restore(self, notices: list[Notice]) -> None:
        """At start: the last notice of each alert that is still open, oldest first."""
