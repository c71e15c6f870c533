"""Touches. The whole service: one fire is told to Home Assistant, as events, and to an Alertmanager."""

import time
from pathlib import Path

from paho.mqtt import publish

from tests.bench.service import Service, campus
from tests.fakes.alertmanager import Alertmanager
from tests.fakes.webhook import WebhookSink
from tests.servers import Mosquitto, wait_for
from tests.shell.test_states import Reader


def test_one_fire_is_told_everywhere_and_a_kill_shows(tmp_path: Path, mosquitto: Mosquitto) -> None:
    with WebhookSink() as hook, WebhookSink() as sink, Alertmanager() as prometheus:
        interfaces = {
            "states": {"language": "en"},
            "cloudevents": {"helpdesk": {"url": sink.url}},
            "alertmanager": {"url": prometheus.url},
        }
        dialects = {"host": mosquitto.host, "port": mosquitto.port, "dialects": {"homeassistant": None}}
        service = Service(tmp_path, mosquitto, hook.url, {"broker": dialects, "interfaces": interfaces})
        service.apply(campus(10))
        service.start()
        reader = Reader(mosquitto)
        reader.available("online")
        assert reader.alerts() == set()
        publish.single("campus/d0/reading", b'{"values": {"smoke": "alarm"}}', 1, False,
                       mosquitto.host, mosquitto.port)  # fmt: skip
        wait_for("it stands there", lambda: len(reader.alerts()) == 1)
        wait_for("the building", lambda: reader.topics["tocsin/places/b0"]["fire"] == 1)
        config = reader.topics["homeassistant/binary_sensor/tocsin/b0_fire/config"]
        assert config["device"]["name"] == "Building 0"
        wait_for("an event", lambda: any(c.json["type"] == "tocsin.alert.raised" for c in sink.calls))
        now = int(time.monotonic())  # any moment of the past
        wait_for("it fires there", lambda: any(
            one["labels"]["alertname"].endswith("smoke-alarm") for one in prometheus.firing(now)
        ))  # fmt: skip
        assert "interfaces" not in service.status()["faults"]
        service.kill()
        reader.available("offline")  # its last will
