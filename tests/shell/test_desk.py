"""The desk on a real database: one open alert a cause, nothing half done, nobody forgotten."""

import itertools
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from alerts import desk, store
from alerts.alert import (
    Accepted,
    Acknowledged,
    Closed,
    HandedOver,
    Inhibition,
    Raised,
    Removed,
    Shelved,
)
from alerts.code import ALPHABET, DISTINCT, codes
from alerts.delivery.message import Purpose
from alerts.delivery.outbox import notification
from alerts.duty.people import Directory
from alerts.refusal import Refused
from alerts.tables import alert
from ingest import bilingual
from rules.verdict import Class, Holds, Text, Verdict
from tests.fakes.campus import MINUTE, NOW, SECOND, verdict
from tests.fakes.office import CAMPUS, PEOPLE, Office, a_night, gone, pressed, told
from tocsin.database import Database


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


# ---- one open alert for each rule and subject ----------------------------------------


def test_an_alarm_raises_one_alert_with_its_place_and_tells_the_first_step(office: Office) -> None:
    outcome = office.hear(verdict())
    found = office.only()
    assert (found.place, found.device_kind, found.ladder) == ("dorm-2-305", "smoke_detector", "fire")
    assert outcome.changed == [found.id]
    assert told(outcome) == ["li-wei raise", "li-wei raise", "wang-fang raise", "siren raise"]
    for row in outcome.owed:
        assert row.id is not None
        assert row.code == found.code
        assert found.code in row.short
        first = "first notice" if row.language == "en" else "首次通知"
        assert bilingual.told(row.why, row.language) == first


def test_the_same_verdict_again_raises_nothing_and_tells_nobody(office: Office) -> None:
    office.hear(verdict())
    assert told(office.hear(verdict(retained=True))) == []
    assert told(office.hear(verdict())) == []
    assert len(office.open()) == 1


def test_two_verdicts_of_one_cause_in_one_transaction_are_one_alert(office: Office) -> None:
    outcome = office.hear(verdict(), pressed(office))
    assert office.only().activations == 2
    assert len(outcome.owed) == 4


def test_the_database_itself_refuses_a_second_open_alert_of_the_same_cause(office: Office) -> None:
    office.hear(verdict())
    first = office.only()
    with office.database.transaction() as tx:
        row = {**_columns(tx, first.id), "id": first.id + 1, "code": "ZZZZ"}
    with pytest.raises(IntegrityError), office.database.transaction() as tx:
        tx.execute(insert(alert), row)
    with office.database.transaction() as tx:  # a closed one is no hindrance
        tx.execute(insert(alert), {**row, "open": False})
    with pytest.raises(IntegrityError), office.database.transaction() as tx:
        tx.execute(update(alert).values(open=True))


def test_the_database_itself_refuses_two_open_alerts_with_one_code(office: Office) -> None:
    office.hear(verdict())
    first = office.only()
    with office.database.transaction() as tx:
        row = {**_columns(tx, first.id), "id": first.id + 1, "subject": "another"}
    with pytest.raises(IntegrityError), office.database.transaction() as tx:
        tx.execute(insert(alert), row)


def _columns(tx: Connection, number: int) -> dict[str, Any]:
    return dict(tx.execute(select(alert).where(alert.c.id == number)).mappings().one())


def test_life_safety_is_owed_first_whatever_came_before_it(office: Office) -> None:
    outcome = office.hear(verdict(device="lab-door", alert_class=Class.TROUBLE), verdict())
    assert [row.life_safety for row in outcome.owed] == [True] * 4 + [False] * 2


def test_after_it_is_closed_a_later_activation_opens_a_new_alert(office: Office) -> None:
    office.hear(verdict())
    first = office.only()
    office.hear(Acknowledged(first.id, "li-wei"), gone(office), verdict(Holds.YES, office.now))
    second = office.only()
    assert not office.read(first.id).open
    assert (second.id, second.occurrence) == (first.id + 1, 1)
    assert second.code != first.code


def test_two_calls_of_people_about_one_place_are_two_alerts(office: Office) -> None:
    for _ in range(2):
        office.hear(Raised("li-wei", "lab", Text("有烟味", "Smell of smoke"), Class.ALARM))
    assert [found.place for found in office.open()] == ["lab", "lab"]


