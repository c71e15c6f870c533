"""Thinks. What is refused of a rule that reads well: parts of it that do not fit together."""

from ingest.campus.kinds import KINDS
from rules.conditions.coincidence import Coincidence
from rules.conditions.count import Count
from rules.conditions.expression import Expression
from rules.conditions.silence import Silence
from rules.conditions.stuck import Stuck
from rules.law import HELD_BACK, loud
from rules.rehearsal import fails
from rules.rule import Rule, reportable
from rules.section import Section
from rules.verdict import Class


def refuse(section: Section, rule: Rule) -> None:
    """Note every such mistake in `section.mistakes`."""
    _check_kinds(section, rule)
    _check_expression(section, rule)
    _check_delays(section, rule)
    _check_subject(section, rule)
    _check_suppression(section, rule)


def _check_kinds(section: Section, rule: Rule) -> None:
    """Every kind reports one of the metrics, and every metric is reported by one of the kinds."""
    metrics = rule.condition.metrics
    if not metrics:
        return
    deaf = False
    for place, kind in enumerate(rule.selector.kinds):
        can = reportable(kind)
        if not any(metric in can for metric in metrics):
            deaf = True
            chosen = section.section("for", "selectors")
            hint = f"a {kind} does not report {' or '.join(metrics)}; it reports: {', '.join(sorted(can))}"
            if chosen is not None:
                chosen.wrong("kind", hint, place)
    heard = {metric for kind in rule.selector.kinds or KINDS for metric in reportable(kind)}
    when = section.section("when", "a condition")
    for place, metric in enumerate(metrics):
        if metric not in heard and not deaf and when is not None:
            when.wrong("metric", f"'{metric}' is not reported by {' or '.join(rule.selector.kinds)}", place)


def _check_expression(section: Section, rule: Rule) -> None:
    """It can be asked of everything that the rule's devices may report."""
    when = section.section("when", "a condition")
    if isinstance(rule.condition, Expression) and when is not None:
        wrong = fails(rule.condition.known, rule.condition.metrics, rule.selector.kinds or KINDS)
        if wrong:
            when.wrong("expression", wrong, got=rule.condition.text[:60])


def _check_delays(section: Section, rule: Rule) -> None:
    condition = rule.condition
    if condition.momentary and (rule.on_delay or rule.off_delay):
        key = "on_delay" if rule.on_delay else "off_delay"
        section.wrong(key, "an event has no delays; use hold in when")
    if isinstance(condition, Silence) and rule.on_delay:
        section.wrong("on_delay", "make silent_for longer instead")
    if isinstance(condition, Silence) and rule.off_delay >= condition.silent_for:
        section.wrong("off_delay", "expected less than silent_for")
    for kind, instead in ((Count, "within"), (Stuck, "same_for")):
        if isinstance(condition, kind) and (rule.on_delay or rule.off_delay):
            key = "on_delay" if rule.on_delay else "off_delay"
            section.wrong(key, f"it is in {instead} already; leave it out")
    if rule.alert_class is Class.ALARM and rule.on_delay:
        _check_held_back(section, rule)


def _check_held_back(section: Section, rule: Rule) -> None:
    """An alarm that waits: not the first one of a life-safety point, and not long."""
    if isinstance(rule.condition, Coincidence):
        if "call_point" in rule.condition.metrics:
            section.wrong("on_delay", "a manual call point waits for nothing: write on_delay: 0s")
        elif rule.on_delay > HELD_BACK:
            section.wrong("on_delay", "an alarm beyond the first alert may wait 30s at most")
        return
    hidden = _life_safety(rule)
    if hidden:
        hint = f"a life-safety alarm ({', '.join(hidden)}) is raised at once: write on_delay: 0s"
        narrow = "" if rule.selector.kinds else ", or name in for.kind the kinds that are meant"
        section.wrong("on_delay", hint + narrow)


def _life_safety(rule: Rule) -> list[str]:
    """The life-safety kinds that the rule looks at."""
    kinds = [kind for kind in rule.selector.kinds or KINDS if KINDS[kind].life_safety]
    return [kind for kind in kinds if any(metric in reportable(kind) for metric in rule.condition.metrics)]


def _check_subject(section: Section, rule: Rule) -> None:
    if rule.by_device and len(rule.condition.metrics) > 1:
        section.wrong("subject", "a rule whose subject is the device looks at one metric only")


def _check_suppression(section: Section, rule: Rule) -> None:
    """Nothing hides the alarm or the pre-alarm of a life-safety point."""
    if not rule.suppressed_by:
        return
    hidden = _life_safety(rule)
    if hidden and loud(rule):
        hint = f"it would hide a life-safety point ({', '.join(hidden)}): leave it out"
        narrow = "" if rule.selector.kinds else ", or name in for.kind the kinds that are meant"
        section.wrong("suppressed_by", hint + narrow)
