"""Thinks. `devices` and `within`: so many distinct devices of one zone (or place) within so short a time.

Two detectors confirm a fire. It only ever raises further: each detector has raised its own alert already.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.reading import Reading, TimeQuality
from rules.conditions.event import Event
from rules.conditions.state import State as Words
from rules.conditions.threshold import Threshold
from rules.memory import Memories, Memory, State
from rules.rule import Condition, Rule, Starts, Step
from rules.section import Section
from rules.transitions import older, row
from rules.verdict import Evidence, Holds

MOST = 50  # devices


class Coincidence(Condition, frozen=True, tag=True):
    """Holds while `what` holds, or held within `within` ms, for `devices` distinct devices.

    A device that counts has a row of its own, which tells nothing: ACTIVE while `what` holds, CLEARING until
    it no longer counts. What they make together is weighed in rules/gather.py.
    """

    what: Words | Threshold | Event
    devices: int
    within: int

    @property
    def gathers(self) -> bool:
        return True

    @property
    def compared(self) -> str:
        devices, seconds = self.devices, self.within // 1000
        said = both(f"{seconds} 秒内 {devices} 个设备：", f"{devices} devices within {seconds} s: ")
        return said + self.what.compared

    def starts(self) -> Starts:
        return self.what.starts()

    def read(self, rule: Rule, before: Memory | None, reading: Reading, device: Device) -> Step:
        holding = before is not None and before.state is State.ACTIVE
        holds = self.what.judge(reading.value, holding)
        if self.what.momentary:
            return self._happened(rule, before, holds, reading), None
        if holds is Holds.UNKNOWN or (holds is Holds.YES) == holding or older(before, reading):
            return before, None
        if holds is Holds.YES:
            return row(rule, reading, State.ACTIVE, Holds.NO, reading.event_time, None), None
        if before is None or before.state is not State.ACTIVE:
            return before, None
        return replace(before, state=State.CLEARING, due_at=reading.received + self.within), None

    def _happened(self, rule: Rule, before: Memory | None, holds: Holds, reading: Reading) -> Memory | None:
        """An event counts from when it happened, as far as the device knows."""
        known = reading.time_quality is TimeQuality.DEVICE
        age = max(0, reading.received - reading.event_time) if known else 0
        if holds is not Holds.YES or age >= self.within or (reading.retained and not known):
            return before
        due_at = reading.received - age + self.within
        if before is not None and before.due_at is not None and before.due_at >= due_at:
            return before
        return row(rule, reading, State.CLEARING, Holds.NO, reading.event_time, due_at)

    def fire(self, rule: Rule, row: Memory, device: Device) -> Step:
        return None, None

    def weigh(
        self, peers: Sequence[Device], memories: Memories, rules: Mapping[str, Rule], rule: Rule
    ) -> tuple[Holds, float, tuple[Evidence, ...]]:
        """Whether enough of these devices count, how many do, and what each of them said."""
        found = []
        for device in peers:
            rows = (memories.get(rule.id, f"{device.id}/{metric}") for metric in self.metrics)
            known = [one for one in rows if one is not None]
            if known:
                found.append(max(known, key=lambda one: one.event_time))
        found.sort(key=lambda one: (one.event_time, one.device))
        evidence = tuple(
            replace(one.evidence(one.subject.partition("/")[2], self.compared), device=one.device)
            for one in found[: self.devices + 3]
        )
        return Holds.YES if len(found) >= self.devices else Holds.NO, float(len(found)), evidence

    def fits(self, row: Memory) -> bool:
        if "/" in row.subject:
            return row.state in (State.ACTIVE, State.CLEARING) and row.told is Holds.NO
        return row.state in (State.PENDING, State.ACTIVE, State.CLEARING)


def wrapped(when: Section, what: Condition) -> Coincidence | None:
    """`what` with the keys `devices` and `within` beside it."""
    devices = when.whole("devices", 2, MOST, 2)
    within = when.duration("within")
    if not when.has("within"):
        when.wrong("devices", "expected within too: in how long a time, such as within: 5m")
    elif within < 1000:
        when.wrong("within", "expected at least 1s")
    if not isinstance(what, Words | Threshold | Event):
        when.wrong("devices", "only with is, above, below or happens")
        return None
    return Coincidence(what.metrics, what, devices, within)