def test_a_person_raises_an_alert_at_a_place_that_is_registered(office: Office) -> None:
    with pytest.raises(Refused):
        office.hear(Raised("li-wei", "nowhere", Text("有烟味", "Smell of smoke"), Class.ALARM))


# ---- nothing half done ---------------------------------------------------------------


def test_a_refused_fact_changes_nothing_also_not_the_facts_beside_it(office: Office) -> None:
    office.hear(verdict())
    found = office.only()
    office.hear(Acknowledged(found.id, "li-wei"))
    lines = office.facts(found.id)
    press, taken = pressed(office), Acknowledged(found.id, "wang-fang")
    with office.database.transaction() as tx, pytest.raises(Refused) as refusal:
        desk.apply(tx, [press, taken, taken], office.now, PEOPLE, CAMPUS)
    assert refusal.value.sentence("en", PEOPLE.name) == "王芳 has taken it already."
    assert office.only().occurrence == 1
    assert office.facts(found.id) == lines


def test_an_act_on_an_alert_that_does_not_exist_is_refused(office: Office) -> None:
    with pytest.raises(Refused):
        office.hear(Acknowledged(77, "li-wei"))


def test_an_alert_cannot_be_handed_to_somebody_who_is_not_registered(office: Office) -> None:
    office.hear(verdict())
    found = office.only()
    office.hear(Acknowledged(found.id, "li-wei"))
    with pytest.raises(Refused, match="no person nobody-we-know"):
        office.hear(HandedOver(found.id, "li-wei", "nobody-we-know"))


def test_of_two_people_who_take_it_in_the_same_moment_one_is_the_owner(office: Office) -> None:
    office.hear(verdict())
    found = office.only()
    office.hear(Acknowledged(found.id, "li-wei"))
    with pytest.raises(Refused, match="li-wei has taken it already"):
        office.hear(Acknowledged(found.id, "wang-fang"))
    assert office.only().owner == "li-wei"


# ---- escalation ----------------------------------------------------------------------


def test_it_escalates_and_repeats_until_somebody_takes_it(office: Office) -> None:
    office.hear(verdict())
    assert told(office.forward(60 * SECOND)) == ["principal escalate"]
    assert told(office.forward(240 * SECOND)) == ["principal escalate"] * 2
    office.hear(Acknowledged(office.only().id, "li-wei"))
    assert told(office.forward(4 * MINUTE)) == []


def test_no_step_that_waits_for_the_acknowledgement_comes_after_it(office: Office) -> None:
    office.hear(verdict())
    found = office.only()
    office.now += 60 * SECOND
    with office.database.transaction() as tx:
        due = desk.elapsed(tx, office.now)
        outcome = desk.apply(tx, [Acknowledged(found.id, "li-wei"), *due], office.now, PEOPLE, CAMPUS)
    assert told(outcome) == []


def test_a_promise_that_lapses_sounds_again(office: Office) -> None:
    office.hear(verdict())
    office.hear(Acknowledged(office.only().id, "li-wei"))
    lapsed = told(office.forward(5 * MINUTE))
    assert lapsed == ["li-wei lapsed", "li-wei lapsed", "wang-fang lapsed", "siren lapsed"]


def test_a_second_press_after_the_acknowledgement_sounds_again(office: Office) -> None:
    office.hear(verdict())
    assert told(office.hear(pressed(office))) == []
    office.hear(Acknowledged(office.only().id, "li-wei"))
    assert told(office.hear(pressed(office))) == [
        "li-wei again", "li-wei again", "wang-fang again", "siren again",
    ]  # fmt: skip


def test_a_handover_is_told_to_the_one_it_is_offered_to(office: Office) -> None:
    office.hear(verdict())
    number = office.only().id
    office.hear(Acknowledged(number, "li-wei"))
    for _ in range(2):  # declined by silence, and offered again: two notices
        assert told(office.hear(HandedOver(number, "li-wei", "wang-fang"))) == ["wang-fang offered"]
        bounced = told(office.forward(2 * MINUTE))
        assert "li-wei bounced" in bounced
        office.hear(Acknowledged(number, "li-wei"))
    office.hear(HandedOver(number, "li-wei", "wang-fang"), Accepted(number, "wang-fang"))
    assert office.only().owner == "wang-fang"


