"""Every fact in every state of a hazard: defined, or refused with a sentence; and what always holds."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import Life
from alerts.hazards.found import Found
from alerts.hazards.hazard import (
    MOVES,
    WORDS,
    Assigned,
    Hazard,
    HazardFact,
    Kind,
    Mended,
    Mending,
    Missed,
    Noted,
    Postponed,
    Recheck,
    Rechecked,
    Term,
    born,
    move,
    step,
)
from alerts.hazards.hazardnotice import overdue, term
from alerts.lifecycle import SAME
from alerts.refusal import Refused
from rules.verdict import Text
from tests.fakes.campus import LI, MINUTE, NOW, SMOKE, WANG, directory, registry
from tests.pure.test_lifecycle_walk import named, understood

DAY = 86_400_000
SHANGHAI = ZoneInfo("Asia/Shanghai")
FOUND = Found(7, "rule", SMOKE, "dorm-2-305", "chatter", "tocsin", NOW, Text("抖动", "Chatter"))


def standing() -> Hazard:
    return msgspec.structs.replace(born(FOUND, LI, NOW + DAY), id=12)


def everything(hazard: Hazard, now: int) -> Iterator[HazardFact]:
    yield msgspec.structs.replace(FOUND, moment=now)
    for by in (LI, WANG):
        yield Assigned(12, by, WANG)
        yield Postponed(12, by, now + DAY, "parts are on order")
        yield Mended(12, by, "head replaced, tested with smoke")
        yield Rechecked(12, by, True, "quiet for a week")
        yield Rechecked(12, by, False, "still chatters")
        yield Noted(12, by, "ordered the part")
    yield Missed(12, hazard.remind_at or 0)
    yield Missed(12, 1)


def joint(hazard: Hazard) -> tuple[StrEnum | str, ...]:
    return (*(getattr(hazard, axis) for axis in WORDS), hazard.mended_by)


def test_in_every_state_that_can_be_reached_every_fact_is_defined_or_refused_with_a_sentence() -> None:
    known, met, waiting = set(), set(), [standing()]
    while waiting:
        hazard = waiting.pop()
        if joint(hazard) in known:
            continue
        known.add(joint(hazard))
        for fact in everything(hazard, NOW + 5):
            try:
                new = step(hazard, fact, NOW + 5, NOW + DAY)
            except Refused as problem:
                assert not isinstance(fact, Found | Missed), f"{fact} may never be refused"
                for language in ("zh", "en"):
                    understood(problem.sentence(language, named), language)
                met.add(problem.text)
            else:
                holds_together(hazard, fact, new)
                waiting.append(new)
    assert len(known) > 12
    cells = {cell for rows in MOVES.values() for row in rows.values() for cell in row}
    assert {cell for cell in cells if isinstance(cell, Text)} <= met, "a cell that nothing reaches"


def test_every_row_has_a_cell_for_every_word_of_its_axis() -> None:
    for axis, rows in MOVES.items():
        for kind, row in rows.items():
            assert len(row) == len(WORDS[axis]), (axis, kind)
            assert all(cell is SAME or isinstance(cell, Text) or cell in WORDS[axis] for cell in row)
    for kind in Kind:
        for axis, words in WORDS.items():
            for word in words:
                try:
                    move(msgspec.structs.replace(standing(), **{axis: word}), kind)
                except Refused:
                    assert kind not in (Kind.FOUND_AGAIN, Kind.MISSED, Kind.STALE)


def holds_together(before: Hazard, fact: HazardFact, after: Hazard) -> None:
    assert after.owner, "nothing is ownerless"
    if before.open and not after.open:
        assert isinstance(fact, Rechecked)
        assert fact.passed
        assert after.rechecked_by != after.mended_by, "two persons are two persons"
        assert after.evidence
    if not after.open:
        assert (after.mending, after.recheck) == (Mending.MENDED, Recheck.PASSED)
        assert after.remind_at is None
        assert after.term is Term.RUNNING
    else:
        assert after.remind_at is not None, "a hazard that stands is never forgotten"
    assert after.times >= before.times
    assert after.reopened >= before.reopened
    if isinstance(fact, Found):
        assert after.mending is Mending.STANDING


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_life_of_a_hazard_holds_together(data: st.DataObject) -> None:
    hazard, now = standing(), NOW
    for _ in range(data.draw(st.integers(1, 25))):
        now += data.draw(st.integers(0, DAY))
        fact = data.draw(st.sampled_from(list(everything(hazard, now))))
        try:
            new = step(hazard, fact, now, now + DAY)
        except Refused:
            continue
        holds_together(hazard, fact, new)
        hazard = new


def test_whoever_mended_it_cannot_recheck_it() -> None:
    mended = step(standing(), Mended(12, LI, "cleaned"), NOW, NOW + DAY)
    with pytest.raises(Refused, match="somebody else must look"):
        step(mended, Rechecked(12, LI, True), NOW, NOW)
    assert step(mended, Rechecked(12, WANG, True), NOW, NOW).life is Life.CLOSED


@pytest.mark.parametrize(
    "fact",
    [
        Mended(12, LI, " "),
        Postponed(12, LI, NOW + DAY, ""),
        Postponed(12, LI, NOW - 1, "later"),
        Noted(12, LI, ""),
    ],
)
def test_mending_wants_evidence_and_another_day_a_reason(fact: HazardFact) -> None:
    with pytest.raises(Refused):
        step(standing(), fact, NOW, NOW)


def test_a_recheck_that_failed_says_why_and_begins_a_new_term() -> None:
    mended = step(standing(), Mended(12, LI, "cleaned"), NOW, NOW + DAY)
    with pytest.raises(Refused):
        step(mended, Rechecked(12, WANG, False), NOW, NOW)
    again = step(mended, Rechecked(12, WANG, False, "still dirty"), NOW, NOW + 3 * DAY)
    assert (again.mending, again.due_at) == (Mending.STANDING, NOW + 3 * DAY)


def test_a_hazard_that_recurs_comes_back_with_its_history() -> None:
    over = step(step(standing(), Mended(12, LI, "cleaned"), NOW, NOW), Rechecked(12, WANG, True), NOW, NOW)
    later = msgspec.structs.replace(FOUND, moment=NOW + 9 * DAY, alert=99)
    back = step(over, later, NOW + 9 * DAY, NOW + 12 * DAY)
    assert (back.id, back.life, back.times, back.reopened) == (12, Life.OPEN, 2, 1)
    assert (back.found_at, back.found_again_at, back.due_at) == (NOW, NOW + 9 * DAY, NOW + 12 * DAY)
    assert (back.mended_by, back.evidence, back.rechecked_by) == (LI, "cleaned", WANG)


def test_while_it_stands_what_is_found_again_is_counted_and_its_day_stays() -> None:
    hazard = step(
        standing(), msgspec.structs.replace(FOUND, moment=NOW + MINUTE), NOW + MINUTE, NOW + 9 * DAY
    )
    assert (hazard.times, hazard.reopened, hazard.due_at) == (2, 0, NOW + DAY)


def test_a_term_ends_on_a_morning_that_is_no_sooner_than_it_says() -> None:
    for hours in range(48):
        now = NOW + hours * 3_600_000
        end = term(now, 1, SHANGHAI)
        assert now + DAY <= end < now + 2 * DAY
        assert datetime.fromtimestamp(end / 1000, SHANGHAI).strftime("%H:%M") == "09:00"


def test_the_owner_is_told_in_their_language_and_the_post_where_the_owner_cannot_be() -> None:
    late = msgspec.structs.replace(standing(), reminders=1)
    (text,) = overdue(late, WANG, directory(), registry(), NOW + 3 * DAY)
    assert text.person == WANG
    assert text.short == "[HAZARD] Dormitory 2, Room 305: Chatter, mending overdue by 2 d. H12"
    (text,) = overdue(late, LI, directory(), registry(), NOW + 3 * DAY)
    assert text.short == "【隐患】2号宿舍楼 305室：抖动，整改已逾期 2 天。编号H12"
    assert [one.person for one in overdue(late, "gone", directory(), registry(), NOW)] == [LI, WANG]
