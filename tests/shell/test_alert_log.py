"""The log of alerts: everything is in it, and nothing in it can be changed unseen."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, select, update

from alerts import audit, log
from alerts.tables import alert, alert_log
from tests.fakes.campus import verdict
from tests.fakes.office import PEOPLE, Office, a_night, pressed
from tocsin.database import Database


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def problems(office: Office) -> list[str]:
    with office.database.read() as conn:
        return log.verify(conn)


def test_everything_that_happens_is_a_line_of_the_log(office: Office) -> None:
    number = a_night(office)
    assert office.facts(number) == ["raised", "step_due", "acknowledged", "commented", "false", "cleared"]
    assert problems(office) == []


def test_repeats_of_what_people_are_told_already_do_not_fill_the_log(office: Office) -> None:
    office.hear(verdict())
    for _ in range(20):
        office.hear(pressed(office))
    assert office.facts(office.only().id) == ["raised"]
    assert office.only().activations == 21


def test_no_name_and_no_address_is_in_the_log(office: Office) -> None:
    a_night(office)
    with office.database.read() as conn:
        text = "\n".join(conn.execute(select(alert_log.c.detail)).scalars())
    for person in PEOPLE.persons.values():
        assert person.zh not in text
        assert person.en not in text
        assert not any(f'"{contact.address}"' in text for contact in person.contacts)


@pytest.mark.parametrize("column", ["moment", "fact", "by", "detail", "alert", "hash", "record"])
def test_a_line_that_was_altered_is_found(office: Office, column: str) -> None:
    a_night(office)
    value = {
        "moment": 1,
        "fact": "x",
        "by": "x",
        "detail": "{}",
        "alert": 9,
        "hash": "0" * 64,
        "record": "hazard/1",
    }[column]
    with office.database.transaction() as tx:
        tx.execute(update(alert_log).where(alert_log.c.seq == 3).values({column: value}))
    assert any("log line 3" in problem or "log line 4" in problem for problem in problems(office))


def test_a_line_that_was_forged_together_with_its_own_hash_is_found(office: Office) -> None:
    a_night(office)
    with office.database.transaction() as tx:
        lines = tx.execute(select(alert_log).order_by(alert_log.c.seq)).mappings().all()
        forged = {**lines[2], "by": "somebody-else"}
        forged["hash"] = log.chained(lines[1]["hash"], forged)
        tx.execute(update(alert_log).where(alert_log.c.seq == 3).values(by=forged["by"], hash=forged["hash"]))
    assert problems(office) == [f"log line 4 (alert {lines[3]['alert']}) is not what was written"]


def test_a_line_that_was_taken_out_is_found(office: Office) -> None:
    a_night(office)
    with office.database.transaction() as tx:
        tx.execute(delete(alert_log).where(alert_log.c.seq.in_([2, 3])))
    assert problems(office)[0] == "log lines 2 to 3 are missing"


def test_lines_that_changed_places_are_found(office: Office) -> None:
    a_night(office)
    with office.database.transaction() as tx:
        for old, new in ((2, 99), (3, 2), (99, 3)):
            tx.execute(update(alert_log).where(alert_log.c.seq == old).values(seq=new))
    assert problems(office)


def test_the_log_can_be_folded_into_the_alert(office: Office) -> None:
    number = a_night(office)
    state: dict[str, Any] = {}
    with office.database.read() as conn:
        lines = select(alert_log.c.detail).where(alert_log.c.record == "").order_by(alert_log.c.seq)
        for detail in conn.execute(lines).scalars():
            state |= msgspec.json.decode(detail).get("changed", {})
    now = msgspec.json.decode(msgspec.json.encode(office.read(number)))
    assert {name: now[name] for name in state if name not in ("id", "code")} == {
        name: value for name, value in state.items() if name not in ("id", "code")
    }


def found(office: Office, noted: tuple[int, str] | None = None) -> list[str]:
    with office.database.read() as conn:
        return list(audit.problems(conn, noted))


def test_after_a_night_of_alerts_the_audit_has_nothing_to_say(office: Office) -> None:
    a_night(office)
    office.hear(verdict())
    with office.database.read() as conn:
        head = log.head(conn)
    assert found(office, head) == []


@pytest.mark.parametrize(("column", "value"), [("owner", "zhang-san"), ("closed_by", "x"), ("cause", "dust")])
def test_an_alert_that_was_altered_beside_its_log_is_found(office: Office, column: str, value: str) -> None:
    number = a_night(office)
    with office.database.transaction() as tx:
        tx.execute(update(alert).where(alert.c.id == number).values({column: value}))
    (problem,) = found(office)
    assert f"{column} is {value!r}, and the log says" in problem


def test_a_log_whose_end_was_cut_off_is_found(office: Office) -> None:
    a_night(office)
    with office.database.read() as conn:
        seq, digest = log.head(conn)
    with office.database.transaction() as tx:
        tx.execute(delete(alert_log).where(alert_log.c.seq > 4))
    assert problems(office) == [], "the chain alone cannot tell"
    assert any("verification is 'false', and the log says 'pending'" in problem for problem in found(office))
    assert (
        found(office, (seq, digest))[0]
        == f"the log ends at line 4; line {seq} was noted: its end was cut off"
    )


def test_a_log_that_was_written_anew_is_found_by_a_head_that_was_noted(office: Office) -> None:
    a_night(office)
    assert found(office, (2, "0" * 64)) == [
        "log line 2 is not the one whose hash was noted: the log was written anew"
    ]


def test_an_alert_that_was_removed_and_one_that_was_put_in_are_found(office: Office) -> None:
    number = a_night(office)
    with office.database.transaction() as tx:
        tx.execute(update(alert).where(alert.c.id == number).values(id=number + 7))
    assert [problem.split(":")[0] for problem in found(office)] == [
        f"alert {office_code(office, number + 7)} has no line in the log",
        f"alert {number} is in the log and nowhere else",
    ]


def office_code(office: Office, number: int) -> str:
    return office.read(number).code
