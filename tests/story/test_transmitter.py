"""Touches. A fire panel's transmitter connects to us: confirmed when it is on disk, and counted once."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from alerts.alert import Activity
from ingest import quarantine
from ingest.dialects.gb26875.frame import Frame, pieces
from ingest.listeners import gb26875
from ingest.listeners.server import Server
from ingest.settings import ListenerSettings
from tests.fakes.gb26875 import FAULT, NORMAL, component, frame, stamp, unit
from tests.servers import wait_for
from tests.story.school import CAMPUS, School
from tests.story.test_hang import hanging
from tocsin.database import Database

FIRE = 3
DEVICES = [
    {"id": "gw", "kind": "gateway", "place": "dorm-2", "dialect": "gb26875", "address": "889"},
    {
        "id": "smoke-201",
        "kind": "smoke_detector",
        "place": "dorm-2",
        "dialect": "gb26875",
        "address": "889/1.1.42.2-1",
        "gateway": "gw",
    },
]


class Transmitter:
    """The far end: sends, and reads what is answered."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.settimeout(0.01)
        self._heard = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answers(self) -> list[Frame]:
        with suppress(TimeoutError):
            self._heard += self.socket.recv(4096)
        return [piece.frame for piece in pieces(self._heard)[0] if piece.frame]


@pytest.fixture
def school(database: Database) -> School:
    return School(database, {**CAMPUS, "devices": [*CAMPUS["devices"], *DEVICES]})


@contextmanager
def listening(school: School, **settings: object) -> Iterator[Server]:
    given = ListenerSettings.model_validate({"port": 0, "allow": ["127.0.0.0/8"], **settings})
    reports: list[tuple[str, ...]] = []
    server = Server(
        gb26875.SPEECH,
        given,
        lambda messages: school.writer.deliver_life(messages),
        lambda *report: reports.append(report),
        lambda: school.moment,
    )
    server.start()
    assert server.ready.wait(10)
    try:
        yield server
    finally:
        server.stop()


def fire(school: School, number: int = 1, error: int = 0) -> bytes:
    now = stamp(school.moment)
    return frame(unit(2, component(FIRE) + now), now, number=number, error=error)


def came(school: School, messages: int = 1) -> None:
    wait_for("the frames at the writer", lambda: len(school.writer._life) >= messages)


def test_a_fire_is_raised_and_confirmed_after_its_commit_and_not_before(school: School) -> None:
    with listening(school) as server:
        panel = Transmitter(server.port)
        panel.send(fire(school, number=77))
        came(school)
        assert panel.answers() == []
        school.turn()
        wait_for("the confirmation", lambda: bool(panel.answers()))
        [answer] = panel.answers()
        assert (answer.command, answer.number, answer.target[:2]) == (3, 77, (889).to_bytes(2, "little"))
        assert [(alert.device, alert.rule) for alert in school.open()] == [("smoke-201", "smoke-alarm")]


def test_what_was_not_committed_is_not_confirmed_and_counts_once_when_it_is_repeated(school: School) -> None:
    sent = fire(school, number=5)
    with listening(school) as server:
        panel = Transmitter(server.port)
        panel.send(sent)
        came(school)
        with school.outage():
            school.turn()
            assert panel.answers() == []
        school.restart()  # killed before another try: what was in memory is gone
        assert school.open() == []
    with listening(school) as server:
        panel = Transmitter(server.port)
        panel.send(sent)
        came(school)
        school.turn()
        panel.send(sent)
        came(school)
        school.turn()
        wait_for("both confirmations", lambda: len(panel.answers()) == 2)
        [alert] = school.open()
        assert (alert.device, alert.occurrence) == ("smoke-201", 1)


def test_a_frame_that_comes_again_after_the_alarm_is_over_raises_nothing(school: School) -> None:
    sent = fire(school, number=9)
    with listening(school) as server:
        panel = Transmitter(server.port)
        panel.send(sent)
        came(school)
        school.turn()
        now = stamp(school.moment)
        panel.send(frame(unit(2, component(NORMAL) + now), now, number=10))
        came(school)
        school.forward(30)
        assert [alert.activity for alert in school.open()] == [Activity.NORMAL]
    school.restart()  # killed after the commit, before the transmitter heard of it
    with listening(school) as server:
        panel = Transmitter(server.port)
        panel.send(sent)
        came(school)
        school.turn()
        wait_for("the confirmation", lambda: bool(panel.answers()))
        assert [(alert.activity, alert.occurrence) for alert in school.open()] == [(Activity.NORMAL, 1)]


def test_a_broken_frame_is_denied_and_kept_and_the_next_one_is_heard(school: School) -> None:
    with listening(school) as server:
        panel = Transmitter(server.port)
        panel.send(fire(school, 1, error=1) + fire(school, 2)[:40])
        came(school)
        school.turn()
        panel.send(fire(school, 2)[40:])
        came(school)
        school.turn()
        wait_for("two answers", lambda: len(panel.answers()) == 2)
        assert [(one.command, one.number) for one in panel.answers()] == [(6, 1), (3, 2)]
        assert [(alert.device, alert.rule) for alert in school.open()] == [
            ("gw", "device-unreadable"),  # what could not be read may have been a fire
            ("smoke-201", "smoke-alarm"),
        ]
        with school.database.read() as conn:
            assert ["wrong checksum" in one.detail for one in quarantine.listing(conn)] == [True]


def test_an_alarm_of_a_component_that_nobody_registered_is_raised(school: School) -> None:
    with listening(school) as server:
        panel = Transmitter(server.port)
        now = stamp(school.moment)
        panel.send(frame(unit(2, component(FIRE, type=23, point=9, text="三楼走廊") + now), now))
        came(school)
        school.turn()
        [alert] = school.open()
        assert alert.device.startswith("unregistered.889")


def test_a_connection_that_ends_before_the_commit_loses_nothing(school: School) -> None:
    with listening(school) as server:
        panel = Transmitter(server.port)
        panel.send(fire(school))
        came(school)
        panel.socket.close()
        wait_for("the end of the connection", lambda: not server.connections)
        school.turn()
        assert [alert.device for alert in school.open()] == ["smoke-201"]


def test_while_a_commit_hangs_nothing_is_confirmed_and_after_it_everything_is_once_and_one_fire_is_one_alert(
    school: School,
) -> None:
    with listening(school) as server:
        panel, other = Transmitter(server.port), Transmitter(server.port)
        sent = fire(school, number=1)
        panel.send(sent)
        came(school)
        with hanging(school, "smoke-305"):  # the frame is in the transaction that hangs
            panel.send(sent)  # nobody confirmed it, so it comes again, and from its second line
            other.send(sent)
            now = stamp(school.moment)
            other.send(frame(unit(2, component(NORMAL | FAULT) + now), now, number=2))
            came(school, 3)
            school.moment += 3_100
            school.writer.look()
            assert [one.device for one in school.emergency.open()] == ["smoke-201", "smoke-305"]
            assert (panel.answers(), other.answers()) == ([], [])
            assert [row.facts["device"] for row in school.told("warden")] == ["smoke-201", "smoke-305"]
        school.turn()
        wait_for("all confirmations", lambda: len(panel.answers()) == 2 and len(other.answers()) == 2)
        assert [one.number for one in panel.answers()] == [1, 1]
        assert [one.number for one in other.answers()] == [1, 2]
        assert not server._owed
        assert not school.emergency.open()
        fires = [alert for alert in school.open() if alert.rule == "smoke-alarm"]
        assert sorted((one.device, one.occurrence) for one in fires) == [("smoke-201", 1), ("smoke-305", 1)]
