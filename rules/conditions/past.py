"""Thinks. The condition `past`: a number beside what the same point said at this hour of the weeks before."""

from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.campus.kinds import Form
from ingest.reading import Reading
from rules.baseline import Typical, slot, typical
from rules.conditions.threshold import span
from rules.memory import Memory, State
from rules.rule import Condition, Rule, Step
from rules.section import Section
from rules.transitions import annotated, level, level_due, stands
from rules.verdict import Holds
from rules.wording import limit

if TYPE_CHECKING:
    from rules.gather import Scene

FORM = Form.NUMBER
EXTRAS = ("deadband",)
MOST = 12  # weeks
WAYS = ("difference", "times", "deviations")
_SAID = {"difference": ("", ""), "times": (" 倍", " times"), "deviations": (" 个标准差", " deviations")}

By = Literal["difference", "times", "deviations"]


class Past(Condition, frozen=True, tag=True):
    """Holds while the number is so far above (or below) the mean of this hour in the last `weeks` weeks.

    With fewer than `at_least` weeks in which the point spoke nobody knows: unknown, never normal. `usual` is
    what it is compared with; which figures these were stands in the note of the evidence.
    """

    above: float | None = None
    below: float | None = None
    by: By = "difference"
    weeks: int = 4
    at_least: int = 2
    deadband: float = 0.0
    usual: Typical | None = None

    @property
    def looks_around(self) -> bool:
        return True

    def informed(self, scene: "Scene", rule: Rule, reading: Reading, device: Device) -> "Past":
        known = scene.baselines.get(slot(device.id, reading.metric, reading.event_time), ())
        return replace(self, usual=typical(known, self.weeks))

    @property
    def compared(self) -> str:
        by, (zh, en), weeks = limit(self.above, self.below), _SAID[self.by], self.weeks
        return both(
            f"与自身前 {weeks} 周同一时段相比{by.zh}{zh}",
            f"{by.en}{en} beside its own past: this hour of the last {weeks} weeks",
        )

    def judge(self, value: float | str, held: bool) -> Holds:
        """What `value` says; `held`: the rule holds already, so the deadband counts."""
        limit = self.limit()
        if isinstance(value, str) or value != value or limit is None:
            return Holds.UNKNOWN
        slack = self.deadband if held else 0.0
        if self.above is not None:
            return Holds.YES if value > limit - slack else Holds.NO
        return Holds.YES if value < limit + slack else Holds.NO

    def limit(self) -> float | None:
        """The number that counts at this hour; None where too little is known of the past."""
        usual = self.usual
        if usual is None or usual.weeks < self.at_least:
            return None
        by = self.above if self.above is not None else self.below
        assert by is not None
        if self.by == "times":
            return usual.mean * by if usual.mean > 0 else None  # so many times nothing, or of a frost
        step = by * usual.spread if self.by == "deviations" else by
        if not step:
            return None  # a point that never moved has no deviation
        return usual.mean + (step if self.above is not None else -step)

    def read(self, rule: Rule, before: Memory | None, reading: Reading, device: Device) -> Step:
        held = before is not None and before.state is not State.CLEARING
        holds = self.judge(reading.value, held)
        if before is None and holds is not Holds.YES:
            return None, None
        return level(rule, before, holds, annotated(rule, reading), device)

    @property
    def noted(self) -> str:
        usual = self.usual
        if usual is None:
            return both("该时段无历史数据", "nothing is known of this hour")
        usually, weeks = f"{usual.mean:.4g} ± {usual.spread:.2g}", self.weeks
        return both(
            f"往常此时 {usually}，{weeks} 周中有 {usual.weeks} 周数据",
            f"at this hour usually {usually}, {usual.weeks} of {weeks} weeks",
        )

    def fire(self, rule: Rule, row: Memory, device: Device) -> Step:
        return level_due(rule, row, device)

    def fits(self, row: Memory) -> bool:
        return stands(row)


def built(when: Section, key: str, metrics: tuple[str, ...]) -> Past | None:
    past = when.section(key, "above or below, such as {above: 3}")
    if past is None:
        return None
    past.only(("above", "below", "by", "weeks", "at_least"))
    low, high = span(metrics)
    if past.has("above") is past.has("below"):
        when.wrong(key, "expected exactly one of: above, below")
        return None
    side = "above" if past.has("above") else "below"
    by = past.one_of("by", WAYS, "difference")
    limit = past.number(side, 0, high - low if by == "difference" else 100)
    if limit == 0.0:
        past.wrong(side, "expected more than 0")
    weeks = past.whole("weeks", 1, MOST, 4)
    at_least = past.whole("at_least", 1, weeks, (weeks + 1) // 2)
    deadband = when.number("deadband", 0, high - low, 0.0) or 0.0
    above, below = (limit, None) if side == "above" else (None, limit)
    way = next((one for one in ("times", "deviations") if one == by), "difference")
    return Past(metrics, above, below, way, weeks, at_least, deadband)  # type: ignore[arg-type]
