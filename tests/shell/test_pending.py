"""Touches. A device nobody registered: seen in the tray, completed in a file, registered, and heard."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.publish import single
from ruamel.yaml import YAML

from ingest.tray import CHANGED
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


def config(topic: str) -> str:
    return json.dumps({"device_class": "smoke", "state_topic": topic, "unique_id": "n7",
                       "device": {"identifiers": ["n7"], "name": "Hall"}})  # fmt: skip


def test_a_proposal_that_changes_after_it_was_approved_waits_to_be_approved_anew(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    yaml, path, proposals = YAML(), tmp_path / "new.yaml", "homeassistant/binary_sensor/n7/config"
    dialects = {"homeassistant": None, "zigbee2mqtt": None}
    broker = {"host": "127.0.0.1", "port": mosquitto.port, "dialects": dialects}
    with WebhookSink() as sink:
        service = Service(tmp_path, mosquitto, sink.url, {"broker": broker})
        at = ("-c", str(service.config))

        def said() -> list[str]:
            rows = ask(service.folder / "data" / "control.sock", do="pending", forget="")
            return [f"{row['name']}: {row['said']}" for row in rows]

        def completed(**more: str) -> None:
            path.write_text(service.tocsin("pending", "--yaml", *at), "utf-8")
            values = yaml.load(path)
            for device in values.get("devices", ()):
                device |= {"place": "b1", "owner": "li-wei", **more}
            yaml.dump(values, path)

        service.apply(campus(2))
        service.start()
        try:
            single(proposals, config("n/7"), 1, True, "127.0.0.1", mosquitto.port)
            wait_for("the proposal", lambda: said() == ["Hall: "])
            completed()
            service.tocsin("apply", str(path), "--add", "--yes", *at)
            single(proposals, config("n/8"), 1, True, "127.0.0.1", mosquitto.port)
            wait_for("the change", lambda: said() == [f"Hall: {CHANGED}"])
            assert "state_topic was 'n/7', now 'n/8'" in service.tocsin("pending", *at)
            publish(mosquitto, "n/7", "ON")
            wait_for("the approved topic", lambda: service.rows("SELECT * FROM alert WHERE device = 'Hall'"))
            completed()
            assert "devices" not in yaml.load(path)
            written = service.tocsin("apply", str(path), "--add", "--yes", *at)
            assert "~ approvals n7" in written
            wait_for("nothing waits", lambda: said() == [])

            values = {"devices": [{"id": "twice", "kind": "smoke_detector", "place": "b1", "owner": "li-wei",
                                   "dialect": "zigbee2mqtt", "address": "hall"}]}  # fmt: skip
            document = yaml.load(path)
            entity = next(iter(document["approvals"][0]["entities"].values()))
            entity["state_topic"] = "zigbee2mqtt/hall"
            yaml.dump({**values, "approvals": document["approvals"]}, path)
            with pytest.raises(RuntimeError, match="is that of device"):
                service.tocsin("apply", str(path), "--add", "--yes", *at)
        finally:
            service.stop()


def alerts(service: Service) -> list[dict[str, object]]:
    names = ("id", "rule", "subject", "device", "place", "activity", "open")
    rows = service.rows(f"SELECT {', '.join(names)} FROM alert WHERE device_kind <> 'service' ORDER BY id")
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_the_alert_of_a_stranger_is_that_of_the_device_as_soon_as_it_is_registered(
    service: Service, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    publish(mosquitto, "campus/lib-smoke/reading", b'{"values":{"smoke":"alarm"}}')
    wait_for("it is raised", lambda: any(one["rule"] == "unregistered-alarm" for one in alerts(service)))
    (before,) = [one for one in alerts(service) if one["rule"] == "unregistered-alarm"]
    path = tmp_path / "new.yaml"
    device = {"id": "lib-smoke", "kind": "smoke_detector", "place": "b1", "owner": "li-wei"}
    YAML().dump({"devices": [device]}, path)
    service.tocsin("apply", str(path), "--add", "--yes", "-c", str(service.config))
    wait_for("it has its place", lambda: any(one["place"] == "b1" for one in alerts(service)))
    (after,) = [one for one in alerts(service) if one["id"] == before["id"]]
    assert (after["device"], after["subject"]) == ("lib-smoke", "lib-smoke/smoke")
    assert (after["rule"], after["activity"]) == ("smoke-alarm", "active")
    assert [one["id"] for one in alerts(service) if one["open"]] == [before["id"]]
    publish(mosquitto, "campus/lib-smoke/reading", b'{"values":{"smoke":"normal"}}')
    wait_for("its end is heard", lambda: alerts(service)[-1]["activity"] == "normal")
