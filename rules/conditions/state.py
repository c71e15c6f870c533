"""Thinks. The condition `is`: holds while the metric is one of these words."""

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.campus.kinds import METRICS, Form
from ingest.reading import Reading
from rules.memory import Memory
from rules.rule import BLIND, UNKNOWN, Condition, Rule, Starts, Step
from rules.section import Section
from rules.transitions import level, level_due, stands
from rules.verdict import Holds
from rules.wording import either

FORM = Form.STATE
EXTRAS: tuple[str, ...] = ()


class State(Condition, frozen=True, tag=True):
    """Holds while the metric is one of `words`.

    A detector that burns through goes from alarm to fault: that is not "back to normal". So a rule that
    looks for what a device senses takes `fault` and `disabled` as unknown; one that looks for those very
    words takes them as they are.
    """

    words: tuple[str, ...]

    def judge(self, value: float | str, held: bool) -> Holds:
        if value in self.words:
            return Holds.YES
        senses = not any(word in BLIND for word in self.words)
        return Holds.UNKNOWN if value == UNKNOWN or (senses and value in BLIND) else Holds.NO

    @property
    def compared(self) -> str:
        words = either(self.words)
        return both(f"为{words.zh}", f"is {words.en}")

    def starts(self) -> Starts:
        return Starts(words=self.words)

    def read(self, rule: Rule, before: Memory | None, reading: Reading, device: Device) -> Step:
        return level(rule, before, self.judge(reading.value, True), reading, device)

    def fire(self, rule: Rule, row: Memory, device: Device) -> Step:
        return level_due(rule, row, device)

    def fits(self, row: Memory) -> bool:
        return stands(row)


def built(when: Section, key: str, metrics: tuple[str, ...]) -> State:
    return State(metrics, words_of(when, key, metrics))


def words_of(when: Section, key: str, metrics: tuple[str, ...]) -> tuple[str, ...]:
    """The words that are given under `key`, each one that all these metrics report."""
    known = [METRICS[metric] for metric in metrics]
    names = (
        [word for word in known[0].words if all(word in metric.words for metric in known)] if known else []
    )
    return when.some(key, names, "a word or a list of words")
