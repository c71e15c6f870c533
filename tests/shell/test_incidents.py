"""Several alerts handled as one: each keeps its own axes, and nobody's ownership is lost."""

from collections.abc import Iterable

import msgspec
import pytest
from sqlalchemy import update

from alerts import audit
from alerts.alert import TOCSIN, Acknowledged, Alert, Gone, Life, Ownership, Raised, Verification, Verified
from alerts.incidents import incidentbook
from alerts.incidents.incident import (
    ACCEPT_WITHIN,
    CommandOffered,
    CommandTaken,
    Formed,
    Grown,
    Incident,
    Remarked,
    Shrunk,
    Together,
)
from alerts.refusal import NOTHING_WAITS, REAL_AND_DRILL, Refused
from alerts.tables import alert, alert_log, caller, incident
from rules.verdict import Class, Holds, Text
from tests.fakes.campus import LI, MINUTE, SMOKE, WANG, verdict
from tests.fakes.office import Office, told
from tocsin.database import Database


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def fire(office: Office, subject: str) -> int:
    return office.hear(verdict(device=subject)).changed[0]


def two(office: Office) -> tuple[int, int]:
    """A detector and the gas detector beside it, made one incident by Li Wei."""
    numbers = fire(office, SMOKE), fire(office, "lab-gas")
    office.hear(Formed(LI, numbers))
    return numbers


def now(office: Office, number: int = 1) -> Incident:
    with office.database.read() as conn:
        found = incidentbook.read(conn, number)
    assert found is not None
    return found


def lines(office: Office) -> list[str]:
    with office.database.read() as conn:
        wanted = alert_log.select().where(alert_log.c.record == "incident/1").order_by(alert_log.c.seq)
        return [row.fact for row in conn.execute(wanted)]


def sound(office: Office) -> list[str]:
    with office.database.read() as conn:
        return list(audit.problems(conn))


def without(one: Alert, names: Iterable[str]) -> Alert:
    blank = Alert(rule="", subject="", title=Text("", ""), alert_class=Class.ALARM, raised_at=0, active_at=0)
    return msgspec.structs.replace(one, **{name: getattr(blank, name) for name in names})


def test_alerts_put_together_keep_their_own_axes(office: Office) -> None:
    numbers = fire(office, SMOKE), fire(office, "lab-gas")
    before = [office.read(number) for number in numbers]
    assert told(office.hear(Formed(LI, numbers))) == []
    after = [office.read(number) for number in numbers]
    assert [one.incident for one in after] == [1, 1]
    assert [without(one, ["incident"]) for one in after] == before
    assert now(office).commander == LI
    assert sound(office) == []


def test_taking_the_incident_takes_each_alert_and_nobodys_ownership_is_lost(office: Office) -> None:
    first, second = fire(office, SMOKE), fire(office, "lab-gas")
    office.hear(Acknowledged(first, WANG))
    office.hear(Formed(LI, (first, second)))
    office.hear(Together(1, LI, "acknowledge", "dashboard"))
    assert [office.read(number).owner for number in (first, second)] == [WANG, LI]
    with pytest.raises(Refused) as refused:
        office.hear(Together(1, LI, "acknowledge"))
    assert refused.value.text == NOTHING_WAITS
    office.hear(Together(1, WANG, "arrived"))
    assert [office.read(number).arrived_by for number in (first, second)] == [WANG, WANG]
    assert office.facts(second) == ["raised", "put_in", "acknowledged", "arrived"]
    assert lines(office) == ["incident_formed", "incident_together", "incident_together"]
    assert sound(office) == []


def test_a_new_alert_of_life_safety_sounds_and_stands_by_itself_until_a_person_puts_it_in(
    office: Office,
) -> None:
    numbers = two(office)
    office.hear(Together(1, LI, "acknowledge"))
    raised = office.hear(verdict(device="lab-door"))
    assert told(raised)
    assert office.read(raised.changed[0]).incident == 0
    office.hear(Grown(1, WANG, (raised.changed[0],)))
    assert office.read(raised.changed[0]).incident == 1
    assert now(office).commander == LI
    assert office.read(numbers[0]).owner == LI


