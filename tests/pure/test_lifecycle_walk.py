"""Every fact in every state of an alert: defined, or refused with a sentence; and what always holds."""

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import refusal
from alerts.alert import (
    Accepted,
    Acknowledged,
    Acknowledgement,
    Activity,
    Alert,
    Arrived,
    CannotCome,
    Closed,
    Commented,
    Declined,
    Effect,
    Fact,
    Gone,
    HandedOver,
    Inhibition,
    Joined,
    Lapsed,
    Latch,
    MadeReal,
    Mode,
    Origin,
    OutOfService,
    Ownership,
    Pair,
    Raised,
    Released,
    Removed,
    Rerouted,
    Reset,
    Shelved,
    StepDue,
    Suppressed,
    Ticked,
    Unshelved,
    Verification,
    Verified,
)
from alerts.drawing import redrawn
from alerts.factkind import PEOPLES, FactKind
from alerts.incidents.attached import Photographed, PutIn, TakenOut
from alerts.label import Label, label
from alerts.lifecycle import AFRESH, MOVES, SAME, WORDS, move, step
from alerts.refusal import Refused
from rules.verdict import Class, Holds, Text, Verdict
from tests.fakes.campus import HOUR, LI, MINUTE, NOW, WANG, raised, verdict


def test_every_row_has_a_cell_for_every_word_of_its_axis() -> None:
    for axis, rows in MOVES.items():
        for fact, row in rows.items():
            assert len(row) == len(WORDS[axis]), (axis, fact)
            for cell in row:
                assert cell in (SAME, AFRESH) or isinstance(cell, Text) or cell in WORDS[axis], (axis, fact)


def test_every_fact_is_in_some_table_or_is_only_written_down() -> None:
    moved = {fact for rows in MOVES.values() for fact in rows}
    assert set(FactKind) - moved == {
        FactKind.STEP_DUE, FactKind.REROUTED, FactKind.REGISTERED, FactKind.STALE,
    }  # fmt: skip


def test_the_page_shows_the_tables_as_they_are() -> None:
    page = Path(__file__).parents[2] / "docs" / "lifecycle.md"
    text = page.read_text("utf-8")
    assert redrawn(text) == text, "run: python -m alerts.drawing docs/lifecycle.md"


AXES = tuple(WORDS)
MACHINES = (Verdict, Lapsed, StepDue, Removed, Gone, Rerouted)


def everything(alert: Alert, now: int) -> Iterator[Fact]:
    """Every fact there is, as it could befall this alert at this moment."""
    for again in (False, True):
        yield verdict(Holds.YES, now, again=again)
        yield verdict(Holds.YES, now, again=again, retained=True)
    yield verdict(Holds.NO, now)
    yield verdict(Holds.UNKNOWN, now)
    for by in (LI, WANG):  # what depends on who does it
        yield Acknowledged(0, by)
        yield Arrived(0, by)
        yield Joined(0, by)
        yield HandedOver(0, by, WANG if by == LI else LI)
        yield Accepted(0, by)
        yield Declined(0, by)
    yield Ticked(0, LI, "call")
    for outcome in (Verification.CONFIRMED, Verification.FALSE, Verification.UNDETERMINED):
        yield Verified(0, LI, outcome, "steam")
    yield Reset(0, LI)
    yield Shelved(0, LI, "chattering", now + MINUTE)
    yield Unshelved(0, LI)
    yield Suppressed(0, LI, "the mains are off")
    yield OutOfService(0, LI, "rewiring", now + HOUR)
    yield Released(0, LI)
    yield MadeReal(0, LI)
    yield Closed(0, LI, "over")
    yield Commented(0, LI, "looked at it")
    yield CannotCome(0, LI)
    yield Photographed(0, LI, "0" * 64)
    yield PutIn(0, LI, 7)
    yield TakenOut(0, LI)
    for person in (LI, WANG, ""):
        yield Gone(person, "admin", "off_shift")
    yield StepDue(0, alert.step_due_at or 0)
    yield Lapsed(0, "promise", alert.acknowledged_until or 0)
    yield Lapsed(0, "handover", alert.offered_until or 0)
    yield Lapsed(0, "shelf", alert.inhibited_until or 0)
    yield Lapsed(0, "drill", alert.drill_until or 0)
    yield Removed("admin", rule="std.smoke")
    yield Rerouted(0, "admin", "fire", "fire-2", (), alert.step_due_at)


