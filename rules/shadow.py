"""Thinks. A rule in shadow: it is judged like any other and told to nobody, until a person decides."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta, tzinfo

from msgspec.structs import replace

from rules.rule import Rule, Shadow
from rules.ruleset import RuleSet
from rules.section import Section, parse_duration

Kept = tuple[str, str]  # the id of a rule and its version


class NotPromoted(Exception):
    """A rule cannot be put into service: a key of the dashboard's catalogue, and the rules it is about."""

    def __init__(self, key: str, rules: str = "") -> None:
        super().__init__(f"{key}: {rules}" if rules else key)
        self.key, self.rules = key, rules


def read(section: Section) -> Shadow | None:
    """What `shadow:` says: how long (`14d`), or the last day (`{until: 2026-12-24}`)."""
    if not section.has("shadow"):
        return None
    value = section.node["shadow"]
    if isinstance(value, dict):
        inner = section.section("shadow", "the last day: {until: 2026-12-24}")
        return None if inner is None else _until(inner)
    length = parse_duration(value) if isinstance(value, str) else None
    if not length:
        section.wrong("shadow", "expected how long, such as 14d, or the last day: {until: 2026-12-24}")
        return None
    return Shadow(length)


def _until(inner: Section) -> Shadow | None:
    inner.only(("until",))
    value = inner.node.get("until")
    if isinstance(value, date):  # a datetime too, of which only the day counts
        return Shadow(0, f"{value:%Y-%m-%d}")
    try:
        return Shadow(0, date.fromisoformat(value if isinstance(value, str) else "").isoformat())
    except ValueError:
        inner.wrong("until", "expected a day like 2026-12-24")
        return None


def ends(shadow: Shadow, since: int, zone: tzinfo) -> int:
    """When the days of a shadow are over (ms) that came into force at `since`. A last day counts whole."""
    if not shadow.until:
        return since + shadow.lasts
    after = datetime.combine(date.fromisoformat(shadow.until) + timedelta(days=1), time(), zone)
    return int(after.timestamp() * 1000)


def undecided(rules: Iterable[Rule], since: Mapping[str, int], now: int, zone: tzinfo) -> list[str]:
    """The rules whose shadow is over, and nobody has decided. `since`: when each came into force."""
    return [
        rule.id for rule in rules if rule.shadow and ends(rule.shadow, since.get(rule.id, now), zone) <= now
    ]


def in_service(rules: RuleSet, promoted: Collection[Kept]) -> RuleSet:
    """The rules as they judge: out of their shadow those whose very version was promoted.

    One that names a rule in shadow stays there: nothing in service hangs on what nobody is told.
    """
    chosen = {rule.id for rule in rules.rules if rule.shadow and (rule.id, rule.version) in promoted}
    while held := {name for name in chosen if _hangs(rules.by_id, name, chosen)}:
        chosen -= held
    if not chosen:
        return rules
    return RuleSet(replace(rule, shadow=None) if rule.id in chosen else rule for rule in rules.rules)


def _hangs(rules: Mapping[str, Rule], name: str, chosen: Collection[str]) -> bool:
    return any(rules[one.rule].shadow and one.rule not in chosen for one in rules[name].refers)


def obstacles(rules: RuleSet, name: str) -> list[str]:
    """The rules in shadow that must be promoted before this one."""
    return [one.rule for one in rules.by_id[name].refers if rules.by_id[one.rule].shadow is not None]


def shadowed(rules: Iterable[Rule]) -> frozenset[Kept]:
    """The rules, each in this very version, that nobody is told of."""
    return frozenset((rule.id, rule.version) for rule in rules if rule.shadow is not None)


def misused(rules: Mapping[str, Rule]) -> Iterator[str]:
    """A rule in service that hangs on one in shadow: it would be hidden, or raised, by what nobody hears."""
    for rule in rules.values():
        if rule.shadow is None:
            for named, where in rule.refers:
                if rules[named].shadow is not None:
                    yield (
                        f"{where}  got {named!r}  that rule is in shadow, and counts for nothing: take its "
                        "shadow away, or put this one in shadow too"
                    )
