"""Thinks. The condition `changes`: the metric went from one word to another.

A row is kept while the last known word is one from which the change can come, so a first word ever heard is
no change.
"""

from msgspec.structs import replace

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.campus.kinds import Form
from ingest.reading import Reading
from rules.conditions.state import words_of
from rules.memory import Memory, State
from rules.rule import BLIND, Condition, Rule, Starts, Step
from rules.section import Section
from rules.transitions import ended, older, row, spoken
from rules.verdict import Holds, Text
from rules.wording import either

_OTHER = Text("其他状态", "another word")
FORM = Form.STATE
EXTRAS = ("hold",)


class Change(Condition, frozen=True, tag=True):
    """Each change from one of `old` (empty: from any other word) to one of `new` (empty: to any other) is an
    occurrence; normal again `hold` ms after the last one."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    hold: int = 60_000

    @property
    def compared(self) -> str:
        old, new = either(self.old, _OTHER), either(self.new, _OTHER)
        return both(f"由{old.zh}变为{new.zh}", f"changes from {old.en} to {new.en}")

    @property
    def momentary(self) -> bool:
        return True

    def starts(self) -> Starts:
        return Starts(words=self.old) if self.old else Starts(everything=True)

    def _from(self, word: float | str) -> bool:
        return word in self.old if self.old else word not in self.new

    def _into(self, word: float | str) -> bool:
        return word in self.new if self.new else word not in self.old

    def _known(self, word: float | str) -> bool:
        """A device that cannot sense has not changed, unless the rule is about those very words."""
        return word not in BLIND or word in self.old or word in self.new

    def read(self, rule: Rule, before: Memory | None, reading: Reading, device: Device) -> Step:
        word = reading.value
        if not self._known(word) or older(before, reading):
            return before, None
        if before is None:
            first = row(rule, reading, State.WAITING, Holds.NO, reading.event_time, None)
            return (first if self._from(word) else None), None
        if word == before.value:
            return before, None
        if self._from(before.value) and self._into(word):
            return self._changed(rule, before, reading, device)
        if before.state is State.ACTIVE:
            return row(rule, reading, State.ACTIVE, before.told, before.since, before.due_at), None
        return (
            (row(rule, reading, before.state, before.told, reading.event_time, None), None)
            if self._from(word)
            else (None, None)
        )

    def _changed(self, rule: Rule, before: Memory, reading: Reading, device: Device) -> Step:
        due_at = reading.received + self.hold
        after = row(rule, reading, State.ACTIVE, Holds.YES, reading.event_time, due_at)
        evidence = tuple(known.evidence(reading.metric, self.compared) for known in (before, after))
        again = before.state is State.ACTIVE
        verdict = spoken(rule, after, device, reading.received, reading.event_time, again, evidence)
        return after, verdict

    def fire(self, rule: Rule, row: Memory, device: Device) -> Step:
        assert row.due_at is not None
        verdict = ended(rule, row, device, row.due_at)
        rests = replace(row, state=State.WAITING, told=Holds.NO, due_at=None)
        return (rests if self._from(row.value) else None), verdict

    def fits(self, row: Memory) -> bool:
        return (row.state is State.WAITING) == (row.due_at is None)


def built(when: Section, key: str, metrics: tuple[str, ...]) -> Change | None:
    words = when.section(key, "words: {from: closed, to: open}")
    if words is None:
        return None
    words.only(("from", "to"))
    if not words.has("from") and not words.has("to"):
        when.wrong(key, "expected from, to or both")
    old = words_of(words, "from", metrics) if words.has("from") else ()
    new = words_of(words, "to", metrics) if words.has("to") else ()
    both = [word for word in old if word in new]
    if both:
        words.wrong("to", f"'{both[0]}' is in from already; a change leads to another word")
    return Change(metrics, old, new, when.duration("hold", 60_000))
