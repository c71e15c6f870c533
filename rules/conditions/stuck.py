"""Thinks. The condition `same_for`: readings come, and the number never moves. A sensor that has frozen."""

from msgspec.structs import replace

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.campus.kinds import Form
from ingest.reading import Reading
from rules.conditions.threshold import span
from rules.memory import Memory, State
from rules.rule import Condition, Rule, Step
from rules.section import Section
from rules.transitions import older, row, spoken
from rules.verdict import Holds

FORM = Form.NUMBER
EXTRAS = ("deadband",)


class Stuck(Condition, frozen=True, tag=True):
    """Holds when readings over `same_for` ms were all within `deadband` of the first of them. Only a reading
    can say so: what falls silent is not stuck."""

    same_for: int
    deadband: float = 0.0

    @property
    def compared(self) -> str:
        seconds = self.same_for // 1000
        return both(f"{seconds} 秒未变", f"the same for {seconds} s")

    def read(self, rule: Rule, before: Memory | None, reading: Reading, device: Device) -> Step:
        value = reading.value
        if reading.retained or isinstance(value, str) or value != value or older(before, reading):
            return before, None
        if before is None:
            return row(rule, reading, State.WAITING, Holds.NO, reading.event_time, None), None
        assert not isinstance(before.value, str)
        if abs(value - before.value) > self.deadband:
            after = row(rule, reading, State.WAITING, Holds.NO, reading.event_time, None)
            if before.told is Holds.NO:
                return after, None
            return after, spoken(rule, after, device, reading.received, reading.event_time)
        if before.told is Holds.YES or reading.event_time - before.since < self.same_for:
            return before, None
        held = row(rule, reading, State.ACTIVE, Holds.YES, before.since, None)
        after = replace(held, value=before.value)
        return after, spoken(rule, after, device, reading.received, before.since)

    def fire(self, rule: Rule, row: Memory, device: Device) -> Step:
        raise AssertionError("it waits for no deadline")

    def fits(self, row: Memory) -> bool:
        return row.due_at is None and not isinstance(row.value, str)


def built(when: Section, key: str, metrics: tuple[str, ...]) -> Stuck:
    length = when.duration(key)
    if length < 1000 and isinstance(when.node[key], str):
        when.wrong(key, "expected at least 1s")
    low, high = span(metrics)
    return Stuck(metrics, length, when.number("deadband", 0, high - low, 0.0) or 0.0)
