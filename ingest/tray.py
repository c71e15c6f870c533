"""Thinks. The pending tray: devices that speak or are announced, and that nobody has registered.

They wait here, visible and counted, until the administrator registers them. Ten thousand invented ids in a
minute disturb nobody: the tray takes only so many in a minute and holds only so many in all. A life-safety
alarm of a stranger is raised all the same, for at most OPEN strangers at once; the rest share one alert
(ingest/crowd.py). Each registered gateway or panel vouches for OPEN more: nobody can invent what speaks
through it, so invented fires never take the place of a real one.
"""

from collections.abc import Collection, Iterable

import msgspec

from ingest.campus.device import Device
from ingest.campus.kinds import KINDS, UNREGISTERED
from ingest.campus.registry import Registry
from ingest.crowd import CROWD, METRIC, Crowd, Waiting
from ingest.reading import Announced, Decoded, Reading

MOST = 2000
NEW_A_MINUTE = 120
OPEN = 5  # strangers whose alarms stand at once (issue: "at most five open at once"), of each gateway too
CHANGED = "changed since it was approved; what was approved stays in force"  # said of a proposal
_MINUTE = 60_000
_ALARMING = frozenset(KINDS[UNREGISTERED].metrics) - {METRIC}


class Pending(msgspec.Struct):
    """One stranger: how often and when it spoke, what it last said, and what its gateway says it is.

    `judged`: its alarms go through the rules. `document`: the definition to approve with it, if any.
    """

    device: Device
    kind: str = ""
    name: str = ""
    model: str = ""
    note: str = ""
    document: dict[str, object] | None = None
    first: int = 0
    last: int = 0
    alarmed: int = 0  # when it was last in alarm; not stored
    count: int = 0
    said: str = ""
    judged: bool = False


