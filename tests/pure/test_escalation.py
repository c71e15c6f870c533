"""The ladder: who is told when, what stops it, and that nothing stops it by itself."""

from collections.abc import Sequence

from alerts.alert import Acknowledged, Alert, Arrived, Effect, Fact, HandedOver, Lapsed, Shelved, Unshelved
from alerts.delivery.message import Purpose
from alerts.duty.escalation import LEAST_REPEAT, REPEAT, Call, Climb, climb, escalate, personal
from alerts.duty.people import Directory, Match, Policy, Step, Target
from alerts.lifecycle import step
from rules.verdict import Class, Holds
from tests.fakes.campus import FIRE, HOUR, MINUTE, NOW, SECOND, directory, registry, verdict

CAMPUS = registry()
PEOPLE = directory()


def befall(alert: Alert | None, fact: Fact, now: int, people: Directory = PEOPLE) -> Climb:
    after, effects = step(alert, fact, now)
    assert after is not None
    return escalate(after, effects, people.policy_for(after, CAMPUS), people, now, now)


def wait(alert: Alert, now: int, people: Directory = PEOPLE) -> Climb:
    return climb(alert, people.policy_for(alert, CAMPUS), people, now)


def told(calls: Sequence[Call]) -> list[str]:
    return [f"{call.person.id if call.person else ''}@{call.channel}" for call in calls]


def fire() -> Climb:
    return befall(None, verdict(), NOW)


def test_the_first_step_is_told_at_once_people_by_every_contact_and_the_siren() -> None:
    assert told(fire().calls) == ["li-wei@sms", "li-wei@push", "wang-fang@sms", "@siren"]
    assert {call.purpose for call in fire().calls} == {Purpose.RAISE}
    assert fire().alert.step_due_at == NOW + 60 * SECOND


def test_a_message_that_is_newer_than_the_clock_we_read_is_told_at_once_too() -> None:
    alert, effects = step(None, verdict(moment=NOW + 7), NOW)
    assert alert is not None
    assert escalate(alert, effects, FIRE, PEOPLE, NOW + 7, NOW).calls


def test_the_next_step_comes_when_nobody_has_taken_it() -> None:
    alert = fire().alert
    assert wait(alert, NOW + 59_999).calls == ()
    climbed = wait(alert, NOW + 60_000)
    assert told(climbed.calls) == ["principal@sms"]
    assert climbed.calls[0].purpose is Purpose.ESCALATE
    assert climbed.calls[0].reason.en == "escalation step 2: nobody has taken it within 60 s"
    assert climbed.calls[0].reason.zh == "升级第 2 步：60 秒内无人受理"


def test_the_last_step_repeats_until_somebody_acts() -> None:
    alert, now, rounds = fire().alert, NOW, []
    for _ in range(5):
        now = alert.step_due_at or 0
        climbed = wait(alert, now)
        alert = climbed.alert
        rounds.append((now - NOW, told(climbed.calls), climbed.calls[0].round))
    assert rounds == [
        ((60 + 120 * turn) * SECOND, ["principal@sms"], turn) for turn in range(5)
    ]  # fmt: skip
    taken = befall(alert, Acknowledged(0, "li-wei"), now)
    assert (taken.calls, taken.alert.step_due_at) == ((), None)


def test_no_key_of_a_notice_comes_twice_whatever_happens() -> None:
    alert = fire().alert
    keys = [(alert.occurrence, call.step, call.round, told([call])[0]) for call in fire().calls]
    now = NOW
    for _ in range(3):
        for _ in range(4):
            now = alert.step_due_at or now
            climbed = wait(alert, now)
            alert = climbed.alert
            keys += [(alert.occurrence, c.step, c.round, told([c])[0]) for c in climbed.calls]
        alert = befall(alert, Acknowledged(0, "li-wei"), now).alert
        now = alert.acknowledged_until or 0
        climbed = befall(alert, Lapsed(0, "promise", now), now)
        alert = climbed.alert
        keys += [(alert.occurrence, c.step, c.round, told([c])[0]) for c in climbed.calls]
    assert len(keys) == len(set(keys))


def test_after_a_restart_every_overdue_step_goes_and_says_how_late_it_is() -> None:
    climbed = wait(fire().alert, NOW + 10 * MINUTE)
    assert told(climbed.calls) == ["principal@sms"]
    assert climbed.calls[0].late == 9 * MINUTE
    assert "9 min late" in climbed.calls[0].reason.en
    assert "迟到 9 分钟" in climbed.calls[0].reason.zh
    assert climbed.alert.step_due_at == NOW + 12 * MINUTE  # a repeat is not caught up with


def test_a_delay_of_five_seconds_is_not_worth_telling() -> None:
    assert "late" not in wait(fire().alert, NOW + 65 * SECOND).calls[0].reason.en
    assert "late" in wait(fire().alert, NOW + 66 * SECOND).calls[0].reason.en


def test_a_broken_promise_starts_the_ladder_again_and_says_whose_it_was() -> None:
    alert = befall(fire().alert, Acknowledged(0, "li-wei"), NOW + SECOND).alert
    lapsed = befall(alert, Lapsed(0, "promise", alert.acknowledged_until or 0), NOW + 6 * MINUTE)
    assert told(lapsed.calls)[:2] == ["li-wei@sms", "li-wei@push"]
    assert lapsed.calls[0].purpose is Purpose.LAPSED
    assert lapsed.calls[0].reason.zh.startswith("李伟 受理后")
    assert lapsed.calls[0].round == 1


