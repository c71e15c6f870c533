"""Calendars of posts that are fetched from an address: the good one counts, and what is wrong is said."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection

from alerts.duty import postcalendars, roster
from alerts.duty.fetched import EVERY
from alerts.duty.fetching import MOST, Calendars, Hands
from alerts.duty.people import Contact, Directory, Person, Post
from tests.fakes.webhook import Reply, WebhookSink
from tocsin import clock
from tocsin.cert import make
from tocsin.database import Database

START = 1_792_972_800_000  # ms


def ics(who: str) -> bytes:
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261025T000000Z\r\n"
        f"DTEND:20261101T000000Z\r\nSUMMARY:{who}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


class Office:
    """A database with one post whose calendar lies at the sink, and what is said of it."""

    def __init__(self, database: Database, address: str, inside: bool, ca: str) -> None:
        self.database, self.moment, self.said, self.changes = database, START, [], 0
        people = [
            Person(one, zh, one, contacts=(Contact("phone", "1"),))
            for one, zh in (("li", "李伟"), ("wang", "王芳"))
        ]
        with database.transaction() as tx:
            roster.replace(tx, people, posts=[Post("duty", "值班室", "Duty", calendar=address)])
        hands = Hands(
            database.read, self._keep, self.directory, self._changed, self._report, lambda: self.moment
        )
        self.calendars = Calendars(hands, inside, ca)

    def _keep(self, fn: Any) -> None:
        with self.database.transaction() as tx:
            fn(tx)

    def _changed(self) -> None:
        self.changes += 1

    def _report(self, *said: str) -> None:
        self.said.append(said)

    def directory(self) -> Directory:
        def load(conn: Connection) -> Directory:
            return roster.load(conn, ["phone"], "UTC")

        with self.database.read() as conn:
            return load(conn)

    def look(self) -> list[str]:
        self.moment += EVERY
        self.said.clear()
        self.calendars.look()
        return [note for _, word, note in self.said if word == "fault"]

    def on_duty(self) -> list[str]:
        return list(self.directory().duty("duty", self.moment).who)


@contextmanager
def tls_sink(folder: Path) -> Iterator[tuple[WebhookSink, str]]:
    made = make(folder, ["127.0.0.1"], clock.now())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.cert, made.key)
    with WebhookSink(tls=context) as sink:
        yield sink, str(made.ca)


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[tuple[Office, WebhookSink]]:
    with tls_sink(tmp_path) as (sink, ca):
        yield Office(database, sink.url, True, ca), sink


def test_a_calendar_at_an_address_is_the_roster_of_its_post_and_is_followed(
    office: tuple[Office, WebhookSink],
) -> None:
    here, sink = office
    assert here.on_duty() == []
    sink.reply = Reply(body=ics("李伟"))
    assert here.look() == []
    assert (here.on_duty(), here.changes) == (["li"], 1)
    here.look()
    assert here.changes == 1  # nothing is new
    sink.reply = Reply(body=ics("wang"))
    here.look()
    assert (here.on_duty(), here.changes) == (["wang"], 2)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(404), "answered 404"),
        (Reply(302, headers={"Location": "https://10.0.0.1/"}), "a redirect, which is not followed"),
        (Reply(body=b"<html>sign in</html>"), "not readable as iCalendar"),
        (Reply(body=ics("nobody known")), "there is no person"),
        (Reply(body=b"\xff\xfe"), "utf-8"),
        (Reply(body=b"x" * (MOST + 1)), "more than"),
        (Reply(trick="close"), ""),
        (Reply(trick="half body"), ""),
    ],
)
def test_the_last_good_calendar_counts_while_the_address_is_wrong_and_it_is_said(
    office: tuple[Office, WebhookSink], reply: Reply, said: str
) -> None:
    here, sink = office
    sink.reply = Reply(body=ics("li"))
    here.look()
    sink.reply = reply
    (told,) = here.look()
    assert told.startswith("post duty: its calendar cannot be taken, the last good one counts: ")
    assert said in told
    assert here.on_duty() == ["li"]
    sink.reply = Reply(body=ics("li"))
    here.look()
    assert here.said == [("duty", "normal", "")]


def test_an_address_inside_our_network_is_refused_unless_the_settings_allow_it(
    database: Database, tmp_path: Path
) -> None:
    with tls_sink(tmp_path) as (sink, ca):
        sink.reply = Reply(body=ics("li"))
        here = Office(database, sink.url, False, ca)
        (told,) = here.look()
        assert "inside our own network" in told
        assert sink.calls == []


def test_another_address_is_another_calendar(office: tuple[Office, WebhookSink]) -> None:
    here, sink = office
    sink.reply = Reply(body=ics("li"))
    here.look()
    with here.database.transaction() as tx:
        (post,) = roster.load(tx).posts.values()
        persons = roster.load(tx).persons.values()
        roster.replace(tx, persons, posts=[msgspec.structs.replace(post, calendar=f"{sink.url}/2")])
    assert here.on_duty() == []
    here.look()
    assert here.on_duty() == ["li"]
    with here.database.transaction() as tx:
        persons = roster.load(tx).persons.values()
        roster.replace(tx, persons, posts=[Post("duty", "值班室", "Duty", ("wang",))])
    here.look()
    assert here.on_duty() == ["wang"]
    with here.database.read() as conn:
        assert list(postcalendars.load(conn)) == ["duty"]  # forgotten with the next that is fetched


@pytest.mark.parametrize(
    "address", ["http://x.example/a.ics", "https://u:p@x.example/", "https://x.example/#a", "x"]
)
def test_an_address_must_be_https_and_bear_no_password(address: str) -> None:
    with pytest.raises(ValueError, match="calendar"):
        Post("duty", "值班室", "Duty", calendar=address)
