"""Thinks. How far somebody reaches: the places of their scope, and what concerns them by name.

Escalation asks nobody about scopes: whom Tocsin has told of an alert, or whom it is offered to, may open it
and act on it wherever it is. And an open alarm of life safety is hidden from nobody who may look; to act on
it, one must be in its place or be told.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from ingest.campus.registry import Registry

HOLDERS = ("owner", "offered_to", "acknowledged_by", "joined_by")  # who an alert concerns by name


class Reach(msgspec.Struct, frozen=True):
    """`scope`: places, each with all that lies in it; none: everywhere. A place that is no longer registered
    lies in no scope, so it is seen only from everywhere."""

    scope: tuple[str, ...] = ()
    person: str = ""

    @property
    def everywhere(self) -> bool:
        return not self.scope

    def has(self, registry: Registry, place: str) -> bool:
        return self.everywhere or any(part.id in self.scope for part in registry.path(place))

    def places(self, registry: Registry) -> list[str]:
        return [place for place in registry.places if self.has(registry, place)]

    def acts(self, registry: Registry, card: Mapping[str, Any]) -> bool:
        """Whether they may act on this alert, as dashboard/cards.py shows it."""
        return self.has(registry, card["place"]) or self._named(card)

    def sees(self, registry: Registry, card: Mapping[str, Any]) -> bool:
        vital = card["open"] and card["life_safety"] and card["class"] == "alarm"
        return vital or self.acts(registry, card)

    def _named(self, card: Mapping[str, Any]) -> bool:
        if not self.person:
            return False
        told = (line["person"] for line in card.get("told", ()))
        return self.person in (*(card[holder] for holder in HOLDERS), *told)


EVERYWHERE = Reach()
