"""Touches. A device nobody registered: seen in the tray, completed in a file, registered, and heard."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.publish import single
from ruamel.yaml import YAML

from tests.bench.service import Service, campus
from tests.fakes.webhook import WebhookSink
from tests.servers import Mosquitto, wait_for
from tocsin.control import ask


def publish(broker: Mosquitto, topic: str, body: str | bytes) -> None:
    single(topic, body, qos=1, hostname="127.0.0.1", port=broker.port)


def waits(service: Service) -> bool:
    rows = ask(service.folder / "data" / "control.sock", do="pending", forget="")
    return any(row["address"] == "door-new" for row in rows)


@pytest.fixture
def service(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Service]:
    with WebhookSink() as sink:
        made = Service(tmp_path, mosquitto, sink.url)
        made.apply(campus(10))
        made.start()
        yield made
        made.stop()


def test_a_device_that_speaks_waits_until_it_is_registered_from_the_file_that_pending_makes(
    service: Service, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    config = ("-c", str(service.config))
    body = json.dumps({"values": {"contact": "open", "battery": 80}})
    publish(mosquitto, "campus/door-new/reading", body)
    wait_for("it waits", lambda: waits(service))
    told = service.tocsin("pending", *config)
    assert "contact open, battery 80.0" in told
    assert "1 devices are not registered" in told

    yaml, path = YAML(), tmp_path / "new.yaml"
    path.write_text(service.tocsin("pending", "--yaml", *config), "utf-8")
    values = yaml.load(path)
    values["devices"][0] |= {"kind": "door", "place": "b1", "owner": "li-wei"}
    yaml.dump(values, path)
    written = service.tocsin("apply", str(path), "--add", "--yes", *config)
    assert "devices: 1 added, 0 changed, 0 of 10 removed" in written
    assert service.status()["devices"] == 12
    assert "0 devices are not registered" in service.tocsin("pending", *config)
    publish(mosquitto, "campus/door-new/reading", body)
    wait_for("it is heard", lambda: service.rows("SELECT * FROM latest WHERE device = 'door-new'"))


def test_a_stranger_that_is_forgotten_comes_back_when_it_speaks_again(
    service: Service, mosquitto: Mosquitto
) -> None:
    config = ("-c", str(service.config))
    publish(mosquitto, "campus/door-new/reading", b'{"values": {"contact": "open"}}')
    wait_for("it waits", lambda: waits(service))
    (name,) = [
        line.split()[0] for line in service.tocsin("pending", *config).splitlines() if "tocsin" in line
    ]
    assert "0 devices are not registered" in service.tocsin("pending", "--forget", name, *config)
    publish(mosquitto, "campus/door-new/reading", b'{"values": {"contact": "open"}}')
    wait_for("it is back", lambda: waits(service))
