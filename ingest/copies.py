"""Thinks. Which messages of the session `all` are copies of what `life` brings, and count there.

What was published after `life` had subscribed comes to both sessions. What the broker queued for `all`
before comes to `all` alone, and be it an alarm from an hour ago: so neither the order in which things arrive
nor the clock can tell them apart. A *marker* can: it is published once `life` is granted, and since a
session is first in, first out, all that `all` brings after it has been published later. Until then both
sessions are heard, and only a copy of what `life` really brought is left out.

Only in this direction: to leave out a message of `life` because `all` had an equal one could lose a press
that `life` alone brings in time.
"""

import math
from collections import Counter

from ingest.message import Message

MOST = 100_000  # messages remembered; beyond that, one too many is better than one too few
MARGIN = 3_000  # ms after the marker: a broker of several nodes may pass two senders' messages a little late


class Copies:
    """`grant` numbers the times that `life` was granted its filters; 0 while it is not. `epoch` is that of
    its standing connection; 0 for none."""

    def __init__(self) -> None:
        self._epoch = 0  # of the connection that `_brought` is about
        self._brought: Counter[int] = Counter()
        self._marker = (0, b"")  # the grant it belongs to, and its payload
        self._passed = 0  # the grant whose marker `all` has brought
        self._since = math.inf  # from this moment on (ms) all of it is copies

    def mark(self, grant: int, payload: bytes) -> None:
        """A message with this payload, which nobody else sends, was published after this grant."""
        self._marker = (grant, payload)

    def brought(self, message: Message, grant: int) -> None:
        """`life` has brought this message, and it is judged."""
        if message.epoch != self._epoch:
            self._epoch = message.epoch
            self._brought.clear()
        if grant and grant == self._passed:
            return
        self._brought[hash((message.topic, message.payload))] += 1
        if len(self._brought) > MOST:
            self._brought.clear()

    def is_one(self, message: Message, epoch: int, grant: int) -> bool:
        """Whether this message of `all`, on a topic that `life` owns, is such a copy."""
        if grant and self._marker == (grant, message.payload):
            self._passed, self._since = grant, message.received + MARGIN
        if grant and grant == self._passed and message.received >= self._since:
            self._brought.clear()
            return True
        same = hash((message.topic, message.payload))
        if epoch != self._epoch or not self._brought[same]:
            return False
        self._brought[same] -= 1
        return True
