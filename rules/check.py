"""Thinks. One rule of a file into a Rule, with every mistake in it noted."""

import re
from hashlib import blake2b
from typing import get_args

import msgspec

from ingest.campus.kinds import KINDS, METRICS, Form
from ingest.topology import Carries
from rules.rule import Condition, Event, Rule, Selector, Silence, State, Threshold, reportable
from rules.section import Section
from rules.verdict import Class, Text

_KEYS = (
    "id", "title", "for", "when", "class", "priority", "latch", "verify", "on_delay", "off_delay", "policy",
    "subject",
)  # fmt: skip
_FORMS: dict[str, Form | None] = {
    "is": Form.STATE,
    "above": Form.NUMBER,
    "below": Form.NUMBER,
    "happens": Form.EVENT,
    "silent_for": None,  # any metric can fall silent
}
_ONE_FORM = "expected exactly one of: is, above, below, happens, silent_for"
_SAY = {
    Form.STATE: "a state: use is",
    Form.NUMBER: "a number: use above or below",
    Form.EVENT: "an event: use happens",
}
_EXTRAS = {"deadband": ("above", "below"), "hold": ("happens",)}
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def read_rule(section: Section) -> Rule | None:
    """The rule, or None where a mistake was noted in `section.mistakes`."""
    before = len(section.mistakes)
    section.only(_KEYS)
    name = section.text("id", "an id of lower-case letters, digits and -")
    if name and not _ID.fullmatch(name):
        section.wrong("id", "expected lower-case letters, digits and -, at most 64")
    title, selector, condition = _title(section), _selector(section), _condition(section)
    rule = Rule(
        id=name,
        title=title,
        condition=condition or Silence((), 0),
        selector=selector,
        alert_class=_class(section),
        priority=section.whole("priority", 1, 5, 3),
        latch=section.flag("latch"),
        verify=section.flag("verify"),
        on_delay=section.duration("on_delay"),
        off_delay=section.duration("off_delay"),
        policy=section.text("policy", "the id of a policy") if section.has("policy") else None,
        by_device=section.one_of("subject", ("point", "device"), "point") == "device",
        source=f"{section.file}:{section.line}",
    )
    if len(section.mistakes) == before:
        _check_kinds(section, rule)
        _check_delays(section, rule)
        _check_subject(section, rule)
    if len(section.mistakes) > before:
        return None
    return msgspec.structs.replace(rule, version=_version(section))


def _title(section: Section) -> Text:
    title = section.section("title", "a title in both languages: {zh: …, en: …}")
    if title is None:
        return Text("", "")
    title.only(("zh", "en"))
    return Text(title.text("zh", "the title in Chinese"), title.text("en", "the title in English"))


def _class(section: Section) -> Class:
    names = [name.value for name in Class]
    if not section.has("class"):
        section.wrong("class", f"expected one of: {', '.join(names)}")
        return Class.TROUBLE
    return Class(section.one_of("class", names, Class.TROUBLE.value))


def _selector(section: Section) -> Selector:
    if not section.has("for"):
        return Selector()
    chosen = section.section("for", "selectors: kind, device, place, zone, label, gateway_of")
    if chosen is None:
        return Selector()
    chosen.only(("kind", "device", "place", "zone", "label", "gateway_of"))
    labels: dict[str, tuple[str, ...]] = {}
    wanted = chosen.section("label", "labels: {name: value}") if chosen.has("label") else None
    if wanted is not None:
        labels = {str(name): wanted.some(name, None, "a word or a list of words") for name in wanted.node}
    return Selector(
        kinds=chosen.some("kind", KINDS, "a kind or a list of kinds") if chosen.has("kind") else (),
        devices=_ids(chosen, "device"),
        places=_ids(chosen, "place"),
        zones=_ids(chosen, "zone"),
        labels=labels,
        gateway_of=chosen.some("gateway_of", get_args(Carries), "what speaks through the device")
        if chosen.has("gateway_of")
        else (),
    )


def _ids(chosen: Section, key: str) -> tuple[str, ...]:
    return chosen.some(key, None, f"the id of a {key} or a list of them") if chosen.has(key) else ()


