"""Thinks. A set of MQTT filters as a tree of levels: a look-up costs a few steps however many there are."""

from collections.abc import Iterable
from typing import Any

_END = ""  # no level of a filter: an empty one is stored as "/", which no level can hold


def sound(one: str) -> bool:
    """Whether a broker takes this filter; one that it does not would cost the whole subscription."""
    if not one or "\0" in one or not _encodable(one):
        return False
    levels = one.split("/")
    if any(("+" in level or "#" in level) and len(level) > 1 for level in levels):
        return False
    return "#" not in levels[:-1]


def _encodable(text: str) -> bool:
    try:
        return len(text.encode()) <= 60_000
    except UnicodeEncodeError:
        return False


class Filters:
    """A set of filters. `narrowest` leaves out those that others cover: a broker may deliver once for each
    filter that matches, and a press must not ring twice."""

    def __init__(self, filters: Iterable[str]) -> None:
        self._tree: dict[str, Any] = {}
        self._all = sorted(set(filters))
        for one in self._all:
            here = self._tree
            for level in one.split("/"):
                here = here.setdefault(level or "/", {})
            here[_END] = True

    def match(self, topic: str) -> bool:
        return _matches(self._tree, topic.split("/"), 0)

    def narrowest(self) -> list[str]:
        return [one for one in self._all if not _covered(self._tree, one.split("/"), 0, True)]


def _covered(tree: dict[str, Any], levels: list[str], at: int, same: bool) -> bool:
    """Whether another filter matches all that this one does. `same`: so far it is the filter itself."""
    if "#" in tree and not (same and levels[at:] == ["#"]):
        return True
    if at == len(levels):
        return _END in tree and not same
    level = levels[at] or "/"
    return any(
        name in tree and _covered(tree[name], levels, at + 1, same and name == level)
        for name in dict.fromkeys((level, "+"))
        if level != "#"
    )


def _matches(tree: dict[str, Any], levels: list[str], at: int) -> bool:
    if "#" in tree:
        return True
    if at == len(levels):
        return _END in tree
    level = levels[at] or "/"
    if level in tree and _matches(tree[level], levels, at + 1):
        return True
    return "+" in tree and _matches(tree["+"], levels, at + 1)
