"""Touches. The broker session against a real Mosquitto."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.broker import Session
from ingest.message import Message
from ingest.settings import BrokerSettings, TlsSettings
from tests.bench.load import Publisher, publish_packet
from tests.servers import Mosquitto, hand_over, wait_for
from tocsin import cert
from tocsin.clock import now
from tocsin.demo_broker import mosquitto_hash


class Desk:
    """A session with somebody behind it who settles when told to."""

    def __init__(self, broker: Mosquitto, settle: bool = True, wait: bool = True, **settings: Any) -> None:
        self.messages: list[Message] = []
        self.reports: list[tuple[str, str, str]] = []
        self._settle = settle
        self._lock = threading.Lock()
        self.session = Session(
            "all",
            BrokerSettings(host=broker.host, port=broker.port, **settings),
            lambda: ["campus/#"],
            self._deliver,
            lambda *report: self.reports.append(report),
            now,
        )
        self.session.start()
        if wait:
            assert self.session.ever_granted.wait(20)

    def _deliver(self, messages: list[Message]) -> None:
        with self._lock:
            self.messages += messages
        if self._settle:
            for message in messages:
                message.settle()

    def payloads(self) -> list[bytes]:
        with self._lock:
            return [message.payload for message in self.messages]

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
    before.settle()
    wait_for("the late settlement was looked at", lambda: not listener.session._settled)
    listener.session.stop()
    again = desk()
    again.wait(1)
    assert again.payloads() == [b"alarm"]


def test_a_refused_subscription_is_reported(mosquitto: Mosquitto, desk: Callable[..., Desk]) -> None:
    acl = mosquitto.folder / "acl"
    acl.write_text("topic write #\ntopic read campus/#\n")
    mosquitto.config.append(f"acl_file {acl}")
    mosquitto.restart()
    listener = desk()
    listener.session._filters = lambda: ["campus/#", "elsewhere/#"]
    listener.session.resubscribe()
    wait_for("a report", lambda: any(metric == "subscription" for metric, _, _ in listener.reports))


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
