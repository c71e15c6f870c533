"""Thinks. Which messages of the session `all` are copies of what `life` has brought already.

While `life` stands, `all` skips what `life` owns. But when `life` has only just subscribed, it may have
missed what the broker queued for `all` before: for some seconds both are heard, and here is known which is
the second. Only in this direction: to skip a message of `life` because `all` had an equal one could lose a
press that `life` alone brings in time.
"""

from collections import Counter

from ingest.message import Message

MOST = 100_000  # messages remembered; beyond that, one too many is better than one too few


class Copies:
    """What `life` brought on its present connection, for as long as `all` is heard as well."""

    def __init__(self) -> None:
        self._epoch = 0  # of the connection of `life`
        self._brought: Counter[int] = Counter()
        self._needed = True

    def brought(self, message: Message) -> None:
        """`life` has brought this message, and it is judged."""
        if message.epoch != self._epoch:
            self._epoch, self._needed = message.epoch, True
            self._brought.clear()
        if self._needed:
            self._brought[hash((message.topic, message.payload))] += 1
            if len(self._brought) > MOST:
                self.no_longer_needed()

    def is_one(self, message: Message, epoch: int) -> bool:
        """Whether this message of `all` is the copy of one that `life` brought on the connection that stands
        now, whose epoch is given. Each counts once."""
        same = hash((message.topic, message.payload))
        if epoch != self._epoch or not self._brought[same]:
            return False
        self._brought[same] -= 1
        return True

    def no_longer_needed(self) -> None:
        """From here on `all` skips what `life` owns, until `life` has another connection."""
        self._needed = False
        self._brought.clear()
