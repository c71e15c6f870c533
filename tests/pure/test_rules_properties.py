"""Thinks. What rules promise for any readings at all: batches, restarts and repeats change nothing."""

import re
from collections.abc import Iterator, Mapping

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.reading import Reading
from rules.baseline import Slot, Week
from rules.memory import Memories, Memory
from rules.verdict import Verdict
from tests.fakes.engine import Engine, reading, rule

LATE = rule(  # full five minutes of the clock, however slowly a story is told
    "{metric: contact, expression: \"reading.value == 'open' && now.getMinutes() >= 20\"}",
    name="late",
    on_delay="7s",
    off_delay="11s",
)
RULES = (
    LATE,
    rule('{metric: temperature, expression: "reading.value > 25.0"}', name="said", off_delay="5s"),
    rule("{metric: temperature, past: {above: 5}, deadband: 1}", name="unusual", on_delay="10s"),
    rule(
        "{metric: battery, siblings: {below: 20, same: place, at_least: 2}, within: 60s}",
        name="odd",
        on_delay="10s",
    ),
    rule("{metric: smoke, is: [alarm]}", "alarm", name="smoke", off_delay="10s"),
    rule("{metric: [smoke, fault], is: [fault]}", name="fault", on_delay="5s", off_delay="5s"),
    rule("{metric: temperature, above: 30, deadband: 2}", name="hot", on_delay="20s", off_delay="15s"),
    rule("{metric: temperature, below: 10}", name="cold"),
    rule("{metric: temperature, silent_for: 45s}", name="quiet", only="{device: store-1}", off_delay="5s"),
    rule("{metric: press, happens: [alarm], hold: 25s}", "alarm", name="panic"),
    rule("{metric: supervision, is: [silent]}", name="silent", subject="device", on_delay="10s"),
    rule("{metric: contact, changes: {from: closed, to: open}, hold: 20s}", name="opened"),
    rule("{metric: smoke, is: [alarm], times: 2, within: 24s}", name="chatter"),
    rule("{metric: press, happens: [alarm], times: 3, within: 24s}", name="presses"),
    rule("{metric: fault, is: [fault], times: 2, within: 24s, shorter_than: 8s}", name="fleeting"),
    rule("{metric: temperature, rises: 8, within: 24s, deadband: 1}", name="rising", off_delay="5s"),
    rule("{metric: temperature, same_for: 20s}", name="stuck"),
    rule(
        "{metric: fault, is: [fault], devices: 2, within: 20s}", name="twice", subject="place", on_delay="5s"
    ),
    rule("{all: [fault], none: [hot, panic]}", name="both", subject="place", off_delay="5s"),
    rule("{any: [both, smoke, twice]}", name="top", subject="place"),
    rule(
        "{metric: temperature, above: 28}",
        name="warm",
        suppressed_by="[{rule: hot}, {rule: fault, same: building}]",
    ),
)
POINTS = {
    ("smoke-1", "smoke"): ["alarm", "normal", "unknown", "fault", "test"],
    ("smoke-1", "fault"): ["fault", "normal", "unknown"],
    ("smoke-1", "supervision"): ["reporting", "late", "silent"],
    ("store-1", "temperature"): [5.0, 20.0, 28.0, 29.0, 31.0, "unknown"],
    ("panic-1", "press"): ["alarm", "test"],
    ("panic-1", "fault"): ["fault", "normal", "unknown"],
    ("door-1", "fault"): ["fault", "normal"],
    ("smoke-2", "fault"): ["fault", "normal"],
    ("door-1", "contact"): ["open", "closed", "unknown"],
    ("door-1", "battery"): [10.0, 50.0, 90.0],
    ("panic-1", "battery"): [60.0, 90.0, "unknown"],
    ("light-1", "battery"): [60.0, 90.0],
}
SAMPLED = {
    "quiet",
    "opened",
    "rising",
    "stuck",
    "late",
    "odd",
}  # what is compared with the next reading is remembered

RESTING = {
    "temperature": 20.0,
    "supervision": "reporting",
    "press": "test",
    "contact": "closed",
    "battery": 90.0,
}


class EveryHour(Mapping[Slot, tuple[Week, ...]]):
    """The store at 20 °C at every hour of the weeks before."""

    def __getitem__(self, slot: Slot) -> tuple[Week, ...]:
        return (Week(1, 20.0, 1.0), Week(2, 22.0, 1.0))

    def __iter__(self) -> Iterator[Slot]:
        return iter(())

    def __len__(self) -> int:
        return 0


