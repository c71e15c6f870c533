"""Thinks. The condition `happens`: each report is a new occurrence, and time alone ends it."""

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.campus.kinds import Form
from ingest.reading import Reading, TimeQuality
from rules.conditions.state import words_of
from rules.memory import Memory, State
from rules.rule import Condition, Rule, Starts, Step
from rules.section import Section
from rules.transitions import ended, row, spoken
from rules.verdict import Holds
from rules.wording import either

FORM = Form.EVENT
EXTRAS = ("hold",)


class Event(Condition, frozen=True, tag=True):
    """Each report of one of `words` is a new occurrence; normal again `hold` ms after the last one."""

    words: tuple[str, ...]
    hold: int = 60_000

    @property
    def compared(self) -> str:
        words = either(self.words)
        return both(f"发生：{words.zh}", f"happens: {words.en}")

    @property
    def momentary(self) -> bool:
        return True

    def judge(self, value: float | str, held: bool) -> Holds:
        return Holds.YES if value in self.words else Holds.NO

    def starts(self) -> Starts:
        return Starts(words=self.words)

    def read(self, rule: Rule, before: Memory | None, reading: Reading, device: Device) -> Step:
        if reading.value not in self.words or (reading.retained and not self._recent(before, reading)):
            return before, None
        due_at = reading.received + self.hold
        made = row(rule, reading, State.ACTIVE, Holds.YES, reading.event_time, due_at)
        again = before is not None
        return made, spoken(rule, made, device, reading.received, reading.event_time, again)

    def _recent(self, before: Memory | None, reading: Reading) -> bool:
        """Whether a restored event still stands. One of an unknown time, or longer ago than it lasts, is
        over: the broker repeats it at every reconnect, and it must not ring again each time."""
        if reading.time_quality is not TimeQuality.DEVICE:
            return False
        if before is not None and reading.event_time <= before.event_time:
            return False
        return reading.received - reading.event_time < self.hold

    def fire(self, rule: Rule, row: Memory, device: Device) -> Step:
        assert row.due_at is not None
        return None, ended(rule, row, device, row.due_at)

    def fits(self, row: Memory) -> bool:
        return row.state is State.ACTIVE and row.due_at is not None


def built(when: Section, key: str, metrics: tuple[str, ...]) -> Event:
    return Event(metrics, words_of(when, key, metrics), when.duration("hold", 60_000))
