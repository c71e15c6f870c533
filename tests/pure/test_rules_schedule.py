"""Thinks. Rules with a schedule: they begin and end to the millisecond, in every zone, and hide no fire."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.calendar import DAYS, Calendar, Span
from ingest.campus.registry import Registry
from rules.explain import findings, lines
from rules.load import STANDARD
from rules.memory import SCHEDULE, Memories
from rules.parse import parse
from rules.rule import Rule
from rules.schedule import Schedule, Window
from rules.vanish import reconcile
from tests.fakes.engine import CAMPUS, Engine, reading, rule, rules_from
from tests.fakes.words import english

ZONE = ZoneInfo("Asia/Shanghai")
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
NIGHT = "{hours: '22:00-06:00'}"
OPEN = "{metric: contact, is: [open]}"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


def under(calendar: Calendar) -> Registry:
    return Registry(dict(CAMPUS.places), dict(CAMPUS.zones), dict(CAMPUS.devices), calendar=calendar)


def engine(*rules: str, start: str = "2026-03-02 12:00", registry: Registry = CAMPUS) -> Engine:
    made = Engine(*rules, registry=registry)
    made.arm(at(start))
    return made


def told(verdicts) -> list[tuple[str, str, int]]:
    return [(one.rule, one.holds.value, one.moment) for one in verdicts]


def test_what_holds_already_is_raised_at_the_moment_its_schedule_begins():
    school = engine(rule(OPEN, name="open-at-night", during=NIGHT))
    assert school.take(reading("door-1", "contact", "open", at("2026-03-02 17:00"))) == []
    assert school.pass_time(at("2026-03-02 22:00") - 1) == []
    (verdict,) = school.pass_time(at("2026-03-02 23:00"))
    assert told([verdict]) == [("open-at-night", "yes", at("2026-03-02 22:00"))]
    assert verdict.since == at("2026-03-02 17:00")
    assert "during 22:00-06:00" in english(verdict.evidence[0].compared)


def test_what_still_holds_when_its_schedule_ends_is_normal_at_that_moment_and_raised_anew_the_next_night():
    school = engine(rule(OPEN, name="r", during=NIGHT))
    said = school.take(reading("door-1", "contact", "open", at("2026-03-02 23:00")))
    said += school.pass_time(at("2026-03-04 00:00"))
    assert told(said) == [
        ("r", "yes", at("2026-03-02 23:00")),
        ("r", "no", at("2026-03-03 06:00")),
        ("r", "yes", at("2026-03-03 22:00")),
    ]
    assert "outside its schedule" in said[1].evidence[0].note


def test_outside_its_schedule_nothing_is_raised_and_nothing_ends():
    school = engine(rule(OPEN, name="r", outside="{hours: school-hours}"), start="2026-03-02 07:00")
    said = [
        one
        for word, clock in (("open", "08:00"), ("closed", "09:00"), ("open", "17:59"), ("closed", "17:59:30"))
        for one in school.take(reading("door-1", "contact", word, at(f"2026-03-02 {clock}")))
    ]
    assert said + school.pass_time(at("2026-03-03 07:00")) == []


def test_an_on_delay_runs_also_before_the_schedule_begins():
    school = engine(rule(OPEN, name="r", during=NIGHT, on_delay="10m"))
    school.take(reading("door-1", "contact", "open", at("2026-03-02 21:55")))
    assert told(school.pass_time(at("2026-03-02 23:00"))) == [("r", "yes", at("2026-03-02 22:05"))]


def test_what_is_in_its_off_delay_when_the_schedule_begins_is_raised_only_if_it_comes_back():
    school = engine(rule(OPEN, name="r", during=NIGHT, off_delay="10m"))
    school.take(reading("door-1", "contact", "open", at("2026-03-02 20:00")))
    school.take(reading("door-1", "contact", "closed", at("2026-03-02 21:55")))
    assert school.pass_time(at("2026-03-02 22:04")) == []
    back = school.take(reading("door-1", "contact", "open", at("2026-03-02 22:04:30")))
    assert told(back) == [("r", "yes", at("2026-03-02 22:04:30"))]


def test_a_press_outside_the_schedule_is_nobodys_even_if_it_is_held_over_its_beginning():
    school = engine(rule("{metric: press, happens: [test], hold: 2m}", name="r", during=NIGHT))
    early = school.take(reading("panic-1", "press", "test", at("2026-03-02 21:59:30")))
    assert early + school.pass_time(at("2026-03-02 22:00:30")) == []
    (second,) = school.take(reading("panic-1", "press", "test", at("2026-03-02 22:01")))
    assert (second.holds.value, second.again) == ("yes", False)


def test_a_count_a_coincidence_and_rules_about_rules_keep_their_schedules():
    school = engine(
        rule("{metric: contact, is: [open], times: 2, within: 10m}", name="often", during=NIGHT),
        rule("{metric: fault, is: [fault], devices: 2, within: 1h}", name="two", subject="place",
             only="{kind: [door, panic_button]}", during=NIGHT),
        rule("{all: [often]}", name="top", subject="place"),
    )  # fmt: skip
    said = []
    for clock, word in (("21:50", "open"), ("21:51", "closed"), ("21:55", "open")):
        said += school.take(reading("door-1", "contact", word, at(f"2026-03-02 {clock}")))
    for device in ("door-1", "panic-1"):
        said += school.take(reading(device, "fault", "fault", at("2026-03-02 21:58")))
    assert said == []
    night = at("2026-03-02 22:00")
    assert sorted(told(school.pass_time(night))) == [
        ("often", "yes", night),
        ("top", "yes", night),
        ("two", "yes", night),
    ]
    assert ("top", "no", at("2026-03-02 22:05")) in told(school.pass_time(at("2026-03-02 23:00")))


def test_a_rule_that_is_asleep_suppresses_nothing():
    hidden = rule("{metric: contact, is: [open]}", name="hidden", suppressed_by="{rule: hiding}")
    hiding = rule("{metric: fault, is: [fault]}", name="hiding", only="{kind: door}", during=NIGHT)
    school = engine(hidden, hiding)
    school.take(reading("door-1", "fault", "fault", at("2026-03-02 20:00")))
    (loud,) = school.take(reading("door-1", "contact", "open", at("2026-03-02 20:01")))
    assert loud.suppressed == ""
    night = school.pass_time(at("2026-03-02 22:00"))
    assert {(one.rule, one.suppressed) for one in night} == {("hiding", ""), ("hidden", "hiding")}


def test_a_make_up_workday_a_holiday_and_an_exam_each_have_their_own_rules():
    calendar = Calendar(spans=[Span("finals", "exam", "2026-02-14"), Span("s", "term", "2026-02-01")])
    words = {"workday": "{days: workday}", "weekend": "{days: weekend}", "exam": "{period: exam}",
             "holiday": "{days: holiday}", "dated": "{dates: [2026-02-14, 2026-02-16..2026-02-17]}",
             "term": "{period: term, days: saturday}"}  # fmt: skip
    rules = rules_from("rules:\n" + "".join(rule(OPEN, name=n, during=text) for n, text in words.items()))

    def on(text: str) -> set[str]:
        return {one.id for one in rules.rules if one.schedule and one.schedule.on(calendar, at(text))}

    assert on("2026-02-14 12:00") == {"workday", "exam", "dated"}
    assert on("2026-02-15 12:00") == {"holiday", "weekend"}
    assert on("2026-02-17 23:59") == {"holiday", "dated"}
    assert on("2026-02-01 12:00") == {"weekend"}


def test_another_calendar_on_a_running_service_raises_and_ends_at_once_and_moves_the_deadlines():
    school = engine(rule(OPEN, name="r", during="{period: exam}"))
    now = at("2026-03-02 13:00")
    assert school.take(reading("door-1", "contact", "open", now)) == []
    exam = under(Calendar(spans=[Span("finals", "exam", "2026-03-02", "2026-03-03")]))
    assert told(reconcile(school.rules, school.rules, school.memories, exam, now + 1)) == [
        ("r", "yes", now + 1)
    ]
    school.registry = exam
    school.arm(now + 1)
    assert told(school.pass_time(at("2026-03-05 00:00"))) == [("r", "no", at("2026-03-04 00:00"))]
    assert reconcile(school.rules, school.rules, school.memories, exam, at("2026-03-05 00:00")) == []


def test_a_rule_that_gets_or_loses_its_schedule_is_told_anew_at_once():
    always, nightly = rules_from("rules:\n" + rule(OPEN)), rules_from("rules:\n" + rule(OPEN, during=NIGHT))
    school, now = engine(rule(OPEN)), at("2026-03-02 13:00")
    school.take(reading("door-1", "contact", "open", now))
    assert told(reconcile(always, nightly, school.memories, CAMPUS, now + 1)) == [("r", "no", now + 1)]
    assert told(reconcile(nightly, always, school.memories, CAMPUS, now + 2)) == [("r", "yes", now + 2)]
    assert [row.subject for row in school.memories] == ["door-1/contact"]


def test_a_turn_that_was_missed_while_down_is_told_late_with_the_moment_it_was_due():
    school = engine(rule(OPEN, name="r", during=NIGHT))
    school.take(reading("door-1", "contact", "open", at("2026-03-02 17:00")))
    stored = msgspec.convert(
        msgspec.to_builtins(list(school.memories)), list[type(next(iter(school.memories)))]
    )
    later = Engine(rule(OPEN, name="r", during=NIGHT), memories=Memories(stored))
    now = at("2026-03-03 12:00")
    assert reconcile(later.rules, later.rules, later.memories, CAMPUS, now) == []
    later.arm(now)
    assert told(later.pass_time(now)) == [
        ("r", "yes", at("2026-03-02 22:00")),
        ("r", "no", at("2026-03-03 06:00")),
    ]


@pytest.mark.parametrize("modifier", ["during", "outside"])
def test_a_fire_rule_with_a_schedule_is_no_first_alarm_and_beside_one_without_it_is_allowed(modifier):
    from rules.law import broken
    from rules.load import load

    pack = dict(load([], True).by_id)
    assert STANDARD.exists()
    text = rule("{metric: smoke, is: [alarm]}", "alarm", name="smoke-alarm", only="{kind: smoke_detector}")
    more = text.replace("  - id", "  - id", 1) + f"    {modifier}: {NIGHT}\n"
    alone = {name: one for name, one in pack.items() if name != "smoke-alarm"}
    mistakes: list[str] = []
    parse("rules:\n" + more, "mine.yaml", alone, mistakes)
    assert mistakes == []
    assert any("smoke of every smoke_detector" in one and "at any hour" in one for one in broken(alone))
    beside: dict[str, Rule] = dict(pack)
    parse("rules:\n" + more.replace("id: smoke-alarm", "id: smoke-at-night"), "mine.yaml", beside, mistakes)
    assert (mistakes, broken(beside)) == ([], [])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{hour: '22:00-06:00'}", "unknown key; did you mean 'hours'?"),
        ("{hours: '22:-06'}", "r.yaml:6:21  rules[0].during.hours  got '22:-06'  expected hours such as"),
        ("{hours: ['22:00-22:00']}", "rules[0].during.hours[0]  got '22:00-22:00'"),
        ("{days: [wrkday]}", "did you mean 'workday'?"),
        ("{dates: '2026-13-01'}", "expected days such as 2026-12-24"),
        ("{dates: '2026-12-02..2026-12-01'}", "expected days such as 2026-12-24"),
        ("{}", "expected one or more of: period, days, hours, dates"),
        ("[]", "expected when the rule is asked"),
        ("night", "expected when the rule is asked"),
        ("{period: 7}", "expected term, vacation, exam or a row of the calendar"),
    ],
)
def test_a_schedule_that_cannot_mean_anything_is_refused_with_its_place(text, says):
    mistakes: list[str] = []
    parse("rules:\n" + rule(OPEN, during=text), "r.yaml", {}, mistakes)
    assert any(says in one for one in mistakes), mistakes


def test_why_says_that_a_rule_is_outside_its_schedule_and_when_it_begins():
    school = engine(rule(OPEN, name="r", during=NIGHT))
    door, now = CAMPUS.devices["door-1"], at("2026-03-02 17:00")

    def said() -> str:
        found = findings(school.rules, door, CAMPUS, {}, school.memories, now=now)
        clock = lambda moment: datetime.fromtimestamp(moment / 1000, ZONE).strftime("%H:%M")  # noqa: E731
        return "\n".join(line for one in found for line in lines(one, clock))

    assert "not now: outside its schedule, which begins 22:00" in said()
    school.take(reading("door-1", "contact", "open", now))
    assert "not raised: outside its schedule, which begins 22:00; it holds since 17:00 (open)" in said()


HOURS = st.tuples(st.integers(0, 95), st.integers(0, 96)).filter(lambda pair: pair[0] != pair[1])


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    def window() -> Window:
        pair = draw(st.one_of(st.none(), HOURS))
        hours = (
            ()
            if pair is None
            else (f"{pair[0] // 4}:{pair[0] % 4 * 15:02}-{pair[1] // 4}:{pair[1] % 4 * 15:02}",)
        )
        days = draw(st.one_of(st.just(()), st.tuples(st.sampled_from(DAYS))))
        return Window(days=days, hours=hours)

    windows = [window() for _ in range(draw(st.integers(1, 2)))]
    return Schedule(tuple(windows), (window(),) if draw(st.booleans()) else ())


@settings(max_examples=120, deadline=None)
@given(
    schedules(),
    st.sampled_from([("Europe/Berlin", "DE"), ("Asia/Shanghai", "CN"), ("America/New_York", "US")]),
    st.integers(2017, 2026),
    st.integers(0, 365 * 24),
    st.booleans(),
)
def test_every_turn_is_where_a_walk_through_every_quarter_finds_it(schedule, where, year, hour, at_a_jump):
    zone, calendar = ZoneInfo(where[0]), Calendar(*where)
    start = datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
    if at_a_jump:  # the nights of the year in which the clock is put forward or back
        days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(365)]
        jumps = [
            d for d in days if d.astimezone(zone).dst() != (d + timedelta(days=1)).astimezone(zone).dst()
        ]
        start = jumps[hour % len(jumps)] - timedelta(hours=30) if jumps else start
    moment = int(start.timestamp()) * 1000
    end, found = moment + 4 * 24 * HOUR, []
    while (turn := schedule.turn(calendar, moment if not found else found[-1])) <= end:
        found.append(turn)
    walked, before = [], by_the_wall(schedule, calendar, zone, moment)
    for quarter in range(moment + 15 * MINUTE, end + 1, 15 * MINUTE):
        now = by_the_wall(schedule, calendar, zone, quarter)
        assert schedule.on(calendar, quarter) is now
        if now is not before:
            walked.append(quarter)
        before = now
    assert found == walked


def by_the_wall(schedule: Schedule, calendar: Calendar, zone: ZoneInfo, moment: int) -> bool:
    """The same answer found the plain way: from local date and time alone."""
    local = datetime.fromtimestamp(moment / 1000, zone)

    def open_(window: Window) -> bool:
        for back in (0, 1):
            day = local.date() - timedelta(days=back)
            if window.days and not any(calendar.day_is(day, word) for word in window.days):
                continue
            if not window.hours:
                if back == 0:
                    return True
                continue
            start, end = (sum(int(p) * f for p, f in zip(t.split(":"), (60, 1), strict=True))
                          for t in window.hours[0].split("-"))  # fmt: skip
            clock = back * 1440 + local.hour * 60 + local.minute
            if start <= clock < (end if end > start else end + 1440):
                return True
        return False

    return any(map(open_, schedule.during)) and not any(map(open_, schedule.outside))


def test_the_row_of_a_schedule_waits_for_its_next_turn_only():
    school = engine(rule(OPEN, name="r", during="{days: workday, hours: [night, school-hours]}"))
    row = school.memories.get("r", SCHEDULE)
    assert row is not None
    assert row.due_at == at("2026-03-02 18:00")


def test_a_schedule_that_turns_only_in_years_is_looked_at_again_until_it_does():
    school = engine(rule(OPEN, name="r", during="{dates: 2031-01-01}"))
    school.take(reading("door-1", "contact", "open", at("2026-03-02 13:00")))
    assert school.pass_time(at("2030-12-31 23:59")) == []
    assert told(school.pass_time(at("2031-01-01 00:00"))) == [("r", "yes", at("2031-01-01 00:00"))]


def test_what_is_counted_and_what_joins_while_a_rule_is_not_asked_is_not_forgotten():
    school = engine(
        rule("{metric: contact, is: [open], times: 3, within: 10m}", name="often", during=NIGHT),
        rule("{metric: fault, is: [fault], devices: 2, within: 1h}", name="three", subject="place",
             only="{place: dorm}", during=NIGHT),
    )  # fmt: skip
    for clock in ("21:40", "21:41", "21:42", "21:51:30"):
        moment = at(f"2026-03-02 {clock}")
        school.take(reading("door-1", "contact", "open", moment))
        school.take(reading("door-1", "contact", "closed", moment + SECOND))
    for device in ("door-1", "panic-1", "light-1"):
        school.take(reading(device, "fault", "fault", at("2026-03-02 21:55")))
    night = at("2026-03-02 22:00")
    assert told(school.pass_time(night)) == [("often", "yes", night), ("three", "yes", night)]


@pytest.mark.parametrize(
    ("hours", "start", "turns"),
    [
        # 3:00 is put back to 2:00 at 01:00 UTC: half past two is twice
        ("01:00-02:30", "2026-10-24 22:00", ["23:00 on", "00:30 off", "01:00 on", "01:30 off"]),
        ("02:30-02:45", "2026-10-24 22:00", ["00:30 on", "00:45 off", "01:30 on", "01:45 off"]),
        # 2:00 is put forward to 3:00 at 01:00 UTC: half past two is not at all
        ("02:15-02:45", "2026-03-28 22:00", []),
        ("02:30-04:00", "2026-03-28 22:00", ["01:00 on", "02:00 off"]),
        ("01:30-02:30", "2026-03-28 22:00", ["00:30 on", "01:00 off"]),
    ],
)
def test_in_the_night_of_another_clock_a_schedule_is_what_the_clock_on_the_wall_says(hours, start, turns):
    calendar, schedule = Calendar("Europe/Berlin", "DE"), Schedule((Window(hours=(hours,)),))
    moment = int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp()) * 1000
    end, found = moment + 8 * HOUR, []
    while (moment := schedule.turn(calendar, moment)) < end:
        clock = datetime.fromtimestamp(moment / 1000, UTC)
        found.append(f"{clock:%H:%M} {'on' if schedule.on(calendar, moment) else 'off'}")
    assert found == turns
