"""The outside heartbeat: it goes while all is well, stops when it is not, and says why once."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from alerts.delivery import outbox
from alerts.delivery.message import Purpose
from alerts.delivery.notification import Notification
from alerts.delivery.pulse import AUDITED, STUCK
from alerts.outward.settings import HeartbeatSettings
from ingest.bilingual import told
from tests.fakes.webhook import Reply, WebhookSink
from tocsin.database import Database
from tocsin.heartbeat import TOLD_AFTER, Heartbeat

START = 1_800_000_000_000


class Someone:
    """What a heartbeat sees of the service."""

    def __init__(self, database: Database, url: str) -> None:
        self.database, self.moment, self.said = database, START, []
        line = SimpleNamespace(connected=True, granted=True)
        self.life, self.all = line, SimpleNamespace(connected=True, granted=True)
        self.writer = SimpleNamespace(failing="")
        settings = HeartbeatSettings(url=url)
        self.settings: Any = SimpleNamespace(interfaces=SimpleNamespace(heartbeat=settings))
        self.own = SimpleNamespace(report_part=lambda *said: self.said.append(said))
        self.heart = Heartbeat(self)  # type: ignore[arg-type]

    def now(self) -> int:
        return self.moment

    def beat(self, after: int = 60_000, audit: str | None = "") -> None:
        self.moment += after
        if audit is not None:
            self.heart.audited(audit)
        self.heart.beat()


@pytest.fixture
def outside(database: Database) -> Iterator[tuple[Someone, WebhookSink]]:
    with WebhookSink() as sink:
        yield Someone(database, sink.url), sink


def paths(sink: WebhookSink) -> list[str]:
    return [call.path for call in sink.calls]


def test_it_goes_while_all_is_well_and_stops_with_its_reason_told_once(
    outside: tuple[Someone, WebhookSink],
) -> None:
    here, sink = outside
    here.beat()
    here.beat()
    assert paths(sink) == ["/hook", "/hook"]
    for _ in range(3):
        here.beat(audit="A7K2 has no next step")
    assert paths(sink) == ["/hook", "/hook", "/hook/fail"]
    assert sink.calls[-1].body.decode() == "the escalation audit fails: A7K2 has no next step"
    here.beat()
    assert paths(sink)[3:] == ["/hook"]


def test_an_audit_that_no_longer_runs_stops_it(outside: tuple[Someone, WebhookSink]) -> None:
    here, sink = outside
    here.beat(AUDITED + 1, audit=None)
    assert paths(sink) == ["/hook/fail"]


def test_a_notice_that_nobody_tries_stops_it(outside: tuple[Someone, WebhookSink]) -> None:
    here, sink = outside
    owed = Notification(
        alert=1, occurrence=1, step=0, round=0, person="li", channel="sms", address="1",
        language="zh",
        purpose=Purpose.RAISE, code="A7K2", short="x", title="x", body="x", facts={}, why="x",
        life_safety=True,
    )  # fmt: skip
    with here.database.transaction() as tx:
        outbox.owe(tx, [owed], here.moment)
    here.beat(STUCK)  # its lease has run out, and there is still time
    here.beat(outbox.LEASE + 1)
    assert paths(sink) == ["/hook", "/hook/fail"]


def test_a_pulse_that_does_not_arrive_is_a_fault_of_our_own_that_keeps_the_key_to_itself(
    outside: tuple[Someone, WebhookSink],
) -> None:
    here, sink = outside
    sink.reply = Reply(500)
    for _ in range(TOLD_AFTER):
        here.beat()
    ((part, metric, word, note),) = [one for one in here.said if one[2] == "fault"]
    assert (part, metric, word) == ("heartbeat", "interfaces", "fault")
    assert told(note, "en") == "the outside heartbeat does not arrive: HTTP 500"
    assert "hook" not in note
    sink.reply = Reply()
    here.beat()
    assert here.said[-1][2] == "normal"
    assert "hook" not in msgspec.json.encode(repr(here.settings.interfaces.heartbeat)).decode()
