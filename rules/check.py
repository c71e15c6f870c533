"""Thinks. One rule of a file into a Rule, with every mistake in it noted."""

import re
from hashlib import blake2b
from typing import get_args

import msgspec

from ingest.campus.kinds import KINDS, METRICS, Form
from ingest.topology import Carries
from rules import schedule, shadow
from rules.conditions import COUNTING, EXTRAS, SPELT, WRAPPING, verdicts
from rules.conditions.coincidence import Coincidence
from rules.conditions.silence import Silence
from rules.refuse import refuse
from rules.rule import Condition, Reference, Rule, Same, Scope, Selector, Suppressor
from rules.section import Section
from rules.verdict import Class, Text

KEYS = (
    "id", "title", "for", "when", "class", "priority", "latch", "verify", "on_delay", "off_delay", "policy",
    "plan", "subject", "suppressed_by", "shadow", "during", "outside", "hazard",
)  # fmt: skip
_ONE_FORM = f"expected exactly one of: {', '.join(SPELT)}; or all, any, none"
RESERVED = ("alertmanager",)  # see alerts/outward/prometheus.py
_LONGEST = 200  # characters of a title: it is read out, and sent as a text message
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def read_rule(section: Section) -> Rule | None:
    """The rule, or None where a mistake was noted in `section.mistakes`."""
    before = len(section.mistakes)
    section.only(KEYS)
    name = section.text("id", "an id of lower-case letters, digits and -")
    if name and not _ID.fullmatch(name):
        section.wrong("id", "expected lower-case letters, digits and -, at most 64")
    if name in RESERVED:
        section.wrong("id", "expected another id: so alerts of Prometheus are called")
    title, selector = _title(section), _selector(section)
    condition, refers = _condition(section)
    scope = _scope(section, condition)
    suppressors, hidden_by = _suppressors(section)
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
        delayed_at=section.where("on_delay") if section.has("on_delay") else "",
        off_delay=section.duration("off_delay"),
        policy=section.text("policy", "the id of a policy") if section.has("policy") else None,
        plan=section.text("plan", "the id of a plan") if section.has("plan") else None,
        scope=scope,
        source=f"{section.file}:{section.line}",
        suppressed_by=suppressors,
        refers=(*refers, *hidden_by),
        shadow=shadow.read(section),
        hazard=section.flag("hazard"),
        schedule=schedule.read(section),
    )
    if len(section.mistakes) == before:
        refuse(section, rule)
    if len(section.mistakes) > before:
        return None
    return msgspec.structs.replace(rule, version=_version(section))


def _title(section: Section) -> Text:
    title = section.section("title", "a title in both languages: {zh: …, en: …}")
    if title is None:
        return Text("", "")
    title.only(("zh", "en"))
    for key in ("zh", "en"):
        words = title.node.get(key)
        if isinstance(words, str) and (len(words) > _LONGEST or not words.isprintable()):
            title.wrong(key, f"expected one line of at most {_LONGEST} characters", got=words[:40])
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


def _scope(section: Section, condition: Condition | None) -> Scope:
    if isinstance(condition, Coincidence):
        names: tuple[Scope, ...] = ("zone", "place")
    elif condition is not None and condition.gathers:
        names = ("device", "zone", "place")
    else:
        names = ("point", "device")
    chosen = section.one_of("subject", names, names[0])
    return next(name for name in names if name == chosen)


def _suppressors(section: Section) -> tuple[tuple[Suppressor, ...], tuple[Reference, ...]]:
    """The rules that hide this one, and where each is named."""
    if not section.has("suppressed_by"):
        return (), ()
    found, refers = [], []
    for one in section.each("suppressed_by", "a rule and what it has in common: {rule: …, same: gateway}"):
        one.only(("rule", "same"))
        name = one.text("rule", "the id of a rule")
        same = one.one_of("same", get_args(Same), "device")
        found.append(Suppressor(name, next(word for word in get_args(Same) if word == same)))
        refers.append(Reference(name, one.where("rule")))
    return tuple(found), tuple(refers)


def _condition(section: Section) -> tuple[Condition | None, tuple[Reference, ...]]:
    """What to look for, None after a mistake; and the other rules that it names."""
    when = section.section("when", "a condition, such as {metric: smoke, is: [alarm]}")
    if when is None:
        return None, ()
    before = len(when.mistakes)
    when.only(("metric", *SPELT, *EXTRAS, *COUNTING, *WRAPPING, *verdicts.KEYS))
    condition: Condition | None
    if any(when.has(key) for key in verdicts.KEYS):
        condition, refers = _of_others(when)
    else:
        condition, refers = _of_metrics(section, when), ()
    return (condition if len(when.mistakes) == before else None), refers


def _of_others(when: Section) -> tuple[Condition, tuple[Reference, ...]]:
    for key in when.node:
        if key in (*SPELT, *WRAPPING, *EXTRAS, *COUNTING, "metric"):
            when.wrong(key, "not beside all, any or none: they look at other rules")
    return verdicts.built(when)


def _of_metrics(section: Section, when: Section) -> Condition | None:
    metrics = when.some("metric", METRICS, "a metric or a list of metrics")
    forms = [form for form in SPELT if when.has(form)]
    if len(forms) != 1:
        section.wrong("when", _ONE_FORM)
        return None
    _check_extras(when, forms[0])
    _check_form(when, forms[0], metrics)
    if not metrics:
        return None
    condition = SPELT[forms[0]].built(when, forms[0], metrics)
    for key, wrapping in WRAPPING.items():
        if condition is not None and when.has(key):
            condition = wrapping.wrapped(when, condition)
    return condition


def _check_extras(when: Section, form: str) -> None:
    wrapping = [key for key in WRAPPING if when.has(key)]
    if len(wrapping) > 1:
        when.wrong(wrapping[1], f"not beside {wrapping[0]}: write two rules")
    for extra in (*EXTRAS, *(key for key in COUNTING if key not in EXTRAS)):
        hosts = (*EXTRAS.get(extra, ()), *COUNTING.get(extra, ()))
        if when.has(extra) and not {form, *wrapping}.intersection(hosts):
            when.wrong(extra, f"only with {' or '.join(hosts)}")


def _check_form(when: Section, form: str, metrics: tuple[str, ...]) -> None:
    wanted = SPELT[form].FORM
    for metric in metrics:
        known = METRICS[metric].form
        if wanted is not None and known is not wanted:
            use = " or ".join(key for key, one in SPELT.items() if one.FORM is known)
            when.wrong(form, f"'{metric}' is {_SAY[known]}: use {use}")


_SAY = {Form.STATE: "a state", Form.NUMBER: "a number", Form.EVENT: "an event"}


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
