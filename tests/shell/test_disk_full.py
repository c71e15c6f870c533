"""Touches. The disk is full: the siren sounds, the wall says so, nothing is lost."""

import contextlib
import json
import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.bench.load import Publisher, publish_packet
from tests.bench.service import Service, campus
from tests.fakes.webhook import WebhookSink
from tests.servers import Mosquitto, wait_for

SIREN = "campus/siren-1/command"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MB."""
    if os.geteuid() != 0:
        pytest.skip("a small file system can only be mounted by root")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tocsin-test", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def listen(broker: Mosquitto, topic: str) -> list[bytes]:
    heard: list[bytes] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _c, _u, message: heard.append(message.payload)
    client.connect(broker.host, broker.port)
    client.subscribe(topic, 1)
    client.loop_start()
    return heard


class Ballast:
    """Takes all the room there is, and all that is given back, until it is dropped."""

    def __init__(self, disk: Path) -> None:
        self._path = disk / "ballast"
        self._file = self._path.open("wb", buffering=0)
        self._dropped = threading.Event()
        self._fill()
        self._thread = threading.Thread(target=self._keep_full, daemon=True)
        self._thread.start()

    def _fill(self) -> None:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    self._file.write(b"\0" * size)

    def _keep_full(self) -> None:
        while not self._dropped.wait(0.002):
            self._fill()

    def drop(self) -> None:
        self._dropped.set()
        self._thread.join()
        self._file.close()
        self._path.unlink()


def test_a_full_disk_silences_no_fire_and_loses_nothing(small_disk: Path, mosquitto: Mosquitto) -> None:
    parts = campus(10)
    parts["policies"][0]["steps"][0]["channels"] = ["siren"]
    siren = {"kind": "mqtt", "topics": [SIREN]}
    with WebhookSink() as sink:
        hook = {"kind": "webhook", "url": sink.url, "secret": "a-secret-of-the-test"}
        service = Service(small_disk, mosquitto, sink.url, {"channels": {"hook": hook, "siren": siren}})
        service.apply(parts)
        service.start()
        try:
            heard = listen(mosquitto, SIREN)
            ballast = Ballast(small_disk)
            publisher = Publisher(mosquitto.host, mosquitto.port)
            wait_for("commits fail and go on failing", lambda: exhausted(service, publisher), 60)
            alarm = b'{"boot":1,"seq":1,"values":{"smoke":"alarm"}}'
            publisher.send(publish_packet("campus/d0/reading", alarm, 1))

            wait_for("the siren sounds", lambda: any(json.loads(h)["state"] == "on" for h in heard))
            calls = sink.wait_for(1, timeout=30)
            assert "未记录" in calls[0].json["short"]
            status = service.status()
            assert status["failing"], "the disk was not full enough to fail a commit"
            assert status["unrecorded"] == 1, "the wall must show it as NOT RECORDED"
            assert status["waiting"]["held"] >= 1, "nothing may be settled before it is on disk"
            assert not recorded(service)

            ballast.drop()
            wait_for("the alert is recorded", lambda: bool(recorded(service)))
            wait_for("the wall forgets what is recorded now", lambda: service.status()["unrecorded"] == 0)
            wait_for("all is settled", lambda: not service.status()["waiting"]["held"])
            assert recorded(service) == [("smoke-alarm", "d0/smoke")]
        finally:
            service.stop()


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