def test_what_a_rule_suppresses_is_visible_and_told_to_nobody_until_it_is_released(office: Office) -> None:
    assert told(office.hear(structs.replace(verdict(), suppressed="mains-lost"))) == []
    found = office.only()
    assert (found.inhibition, found.inhibited_reason) == (Inhibition.SUPPRESSED, "mains-lost")
    assert told(office.hear(structs.replace(verdict(), suppressed="mains-lost"))) == []
    assert told(office.hear(verdict())) == [
        "li-wei released", "li-wei released", "wang-fang released", "siren released",
    ]  # fmt: skip
    assert office.only().inhibition is Inhibition.NONE


def test_an_open_alert_that_a_rule_comes_to_explain_is_suppressed_and_climbs_no_further(
    office: Office,
) -> None:
    office.hear(verdict())
    office.hear(structs.replace(verdict(), suppressed="mains-lost"))
    found = office.only()
    assert (found.inhibition, found.inhibited_by) == (Inhibition.SUPPRESSED, "tocsin")
    assert told(office.forward(60 * MINUTE)) == []


def test_a_shelf_ends_by_itself(office: Office) -> None:
    office.hear(verdict())
    number = office.only().id
    office.hear(Acknowledged(number, "li-wei"))
    office.hear(Shelved(number, "li-wei", "chattering", office.now + 10 * MINUTE))
    assert told(office.hear(pressed(office))) == []
    assert "siren released" in told(office.forward(10 * MINUTE))
    assert not office.only().inhibited


def test_exactly_the_people_who_were_reached_get_the_all_clear(office: Office) -> None:
    first = office.hear(verdict())
    number = office.only().id
    with office.database.transaction() as tx:
        nobody_got = [row.id for row in first.owed if row.person == "wang-fang"]
        tx.execute(
            update(notification).where(notification.c.id.in_(nobody_got)).values(state="failed", due_at=None)
        )
    outcome = office.hear(Acknowledged(number, "li-wei"), gone(office))
    assert sorted(told(outcome)) == ["li-wei clear", "li-wei clear", "siren clear"]


def test_the_loop_message_goes_to_the_null_channel_each_time_and_fills_no_log(office: Office) -> None:
    def loop(moment: int, holds: Holds = Holds.YES, again: bool = False) -> Verdict:
        return verdict(
            holds,
            moment,
            rule="std.loop",
            device="tocsin",
            alert_class=Class.STATUS,
            policy="loop",
            again=again,
        )

    assert [row.channel for row in office.hear(loop(NOW)).owed] == ["null"]
    assert [row.channel for row in office.hear(loop(NOW + 1, again=True)).owed] == ["null"]
    assert office.hear(loop(NOW + 2, Holds.NO)).owed == []
    assert [row.channel for row in office.hear(loop(NOW + 3)).owed] == ["null"]
    assert office.facts(1) == []


# ---- what is wrong with ourselves ----------------------------------------------------


def test_nobody_to_tell_is_a_fault_of_ours_and_mended_people_end_it(office: Office) -> None:
    office.people = Directory()
    (trouble,) = office.hear(verdict()).troubles
    assert trouble[:2] == ("routing", "fault")
    assert "nobody who can be told" in trouble[2]
    office.people = PEOPLE
    outcomes = office.forward(2 * MINUTE)
    assert not [one for outcome in outcomes for one in outcome.troubles]
    assert told(outcomes)


def test_the_audit_finds_nothing_while_all_is_well(office: Office) -> None:
    office.hear(verdict(), verdict(device="lab-gas"), verdict(device="lab-door", alert_class=Class.STATUS))
    with office.database.transaction() as tx:
        assert desk.audit_escalations(tx, office.now) == []


def test_an_alert_that_lost_its_next_step_is_found_and_gets_one_at_once(office: Office) -> None:
    office.hear(verdict())
    found = office.only()
    with office.database.transaction() as tx:
        tx.execute(update(alert).values(step_due_at=None, due_at=None))
    with office.database.transaction() as tx:
        (sentence,) = desk.audit_escalations(tx, office.now)
    assert found.code in sentence
    assert told(office.forward(1)) or told(office.forward(60 * SECOND))
    with office.database.transaction() as tx:
        assert desk.audit_escalations(tx, office.now) == []
    assert "escalation_mended" in office.facts(found.id)


