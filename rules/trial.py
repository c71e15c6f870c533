"""Thinks. A test beside rules: readings at times, what must be said at each, and what is said instead.

It runs through the engine that judges in service. What a row expects must be said at that very moment, and
nothing may be said that no row expects: so a threshold, word or delay that is changed is found out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ingest.bilingual import told
from ingest.campus.registry import Registry
from ingest.reading import Reading
from rules.baseline import HOUR, Baselines, Slot, Week
from rules.evaluate import Failure, arm, due, judge
from rules.memory import Memories, Memory
from rules.rule import Rule
from rules.ruleset import RuleSet
from rules.section import parse_duration
from rules.verdict import Holds, Verdict

START = 1_772_409_600_000  # ms: `at: 0s` is Monday 2026-03-02, 8:00 in Shanghai
SAYS = {
    "raises": "raised",
    "again": "raised again",
    "ends": "ended",
    "unknown": "unknown",
}  # key of a row -> what became of the alert
ALERT = (
    "class",
    "priority",
    "latch",
    "verify",
    "policy",
    "plan",
    "life_safety",
)  # what a test may state of each alert it raises
_PART = re.compile(r"\d+(?:\.\d+)?(?:ms|[smhd])")
_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))


class Expected(msgspec.Struct, frozen=True):
    """One verdict. `says` is a key of SAYS; `subject` "" means any. `where` is file:line:col."""

    says: str
    rule: str
    subject: str
    where: str

    def meets(self, verdict: Verdict) -> bool:
        """Whether the verdict is the one that is meant."""
        right = (said(verdict), verdict.rule) == (self.says, self.rule)
        return right and self.subject in ("", verdict.subject)


class Row(msgspec.Struct, frozen=True):
    """`at`: ms since the test began."""

    at: int
    readings: tuple[Reading, ...]
    expected: tuple[Expected, ...]
    where: str


class Trial(msgspec.Struct, frozen=True):
    """One test. `only`: the rules that are looked at (empty: all). `alert`: what each one raised is like.
    `usual`: what points said at each hour of the weeks before."""

    name: str
    registry: Registry
    rows: tuple[Row, ...]
    only: tuple[str, ...] = ()
    alert: Mapping[str, str | int | bool] = {}
    where: str = ""
    usual: Mapping[tuple[str, str], tuple[Week, ...]] = {}

    def raises(self) -> set[str]:
        """The ids of the rules that it expects to raise something."""
        return {one.rule for row in self.rows for one in row.expected if one.says == "raises"}


class _Played(msgspec.Struct):
    """What was said up to each row, and what was remembered after it."""

    said: list[tuple[int, Verdict]]
    remembered: list[list[Memory]]
    failures: list[Failure] = []


def run(trial: Trial, rules: RuleSet) -> list[str]:
    """What is wrong: `file:line:col  test, at moment  expected …  got …`; empty when the test passes."""
    played = _play(trial, rules)
    failures: list[str] = []
    for number, row in enumerate(trial.rows):
        here = [verdict for index, verdict in played.said if index == number]
        left = [verdict for verdict in here if not trial.only or verdict.rule in trial.only]
        for one in row.expected:
            met = next((v for v in left if one.meets(v) and v.moment == START + row.at), None)
            if met is None:
                instead = _instead(one, played, rules.by_id.get(one.rule), number)
                failures.append(f"{one.where}  {_head(trial, row)}  expected {_meant(one)}  {instead}")
            else:
                left.remove(met)
                failures += _unlike(trial, row, one, met)
        failures += [_unexpected(trial, row, verdict) for verdict in left]
    looked_at = [one for one in played.failures if not trial.only or one.rule in trial.only]
    broke = dict.fromkeys(f"the rule {one.rule} failed on {one.point}: {one.error}" for one in looked_at)
    return [*failures, *(f"{trial.where}  “{trial.name}”  {one}" for one in broke)]


def said(verdict: Verdict) -> str:
    """The key of a row under which this verdict would be written."""
    if verdict.holds is Holds.YES:
        return "again" if verdict.again else "raises"
    return "ends" if verdict.holds is Holds.NO else "unknown"


def parse_moment(text: str) -> int | None:
    """A moment of a test in ms: 0s, 90s, 10m, also 9m59s. None where it is none."""
    parts = _PART.findall(text)
    if not parts or "".join(parts) != text:
        return None
    lengths = [parse_duration(part) for part in parts]
    return None if None in lengths else sum(length or 0 for length in lengths)


def moment_text(at: int) -> str:
    """The same back: 599000 is 9m59s."""
    text = ""
    for unit, size in _UNITS:
        whole, at = divmod(at, size)
        text += f"{whole}{unit}" if whole else ""
    return text or "0s"


def _play(trial: Trial, rules: RuleSet) -> _Played:
    memories, played, told = Memories(), _Played([], []), dict[tuple[str, str], Holds]()
    baselines, failures = _baselines(trial), played.failures
    registry = trial.registry
    arm(rules, memories, registry, START)
    for number, row in enumerate(trial.rows):
        verdicts = due(rules, memories, START + row.at, registry, failures, baselines)
        verdicts += judge(rules, memories, row.readings, registry, failures, baselines)
        played.said += [(number, verdict) for verdict in verdicts if _is_news(verdict, told)]
        played.remembered.append(list(memories))
    return played


def _baselines(trial: Trial) -> Baselines:
    """Every hour of the test is like those of the weeks before."""
    last = max((row.at for row in trial.rows), default=0)
    hours = range(START // HOUR - 1, (START + last) // HOUR + 2)
    return {Slot(*point, hour): weeks for point, weeks in trial.usual.items() for hour in hours}


def _is_news(verdict: Verdict, told: dict[tuple[str, str], Holds]) -> bool:
    """Whether it is told anew: that what holds already was counted once more is not."""
    pair = verdict.rule, verdict.subject
    before, told[pair] = told.get(pair), verdict.holds
    return verdict.again or verdict.holds is not before


def _head(trial: Trial, row: Row) -> str:
    return f"“{trial.name}”, at {moment_text(row.at)}"


def _meant(one: Expected) -> str:
    return f"{one.rule} {SAYS[one.says]}{' on ' + one.subject if one.subject else ''}"


def _instead(one: Expected, played: _Played, rule: Rule | None, number: int) -> str:
    """What happened to this rule instead: at another moment, to another subject, or how far it has come."""
    if rule is None:
        return f"got nothing: no rule {one.rule} is in force"
    others = [
        f"{SAYS[said(v)]} on {v.subject} at {_at(v.moment)}" for _, v in played.said if v.rule == one.rule
    ]
    rows = [_waits(row) for row in played.remembered[number] if row.rule == one.rule]
    if others:
        return f"got {', '.join(others[:4])}{' …' if len(others) > 4 else ''}"
    if rows:
        return f"got nothing: {'; '.join(rows[:4])}"
    looks = f"{' or '.join(rule.condition.metrics)} {told(rule.condition.compared, 'en')}"
    return f"got nothing: it is at rest, it looks for {looks}"


def _waits(row: Memory) -> str:
    until = f" until {_at(row.due_at)}" if row.due_at is not None else ""
    return f"{row.subject} is {row.state.value}{until}, last value {row.value}"


def _at(moment: int) -> str:
    return moment_text(moment - START)


def _unlike(trial: Trial, row: Row, one: Expected, verdict: Verdict) -> Iterator[str]:
    """The alert is raised, and is not what the test says of it."""
    if one.says not in ("raises", "again"):
        return
    found = {
        "class": verdict.alert_class.value,
        "priority": verdict.priority,
        "latch": verdict.latch,
        "verify": verdict.verify,
        "policy": verdict.policy or "",
        "plan": verdict.plan or "",
        "life_safety": verdict.life_safety,
    }
    for key, wanted in trial.alert.items():
        if found[key] != wanted:
            yield (
                f"{one.where}  {_head(trial, row)}  expected {one.rule} with {key} {_plain(wanted)}"
                f"  got {_plain(found[key])}"
            )


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) or "none"


def _unexpected(trial: Trial, row: Row, verdict: Verdict) -> str:
    what = f"got {verdict.rule} {SAYS[said(verdict)]} on {verdict.subject} at {_at(verdict.moment)}"
    evidence = [f"{one.metric} {one.value}, {told(one.compared, 'en')}" for one in verdict.evidence]
    because = f" ({'; '.join(evidence)})" if evidence else ""
    return f"{row.where}  {_head(trial, row)}  expected nothing else  {what}{because}"


def untested(rules: Iterable[Rule], trials: Iterable[Trial]) -> list[Rule]:
    """The rules that no test expects to raise anything."""
    tested = {name for trial in trials for name in trial.raises()}
    return [rule for rule in rules if rule.id not in tested]
