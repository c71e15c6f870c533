"""Thinks. The places of the campus as façades (building, floors, rooms), and the worst state of each."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ingest.campus.device import Place
from ingest.campus.registry import Registry

# A drill stands before what is hidden and behind all that is real, so that it never covers an alarm.
WORST_FIRST = ("alarm", "supervisory", "trouble", "silent", "status", "drill", "out", "normal")


class Row(msgspec.Struct, frozen=True):
    """One floor: `place` is None for rooms that hang on the building itself."""

    place: str | None
    rooms: tuple[str, ...]


class Facade(msgspec.Struct, frozen=True):
    """A building: `rows` from the highest floor down, as registered bottom up."""

    place: str
    rows: tuple[Row, ...]


def _children(registry: Registry) -> dict[str | None, list[str]]:
    children: dict[str | None, list[str]] = {}
    for place in registry.places.values():
        children.setdefault(place.parent, []).append(place.id)
    return children


def _below(children: Mapping[str | None, list[str]], place: str) -> list[str]:
    found: list[str] = []
    for child in children.get(place, ()):
        found += [child, *_below(children, child)]
    return found


def facades(registry: Registry) -> list[Facade]:
    children = _children(registry)
    buildings = children.get(registry.root.id, [])
    made = []
    for building in buildings:
        floors = [f for f in children.get(building, ()) if children.get(f)]
        loose = tuple(r for r in children.get(building, ()) if not children.get(r))
        rows = [Row(floor, tuple(_below(children, floor))) for floor in reversed(floors)]
        made.append(Facade(building, (*rows, Row(None, loose)) if loose else tuple(rows)))
    return made


def path(registry: Registry, place: str) -> tuple[Place, ...]:
    """From the building down to this place; the campus itself when that is all there is."""
    whole = registry.path(place)
    return whole[1:] or whole


def worst(states: Iterable[str]) -> str:
    return min(states, key=WORST_FIRST.index, default="normal")


def state_of(card: Mapping[str, Any]) -> str:
    """What an open alert makes of its place."""
    if card["inhibition"] != "none":
        return "out"
    return str(card["class"]) if card["mode"] == "real" else "drill"


def states(registry: Registry, cards: Iterable[Mapping[str, Any]], silent: Iterable[str]) -> dict[str, str]:
    """place → worst state, of itself and all inside; places where all is well are left out.
    `silent` are the places of devices that are not heard."""
    found: dict[str, str] = {}
    marks = [(c["place"], state_of(c)) for c in cards] + [(place, "silent") for place in silent]
    for place, state in marks:
        for part in registry.path(place) if place in registry.places else ():
            found[part.id] = worst((state, found.get(part.id, "normal")))
    return found
