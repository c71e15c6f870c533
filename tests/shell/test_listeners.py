"""Touches. A listener on a real socket: who may connect, what costs a connection, what is answered."""

import errno
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import ValidationError

from ingest.dialects.gb26875.frame import pieces
from ingest.listeners import opened
from ingest.listeners.crowd import CALM
from ingest.listeners.server import MOST_UNSETTLED, Server
from ingest.message import Message, settle
from ingest.settings import ListenerSettings, ListenersSettings
from tests.fakes.gb26875 import component, frame, stamp, unit
from tests.servers import wait_for
from tocsin.config import load
from tocsin.mistake import Mistakes

START = 1_795_305_600_000
NOW = stamp(START)


def fire(number=1, **how):
    return frame(unit(2, component(3) + NOW), NOW, number=number, **how)


class Room:
    """A listener with somebody behind it who settles when told to, and a clock that goes when told to."""

    def __init__(self, **settings):
        self.moment = START
        self.messages: list[Message] = []
        self.reports = []
        given = {"port": 0, "allow": ["127.0.0.1"], **settings}
        [self.server] = opened(
            ListenersSettings(gb26875=ListenerSettings.model_validate(given)),
            self.messages.extend,
            lambda *report: self.reports.append(report),
            lambda: self.moment,
        )
        self.server.start()

    def ready(self):
        assert self.server.ready.wait(10)
        return self

    def connect(self, source="127.0.0.1"):
        far = socket.create_connection(("127.0.0.1", self.server.port), 10, (source, 0))
        far.settimeout(10)
        return far

    def heard(self, count):
        wait_for(f"{count} messages", lambda: len(self.messages) >= count)
        return self.messages

    def waits_with(self, rest):
        wait_for("the rest", lambda: any(one.rest == rest for one in self.server.connections.values()))

    def counted(self, what, count=1):
        wait_for(f"{count} {what}", lambda: self.server.counts[what] >= count)


@pytest.fixture
def rooms() -> Iterator[list[Server]]:
    made: list[Server] = []
    yield made
    for server in made:
        server.stop()


@pytest.fixture
def room(rooms):
    def make(**settings):
        made = Room(**settings)
        rooms.append(made.server)
        return made.ready()

    return make


def answers(far, count):
    data = b""
    while len(pieces(data)[0]) < count:
        got = far.recv(4096)
        assert got, "closed without an answer"
        data += got
    return [piece.frame for piece in pieces(data)[0]]


def closed(far, sending=()):
    """Whether the other side has ended the connection, if need be while we are sending; waits for it."""
    with suppress(ConnectionError):
        for data in sending:
            far.sendall(data)
        while far.recv(4096):
            pass
    return True


def test_a_frame_becomes_a_message_of_its_transmitter_and_is_answered_when_settled(room):
    here = room()
    far = here.connect()
    sent = fire()
    for at in range(len(sent)):
        far.sendall(sent[at : at + 1])
    [message] = here.heard(1)
    assert (message.topic, message.payload, message.received) == ("listen:gb26875/889", sent, START)
    assert message.source.name == "listen-gb26875"
    settle([message])
    [answer] = answers(far, 1)
    assert (answer.command, answer.number) == (3, 1)


def test_a_frame_without_an_address_is_of_the_peer(room):
    here = room()
    here.connect().sendall(fire(source=0))
    assert here.heard(1)[0].topic == "listen:gb26875/127.0.0.1"


def test_frames_in_hex_text_are_answered_in_hex_text(room):
    here = room()
    far = here.connect()
    far.sendall(fire(4).hex().encode() + b"\r\n")
    settle([here.heard(1)[0]])
    assert pieces(bytes.fromhex(far.recv(4096).decode()))[0][0].frame.number == 4


def test_answers_go_out_in_the_order_of_arrival_and_only_to_those_who_are_still_there(room):
    here = room()
    far, gone = here.connect(), here.connect()
    far.sendall(fire(1) + fire(2) + fire(3))
    here.heard(3)
    gone.sendall(fire(9))
    here.heard(4)
    gone.close()
    wait_for("one connection", lambda: len(here.server.connections) == 1)
    for message in here.messages:
        settle([message])
    assert [answer.number for answer in answers(far, 3)] == [1, 2, 3]


def test_a_peer_that_is_not_on_the_list_is_shut_out_and_counted(room):
    here = room()
    assert closed(here.connect("127.0.0.2"))
    here.counted("refused")
    assert not here.messages
    here.connect().sendall(fire())
    here.heard(1)


def test_a_megabyte_without_an_end_costs_the_connection(room):
    here = room()
    far = here.connect()
    assert closed(far, [b"@" * 8192] * 128)
    here.counted("closed")
    [first, *_] = here.heard(1)
    assert len(first.payload) <= 4096 + 16 * 1024
    here.connect().sendall(fire())
    wait_for("the good frame", lambda: here.messages[-1].payload == fire())


def test_half_a_frame_is_waited_for_and_then_costs_the_connection(room):
    here = room()
    far = here.connect()
    far.sendall(fire()[:50])
    here.waits_with(fire()[:50])
    here.moment += 10_001
    assert closed(far)
    [message] = here.heard(1)
    assert message.payload == fire()[:50]
    assert here.server.counts["broken"] == 1


