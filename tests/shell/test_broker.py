"""Touches. The broker session against a real Mosquitto."""

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from paho.mqtt import publish

from ingest.broker import Session
from ingest.message import Message, settle
from ingest.publish import puback
from ingest.settings import BrokerSettings, TlsSettings
from tests.bench.load import Publisher, publish_packet
from tests.servers import Mosquitto, hand_over, wait_for
from tocsin import cert
from tocsin.clock import now
from tocsin.demo_broker import mosquitto_hash


class Desk:
    """A session with somebody behind it who settles when told to."""

    def __init__(
        self,
        broker: Mosquitto,
        settle: bool = True,
        wait: bool = True,
        name: str = "all",
        lasting: bool = True,
        **settings: Any,
    ) -> None:
        self.messages: list[Message] = []
        self.reports: list[tuple[str, str, str]] = []
        self._settle = settle
        self._lock = threading.Lock()
        self.session = Session(
            name,
            BrokerSettings(host=broker.host, port=broker.port, **settings),
            lambda: ["campus/#"],
            self._deliver,
            lambda *report: self.reports.append(report),
            now,
            lasting,
        )
        self.session.start()
        if wait:
            assert self.session.ever_granted.wait(20)

    def _deliver(self, messages: list[Message]) -> None:
        with self._lock:
            self.messages += messages
        if self._settle:
            for message in messages:
                settle([message])

    def payloads(self) -> list[bytes]:
        with self._lock:
            return [message.payload for message in self.messages]

    def faults(self) -> list[str]:
        """What it said of its own broker since it was first granted."""
        return [word for metric, word, _ in self.reports if metric.startswith("broker_")][1:]

    def wait(self, count: int) -> None:
        wait_for(f"{count} messages", lambda: len(self.messages) >= count)


@pytest.fixture
def desk(mosquitto: Mosquitto) -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def make(**settings: Any) -> Desk:
        desks.append(Desk(mosquitto, **settings))
        return desks[-1]

    yield make
    for one in desks:
        one.session.stop()


def say(broker: Mosquitto, *payloads: bytes, retain: bool = False) -> None:
    publisher = Publisher(broker.host, broker.port)
    publisher.blast([publish_packet("campus/d/reading", p, n + 1, retain) for n, p in enumerate(payloads)])
    publisher.close()


def say_unpromised(broker: Mosquitto, *payloads: bytes) -> None:
    """At QoS 0, and then one message at QoS 1 that ends it."""
    said: list[Any] = [("campus/d/reading", payload, 0) for payload in payloads]
    publish.multiple([*said, ("campus/d/reading", b"end", 1)], broker.host, broker.port)