def _condition(section: Section) -> Condition | None:
    """What to look for; None after a mistake."""
    when = section.section("when", "a condition, such as {metric: smoke, is: [alarm]}")
    if when is None:
        return None
    before = len(when.mistakes)
    when.only(("metric", *_FORMS, *_EXTRAS))
    metrics = when.some("metric", METRICS, "a metric or a list of metrics")
    forms = [form for form in _FORMS if when.has(form)]
    if len(forms) != 1:
        section.wrong("when", _ONE_FORM)
        return None
    for extra, hosts in _EXTRAS.items():
        if when.has(extra) and forms[0] not in hosts:
            when.wrong(extra, f"only with {' or '.join(hosts)}")
    _check_form(when, forms[0], metrics)
    if len(when.mistakes) > before:
        return None
    condition = _built(when, forms[0], metrics)
    return condition if len(when.mistakes) == before else None


def _check_form(when: Section, form: str, metrics: tuple[str, ...]) -> None:
    wanted = _FORMS[form]
    for metric in metrics:
        if wanted is not None and METRICS[metric].form is not wanted:
            when.wrong(form, f"'{metric}' is {_SAY[METRICS[metric].form]}")


def _built(when: Section, form: str, metrics: tuple[str, ...]) -> Condition:
    known = [METRICS[metric] for metric in metrics]
    if form == "silent_for":
        length = when.duration("silent_for")
        if length < 1000 and isinstance(when.node["silent_for"], str):
            when.wrong("silent_for", "expected at least 1s")
        return Silence(metrics, length)
    if _FORMS[form] is Form.NUMBER:
        low, high = max(m.low for m in known), min(m.high for m in known)
        limit = when.number(form, low, high)
        deadband = when.number("deadband", 0, high - low, 0.0) or 0.0
        return Threshold(
            metrics, limit if form == "above" else None, limit if form == "below" else None, deadband
        )
    words = [word for word in known[0].words if all(word in metric.words for metric in known)]
    chosen = when.some(form, words, "a word or a list of words")
    if form == "is":
        return State(metrics, chosen)
    return Event(metrics, chosen, when.duration("hold", 60_000))


def _check_kinds(section: Section, rule: Rule) -> None:
    """Every kind reports one of the metrics, and every metric is reported by one of the kinds."""
    metrics = rule.condition.metrics
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


def _check_delays(section: Section, rule: Rule) -> None:
    condition = rule.condition
    if isinstance(condition, Event) and (rule.on_delay or rule.off_delay):
        key = "on_delay" if rule.on_delay else "off_delay"
        section.wrong(key, "an event has no delays; use hold in when")
    if isinstance(condition, Silence) and rule.on_delay:
        section.wrong("on_delay", "make silent_for longer instead")
    if isinstance(condition, Silence) and rule.off_delay >= condition.silent_for:
        section.wrong("off_delay", "expected less than silent_for")
    kinds = [kind for kind in rule.selector.kinds or KINDS if KINDS[kind].life_safety]
    hidden = [kind for kind in kinds if any(metric in reportable(kind) for metric in condition.metrics)]
    if rule.alert_class is Class.ALARM and rule.on_delay and hidden:
        hint = f"a life-safety alarm ({', '.join(hidden)}) is raised at once: write on_delay: 0s"
        narrow = "" if rule.selector.kinds else ", or name in for.kind the kinds that are meant"
        section.wrong("on_delay", hint + narrow)


def _check_subject(section: Section, rule: Rule) -> None:
    if rule.by_device and len(rule.condition.metrics) > 1:
        section.wrong("subject", "a rule whose subject is the device looks at one metric only")


def _version(section: Section) -> str:
    """A short hash of what the rule says: comments, layout and the order of keys do not count."""
    text = msgspec.json.encode(_plain(section.node), order="sorted")
    return blake2b(text, digest_size=4).hexdigest()


def _plain(node: object) -> object:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, int):
        return int(node)
    return float(node) if isinstance(node, float) else str(node)
