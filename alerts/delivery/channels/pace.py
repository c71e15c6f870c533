"""Thinks. How fast a group chat may be written to: no faster than its provider takes, and alarms go first."""

from collections import deque

MINUTE = 60_000  # ms


class Pace:
    """At most `most` messages in any minute; the last `reserved` of them are for life safety."""

    def __init__(self, most: int, reserved: int) -> None:
        self._most, self._reserved = most, reserved
        self._sent: deque[int] = deque()

    def wait(self, now: int, urgent: bool) -> int:
        """0 when one more may go, which then counts; else the ms until it is worth asking again."""
        while self._sent and not now - MINUTE < self._sent[0] <= now:
            self._sent.popleft()
        room = self._most - (0 if urgent else self._reserved)
        if len(self._sent) < room:
            self._sent.append(now)
            return 0
        return self._sent[len(self._sent) - room] + MINUTE - now
