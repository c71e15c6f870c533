"""Touches. Alert states on a real Mosquitto: retained, emptied, made true again after whatever happened."""

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt import publish
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from alerts.alert import Alert, Life
from alerts.outward.board import Board
from alerts.outward.settings import StatesSettings
from ingest.settings import BrokerSettings
from tests.fakes.campus import NOW, registry
from tests.pure.test_outward import alert
from tests.servers import Mosquitto, wait_for
from tests.shell.test_deployed_broker import Shipped, shipped

__all__ = ["shipped"]
CAMPUS = registry()
CLOSED = Life.CLOSED


class Reader:
    """Somebody who reads the retained topics, and everything that is said on them."""

    def __init__(self, broker: Mosquitto, user: str = "", version: MQTTProtocolVersion | None = None) -> None:
        self.topics: dict[str, Any] = {}
        self.said: list[tuple[str, bytes]] = []
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=version or MQTTProtocolVersion.MQTTv311)
        if user:
            self.paho.username_pw_set(user, user)
        self.paho.on_message = self._hear
        self.paho.on_connect = lambda client, *_: client.subscribe([("tocsin/#", 1), ("homeassistant/#", 1)])
        self.paho.connect(broker.host, broker.port)
        self.paho.loop_start()

    def _hear(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        self.said.append((message.topic, message.payload))
        if message.payload:
            self.topics[message.topic] = _plain(message.payload)
        else:
            self.topics.pop(message.topic, None)

    def alerts(self) -> set[str]:
        return {topic.rpartition("/")[2] for topic in list(self.topics) if topic.startswith("tocsin/alerts/")}

    def wait(self, *codes: str) -> None:
        wait_for(f"{codes} stand there", lambda: self.alerts() == set(codes))

    def available(self, word: str) -> None:
        wait_for(word, lambda: self.topics.get("tocsin/availability") == word)


def _plain(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode()


class Publishing:
    """A board with what it reported."""

    def __init__(self, broker: Mosquitto, *alerts: Alert, **settings: Any) -> None:
        self.reports: list[tuple[str, str, str]] = []
        self.ready = True
        self.registry = CAMPUS
        self.board = Board(
            StatesSettings(),
            BrokerSettings(host=broker.host, port=broker.port, **settings),
            lambda: self.registry,
            lambda: self.ready,
            lambda: NOW,
            lambda *report: self.reports.append(report),
        )
        self.board.follow(alerts)
        self.board.start()

    def word(self) -> str:
        return self.reports[-1][1] if self.reports else ""


@pytest.fixture
def reader(mosquitto: Mosquitto) -> Iterator[Reader]:
    made = Reader(mosquitto)
    yield made
    made.paho.disconnect()
    made.paho.loop_stop()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_states_are_retained_followed_emptied_and_offline_when_tocsin_goes(
    mosquitto: Mosquitto, protocol: str
) -> None:
    mine = Publishing(mosquitto, alert(), protocol=protocol)
    late = Reader(mosquitto)  # hears what is retained, or what is said: both must make the same
    late.wait("A7K2")
    late.available("online")
    wait_for("a heartbeat", lambda: late.topics.get("tocsin/heartbeat", {}).get("ready") is True)
    assert late.topics["tocsin/state"]["worst"] == "alarm"
    assert "homeassistant/binary_sensor/tocsin/dorm_2_fire/config" in late.topics
    mine.board.follow([alert(life=CLOSED), alert(2, "B3C4")])
    late.wait("B3C4")
    another = Reader(mosquitto)
    another.wait("B3C4")  # retained
    mine.board.stop()
    late.available("offline")
    assert mine.word() == "normal"


def test_what_an_earlier_life_left_behind_is_cleared_and_the_rest_said_again(
    mosquitto: Mosquitto, reader: Reader
) -> None:
    stale = ("tocsin/alerts/GONE", "tocsin/places/torn-down",
             "homeassistant/binary_sensor/tocsin/torn_down_fire/config")  # fmt: skip
    others = ("homeassistant/binary_sensor/shed/x/config", "tocsin/elsewhere")
    for topic in (*stale, *others):
        publish.single(topic, b"{}", 1, True, mosquitto.host, mosquitto.port)
    wait_for("it stands there", lambda: len(reader.topics) == 5)
    mine = Publishing(mosquitto, alert())
    wait_for("cleared", lambda: not set(stale) & set(reader.topics))
    reader.wait("A7K2")
    assert set(others) < set(reader.topics)

    mosquitto.stop()
    mosquitto.forget()  # with everything that was retained
    wait_for("a fault", lambda: mine.word() == "fault")
    mine.board.follow([alert(life=CLOSED), alert(2, "B3C4")])
    mosquitto.start()
    fresh = Reader(mosquitto)
    fresh.wait("B3C4")
    fresh.available("online")
    wait_for("normal again", lambda: mine.word() == "normal")
    mine.board.stop()


def test_a_thousand_alerts_are_published_and_what_a_slow_broker_misses_is_only_what_is_past(
    mosquitto: Mosquitto, reader: Reader
) -> None:
    many = [alert(n, f"C{n}") for n in range(1, 1001)]
    mine = Publishing(mosquitto, *many)
    wait_for("all stand there", lambda: len(reader.alerts()) == 1000)
    os.kill(mosquitto.pid, signal.SIGSTOP)
    for turn in range(200):  # told while nobody takes anything: it holds nobody up
        mine.board.follow([alert(1, "C1", activations=turn + 2)])
    mine.board.follow([alert(n, f"C{n}", life=CLOSED) for n in range(2, 1001)])
    os.kill(mosquitto.pid, signal.SIGCONT)
    reader.wait("C1")
    wait_for("the last word", lambda: reader.topics["tocsin/alerts/C1"]["activations"] == 201)
    mine.board.stop()


def test_the_shipped_access_rules_let_tocsin_alone_publish_there(shipped: Shipped) -> None:
    mine = Publishing(shipped, alert(), username="tocsin", password="tocsin")
    reads = Reader(shipped, "tocsin")
    reads.wait("A7K2")
    reads.available("online")
    assert "homeassistant/sensor/tocsin/open/config" in reads.topics
    device = {"username": "dorm-2-305-smoke", "password": "dorm-2-305-smoke"}
    for topic in ("tocsin/alerts/FAKE", "homeassistant/sensor/tocsin/fake/config"):
        publish.single(topic, b"{}", 1, True, shipped.host, shipped.port, auth=device)
    publish.single("tocsin/alerts/LAST", b"{}", 1, False, shipped.host, shipped.port,
                   auth={"username": "tocsin", "password": "tocsin"})  # fmt: skip
    wait_for("what came after", lambda: "LAST" in reads.alerts())
    assert not any("FAKE" in topic.upper() for topic in reads.topics)
    mine.board.stop()


def test_a_broker_that_refuses_what_we_publish_is_a_fault_that_says_where_to_look(shipped: Shipped) -> None:
    name = "dorm-2-305-smoke"
    mine = Publishing(shipped, alert(), username=name, password=name, protocol="5")
    wait_for("a fault", lambda: mine.word() == "fault")
    assert "access rules" in mine.reports[-1][2]
    mine.board.stop()


def test_a_broker_that_is_not_there_is_a_fault_and_stopping_does_not_wait_for_it(
    mosquitto: Mosquitto,
) -> None:
    mosquitto.stop()
    mine = Publishing(mosquitto, alert())
    wait_for("a fault", lambda: mine.word() == "fault")
    mine.board.stop()
