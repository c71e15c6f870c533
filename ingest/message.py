"""Thinks. A message as a broker session hands it on, and the promise to settle it after the commit."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Protocol


class Source(Protocol):
    """Where a message came from; it alone knows how to tell the sender that messages are on disk."""

    name: str

    def settle(self, messages: Sequence["Message"]) -> None:
        """Acknowledge to the sender. Called after the commit, in arrival order; never raises."""


class Message:
    """One message: topic, payload and what the transport said of it.

    `received` is ms since 1970 UTC. `epoch` is the connection it arrived on and `mid` the transport's
    id within it: an acknowledgement must never cross an epoch, since after a broker restart the same
    id is another message.
    """

    __slots__ = ("acked", "dup", "epoch", "mid", "payload", "qos", "received", "retain", "source", "topic")

    def __init__(
        self,
        source: Source,
        topic: str,
        payload: bytes,
        received: int,
        qos: int = 1,
        retain: bool = False,
        dup: bool = False,
        epoch: int = 0,
        mid: int = 0,
    ) -> None:
        self.source = source
        self.topic = topic
        self.payload = payload
        self.received = received
        self.qos = qos
        self.retain = retain
        self.dup = dup
        self.epoch = epoch
        self.mid = mid
        self.acked = False  # set by the source once the acknowledgement is on its way


def settle(messages: Sequence[Message]) -> None:
    """Each source hears once of all that stand together: its thread is woken, and wants the interpreter."""
    for source, together in groupby(messages, attrgetter("source")):
        source.settle(list(together))