@pytest.fixture
def crowded(mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> Mosquitto:
    """A broker that leaves QoS 0 as it is, and a service that is full with more than ten messages."""
    monkeypatch.setattr("ingest.broker.SHED_ABOVE", 10)
    mosquitto.config.remove("upgrade_outgoing_qos true")
    mosquitto.restart()
    return mosquitto


@pytest.mark.parametrize("protocol", ["5", "3.1.1", "auto"])
def test_messages_arrive_in_order_on_either_protocol(
    mosquitto: Mosquitto, desk: Callable[..., Desk], protocol: str
) -> None:
    listener = desk(protocol=protocol)
    said = [b"%d" % n for n in range(500)]
    say(mosquitto, *said)
    listener.wait(500)
    assert listener.payloads() == said


def test_what_was_not_settled_comes_again_after_a_restart_of_ours(
    mosquitto: Mosquitto, desk: Callable[..., Desk]
) -> None:
    first = desk(settle=False)
    say(mosquitto, b"1", b"2")
    first.wait(2)
    first.session.stop()
    second = desk()
    second.wait(2)
    assert second.payloads() == [b"1", b"2"]
    assert all(message.dup for message in second.messages)
    assert [message.mid for message in second.messages] == [message.mid for message in first.messages]


def test_what_was_settled_does_not_come_again(mosquitto: Mosquitto, desk: Callable[..., Desk]) -> None:
    first = desk()
    say(mosquitto, b"1")
    first.wait(1)
    wait_for("the acknowledgement is sent", lambda: first.messages[0].acked)
    first.session.stop()
    second = desk()
    say(mosquitto, b"2")
    second.wait(1)
    assert second.payloads() == [b"2"]


def test_messages_published_while_we_are_away_wait_for_us(
    mosquitto: Mosquitto, desk: Callable[..., Desk]
) -> None:
    desk().session.stop()
    say(mosquitto, *[b"%d" % n for n in range(3000)])
    late = desk()
    late.wait(3000)
    assert late.payloads() == [b"%d" % n for n in range(3000)]


def test_no_acknowledgement_crosses_a_broker_restart_that_lost_the_session(
    mosquitto: Mosquitto, desk: Callable[..., Desk]
) -> None:
    """The message id 1 of the first connection must not acknowledge the message 1 of the second."""
    listener = desk(settle=False)
    say(mosquitto, b"before")
    listener.wait(1)
    mosquitto.restart(clean=True)
    wait_for("the session is back", lambda: listener.session.epoch == 2 and listener.session.granted)
    say(mosquitto, b"alarm")
    listener.wait(2)
    before, alarm = listener.messages
    assert (before.mid, before.epoch) == (alarm.mid, 1), (
        "the broker reused the id, so the test tests something"
    )
    settle([before])
    wait_for("the late settlement was looked at", lambda: not listener.session._settled)
    listener.session.stop()
    again = desk()
    again.wait(1)
    assert again.payloads() == [b"alarm"]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_an_ear_hears_what_the_broker_holds_back_while_nothing_is_settled(
    mosquitto: Mosquitto, desk: Callable[..., Desk], protocol: str
) -> None:
    mosquitto.config[mosquitto.config.index("max_inflight_messages 2000")] = "max_inflight_messages 10"
    mosquitto.restart()
    full = desk(settle=False, name="life", protocol=protocol, receive_maximum=10)
    ear = desk(name="ear", lasting=False, protocol=protocol)
    texts = [b"press %d" % n for n in range(30)]
    say(mosquitto, *texts)
    ear.wait(30)
    assert ear.payloads() == texts
    assert len(full.payloads()) <= 10
    ear.session.stop()
    say(mosquitto, b"while it was away")
    again = desk(name="ear", lasting=False, protocol=protocol)
    say(mosquitto, b"after")
    again.wait(1)
    assert again.payloads() == [b"after"], "the broker must keep nothing for it"


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_an_ear_hears_no_old_news_but_what_is_said_and_kept_while_it_listens(
    mosquitto: Mosquitto, desk: Callable[..., Desk], protocol: str
) -> None:
    """What a broker kept was judged when it was said: an ear that hears it would ring a known alert anew."""
    say(mosquitto, b"old", retain=True)
    ear = desk(name="ear", lasting=False, protocol=protocol)
    say(mosquitto, b"new", retain=True)
    ear.session.resubscribe()
    wait_for("a new subscription", lambda: ear.session.granted)
    say(mosquitto, b"end")
    ear.wait(2)
    assert ear.payloads() == [b"new", b"end"]


def test_a_session_says_who_it_is_before_it_waits_for_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second of waiting before CONNECT would be a second of deafness at each start and each restart."""
    heard: list[bool] = []

    def wait(readers: list[Any], *rest: Any) -> tuple[list[Any], list[Any], list[Any]]:
        heard.append(bool(select.select([far], [], [], 5)[0]))
        session._stopping = True
        return [], [], []

    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = BrokerSettings(host="127.0.0.1", port=server.getsockname()[1])
        session = Session("all", settings, list, lambda _: None, lambda *_: None, now)
        session._connect()
        far, _ = server.accept()
        with far, monkeypatch.context() as patched:
            patched.setattr("ingest.broker.select", SimpleNamespace(select=wait))
            session._serve()
    assert heard == [True]


@contextmanager
def in_the_brokers_place(protocol: str) -> Iterator[tuple[Desk, socket.socket]]:
    """A session that has just sent CONNECT, and the far end of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = SimpleNamespace(host="127.0.0.1", port=server.getsockname()[1])
        listener = Desk(place, wait=False, protocol=protocol)  # type: ignore[arg-type]
        far, _ = server.accept()
        try:
            far.settimeout(20)
            read_until(far, b"\x10")
            yield listener, far
        finally:
            far.close()
            listener.session.stop()


def read_until(far: socket.socket, wanted: bytes) -> None:
    heard = b""
    while wanted not in heard:
        piece = far.recv(1000)
        assert piece, f"the session closed the connection; it said {heard!r}"
        heard += piece


def test_what_comes_in_one_piece_with_the_brokers_welcome_is_acknowledged() -> None:
    """Else it takes up the broker's window for ever: with the usual window of 20, nothing comes any more."""
    with in_the_brokers_place("3.1.1") as (_, far):
        far.sendall(b"\x20\x02\x01\x00" + publish_packet("campus/d/reading", b"alarm", 7))
        read_until(far, b"\x40\x02\x00\x07")


@pytest.mark.parametrize(
    ("protocol", "welcome"),
    [("3.1.1", b"\x20\x02\0\0"), ("5", b"\x20\x03\0\0\0")],
    ids=["3.1.1", "5"],
)
def test_an_alarm_in_one_piece_with_an_acknowledgement_of_ours_is_delivered(
    protocol: str, welcome: bytes
) -> None:
    """paho reads as many packets at a time as it has messages in flight, and would keep the alarm."""
    properties = b"\0" if protocol == "5" else b""
    with in_the_brokers_place(protocol) as (listener, far):
        sirens = [listener.session.publish(f"siren/{n}", b"on") for n in range(3)]
        far.sendall(welcome)
        read_until(far, b"siren/2")
        acknowledged = puback(min(listener.session._published))
        far.sendall(acknowledged + publish_packet("campus/d/reading", properties + b"alarm", 7))
        read_until(far, puback(7))
        assert listener.payloads() == [b"alarm"]
        assert [siren.done() for siren in sirens] == [True, False, False]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_nothing_is_lost_while_we_publish_ourselves(
    mosquitto: Mosquitto, desk: Callable[..., Desk], protocol: str
) -> None:
    listener = desk(protocol=protocol)
    texts = [b"%d" % n for n in range(3000)]
    for at in range(0, len(texts), 100):
        sirens = [listener.session.publish(f"siren/{n}", b"on") for n in range(20)]
        say(mosquitto, *texts[at : at + 100])
    listener.wait(3000)
    assert listener.payloads() == texts
    assert [siren.result(20) for siren in sirens] == [None] * 20


def test_a_refused_subscription_is_reported(mosquitto: Mosquitto, desk: Callable[..., Desk]) -> None:
    acl = mosquitto.folder / "acl"
    acl.write_text("topic write #\ntopic read campus/#\n")
    mosquitto.config.append(f"acl_file {acl}")
    mosquitto.restart()
    listener = desk()
    listener.session._filters = lambda: ["campus/#", "elsewhere/#"]
    listener.session.resubscribe()
    wait_for("a report", lambda: any(metric == "subscription" for metric, _, _ in listener.reports))


def test_what_nobody_was_promised_is_dropped_aloud_when_there_is_no_room(
    crowded: Mosquitto, desk: Callable[..., Desk]
) -> None:
    listener = desk(settle=False)
    promised = [b"%d" % n for n in range(11)]
    say(crowded, *promised)
    listener.wait(11)
    say_unpromised(crowded, b"a", b"b", b"c")
    listener.wait(12)
    assert listener.payloads() == [*promised, b"end"]
    listener.session.resubscribe()
    wait_for("a new subscription, which makes no room", lambda: listener.session.granted)
    assert listener.faults() == ["fault"]
    for message in listener.messages:
        settle([message])
    wait_for("the return to normal", lambda: listener.faults() == ["fault", "normal"])
    say_unpromised(crowded, b"d")
    listener.wait(14)
    assert listener.payloads()[12:] == [b"d", b"end"]


def test_of_a_life_safety_device_nothing_is_dropped(crowded: Mosquitto, desk: Callable[..., Desk]) -> None:
    listener = desk(settle=False, name="life")
    say(crowded, *[b"%d" % n for n in range(11)])
    listener.wait(11)
    say_unpromised(crowded, b"a", b"b", b"c")
    listener.wait(15)
    assert [message.qos for message in listener.messages[11:]] == [0, 0, 0, 1]
    assert listener.faults() == []


def test_a_lost_broker_is_reported_and_found_again(mosquitto: Mosquitto, desk: Callable[..., Desk]) -> None:
    listener = desk()
    mosquitto.kill()
    wait_for("a fault", lambda: any(report[:2] == ("broker_all", "fault") for report in listener.reports))
    mosquitto.start()
    wait_for("the session is back", lambda: listener.session.granted)
    assert listener.reports[-1][:2] == ("broker_all", "normal")


def test_what_we_publish_is_acknowledged_by_the_broker(
    mosquitto: Mosquitto, desk: Callable[..., Desk]
) -> None:
    listener = desk()
    listener.session.publish("campus/siren/command", b"on").result(20)
    listener.wait(1)
    assert listener.payloads() == [b"on"]


def test_a_retained_message_is_told_as_retained(mosquitto: Mosquitto, desk: Callable[..., Desk]) -> None:
    say(mosquitto, b"state", retain=True)
    listener = desk()
    listener.wait(1)
    assert listener.messages[0].retain


def test_tls_with_a_password_is_spoken_and_a_stranger_to_our_authority_is_not(
    mosquitto: Mosquitto, desk: Callable[..., Desk], tmp_path: Path
) -> None:
    made = cert.make(tmp_path / "tls", ["127.0.0.1", "localhost"], now())
    secure(mosquitto, made.ca, made.cert, made.key)
    tls = TlsSettings(ca=str(made.ca))
    listener = desk(tls=tls, username="tocsin", password="a long secret")
    listener.session.publish("campus/d/reading", b"over tls").result(20)
    listener.wait(1)
    other = cert.make(tmp_path / "other", ["127.0.0.1"], now())
    stranger = Desk(
        mosquitto, wait=False, tls=TlsSettings(ca=str(other.ca)), username="tocsin", password="a long secret"
    )
    wait_for(
        "a fault that names the certificate",
        lambda: any("certificate" in r[2].lower() for r in stranger.reports),
    )
    stranger.session.stop()


def secure(broker: Mosquitto, ca: Path, certificate: Path, key: Path) -> None:
    """Make the broker speak TLS only, with one user."""
    for name, path in (("ca.pem", ca), ("server.pem", certificate), ("server.key", key)):
        (broker.folder / name).write_bytes(path.read_bytes())
        hand_over(broker.folder / name)
    passwords = broker.folder / "passwords"
    passwords.write_text(f"tocsin:{mosquitto_hash('a long secret')}\n")
    hand_over(passwords)
    broker.config[:] = [line for line in broker.config if not line.startswith("allow_anonymous")]
    broker.config += [f"certfile {broker.folder}/server.pem", f"keyfile {broker.folder}/server.key"]
    broker.config += ["allow_anonymous false", f"password_file {passwords}"]
    broker.restart()
