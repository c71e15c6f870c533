"""Touches. The disk is full: the siren sounds, the wall says so, nothing is lost, and a start is a start."""

import contextlib
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.bench.load import Publisher, publish_packet
from tests.bench.service import Service, campus
from tests.fakes.disk import Filler, small_disk
from tests.fakes.webhook import WebhookSink
from tests.servers import Mosquitto, wait_for
from tocsin.ballast import NAME

SIREN = "campus/siren-1/command"
ALARM = b'{"boot":1,"seq":1,"values":{"smoke":"alarm"}}'


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path, 32) as made:
        yield made


@pytest.fixture
def sink() -> Iterator[WebhookSink]:
    with WebhookSink() as made:
        yield made


@pytest.fixture
def service(disk: Path, mosquitto: Mosquitto, sink: WebhookSink) -> Iterator[Service]:
    """A campus of ten devices with one siren, all of its data on the small disk. Not running yet."""
    parts = campus(10)
    parts["policies"][0]["steps"][0]["channels"] = ["siren"]
    parts["policies"][0]["repeat"]["every"] = "10s"
    siren = {"kind": "mqtt", "topics": [SIREN]}
    hook = {"kind": "webhook", "url": sink.url, "secret": "a-secret-of-the-tests-0123456789ab"}
    made = Service(disk, mosquitto, sink.url, {"channels": {"hook": hook, "siren": siren}})
    made.apply(parts)
    yield made
    made.stop()


def listen(broker: Mosquitto, topic: str) -> list[bytes]:
    heard: list[bytes] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _c, _u, message: heard.append(message.payload)
    client.connect(broker.host, broker.port)
    client.subscribe(topic, 1)
    client.loop_start()
    return heard


def on(heard: list[bytes]) -> int:
    return sum(json.loads(payload)["state"] == "on" for payload in heard)


def started(service: Service) -> bool:
    """It answers, whatever it can write."""
    assert service.process is not None
    assert service.process.poll() is None, service.log()[-3000:]
    with contextlib.suppress(Exception):
        return bool(service.status()["broker"]["life"]["granted"])
    return False


