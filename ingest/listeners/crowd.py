"""Thinks. When more want to connect than may: whose connection makes room, and what is told of it.

A panel that has spoken well keeps its connection, whoever else comes; who opens many pays with its own.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Protocol, TypeVar

CALM = 60_000  # ms without a crowd until it is over
_FEW = 4  # connections that one peer may have before it is called greedy


class Caller(Protocol):
    """A connection: whose it is, when it was last heard, whether it has sent a frame that is one."""

    peer: str
    heard: int
    spoken: bool


C = TypeVar("C", bound=Caller)


def room(wanted: int, files: int) -> int:
    """How many connections there may be: at most a third of the files that this process may open, since
    without a file nothing else works either."""
    return max(1, min(wanted, files // 3))


def spare(connections: Collection[C], most: int) -> C:
    """Which one is closed: of a greedy peer; else of those that have said nothing sensible; else of the peer
    with the most; of these the one silent longest."""
    many = Counter(one.peer for one in connections)
    peak = max(many.values())
    mute = [one for one in connections if not one.spoken]
    if peak <= max(_FEW, most // 8) and mute:
        return min(mute, key=lambda one: (-many[one.peer], one.heard))
    return min(
        (one for one in connections if many[one.peer] == peak), key=lambda one: (one.spoken, one.heard)
    )


class Crowd:
    """Whether there is one, and since when it is told."""

    def __init__(self) -> None:
        self._last: int | None = None

    def comes(self, now: int, peers: Sequence[str], why: str) -> str:
        """What is to be told; "" while it is told already."""
        first, self._last = self._last is None, now
        if not first:
            return ""
        named = ", ".join(f"{peer} ({count})" for peer, count in Counter(peers).most_common(3))
        return f"{why}; most are of {named}" if named else why

    def is_over(self, now: int) -> bool:
        """Once, when it has been calm for long enough."""
        over = self._last is not None and now - self._last > CALM
        self._last = None if over else self._last
        return over
