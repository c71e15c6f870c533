"""Which posts are owed a test alert now: once a shift, once a day without shifts, and never in the night."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from alerts.alert import Alert
from alerts.duty.canary import DAY, LATE, Owed, Plan, Said, begun, due, marked, read, unknown
from alerts.duty.hours import When
from alerts.duty.people import NOBODY, Contact, Directory, Person, Post, Step, Target
from alerts.duty.rota import Rota
from alerts.duty.shift import Shift
from ingest.campus.calendar import Calendar
from ingest.campus.device import OWN
from ingest.campus.registry import Registry
from rules.verdict import Class, Evidence, Text

CN = "Asia/Shanghai"
M, H = 60_000, 3_600_000
PLAN = Plan()
MORNING = When("daily", "08:00", "12:00")
NIGHT = When("daily", "22:00", "07:00")


def at(text: str, zone: str = CN) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


LONG_AGO = at("2026-01-01T00:00")


def person(name: str, channel: str = "sms", quiet: tuple[When, ...] = ()) -> Person:
    return Person(name, name, name, contacts=(Contact(channel, "1"),), quiet=quiet)


def school(*posts: Post, zone: str = CN, people: tuple[Person, ...] = ()) -> Directory:
    known = {one.id: one for one in (*(person(name) for name in ("li", "wang", "zhang")), *people)}
    return Directory(known.values(), posts=posts, channels=("sms", "null"), zone=zone)


def post(name: str, *shifts: Shift, order: tuple[str, ...] = ()) -> Post:
    return Post(name, name, name, order, shifts)


def owed(
    directory: Directory, now: str | int, known: dict[str, int] | None = None, **plan: object
) -> list[Owed]:
    moment = at(now) if isinstance(now, str) else now
    return unknown(due(directory, replace(PLAN, **plan), moment), known or {}, LONG_AGO)


DAY_AND_NIGHT = post(
    "duty", Shift(("li",), "daily", "08:00", "20:00"), Shift(("wang",), "daily", "20:00", "08:00")
)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-20T08:10", ("2026-11-20T08:00", "li")),
        ("2026-11-20T19:59", ("2026-11-20T08:00", "li, late")),
        ("2026-11-20T20:10", ("2026-11-20T20:00", "wang")),
        ("2026-11-21T00:30", ("2026-11-20T20:00", "wang, late")),  # after midnight: that of the evening
    ],
)
def test_each_shift_is_owed_one_some_minutes_after_it_began(now: str, expected: tuple[str, str]) -> None:
    name, _, late = expected[1].partition(", ")
    assert owed(school(DAY_AND_NIGHT), now) == [Owed("duty", at(expected[0]), name, bool(late))]


def test_before_its_time_has_come_none_is_owed() -> None:
    assert owed(school(DAY_AND_NIGHT), "2026-11-20T08:09") == []


def test_a_shift_that_has_had_one_is_owed_no_other_and_the_next_shift_is() -> None:
    had = {"duty": at("2026-11-20T08:00")}
    assert owed(school(DAY_AND_NIGHT), "2026-11-20T09:00", had) == []
    assert owed(school(DAY_AND_NIGHT), "2026-11-20T20:10", had) == [
        Owed("duty", at("2026-11-20T20:00"), "wang")
    ]


def test_a_post_that_never_had_one_begins_with_the_first_shift_after_it_was_set_up() -> None:
    """So neither an installation nor an upgrade sends something at once."""
    now = at("2026-11-20T08:30")
    found = list(due(school(DAY_AND_NIGHT), PLAN, now))
    assert unknown(found, {}, at("2026-11-20T08:05")) == []
    assert unknown(found, {}, at("2026-11-20T07:00")) == found != []


def test_one_whose_time_passed_while_nothing_ran_is_late_and_not_sent_in_the_night() -> None:
    """A guard who sleeps on the night shift is not woken because a server was started."""
    start = at("2026-11-20T20:00")
    assert owed(school(DAY_AND_NIGHT), start + PLAN.after + LATE) == [Owed("duty", start, "wang")]
    assert owed(school(DAY_AND_NIGHT), start + PLAN.after + LATE + 1) == [
        Owed("duty", start, "wang", late=True)
    ]


def test_without_shifts_one_is_owed_a_day_at_the_set_time() -> None:
    simple = school(post("duty", order=("li", "wang")))
    assert owed(simple, "2026-11-20T09:10") == [Owed("duty", at("2026-11-20T09:00"), "li")]
    had = {"duty": at("2026-11-20T09:00")}
    assert owed(simple, "2026-11-21T09:09", had) == []
    assert owed(simple, "2026-11-21T09:10", had) == [Owed("duty", at("2026-11-21T09:00"), "li")]
    assert owed(simple, "2026-11-20T18:40", daily=18 * 60 + 30, after=0) == [
        Owed("duty", at("2026-11-20T18:30"), "li")
    ]


def test_a_shift_that_lasts_a_week_is_owed_one_a_day() -> None:
    weekly = post("duty", Shift(("li", "wang"), "daily", "08:00", "08:00", turn="week", since="2026-11-16"))
    known: dict[str, int] = {}
    sent: list[tuple[str, str]] = []
    for minute in range(0, 8 * 24 * 60, 10):
        now = at("2026-11-16T08:00") + minute * M
        for one in owed(school(weekly), now, known):
            known[one.post] = one.shift
            sent.append((datetime.fromtimestamp(now / 1000, ZoneInfo(CN)).strftime("%a %H:%M"), one.person))
    days = ("Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    assert sent == [("Mon 08:10", "li"), *((f"{day} 09:10", "li") for day in days), ("Mon 08:10", "wang")]


@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24"])
def test_every_shift_and_every_day_has_exactly_one_when_the_clocks_change(day: str) -> None:
    zone = "Europe/Berlin"
    shifts = Shift(("li",), "daily", "06:00", "18:00"), Shift(("wang",), "daily", "18:00", "06:00")
    posts = post("guards", *shifts), post("office", order=("zhang",))
    directory, known = school(*posts, zone=zone), {"guards": at(day, zone), "office": at(day, zone)}
    sent: list[tuple[str, str]] = []
    for minute in range(0, 3 * 24 * 60, 5):
        now = at(day, zone) + minute * M
        for one in owed(directory, now, known):
            known[one.post] = one.shift
            sent.append((one.post, datetime.fromtimestamp(now / 1000, ZoneInfo(zone)).strftime("%H:%M")))
    assert [time for name, time in sent if name == "guards"] == ["06:10", "18:10"] * 3
    assert [time for name, time in sent if name == "office"] == ["09:10"] * 3


def test_each_post_has_its_own_and_some_may_be_left_out() -> None:
    two = school(DAY_AND_NIGHT, post("gate", order=("zhang",)))
    assert [one.post for one in owed(two, "2026-11-20T09:15")] == ["duty", "gate"]
    assert [one.post for one in owed(two, "2026-11-20T09:15", posts=("gate",))] == ["gate"]


@pytest.mark.parametrize(
    ("directory", "why"),
    [
        (school(post("duty", Shift(("li",), "daily", "20:00", "08:00"))), "a gap in the roster"),
        (school(post("duty", order=("gone",))), "somebody who is not registered"),
        (school(post("duty", order=("mute",)), people=(person("mute", "fax"),)), "no contact that works"),
        (school(post("duty", order=("owl",)), people=(person("owl", quiet=(MORNING,)),)),
         "asleep, and not on a shift"),
    ],
)  # fmt: skip
def test_where_nobody_on_duty_can_be_told_that_is_found_out_and_nobody_else_is_told(
    directory: Directory, why: str
) -> None:
    (one,) = owed(directory, "2026-11-20T09:15")
    assert one.person == "", why


def test_whoever_is_on_a_shift_is_told_in_hours_that_are_quiet_at_other_times() -> None:
    night = school(
        post("duty", Shift(("owl",), "daily", "22:00", "06:00")), people=(person("owl", quiet=(NIGHT,)),)
    )
    assert [one.person for one in owed(night, "2026-11-20T22:10")] == ["owl"]


def test_the_first_on_duty_who_can_be_told_is_the_one() -> None:
    asleep = person("owl", quiet=(When("daily", "00:00", "24:00"),))
    assert owed(
        school(post("duty", order=("gone", "owl", "wang", "li")), people=(asleep,)), "2026-11-20T09:15"
    ) == [Owed("duty", at("2026-11-20T09:00"), "wang")]


def test_there_is_none_while_it_is_off_or_no_channel_reaches_a_person() -> None:
    assert owed(school(DAY_AND_NIGHT), "2026-11-20T08:15", on=False) == []
    nobody = Directory([person("li", "null")], posts=[post("duty", order=("li",))], channels=("null",))
    assert owed(nobody, "2026-11-20T09:15") == []


def test_a_shift_never_begins_in_the_future() -> None:
    rota = Rota((), (Shift(("li",), "daily", "08:00", "08:05"),), (), ZoneInfo(CN), Calendar(CN, "none"))
    for minute in range(0, 3 * 24 * 60, 7):
        now = at("2026-11-20T00:00") + minute * M
        shift = begun(rota, 540, ZoneInfo(CN), now)
        assert shift is not None
        assert now - 2 * DAY < shift <= now


def test_an_alert_of_the_rule_that_names_nobody_tells_nobody() -> None:
    """So does one that an outage kept from being marked."""
    alert = Alert(
        rule="canary", subject="tocsin/canary_call", title=Text("", ""), alert_class=Class.STATUS, device=OWN,
        raised_at=1, active_at=1, policy="canary", evidence=(Evidence("canary_call", "alarm", 1, 1, ""),),
    )  # fmt: skip
    directory, registry = school(DAY_AND_NIGHT), Registry.build()
    assert directory.policy_for(alert, registry).id == NOBODY
    assert directory.policy_for(marked(alert, 2), registry).id == NOBODY
    named = replace(alert, evidence=(replace(alert.evidence[0], note="1 10 li"),))
    assert directory.policy_for(marked(named, 2), registry).steps == (Step(notify=(Target("person", "li"),)),)
    assert directory.policy_for(marked(named, 10), registry).id == NOBODY


def test_what_the_message_says_is_read_again_and_nothing_else_is() -> None:
    said = Said(7, 1_795_337_000_000, "li wei")
    assert read(str(said)) == said
    for wrong in ("", "7", "7 x li", "-1 2 li", "7 8 ", "99999999999999999 1 li"):
        assert read(wrong) is None