def test_a_second_occurrence_starts_the_ladder_again() -> None:
    alert = befall(fire().alert, Acknowledged(0, "li-wei"), NOW + SECOND).alert
    again = befall(alert, verdict(Holds.YES, NOW + 9, again=True), NOW + 9)
    assert {call.purpose for call in again.calls} == {Purpose.AGAIN}
    assert "occurrence 2" in again.calls[0].reason.en


def test_back_to_normal_and_taken_by_nobody_goes_on_being_told() -> None:
    normal = befall(fire().alert, verdict(Holds.NO, NOW + 9), NOW + 9)
    assert normal.alert.step_due_at == NOW + 60 * SECOND


def test_a_step_that_waits_for_arrival_goes_on_after_the_acknowledgement() -> None:
    arrival = Step(3 * MINUTE, (Target("person", "principal"),), until="arrived")
    people = directory(Policy("fire", Match(), (*FIRE.steps, arrival)))
    alert = befall(None, verdict(), NOW, people).alert
    taken = befall(alert, Acknowledged(0, "li-wei"), NOW + SECOND, people).alert
    assert taken.step_due_at == NOW + 3 * MINUTE
    late = wait(taken, NOW + 3 * MINUTE, people)
    assert late.calls[0].purpose is Purpose.OVERDUE  # a notice that an acknowledgement does not cancel
    assert "nobody has arrived" in late.calls[0].reason.en
    arrived = befall(taken, Arrived(0, "li-wei"), NOW + 2 * SECOND, people).alert
    assert arrived.step_due_at is None


def test_what_is_inhibited_tells_nobody_and_starts_anew_when_it_is_released() -> None:
    taken = befall(fire().alert, Acknowledged(0, "li-wei"), NOW + 1).alert
    shelved = befall(taken, Shelved(0, "li-wei", "chattering", NOW + HOUR), NOW + 2).alert
    pressed = befall(shelved, verdict(Holds.YES, NOW + 3, again=True), NOW + 3)
    assert (pressed.calls, pressed.alert.step_due_at) == ((), None)
    released = befall(pressed.alert, Unshelved(0, "li-wei"), NOW + 4)
    assert {call.purpose for call in released.calls} == {Purpose.RELEASED}


def test_a_step_that_reaches_nobody_passes_its_turn_on_at_once() -> None:
    gone = Step(0, (Target("person", "who-left"),))
    people = directory(Policy("fire", Match(), (gone, FIRE.steps[1])))
    climbed = befall(None, verdict(), NOW, people)
    assert told(climbed.calls) == ["principal@sms"]
    assert "reaches nobody" in climbed.notes[0]


def test_a_last_step_that_reaches_nobody_tells_the_duty_post_instead() -> None:
    people = directory(Policy("fire", Match(), (Step(0, (Target("team", "no-such-team"),)),)))
    climbed = befall(None, verdict(), NOW, people)
    assert told(climbed.calls) == ["li-wei@sms", "li-wei@push", "wang-fang@sms"]


def test_with_nobody_at_all_the_fault_is_reported_and_the_ladder_goes_on() -> None:
    climbed = befall(None, verdict(), NOW, Directory())
    assert any("nobody who can be told" in note for note in climbed.notes)
    assert climbed.alert.step_due_at == NOW + REPEAT[Class.ALARM]


def test_a_status_is_told_once_by_a_policy_that_asks_for_it_and_never_repeated() -> None:
    people = directory(Policy("door", Match(), (Step(0, (Target("person", "li-wei"),)),), 10 * SECOND))
    climbed = befall(None, verdict(alert_class=Class.STATUS), NOW, people)
    assert told(climbed.calls) == ["li-wei@sms"]
    assert climbed.alert.step_due_at is None


def test_a_policy_cannot_repeat_so_fast_that_it_becomes_a_storm() -> None:
    people = directory(Policy("fire", Match(), FIRE.steps[:1], repeat=1))
    assert befall(None, verdict(), NOW, people).alert.step_due_at == NOW + LEAST_REPEAT


def test_a_longer_policy_put_in_force_meanwhile_is_climbed_to_its_new_end() -> None:
    short = directory(Policy("fire", Match(), FIRE.steps[:1]))
    alert = befall(None, verdict(), NOW, short).alert
    climbed = wait(wait(alert, NOW + 120 * SECOND, short).alert, NOW + 240 * SECOND)
    assert told(climbed.calls)[-1] == "principal@sms"


def test_who_is_offered_an_alert_is_told_by_name() -> None:
    taken = befall(fire().alert, Acknowledged(0, "li-wei"), NOW + 1).alert
    offered, effects = step(taken, HandedOver(0, "li-wei", "wang-fang"), NOW + 2)
    assert offered is not None
    assert effects == [Effect.OFFERED]
    (call,) = personal(offered, effects, FIRE, PEOPLE, NOW)
    assert (told([call]), call.purpose) == (["wang-fang@sms"], Purpose.OFFERED)
    assert call.reason.en == "Li Wei hands it over to you"