def joint(alert: Alert) -> tuple[StrEnum, ...]:
    return tuple(getattr(alert, axis) for axis in AXES)


def births() -> Iterator[Alert]:
    yield raised(alert_class=Class.TROUBLE)  # one person is enough
    for alert_class in (Class.ALARM, Class.STATUS):
        for latch in (False, True):
            for verify in (False, True):
                yield raised(alert_class=alert_class, latch=latch, verify=verify)
        raised_by_person, _ = step(None, Raised(LI, "lab", Text("烟", "smoke"), alert_class), NOW)
        assert raised_by_person is not None
        yield raised_by_person
    in_drill = {"mode": Mode.DRILL, "drill": 1, "drill_until": NOW + HOUR, "drill_people": (LI,)}
    for alert_class in (Class.ALARM, Class.TROUBLE):
        yield msgspec.structs.replace(raised(alert_class=alert_class, latch=True, verify=True), **in_drill)


@cache
def walked() -> frozenset[Text]:
    """Lets every fact befall every joint state that can be reached from a birth, looks at what becomes of it,
    and returns the refusals that were met."""
    known: set[tuple[StrEnum, ...]] = set()
    met: set[Text] = set()
    waiting = list(births())
    while waiting:
        alert = waiting.pop()
        if joint(alert) in known:
            continue
        known.add(joint(alert))
        for fact in everything(alert, NOW + 5):
            try:
                new = step(alert, fact, NOW + 5)[0]
            except Refused as problem:
                refused_well(fact, problem)
                met.add(problem.text)
            else:
                assert new is not None
                holds_together(alert, fact, new)
                waiting.append(new)
    assert len(known) > 1000
    return frozenset(met)


def test_in_every_state_that_can_be_reached_every_fact_is_defined_or_refused_with_a_sentence() -> None:
    assert walked()


def test_a_refusal_of_the_tables_is_met_by_some_fact_in_some_state() -> None:
    """A cell that nothing reaches would be a promise that nobody keeps."""
    cells = {cell for rows in MOVES.values() for row in rows.values() for cell in row}
    assert {cell for cell in cells if isinstance(cell, Text)} <= walked()


def test_every_fact_moves_every_word_of_every_axis_or_is_refused_with_a_sentence() -> None:
    for axis, words in WORDS.items():
        for word in words:
            names = {"owner": LI, "acknowledged_by": LI, "offered_to": WANG, "joined_by": WANG}
            alert = msgspec.structs.replace(raised(), **names, **{axis: word})
            for kind in FactKind:
                try:
                    changed = move(alert, kind)
                except Refused as problem:
                    assert kind in PEOPLES, f"{kind} may never be refused"
                    understood(problem.sentence("en", named), "en")
                else:
                    assert all(new in WORDS[moved] for moved, new in changed.items())


def refused_well(fact: Fact, problem: Refused) -> None:
    assert not isinstance(fact, MACHINES), f"{fact} may never be refused"
    for language in ("zh", "en"):
        understood(problem.sentence(language, named), language)


def named(person: str) -> str:
    return f"<{person}>"