class Tray:
    """Owned by the writer thread. `changed`: ids to be stored; `urgent`: with this very batch."""

    def __init__(self, rows: Iterable[Pending] = ()) -> None:
        self.rows = {row.device.id: row for row in rows}
        self._judged = {name: row for name, row in self.rows.items() if row.judged}
        self.turned_away = 0  # strangers that found no room since the start
        self.changed: set[str] = set()
        self.gone: set[str] = set()
        self.urgent = False
        self.crowd = Crowd()  # those in alarm and over the five
        self._freed = True  # one of the crowd may have a place now
        self._minute, self._taken = 0, 0

    @property
    def judged(self) -> dict[str, Device]:
        """The strangers whose alarms are judged, as devices of the campus as a whole."""
        return {name: row.device for name, row in self._judged.items()}

    @property
    def stand_ins(self) -> dict[str, Device]:
        """Whatever is judged although nobody registered it."""
        return {**self.judged, CROWD.id: CROWD}

    @property
    def concerned(self) -> bool:
        """Whether any stranger's alarm is judged, or waits for a place."""
        return bool(self._judged or self.crowd.rows)

    def hear(self, stranger: Device, decoded: Decoded, now: int, root: str) -> list[Reading]:
        """What a stranger says: the readings of it that are to be judged."""
        alarms = [reading for reading in decoded.readings if reading.metric in _ALARMING]
        alarmed = any(reading.value == "alarm" for reading in alarms)
        row = self._row(stranger, now, alarmed)
        if row is None:
            return []
        row.count += 1
        if decoded.readings and (alarmed or now - row.last > 1000):  # not for each message of a flood
            row.said = ", ".join(f"{r.metric} {r.value}" for r in decoded.readings[:8])[:200]
        row.last = now
        row.alarmed = now if alarmed else row.alarmed
        self.changed.add(stranger.id)
        if row.device.gateway != stranger.gateway:
            row.device = msgspec.structs.replace(row.device, gateway=stranger.gateway)
        if row.judged:
            return alarms
        waiting = self.crowd.rows.get(stranger.id)
        if alarmed and self._room(stranger) and not (waiting and waiting.looked):
            return self._admit(row, root, alarms)
        if waiting is not None:
            self.crowd.hear(stranger.id, alarms)
        elif alarmed:
            joined = Waiting(stranger, now, [one for one in alarms if one.value == "alarm"])
            if self.crowd.join(joined, row.name or stranger.address):
                self.urgent = self.urgent or stranger.id in self.rows
        return self.crowd.tell(now)

    def _admit(self, row: Pending, root: str, alarms: list[Reading]) -> list[Reading]:
        row.judged = self.urgent = True
        name = row.name or row.device.address
        row.device = msgspec.structs.replace(row.device, place=root, zh=name, en=name)
        self.rows[row.device.id] = self._judged[row.device.id] = row
        self.changed.add(row.device.id)
        self.crowd.drop(row.device.id)
        return alarms

    def announce(self, announced: Announced, now: int) -> None:
        """What a gateway says of a device that is not registered."""
        assert announced.stand_in is not None
        if announced.changed == "":  # it is proposed as it was approved
            self._drop(announced.stand_in.id)
            return
        row = self._row(announced.stand_in, now, False)
        if row is None:
            return
        note = announced.note
        if announced.changed:
            row.said, note = CHANGED, f"{announced.changed}; {note}"
        said = announced.kind, announced.name, announced.model, note, announced.document
        if said != (row.kind, row.name, row.model, row.note, row.document):
            row.kind, row.name, row.model, row.note, row.document = said
            self.changed.add(announced.stand_in.id)

    def free(self, alerted: Collection[str], now: int) -> bool:
        """Give the places of those whose alerts are closed to others; True if there were any. `alerted`: the
        devices with an open alert. Who was in alarm a moment ago may be about to have one."""
        over = [
            name for name, row in self._judged.items() if name not in alerted and now - row.alarmed > _MINUTE
        ]
        for name in over:
            self._judged.pop(name).judged, self.urgent, self._freed = False, True, True
            self.changed.add(name)
        return bool(over)

    def look(self, moment: int) -> None:
        """A person has verified the alert of the crowd at this moment."""
        self.changed.update(name for name in self.crowd.look(moment) if name in self.rows)

    def forget(self, device: str) -> None:
        """The administrator wants to see it no more; it comes back when it speaks again."""
        self.crowd.drop(device)
        self._drop(device)

    def _drop(self, device: str) -> None:
        self._freed = self._freed or device in self._judged
        self._judged.pop(device, None)
        if self.rows.pop(device, None) is not None:
            self.gone.add(device)
            self.changed.discard(device)

    def fit(self, registry: Registry) -> dict[str, str]:
        """The registry has changed: who is registered now waits no longer. Stand-in → the device it is."""
        found: dict[str, str] = {}
        waiting = [row.device for row in self.crowd.rows.values()]
        for stranger in [*(row.device for row in self.rows.values()), *waiting]:
            device = registry.by_address(stranger.dialect, stranger.address)
            if device is not None:
                found[stranger.id] = device.id
                self.forget(stranger.id)
        return found

    def due(self, now: int, root: str) -> list[Reading]:
        """Who is given a free place without having to shout again, and who has joined the others."""
        found: list[Reading] = []
        freed, self._freed = self._freed, False
        for one in self.crowd.fitting(self._room) if freed and self.crowd.rows else ():
            stranger = one.device
            row = self.rows.get(stranger.id) or Pending(stranger, first=one.since, last=one.since, count=1)
            row.alarmed = now
            again = [msgspec.structs.replace(r, received=now) for r in one.alarms]
            found += self._admit(row, root, again)
        return [*found, *self.crowd.tell(now)]

    def stored(self) -> None:
        self.changed, self.gone, self.urgent = set(), set(), False

    def _room(self, stranger: Device) -> bool:
        beside = [row for row in self._judged.values() if row.device.gateway == stranger.gateway]
        return len(beside) < OPEN

    def _row(self, stranger: Device, now: int, alarmed: bool) -> Pending | None:
        row = self.rows.get(stranger.id)
        if row is not None:
            return row
        if now // _MINUTE != self._minute:
            self._minute, self._taken = now // _MINUTE, 0
        if self._taken >= NEW_A_MINUTE and not (alarmed and self._room(stranger)):
            self.turned_away += 1
            return Pending(stranger) if alarmed else None  # it is counted among the alarms, and not kept
        self._taken += 1
        row = self.rows[stranger.id] = Pending(stranger, first=now, last=0)
        self.gone.discard(stranger.id)
        if len(self.rows) > MOST:
            self._let_go()
        return row

    def _let_go(self) -> None:
        """A tenth of the longest unheard, so that a full tray does not look for one with each stranger. Who
        is in alarm stays longest: a person is sent here to see to it."""
        idle = [row for row in self.rows.values() if not row.judged]
        idle.sort(key=lambda row: (row.device.id in self.crowd.rows, row.last))
        for row in idle[: MOST // 10]:
            self._drop(row.device.id)
