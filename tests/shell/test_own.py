"""Touches. Tocsin's own points: what is wrong now is what they say, and nothing floods."""

import pytest

from ingest.reading import Reading
from tocsin.own import AGAIN, QUIET, Own


class Points:
    """Tocsin's own points on a clock of the test, and the readings they made."""

    def __init__(self) -> None:
        self.moment = 1_795_337_000_000
        self.readings: list[Reading] = []
        self.own = Own(self.readings.append, lambda: self.moment)

    def said(self) -> list[tuple[str, float | str, str]]:
        said = [(one.metric, one.value, one.note) for one in self.readings]
        self.readings.clear()
        return said

    def later(self, ms: int) -> None:
        self.moment += ms
        self.own.look()


@pytest.fixture
def points() -> Points:
    return Points()


def test_only_a_change_is_told(points: Points) -> None:
    points.own.report("disk", "normal")
    points.own.report("disk", "normal")
    points.own.report("disk", "fault", "full")
    points.own.report("disk", "fault", "full")
    points.later(AGAIN)
    assert points.said() == [("disk", "normal", ""), ("disk", "fault", "full")]


def test_another_reason_is_told_although_the_word_is_the_same(points: Points) -> None:
    points.own.report("broker_life", "fault", "connection refused")
    points.later(AGAIN)
    points.own.report("broker_life", "fault", "not authorised")
    assert [note for _, _, note in points.said()] == ["connection refused", "not authorised"]


def test_a_reason_that_comes_soon_after_another_is_told_later_and_those_between_are_not(
    points: Points,
) -> None:
    for reason in ("first", "second", "third"):
        points.own.report("history", "fault", reason)
    points.later(AGAIN - 1)
    assert [note for _, _, note in points.said()] == ["first"]
    points.later(1)
    points.later(AGAIN)
    assert [note for _, _, note in points.said()] == ["third"]


def test_a_number_that_changes_is_no_other_reason(points: Points) -> None:
    for free in range(100, 0, -1):
        points.own.report("disk", "fault", f"{free} MB free")
        points.later(AGAIN)
    assert len(points.said()) == 1


def test_another_word_waits_for_nothing(points: Points) -> None:
    for word in ("normal", "fault", "normal"):
        points.own.report("history", word)
    assert [word for _, word, _ in points.said()] == ["normal", "fault", "normal"]
    assert points.own.faults() == {}


def test_the_second_broken_rule_is_named_while_the_first_is_known(points: Points) -> None:
    points.own.happened("rules", "the rule smoke failed")
    points.own.happened("rules", "the rule door failed")
    points.later(AGAIN)
    assert [note for _, _, note in points.said()] == ["the rule smoke failed", "the rule door failed"]
    assert points.own.faults() == {"rules": "fault"}


def test_a_failure_whose_end_nobody_sees_is_over_after_a_quiet_time_and_the_next_is_told_anew(
    points: Points,
) -> None:
    points.own.happened("rules", "the rule smoke failed")
    points.later(QUIET // 2)
    points.own.happened("rules", "the rule smoke failed")
    points.later(QUIET - 1)
    assert [word for _, word, _ in points.said()] == ["fault"]
    points.later(1)
    points.own.happened("rules", "the rule smoke failed")
    assert [word for _, word, _ in points.said()] == ["normal", "fault"]


def test_rules_that_were_refused_stay_refused_however_quiet_it_is(points: Points) -> None:
    points.own.report("rules", "normal")
    points.own.report_part("start", "rules", "fault", "line 3: no such metric")
    points.own.happened("rules", "the rule smoke failed")
    points.later(QUIET)
    points.later(AGAIN)
    assert points.own.faults() == {"rules": "fault"}
    assert points.said()[-1] == ("rules", "fault", "line 3: no such metric")
