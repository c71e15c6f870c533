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
SERVED = 1000  # alerts of which it is known that somebody was told

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
    what became of the message, or that is final, or from its second in a row, until something is taken. One
    that fails says nothing of the others: of an alert that somebody was told of, it is not the last hope."""

    def __init__(self, local: Collection[str]) -> None:
        self._local = frozenset(local)
        self._failures: dict[str, int] = {}
        self._doubtful: set[str] = set()
        self._unserved: dict[int, tuple[int, int]] = {}  # alerts told of in vain: since when, and lately
        self._served: dict[int, None] = {}  # alerts of which some person was told, the longest ago first

    def failed(self, channel: str, sure: bool, vital: int, began: int) -> None:
        """`sure`: one failure says enough. `vital`: the alert, where it was to tell a person of an alarm or a
        danger to life, else 0. `began`: ms, the attempt."""
        self._failures[channel] = self._failures.get(channel, 0) + 1
        if sure or self._failures[channel] > 1:
            self._doubtful.add(channel)
        if vital and vital not in self._served:
            self._unserved = {alert: when for alert, when in self._unserved.items() if _recent(when, began)}
            self._unserved[vital] = self._unserved.get(vital, (began, began))[0], began

    def worked(self, channel: str, told: int | None) -> None:
        """`told`: the alert of which a person was told; None where it was no person."""
        self._failures.pop(channel, None)
        self._doubtful.discard(channel)
        if told is not None:
            self._unserved = {}
            self._served[told] = None
            if len(self._served) > SERVED:
                del self._served[next(iter(self._served))]

    def rung(self, used: Collection[str], now: int) -> Rung:
        """`used`: the channels on which people can be told. Those that nobody has tried are believed in,
        though not for long while no alarm gets out."""
        used = frozenset(used)
        unserved = any(_recent(when, now) and now - when[0] >= UNSERVED for when in self._unserved.values())
        if used and (used <= self._doubtful or unserved):
            return Rung.SCREEN
        distant = used - self._local
        return Rung.LOCAL if distant and distant <= self._doubtful else Rung.GATEWAYS


def _recent(when: tuple[int, int], now: int) -> bool:
    return now - when[1] < LATELY
