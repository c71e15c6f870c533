"""Touches. The demo's own broker: both kinds keep the promises that the product needs of a broker."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from tests import packages
from tests.servers import listening, wait_for
from tocsin import demo_broker
from tocsin.clock import now
from tocsin.demo_broker import DemoBroker

LIVES_ON = """
import sys
from pathlib import Path
from tocsin import demo_broker
from tocsin.clock import now
broker = demo_broker.start(Path(sys.argv[1]), now, prefer=sys.argv[2])
print(broker.port, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def mosquitto_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        program = packages.mosquitto()
    except packages.Missing as missing:
        pytest.skip(str(missing))
    monkeypatch.setenv("PATH", f"{program.path.parent}{os.pathsep}{os.environ['PATH']}")
    for name, value in program.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(params=["mosquitto", "amqtt"])
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "mosquitto":
        request.getfixturevalue("mosquitto_on_path")
    return str(request.param)


@pytest.fixture
def broker(kind: str, tmp_path: Path) -> Iterator[DemoBroker]:
    started = demo_broker.start(tmp_path, now, prefer="amqtt" if kind == "amqtt" else "mosquitto")
    assert started.kind == kind
    yield started
    started.stop()


class Client:
    """A client whose acknowledgements are given by hand; `.got` are (payload, retain) in order of arrival."""

    def __init__(self, broker: DemoBroker, name: str, password: str | None = None, keep: bool = True) -> None:
        self.got: list[tuple[bytes, bool]] = []
        self.acknowledge = True
        self.answer: list[ReasonCode] = []
        self._subscribed: list[int] = []
        self.paho = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, clean_session=not keep, manual_ack=True
        )
        self.paho.username_pw_set(broker.username, password or broker.password)
        self.paho.on_connect = lambda *arguments: self.answer.append(arguments[3])
        self.paho.on_subscribe = lambda *_: self._subscribed.append(1)
        self.paho.on_message = self._message
        self.paho.connect(broker.host, broker.port)
        self.paho.loop_start()
        wait_for("an answer to CONNECT", lambda: bool(self.answer))

    def _message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.got.append((bytes(message.payload), message.retain))
        if self.acknowledge:
            self.paho.ack(message.mid, message.qos)

    def subscribe(self, topic: str) -> None:
        before = len(self._subscribed)
        self.paho.subscribe(topic, 1)
        wait_for("the subscription", lambda: len(self._subscribed) > before)

    def say(self, topic: str, *payloads: str, qos: int = 1, retain: bool = False) -> None:
        for payload in payloads:
            self.paho.publish(topic, payload, qos, retain).wait_for_publish(20)

    def leave(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


NUMBERS = [str(number) for number in range(50)]


def test_a_session_gets_in_order_what_was_said_while_it_was_away(broker: DemoBroker) -> None:
    reader = Client(broker, "reader")
    reader.subscribe("campus/#")
    reader.leave()
    writer = Client(broker, "writer")
    writer.say("campus/d/reading", *NUMBERS)
    reader = Client(broker, "reader")
    wait_for("what was said", lambda: len(reader.got) >= 50)
    assert reader.got == [(number.encode(), False) for number in NUMBERS]
    writer.leave()
    reader.leave()


def test_what_was_said_at_qos_0_waits_as_well(broker: DemoBroker) -> None:
    reader = Client(broker, "reader")
    reader.subscribe("campus/#")
    reader.leave()
    writer = Client(broker, "writer")
    writer.say("campus/d/reading", *NUMBERS, qos=0)
    writer.say("campus/d/reading", "last")
    reader = Client(broker, "reader")
    wait_for("what was said", lambda: len(reader.got) >= 51)
    assert [payload.decode() for payload, _ in reader.got] == [*NUMBERS, "last"]
    writer.leave()
    reader.leave()


def test_a_message_that_was_not_acknowledged_comes_again_on_the_next_connection(broker: DemoBroker) -> None:
    reader, writer = Client(broker, "reader"), Client(broker, "writer")
    reader.subscribe("campus/#")
    reader.acknowledge = False
    writer.say("campus/d/reading", "unsettled")
    wait_for("the message", lambda: reader.got == [(b"unsettled", False)])
    reader.leave()
    writer.say("campus/d/reading", "later")
    reader = Client(broker, "reader")
    wait_for("both messages", lambda: len(reader.got) >= 2)
    assert [payload for payload, _ in reader.got] == [b"unsettled", b"later"]
    writer.leave()
    reader.leave()


def test_a_wrong_password_is_refused(broker: DemoBroker) -> None:
    assert Client(broker, "good").answer[0] == 0
    assert Client(broker, "bad", password="wrong").answer[0].is_failure


def test_a_clean_restart_forgets_everything_on_the_same_port(broker: DemoBroker) -> None:
    reader, port = Client(broker, "reader"), broker.port
    reader.subscribe("campus/#")
    reader.say("campus/gw/link", "online", retain=True)
    reader.leave()
    broker.restart(clean=True)
    assert broker.port == port
    writer = Client(broker, "writer")
    writer.say("campus/d/reading", "for nobody")
    reader = Client(broker, "reader")
    reader.subscribe("campus/#")
    writer.say("campus/d/reading", "for me")
    wait_for("the message", lambda: bool(reader.got))
    assert reader.got == [(b"for me", False)]
    writer.leave()
    reader.leave()


def test_mosquitto_keeps_sessions_and_retained_messages_over_a_restart(
    mosquitto_on_path: None, tmp_path: Path
) -> None:
    broker = demo_broker.start(tmp_path, now)
    reader, writer = Client(broker, "reader"), Client(broker, "writer")
    reader.subscribe("campus/#")
    reader.leave()
    writer.say("campus/d/reading", "before")
    writer.leave()
    broker.restart()
    reader = Client(broker, "reader")
    wait_for("what was said before", lambda: reader.got == [(b"before", False)])
    reader.leave()
    broker.stop()


def test_the_broker_ends_with_the_program_that_started_it_even_when_that_is_killed(
    kind: str, tmp_path: Path
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", LIVES_ON, str(tmp_path), kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout
    port = int(parent.stdout.readline())
    assert listening(port)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    wait_for("the broker is gone", lambda: not listening(port))


def test_a_mosquitto_that_does_not_work_is_replaced_by_the_embedded_broker(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "bin" / "mosquitto"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho some library is missing >&2\nexit 127\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}{os.pathsep}{os.environ['PATH']}")
    broker = demo_broker.start(tmp_path / "data", now)
    assert broker.kind == "amqtt"
    broker.stop()


def test_the_password_stays_the_same_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    passwords = set()
    for _ in range(2):
        broker = demo_broker.start(tmp_path, now, prefer="amqtt")
        passwords.add(broker.password)
        broker.stop()
    assert len(passwords) == 1
    for name in ("broker-password", "amqtt-passwords"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
