"""Thinks. The condition `siblings`: a number beside those of the other devices of the zone.

A row is kept for every point the rule looks at: the last number of each is what the others are compared with.
"""

from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.campus.kinds import Form
from ingest.reading import Reading
from rules.conditions.threshold import span
from rules.memory import Memory, State
from rules.rule import Condition, Rule, Same, Step
from rules.section import Section
from rules.transitions import annotated, level, level_due, older, row, stands
from rules.verdict import Evidence, Holds, Verdict
from rules.wording import limit

if TYPE_CHECKING:
    from rules.gather import Scene

_SAME = {"zone": "分区", "place": "地点", "building": "楼栋"}
_OTHER = both("其余设备之一", "one of the others")
FORM = Form.NUMBER
EXTRAS = ("deadband", "within")
GROUPS: tuple[Same, ...] = ("zone", "place", "building")
MOST = 50  # siblings
_NAMED = 8  # of them in the evidence


class Sibling(NamedTuple):
    """What another device said last."""

    value: float
    device: str
    event_time: int
    received: int


class Siblings(Condition, frozen=True, tag=True):
    """Holds while the number is so far above (or below) the median of the others: of those that the rule
    looks at and that spoke within `within` ms. With fewer than `at_least` of them nobody knows: unknown,
    never normal."""

    above: float | None = None
    below: float | None = None
    same: Same = "zone"
    at_least: int = 3
    within: int = 3_600_000
    deadband: float = 0.0
    others: tuple[Sibling, ...] = ()

    @property
    def looks_around(self) -> bool:
        return True

    def informed(self, scene: "Scene", rule: Rule, reading: Reading, device: Device) -> "Siblings":
        found = []
        for peer in scene.rules.peers(rule, self.same, device, scene.registry):
            known = scene.memories.get(rule.id, rule.subject(peer.id, reading.metric))
            if peer.id == device.id or known is None or isinstance(known.value, str):
                continue
            if reading.received - known.received <= self.within:
                found.append(Sibling(known.value, peer.id, known.event_time, known.received))
        return replace(self, others=tuple(sorted(found)))

    @property
    def compared(self) -> str:
        by, same = limit(self.above, self.below), _SAME.get(self.same, self.same)
        return both(
            f"与同一{same}至少 {self.at_least} 个其余设备的中位数相比{by.zh}",
            f"{by.en} beside the median of at least {self.at_least} others of the {self.same}",
        )

    def judge(self, value: float | str, held: bool) -> Holds:
        """What `value` says; `held`: the rule holds already, so the deadband counts."""
        if isinstance(value, str) or value != value or len(self.others) < self.at_least:
            return Holds.UNKNOWN
        beside = value - median(one.value for one in self.others)
        slack = self.deadband if held else 0.0
        if self.above is not None:
            return Holds.YES if beside > self.above - slack else Holds.NO
        assert self.below is not None
        return Holds.YES if -beside > self.below - slack else Holds.NO

    def read(self, rule: Rule, before: Memory | None, reading: Reading, device: Device) -> Step:
        if older(before, reading):
            return before, None  # what was said later is known already
        held = before if before is not None and before.state is not State.WAITING else None
        holding = held is not None and held.state is not State.CLEARING
        noted = annotated(rule, reading)
        after, verdict = level(rule, held, self.judge(reading.value, holding), noted, device)
        if after is None:
            after = row(rule, reading, State.WAITING, Holds.NO, reading.event_time, None)
        else:  # it is what the others are compared with: the last number, whatever it means
            after = replace(
                after,
                value=reading.value,
                event_time=reading.event_time,
                received=reading.received,
                note=noted.note,
            )
        return (before if after == before else after), self._with_others(verdict)

    @property
    def noted(self) -> str:
        if len(self.others) < self.at_least:
            number = len(self.others)
            return both(f"可比设备不足：仅 {number} 个有读数", f"only {number} others have spoken")
        middle = f"{median(one.value for one in self.others):.4g}"
        number = len(self.others)
        return both(f"其余 {number} 个设备的中位数 {middle}", f"median of {number} others {middle}")

    def _with_others(self, verdict: Verdict | None) -> Verdict | None:
        """With what each of the others said, as far as there is room for them."""
        if verdict is None:
            return None
        metric = verdict.evidence[0].metric
        said = (
            Evidence(metric, one.value, one.event_time, one.received, _OTHER, "", one.device)
            for one in self.others[:_NAMED]
        )
        return replace(verdict, evidence=(*verdict.evidence, *said))

    def fire(self, rule: Rule, row: Memory, device: Device) -> Step:
        after, verdict = level_due(rule, row, device)
        if after is None:
            after = replace(row, state=State.WAITING, told=Holds.NO, due_at=None)
        return after, self._with_others(verdict)

    def fits(self, row: Memory) -> bool:
        return stands(row) or row.state is State.WAITING


def built(when: Section, key: str, metrics: tuple[str, ...]) -> Siblings | None:
    chosen = when.section(key, "above or below, such as {above: 8}")
    if chosen is None:
        return None
    chosen.only(("above", "below", "same", "at_least"))
    if chosen.has("above") is chosen.has("below"):
        when.wrong(key, "expected exactly one of: above, below")
        return None
    low, high = span(metrics)
    side = "above" if chosen.has("above") else "below"
    limit = chosen.number(side, 0, high - low)
    if limit == 0.0:
        chosen.wrong(side, "expected more than 0")
    named = chosen.one_of("same", GROUPS, "zone")
    within = when.duration("within", 3_600_000)
    if within < 1000 and isinstance(when.node.get("within"), str):
        when.wrong("within", "expected at least 1s")
    return Siblings(
        metrics,
        limit if side == "above" else None,
        limit if side == "below" else None,
        next(same for same in GROUPS if same == named),
        chosen.whole("at_least", 2, MOST, 3),
        within,
        when.number("deadband", 0, high - low, 0.0) or 0.0,
    )