def refused(service: Service) -> subprocess.CompletedProcess[str]:
    """A start that must not succeed, to its end."""
    command = [sys.executable, "-m", "tocsin", "run", "-c", str(service.config)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def exhausted(service: Service, publisher: Publisher) -> bool:
    """Push readings until the room that the database still had within its own files is used up as well."""
    reading = b'{"values":{"temperature":21.5,"humidity":40,"voltage":3.1,"rssi":-60}}'
    publisher.blast([publish_packet("campus/d1/reading", reading, n + 1) for n in range(300)])
    for _ in range(8):
        time.sleep(0.1)
        if not service.status()["failing"]:
            return False
    return True


def recorded(service: Service) -> list[tuple[str, str]]:
    for _ in range(20):
        try:
            with sqlite3.connect(f"file:{service.folder}/data/state.db?mode=ro", uri=True) as conn:
                return conn.execute("SELECT rule, subject FROM alert WHERE alert_class = 'alarm'").fetchall()
        except sqlite3.OperationalError:  # a full disk has no room for the reader's lock either
            time.sleep(0.1)
    return []


def raise_alarm(service: Service, broker: Mosquitto) -> None:
    publisher = Publisher(broker.host, broker.port)
    wait_for("commits fail and go on failing", lambda: exhausted(service, publisher), 60)
    publisher.send(publish_packet("campus/d0/reading", ALARM, 1))


def raise_another_before(service: Service, broker: Mosquitto) -> None:
    Publisher(broker.host, broker.port).send(publish_packet("campus/d5/reading", ALARM, 1))
    wait_for("a first alert is recorded", lambda: bool(recorded(service)))


def unrecorded(sink: WebhookSink, device: str) -> list[str]:
    """The notices about a device that say that nothing could be written."""
    said = [call.json for call in list(sink.calls)]
    return [one["short"] for one in said if one["alert"]["device"] == device and "未记录" in one["short"]]


def test_a_full_disk_silences_no_fire_and_loses_nothing(
    service: Service, disk: Path, mosquitto: Mosquitto, sink: WebhookSink
) -> None:
    service.start()
    raise_another_before(service, mosquitto)
    heard = listen(mosquitto, SIREN)
    filler = Filler(disk)
    filler.keep_full()
    raise_alarm(service, mosquitto)

    wait_for("the siren sounds", lambda: on(heard))
    wait_for("people are told", lambda: unrecorded(sink, "d0"))
    wait_for("what was recorded before escalates", lambda: unrecorded(sink, "d5"))
    status = service.status()
    assert status["failing"], "the disk was not full enough to fail a commit"
    assert status["unrecorded"] == 1, "the wall must show it as NOT RECORDED"
    assert status["waiting"]["held"] >= 1, "nothing may be settled before it is on disk"
    assert recorded(service) == [("smoke-alarm", "d5/smoke")]

    filler.drop()
    wait_for("the alert is recorded", lambda: len(recorded(service)) == 2)
    wait_for("the wall forgets what is recorded now", lambda: service.status()["unrecorded"] == 0)
    wait_for("all is settled", lambda: not service.status()["waiting"]["held"])
    assert recorded(service) == [("smoke-alarm", "d5/smoke"), ("smoke-alarm", "d0/smoke")]


def test_the_service_starts_on_a_disk_that_is_full_already_again_and_again_and_a_fire_sounds(
    service: Service, disk: Path, mosquitto: Mosquitto, sink: WebhookSink
) -> None:
    service.start()
    raise_another_before(service, mosquitto)
    service.stop()
    room = (disk / "data" / NAME).stat().st_size
    filler = Filler(disk)
    for end in (service.stop, service.kill):
        filler.fill()
        service.launch()
        wait_for("it starts", lambda: started(service), 60)
        assert service.status()["faults"]["disk"]
        end()
        assert (disk / "data" / NAME).stat().st_size > room // 2, "the next start needs room as well"

    heard = listen(mosquitto, SIREN)
    filler.fill()
    service.launch()
    wait_for("it starts", lambda: started(service), 60)
    filler.keep_full()
    raise_alarm(service, mosquitto)
    wait_for("the siren sounds", lambda: on(heard))
    wait_for("people are told", lambda: unrecorded(sink, "d0"))
    wait_for("what was recorded before escalates", lambda: unrecorded(sink, "d5"))
    assert service.status()["unrecorded"] == 1
    assert recorded(service) == [("smoke-alarm", "d5/smoke")]

    filler.drop()
    wait_for("the alert is recorded", lambda: len(recorded(service)) == 2)
    wait_for("all is settled", lambda: not service.status()["waiting"]["held"])
    assert recorded(service) == [("smoke-alarm", "d5/smoke"), ("smoke-alarm", "d0/smoke")]


def test_a_broker_that_waits_for_acknowledgements_holds_no_fire_back(
    service: Service, disk: Path, mosquitto: Mosquitto
) -> None:
    """MQTT 3.1.1 and Mosquitto's own window of 20: it is used up at once, since nothing can be settled."""
    mosquitto.config[mosquitto.config.index("max_inflight_messages 2000")] = "max_inflight_messages 20"
    mosquitto.restart()
    settings = json.loads(service.config.read_text())
    settings["broker"]["protocol"] = "3.1.1"
    service.config.write_text(json.dumps(settings))
    service.start()
    heard = listen(mosquitto, SIREN)
    filler = Filler(disk)
    filler.keep_full()
    publisher = Publisher(mosquitto.host, mosquitto.port)
    wait_for("commits fail and go on failing", lambda: exhausted(service, publisher), 60)
    quiet = [publish_packet("campus/d5/reading", b'{"values":{"battery":87}}', n + 1) for n in range(40)]
    publisher.blast(quiet)
    wait_for("the ear listens", lambda: service.status()["broker"].get("ear", {}).get("granted"))
    publisher.send(publish_packet("campus/d0/reading", ALARM, 1))
    wait_for("the siren sounds", lambda: on(heard))
    assert not recorded(service)

    filler.drop()
    wait_for("the alert is recorded", lambda: bool(recorded(service)))
    wait_for("the ear has ended", lambda: "ear" not in service.status()["broker"])


def test_a_fire_that_sounded_unrecorded_sounds_again_after_a_kill_and_a_start_on_the_full_disk(
    service: Service, disk: Path, mosquitto: Mosquitto, sink: WebhookSink
) -> None:
    service.start()
    heard = listen(mosquitto, SIREN)
    filler = Filler(disk)
    filler.keep_full()
    raise_alarm(service, mosquitto)
    wait_for("the siren sounds", lambda: on(heard))
    sink.wait_for(1, timeout=30)
    service.kill()
    before = on(heard)

    filler.rest()
    service.launch()
    wait_for("it starts", lambda: started(service), 60)
    wait_for("the siren is told again", lambda: on(heard) > before)
    filler.drop()
    wait_for("the alert is recorded", lambda: bool(recorded(service)))
    assert recorded(service) == [("smoke-alarm", "d0/smoke")]


def test_where_nothing_can_be_written_a_start_ends_with_one_sentence(service: Service, disk: Path) -> None:
    service.start()
    service.stop()
    (disk / "data" / NAME).unlink()
    filler = Filler(disk)
    full = refused(service)
    filler.drop()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    read_only = refused(service)
    for done, why in ((full, "full disk"), (read_only, "read-only file system")):
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()[-1:]
        assert line.startswith(f"tocsin run: the data folder {disk}/data is on a {why}: ")
        assert "Traceback" not in done.stderr
