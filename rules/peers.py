"""Thinks. Which devices stand together: in one zone, one place, one building, or under one gateway."""

from collections import defaultdict
from collections.abc import Sequence

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.topology import below, gateways
from rules.rule import Same, Scope, Selector

Group = tuple[str, str]


class Peers:
    """The devices of one registry by what they are a part of. Groups that a selector leaves are kept."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._groups: dict[Group, list[Device]] = defaultdict(list)
        self._chosen: dict[tuple[str, Group], tuple[Device, ...]] = {}
        for name in sorted(registry.devices):
            device = registry.devices[name]
            for same in ("zone", "place", "building"):
                group = self._group(same, device)
                if group is not None:
                    self._groups[group].append(device)

    def chosen(
        self, rule: str, selector: Selector, same: Scope | Same, device: Device, under: bool = False
    ) -> Sequence[Device]:
        """The devices that share this with `device` and that the rule's selector takes; with `gateway` those
        that it speaks through, or (`under`) those that speak through it."""
        if same == "gateway":
            found = self._under(device) if under else self._above(device)
            return [one for one in found if selector.matches(one, self._registry)]
        group = self._group(same, device)
        if group is None:
            return (
                [device] if same in ("device", "point") and selector.matches(device, self._registry) else []
            )
        key = (rule, group)
        if key not in self._chosen:
            self._chosen[key] = tuple(
                one for one in self._groups[group] if selector.matches(one, self._registry)
            )
        return self._chosen[key]

    def _above(self, device: Device) -> list[Device]:
        return [self._registry.devices[name] for name in gateways(self._registry, device.id)]

    def _under(self, device: Device) -> list[Device]:
        return sorted(below(self._registry, device.id), key=lambda one: one.id)

    def _group(self, same: str, device: Device) -> Group | None:
        if same == "zone":
            return None if device.zone is None else (same, device.zone)
        if same == "place":
            return same, device.place
        if same == "building":
            path = self._registry.path(device.place)
            return (same, path[min(1, len(path) - 1)].id) if path else None
        return None