def school(*rules: str, memories: Memories | None = None) -> Engine:
    return Engine(*(rules or RULES), memories=memories, baselines=EveryHour())


@st.composite
def readings(draw: st.DrawFn) -> list[Reading]:
    """A story of readings at rising moments, some of them at the same one or just at a deadline."""
    story, now = [], 1_000_000
    for _ in range(draw(st.integers(1, 40))):
        now += draw(st.sampled_from([0, 0, 1, 999, 5000, 10_000, 15_000, 20_000, 45_000, 300_000]))
        (device, metric), values = draw(st.sampled_from(sorted(POINTS.items())))
        age = draw(st.sampled_from([None, None, 0, 400, 20_000]))
        event_time = None if age is None else now - age
        value, retained = draw(st.sampled_from(values)), draw(st.sampled_from([False] * 4 + [True]))
        story.append(reading(device, metric, value, now, event_time, retained))
    return story


def straight(story: list[Reading]) -> tuple[list[Verdict], list[Memory]]:
    """Every reading by itself, never interrupted, then an hour of quiet."""
    engine = school()
    engine.arm(1_000_000)
    verdicts = [verdict for one in story for verdict in engine.take(one)]
    verdicts += engine.pass_time(story[-1].received + 3_600_000)
    return verdicts, sorted(engine.memories, key=lambda row: (row.rule, row.subject))


@settings(max_examples=300, deadline=None)
@given(readings(), st.data())
def test_verdicts_are_the_same_in_any_split_with_restarts_failed_commits_and_ticks(story, data):
    engine, disk, verdicts, batch = school(), {}, [], []
    engine.arm(1_000_000)

    def commit(now: int) -> None:
        upserts, deletes = engine.memories.changes()
        disk.update({(row.rule, row.subject): row for row in upserts})
        for key in deletes:
            del disk[key]
        engine.memories.committed()
        assert disk == {(row.rule, row.subject): row for row in engine.memories}

    engine.memories.mark()
    for one in story:
        batch.append(one)
        what = data.draw(st.sampled_from(["go on", "go on", "commit", "fail", "restart", "tick"]))
        if what == "go on":
            continue
        heard = [verdict for each in batch for verdict in engine.take(each)]
        if what == "fail":  # the commit failed: the same batch again, from the mark
            engine.memories.rollback()
            assert heard == [verdict for each in batch for verdict in engine.take(each)]
        verdicts, batch = verdicts + heard, []
        commit(one.received)
        if what == "restart":
            engine.memories = Memories(
                msgspec.convert(msgspec.to_builtins(list(disk.values())), list[Memory])
            )
            engine.arm(one.received)
        if what == "tick":
            verdicts += engine.pass_time(one.received)
        engine.memories.mark()
    verdicts += [verdict for each in batch for verdict in engine.take(each)]
    verdicts += engine.pass_time(story[-1].received + 3_600_000)
    assert (verdicts, sorted(engine.memories, key=lambda row: (row.rule, row.subject))) == straight(story)


@settings(max_examples=200, deadline=None)
@given(readings(), st.data())
def test_a_repeated_state_or_number_adds_nothing(story, data):
    doubled = []
    for one in story:
        copies = 1 if one.metric == "press" else data.draw(st.integers(1, 3))
        doubled += [one] * copies
    assert straight(doubled) == straight(story)


@settings(max_examples=200, deadline=None)
@given(readings(), st.integers(0, 40), st.integers(0, 10**6))
def test_a_rollback_restores_exactly_what_was_there_at_the_mark(story, at, later):
    engine = school()
    engine.arm(1_000_000)
    for one in story[:at]:
        engine.take(one)
    rows = {(row.rule, row.subject): row for row in engine.memories}
    awake, next_due, unsaved = (
        dict(engine.memories.awake),
        engine.memories.next_due(),
        engine.memories.changes(),
    )
    engine.memories.mark()
    for one in story[at:]:
        engine.take(one)
    engine.pass_time(story[-1].received + later)
    engine.memories.rollback()
    assert rows == {(row.rule, row.subject): row for row in engine.memories}
    assert (awake, next_due, unsaved) == (
        engine.memories.awake,
        engine.memories.next_due(),
        engine.memories.changes(),
    )
    fresh = school(memories=Memories(rows.values()))
    end = story[-1].received + 3_600_000
    assert engine.pass_time(end) == fresh.pass_time(end)


