"""Touches. Every line of the log to receivers that answer well, badly or never: in order, at least once."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from sqlalchemy import Connection, select

from alerts import log
from alerts.outward import events
from alerts.outward.events import Events, forget_others
from alerts.outward.settings import EventsSettings
from alerts.tables import event_cursor
from tests.fakes.campus import NOW, registry, verdict
from tests.fakes.office import Office
from tests.fakes.webhook import Call, Reply, WebhookSink
from tests.servers import wait_for
from tocsin.database import Database

CAMPUS = registry()
SECRET = "a-secret-of-the-tests-0123456789ab"


class Feeding:
    """A receiver of the office's log, with what was reported of it."""

    def __init__(self, database: Database, url: str, name: str = "helpdesk") -> None:
        self.database = database
        self.reports: list[tuple[str, str, str]] = []
        self._lock = threading.Lock()
        settings = EventsSettings(url=url, secret=SECRET, source="urn:tocsin:north")
        self.events = Events(
            name, settings, database.read, self._transact, lambda: CAMPUS, lambda: NOW,
            lambda *report: self.reports.append(report), patience=0.02,
        )  # fmt: skip

    def begin(self) -> None:
        self.events.start()
        wait_for("it knows where to begin", lambda: self.cursor() is not None)

    def cursor(self) -> int | None:
        with self.database.read() as conn:
            return conn.execute(
                select(event_cursor.c.seq).where(event_cursor.c.receiver == self.events.name)
            ).scalar_one_or_none()

    def faults(self) -> list[str]:
        return [note for _, word, note in self.reports if word == "fault"]

    def _transact(self, act: Callable[[Connection], Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        with self._lock, self.database.transaction() as tx:
            result = act(tx)
        future.set_result(result)
        return future


def ids(sink: WebhookSink) -> list[str]:
    return [call.json["id"] for call in sink.calls]


def raise_some(database: Database, count: int) -> None:
    office = Office(database)
    office.hear(*(verdict(rule=f"r{n}-{count}") for n in range(count)))


def test_every_line_is_sent_signed_once_and_in_order_and_a_restart_goes_on_behind_it(
    database: Database,
) -> None:
    raise_some(database, 3)  # before anybody listened: old news
    with WebhookSink() as sink:
        first = Feeding(database, sink.url)
        first.begin()
        raise_some(database, 2)
        first.events.wake()
        calls = sink.wait_for(2)
        assert ids(sink) == ["4", "5"]
        body = calls[0].json
        assert (body["type"], body["source"]) == ("tocsin.alert.raised", "urn:tocsin:north")
        assert body["data"]["alert"]["open"] is True
        assert calls[0].headers["content-type"] == "application/cloudevents+json"
        assert calls[0].signed_with(SECRET)
        wait_for("it is noted", lambda: first.cursor() == 5)
        first.events.stop()
        raise_some(database, 1)
        again = Feeding(database, sink.url)
        again.begin()
        sink.wait_for(3)
        assert ids(sink) == ["4", "5", "6"]
        again.events.stop()
        assert first.faults() == again.faults() == []


def test_a_receiver_that_is_away_gets_all_of_it_later_and_delays_no_other(database: Database) -> None:
    answers = {"broken": Reply(503)}

    def answer(_: Call) -> Reply:
        return answers["broken"]

    with WebhookSink(reply=answer) as broken, WebhookSink() as well:
        one, other = Feeding(database, broken.url), Feeding(database, well.url, "archive")
        one.begin()
        other.begin()
        raise_some(database, 60)  # more than one look at the log
        well.wait_for(60)
        assert ids(well) == [str(n) for n in range(1, 61)]
        wait_for("it is told", lambda: bool(one.faults()))
        assert "helpdesk: answered 503" in one.faults()[0]
        assert one.cursor() == 0
        assert len(broken.calls) >= 3
        answers["broken"] = Reply(202)
        wait_for("all of it", lambda: one.cursor() == 60)
        assert [call.json["id"] for call in broken.calls if call.json["id"] != "1"] == ids(well)[1:]
        wait_for("normal again", lambda: one.reports[-1][1] == "normal")
        one.events.stop()
        other.events.stop()


def test_a_line_that_the_receiver_cannot_read_is_left_out_at_last_and_that_is_said(
    database: Database,
) -> None:
    with WebhookSink(reply=lambda call: Reply(422 if call.json["id"] == "2" else 200)) as sink:
        feeding = Feeding(database, sink.url)
        feeding.begin()
        raise_some(database, 3)
        feeding.events.wake()
        wait_for("the end", lambda: feeding.cursor() == 3)
        assert ids(sink) == ["1", *["2"] * events.TRIES, "3"]
        assert any("log line 2" in note for note in feeding.faults())
        feeding.events.stop()


def test_a_receiver_that_is_set_no_more_begins_anew(database: Database) -> None:
    with WebhookSink() as sink:
        feeding = Feeding(database, sink.url)
        feeding.begin()
        feeding.events.stop()
    with database.transaction() as tx:
        forget_others(tx, ["another"])
        log.append(tx, [log.Entry(NOW, 0, "fixed", "li-wei", {}, "hazard/1")])
    with WebhookSink() as sink:
        feeding = Feeding(database, sink.url)
        feeding.begin()
        assert feeding.cursor() == 1
        with database.transaction() as tx:
            log.append(tx, [log.Entry(NOW, 0, "rechecked", "wang-fang", {}, "hazard/1")])
        [call] = sink.wait_for(1)
        assert (call.json["type"], call.json["subject"]) == ("tocsin.hazard.rechecked", "hazard/1")
        feeding.events.stop()


def test_a_receiver_that_never_answers_holds_up_no_stop(database: Database) -> None:
    with WebhookSink(reply=Reply(trick="hang")) as sink:
        feeding = Feeding(database, sink.url)
        feeding.begin()
        raise_some(database, 1)
        feeding.events.wake()
        sink.wait_for(1)
        feeding.events.stop(0.1)
        assert feeding.cursor() == 0  # so the next start sends it again
