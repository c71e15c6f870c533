"""Thinks. What a run of the crash harness counted, in lines for a person: above all what came again."""

from bisect import bisect
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from tests.crash.judge import Evidence, Key


class Extra(NamedTuple):
    """A call that came again: the number of the kill that cut the one before it off, and for how long (ns)
    that one had been in hand by then."""

    kill: int
    held: int


def extras(evidence: Evidence) -> list[Extra]:
    """Every call that came again because of a kill. What came again without one is the judge's."""
    kills, found = evidence.kills, []
    for moments in evidence.moments().values():
        for before, after in pairwise(moments):
            kill = bisect(kills, before)
            if kill < bisect(kills, after):
                found.append(Extra(kill, kills[kill] - before))
    return found


def figures(evidence: Evidence, answer: float) -> list[str]:
    """`answer`: seconds after which the webhook answers."""
    return [*_said(evidence), *_owed(evidence), *_came(evidence, answer)]


def _said(e: Evidence) -> list[str]:
    buttons = [alert for alert in e.alerts if alert.device in e.pressed]
    return [
        f"{len(e.kills)} kills; {len(e.alarms)} numbered alarms, each of a detector of its own",
        f"{e.pressed.total():,} unnumbered presses of {len(e.pressed)} buttons:"
        f" {_sum(b.activations for b in buttons)} activations and {_sum(b.occurrence for b in buttons)}"
        " occurrences recorded",
        f"{e.takes.total():,} takes answered; {len(e.looks)} times a button had been pressed after one",
    ]


def _owed(e: Evidence) -> list[str]:
    keys = [Key.read(text) for text in e.owed]
    steps = Counter("repeats" if key.round else f"step {key.step + 1}" for key in keys)
    listed = ", ".join(f"{name} {number:,}" for name, number in sorted(steps.items(), reverse=True))
    cancelled = sum(bool(why) for why in e.owed.values())
    return [f"{len(keys):,} notices owed: {listed}; {cancelled} of them cancelled"]


def _came(e: Evidence, answer: float) -> list[str]:
    extra = extras(e)
    of_a_kill = Counter(one.kill for one in extra)
    times = Counter(len(moments) for moments in e.moments().values())
    answered = sum(one.held > answer * 1e9 for one in extra)
    longest = max((one.held for one in extra), default=0) / 1e9
    calls, notices = len(e.arrivals), times.total()
    return [
        f"{calls:,} calls for {notices:,} notices: {calls - notices:,} extra calls in all",
        f"  extra calls of one kill, and how many kills had so many: "
        f"{_spread(of_a_kill[number] for number in range(len(e.kills)))}",
        f"  times that one notice came, and how many notices did:    {_spread(times.elements())}",
        f"  {answered} extra calls repeated one that was answered (after {answer:g} s) and not yet recorded;",
        f"  the longest time from a call to the kill that made it come again: {longest:.2f} s",
    ]


def _sum(numbers: Iterable[int]) -> str:
    return f"{sum(numbers):,}"


def _spread(numbers: Iterable[int]) -> str:
    return "  ".join(f"{value}: {times}" for value, times in sorted(Counter(numbers).items()))
