"""Thinks. A set of MQTT filters as a tree of levels: a look-up costs a few steps however many there are."""

from collections.abc import Iterable
from typing import Any

_END = ""  # no level of a filter: an empty one is stored as "/", which no level can hold


class Filters:
    def __init__(self, filters: Iterable[str]) -> None:
        self._tree: dict[str, Any] = {}
        for one in filters:
            here = self._tree
            for level in one.split("/"):
                here = here.setdefault(level or "/", {})
            here[_END] = True

    def match(self, topic: str) -> bool:
        return _matches(self._tree, topic.split("/"), 0)


def _matches(tree: dict[str, Any], levels: list[str], at: int) -> bool:
    if "#" in tree:
        return True
    if at == len(levels):
        return _END in tree
    return any(name in tree and _matches(tree[name], levels, at + 1) for name in (levels[at] or "/", "+"))