def test_a_frame_that_drips_in_byte_by_byte_does_not_keep_the_connection_open(room):
    here = room()
    far = here.connect()
    for byte, rest in ((b"@", b"@"), (b"@", b"@@")):
        far.sendall(byte)
        here.waits_with(rest)
        here.moment += 6_000
    assert closed(far)
    here.counted("closed")


def test_silence_costs_the_connection(room):
    here = room(idle=60)
    far = here.connect()
    wait_for("the connection", lambda: bool(here.server.connections))
    here.moment += 60_001
    assert closed(far)


def test_who_opens_too_many_connections_loses_its_own_and_nobody_elses(room):
    here = room(allow=["127.0.0.0/8"], connections=8)
    good = here.connect("127.0.0.2")
    good.sendall(fire(1))
    here.heard(1)
    flood = [here.connect("127.0.0.3") for _ in range(40)]
    here.counted("closed", 33)
    assert len(here.server.connections) <= 8
    good.sendall(fire(2))
    here.heard(2)
    for far in flood:
        far.close()
    [told] = [note for *_, word, note in here.reports if word == "fault"]
    assert "more than 8 connections; most are of 127.0.0.3 (7)" in told
    here.moment += CALM + 1
    wait_for("the end of it", lambda: here.reports[-1][2] == "normal")


def test_a_panel_that_has_spoken_keeps_its_connection_in_a_crowd_from_many_addresses(room):
    here = room(allow=["127.0.0.0/8"], connections=8)
    panel = here.connect("127.0.0.2")
    panel.sendall(fire(1))
    here.heard(1)
    crowd = [here.connect(f"127.0.1.{n}") for n in range(1, 41)]
    here.counted("closed", 33)
    panel.sendall(fire(2))
    new = here.connect("127.0.0.4")
    new.sendall(fire(3))
    here.heard(3)
    for far in crowd:
        far.close()


def test_without_a_file_left_the_listener_rests_and_says_so_and_takes_the_next_one(room):
    here = room()
    first = here.connect()
    first.sendall(fire(1))
    here.heard(1)
    asked, whole = [], here.server._tcp

    class Full:
        """What accept does when the process may open no more files."""

        def fileno(self):
            return whole.fileno()

        def accept(self):
            asked.append(1)
            raise OSError(errno.EMFILE, "Too many open files")

        def close(self):
            whole.close()

    here.server._accept = lambda listening: Server._accept(here.server, Full() if len(asked) < 2 else whole)
    far = here.connect()
    far.sendall(fire(2))
    here.heard(2)
    assert len(asked) == 2
    assert any("Too many open files" in note for *_, note in here.reports)


def test_a_peer_whose_messages_are_not_settled_is_not_read_from(room):
    here = room()
    far = here.connect()
    far.settimeout(0.5)
    with pytest.raises(TimeoutError):
        far.sendall(fire() * 200_000)
    held = len(here.messages)
    assert MOST_UNSETTLED <= held < MOST_UNSETTLED + 16 * 1024 // len(fire()) + 2
    for message in list(here.messages):
        settle([message])
    here.heard(held + 1)


def test_broken_frame_behind_broken_frame_costs_the_connection(room):
    here = room()
    far = here.connect()
    assert closed(far, (fire(number, error=1) for number in range(1000)))
    here.counted("closed")


def test_a_datagram_is_answered_where_it_came_from(room):
    here = room(udp=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.settimeout(10)
        far.bind(("127.0.0.1", 0))
        far.sendto(fire(6) + b"@@half", ("127.0.0.1", here.server.port))
        good, half = here.heard(2)
        assert half.payload == b"@@half"
        for message in (good, half):
            settle([message])
        assert pieces(far.recv(4096))[0][0].frame.number == 6
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.9", 0))
        stranger.sendto(fire(7), ("127.0.0.1", here.server.port))
        here.counted("refused")
    assert len(here.messages) == 2


def test_a_port_that_is_taken_is_told(rooms):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        here = Room(port=taken.getsockname()[1])
        rooms.append(here.server)
        wait_for("the report", lambda: bool(here.reports))
    part, metric, word, note = here.reports[0]
    assert (part, metric, word) == ("listen-gb26875", "listener", "fault")
    assert "cannot listen" in note


def test_listeners_are_closed_unless_set_and_need_a_list_of_who_may_connect(tmp_path: Path):
    assert opened(ListenersSettings(), lambda _: None, lambda *_: None, lambda: START) == []
    with pytest.raises(ValidationError, match="allow is missing"):
        ListenerSettings(port=9000)
    with pytest.raises(ValidationError, match=r"10\.20\.0\.0/16"):
        ListenerSettings(port=9000, allow=["everybody"])
    file = tmp_path / "tocsin.yaml"
    file.write_text("listeners:\n  gb26875: {port: 9000, allow: [10.0.0.300]}\n  gb26876: {port: 1}\n")
    with pytest.raises(Mistakes) as found:
        load(file, {})
    text = "\n".join(found.value.lines)
    assert "2:" in text
    assert "did you mean 'gb26875'?" in text
