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
_COUNTED = ("times", "devices")  # numbers without a unit
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
            of = [] if key in _COUNTED else metrics
            shown = _joined([_value(of, one, language) for one in _list(value)], language)
            parts.append(_phrase("when", key, shown, language))
    measured = _joined([words.metric(one, language) for one in metrics], language)
    return f"{measured} {('，' if language == 'zh' else ', ').join(parts)}".strip()


def _selector(key: str, value: Any, language: str, name: Name) -> str:
    if isinstance(value, Mapping):
        shown = [f"{one}={_joined(_list(wanted), language)}" for one, wanted in value.items()]
    elif key == "kind":
        shown = [words.name(KINDS.get(one), language, one) for one in _list(value)]
    elif key == "gateway_of":
        shown = [words.say(f"carries_{one}", language) for one in _list(value)]
    else:
        shown = [name(key, one) for one in _list(value)]
    return _phrase("for", key, _joined(shown, language), language)


def _rest(body: Body, language: str) -> Iterator[str]:
    for key, value in body.items():
        if key in ("during", "outside"):
            windows = [_window(one, language) for one in _list(value)]
            yield _phrase("rule", key, ("；或 " if language == "zh" else "; or ").join(windows), language)
        elif key == "suppressed_by":
            named = [_suppressor(one, language) for one in _list(value)]
            yield _phrase("rule", key, _joined(named, language), language)
        elif key not in _SAID_ELSEWHERE:
            yield _phrase(
                "rule", key, _joined([_value([], one, language) for one in _list(value)], language), language
            )


def _window(window: Any, language: str) -> str:
    """One time of a schedule: all its parts hold together, of each part one word."""
    if not isinstance(window, Mapping):
        return str(window)
    parts = [
        _joined([words.word(str(one), language) for one in _list(value)], language)
        for value in window.values()
    ]
    return " + ".join(parts)


def _suppressor(named: Any, language: str) -> str:
    if not isinstance(named, Mapping):
        return str(named)
    same = words.word(str(named.get("same", "device")), language)
    return words.say("suppressed_same", language, rule=named.get("rule", ""), same=same)


def _phrase(part: str, key: str, shown: str, language: str) -> str:
    known = f"{part}_{key}"
    return words.say(known, language, value=shown) if known in CATALOGUE else f"{key}: {shown}"


def _value(metrics: list[str], value: Any, language: str) -> str:
    """A word, a length of time, or a number with the unit of what is measured."""

    if isinstance(value, Mapping):
        return ", ".join(_part(metrics, value, str(key), language) for key in value)
    if isinstance(value, str):
        length = parse_duration(value)
        return words.word(value, language) if length is None else words.span(length, language)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).lower()
    unit = METRICS[metrics[0]].unit if metrics and metrics[0] in METRICS else ""
    return f"{value:g}{'' if unit in ('', '%') else ' '}{unit}"


def _part(metrics: list[str], value: Body, key: str, language: str) -> str:
    """One key inside a condition. A limit bears the unit of what is measured, unless it is a multiple."""
    of = metrics if key in ("above", "below") and value.get("by", "difference") == "difference" else []
    shown = _joined([_value(of, one, language) for one in _list(value[key])], language)
    return f"{words.word(key, language)} {shown}"


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def _joined(parts: list[str], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(parts)