def test_one_is_taken_out_again_and_an_incident_without_open_alerts_is_over(office: Office) -> None:
    first, second = two(office)
    office.hear(Shrunk(1, WANG, second))
    assert office.read(second).incident == 0
    assert now(office).life is Life.OPEN
    with pytest.raises(Refused):
        office.hear(Shrunk(1, WANG, second))
    office.hear(Shrunk(1, WANG, first))
    assert now(office).life is Life.CLOSED
    office.hear(Remarked(1, LI, "two alerts that had nothing to do with each other"))
    with pytest.raises(Refused):
        office.hear(Grown(1, LI, (first,)))
    assert sound(office) == []


def test_an_incident_is_over_when_the_last_of_its_alerts_closes(office: Office) -> None:
    two(office)
    office.hear(Together(1, LI, "arrived"))
    office.hear(verdict(Holds.NO, office.now, device="lab-gas"))
    still = [one for one in office.open() if one.incident == 1]
    for one in still:
        office.hear(verdict(Holds.NO, office.now, device=one.device))
    for one in office.open():
        office.hear(Verified(one.id, LI, Verification.CONFIRMED))
    assert office.open() == []
    assert now(office).life is Life.CLOSED
    assert lines(office)[-1] == "incident_over"
    assert sound(office) == []


def test_the_command_is_offered_told_and_stays_until_somebody_accepts(office: Office) -> None:
    two(office)
    assert told(office.hear(CommandOffered(1, LI, WANG))) == [f"{WANG} command"]
    outcomes = office.forward(ACCEPT_WITHIN + 1)
    assert now(office).commander == LI
    assert now(office).command is Ownership.OWNED
    assert f"{LI} command" in told(outcomes)
    office.hear(CommandOffered(1, LI, WANG))
    office.hear(CommandTaken(1, WANG))
    assert now(office).commander == WANG
    assert lines(office) == [
        "incident_formed", "command_offered", "command_lapsed", "command_offered", "command_taken",
    ]  # fmt: skip
    assert sound(office) == []


def test_a_commander_who_goes_off_shift_leaves_the_command_to_the_post_and_it_is_told(office: Office) -> None:
    two(office)
    outcome = office.hear(Gone(LI, TOCSIN, "off_shift"))
    assert (now(office).commander, now(office).left_by) == ("duty", LI)
    assert any(line.endswith(" command") for line in told(outcome))
    office.hear(CommandTaken(1, WANG))
    assert now(office).commander == WANG


def test_a_refused_merge_changes_nothing_and_a_drill_stays_apart(office: Office) -> None:
    first, second = fire(office, SMOKE), fire(office, "lab-gas")
    with pytest.raises(Refused):
        office.hear(Formed(LI, (first, 99)))
    with office.database.transaction() as tx:
        tx.execute(update(alert).where(alert.c.id == second).values(mode="drill"))
    with pytest.raises(Refused) as refused:
        office.hear(Formed(LI, (first, second)))
    assert refused.value.text == REAL_AND_DRILL
    with office.database.read() as conn:
        assert conn.execute(incident.select()).all() == []
    assert office.read(first).incident == 0


def test_an_incident_altered_beside_the_log_is_found(office: Office) -> None:
    two(office)
    with office.database.transaction() as tx:
        tx.execute(update(incident).values(commander=WANG))
        tx.execute(update(alert).where(alert.c.id == 2).values(incident=0))
    found = sound(office)
    assert any("incident 1" in problem and "commander" in problem for problem in found)
    assert any("incident is 0" in problem for problem in found)


def test_who_called_is_kept_beside_the_alert_and_never_in_the_log(office: Office) -> None:
    said = Text("有烟味", "smell of smoke")
    number = office.hear(Raised(LI, "lab", said, Class.ALARM, "", "Zhang San", "138 00")).changed[0]
    with office.database.read() as conn:
        assert [tuple(row) for row in conn.execute(caller.select())] == [(number, "Zhang San", "138 00")]
        logged = "".join(row.detail for row in conn.execute(alert_log.select()))
    assert "Zhang" not in logged
    assert "138 00" not in logged
    office.forward(MINUTE)
    assert sound(office) == []
