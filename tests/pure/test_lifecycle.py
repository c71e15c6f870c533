"""The life of an alert: what each fact does to it, in every state it can be in."""

import msgspec
import pytest

from alerts.alert import (
    Accepted,
    Acknowledged,
    Acknowledgement,
    Activity,
    Alert,
    Arrived,
    Closed,
    Declined,
    Effect,
    Fact,
    HandedOver,
    Joined,
    Lapsed,
    MadeReal,
    Mode,
    OutOfService,
    Ownership,
    Raised,
    Removed,
    Reset,
    Shelved,
    StepDue,
    Unshelved,
    Verification,
    Verified,
)
from alerts.label import Label, label
from alerts.lifecycle import step
from alerts.reasons import PROMISE, SHELVE_LIMIT
from alerts.refusal import Refused
from rules.verdict import Class, Holds, Text
from tests.fakes.campus import HOUR, LI, MINUTE, NOW, WANG, raised, verdict


def after(alert: Alert, *facts: Fact, now: int = NOW + 1) -> Alert:
    for fact in facts:
        changed, _ = step(alert, fact, now)
        assert changed is not None
        alert = changed
    return alert


def effects_of(alert: Alert, fact: Fact, now: int = NOW + 1) -> list[Effect]:
    return step(alert, fact, now)[1]


def refused(alert: Alert | None, fact: Fact, now: int = NOW + 1) -> Refused:
    with pytest.raises(Refused) as caught:
        step(alert, fact, now)
    return caught.value


TAKEN = Acknowledged(0, LI)
CONFIRMED = Verified(0, LI, Verification.CONFIRMED)
FALSE = Verified(0, LI, Verification.FALSE, "steam")
CLEAR = verdict(Holds.NO, NOW + 1)
PRESS = verdict(Holds.YES, NOW + 2, again=True)


# ---- what is told, and when again ----------------------------------------


def test_a_verdict_that_holds_raises_an_alert_and_others_raise_nothing() -> None:
    assert raised().open
    assert effects_of_new(verdict()) == [Effect.RAISED]
    assert step(None, verdict(Holds.NO), NOW) == (None, [])
    assert step(None, verdict(Holds.UNKNOWN), NOW) == (None, [])


def test_a_restored_state_raises_an_alert_when_none_is_open() -> None:
    assert effects_of_new(verdict(retained=True)) == [Effect.RAISED]


def effects_of_new(fact: Fact) -> list[Effect]:
    return step(None, fact, NOW)[1]


def test_while_nobody_has_taken_it_a_second_press_is_only_counted() -> None:
    alert = after(raised(), PRESS)
    assert effects_of(raised(), PRESS) == []
    assert (alert.occurrence, alert.activations) == (1, 2)


def test_a_second_press_after_the_acknowledgement_sounds_again() -> None:
    alert = after(raised(), TAKEN)
    assert effects_of(alert, PRESS) == [Effect.AGAIN]
    alert = after(alert, PRESS)
    assert (alert.occurrence, alert.activations, alert.acknowledged) == (2, 2, False)
    assert alert.acknowledged_by == ""


def test_active_again_after_normal_is_a_new_occurrence_once_it_was_taken() -> None:
    alert = after(raised(verify=True), TAKEN, CLEAR)
    assert effects_of(alert, verdict(Holds.YES, NOW + 9)) == [Effect.AGAIN]


def test_a_rule_that_goes_on_holding_says_nothing_new() -> None:
    alert = after(raised(), TAKEN)
    assert effects_of(alert, verdict(Holds.YES, NOW + 9)) == []


def test_a_restored_state_is_never_a_second_press() -> None:
    alert = after(raised(), TAKEN)
    assert effects_of(alert, verdict(Holds.YES, NOW + 9, again=True, retained=True)) == []


def test_a_point_that_was_silent_and_still_stands_is_no_new_occurrence() -> None:
    alert = after(raised(), TAKEN, verdict(Holds.UNKNOWN, NOW + 2))
    assert alert.activity is Activity.UNKNOWN
    assert alert.open
    assert effects_of(alert, verdict(Holds.YES, NOW + 3)) == []
    assert after(alert, verdict(Holds.YES, NOW + 3)).acknowledged


def test_a_point_that_was_normal_then_silent_and_then_active_is_a_new_occurrence() -> None:
    alert = after(raised(verify=True), TAKEN, CLEAR, verdict(Holds.UNKNOWN, NOW + 2))
    assert effects_of(alert, verdict(Holds.YES, NOW + 3)) == [Effect.AGAIN]


def test_every_further_activation_of_a_status_is_an_occurrence_since_nobody_takes_it() -> None:
    alert = raised(alert_class=Class.STATUS)
    assert effects_of(alert, PRESS) == [Effect.AGAIN]
    assert after(alert, PRESS).occurrence == 2


# ---- the acknowledgement is a promise ----------------------------------------


@pytest.mark.parametrize(("alert_class", "lasts"), PROMISE.items())
def test_an_acknowledgement_is_a_promise_with_a_clock_by_class(alert_class: Class, lasts: int) -> None:
    alert = after(raised(alert_class=alert_class), TAKEN)
    assert alert.acknowledged_until == NOW + 1 + lasts
    assert (alert.owner, alert.acknowledged_by) == (LI, LI)


