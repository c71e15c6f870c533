"""Touches. An alarm panel connects to us in SIA DC-09: acknowledged when it is on disk, and counted once."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from alerts.alert import Activity
from ingest import quarantine
from ingest.listeners.server import Server
from ingest.listeners.siadc09 import speech
from ingest.settings import SiaSettings
from tests.fakes.siadc09 import ACCOUNT, KEY, answers, contact, line, opened, sealed, stamp
from tests.servers import wait_for
from tests.story.school import CAMPUS, School
from tocsin.database import Database

DEVICES = [
    {"id": "panel", "kind": "fire_panel", "place": "dorm-2", "dialect": "siadc09", "address": ACCOUNT},
    {
        "id": "smoke-129",
        "kind": "smoke_detector",
        "place": "dorm-2",
        "dialect": "siadc09",
        "address": f"{ACCOUNT}/129",
        "gateway": "panel",
    },
]


class Panel:
    """The far end: sends, and reads what is answered."""

    def __init__(self, port: int, kind: int = socket.SOCK_STREAM) -> None:
        self.socket = socket.socket(socket.AF_INET, kind)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(0.01)
        self._heard = b""

    def send(self, data: bytes) -> None:
        self.socket.send(data)

    def answers(self) -> list[tuple[str, int, str]]:
        with suppress(TimeoutError):
            self._heard += self.socket.recv(4096)
        return answers(self._heard)

    def words(self, count: int) -> list[str]:
        wait_for(f"{count} answers", lambda: len(self.answers()) >= count)
        return [word for word, _, _ in self.answers()]


@pytest.fixture
def school(database: Database) -> School:
    return School(database, {**CAMPUS, "devices": [*CAMPUS["devices"], *DEVICES]})


@contextmanager
def listening(school: School, **settings: object) -> Iterator[Server]:
    given = SiaSettings.model_validate({"port": 0, "allow": ["127.0.0.0/8"], **settings})
    server = Server(
        speech(given),
        given,
        lambda messages: school.writer.deliver_life(messages),
        lambda *report: None,
        lambda: school.moment,
    )
    server.start()
    assert server.ready.wait(10)
    try:
        yield server
    finally:
        server.stop()


def came(school: School, messages: int = 1) -> None:
    wait_for("the lines at the writer", lambda: len(school.writer._life) >= messages)


def test_a_fire_is_raised_and_acknowledged_after_its_commit_and_not_before(school: School) -> None:
    with listening(school) as server:
        panel = Panel(server.port)
        panel.send(contact("1110 00 129", number=77))
        came(school)
        assert panel.answers() == []
        school.turn()
        assert panel.words(1) == ["ACK"]
        assert panel.answers()[0][1] == 77
        assert [(alert.device, alert.rule) for alert in school.open()] == [("smoke-129", "smoke-alarm")]


def test_what_was_not_committed_is_not_acknowledged_and_counts_once_when_it_comes_again(
    school: School,
) -> None:
    sent = line("NFA129", 5, time=stamp(school.moment))
    with listening(school) as server:
        panel = Panel(server.port)
        panel.send(sent)
        came(school)
        with school.outage():
            school.turn()
            assert panel.answers() == []
        school.restart()  # killed before another try: what was in memory is gone
        assert school.open() == []
    with listening(school) as server:
        panel = Panel(server.port)
        for _ in range(2):
            panel.send(sent)
            came(school)
            school.turn()
        assert panel.words(2) == ["ACK", "ACK"]
        [alert] = school.open()
        assert (alert.device, alert.occurrence) == ("smoke-129", 1)


def test_a_number_that_comes_again_after_the_alarm_is_over_raises_nothing(school: School) -> None:
    sent = line("NFA129", 9, time=stamp(school.moment))
    with listening(school) as server:
        panel = Panel(server.port)
        for one in (sent, line("NFR129", 10)):
            panel.send(one)
            came(school)
            school.turn()
            school.forward(30)
        assert [alert.activity for alert in school.open()] == [Activity.NORMAL]
    school.restart()  # killed after the commit, before the panel heard of it
    with listening(school) as server:
        panel = Panel(server.port)
        panel.send(sent)
        came(school)
        school.turn()
        assert panel.words(1) == ["ACK"]
        assert [(alert.activity, alert.occurrence) for alert in school.open()] == [(Activity.NORMAL, 1)]


def test_an_encrypted_fire_is_raised_and_its_acknowledgement_is_encrypted(school: School) -> None:
    with listening(school, keys={ACCOUNT: KEY}) as server:
        panel = Panel(server.port)
        panel.send(sealed("NFA129", school.moment, 3))
        came(school)
        school.turn()
        assert panel.words(1) == ["*ACK"]
        assert opened(panel.answers()[0][2]).endswith(f"|]{stamp(school.moment)}")
        assert [alert.device for alert in school.open()] == ["smoke-129"]


def test_nobody_without_the_key_ends_an_alarm(school: School) -> None:
    with listening(school, keys={ACCOUNT: KEY}) as server:
        panel = Panel(server.port)
        panel.send(sealed("NFA129", school.moment, 3))
        came(school)
        school.turn()
        late = sealed("NFR129", school.moment - 60_000, 4)
        for forged in (line("NFR129", 4), sealed("NFR129", school.moment, 4, key="x" * 16), late):
            panel.send(forged)
            came(school)
            school.turn()
        assert panel.words(4) == ["*ACK", "DUH", "DUH", "NAK"]
        assert [alert.activity for alert in school.open()] == [Activity.ACTIVE]
        with school.database.read() as conn:
            details = {one.detail[:9] for one in quarantine.listing(conn)}
        assert details == {"in clear,", "encrypted", "the time "}


def test_a_broken_line_is_denied_and_kept_and_the_next_one_is_heard(school: School) -> None:
    with listening(school) as server:
        panel = Panel(server.port)
        panel.send(line("NFA129", 1, error=1) + line("NFA129", 2)[:20])
        came(school)
        school.turn()
        panel.send(line("NFA129", 2)[20:])
        came(school)
        school.turn()
        assert panel.words(2) == ["NAK", "ACK"]
        assert [alert.device for alert in school.open()] == ["smoke-129"]
        with school.database.read() as conn:
            assert ["checksum is wrong" in one.detail for one in quarantine.listing(conn)] == [True]


def test_a_wrong_length_is_denied_and_its_fire_is_heard_once(school: School) -> None:
    with listening(school) as server:
        panel = Panel(server.port)
        for _ in range(2):
            panel.send(line("NFA129", 1, longer=3))
            came(school)
            school.turn()
        assert panel.words(2) == ["NAK", "NAK"]
        assert [(alert.device, alert.occurrence) for alert in school.open()] == [("smoke-129", 1)]


def test_a_datagram_is_acknowledged_where_it_came_from(school: School) -> None:
    with listening(school, udp=True) as server:
        panel = Panel(server.port, socket.SOCK_DGRAM)
        panel.send(line("NFA129", 6))
        came(school)
        school.turn()
        assert panel.words(1) == ["ACK"]
        assert [alert.device for alert in school.open()] == ["smoke-129"]


def test_a_link_test_is_acknowledged_and_raises_nothing(school: School) -> None:
    with listening(school) as server:
        panel = Panel(server.port)
        panel.send(line("", 0, token="NULL"))
        came(school)
        school.turn()
        assert panel.words(1) == ["ACK"]
        assert school.open() == []


def test_an_alarm_of_a_panel_that_nobody_registered_is_raised(school: School) -> None:
    with listening(school) as server:
        panel = Panel(server.port)
        panel.send(line("NFA7", account="ABCD"))
        came(school)
        school.turn()
        [alert] = school.open()
        assert alert.device.startswith("unregistered.ABCD-7")
