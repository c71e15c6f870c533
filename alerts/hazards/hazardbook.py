"""Touches. The hazards that one call of the desk has on its table: found, mended, rechecked, overdue.

Only alerts/sitting.py opens it. Hazards are thought first and written at the end, like alerts.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection

from alerts import log, refusal
from alerts.alert import TOCSIN
from alerts.delivery.notification import Notification
from alerts.duty.people import Directory
from alerts.duty.policy import DUTY
from alerts.hazards import hazardstore
from alerts.hazards.found import Found
from alerts.hazards.hazard import (
    FOUND,
    Assigned,
    Hazard,
    HazardFact,
    Kind,
    Mended,
    Mending,
    Missed,
    born,
    kind_of,
    step,
)
from alerts.hazards.hazardnotice import overdue, term
from alerts.limits import Limits
from alerts.refusal import Refused
from ingest.campus.registry import Registry

_SAID = ("to", "note", "reason", "cause", "source", "evidence", "finding", "photo")


class HazardBook:
    def __init__(
        self, tx: Connection, now: int, directory: Directory, registry: Registry, limits: Limits
    ) -> None:
        self.tx, self.now, self.limits = tx, now, limits
        self.directory, self.registry = directory, registry
        self._stored: dict[int, Hazard] = {}
        self._now: dict[tuple[str, str], Hazard] = {}  # as they are by now, by subject and cause
        self._lines: list[tuple[tuple[str, str], str, str, dict[str, Any]]] = []
        self._overdue: list[Hazard] = []

    def hear(self, fact: HazardFact) -> None:
        if isinstance(fact, Found):
            self._find(fact)
            return
        before = self._number(fact.hazard)
        if before is None:
            raise Refused(refusal.NO_SUCH_HAZARD)
        if isinstance(fact, Assigned) and not self._exists(fact.to):
            raise Refused(refusal.UNKNOWN_OWNER, fact.to)
        self._befall(before, fact)

    def leave(self, person: str, by: str) -> None:
        """A person is removed: what they own is the post's."""
        for one in hazardstore.owned(self.tx, person):
            self._befall(self._now.setdefault(_key(one), self._known(one)), Assigned(one.id, by, DUTY))

    def _exists(self, owner: str) -> bool:
        people = self.directory
        return owner in people.persons or owner in people.teams or owner in people.posts

    def _find(self, found: Found) -> None:
        key = (found.subject, found.cause)
        before = self._now.get(key)
        if before is None and (stored := hazardstore.known(self.tx, *key)) is not None:
            before = self._known(stored)
        if before is not None:
            self._befall(before, found)
            return
        if found.source == "person":
            self._check_where(found)
        new = born(found, self._owner(found), self._due(found.source, found.life_safety))
        self._now[key] = new
        everything = msgspec.to_builtins(msgspec.structs.asdict(new))
        told = {name: value for name, value in everything.items() if value not in ("", None, 0, False)}
        self._lines.append((key, FOUND, found.by, {"changed": told}))

    def _check_where(self, found: Found) -> None:
        if found.device and found.device not in self.registry.devices:
            raise Refused(refusal.UNKNOWN_DEVICE)
        if found.place not in self.registry.places:
            raise Refused(refusal.UNKNOWN_PLACE)
        if not found.title.zh.strip():
            raise Refused(refusal.REASON_MISSING)
        if found.owner and not self._exists(found.owner):
            raise Refused(refusal.UNKNOWN_OWNER, found.owner)

    def _owner(self, found: Found) -> str:
        device = self.registry.device(found.device)
        for wanted in (found.owner, (device.owner or "") if device else ""):
            if wanted and self._exists(wanted):
                return wanted
        return DUTY

    def _due(self, source: str, life_safety: bool) -> int:
        days = self.limits.hazard_days[source][0 if life_safety else 1]
        return term(self.now, days, self.directory.clock)

    def _number(self, number: int) -> Hazard | None:
        stored = self._stored.get(number) or hazardstore.read(self.tx, number)
        return None if stored is None else self._now.get(_key(stored)) or self._known(stored)

    def _known(self, stored: Hazard) -> Hazard:
        self._stored.setdefault(stored.id, stored)
        return stored

    def _befall(self, before: Hazard, fact: HazardFact) -> None:
        kind = kind_of(before, fact)
        if kind is Kind.STALE:
            return
        after = step(before, fact, self.now, self._next(before, fact))
        self._now[_key(before)] = after
        if isinstance(fact, Missed):
            self._overdue.append(after)
        said = msgspec.to_builtins(fact)
        detail = {name: said[name] for name in _SAID if said.get(name)}
        changed = {name: msgspec.to_builtins(new) for name, new in _changes(before, after)}
        line = (_key(before), kind.value, getattr(fact, "by", TOCSIN), detail | {"changed": changed})
        self._lines.append(line)

    def _next(self, before: Hazard, fact: HazardFact) -> int:
        """The day that the term ends which this fact begins."""
        if isinstance(fact, Missed):
            return term(self.now, 1, self.directory.clock)
        if isinstance(fact, Mended):
            return term(self.now, self.limits.recheck_days, self.directory.clock)
        source = fact.source if isinstance(fact, Found) else before.source
        return self._due(source, before.life_safety)

    def write(self) -> tuple[list[log.Entry], list[Notification]]:
        """The lines for the log, and what is owed."""
        new = {key: one for key, one in self._now.items() if not one.id}
        made = hazardstore.numbered(self.tx, new.values()) if new else []
        hazardstore.add(self.tx, made)
        known = [one for one in self._now.values() if one.id]
        hazardstore.save(self.tx, (one for one in known if one != self._stored[one.id]))
        self._now |= {_key(one): one for one in made}
        entries = [
            log.Entry(self.now, 0, fact, by, detail, f"hazard/{self._now[key].id}")
            for key, fact, by, detail in self._lines
        ]
        return entries, [row for one in self._overdue for row in self._notices(one)]

    def _notices(self, one: Hazard) -> Iterable[Notification]:
        owner = DUTY if one.mending is Mending.MENDED else one.owner  # whoever mended it waits for another
        return overdue(one, owner, self.directory, self.registry, self.now)


def _key(one: Hazard) -> tuple[str, str]:
    return one.subject, one.cause


def _changes(before: Hazard, after: Hazard) -> Iterator[tuple[str, Any]]:
    for name in Hazard.__struct_fields__:
        if getattr(after, name) != getattr(before, name):
            yield name, getattr(after, name)
