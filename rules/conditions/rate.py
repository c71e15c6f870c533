"""Thinks. The conditions `rises` and `falls`: how much a number moved within a window.

The window is a handful of samples: those from which the number has moved farthest. It is at least `within`
long, and an eighth of it longer at most. It stays until the next reading: samples that are too old by then
mean nothing, and a deadline for each window would cost more than it keeps.
"""

from msgspec.structs import replace

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.campus.kinds import Form
from ingest.reading import Reading
from rules.conditions.threshold import span
from rules.memory import Memory, State
from rules.rule import Condition, Rule, Step
from rules.section import Section
from rules.trail import packed_samples, samples
from rules.transitions import level, level_due, row, stands
from rules.verdict import Evidence, Holds

_FROM = both("时间窗内的起点", "where it was in the window")
FORM = Form.NUMBER
EXTRAS = ("within", "deadband")

Samples = list[tuple[int, float]]
_PARTS = 8
_MOST = 10  # samples of a window


class Rate(Condition, frozen=True, tag=True):
    """Holds while the number is `by` or more above (`falls`: below) what it was within `within` ms."""

    by: float
    within: int
    falls: bool = False
    deadband: float = 0.0

    @property
    def compared(self) -> str:
        seconds, (zh, en) = self.within // 1000, ("下降", "falls") if self.falls else ("上升", "rises")
        return both(f"{seconds} 秒内{zh} {self.by:g}", f"{en} by {self.by:g} within {seconds} s")

    def read(self, rule: Rule, before: Memory | None, reading: Reading, device: Device) -> Step:
        value = reading.value
        if reading.retained:
            return before, None  # nobody knows when it was measured
        held = before if before is not None and before.state is not State.WAITING else None
        found = samples(before.trail) if before is not None else []
        if isinstance(value, str) or value != value:
            after, verdict = level(rule, held, Holds.UNKNOWN, reading, device)
            if after is None or after is held:
                return before, None
            return replace(after, trail=packed_samples(found)), verdict
        if found and reading.event_time < found[-1][0]:
            return self._late(before, found, reading.event_time, value)
        window = self._taken(found, reading.event_time, value)
        moved = (value - window[0][1]) * (-1 if self.falls else 1)
        limit = self.by - (self.deadband if held is not None and held.state is not State.CLEARING else 0)
        holds = Holds.YES if moved >= limit else Holds.NO
        return self._judged(rule, before, holds, window, reading, device)

    def _judged(
        self,
        rule: Rule,
        before: Memory | None,
        holds: Holds,
        window: Samples,
        reading: Reading,
        device: Device,
    ) -> Step:
        held = before if before is not None and before.state is not State.WAITING else None
        after, verdict = level(rule, held, holds, reading, device)
        trail = packed_samples(window)
        if verdict is not None and holds is Holds.YES:
            moment, value = window[0]
            metric = verdict.evidence[0].metric
            lowest = Evidence(metric, value, moment, moment, _FROM)
            verdict = replace(verdict, evidence=(lowest, *verdict.evidence))
        if after is not None:
            same = after is before and before is not None and before.trail == trail
            return (before if same else replace(after, trail=trail)), verdict
        if before is not None and held is None and before.trail == trail:
            return before, None
        return row(rule, reading, State.WAITING, Holds.NO, reading.event_time, None, trail), verdict

    def _late(self, before: Memory | None, found: Samples, moment: int, value: float) -> Step:
        """A sample overtaken on its way counts in the window; what is judged next is compared with it."""
        assert before is not None
        sign = -1 if self.falls else 1
        earlier = [one for one in found if one[0] <= moment and sign * one[1] < sign * value]
        later = [one for one in found if one[0] > moment]
        if moment < found[-1][0] - self.within or sign * value >= sign * later[0][1]:
            return before, None
        window = [*earlier, (moment, value), *later][-_MOST:]
        return replace(before, trail=packed_samples(window)), None

    def _taken(self, found: Samples, moment: int, value: float) -> Samples:
        """The window after one more sample: those from which nothing later has gone farther back."""
        step = self.within // _PARTS
        sign = -1 if self.falls else 1
        kept = [
            (at, was) for at, was in found if at >= moment - self.within - step and sign * was < sign * value
        ]
        equal = [(at, was) for at, was in found if was == value and moment - at < step]
        if equal:
            return [*kept, equal[-1]]
        return kept if kept and moment - kept[-1][0] < step else [*kept, (moment, value)]

    def fire(self, rule: Rule, row: Memory, device: Device) -> Step:
        if row.state is State.WAITING:
            return None, None  # of an earlier version of Tocsin, which let windows run out
        after, verdict = level_due(rule, row, device)
        return after or replace(row, state=State.WAITING, told=Holds.NO, due_at=None), verdict

    def fits(self, row: Memory) -> bool:
        return stands(row) or row.state is State.WAITING


def built(when: Section, key: str, metrics: tuple[str, ...]) -> Rate:
    low, high = span(metrics)
    by = when.number(key, 0, high - low) or 0.0
    if by == 0.0 and isinstance(when.node[key], int | float):
        when.wrong(key, "expected more than 0")
    within = when.duration("within")
    if not when.has("within"):
        when.wrong(key, "expected within too: in how long a time, such as within: 1m")
    elif within < 1000:
        when.wrong("within", "expected at least 1s")
    deadband = when.number("deadband", 0, high - low, 0.0) or 0.0
    return Rate(metrics, by, within, key == "falls", deadband)
