"""Touches. The tests' own servers keep their promises, so that other tests can lean on them."""

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests import packages
from tests.servers import Mosquitto, Postgres, VictoriaMetrics, free_port, hand_over, listening, wait_for


def _publish(broker: Mosquitto, topic: str, payload: str) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect(broker.host, broker.port)
    client.loop_start()
    client.publish(topic, payload, qos=1, retain=True).wait_for_publish(30)
    client.disconnect()
    client.loop_stop()


def _retained(broker: Mosquitto, topic: str) -> list[bytes]:
    """What the broker holds on `topic`: a marker published after it tells that all of it has come."""
    came: list[bytes] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_message = lambda _client, _data, message: came.append(bytes(message.payload))
    client.connect(broker.host, broker.port)
    client.loop_start()
    client.subscribe([(topic, 1), ("marker", 1)])
    client.publish("marker", "end", qos=1)
    wait_for("the marker comes back", lambda: b"end" in came)
    client.disconnect()
    client.loop_stop()
    return [payload for payload in came if payload != b"end"]


def test_a_restarted_broker_remembers_and_a_clean_restart_forgets(mosquitto: Mosquitto) -> None:
    _publish(mosquitto, "kept", "1")
    mosquitto.restart()
    assert _retained(mosquitto, "kept") == [b"1"]
    mosquitto.restart(clean=True)
    assert _retained(mosquitto, "kept") == []


def test_what_a_broker_has_saved_survives_its_kill(mosquitto: Mosquitto) -> None:
    _publish(mosquitto, "kept", "1")
    mosquitto.save()
    mosquitto.kill()
    assert not listening(mosquitto.port)
    mosquitto.start()
    assert _retained(mosquitto, "kept") == [b"1"]


def test_no_server_runs_as_root(mosquitto: Mosquitto, postgres: Postgres) -> None:
    for server in (mosquitto, postgres):
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0


def test_two_databases_of_one_postgres_do_not_see_one_another(postgres: Postgres) -> None:
    with psycopg.connect(postgres.create("one").replace("+psycopg", "")) as one:
        one.execute("CREATE TABLE mark (id int)")
    with psycopg.connect(postgres.create("two").replace("+psycopg", "")) as two:
        assert two.execute("SELECT to_regclass('mark')").fetchone() == (None,)
    for name in ("one", "two"):
        postgres.drop(name)


def test_victoria_metrics_keeps_what_it_took_over_a_restart(victoria_metrics: VictoriaMetrics) -> None:
    write = urllib.request.Request(
        victoria_metrics.url + "/api/v2/write", b"climate value=21.5", method="POST"
    )
    urllib.request.urlopen(write, timeout=30).close()
    victoria_metrics.restart()
    export = victoria_metrics.url + "/api/v1/export?match[]=climate_value"

    def came() -> bool:
        with urllib.request.urlopen(export, timeout=30) as answer:
            return b"21.5" in answer.read()

    wait_for("the value can be read", came)


@pytest.mark.usefixtures("mosquitto")
def test_a_server_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    said = tmp_path / "pid"
    code = (
        "import os, signal, pathlib, sys\n"
        "from tests.servers import Mosquitto\n"
        "broker = Mosquitto(); broker.start()\n"
        f"pathlib.Path({str(said)!r}).write_text(str(broker.pid) + ' ' + str(broker.folder))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=packages.ROOT, check=False, stdin=subprocess.DEVNULL)
    pid, folder = said.read_text().split()
    wait_for("the orphan is ended", lambda: not _alive(int(pid)))
    wait_for("its folder is gone", lambda: not Path(folder).exists())


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_server_that_cannot_be_had_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("TOCSIN_TEST_SERVERS", "unpacked")
    monkeypatch.setattr(packages, "cache", lambda: tmp_path)
    with pytest.raises(packages.Missing, match="victoria-metrics is not installed"):
        packages.victoria_metrics()


def test_a_file_handed_over_belongs_to_who_runs_the_servers(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    hand_over(path)
    assert path.stat().st_uid == (packages.NOBODY if packages.am_root() else os.getuid())
    assert 20000 <= free_port() < 32000
