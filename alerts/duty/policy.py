"""Thinks. Escalation policies: for which alerts, and who is told after how long. Durations are ms."""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from alerts.alert import Alert
from alerts.duty.hours import When
from rules.verdict import Class

DUTY = "duty"  # the post that is told when no policy says otherwise
LOOP = "loop"  # the built-in policy of Tocsin's own loop message: the null channel, and nobody else
CANARY = "canary"  # the built-in policy of Tocsin's own test alert: the one person it names, once
NOBODY = "nobody"  # the built-in policy of what is only shown
DEFAULT = "default"
NULL = "null"
RECEIPT = 120_000  # ms that a receipt is waited for where a policy does not say
LEAST_RECEIPT = 10_000  # ms: gateways are asked every few seconds only


class Target(msgspec.Struct, frozen=True):
    """Whom a step tells: everyone on duty at a post, in a team, of a role whose scope has the place, one
    person, or all persons. A team may be told one after another, `every` so many ms; or `first`: all at once,
    and when one of them takes it the others hear that they need not come."""

    kind: Literal["post", "team", "role", "person", "everyone"]
    id: str = ""
    how: Literal["all", "in_turn", "first"] = "all"
    every: int = 0


class Step(msgspec.Struct, frozen=True):
    """One step of a ladder. `after` counts from the moment the ladder started. `channels` are told without a
    person (sirens, lamps). The step is left out once the act that it waits for (`until`) is done."""

    after: int = 0
    notify: tuple[Target, ...] = ()
    channels: tuple[str, ...] = ()
    until: Literal["acknowledged", "arrived", "verified"] = "acknowledged"


class Match(msgspec.Struct, frozen=True):
    """Which alerts a policy is for. Each list is "one of these"; an empty one takes all. `places` include
    everything inside them; `kinds` are kinds of device. With `hours` it is for ladders that start in them."""

    classes: tuple[Class, ...] = ()
    kinds: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    hours: tuple[When, ...] = ()

    def takes(self, alert: Alert, path: Iterable[str]) -> bool:
        """`path` is the alert's place and all that it lies in. Its hours are not looked at."""
        return (
            (not self.classes or alert.alert_class in self.classes)
            and (not self.kinds or alert.device_kind in self.kinds)
            and (not self.rules or alert.rule in self.rules)
            and (not self.places or not set(self.places).isdisjoint(path))
        )


class Policy(msgspec.Struct, frozen=True):
    """The escalation ladder of some alerts. `repeat`: the last step is done again every so many ms until
    somebody acts; None takes the default of the class (alerts/duty/escalation.py). `promise`: how long
    whoever takes it has to arrive, verify or hand over; None takes that of the class (alerts/reasons.py).
    `receipt`: a notice of which nothing proves within this time that it arrived is sent to the person's next
    contact too; None takes RECEIPT."""

    id: str
    match: Match = Match()
    steps: tuple[Step, ...] = ()
    repeat: int | None = None
    promise: int | None = None
    receipt: int | None = None


OF_LOOP = Policy(LOOP, steps=(Step(channels=(NULL,)),))
OF_NOBODY = Policy(NOBODY)
EVERYONE = Step(notify=(Target("everyone"),))


def rungs(policy: Policy, members: dict[str, tuple[str, ...]]) -> Policy:
    """The policy with a step for each member of a team that is told one after another (`members` of the
    teams). As the last step it ends with the whole team, which then is what repeats. The last step stays the
    last: it is told again where others come after it."""
    if not any(target.how == "in_turn" for step in policy.steps for target in step.notify):
        return policy
    made: list[Step] = []
    for step in policy.steps:
        made += _rungs(step, members, last=step is policy.steps[-1])
    final, made = made[-1], sorted(made, key=lambda step: step.after)
    if made[-1] is not final:
        made.append(msgspec.structs.replace(final, after=made[-1].after))
    return msgspec.structs.replace(policy, steps=tuple(made))


def _rungs(step: Step, members: dict[str, tuple[str, ...]], last: bool) -> Iterator[Step]:
    """The first rung also tells everybody else whom the step names, and the channels."""
    turns = [target for target in step.notify if target.how == "in_turn"]
    others = tuple(target for target in step.notify if target.how != "in_turn")
    longest = max((len(members.get(target.id, ())) for target in turns), default=0)
    every = max((target.every for target in turns), default=0)
    for number in range(longest):
        told = [members[t.id][number] for t in turns if number < len(members.get(t.id, ()))]
        notify = tuple(Target("person", one) for one in dict.fromkeys(told))
        first = number == 0
        yield Step(
            step.after + number * every,
            (*others, *notify) if first else notify,
            step.channels if first else (),
            step.until,
        )
    if last or not longest:
        whole = tuple(msgspec.structs.replace(target, how="all", every=0) for target in turns)
        yield msgspec.structs.replace(step, after=step.after + longest * every, notify=(*others, *whole))
