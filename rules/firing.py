"""Thinks. What rules would have raised: each activation with its place in time, chatter told apart, two sets
of rules compared."""

from collections.abc import Iterable, Iterator, Mapping
from math import inf

import msgspec

from rules.verdict import Holds, Verdict

CHATTER, WITHIN = 3, 60_000  # so many activations of one subject in so many ms are chatter
KEPT = 5_000  # activations of one rule that are kept one by one; all are counted


class Firing(msgspec.Struct):
    """One activation. Moments are ms; `until` is when it no longer held, None while it still does. `said`:
    the reading and what it was compared with. `suppressed`: the rule that would have hidden it."""

    rule: str
    subject: str
    device: str
    moment: int
    until: int | None = None
    said: str = ""
    suppressed: str = ""
    chatter: bool = False


class Tally(msgspec.Struct):
    """One rule over a span. `standing`: what held already when the span began, and is no activation."""

    rule: str
    count: int = 0
    chatter: int = 0
    suppressed: int = 0
    standing: int = 0
    devices: int = 0
    firings: list[Firing] = []


class Difference(msgspec.Struct):
    """One rule under two sets. `what`: added | changed | removed | same (it changes by what others say). Of
    the activations: how many both sets raise, and those that only one does."""

    rule: str
    what: str
    old: Tally
    new: Tally
    both: int
    only_old: list[Firing]
    only_new: list[Firing]


class Ledger:
    """Takes verdicts in order; what began before `since` is remembered and not counted."""

    def __init__(self, since: int) -> None:
        self._since = since
        self._open: dict[tuple[str, str], list[Firing]] = {}
        self._last: dict[tuple[str, str], list[Firing]] = {}
        self._devices: dict[str, set[str]] = {}
        self._tallies: dict[str, Tally] = {}

    def tell(self, verdict: Verdict) -> None:
        key = verdict.rule, verdict.subject
        standing = self._open.get(key)
        if verdict.holds is Holds.NO:
            for firing in self._open.pop(key, ()):
                firing.until = verdict.moment
        elif verdict.holds is Holds.YES and standing and not verdict.again:
            standing[-1].suppressed = verdict.suppressed
        elif verdict.holds is Holds.YES:
            firing = fired(verdict)
            self._open.setdefault(key, []).append(firing)
            self.count(firing)

    def count(self, firing: Firing) -> None:
        """One activation, after those before it."""
        key = firing.rule, firing.subject
        last = [*self._last.get(key, ())[1 - CHATTER :], firing]
        self._last[key] = last
        tally = self._tallies.setdefault(firing.rule, Tally(firing.rule))
        if firing.moment >= self._since:
            tally.count += 1
            self._devices.setdefault(firing.rule, set()).add(firing.device)
            if len(tally.firings) < KEPT:
                tally.firings.append(firing)
        if len(last) == CHATTER and firing.moment - last[0].moment <= WITHIN:
            for one in last:
                tally.chatter += not one.chatter and one.moment >= self._since
                one.chatter = True

    def begin(self) -> None:
        """The span begins: what holds now stood already."""
        for (rule, _), firings in self._open.items():
            if firings:
                self._tallies.setdefault(rule, Tally(rule)).standing += 1

    def tallies(self) -> dict[str, Tally]:
        for name, tally in self._tallies.items():
            tally.devices = len(self._devices.get(name, ()))
            tally.suppressed = sum(bool(one.suppressed) for one in tally.firings)
        return self._tallies


def fired(verdict: Verdict) -> Firing:
    said = "; ".join(
        f"{one.device + ' ' if one.device else ''}{one.metric} {one.value} ({one.compared})"
        for one in verdict.evidence[:3]
    )
    return Firing(
        verdict.rule, verdict.subject, verdict.device, verdict.moment, None, said, verdict.suppressed
    )


def compare(old: Mapping[str, Tally], new: Mapping[str, Tally], what: Mapping[str, str]) -> list[Difference]:
    """What is different, rule by rule; `what` has the rules that read otherwise. Two activations are the same
    one where they overlap: a limit that is reached a minute later raises the same thing later."""
    found = []
    for name in sorted({*old, *new, *what}):
        before, after = old.get(name, Tally(name)), new.get(name, Tally(name))
        only_old, only_new = _unmatched(before.firings, after.firings)
        both = len(before.firings) - len(only_old)
        if name in what or only_old or only_new:
            said = what.get(name, "same")
            found.append(Difference(name, said, before, after, both, only_old, only_new))
    return found


def _unmatched(old: Iterable[Firing], new: Iterable[Firing]) -> tuple[list[Firing], list[Firing]]:
    """The activations of each side that meet none of the other, each meeting one at most."""
    left: dict[str, list[Firing]] = {}
    for firing in new:
        left.setdefault(firing.subject, []).append(firing)
    alone = []
    for firing in old:
        waiting = left.get(firing.subject, [])
        met = next((one for one in waiting if _overlap(firing, one)), None)
        if met is None:
            alone.append(firing)
        else:
            waiting.remove(met)
    return alone, sorted(_all(left), key=lambda one: (one.moment, one.subject))


def _all(left: Mapping[str, Iterable[Firing]]) -> Iterator[Firing]:
    for firings in left.values():
        yield from firings


def _overlap(one: Firing, other: Firing) -> bool:
    ends = [inf if firing.until is None else firing.until for firing in (one, other)]
    return one.moment <= ends[1] and other.moment <= ends[0]
