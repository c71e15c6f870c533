"""Thinks. Rules with schedules for any readings at all: batches, restarts and failures change nothing."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.memory import Memories, Memory
from rules.ruleset import RuleSet
from rules.vanish import reconcile
from tests.fakes.engine import CAMPUS, Engine, reading, rule
from tests.pure.test_rules_schedule import HOUR, MINUTE, NIGHT, OPEN, at, engine, schedules

MANY = (
    rule(OPEN, name="door", during=NIGHT, off_delay="10m"),
    rule("{metric: smoke, is: [fault]}", name="delayed", during="{hours: night}", on_delay="20m"),
    rule("{metric: temperature, above: 30, deadband: 2}", name="hot", outside="{hours: '23:00-01:00'}"),
    rule("{metric: temperature, silent_for: 3h}", name="quiet", only="{device: store-1}", during=NIGHT),
    rule("{metric: press, happens: [alarm], hold: 30m}", name="panic", during=NIGHT),
    rule("{metric: contact, changes: {to: open}, hold: 30m}", name="opened", outside=NIGHT),
    rule("{metric: contact, is: [open], times: 2, within: 2h}", name="often", during=NIGHT),
    rule("{metric: temperature, rises: 5, within: 2h}", name="rising", during=NIGHT),
    rule("{metric: temperature, same_for: 2h}", name="stuck", during=NIGHT),
    rule("{metric: fault, is: [fault], devices: 2, within: 1h}", name="two", subject="place", during=NIGHT),
    rule("{any: [door, two], none: [hot]}", name="top", subject="place", during="{days: [monday, tuesday]}"),
    rule("{metric: fault, is: [fault]}", name="fault", suppressed_by="{rule: door, same: place}"),
)
SAID = {
    ("door-1", "contact"): ["open", "closed", "unknown"],
    ("smoke-1", "smoke"): ["fault", "normal", "unknown"],
    ("store-1", "temperature"): [20.0, 27.0, 31.0, "unknown"],
    ("panic-1", "press"): ["alarm"],
    ("panic-1", "fault"): ["fault", "normal"],
    ("door-1", "fault"): ["fault", "normal"],
}


@st.composite
def stories(draw: st.DrawFn) -> list:
    """Readings around the evenings and mornings of three days, some at the very moment of a turn."""
    story, now = [], at("2026-03-02 20:00")
    for _ in range(draw(st.integers(1, 25))):
        now += draw(st.sampled_from([0, 1, MINUTE, 10 * MINUTE, HOUR, 2 * HOUR - 1, 2 * HOUR, 8 * HOUR]))
        (device, metric), words = draw(st.sampled_from(sorted(SAID.items())))
        story.append(reading(device, metric, draw(st.sampled_from(words)), now))
    return story


def rows_of(engine_: Engine) -> list[Memory]:
    return sorted(engine_.memories, key=lambda row: (row.rule, row.subject))


@settings(max_examples=150, deadline=None)
@given(stories(), st.data())
def test_schedules_say_the_same_in_any_split_with_restarts_failed_commits_and_ticks(story, data):
    plain, end = engine(*MANY, start="2026-03-02 20:00"), story[-1].received + 30 * HOUR
    expected = [one for each in story for one in plain.take(each)] + plain.pass_time(end)
    other, said, batch = engine(*MANY, start="2026-03-02 20:00"), [], []
    other.memories.committed()
    for one in story:
        batch.append(one)
        what = data.draw(st.sampled_from(["go on", "commit", "fail", "restart", "tick"]))
        if what == "go on":
            continue
        other.memories.mark()
        heard = [verdict for each in batch for verdict in other.take(each)]
        if what == "fail":
            other.memories.rollback()
            assert heard == [verdict for each in batch for verdict in other.take(each)]
        said, batch = said + heard, []
        if what == "restart":
            stored = msgspec.to_builtins(list(other.memories))
            other.memories = Memories(msgspec.convert(stored, list[Memory]))
            now = one.received
            said += reconcile(other.rules, other.rules, other.memories, CAMPUS, now)
            other.arm(now)
        if what == "tick":
            said += other.pass_time(one.received)
    said += [verdict for each in batch for verdict in other.take(each)] + other.pass_time(end)
    assert (said, rows_of(other)) == (expected, rows_of(plain))


@settings(max_examples=150, deadline=None)
@given(stories(), schedules(), st.sampled_from(["0s", "20m"]))
def test_a_rule_with_a_schedule_says_what_the_same_rule_without_one_says_while_it_is_asked(
    story, chosen, delay
):
    school = engine(rule(OPEN, name="always", on_delay=delay), rule(OPEN, name="asked", on_delay=delay))
    planned = [
        msgspec.structs.replace(one, schedule=chosen) if one.id == "asked" else one
        for one in school.rules.rules
    ]
    school.rules, school.memories = RuleSet(planned), Memories()
    school.arm(story[0].received)
    last: dict[str, str] = {}

    def hear(verdicts) -> None:
        for one in verdicts:
            assert last.get(one.rule) != one.holds.value  # never twice the same
            last[one.rule] = one.holds.value

    for one in story:
        hear(school.take(one))
        asked = chosen.on(CAMPUS.calendar, one.received)
        assert last.get("asked", "no") == (last.get("always", "no") if asked else "no")
