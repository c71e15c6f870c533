"""Thinks. The condition `expression`: what no other condition says, in CEL (rules/cel.py).

An expression that asks for the time of day is looked at again without a reading, every LOOK: so the last
reading of each of its points is remembered in a row, whose trail is the deadline of a delay that runs.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.campus.kinds import METRICS, Form
from ingest.reading import Reading
from rules.askable import Here
from rules.cel import Parsed, fixed, judge, parsed, shown
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
    `look`: when it is looked at again.
    """

    text: str
    said: Holds = Holds.UNKNOWN
    here: Here | None = None
    error: Exception | None = None
    look: int = 0

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
        return f"{both('表达式', 'expression')} {' '.join(self.text.split())}"

    def informed(self, scene: "Scene", rule: Rule, reading: Reading, device: Device) -> "Expression":
        look = (reading.received // LOOK + 1) * LOOK
        if reading.value == UNKNOWN or reading.value != reading.value:
            return replace(self, look=look)
        here = Here(reading, device, scene.registry)
        try:
            said = judge(self.known, here)
        except Exception as error:
            return replace(self, error=error, look=look)
        if look <= scene.until and self.known.timed:
            look = _otherwise(self.known, here, said, look, scene)
        blind = reading.value in BLIND and self.known.words.isdisjoint(BLIND)
        holds = Holds.YES if said else Holds.UNKNOWN if blind else Holds.NO
        return replace(self, said=holds, here=here, look=look)

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
        after = _looking(after or row(rule, noted, State.WAITING, Holds.NO, 0, None), noted, self.look)
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
        after = _looking(after or resting, row, self.look)
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


def _otherwise(known: Parsed, here: Here, said: bool, look: int, scene: "Scene") -> int:
    """The first look that says something else, or comes after now: those between, missed while nobody was
    listening, would change nothing. Found once for all points of which the same is asked."""
    key = (known.text, fixed(known, here), said, look)
    if key not in scene.ahead:
        found = look
        while found <= scene.until and _says(known, here, found) is said:
            found += LOOK
        scene.ahead[key] = found
    return scene.ahead[key]


def _says(known: Parsed, here: Here, moment: int) -> bool | None:
    try:
        return judge(known, here._replace(reading=replace(here.reading, received=moment)))
    except Exception:  # it is looked at then, and says so
        return None


def _looking(row: Memory, told: Reading | Memory, look: int) -> Memory:
    """The row with what was told last, due at the next look or at the end of its delay."""
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
