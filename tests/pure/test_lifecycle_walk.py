"""Every fact in every state of an alert: defined, or refused with a sentence; and what always holds."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import (
    Accepted,
    Acknowledged,
    Acknowledgement,
    Activity,
    Alert,
    Arrived,
    Closed,
    Commented,
    Declined,
    Effect,
    Fact,
    HandedOver,
    Inhibition,
    Lapsed,
    Latch,
    MadeReal,
    Origin,
    OutOfService,
    Ownership,
    Raised,
    Released,
    Removed,
    Reset,
    Shelved,
    StepDue,
    Suppressed,
    Unshelved,
    Verification,
    Verified,
)
from alerts.drawing import redrawn
from alerts.factkind import FactKind
from alerts.label import Label, label
from alerts.lifecycle import AFRESH, MOVES, SAME, WORDS, step
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
    assert set(FactKind) - moved == {FactKind.STEP_DUE, FactKind.STALE}


def test_the_page_shows_the_tables_as_they_are() -> None:
    page = Path(__file__).parents[2] / "docs" / "lifecycle.md"
    text = page.read_text("utf-8")
    assert redrawn(text) == text, "run: python -m alerts.drawing docs/lifecycle.md"


AXES = tuple(WORDS)
MACHINES = (Verdict, Lapsed, StepDue, Removed)


def everything(alert: Alert, now: int) -> Iterator[Fact]:
    """Every fact there is, as it could befall this alert at this moment."""
    for again in (False, True):
        yield verdict(Holds.YES, now, again=again)
        yield verdict(Holds.YES, now, again=again, retained=True)
    yield verdict(Holds.NO, now)
    yield verdict(Holds.UNKNOWN, now)
    for by in (LI, WANG):
        yield Acknowledged(0, by)
        yield Arrived(0, by)
        for outcome in (Verification.CONFIRMED, Verification.FALSE, Verification.UNDETERMINED):
            yield Verified(0, by, outcome, "steam")
        yield Reset(0, by)
        yield Shelved(0, by, "chattering", now + MINUTE)
        yield Unshelved(0, by)
        yield Suppressed(0, by, "the mains are off")
        yield OutOfService(0, by, "rewiring", now + HOUR)
        yield Released(0, by)
        yield MadeReal(0, by)
        yield HandedOver(0, by, WANG if by == LI else LI)
        yield Accepted(0, by)
        yield Declined(0, by)
        yield Closed(0, by, "over")
        yield Commented(0, by, "looked at it")
    yield StepDue(0, alert.step_due_at or 0)
    yield Lapsed(0, "promise", alert.acknowledged_until or 0)
    yield Lapsed(0, "handover", alert.offered_until or 0)
    yield Lapsed(0, "shelf", alert.inhibited_until or 0)
    yield Removed("admin", rule="std.smoke")


def joint(alert: Alert) -> tuple[StrEnum, ...]:
    return tuple(getattr(alert, axis) for axis in AXES)


def births() -> Iterator[Alert]:
    for alert_class in (Class.ALARM, Class.STATUS):  # the tables know only these two apart
        for latch in (False, True):
            for verify in (False, True):
                yield raised(alert_class=alert_class, latch=latch, verify=verify)
        person, _ = step(None, Raised(LI, "lab", Text("烟", "smoke"), alert_class), NOW)
        assert person is not None
        yield person


def test_in_every_state_that_can_be_reached_every_fact_is_defined_or_refused_with_a_sentence() -> None:
    for birth in births():
        waiting, known = [birth], set()
        while waiting:
            alert = waiting.pop()
            if joint(alert) in known:
                continue
            known.add(joint(alert))
            for fact in everything(alert, NOW + 5):
                new = tried(alert, fact)
                if new is not None:
                    holds_together(alert, fact, new)
                    waiting.append(new)
        assert len(known) > 100


def tried(alert: Alert, fact: Fact) -> Alert | None:
    try:
        return step(alert, fact, NOW + 5)[0]
    except Refused as refusal:
        assert not isinstance(fact, MACHINES), f"{fact} may never be refused"
        for language in ("zh", "en"):
            sentence = refusal.sentence(language, lambda person: f"<{person}>")
            assert sentence
            assert "{" not in sentence
            assert "<>" not in sentence, f"{sentence} names nobody"
        return None


def holds_together(before: Alert, fact: Fact, alert: Alert) -> None:
    """What must be true of every alert after every fact."""
    if not before.open:
        assert not alert.open
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
