"""Touches. A Sparkplug node over a real broker: asked for a rebirth on its own topic, once, and heard."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import CallbackAPIVersion, Client, MQTTMessage

from tests.bench.service import Service, campus
from tests.fakes.sparkplug import BOOLEAN, DOUBLE, INT64, metric, payload
from tests.fakes.webhook import WebhookSink
from tests.servers import Mosquitto, wait_for
from tocsin import clock

DEVICES = [
    {"id": "edge", "kind": "gateway", "place": "b1", "owner": "li-wei", "dialect": "sparkplug",
     "address": "school/edge"},
    {"id": "smoke", "kind": "smoke_detector", "place": "b1", "owner": "li-wei", "dialect": "sparkplug",
     "address": "school/edge/d1", "gateway": "edge"},
]  # fmt: skip


class Node:
    """An edge node with one smoke detector: tells by alias, and says what it is when it is asked to."""

    def __init__(self, broker: Mosquitto) -> None:
        self.asked: list[tuple[str, bytes]] = []
        self.answers = False
        self._seq = 7
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="edge")
        self._client.on_message = self._asked
        self._client.connect("127.0.0.1", broker.port)
        self._client.subscribe("spBv1.0/+/NCMD/#", 1)
        self._client.loop_start()

    def _asked(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        self.asked.append((message.topic, message.payload))
        if self.answers:
            self.birth()

    def birth(self) -> None:
        self._seq = -1
        self._say("NBIRTH/edge", metric("bdSeq", 1, INT64), metric("Node Control/Rebirth", False, BOOLEAN))
        self._say("DBIRTH/edge/d1", metric("Smoke/Alarm", False, BOOLEAN, alias=1))

    def alias(self, value: bool) -> None:
        self._say("DDATA/edge/d1", metric(None, value, BOOLEAN, alias=1))

    def temperature(self) -> None:
        self._say("DDATA/edge/d1", metric("Temperature", 21.5, DOUBLE))

    def skip(self) -> None:
        self._seq += 1

    def _say(self, topic: str, *metrics: bytes) -> None:
        self._seq = (self._seq + 1) % 256
        body = payload(metrics, self._seq, clock.now())
        self._client.publish(f"spBv1.0/school/{topic}", body, 1).wait_for_publish(10)

    def stop(self) -> None:
        self._client.loop_stop()
        self._client.disconnect()


@pytest.fixture
def service(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Service]:
    with WebhookSink() as sink:
        more = {"broker": {"host": "127.0.0.1", "port": mosquitto.port, "dialects": {"sparkplug": None}}}
        made = Service(tmp_path, mosquitto, sink.url, more)
        values = campus(2)
        made.apply({**values, "devices": [*values["devices"], *DEVICES]})
        made.start()
        yield made
        made.stop()


@pytest.fixture
def node(mosquitto: Mosquitto) -> Iterator[Node]:
    made = Node(mosquitto)
    yield made
    made.stop()


def wanted(service: Service) -> bool:
    rows = service.rows("SELECT value FROM learned WHERE dialect = 'sparkplug' AND key LIKE 'node:%'")
    return any(json.loads(row["value"]).get("wanted") for row in rows)


def test_a_node_whose_birth_was_missed_is_asked_once_over_the_broker_and_then_understood_also_after_a_kill(
    service: Service, node: Node
) -> None:
    began = time.monotonic()

    def once_a_minute() -> bool:
        """A machine that is busy may take longer than the minute in which it is asked once."""
        return len(node.asked) <= 1 + (time.monotonic() - began) // 60

    for _ in range(40):
        node.alias(True)
    wait_for("the request", lambda: len(node.asked) >= 1)
    node.temperature()
    wait_for("all of it is committed", lambda: service.status()["messages"] >= 41)
    assert once_a_minute()
    topic, body = node.asked[0]
    assert topic == "spBv1.0/school/NCMD/edge"
    assert b"Node Control/Rebirth" in body
    assert body.endswith(b"\x70\x01"), "it is a Boolean that is true"

    node.birth()
    node.alias(True)
    wait_for(
        "the fire",
        lambda: service.rows("SELECT * FROM alert WHERE device = 'smoke' AND rule = 'smoke-alarm'"),
    )
    assert once_a_minute()

    service.kill()
    node.skip()  # a message that nobody heard
    service.start()
    node.alias(True)
    wait_for("the gap over our own absence", lambda: wanted(service))
    assert once_a_minute(), "asked within the minute already"
