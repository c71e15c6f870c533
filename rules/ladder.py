"""Thinks. A rule with `levels`: one rule for each, so that each has a class and delays of its own.

A level takes everything from the rule around it and replaces what it says itself; its condition is the rule's
with its own limit. The lower level is suppressed while the higher one holds; an alarm never is.
"""

from itertools import pairwise
from typing import Any

from ruamel.yaml.comments import CommentedMap

from rules.section import Section

_LIMITS = ("is", "above", "below", "rises", "falls", "deadband", "within", "times")
_OWN = ("title", "class", "priority", "latch", "verify", "on_delay", "off_delay", "policy")
_HIGHER = {
    "above": 1,
    "rises": 1,
    "falls": 1,
    "times": 1,
    "below": -1,
}  # which way a limit goes up the ladder
MOST = 5


def rungs(section: Section) -> list[Section]:
    """The rule itself; or one for each of its levels, `id-1` the lowest."""
    if not section.has("levels"):
        return [section]
    levels = section.each("levels", "a level: {above: 30, class: supervisory}")
    if not 2 <= len(levels) <= MOST:
        section.wrong("levels", f"expected 2 to {MOST} levels, the lowest first")
        return []
    for level in levels:
        level.only((*_LIMITS, *_OWN))
    for lower, higher in pairwise(levels):
        _check_order(lower, higher)
    name = section.text("id", "an id of lower-case letters, digits and -")
    return [
        Section(_rung(section, level, name, place, len(levels)), section.file, section.path, section.mistakes)
        for place, level in enumerate(levels)
    ]


def _check_order(lower: Section, higher: Section) -> None:
    """A higher level that is reached before the lower one would hide it from the first moment on."""
    for key, sign in _HIGHER.items():
        first, second = (_limit(level.node.get(key)) for level in (lower, higher))
        if first is not None and second is not None and sign * second < sign * first:
            most = "at least" if sign > 0 else "at most"
            higher.wrong(key, f"the lowest level stands first: expected {most} {first:g}")


def _limit(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _rung(section: Section, level: Section, name: str, place: int, number: int) -> CommentedMap:
    node = _joined(section.node, level.node, _OWN)
    del node["levels"]
    node["id"] = f"{name}-{place + 1}"
    when = section.node.get("when")
    if isinstance(when, dict):
        node["when"] = _joined(when, level.node, _LIMITS)
    if place + 1 < number and "suppressed_by" not in node and node.get("class") != "alarm":
        node["suppressed_by"] = hidden = CommentedMap(rule=f"{name}-{place + 2}", same="device")
        hidden.lc.line, hidden.lc.col = node.lc.line, node.lc.col
    return node


def _joined(rule: Any, level: Any, keys: tuple[str, ...]) -> CommentedMap:
    """The rule's mapping with these keys of the level; each key still knows its line."""
    node = CommentedMap(rule)
    chosen = {key: value for key, value in level.items() if key in keys}
    node.update(chosen)
    node.lc.line, node.lc.col = rule.lc.line, rule.lc.col
    places = {**(rule.lc.data or {}), **{key: level.lc.data[key] for key in chosen}}
    node.lc.data = {key: place for key, place in places.items() if key in node}
    return node
