"""Thinks. Judges a run of the crash harness: what was said, what came of it, and what came more than once.

Each promise is one function from the evidence to sentences: no sentence, no breach. What was owed follows
from what was said and from the policy; the outbox of the service is believed only where it says that it owes
more, or that a person took the alert first.
"""

from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

Rounds = Mapping[int, Mapping[int, set[str]]]  # round → step → who is told


class Key(NamedTuple):
    """What makes a notice one and the same: the Idempotency-Key, read."""

    alert: int
    occurrence: int
    step: int
    round: int
    person: str

    @classmethod
    def read(cls, text: str) -> "Key":
        alert, occurrence, step, round_, person, _, _ = text.split("/")
        return cls(int(alert), int(occurrence), int(step), int(round_), person)


class Arrival(NamedTuple):
    """A whole call at the webhook; `at` is time.monotonic_ns()."""

    key: str
    at: int


class Look(NamedTuple):
    """The guard looked whether a button rings that had been pressed since its alert was taken."""

    device: str
    rings: bool


@dataclass(frozen=True)
class Recorded:
    """An alert as the database has it at the end. `taken`: somebody has it now; `takes`: lines in its log."""

    id: int
    device: str
    occurrence: int = 1
    activations: int = 1
    taken: bool = False
    takes: int = 0


@dataclass
class Evidence:
    """`owed` holds every key of the outbox, and why it was cancelled ("" if it was not). `ladder` says whom
    each step of the policy tells."""

    ladder: tuple[tuple[str, ...], ...]
    alarms: list[str] = field(default_factory=list)
    pressed: Counter[str] = field(default_factory=Counter)  # button → presses
    looks: list[Look] = field(default_factory=list)
    takes: Counter[int] = field(default_factory=Counter)  # alert → takes that were answered
    kills: list[int] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    alerts: list[Recorded] = field(default_factory=list)
    owed: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)  # what does not fit together in the database itself

    def moments(self) -> dict[str, list[int]]:
        """key → when it came, in order."""
        found: dict[str, list[int]] = defaultdict(list)
        for arrival in sorted(self.arrivals, key=lambda arrival: arrival.at):
            found[arrival.key].append(arrival.at)
        return found


def breaches(evidence: Evidence) -> dict[str, list[str]]:
    """Every promise by its name, and the sentences about where it was broken."""
    return {name: list(check(evidence)) for name, check in CHECKS.items()}


def _missing(e: Evidence) -> Iterator[str]:
    counted = Counter(alert.device for alert in e.alerts)
    yield from (device for device in [*e.alarms, *e.pressed] if not counted[device])


def _doubled(e: Evidence) -> Iterator[str]:
    counted = Counter(alert.device for alert in e.alerts)
    yield from (f"{device} has {number}" for device, number in counted.items() if number > 1)


def _presses_lost(e: Evidence) -> Iterator[str]:
    for alert in e.alerts:
        presses = e.pressed[alert.device]
        if alert.activations < presses:
            yield f"{alert.device}: pressed {presses} times, {alert.activations} recorded"


def _rang_too_often(e: Evidence) -> Iterator[str]:
    for alert in e.alerts:
        presses = e.pressed[alert.device]
        if presses and alert.occurrence > presses + len(e.kills):
            yield f"{alert.device}: pressed {presses} times, {alert.occurrence} occurrences"


def _did_not_ring_again(e: Evidence) -> Iterator[str]:
    yield from (f"{look.device}, pressed after its alert was taken" for look in e.looks if not look.rings)


def _takes_lost(e: Evidence) -> Iterator[str]:
    recorded = {alert.id: alert.takes for alert in e.alerts}
    for alert, takes in e.takes.items():
        if recorded.get(alert, 0) < takes:
            yield f"alert {alert}: {takes} takes answered, {recorded.get(alert, 0)} recorded"


def _skipped(e: Evidence) -> Iterator[str]:
    owed: dict[tuple[int, int], dict[int, dict[int, set[str]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(set))
    )
    for key in map(Key.read, e.owed):
        owed[key.alert, key.occurrence][key.round][key.step].add(key.person)
    for alert in e.alerts:
        for occurrence in range(1, alert.occurrence + 1):
            nobody_took_it = occurrence == alert.occurrence and not alert.taken
            for gap in gaps(owed.get((alert.id, occurrence), {}), e.ladder, nobody_took_it):
                yield f"alert {alert.id}, occurrence {occurrence}: {gap}"


def gaps(rounds: Rounds, ladder: tuple[tuple[str, ...], ...], to_the_top: bool) -> Iterator[str]:
    """What is missing between the steps of one occurrence. A round begins with the first step, or repeats the
    last one after a round that reached it; one that nobody ended by an act goes `to_the_top`."""
    top = len(ladder) - 1
    if not rounds or sorted(rounds) != list(range(len(rounds))):
        yield f"rounds {sorted(rounds)}"
        return
    for number, steps in sorted(rounds.items()):
        repeated = number > 0 and top in rounds[number - 1] and set(steps) == {top}
        if not repeated and sorted(steps) != list(range(len(steps))):
            yield f"round {number} has steps {sorted(steps)}"
        for step, told in steps.items():
            for person in sorted(set(ladder[step]) - told):
                yield f"round {number}, step {step} does not tell {person}"
    if to_the_top and top not in rounds[len(rounds) - 1]:
        yield "the last step was never done"


def _never_came(e: Evidence) -> Iterator[str]:
    """A later step may be cancelled because somebody took the alert; a first notice never."""
    came = {arrival.key for arrival in e.arrivals}
    takes = {alert.id: alert.takes for alert in e.alerts}
    for text in (text for text in e.owed if text not in came):
        key, cancelled = Key.read(text), e.owed[text]
        first = key.step == key.round == 0
        if not cancelled or takes.get(key.alert) == 0 or (first and key.alert in takes):
            yield f"{text} {cancelled}".rstrip()


def _nobody_owed(e: Evidence) -> Iterator[str]:
    yield from sorted({arrival.key for arrival in e.arrivals} - set(e.owed))


def _repeated(e: Evidence) -> Iterator[str]:
    """A key may come once in each life of the service: 1 + the kills while it was in hand."""
    for key, moments in e.moments().items():
        lives = [bisect(e.kills, moment) for moment in moments]
        if len(set(lives)) < len(lives):
            yield f"{key} came {len(lives)} times in {len(set(lives))} lives"


CHECKS: dict[str, Callable[[Evidence], Iterator[str]]] = {
    "alerts missing": _missing,
    "alerts doubled": _doubled,
    "presses lost": _presses_lost,
    "presses that rang more often than presses and kills": _rang_too_often,
    "presses after a take that rang for nobody": _did_not_ring_again,
    "takes that were answered and lost": _takes_lost,
    "escalation steps skipped": _skipped,
    "notices lost": _never_came,
    "notices that nobody owed": _nobody_owed,
    "notices that came twice without a kill in between": _repeated,
    "contradictions in the record": lambda e: iter(e.broken),
}
