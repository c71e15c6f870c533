"""Thinks. A flood: more new alerts at one post than a person can look at one by one.

While it lasts, whatever is not life safety is shown by building, the oldest cause first (first-out), counted
and unfoldable. Life safety stays on top, one by one. It is only a matter of showing: nobody is told less.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

MANY = 10  # more new alerts than this within WITHIN are a flood (ISA-18.2, EEMUA 191)
WITHIN = 10 * 60_000  # ms
CALM = 5  # it is over when so few are new


class Group(msgspec.Struct, frozen=True):
    """The alerts of one building, first-out: `first` is the oldest of them, `alerts` are in their order."""

    place: str
    first: int
    first_at: int
    alerts: tuple[int, ...]
    classes: dict[str, int]


class Flood(msgspec.Struct, frozen=True):
    """`posts`: who is flooded, and by how many new alerts within the last ten minutes."""

    since: int
    posts: dict[str, int]
    groups: tuple[Group, ...]


def flooded(moments: Iterable[int], now: int) -> tuple[int, int] | None:
    """Since when there is a flood, and how many alerts are new; None when there is none. `moments` are when
    alerts were raised, in order."""
    recent: deque[int] = deque()
    since = None
    for moment, is_new in (*((one, True) for one in moments), (now, False)):
        while recent and recent[0] <= moment - WITHIN:
            recent.popleft()
            if len(recent) <= CALM:
                since = None
        if is_new:
            recent.append(moment)
        if since is None and len(recent) > MANY:
            since = moment
    return None if since is None else (since, len(recent))


def flood(
    raised: Mapping[str, Iterable[int]],
    cards: Iterable[Mapping[str, Any]],
    building: Mapping[int, str],
    post: Mapping[int, str],
    now: int,
) -> Flood | None:
    """`raised`: when alerts were raised at each post; `cards`: the open alerts, `building` and `post` theirs.
    A drill is grouped apart from what is real by staying as it is: one by one."""
    found = {name: state for name, moments in raised.items() if (state := flooded(moments, now))}
    if not found:
        return None
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for card in sorted(cards, key=lambda one: (one["raised_at"], one["id"])):
        if post.get(card["id"]) in found and _grouped(card):
            groups.setdefault(building.get(card["id"], card["place"]), []).append(card)
    made = tuple(_group(place, group) for place, group in groups.items())
    return Flood(min(since for since, _ in found.values()), {name: n for name, (_, n) in found.items()}, made)


def _grouped(card: Mapping[str, Any]) -> bool:
    return not card["life_safety"] and not card["incident"] and card["mode"] == "real"


def _group(place: str, cards: list[Mapping[str, Any]]) -> Group:
    classes: dict[str, int] = {}
    for card in cards:
        classes[card["class"]] = classes.get(card["class"], 0) + 1
    first = cards[0]
    return Group(place, first["id"], first["raised_at"], tuple(card["id"] for card in cards), classes)
