"""Touches. Sirens and lamps that acknowledge: what proves that one sounds, and what becomes of silence."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import ValidationError

from alerts.delivery.channels import build
from alerts.delivery.channels.acknowledged import Acknowledged
from alerts.delivery.channels.channel import Arrival, Asked, Progress, Tracked
from alerts.delivery.channels.mqtt import MqttSettings
from alerts.delivery.message import Purpose
from ingest.broker import Session
from ingest.settings import BrokerSettings
from tests.servers import Mosquitto, wait_for
from tests.shell.test_channels import HOOTER, LAMP, NOTICE, Broker, about, clear
from tocsin import acks
from tocsin.clock import now

SENT = 1_795_337_000_000


class Siren:
    """The channel, with the two things it drives, on a broker that only remembers."""

    def __init__(self, **settings: Any) -> None:
        self.now = SENT
        self.broker = Broker()
        known = {"kind": "mqtt", "topics": [HOOTER, LAMP], "acknowledge": "{topic}/ack", **settings}
        made = MqttSettings.model_validate(known)
        channel = build({"siren": made}, self.broker.publish, lambda moment: None, lambda: self.now)["siren"]
        assert isinstance(channel, Acknowledged)
        self.channel = channel

    def ask(self, receipt: str, after: int = 0, address: str = "") -> list[Progress]:
        self.now = SENT + after
        return self.channel.ask([Asked(receipt, address, SENT)])

    def ids(self) -> list[str]:
        return [payload["id"] for _, payload, _ in self.broker.published]


@pytest.fixture
def siren() -> Siren:
    return Siren()


def test_what_is_told_bears_an_id_and_it_is_delivered_when_each_has_sent_it_back(siren: Siren) -> None:
    receipt = siren.channel.send(NOTICE)
    assert siren.ids() == [receipt.id] * 2
    assert siren.ask(receipt.id) == []
    siren.now = SENT + 900
    siren.channel.answered(f"{HOOTER}/ack", json.dumps({"id": receipt.id, "db": 95}).encode())
    assert siren.ask(receipt.id, 1_000) == []
    siren.channel.answered(f"{LAMP}/ack", receipt.id.encode())
    assert siren.ask(receipt.id, 2_000) == [Progress(receipt.id, Arrival.DELIVERED, SENT + 1_000)]


def test_one_that_stays_silent_is_named_when_its_time_is_over(siren: Siren) -> None:
    receipt = siren.channel.send(NOTICE)
    siren.channel.answered(f"{HOOTER}/ack", receipt.id.encode())
    assert siren.ask(receipt.id, 119_999) == []
    (lost,) = siren.ask(receipt.id, 120_000)
    assert lost.arrival is Arrival.LOST
    assert lost.detail == f"no acknowledgement within 120 s from {LAMP}"
    assert lost.zh == f"120 秒内未收到确认：{LAMP}"
    assert not lost.dead


def test_a_repeat_has_the_same_id_and_another_notice_another(siren: Siren) -> None:
    first, again = siren.channel.send(NOTICE), siren.channel.send(NOTICE)
    other = siren.channel.send(replace(NOTICE, key="another"))
    assert first.id == again.id != other.id
    assert "li-wei" not in first.id


def test_an_all_clear_while_another_alert_sounds_on_is_acknowledged_as_itself(siren: Siren) -> None:
    other = replace(about(8, "B8L3"), key="8")
    siren.channel.send(NOTICE)
    siren.channel.send(other)
    end = siren.channel.send(replace(clear(other), key="8/clear"))
    topic, payload, _ = siren.broker.published[-1]
    assert (topic, payload["state"], payload["code"], payload["id"]) == (LAMP, "on", "A7K2", end.id)


def test_a_try_is_acknowledged_too(siren: Siren) -> None:
    receipt = siren.channel.send(replace(NOTICE, purpose=Purpose.TEST, key="test/1"))
    assert siren.ids() == [receipt.id] * 2


@pytest.mark.parametrize(
    "payload",
    [b"", b"ok", b"{}", b'{"id": 7}', b'{"id": null}', b"[1]", b"\xff\xfe", b"x" * 2_000, b"{" * 900],
)
def test_what_is_no_acknowledgement_proves_nothing(siren: Siren, payload: bytes) -> None:
    receipt = siren.channel.send(NOTICE)
    for topic in (f"{HOOTER}/ack", f"{LAMP}/ack"):
        siren.channel.answered(topic, payload)
    assert siren.ask(receipt.id) == []


def test_the_id_of_another_notice_or_on_another_topic_proves_nothing(siren: Siren) -> None:
    receipt, other = siren.channel.send(NOTICE), siren.channel.send(replace(NOTICE, key="another"))
    for topic, mark in (
        (f"{HOOTER}/ack", other.id),
        (f"{LAMP}/ack", other.id),
        ("campus/else/ack", receipt.id),
    ):
        siren.channel.answered(topic, mark.encode())
    assert siren.ask(receipt.id) == []


def test_a_topic_that_is_a_contacts_address_is_listened_to_from_its_first_notice_on(siren: Siren) -> None:
    more: list[int] = []
    siren.channel.more = lambda: more.append(1)
    gate = replace(NOTICE, address="campus/gate-hooter/command")
    for _ in range(2):
        receipt = siren.channel.send(gate)
    assert more == [1]
    assert siren.channel.answers_on() == [f"{HOOTER}/ack", f"{LAMP}/ack", "campus/gate-hooter/command/ack"]
    siren.channel.answered("campus/gate-hooter/command/ack", receipt.id.encode())
    (told,) = siren.ask(receipt.id, address=gate.address)
    assert told.arrival is Arrival.DELIVERED


def test_without_acknowledge_a_siren_claims_no_more_than_the_brokers_yes() -> None:
    plain = MqttSettings(kind="mqtt", topics=[HOOTER])
    channel = build({"siren": plain}, Broker().publish, lambda moment: None, lambda: SENT)["siren"]
    assert not isinstance(channel, Tracked)
    assert channel.send(NOTICE).id == ""
    assert acks.session({"siren": channel}, BrokerSettings(), now) is None


@pytest.mark.parametrize(
    "acknowledge", ["campus/acks", "{topic}", "{topic}/+", "{topic}/#", "{other}/{topic}"]
)
def test_an_acknowledgement_must_tell_who_it_comes_from(acknowledge: str) -> None:
    with pytest.raises(ValidationError, match="acknowledge"):
        Siren(acknowledge=acknowledge)


@pytest.fixture
def running(mosquitto: Mosquitto) -> Any:
    """The channel on a real broker, with the session that hears its acknowledgements."""
    stop: list[Callable[[], Any]] = []

    def started(device: Callable[[Client, MQTTMessage], object]) -> Acknowledged:
        broker = BrokerSettings(host=mosquitto.host, port=mosquitto.port)
        out = Session("all", broker, lambda: ["nothing/here"], lambda messages: None, lambda *said: None, now)
        made = MqttSettings(kind="mqtt", topics=[HOOTER], acknowledge="{topic}/ack")
        channel = build({"siren": made}, out.publish, lambda moment: None, now)["siren"]
        assert isinstance(channel, Acknowledged)
        ears = acks.session({"siren": channel}, broker, now)
        assert ears is not None
        far = Client(CallbackAPIVersion.VERSION2)
        far.on_message = lambda client, _, message: device(client, message)
        far.connect(mosquitto.host, mosquitto.port)
        far.subscribe("campus/#", 1)
        far.loop_start()
        for session in (out, ears):
            session.start()
            stop.append(session.stop)
            assert session.ever_granted.wait(20)
        stop.append(far.loop_stop)
        return channel

    yield started
    for end in stop:
        end()


def test_over_a_real_broker_a_siren_that_answers_is_known_to_have_sounded(running: Any) -> None:
    def obedient(client: Client, message: MQTTMessage) -> None:
        if message.topic in (HOOTER, "campus/gate-hooter/command"):
            client.publish(f"{message.topic}/ack", json.dumps({"id": json.loads(message.payload)["id"]}), 1)

    channel = running(obedient)
    receipt = channel.send(NOTICE)
    wait_for("the acknowledgement", lambda: bool(channel.ask([Asked(receipt.id, "", now())])))
    (told,) = channel.ask([Asked(receipt.id, "", now())])
    assert told.arrival is Arrival.DELIVERED
    gate = "campus/gate-hooter/command"
    sent: list[Asked] = []

    def heard() -> bool:  # the first may be answered before we listen
        notice = replace(NOTICE, key=f"gate/{len(sent)}", address=gate)
        sent.append(Asked(channel.send(notice).id, gate, now()))
        return bool(channel.ask(sent))

    wait_for("an acknowledgement from an address", heard)
