"""Thinks. Which open alerts may be of one event: the panel, its transmitter and its detector of one fire.

It only suggests; alerts are joined by a person. Nothing below class supervisory is suggested, and nothing of
a drill beside what is real.
"""

from collections.abc import Iterable, Iterator

import msgspec

from alerts.alert import Alert
from ingest.campus.registry import Registry
from rules.verdict import Class

TOGETHER = 5 * 60_000  # ms between two alerts of one event, at most
_CLASSES = (Class.ALARM, Class.SUPERVISORY)
MOST = 20  # suggestions at once


class Suggestion(msgspec.Struct, frozen=True):
    """These alerts could be one incident; or could be put into the one that is named, if it is not 0."""

    alerts: tuple[int, ...]
    incident: int = 0


def suggestions(alerts: Iterable[Alert], registry: Registry) -> list[Suggestion]:
    """The first of the oldest event first. Alerts belong together that were raised within TOGETHER of each
    other and share device, gateway, place or zone."""
    wanted = sorted(
        (one for one in alerts if one.open and one.alert_class in _CLASSES),
        key=lambda one: (one.raised_at, one.id),
    )
    leader: dict[int, int] = {}
    last: dict[tuple[str, ...], Alert] = {}
    for one in wanted:
        leader[one.id] = one.id
        for key in _keys(one, registry):
            before = last.get(key)
            if before is not None and one.raised_at - before.raised_at <= TOGETHER:
                _join(leader, before.id, one.id)
            last[key] = one
    groups: dict[int, list[Alert]] = {}
    for one in wanted:
        groups.setdefault(_root(leader, one.id), []).append(one)
    return [found for group in groups.values() for found in _of(group)][:MOST]


def _keys(alert: Alert, registry: Registry) -> Iterator[tuple[str, ...]]:
    device = registry.devices.get(alert.device)
    if device is not None:
        yield alert.mode, "device", device.id
        if device.gateway:
            yield alert.mode, "device", device.gateway
        if device.zone:
            yield alert.mode, "zone", device.zone
    if alert.place and alert.place != registry.root.id:
        yield alert.mode, "place", alert.place


def _root(leader: dict[int, int], number: int) -> int:
    while leader[number] != number:
        number = leader[number]
    return number


def _join(leader: dict[int, int], one: int, other: int) -> None:
    first, second = sorted((_root(leader, one), _root(leader, other)))
    leader[second] = first


def _of(group: list[Alert]) -> Iterator[Suggestion]:
    free = tuple(one.id for one in group if not one.incident)
    known = dict.fromkeys(one.incident for one in group if one.incident)
    if free and known:
        yield Suggestion(free, next(iter(known)))
    elif len(free) > 1:
        yield Suggestion(free)
