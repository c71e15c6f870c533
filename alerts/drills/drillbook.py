"""Touches. Drills and tests in a call of the desk: declared, agreed, ended; and which alerts are part of one.

Only alerts/sitting.py opens it. Rows are written at once: a fact that is refused later undoes them.
"""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection

from alerts import log, refusal
from alerts.alert import TOCSIN, Alert, Mode
from alerts.drills import drillstore
from alerts.drills.drill import (
    Drill,
    DrillAgreed,
    DrillDeclared,
    DrillEnded,
    DrillFact,
    Ending,
    declared,
    hazards,
    step,
)
from alerts.drills.drillscope import covers, devices_of, mates, spoken
from alerts.duty.people import Directory
from alerts.hazards.found import Found
from alerts.heads import Heads
from alerts.refusal import Refused
from ingest.campus.registry import Registry
from rules.verdict import Class


class DrillBook:
    def __init__(
        self, tx: Connection, now: int, directory: Directory, registry: Registry, heads: Heads
    ) -> None:
        self.tx, self.now, self.heads = tx, now, heads
        self.directory, self.registry = directory, registry
        self._standing: list[Drill] | None = None
        self.lines: list[log.Entry] = []
        self.found: list[Found] = []

    def hear(self, fact: DrillFact, fresh: Iterable[Alert], real: bool = False) -> Drill:
        """The drill as it is now. `fresh`: the alerts of this call, which are not written yet. Raises
        Refused."""
        if isinstance(fact, DrillDeclared):
            new = drillstore.add(self.tx, declared(fact, self.registry, self.directory, self.now))
            self._note("drill_declared", fact.by, None, new)
            return new
        before = drillstore.read(self.tx, fact.drill)
        if before is None:
            raise Refused(refusal.NO_SUCH_DRILL)
        after = step(before, fact, self.now, real)
        if after == before:
            return after
        if isinstance(fact, DrillAgreed):
            self._keep("drill_agreed", fact.by, before, after)
            return after
        after = msgspec.structs.replace(after, spoke=self._spoke(after, fresh))
        self.found += hazards(after, self.registry, self.now)
        self._keep("drill_ended", after.ended_by, before, after)
        return after

    def broken(self, number: int, by: str) -> DrillEnded | None:
        """Somebody says that an alert of this drill is real: then all of it is over."""
        drill = self._running(number)
        return None if drill is None else DrillEnded(drill.id, by)

    def _spoke(self, drill: Drill, fresh: Iterable[Alert]) -> tuple[str, ...]:
        """Of the points, those that were heard while it ran: as drill, or real, or hidden by something."""
        begins, ended = drill.begins, drill.ended_at
        if begins is None or ended is None or drill.ending is Ending.NEVER:
            return ()
        new = [one for one in fresh if begins <= max(one.raised_at, one.active_at)]
        known = drillstore.heard(self.tx, begins, ended + 1, drill.points)
        return spoken(drill, [*known, *drillstore.alerts_of(self.tx, drill.id), *new])

    def drilled(self, alert: Alert, fresh: Iterable[Alert]) -> Alert:
        """A new alert, as part of a drill if there is one that it certainly belongs to."""
        for drill in self._all() if alert.rule else ():
            if not covers(drill, alert, self.registry, self.now):
                continue
            others = mates(drill, alert, self.registry)
            if others and self._alarmed(drill, others, fresh):
                continue
            return msgspec.structs.replace(
                alert,
                mode=drill.mode,
                drill=drill.id,
                drill_until=drill.ends_at,
                drill_people=drill.people,
                drill_sirens=drill.sirens,
            )
        return alert

    def woken(self, alert: Alert, fresh: Iterable[Alert]) -> list[Alert]:
        """The alerts of drills that an alarm makes real: it is the second of a zone that is not scheduled."""
        if alert.alert_class is not Class.ALARM:
            return []
        named = devices_of(alert)
        return [
            one
            for drill in self._all()
            for one in self.inside(drill, fresh)
            if named & mates(drill, one, self.registry)
        ]

    def breaks_out(self, alert: Alert) -> bool:
        """Whether an alert of a drill turns out, by what was heard since, not to be part of it."""
        if alert.mode is Mode.REAL or not alert.open:
            return False
        drill = self._running(alert.drill)
        return drill is None or not covers(drill, alert, self.registry, self.now)

    def inside(self, drill: Drill, fresh: Iterable[Alert]) -> list[Alert]:
        """The open alerts that count as this drill."""
        mine = [one for one in fresh if one.drill == drill.id]
        known = {one.id for one in mine if one.id}
        stored = [one for one in drillstore.inside(self.tx, drill.id) if one.id not in known]
        return [one for one in (*mine, *stored) if one.open and one.mode is not Mode.REAL]

    def _alarmed(self, drill: Drill, devices: set[str], fresh: Iterable[Alert]) -> bool:
        begins = drill.starts_at if drill.begins is None else drill.begins
        known = [*fresh, *drillstore.alarms(self.tx, begins, devices)]
        return any(devices & devices_of(one) for one in known if one.alert_class is Class.ALARM)

    def _running(self, number: int) -> Drill | None:
        return next((one for one in self._all() if one.id == number), None)

    def _all(self) -> list[Drill]:
        if self._standing is None:
            some = self.heads.drills or self.lines
            known = drillstore.standing(self.tx) if some else ()
            self._standing = [one for one in known if one.runs(self.now)]
        return self._standing

    def _keep(self, fact: str, by: str, before: Drill, after: Drill) -> None:
        drillstore.save(self.tx, after)
        self._note(fact, by, before, after)

    def _note(self, fact: str, by: str, before: Drill | None, after: Drill) -> None:
        self._standing = None
        new = msgspec.to_builtins(msgspec.structs.asdict(after))
        old = {} if before is None else msgspec.to_builtins(msgspec.structs.asdict(before))
        changed = {name: value for name, value in new.items() if name not in old or old[name] != value}
        detail: dict[str, object] = {"changed": changed}
        if after.silent:
            detail["silent"] = list(after.silent)
        self.lines.append(log.Entry(self.now, 0, fact, by or TOCSIN, detail, f"drill/{after.id}"))
