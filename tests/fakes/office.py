"""Touches. The security office of the tests: the real desk on a real database, with a clock of its own."""

from collections.abc import Sequence

from sqlalchemy import select

from alerts import desk, store
from alerts.alert import (
    Acknowledged,
    Alert,
    Commented,
    Fact,
    Verified,
)
from alerts.desk import Outcome
from alerts.tables import alert_log
from rules.verdict import Holds, Verdict
from tests.fakes.campus import NOW, SECOND, directory, registry, verdict
from tocsin.database import Database

CAMPUS = registry()
PEOPLE = directory()


class Office:
    """A desk with its database and a clock of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOW
        self.people = PEOPLE

    def hear(self, *facts: Fact) -> Outcome:
        with self.database.transaction() as tx:
            return desk.apply(tx, facts, self.now, self.people, CAMPUS)

    def forward(self, ms: int) -> list[Outcome]:
        """Let time pass; every deadline is met at its own moment."""
        end, outcomes = self.now + ms, []
        while True:
            with self.database.transaction() as tx:
                due = desk.next_due(tx)
                if due is None or due > end:
                    break
                self.now = max(self.now, due)
                facts = desk.elapsed(tx, self.now)
                outcomes.append(desk.apply(tx, facts, self.now, self.people, CAMPUS))
        self.now = end
        return outcomes

    def open(self) -> list[Alert]:
        with self.database.read() as conn:
            return store.all_open(conn)

    def only(self) -> Alert:
        (found,) = self.open()
        return found

    def read(self, number: int) -> Alert:
        with self.database.read() as conn:
            found = store.read(conn, number)
        assert found is not None
        return found

    def facts(self, number: int) -> list[str]:
        with self.database.read() as conn:
            query = select(alert_log.c.fact).where(alert_log.c.alert == number).order_by(alert_log.c.seq)
            return list(conn.execute(query).scalars())


def told(outcomes: Sequence[Outcome] | Outcome) -> list[str]:
    several = [outcomes] if isinstance(outcomes, Outcome) else outcomes
    return [f"{row.person or 'siren'} {row.purpose}" for outcome in several for row in outcome.owed]


def pressed(office: Office) -> Verdict:
    return verdict(Holds.YES, office.now, again=True)


def gone(office: Office) -> Verdict:
    return verdict(Holds.NO, office.now)


def a_night(office: Office) -> int:
    """A false alarm from the first notice to the return to normal. Returns the number of its alert."""
    office.hear(verdict(verify=True))
    number = office.only().id
    office.forward(60 * SECOND)
    office.hear(Acknowledged(number, "li-wei", "dashboard"))
    office.hear(Commented(number, "li-wei", "on my way"))
    office.hear(Verified(number, "li-wei", "false", "steam"))  # type: ignore[arg-type]
    office.hear(gone(office))
    return number