@settings(max_examples=200, deadline=None)
@given(readings())
def test_nothing_is_remembered_of_what_is_at_rest(story):
    engine = school()
    for one in story:
        engine.take(one)
    end = story[-1].received + 1
    for device, metric in POINTS:
        engine.take(reading(device, metric, RESTING.get(metric, "normal"), end))
    engine.pass_time(end + 40_000)
    assert {row.rule for row in engine.memories} <= SAMPLED


@settings(max_examples=200, deadline=None)
@given(readings(), st.randoms(use_true_random=False))
def test_points_that_speak_at_one_moment_may_be_heard_in_any_order(story, random):
    """All but those that are compared with one another: each is judged by what the others said before."""
    shuffled: list[Reading] = []
    for moment in sorted({one.received for one in story}):
        points: dict[str, list[Reading]] = {}
        for one in story:
            if one.received == moment:
                points.setdefault(one.point, []).append(one)
        names = list(points)
        random.shuffle(names)
        shuffled += [one for name in names for one in points[name]]
    held = [
        {(r.rule, r.subject, r.state, r.told, r.hidden) for r in straight(one)[1] if r.rule != "odd"}
        for one in (story, shuffled)
    ]
    assert held[0] == held[1]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 24_000), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_presses_overtaken_on_their_way_are_counted_as_if_they_had_come_in_order(moments, random):
    presses = [reading("panic-1", "press", "alarm", 100_000, event_time=at) for at in sorted(set(moments))]
    shuffled = random.sample(presses, len(presses))
    counted = rule("{metric: press, happens: [alarm], times: 3, within: 24s}", name="presses")
    held = []
    for order in (presses, shuffled):
        engine = Engine(counted)
        verdicts = [verdict for one in order for verdict in engine.take(one)]
        held.append(
            (verdicts[-1].evidence[0].note if verdicts else "", [row.told for row in engine.memories])
        )
    assert held[0] == held[1]


def slower(by: int) -> tuple[str, ...]:
    """The rules with every duration so many times as long."""
    return tuple(
        re.sub(r"(\d+)s\b", lambda found: f"{int(found[1]) * by}s", text)
        for text in RULES
        if text is not LATE
    )


@settings(max_examples=150, deadline=None)
@given(readings(), st.sampled_from([2, 3, 60]))
def test_a_story_told_more_slowly_says_the_same_more_slowly(story, by):
    told = []
    for scale in (1, by):
        engine = school(*slower(scale))
        engine.arm(1_000_000 * scale)
        slow = [
            msgspec.structs.replace(one, received=one.received * scale, event_time=one.event_time * scale)
            for one in story
        ]
        verdicts = [verdict for one in slow for verdict in engine.take(one)]
        verdicts += engine.pass_time((story[-1].received + 3_600_000) * scale)
        told.append(
            [(v.rule, v.subject, v.holds, v.again, v.suppressed, v.moment // scale) for v in verdicts]
        )
    assert told[0] == told[1]


def told_by_walking(changes: dict[int, list[bool]], on: int, off: int, end: int) -> list[tuple[str, int]]:
    """The same answer as the engine's, found the slow way: one millisecond after another, with no table."""
    told, holds, turned, said = False, False, 0, []
    for now in range(end):
        for word in [None, *changes.get(now, [])]:
            if word is not None and word != holds:
                holds, turned = word, now
            if holds != told and now - turned >= (on if holds else off):
                told = holds
                said.append(("yes" if told else "no", now))
    return said


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=25),
    st.integers(0, 12),
    st.integers(0, 12),
)
def test_delays_agree_with_a_walk_through_every_millisecond(steps, on, off):
    steps.sort(key=lambda step: step[0])
    engine = Engine(
        rule("{metric: contact, is: [open]}", on_delay=f"{on}ms", off_delay=f"{off}ms"),
    )
    verdicts, changes = [], {}
    for at, is_open in steps:
        verdicts += engine.take(reading("door-1", "contact", "open" if is_open else "closed", at))
        changes.setdefault(at, []).append(is_open)
    verdicts += engine.pass_time(99)
    assert [(v.holds.value, v.moment) for v in verdicts] == told_by_walking(changes, on, off, 100)
