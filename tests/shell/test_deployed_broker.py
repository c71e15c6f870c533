"""Touches. The Mosquitto configuration that we ship, really run: nothing is lost silently."""

import re
import socket
import ssl
from collections.abc import Iterator

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from ingest.dialects import DIALECTS
from tests import packages
from tests.servers import HOST, Mosquitto, free_port, hand_over, run_as_nobody, running, wait_for
from tocsin import cert

SHIPPED = packages.ROOT / "deploy" / "mosquitto"
ACCOUNTS = ("tocsin", "dorm-2-305-smoke", "zigbee2mqtt", "gateway")


class Shipped(Mosquitto):
    """Mosquitto with deploy/mosquitto, its paths and its port rewritten and nothing else."""

    tls_port = 0

    def arguments(self) -> list[str]:
        text = (SHIPPED / "mosquitto.conf").read_text()
        for there in ("/etc/mosquitto/", "/var/lib/mosquitto/"):
            text = text.replace(there, f"{self.folder}/")
        assert "\nlistener 1883\n" in text
        text = text.replace("\nlistener 1883\n", f"\nlistener {self.port} {HOST}\n")
        if self.tls_port:
            text = re.sub(
                r"^#(?=(listener|cafile|certfile|keyfile|tls_version) )", "", text, flags=re.MULTILINE
            )
            text = text.replace("\nlistener 8883\n", f"\nlistener {self.tls_port} {HOST}\n")
        path = self.folder / "mosquitto.conf"
        path.write_text(text)
        hand_over(path)
        return ["-c", str(path)]

    def install(self) -> None:
        """The ACL, and an account for each of ACCOUNTS with its own name as password. The
        gateway's is what an administrator adds."""
        passwords, acl = self.folder / "passwords", self.folder / "acl"
        acl.write_text((SHIPPED / "acl").read_text() + "\nuser gateway\ntopic write #\n")
        passwords.touch()
        for path in (passwords, acl):
            hand_over(path)
        for name in ACCOUNTS:
            run_as_nobody(packages.mosquitto_passwd(), "-b", str(passwords), name, name)


@pytest.fixture
def shipped() -> Iterator[Shipped]:
    try:
        broker = Shipped()
    except packages.Missing as missing:
        pytest.skip(str(missing))
    broker.install()
    with running(broker):
        yield broker


class Client:
    """A paho client with what it has received; `with` disconnects it and leaves its session behind."""

    def __init__(self, broker: Mosquitto, name: str, topic: str = "") -> None:
        self.came: list[mqtt.MQTTMessage] = []
        self.granted: list[object] = []
        self.paho = mqtt.Client(
            CallbackAPIVersion.VERSION2, name, clean_session=False, protocol=MQTTProtocolVersion.MQTTv311
        )
        self.paho.username_pw_set(name, name)
        self.paho.max_inflight_messages_set(1000)
        self.paho.on_message = lambda _client, _data, message: self.came.append(message)
        self.paho.on_subscribe = lambda *_: self.granted.append(1)
        self.paho.connect(broker.host, broker.port)
        self.paho.loop_start()
        if topic:
            self.paho.subscribe(topic, 1)
            wait_for("the subscription is granted", lambda: bool(self.granted))

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()

    def publish(self, topic: str, payloads: range, qos: int = 1) -> None:
        """Publishes the numbers, and returns when the broker has acknowledged them all."""
        sent = [self.paho.publish(topic, str(number), qos=qos) for number in payloads]
        for each in sent:
            each.wait_for_publish(60)

    def numbers(self) -> set[int]:
        return {int(message.payload) for message in self.came}


def _leave_a_session(broker: Mosquitto) -> None:
    with Client(broker, "tocsin", "campus/+/reading"):
        pass


def test_20000_messages_to_an_absent_session_all_come(shipped: Shipped) -> None:
    _leave_a_session(shipped)
    with Client(shipped, "dorm-2-305-smoke") as device:
        device.publish("campus/dorm-2-305-smoke/reading", range(20000))
    with Client(shipped, "tocsin") as tocsin:
        wait_for("20,000 messages come", lambda: len(tocsin.came) >= 20000)
        assert tocsin.numbers() == set(range(20000))


