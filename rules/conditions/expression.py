"""Thinks. The condition `expression`: what no other condition says, in CEL (rules/cel.py).

An expression that asks for the time of day is looked at again without a reading, every LOOK: so the last
reading of each of its points is remembered in a row, whose trail is the deadline of a delay that runs.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from ingest.campus.device import Device
from ingest.campus.kinds import METRICS, Form
from ingest.reading import Reading
from rules.askable import Here
from rules.cel import Parsed, judge, parsed, shown
from rules.celtext import Fault
from rules.memory import Memory, State
from rules.rule import BLIND, UNKNOWN, Condition, Rule, Step
from rules.section import Section
from rules.trail import moments, packed_moments
from rules.transitions import annotated, level, level_due, metric_of, older, remembered, row, stands
from rules.verdict import Holds

if TYPE_CHECKING:
    from rules.gather import Scene

FORM = None
EXTRAS: tuple[str, ...] = ()
LOOK = 300_000  # ms: every full five minutes of the clock


class Expression(Condition, frozen=True, tag=True):
    """Holds while `text` is true of the last reading. What it cannot work with makes it unknown, and is
    reported; so does a word of a device that cannot sense, unless the text is about those very words.

    `said`, `here` and `error`: what it says of one reading, what it was asked about, why it cannot say it.
    """

    text: str
    said: Holds = Holds.UNKNOWN
    here: Here | None = None
    error: Exception | None = None

    @property
    def looks_around(self) -> bool:
        return True

    @property
    def broke(self) -> Exception | None:
        return self.error

    @property
    def noted(self) -> str:
        return shown(self.known, self.here) if self.here is not None else ""

    @property
    def known(self) -> Parsed:
        known = parsed(self.text)
        assert isinstance(known, Parsed)
        return known

    @property
    def compared(self) -> str:
        return f"expression {' '.join(self.text.split())}"

    def informed(self, scene: "Scene", rule: Rule, reading: Reading, device: Device) -> "Expression":
        if reading.value == UNKNOWN or reading.value != reading.value:
            return self
        here = Here(reading, device, scene.registry)
        try:
            said = judge(self.known, here)
        except Exception as error:
            return replace(self, error=error)
        blind = reading.value in BLIND and self.known.words.isdisjoint(BLIND)
        holds = Holds.YES if said else Holds.UNKNOWN if blind else Holds.NO
        return replace(self, said=holds, here=here)

    def read(self, rule: Rule, before: Memory | None, reading: Reading, device: Device) -> Step:
        timed = self.known.timed
        if before is None and self.said is not Holds.YES and not timed:
            return None, None
        noted = annotated(rule, reading)
        if not timed:
            return level(rule, before, self.said, noted, device)
        if self.said is not Holds.YES and older(before, reading):
            return before, None
        after, verdict = level(rule, _delayed(before), self.said, noted, device)
        after = _looking(after or row(rule, noted, State.WAITING, Holds.NO, 0, None), noted, reading.received)
        return (before if after == before else after), verdict

    def fire(self, rule: Rule, row: Memory, device: Device) -> Step:
        if not self.known.timed:
            return level_due(rule, row, device)
        assert row.due_at is not None
        held = _delayed(row)
        if held is not None and held.due_at == row.due_at:
            after, verdict = level_due(rule, held, device)
        else:
            now = replace(remembered(rule, row), event_time=row.due_at, note=self.noted)
            after, verdict = level(rule, held, self.said, now, device)
        resting = replace(row, state=State.WAITING, told=Holds.NO, since=0, due_at=None)
        after = _looking(after or resting, row, row.due_at)
        if verdict is not None:
            known = replace(after, note=self.noted).evidence(metric_of(rule, after), self.compared)
            verdict = replace(verdict, evidence=(known,))
        return after, verdict

    def fits(self, row: Memory) -> bool:
        return row.due_at is not None if self.known.timed else stands(row) and not row.trail


def _delayed(row: Memory | None) -> Memory | None:
    """The row as the delays know it, without the next look."""
    if row is None or row.state is State.WAITING:
        return None
    return replace(row, due_at=next(iter(moments(row.trail)), None), trail=b"")


def _looking(row: Memory, told: Reading | Memory, moment: int) -> Memory:
    """The row with what was told last, due at the next look or at the end of its delay."""
    look = (moment // LOOK + 1) * LOOK
    timer = row.due_at
    return replace(
        row,
        value=told.value,
        event_time=told.event_time,
        received=told.received,
        note=told.note,
        due_at=look if timer is None else min(look, timer),
        trail=b"" if timer is None else packed_moments([timer]),
    )


def built(when: Section, key: str, metrics: tuple[str, ...]) -> Expression | None:
    text = when.text(key, "an expression, such as reading.value > 8.0 && place.id == 'canteen'")
    known = parsed(text) if text else None
    if isinstance(known, Fault):
        when.wrong(key, f"at character {known.at}: {known.hint}", got=known.got)
    for metric in metrics:
        if METRICS[metric].form is Form.EVENT:
            when.wrong(key, f"'{metric}' is an event: use happens")
    return Expression(metrics, text) if isinstance(known, Parsed) else None