def understood(sentence: str, language: str) -> None:
    """A whole sentence for a guard: in one language, short, and in none of the program's own words."""
    assert sentence.endswith("。" if language == "zh" else "."), sentence
    assert 5 <= len(sentence) <= 100, sentence
    assert "{" not in sentence
    assert "<>" not in sentence, f"{sentence} names nobody"
    assert "_" not in sentence.replace("<", "").split(">")[-1]
    written = any("\u4e00" <= letter <= "\u9fff" for letter in sentence)
    assert written == (language == "zh"), f"{sentence} is not {language}"


def test_every_refusal_there_is_is_a_sentence_that_a_guard_understands() -> None:
    sentences = [value for value in vars(refusal).values() if isinstance(value, Text)]
    assert len(sentences) > 30
    for text in sentences:
        for language in ("zh", "en"):
            understood(Refused(text, LI).sentence(language, named), language)


def holds_together(before: Alert, fact: Fact, alert: Alert) -> None:
    """What must be true of every alert after every fact."""
    if not before.open:
        assert not alert.open
    if isinstance(fact, Lapsed) and fact.what == "drill" and before.open:
        assert alert.mode is Mode.REAL or not alert.open, "no drill outlives its end"
        assert alert.activity is Activity.NORMAL or alert.mode is Mode.REAL
    if not alert.open:
        assert alert.closed_at is not None
        assert alert.due_at is None
        assert alert.latch is Latch.FREE
        assert alert.ownership is not Ownership.OFFERED
        assert alert.acknowledgement is not Acknowledgement.NO
        assert alert.verification not in (Verification.PENDING, Verification.UNDETERMINED)
        if alert.origin is Origin.RULE:
            assert alert.activity is Activity.NORMAL
        elif before.open:
            assert isinstance(fact, Closed)
    assert (alert.joined_by != "") == (alert.pair is Pair.COMPLETE)
    if alert.pair is Pair.COMPLETE:
        assert alert.acknowledged
        assert alert.joined_by != alert.acknowledged_by, "two persons are two persons"
    if alert.pair is Pair.IF_CONFIRMED:
        assert alert.verification is not Verification.CONFIRMED
    if alert.pair is Pair.WANTED:
        assert alert.verification is Verification.CONFIRMED
    assert (alert.left_by != "") == (alert.ownership is Ownership.POST)
    if isinstance(fact, Gone) and before.open:
        assert_gone(before, fact, alert)
    assert (alert.owner != "") == (alert.ownership is not Ownership.NOBODY)
    if alert.ownership is Ownership.OFFERED:
        assert alert.offered_to not in ("", alert.owner)
        assert alert.offered_until is not None
    if before.owner:
        assert alert.owner, "nothing is ever ownerless again"
    if alert.open:
        promised = alert.acknowledgement is Acknowledgement.PROMISED
        assert (alert.acknowledged_until is not None) == promised
    assert (alert.acknowledged_by != "") == alert.acknowledged
    assert alert.occurrence - before.occurrence in (0, 1)
    if alert.occurrence > before.occurrence:
        assert not before.acknowledge_needed
    if alert.inhibition in (Inhibition.SHELVED, Inhibition.OUT_OF_SERVICE):
        assert alert.inhibited_by
        assert alert.inhibited_reason
    assert label(alert) in Label


def assert_gone(before: Alert, fact: Gone, alert: Alert) -> None:
    if fact.person and before.owner == fact.person and before.ownership is not Ownership.POST:
        assert alert.ownership is Ownership.POST
        assert alert.owner == "duty"
        assert not alert.acknowledged


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_life_of_an_alert_holds_together(data: st.DataObject) -> None:
    alert, now = data.draw(st.sampled_from(list(births()))), NOW
    for _ in range(data.draw(st.integers(1, 30))):
        now += data.draw(st.integers(0, HOUR))
        fact = data.draw(st.sampled_from(list(everything(alert, now))))
        try:
            new, effects = step(alert, fact, now)
        except Refused:
            continue
        assert new is not None
        holds_together(alert, fact, new)
        assert (Effect.CLOSED in effects) == (alert.open and not new.open)
        alert = new
