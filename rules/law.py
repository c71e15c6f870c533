"""Thinks. What must be true of all rules together: nothing hides a fire, and names lead somewhere.

The first activation of a life-safety point raises an alarm at once, whatever is written beside it: so for
every kind of life-safety device, and each metric by which it alarms, some rule must look at every such device
and hold nothing back. A set in which none does is refused as a whole.
"""

from collections.abc import Callable, Iterator, Mapping

from ingest.campus.kinds import KINDS, METRICS
from rules.conditions.change import Change
from rules.conditions.event import Event
from rules.conditions.expression import Expression
from rules.conditions.state import State
from rules.conditions.verdicts import Verdicts
from rules.rule import Rule
from rules.section import meant
from rules.shadow import misused
from rules.verdict import Class

HELD_BACK = 30_000  # ms, the longest that an alarm beyond the first alert may wait
DEEPEST = 20  # rules that build on one another
_ALARM = "alarm"
_LOUD = {_ALARM, "prealarm"}


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
    """Rules that build on one another in a ring, or in too long a row; each is told once."""
    done: dict[str, int] = {}
    for start in rules:
        yield from _walk(rules, start, [], done)


def _walk(rules: Mapping[str, Rule], name: str, path: list[str], done: dict[str, int]) -> Iterator[str]:
    """`done`: of each rule that was walked through how many there are from it down to the readings."""
    if name in done:
        return
    path.append(name)
    below = 0
    for named, where in rules[name].refers:
        if named in path:
            ring = " → ".join([*path[path.index(named) :], named])
            yield f"{where}  got {named!r}  these rules build on one another: {ring}"
        elif len(path) == DEEPEST and named not in done:
            yield f"{where}  got {named!r}  at most {DEEPEST} rules may build on one another"
        else:
            yield from _walk(rules, named, path, done)
            below = max(below, done[named])
            if below == DEEPEST:
                yield f"{where}  got {named!r}  at most {DEEPEST} rules may build on one another"
                below = 0  # said once
    path.pop()
    done[name] = below + 1


def _held_back(rules: Mapping[str, Rule]) -> Iterator[str]:
    """An alarm beyond the first alert waits 30 s at most, with all that it builds on, and never at a manual
    call point."""
    waits: dict[str, int | None] = {}
    pressed: dict[str, int | None] = {}
    for rule in rules.values():
        if not isinstance(rule.condition, Verdicts) or rule.alert_class is not Class.ALARM:
            continue
        long = _waits(rules, rule.id, _reaches_life_safety, waits) or 0
        where = rule.delayed_at or f"{rule.source}:1  rule {rule.id}.on_delay"
        said = f"{where}  got {rule.on_delay // 1000}s"
        if _waits(rules, rule.id, lambda one: "call_point" in one.condition.metrics, pressed):
            yield f"{said}  it builds on a manual call point, which waits for nothing: write on_delay: 0s"
        elif long > HELD_BACK:
            beyond = f", and with what it builds on it waits {long // 1000}s" if long > rule.on_delay else ""
            yield f"{said}  an alarm beyond the first alert may wait 30s at most{beyond}"


def _waits(
    rules: Mapping[str, Rule], name: str, ends: Callable[[Rule], bool], known: dict[str, int | None]
) -> int | None:
    """How long the on-delays from this rule down to one of these are, all together; None where it builds on
    none of them."""
    if name not in known:
        rule = rules[name]
        if isinstance(rule.condition, Verdicts):
            below = {*rule.condition.every, *rule.condition.some}
            found = [_waits(rules, one, ends, known) for one in sorted(below)]
            reached = [wait for wait in found if wait is not None]
            known[name] = max(reached) + rule.on_delay if reached else None
        else:
            known[name] = rule.on_delay if ends(rule) else None
    return known[name]


def _hidden(rules: Mapping[str, Rule]) -> Iterator[str]:
    """A rule that gathers what life-safety points say is not suppressed either."""
    for rule in rules.values():
        if not rule.suppressed_by or not isinstance(rule.condition, Verdicts):
            continue
        if any(_reaches_life_safety(one) and loud(one) for one in _below(rules, rule)):
            named = rule.suppressed_by[0].rule
            where = next(one.where for one in rule.refers[::-1] if one.rule == named)
            yield f"{where}  got {named!r}  it would hide what life-safety points say: leave it out"


def loud(rule: Rule) -> bool:
    """Whether it may be the rule that says that a point is in alarm, or nearly so."""
    condition = rule.condition
    if rule.alert_class is Class.ALARM or isinstance(condition, Expression):
        return True
    words = (condition.new or _LOUD) if isinstance(condition, Change) else condition.starts().words
    return not _LOUD.isdisjoint(words)


def _below(rules: Mapping[str, Rule], rule: Rule) -> list[Rule]:
    """The rule, and those it builds on, down to the readings; each once."""
    found, more = {rule.id: rule}, [rule]
    while more:
        condition = more.pop().condition
        names = condition.names if isinstance(condition, Verdicts) else ()
        more += [rules[name] for name in names if name not in found]
        found |= {name: rules[name] for name in names}
    return list(found.values())


def _reaches_life_safety(rule: Rule) -> bool:
    return any(rule.covers(kind, metric) for kind, metric in hazards())