def test_a_step_that_is_long_overdue_is_reported_and_still_goes(office: Office) -> None:
    office.hear(verdict())
    office.now += 5 * MINUTE
    with office.database.transaction() as tx:
        (sentence,) = desk.audit_escalations(tx, office.now)
    assert "240 s overdue" in sentence
    assert told(office.forward(0)) == ["principal escalate"]


# ---- codes and storing ---------------------------------------------------------------


def test_codes_are_short_unambiguous_and_different_for_the_first_thirty_thousand() -> None:
    first = [next(codes(number)) for number in range(1, DISTINCT)]
    assert len(set(first)) == len(first)
    assert {len(code) for code in first} == {3}
    assert not set("".join(first)) & set("0O1I")
    assert set("".join(first)) <= set(ALPHABET)
    assert [len(code) for code in itertools.islice(codes(5), 4)] == [3, 4, 4, 4]


def test_a_code_that_an_open_alert_has_is_not_given_again(office: Office) -> None:
    office.hear(verdict())
    taken = office.only()
    later = 1 + DISTINCT
    assert next(codes(later)) == taken.code
    with office.database.transaction() as tx:
        row = {**_columns(tx, taken.id), "id": later - 1, "code": "QQQ", "subject": "x", "open": False}
        tx.execute(insert(alert), row)
    office.hear(verdict(device="lab-gas"))
    newest = office.open()[-1]
    assert newest.id == later
    assert len(newest.code) == 4
    with office.database.read() as conn:
        found = store.by_code(conn, taken.code.lower())
    assert found is not None
    assert found.id == taken.id


def test_an_alert_comes_back_from_the_database_as_it_was(office: Office) -> None:
    number = a_night(office)
    with office.database.transaction() as tx:
        before = store.read(tx, number)
        assert before is not None
        store.save(tx, [(before, before)])
        assert store.read(tx, number) == before


def test_every_field_that_changes_is_written_and_no_other(office: Office) -> None:
    number = a_night(office)
    call = Raised("li-wei", "lab", Text("烟", "Smoke"), Class.SUPERVISORY, "note")
    other = office.read(office.hear(call).changed[0])
    with office.database.transaction() as tx:
        known = store.read(tx, number)
        assert known is not None
        for name in structs.asdict(known).keys() - {"id", "code"}:
            changed = structs.replace(known, **{name: getattr(other, name)})
            store.save(tx, [(known, changed)])
            assert store.read(tx, number) == changed, name
            known = changed


def test_a_device_that_is_removed_leaves_its_alerts_open(office: Office) -> None:
    office.hear(verdict(), verdict(device="lab-gas"))
    outcome = office.hear(Removed("admin", device="lab-gas"))
    gas = office.read(outcome.changed[0])
    assert (gas.open, gas.origin, gas.removed_by) == (True, "orphan", "admin")
    assert gas.step_due_at is not None
    office.hear(Closed(gas.id, "li-wei", "detector taken down"))
    assert len(office.open()) == 1


def test_many_alerts_in_one_call_are_all_raised_and_all_told(office: Office) -> None:
    facts = [verdict(rule=f"rule-{n}", device="lab-gas") for n in range(700)]
    outcome = office.hear(*facts)
    assert len(office.open()) == 700
    assert len(outcome.owed) == 2800
    again = office.hear(*[verdict(rule=f"rule-{n}", device="lab-gas", again=True) for n in range(700)])
    assert again.owed == []
    assert {found.activations for found in office.open()} == {2}
    assert all(row.purpose is Purpose.RAISE for row in outcome.owed)


def test_loop_alerts_are_forgotten_after_a_while_and_no_other_alert_ever(office: Office) -> None:
    loop = verdict(rule="loop", device="tocsin", alert_class=Class.STATUS, policy="loop")
    office.hear(loop)
    office.hear(structs.replace(loop, holds=Holds.NO))
    office.hear(pressed(office))
    with office.database.transaction() as tx:
        desk.forget_loops(tx, NOW - 1)
        assert len(tx.execute(select(alert.c.id)).all()) == 2
        desk.forget_loops(tx, office.now + 1)
        assert [row.rule for row in tx.execute(select(alert.c.rule))] != ["loop"]
        assert len(tx.execute(select(alert.c.id)).all()) == 1
