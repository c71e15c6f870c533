"""Thinks. What must be true of all rules together: nothing hides a fire, and names lead somewhere.

The first activation of a life-safety point raises an alarm at once, whatever is written beside it: so for
every kind of life-safety device, and each metric by which it alarms, some rule must look at every such device
and hold nothing back. A set in which none does is refused as a whole.
"""

from collections.abc import Iterator, Mapping

from ingest.campus.kinds import KINDS, METRICS
from rules.conditions.coincidence import Coincidence
from rules.conditions.event import Event
from rules.conditions.state import State
from rules.conditions.verdicts import Verdicts
from rules.rule import Rule
from rules.section import meant
from rules.shadow import misused
from rules.verdict import Class

HELD_BACK = 30_000  # ms, the longest that an alarm beyond the first alert may wait
_ALARM = "alarm"


def broken(rules: Mapping[str, Rule]) -> list[str]:
    """A sentence for each way in which these rules together are no rule set."""
    found = [*_strangers(rules)]
    if not found:
        found += _rings(rules)
    if not found:
        found += [*_held_back(rules), *_hidden(rules), *misused(rules)]
    return [*found, *unheard(rules)]


def unheard(rules: Mapping[str, Rule]) -> Iterator[str]:
    """The kinds of life-safety device of which some first alarm would raise nothing at once."""
    deaf: dict[str, list[str]] = {}
    for kind, metric in hazards():
        if not any(_raises_at_once(rule, kind, metric) for rule in rules.values()):
            deaf.setdefault(kind, []).append(metric)
    for kind, metrics in deaf.items():
        yield (
            f"rules:1:1  rules  got no alarm at once for {', '.join(metrics)} of every {kind}  the first "
            "alarm of a life-safety device must raise something, at any hour: use the standard pack "
            "(standard_rules: true), or write a rule of class alarm, without delay, schedule or shadow, for: "
            f"{{kind: {kind}}} and nothing else"
        )


def hazards() -> Iterator[tuple[str, str]]:
    """Each life-safety kind of device with each metric by which it alarms."""
    for kind in KINDS.values():
        if kind.life_safety:
            yield from ((kind.name, metric) for metric in kind.metrics if _ALARM in METRICS[metric].words)


def _raises_at_once(rule: Rule, kind: str, metric: str) -> bool:
    condition = rule.condition
    return (
        rule.alert_class is Class.ALARM
        and rule.shadow is None
        and rule.schedule is None
        and isinstance(condition, State | Event)
        and _ALARM in condition.words
        and rule.covers(kind, metric)
        and rule.selector.everywhere
        and not rule.on_delay
        and not rule.suppressed_by
    )


def _strangers(rules: Mapping[str, Rule]) -> Iterator[str]:
    for rule in rules.values():
        for named, where in rule.refers:
            if named == rule.id:
                yield f"{where}  got {named!r}  a rule cannot build on itself"
            elif named not in rules:
                yield f"{where}  got {named!r}  no rule has this id; {meant(named, rules)}"


def _rings(rules: Mapping[str, Rule]) -> Iterator[str]:
    """Rules that build on one another in a ring; each ring is told once."""
    done: set[str] = set()
    for start in rules:
        path: list[str] = []
        yield from _walk(rules, start, path, done)


def _walk(rules: Mapping[str, Rule], name: str, path: list[str], done: set[str]) -> Iterator[str]:
    if name in done:
        return
    path.append(name)
    for named, where in rules[name].refers:
        if named in path:
            ring = " → ".join([*path[path.index(named) :], named])
            yield f"{where}  got {named!r}  these rules build on one another: {ring}"
        else:
            yield from _walk(rules, named, path, done)
    path.pop()
    done.add(name)


def _held_back(rules: Mapping[str, Rule]) -> Iterator[str]:
    """An alarm beyond the first alert waits 30 s at most, and never at a manual call point."""
    for rule in rules.values():
        if (
            not isinstance(rule.condition, Verdicts)
            or rule.alert_class is not Class.ALARM
            or not rule.on_delay
        ):
            continue
        below = [one for one in _below(rules, rule) if _reaches_life_safety(one)]
        where = f"{rule.source}:1  rule {rule.id}.on_delay  got {rule.on_delay // 1000}s"
        if any("call_point" in one.condition.metrics for one in below):
            yield f"{where}  it builds on a manual call point, which waits for nothing: write on_delay: 0s"
        elif below and rule.on_delay > HELD_BACK:
            yield f"{where}  an alarm beyond the first alert may wait 30s at most"


def _hidden(rules: Mapping[str, Rule]) -> Iterator[str]:
    """A rule that gathers what life-safety points say is not suppressed either."""
    for rule in rules.values():
        if not rule.suppressed_by or not isinstance(rule.condition, Verdicts | Coincidence):
            continue
        if any(_reaches_life_safety(one) and one.alert_class is Class.ALARM for one in _below(rules, rule)):
            yield (
                f"{rule.source}:1  rule {rule.id}.suppressed_by  got {rule.suppressed_by[0].rule!r}  "
                "it would hide what life-safety points say: leave it out"
            )


def _below(rules: Mapping[str, Rule], rule: Rule) -> Iterator[Rule]:
    """The rule, and those it builds on, down to the readings."""
    yield rule
    if isinstance(rule.condition, Verdicts):
        for name in rule.condition.names:
            yield from _below(rules, rules[name])


def _reaches_life_safety(rule: Rule) -> bool:
    return any(rule.covers(kind, metric) for kind, metric in hazards())
