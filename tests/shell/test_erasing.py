"""Touches. Who is taken out of the register is forgotten, and the record of what happened stays whole."""

import pytest
from sqlalchemy import select, update

from alerts import audit, log
from alerts.alert import Reset
from alerts.delivery import stamps
from alerts.delivery.answering import answer
from alerts.delivery.erasing import erase
from alerts.delivery.notification import State
from alerts.delivery.outbox import notification
from alerts.delivery.stamps import notification_stamp
from tests.shell.test_answering import Night
from tests.story.school import CAMPUS
from tocsin import campusfile
from tocsin.apply import apply
from tocsin.database import Database
from tocsin.document import Document

FIRST = 1  # the alert that is answered


@pytest.fixture
def night(database: Database) -> Night:
    night = Night(database)
    code = night.alert.code
    for said in (f"1{code}", f"3{code}", f"误报 油烟 {code}"):
        night.says("1", said)
    night.says("2", f"2{code}")
    return night


def kept(night: Night, person: str) -> tuple[set[str], set[str], str]:
    """Of the alert that is answered: addresses, words of answers, and what else the outbox still holds of
    them, as text."""
    mine = (notification.c.person == person) & (notification.c.alert == FIRST)
    with night.school.database.read() as conn:
        rows = conn.execute(select(notification).where(mine)).all()
        words = set(conn.execute(select(answer.c.words).where(answer.c.person == person)).scalars())
        ids = [row.id for row in rows]
        notes = conn.execute(
            select(notification_stamp.c.note).where(
                notification_stamp.c.notification.in_(ids),
                notification_stamp.c.state.in_(["answered", "failed", "queued"]),
            )
        ).scalars()
        said = [text for row in rows for text in (row.key, row.note, row.receipt)]
        return {row.address for row in rows}, words, " ".join([*said, *notes])


def forgets(night: Night, *persons: str) -> list[str]:
    with night.school.database.transaction() as tx:
        return erase(tx, persons)


def test_the_words_go_at_once_and_the_address_once_nobody_need_be_told_the_all_clear(night: Night) -> None:
    assert kept(night, "warden")[:2] == (
        {"1"},
        {f"1{_code(night)}", f"3{_code(night)}", f"误报 油烟 {_code(night)}"},
    )
    assert forgets(night, "leader") == ["warden"]
    assert kept(night, "warden")[:2] == ({"1"}, {""})
    night.school.say("smoke-305", smoke="normal")
    night.school.forward(120)
    night.school.writer.apply([Reset(FIRST, "leader")])
    night.school.turn()
    night.school.turn()  # the outcome of the all-clear
    assert FIRST not in [one.id for one in night.school.open()]
    assert [one.purpose for one in night.school.told("warden")][-1] == "clear"
    a_gateway_names_the_number(night, "warden")
    assert "+86138" in kept(night, "warden")[2]
    forgets(night, "leader")
    addresses, words, rest = kept(night, "warden")
    assert (addresses, words) == ({""}, {""})
    assert "油烟" not in rest
    assert "#" not in rest  # a digest of the address
    assert "+86138" not in rest
    with night.school.database.read() as conn:
        asks = notification.c.ask_at.is_not(None) | notification.c.next_at.is_not(None)
        mine = select(notification.c.id).where(notification.c.person == "warden", asks)
        assert conn.execute(mine).all() == []


def a_gateway_names_the_number(night: Night, person: str) -> None:
    mine = (notification.c.person == person) & (notification.c.alert == FIRST)
    with night.school.database.transaction() as tx:
        row = tx.execute(select(notification.c.id).where(mine)).scalars().first()
        tx.execute(update(notification).where(notification.c.id == row).values(receipt="+8613800000001"))
        stamps.add(tx, [row], State.FAILED, 0, "550 no such user: +8613800000001")


def test_others_and_the_log_stay_as_they_were(night: Night) -> None:
    before = kept(night, "leader")
    with night.school.database.read() as conn:
        end = log.head(conn)
    forgets(night, "leader")
    assert kept(night, "leader") == before
    with night.school.database.read() as conn:
        assert log.head(conn) == end
        assert log.verify(conn) == []
        assert list(audit.problems(conn)) == []
        results = conn.execute(select(answer.c.result).where(answer.c.person == "warden")).scalars()
        assert list(results) == ["take", "arrived", "false"]


def test_a_campus_file_without_a_person_forgets_them(night: Night) -> None:
    document = Document()
    document.value = {
        **CAMPUS,
        "persons": [one for one in CAMPUS["persons"] if one["id"] != "warden"],
        "posts": [{**CAMPUS["posts"][0], "order": ["leader"]}],
    }
    with night.school.database.transaction() as tx:
        apply(tx, campusfile.parse(document), channels=("phone", "siren", "null"))
    assert kept(night, "warden")[1] == {""}
    assert kept(night, "leader")[1] == {f"2{_code(night)}"}


def _code(night: Night) -> str:
    with night.school.database.read() as conn:
        return str(
            conn.execute(select(notification.c.code).where(notification.c.person == "warden")).scalar()
        )