def test_a_message_published_at_qos_0_waits_and_arrives_at_qos_1(shipped: Shipped) -> None:
    _leave_a_session(shipped)
    with Client(shipped, "dorm-2-305-smoke") as device:
        device.publish("campus/dorm-2-305-smoke/reading", range(100), qos=0)
    with Client(shipped, "tocsin") as tocsin:
        wait_for("100 messages come", lambda: len(tocsin.came) >= 100)
        assert {message.qos for message in tocsin.came} == {1}


def test_what_waits_survives_a_kill_of_the_broker_after_its_next_save(shipped: Shipped) -> None:
    _leave_a_session(shipped)
    with Client(shipped, "dorm-2-305-smoke") as device:
        device.publish("campus/dorm-2-305-smoke/reading", range(1000))
    for _ in range(2):  # the first of two may have begun before the last message came
        before = shipped.written()
        wait_for("mosquitto saves by itself", lambda: shipped.written() != before)  # noqa: B023
    shipped.kill()
    shipped.start()
    with Client(shipped, "tocsin") as tocsin:
        wait_for("1,000 messages come", lambda: len(tocsin.came) >= 1000)
        assert tocsin.numbers() == set(range(1000))


def test_a_clean_stop_of_the_broker_loses_nothing(shipped: Shipped) -> None:
    _leave_a_session(shipped)
    with Client(shipped, "dorm-2-305-smoke") as device:
        device.publish("campus/dorm-2-305-smoke/reading", range(1000))
    shipped.restart()
    with Client(shipped, "tocsin") as tocsin:
        wait_for("1,000 messages come", lambda: len(tocsin.came) >= 1000)


def test_a_device_can_speak_only_for_itself(shipped: Shipped) -> None:
    with Client(shipped, "tocsin", "campus/+/reading") as tocsin:
        with Client(shipped, "dorm-2-305-smoke") as device:
            device.publish("campus/another/reading", range(1))
            device.publish("campus/dorm-2-305-smoke/reading", range(1, 2))
        wait_for("its own reading comes", lambda: 1 in tocsin.numbers())
        assert tocsin.numbers() == {1}


def test_tocsin_hears_every_base_of_every_dialect_and_what_is_mapped(shipped: Shipped) -> None:
    bases = {base for one in DIALECTS.values() for base in one.BASES}
    topics = {f"{base}/a/b".lstrip("/") for base in bases} | {"somewhere/mapped"}
    with Client(shipped, "tocsin", "#") as tocsin, Client(shipped, "gateway") as gateway:
        for topic in topics:
            gateway.publish(topic, range(1))
        wait_for("all of them are heard", lambda: {message.topic for message in tocsin.came} >= topics)


def test_tocsin_can_reach_its_loop_its_sirens_and_zigbee(shipped: Shipped) -> None:
    topics = ("campus/tocsin/reading", "campus/siren-1/command", "zigbee2mqtt/hall/siren/set")
    with Client(shipped, "tocsin", "campus/+/reading") as tocsin, Client(shipped, "zigbee2mqtt") as bridge:
        bridge.paho.subscribe("zigbee2mqtt/#", 1)
        wait_for("the subscription is granted", lambda: bool(bridge.granted))
        for topic in topics:
            tocsin.publish(topic, range(1))
        wait_for("the loop returns", lambda: bool(tocsin.came))
        wait_for("the siren hears", lambda: bool(bridge.came))


def test_the_tls_listener_works_when_its_marks_are_taken_away(shipped: Shipped) -> None:
    made = cert.make(shipped.folder / "tls", ["127.0.0.1"], 1_795_337_000_000)
    for path in (made.ca.parent, made.ca, made.cert, made.key):
        hand_over(path)
    shipped.stop()
    shipped.tls_port = free_port()
    shipped.start()
    context = ssl.create_default_context(cafile=str(made.ca))
    with (
        socket.create_connection((HOST, shipped.tls_port)) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as wrapped,
    ):
        assert wrapped.version() in ("TLSv1.2", "TLSv1.3")


def test_nobody_connects_without_a_password(shipped: Shipped) -> None:
    refused: list[object] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: refused.append(reason)
    client.connect(shipped.host, shipped.port)
    client.loop_start()
    wait_for("the broker answers", lambda: bool(refused))
    client.disconnect()
    client.loop_stop()
    assert str(refused[0]) == "Not authorized"
