"""Thinks. A rule as its file states it, in the reader's words: clause by clause.

A key that has no words here (dashboard/catalogue/rules.py) is shown as it is written: nothing is left out.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dashboard import words
from dashboard.catalogue import CATALOGUE
from ingest.campus.kinds import KINDS, METRICS
from rules.section import parse_duration

Name = Callable[[str, str], str]  # of a place, zone or device: which of them, its id → its name
Body = Mapping[str, Any]
_SAID_ELSEWHERE = ("id", "title", "for", "when", "class", "priority", "latch", "verify")


def clauses(body: Body, language: str, name: Name) -> list[str]:
    """What the rule looks for, where, and how long: the sentence of its condition first."""
    when = body.get("when")
    found = [_condition(when, language) if isinstance(when, Mapping) else str(when)]
    chosen = body.get("for") or {}
    found += [_selector(key, value, language, name) for key, value in chosen.items()]
    if not chosen:
        found.append(words.say("rule_any_device", language))
    return found + list(_rest(body, language))


def _condition(when: Body, language: str) -> str:
    metrics = _list(when.get("metric"))
    parts = []
    for key, value in when.items():
        if key != "metric":
            shown = _joined([_value(metrics, one, language) for one in _list(value)], language)
            parts.append(_phrase("when", key, shown, language))
    measured = _joined([words.metric(one, language) for one in metrics], language)
    return f"{measured} {('，' if language == 'zh' else ', ').join(parts)}".strip()


def _selector(key: str, value: Any, language: str, name: Name) -> str:
    if isinstance(value, Mapping):
        shown = [f"{one}={_joined(_list(wanted), language)}" for one, wanted in value.items()]
    elif key == "kind":
        shown = [words.name(KINDS.get(one), language, one) for one in _list(value)]
    elif key == "gateway_of":
        shown = [words.word(one, language) for one in _list(value)]
    else:
        shown = [name(key, one) for one in _list(value)]
    return _phrase("for", key, _joined(shown, language), language)


def _rest(body: Body, language: str) -> Iterator[str]:
    for key, value in body.items():
        if key not in _SAID_ELSEWHERE:
            yield _phrase(
                "rule", key, _joined([_value([], one, language) for one in _list(value)], language), language
            )


def _phrase(part: str, key: str, shown: str, language: str) -> str:
    known = f"{part}_{key}"
    return words.say(known, language, value=shown) if known in CATALOGUE else f"{key}: {shown}"


def _value(metrics: list[str], value: Any, language: str) -> str:
    """A word, a length of time, or a number with the unit of what is measured."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_value(metrics, one, language)}" for key, one in value.items())
    if isinstance(value, str):
        length = parse_duration(value)
        return words.word(value, language) if length is None else words.span(length, language)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).lower()
    unit = METRICS[metrics[0]].unit if metrics and metrics[0] in METRICS else ""
    return f"{value:g}{'' if unit in ('', '%') else ' '}{unit}"


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def _joined(parts: list[str], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(parts)
