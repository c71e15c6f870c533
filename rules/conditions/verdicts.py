"""Thinks. The conditions `all`, `any` and `none`: what other rules say of the same device, zone or place."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.reading import Reading
from rules.memory import Memories, Memory
from rules.rule import Condition, Reference, Rule, Step
from rules.section import Section
from rules.transitions import stands
from rules.verdict import Evidence, Holds

KEYS = ("all", "any", "none")


class Verdicts(Condition, frozen=True, tag=True):
    """Holds while all of `every`, one of `some` and nothing of `no` hold. What is not known of one of them
    makes it unknown, unless the others decide it."""

    every: tuple[str, ...] = ()
    some: tuple[str, ...] = ()
    no: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.every, *self.some, *self.no)))

    @property
    def gathers(self) -> bool:
        return True

    @property
    def compared(self) -> str:
        said = (
            (both("全部成立：", "all of "), self.every),
            (both("任一成立：", "one of "), self.some),
            (both("均不成立：", "none of "), self.no),
        )
        return "; ".join(f"{word}{', '.join(names)}" for word, names in said if names)

    def read(self, rule: Rule, before: Memory | None, reading: Reading, device: Device) -> Step:
        raise AssertionError("it looks at no metric")

    def fire(self, rule: Rule, row: Memory, device: Device) -> Step:
        raise AssertionError("its deadlines are weighed in rules/gather.py")

    def weigh(
        self, peers: Sequence[Device], memories: Memories, rules: Mapping[str, Rule], rule: Rule
    ) -> tuple[Holds, float, tuple[Evidence, ...]]:
        found = {name: list(_rows(rules[name], peers, memories)) for name in self.names}
        said = {name: _most([row.told for row in rows]) for name, rows in found.items()}
        parts = [said[name] for name in self.every]
        if self.some:
            parts.append(_most([said[name] for name in self.some]))
        if self.no:
            parts.append(_NOT[_most([said[name] for name in self.no])])
        holds = _NOT[_most([_NOT[part] for part in parts])]
        evidence = [
            replace(
                row.evidence(row.subject.partition("/")[2], f"rule {name}: {row.told}"), device=row.device
            )
            for name, rows in found.items()
            for row in rows
        ]
        return holds, 0.0, tuple(evidence[:10])

    def fits(self, row: Memory) -> bool:
        return stands(row)


_NOT = {Holds.YES: Holds.NO, Holds.NO: Holds.YES, Holds.UNKNOWN: Holds.UNKNOWN}


def _most(said: list[Holds]) -> Holds:
    """One of them holds, or may hold, or none does."""
    return Holds.YES if Holds.YES in said else Holds.UNKNOWN if Holds.UNKNOWN in said else Holds.NO


def _rows(child: Rule, peers: Sequence[Device], memories: Memories) -> Iterator[Memory]:
    """What the child has told of these devices, or of the zone or place that they are in."""
    subjects = dict.fromkeys(name for device in peers for name in child.subjects(device))
    for subject in subjects:
        row = memories.get(child.id, subject)
        if row is not None and row.told is not Holds.NO:
            yield row


def built(when: Section) -> tuple[Verdicts, tuple[Reference, ...]]:
    """The condition, and every rule that it names with the place where it does."""
    named = {key: when.some(key, None, "the id of a rule or a list of them") for key in KEYS if when.has(key)}
    if "all" not in named and "any" not in named:
        when.wrong("none", "expected all or any beside it: what must hold")
    refers = tuple(
        Reference(name, when.where(key, place))
        for key, names in named.items()
        for place, name in enumerate(names)
    )
    return Verdicts((), named.get("all", ()), named.get("any", ()), named.get("none", ())), refers
