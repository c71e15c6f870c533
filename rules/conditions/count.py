"""Thinks. `times` and `within`: something began so often in so short a time, as a chattering detector does.

It is one alert, however long it goes on, and its evidence says how often it happened. With `shorter_than`
only what came and went in less than that counts: the fleeting activations of a bad contact.
"""

import msgspec
from msgspec.structs import replace

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.reading import Reading
from rules.conditions.event import Event
from rules.conditions.state import State as Words
from rules.conditions.threshold import Threshold
from rules.memory import Memory, State
from rules.rule import Condition, Rule, Starts, Step
from rules.section import Section
from rules.trail import moments, packed_moments
from rules.transitions import metric_of, older, row, spoken
from rules.verdict import Holds, Verdict

MOST = 20  # moments of one window that a row remembers


class Count(Condition, frozen=True, tag=True):
    """Holds from the `times`-th activation within `within` ms until none has come for `within` ms.

    An activation is that `what` begins to hold (or happens); of a fleeting one it is known when it ends, and
    the row remembers the reading that began it. The row's trail: twice the number of activations so far, one
    more while `what` holds; then the moments of the latest, the oldest first.
    """

    what: Words | Threshold | Event
    times: int
    within: int
    shorter_than: int = 0

    @property
    def compared(self) -> str:
        seconds, short = self.within // 1000, f"{self.shorter_than / 1000:g}"
        said = both(f"{seconds} 秒内 {self.times} 次：", f"{self.times} times in {seconds} s: ")
        said += self.what.compared
        if self.shorter_than:
            said += both(f"，每次短于 {short} 秒", f", each for less than {short} s")
        return said

    def starts(self) -> Starts:
        return self.what.starts()

    def read(self, rule: Rule, before: Memory | None, reading: Reading, device: Device) -> Step:
        number, held, found = _unpacked(before)
        holds = self.what.judge(reading.value, held)
        if holds is Holds.UNKNOWN or (holds is Holds.YES) == held:
            return before, None
        if reading.retained if self.what.momentary else older(before, reading):
            return before, None  # a press counts by when it happened; a restored one comes again and again
        if self.shorter_than and holds is Holds.YES:
            return self._began(rule, before, reading, number, found), None
        if holds is Holds.NO:
            assert before is not None
            if not 0 <= reading.event_time - before.event_time < self.shorter_than:
                return self._left(before, reading, number, found), None
            began = replace(reading, value=before.value, event_time=before.event_time, note=before.note)
            return self._counted(rule, before, began, device, number, found)
        return self._counted(rule, before, reading, device, number, found)

    def _began(
        self, rule: Rule, before: Memory | None, reading: Reading, number: int, found: list[int]
    ) -> Memory:
        """Whether it counts is known when it ends."""
        trail = _packed(number, True, found)
        if before is None:
            return row(rule, reading, State.WAITING, Holds.NO, reading.event_time, None, trail)
        due_at = before.due_at if before.told is Holds.YES else None
        return row(rule, reading, before.state, before.told, before.since, due_at, trail)

    def _counted(
        self,
        rule: Rule,
        before: Memory | None,
        reading: Reading,
        device: Device,
        number: int,
        found: list[int],
    ) -> Step:
        found = sorted([*found, reading.event_time])[-self.times :]
        holds_now = self._full(found) or (before is not None and before.told is Holds.YES)
        over = self.what.momentary or self.shorter_than > 0
        trail = _packed(number + 1, not over, found)
        if not holds_now:
            due_at = reading.received + self.within if over else None
            return row(rule, reading, State.WAITING, Holds.NO, found[0], due_at, trail), None
        since = before.since if before is not None and before.told is Holds.YES else found[0]
        due_at = reading.received + self.within
        after = row(rule, reading, State.ACTIVE, Holds.YES, since, due_at, trail)
        return after, self._told(rule, after, device, reading.received, number + 1)

    def _full(self, found: list[int]) -> bool:
        return len(found) >= self.times and found[-1] - found[0] <= self.within

    def _left(self, before: Memory, reading: Reading, number: int, found: list[int]) -> Memory | None:
        """`what` no longer holds: the activations are remembered for as long as they count."""
        if self.shorter_than and not found:
            return None
        due_at = before.due_at if before.told is Holds.YES else reading.received + self.within
        return replace(before, due_at=due_at, trail=_packed(number, False, found))

    def _told(self, rule: Rule, after: Memory, device: Device, moment: int, number: int) -> Verdict:
        known = after.evidence(metric_of(rule, after), self.compared)
        evidence = msgspec.structs.replace(known, note=both(f"动作 {number} 次", f"{number} activations"))
        return spoken(rule, after, device, moment, after.since, False, (evidence,))

    def fire(self, rule: Rule, row: Memory, device: Device) -> Step:
        assert row.due_at is not None
        if row.told is not Holds.YES:
            return None, None
        number, held, _ = _unpacked(row)
        silent = replace(row, told=Holds.NO)
        verdict = self._told(rule, silent, device, row.due_at, number)
        if not held:
            return None, verdict
        return replace(silent, state=State.WAITING, due_at=None, trail=_packed(0, True, [])), verdict

    def fits(self, row: Memory) -> bool:
        return row.state in (State.WAITING, State.ACTIVE) and len(row.trail) >= 8


def _unpacked(before: Memory | None) -> tuple[int, bool, list[int]]:
    """How often so far, whether it holds now, and when it began."""
    if before is None:
        return 0, False, []
    head, *found = moments(before.trail)
    return head // 2, head % 2 == 1, found


def _packed(number: int, held: bool, found: list[int]) -> bytes:
    return packed_moments([2 * number + held, *found])


def wrapped(when: Section, what: Condition) -> Count | None:
    """`what` with the keys `times` and `within` beside it."""
    times = when.whole("times", 2, MOST, 2)
    within = when.duration("within")
    if not when.has("within"):
        when.wrong("times", "expected within too: in how long a time, such as within: 60s")
    elif within < 1000:
        when.wrong("within", "expected at least 1s")
    if not isinstance(what, Words | Threshold | Event):
        when.wrong("times", "only with is, above, below or happens")
        return None
    if when.has("shorter_than"):
        _check_short(when, what)
    return Count(what.metrics, what, times, within, when.duration("shorter_than"))


def _check_short(when: Section, what: Words | Threshold | Event) -> None:
    if isinstance(what, Event):
        when.wrong("shorter_than", "an event has no end: leave it out")
    elif when.duration("shorter_than", 1) < 1:
        when.wrong("shorter_than", "expected more than 0, such as 5s")
