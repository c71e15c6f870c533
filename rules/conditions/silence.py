"""Thinks. The condition `silent_for`: no live reading came for so long."""

from msgspec.structs import replace

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.reading import Reading
from rules.memory import Memory, State
from rules.rule import UNKNOWN, Condition, Rule, Step
from rules.section import Section
from rules.transitions import ended, row, spoken
from rules.verdict import Holds

FORM = None  # any metric can fall silent
EXTRAS: tuple[str, ...] = ()


class Silence(Condition, frozen=True, tag=True):
    """Holds when no live reading with a value came for `silent_for` ms."""

    silent_for: int

    @property
    def compared(self) -> str:
        seconds = self.silent_for // 1000
        return both(f"{seconds} 秒无数据", f"silent for {seconds} s")

    def read(self, rule: Rule, before: Memory | None, reading: Reading, device: Device) -> Step:
        if before is None:
            return self._wait(row(rule, reading, State.WAITING, Holds.NO, reading.event_time, None)), None
        if reading.retained or reading.value == UNKNOWN:
            return before, None  # nothing live was heard
        if before.state is State.WAITING:
            return self._wait(row(rule, reading, State.WAITING, Holds.NO, before.since, None)), None
        if before.state is State.CLEARING:  # keep what was heard last, for the next wait
            return row(rule, reading, State.CLEARING, before.told, before.since, before.due_at), None
        due_at = reading.received + rule.off_delay
        heard = row(rule, reading, State.CLEARING, before.told, reading.event_time, due_at)
        if rule.off_delay:
            return heard, None
        return self._wait(heard), ended(rule, heard, device, reading.event_time)

    def fire(self, rule: Rule, row: Memory, device: Device) -> Step:
        assert row.due_at is not None
        if row.state is not State.WAITING:
            return self._wait(row), ended(rule, row, device, row.since)
        after = replace(row, state=State.ACTIVE, told=Holds.YES, due_at=None, since=row.received)
        return after, spoken(rule, after, device, row.due_at, row.received)

    def _wait(self, row: Memory) -> Memory:
        """Wait for the next reading, from the moment of the last one."""
        due_at = row.received + self.silent_for
        return replace(row, state=State.WAITING, told=Holds.NO, due_at=due_at, retained=False)

    def fits(self, row: Memory) -> bool:
        return row.state in (State.WAITING, State.CLEARING) or (
            row.state is State.ACTIVE and row.due_at is None
        )


def built(when: Section, key: str, metrics: tuple[str, ...]) -> Silence:
    length = when.duration(key)
    if length < 1000 and isinstance(when.node[key], str):
        when.wrong(key, "expected at least 1s")
    return Silence(metrics, length)