def test_when_the_promise_lapses_without_arrival_it_sounds_again() -> None:
    alert = after(raised(), TAKEN)
    lapse = Lapsed(0, "promise", alert.acknowledged_until or 0)
    assert effects_of(alert, lapse) == [Effect.LAPSED]
    alert = after(alert, lapse)
    assert not alert.acknowledged
    assert alert.owner == LI  # nothing is ever ownerless


@pytest.mark.parametrize("proof", [Arrived(0, LI), CONFIRMED, FALSE])
def test_arrival_or_verification_keeps_the_promise_and_stops_its_clock(proof: Fact) -> None:
    alert = after(raised(verify=True), TAKEN)
    kept = after(alert, proof)
    assert kept.acknowledgement is Acknowledgement.KEPT
    assert kept.acknowledged_until is None
    assert effects_of(kept, Lapsed(0, "promise", alert.acknowledged_until or 0)) == []


def test_whoever_arrives_or_verifies_has_taken_it() -> None:
    for proof in (Arrived(0, WANG), Verified(0, WANG, Verification.CONFIRMED)):
        alert = after(raised(verify=True), proof)
        assert (alert.acknowledged_by, alert.owner) == (WANG, WANG)


def test_the_second_to_take_it_is_told_who_was_first() -> None:
    refusal = refused(after(raised(), TAKEN), Acknowledged(0, WANG))
    assert refusal.sentence("zh", {LI: "李伟"}.__getitem__) == "李伟 已经受理。"
    assert refusal.person == LI


def test_a_deadline_that_was_moved_meanwhile_means_nothing() -> None:
    alert = after(raised(), TAKEN)
    assert step(alert, Lapsed(0, "promise", NOW + 77), NOW) == (alert, [])
    assert step(alert, StepDue(0, NOW + 77), NOW) == (alert, [])


# ---- closing ----------------------------------------


def test_an_alarm_closes_when_it_is_normal_and_taken_in_either_order() -> None:
    assert not after(raised(), TAKEN, CLEAR).open
    closed = after(raised(), CLEAR, TAKEN)
    assert (closed.open, closed.closed_by) == (False, "tocsin")


def test_back_to_normal_and_taken_by_nobody_stays_open() -> None:
    alert = after(raised(), CLEAR)
    assert alert.open
    assert label(alert) is Label.RTNUN


def test_an_alarm_that_must_be_verified_closes_only_when_it_is() -> None:
    alert = after(raised(verify=True), TAKEN, CLEAR)
    assert alert.open
    assert not after(alert, CONFIRMED, Joined(0, WANG)).open
    assert not after(alert, FALSE).open
    assert after(alert, Verified(0, LI, Verification.UNDETERMINED)).open


def test_a_confirmed_fire_closes_only_when_the_second_person_was_there() -> None:
    alone = after(raised(verify=True), TAKEN, CONFIRMED, CLEAR)
    assert alone.open
    assert not after(alone, Joined(0, WANG)).open
    assert not after(alone, FALSE).open, "corrected to false it needs nobody else"
    assert not after(raised(alert_class=Class.SUPERVISORY), TAKEN, CONFIRMED, CLEAR).open


def test_a_latched_alert_needs_a_reset_which_is_refused_while_its_cause_stands() -> None:
    alert = after(raised(latch=True), TAKEN)
    assert "cause" in str(refused(alert, Reset(0, LI)))
    normal = after(alert, CLEAR)
    assert normal.open
    assert not after(normal, Reset(0, LI)).open
    silent = after(normal, verdict(Holds.UNKNOWN, NOW + 3))
    assert refused(silent, Reset(0, LI))


def test_a_status_closes_by_itself() -> None:
    alert = raised(alert_class=Class.STATUS)
    assert effects_of(alert, CLEAR) == [Effect.CLOSED]


def test_an_alert_does_not_close_while_a_handover_waits() -> None:
    alert = after(raised(), TAKEN, HandedOver(0, LI, WANG), CLEAR)
    assert alert.open
    assert not after(alert, Accepted(0, WANG)).open


def test_what_a_person_raised_is_closed_by_a_person_with_a_reason() -> None:
    alert, effects = step(None, Raised(LI, "lab", Text("有烟味", "Smell of smoke"), Class.TROUBLE), NOW)
    assert alert is not None
    assert effects == [Effect.RAISED]
    assert refused(alert, Closed(0, LI, " "))
    closed = after(alert, Closed(0, WANG, "checked, nothing found"))
    assert (closed.open, closed.closed_by, closed.owner) == (False, WANG, WANG)


def test_an_alarm_that_a_person_raised_is_verified_before_it_is_closed() -> None:
    alert, _ = step(None, Raised(LI, "lab", Text("着火", "Fire"), Class.ALARM), NOW)
    assert alert is not None
    assert refused(alert, Closed(0, LI, "over"))
    assert not after(alert, FALSE, Closed(0, LI, "over")).open


