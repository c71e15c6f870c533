"""Thinks. On which rung of the ladder we stand: what is left to reach people when gateways fail.

A gateway on the Internet may be down for a minute, or with the whole line of the campus; then a modem of our
own may still work; and when that does not either, only sirens, lamps and the wall are left, and somebody must
walk. Whoever watches the wall has to know which it is.
"""

import re
from collections.abc import Collection, Sequence
from enum import StrEnum

from alerts.duty.people import Contact

UNSERVED = 18_000  # ms: with what a screen takes to hear of it, red within 20 s
LATELY = 90_000  # ms: what is still owed is tried again at least every minute


_NUMBER = re.compile(r"\+?[\d\s()-]{6,20}")


def with_own_lines(contacts: Sequence[Contact], local: Collection[str]) -> list[Contact]:
    """A person's contacts, and after them each of their telephone numbers over each line of our own: that
    nobody thought of writing it down is no reason not to ring when nothing else works."""
    numbers = dict.fromkeys(one.address for one in contacts if _NUMBER.fullmatch(one.address))
    own = [Contact(channel, number) for channel in sorted(local) for number in numbers]
    known = {(one.channel, one.address) for one in contacts}
    return [*contacts, *(one for one in own if (one.channel, one.address) not in known)]


class Rung(StrEnum):
    GATEWAYS = "gateways"  # at least one works, as far as anybody knows
    LOCAL = "local"  # those of the Internet fail; what needs none of it works
    SCREEN = "screen"  # nothing that reaches a person works


class Rungs:
    """`local`: the channels that need no Internet. A channel is in doubt from a failure of which nobody knows
    what became of the message, or that is final, or from its second in a row, until something is taken."""

    def __init__(self, local: Collection[str]) -> None:
        self._local = frozenset(local)
        self._failures: dict[str, int] = {}
        self._doubtful: set[str] = set()
        self._unserved: tuple[int, int] | None = None  # notices of life safety tried in vain: since, lately

    def failed(self, channel: str, sure: bool, vital: bool, began: int) -> None:
        """`sure`: one failure says enough. `vital`: it was to tell a person of an alarm or a danger to life.
        `began`: ms, the attempt."""
        self._failures[channel] = self._failures.get(channel, 0) + 1
        if sure or self._failures[channel] > 1:
            self._doubtful.add(channel)
        if vital:
            since = self._unserved[0] if self._recent(began) and self._unserved else began
            self._unserved = since, began

    def worked(self, channel: str, to_person: bool) -> None:
        self._failures.pop(channel, None)
        self._doubtful.discard(channel)
        if to_person:
            self._unserved = None

    def rung(self, used: Collection[str], now: int) -> Rung:
        """`used`: the channels on which people can be told. Those that nobody has tried are believed in,
        though not for long while no alarm gets out."""
        used = frozenset(used)
        unserved = self._unserved and self._recent(now) and now - self._unserved[0] >= UNSERVED
        if used and (used <= self._doubtful or unserved):
            return Rung.SCREEN
        distant = used - self._local
        return Rung.LOCAL if distant and distant <= self._doubtful else Rung.GATEWAYS

    def _recent(self, now: int) -> bool:
        return self._unserved is not None and now - self._unserved[1] < LATELY
