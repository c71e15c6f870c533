"""Thinks. The conditions `above` and `below`: a limit, and the deadband in which it is not let go."""

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.campus.kinds import METRICS, Form
from ingest.reading import Reading
from rules.memory import Memory, State
from rules.rule import Condition, Rule, Starts, Step
from rules.section import Section
from rules.transitions import level, level_due, stands
from rules.verdict import Holds
from rules.wording import limit

FORM = Form.NUMBER
EXTRAS = ("deadband",)


class Threshold(Condition, frozen=True, tag=True):
    """Holds while the metric is above (or below) its limit; let go only `deadband` inside it."""

    above: float | None = None
    below: float | None = None
    deadband: float = 0.0

    def judge(self, value: float | str, held: bool) -> Holds:
        """What `value` says; `held`: the rule holds already, so the deadband counts."""
        if isinstance(value, str) or value != value:  # a word, or not a number: nothing is known
            return Holds.UNKNOWN
        slack = self.deadband if held else 0.0
        if self.above is not None:
            return Holds.YES if value > self.above - slack else Holds.NO
        assert self.below is not None
        return Holds.YES if value < self.below + slack else Holds.NO

    @property
    def compared(self) -> str:
        said, slack = limit(self.above, self.below), f"{self.deadband:g}"
        if not self.deadband:
            return both(said.zh, said.en)
        return both(f"{said.zh}，回差 {slack}", f"{said.en}, deadband {slack}")

    def starts(self) -> Starts:
        low = self.below if self.below is not None else float("-inf")
        return Starts(low=low, high=self.above if self.above is not None else float("inf"))

    def read(self, rule: Rule, before: Memory | None, reading: Reading, device: Device) -> Step:
        held = before is not None and before.state is not State.CLEARING
        return level(rule, before, self.judge(reading.value, held), reading, device)

    def fire(self, rule: Rule, row: Memory, device: Device) -> Step:
        return level_due(rule, row, device)

    def fits(self, row: Memory) -> bool:
        return stands(row)


def built(when: Section, key: str, metrics: tuple[str, ...]) -> Threshold:
    low, high = span(metrics)
    limit = when.number(key, low, high)
    deadband = when.number("deadband", 0, high - low, 0.0) or 0.0
    return Threshold(metrics, limit if key == "above" else None, limit if key == "below" else None, deadband)


def span(metrics: tuple[str, ...]) -> tuple[float, float]:
    """The values that all these metrics can have."""
    known = [METRICS[metric] for metric in metrics]
    return max((m.low for m in known), default=0.0), min((m.high for m in known), default=0.0)