def test_what_a_rule_raised_is_not_closed_by_a_person() -> None:
    assert "by itself" in str(refused(after(raised(), TAKEN), Closed(0, LI, "over")))


def test_an_alert_whose_rule_is_removed_stays_open_until_a_person_closes_it() -> None:
    alert = after(raised(), Removed("admin", rule="std.smoke"))
    assert (alert.open, alert.activity, alert.removed_by) == (True, Activity.UNKNOWN, "admin")
    assert after(alert, TAKEN, CLEAR).open
    assert not after(alert, Closed(0, LI, "detector replaced")).open


# ---- ownership, inhibition, verification ----------------------------------------


def test_a_handover_is_the_owners_until_it_is_accepted() -> None:
    alert = after(raised(), TAKEN)
    assert refused(raised(), HandedOver(0, LI, WANG))
    assert refused(alert, HandedOver(0, WANG, "principal")).person == LI
    assert refused(alert, HandedOver(0, LI, LI))
    offered = after(alert, HandedOver(0, LI, WANG))
    assert (offered.owner, offered.ownership) == (LI, Ownership.OFFERED)
    assert refused(offered, Accepted(0, "principal")).person == WANG
    accepted = after(offered, Accepted(0, WANG))
    assert (accepted.owner, accepted.acknowledged_by, accepted.ownership) == (WANG, WANG, Ownership.OWNED)


def test_accepting_is_a_promise_of_its_own() -> None:
    alert = after(raised(), TAKEN, HandedOver(0, LI, WANG))
    accepted = after(alert, Accepted(0, WANG), now=NOW + MINUTE)
    assert accepted.acknowledged_until == NOW + MINUTE + PROMISE[Class.ALARM]


def test_a_handover_that_nobody_accepts_bounces_back_and_sounds() -> None:
    alert = after(raised(), TAKEN, Arrived(0, LI), HandedOver(0, LI, WANG))
    lapse = Lapsed(0, "handover", alert.offered_until or 0)
    assert effects_of(alert, lapse) == [Effect.BOUNCED]
    back = after(alert, lapse)
    assert (back.owner, back.ownership, back.acknowledged) == (LI, Ownership.OWNED, False)
    assert effects_of(alert, Declined(0, WANG)) == [Effect.DECLINED]


def test_nobody_hides_what_nobody_has_taken() -> None:
    assert refused(raised(), Shelved(0, LI, "chattering", NOW + HOUR))


def test_a_shelf_has_a_reason_from_the_list_and_an_end_within_the_limit_of_its_class() -> None:
    alert = after(raised(), TAKEN)
    limit = SHELVE_LIMIT[Class.ALARM]
    assert refused(alert, Shelved(0, LI, "because", NOW + MINUTE))
    assert refused(alert, Shelved(0, LI, "chattering", NOW))
    assert refused(alert, Shelved(0, LI, "chattering", NOW + 2 + limit), now=NOW + 1)
    assert after(alert, Shelved(0, LI, "chattering", NOW + 1 + limit)).inhibited


def test_a_shelf_ends_by_itself_and_sounds_when_something_was_missed() -> None:
    shelved = after(raised(), TAKEN, Shelved(0, LI, "chattering", NOW + MINUTE))
    end = Lapsed(0, "shelf", NOW + MINUTE)
    assert effects_of(shelved, end) == [Effect.BACK]  # taken, and nothing new: its owner is told
    missed = after(shelved, PRESS)
    assert missed.occurrence == 2
    assert effects_of(missed, end) == [Effect.RELEASED]
    assert effects_of(missed, Unshelved(0, LI)) == [Effect.RELEASED]


def test_under_an_inhibition_the_other_axes_keep_moving() -> None:
    alert = after(raised(verify=True), OutOfService(0, LI, "rewiring", NOW + HOUR), TAKEN, CLEAR)
    assert (alert.activity, alert.acknowledged) == (Activity.NORMAL, True)
    assert label(alert) is Label.OOSRV
    assert not after(alert, CONFIRMED, Joined(0, WANG)).open


def test_a_false_alarm_needs_a_cause_from_the_list() -> None:
    assert refused(raised(verify=True), Verified(0, LI, Verification.FALSE))
    assert refused(raised(verify=True), Verified(0, LI, Verification.FALSE, "whatever"))
    assert after(raised(verify=True), FALSE).cause == "steam"


def test_a_new_occurrence_has_to_be_verified_anew_unless_it_is_confirmed() -> None:
    assert after(raised(verify=True), FALSE, PRESS).verification is Verification.PENDING
    assert after(raised(verify=True), CONFIRMED, PRESS).verification is Verification.CONFIRMED


def test_what_a_drill_raised_can_become_real_and_then_sounds() -> None:
    drill = msgspec.structs.replace(raised(), mode=Mode.DRILL)
    assert effects_of(drill, MadeReal(0, LI)) == [Effect.REAL]
    assert after(drill, MadeReal(0, LI)).mode is Mode.REAL
    assert refused(raised(), MadeReal(0, LI))


def test_an_act_on_an_alert_that_does_not_exist_is_refused() -> None:
    assert refused(None, TAKEN)
