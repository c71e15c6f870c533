"""Touches. `tocsin simulate` as a person runs it, on a real Mosquitto and on the demo's embedded broker."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from ruamel.yaml import YAML

from tests.servers import Mosquitto, wait_for
from tocsin import demo_broker
from tocsin.clock import now
from tocsin.demo_broker import DemoBroker
from tocsin.simulate.campus import build, campus_file
from tocsin.simulate.scenarios import SCENARIOS

Broker = Mosquitto | DemoBroker
SIMULATE = (sys.executable, "-m", "tocsin", "simulate")
SLOW = 60.0  # seconds: generous


class Listener:
    """Hears everything; `.messages` are (topic, payload, retain) in order of arrival."""

    def __init__(self, broker: Broker, name: str = "listener") -> None:
        self.messages: list[tuple[str, bytes, bool]] = []
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=False)
        if isinstance(broker, DemoBroker):
            self.client.username_pw_set(broker.username, broker.password)
        self.client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self.client.on_message = lambda _client, _data, m: self.messages.append(
            (m.topic, bytes(m.payload), m.retain)
        )
        subscribed: list[int] = []
        self.client.on_subscribe = lambda *_: subscribed.append(1)
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        wait_for("the listener is subscribed", lambda: bool(subscribed))

    def payloads(self, topic: str) -> list[bytes]:
        return [payload for heard, payload, _ in list(self.messages) if heard == topic]

    def topics(self) -> set[str]:
        return {topic for topic, _, _ in list(self.messages)}

    def wait(self, topic: str, payload: bytes, count: int = 1) -> None:
        wait_for(
            f"{payload!r} {count} times on {topic}",
            lambda: sum(payload in heard for heard in self.payloads(topic)) >= count,
            SLOW,
        )

    def ask(self, scenario: str) -> None:
        self.wait("campus-simulator/status", b'"running"')  # before that nobody listens to what is asked
        self.client.publish("campus-simulator/scenario", scenario, 1).wait_for_publish(SLOW)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def arguments(broker: Broker, *more: str) -> list[str]:
    command = [*SIMULATE, "--port", str(broker.port), *more]
    if isinstance(broker, DemoBroker):
        command += ["--username", broker.username, "--password", broker.password]
    return command


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=SLOW, stdin=subprocess.DEVNULL)


@pytest.fixture(params=["mosquitto", "amqtt"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    if request.param == "mosquitto":
        yield request.getfixturevalue("mosquitto")
        return
    embedded = demo_broker.start(tmp_path / "broker", now, prefer="amqtt")
    yield embedded
    embedded.stop()


@pytest.fixture
def simulate() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a simulator that ends with the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start(broker: Broker, *more: str) -> subprocess.Popen[bytes]:
        command = arguments(broker, "--end-with-parent", *more)
        running.append(subprocess.Popen(command, stdin=subprocess.PIPE))
        return running[-1]

    yield start
    for process in running:
        process.terminate()
        process.wait(SLOW)


Start = Callable[..., subprocess.Popen[bytes]]


def test_the_whole_campus_is_heard_and_the_status_says_what_can_be_played(
    broker: Broker, simulate: Start
) -> None:
    listener = Listener(broker)
    simulator = simulate(broker)
    campus = build(7, 300)
    expected = {
        f"campus/{d.id}/reading" if d.dialect == "tocsin" else f"zigbee2mqtt/{d.address}"
        for d in campus.devices
        if d.id != "gw-library"
    }
    wait_for("every device has spoken", lambda: listener.topics() >= expected, SLOW)
    wait_for(
        "every gateway is online", lambda: len([t for t in listener.topics() if t.endswith("/link")]) == 7
    )
    assert listener.payloads("zigbee2mqtt/bridge/state")[0] == b'{"state":"online"}'
    status = json.loads(listener.payloads("campus-simulator/status")[-1])
    assert status["online"] is True
    assert [scenario["name"] for scenario in status["scenarios"]] == list(SCENARIOS)
    assert all(scenario["zh"] and scenario["en"] for scenario in status["scenarios"])
    simulator.terminate()
    assert simulator.wait(SLOW) == 0
    listener.wait("campus-simulator/status", b'{"online":false}')
    assert b"offline" not in listener.payloads("campus/gw-lab/link")  # it went home, it did not die
    listener.close()


def test_a_scenario_asked_for_on_the_control_topic_happens_and_ends(broker: Broker, simulate: Start) -> None:
    listener = Listener(broker)
    simulate(broker, "--devices", "60")
    listener.wait("campus/gate-guard-panic/reading", b"battery")
    listener.ask("panic")
    listener.wait("campus-simulator/status", b'"running": "panic"')
    listener.wait("campus/gate-guard-panic/reading", b'"press":"alarm"')
    listener.ask("no such thing")
    listener.wait("campus-simulator/status", b"there is no scenario 'no such thing'")
    listener.ask("all-normal")
    wait_for(
        "nothing runs",
        lambda: json.loads(listener.payloads("campus-simulator/status")[-1])["running"] is None,
        SLOW,
    )
    listener.close()


def test_a_gateway_that_dies_leaves_its_will_and_returns(broker: Broker, simulate: Start) -> None:
    listener = Listener(broker)
    simulate(broker, "--devices", "60")
    listener.wait("campus/gw-teach-b/link", b"online")
    listener.ask("gateway-death")
    listener.wait("campus/gw-teach-b/link", b"offline")
    silent_from = len(listener.messages)
    listener.ask("all-normal")
    listener.wait("campus/gw-teach-b/link", b"online", 2)
    later = [topic for topic, _, _ in listener.messages[silent_from:]]
    assert not [topic for topic in later[: later.index("campus/gw-teach-b/link")] if "/teach-b" in topic]
    second = Listener(broker, "second")
    second.wait("campus/gw-teach-b/link", b"online")
    assert [retain for topic, _, retain in second.messages if topic == "campus/gw-teach-b/link"] == [True]
    second.close()
    listener.close()


def test_what_happens_while_the_broker_is_away_is_said_when_it_is_back(
    mosquitto: Mosquitto, simulate: Start
) -> None:
    listener = Listener(mosquitto)
    simulate(mosquitto, "--devices", "60", "--scenario", "chattering-door")
    listener.wait(DOOR, b'"contact":"open"', 3)
    heard = len(listener.messages)
    mosquitto.restart()
    wait_for(
        "every gateway is back",
        lambda: len({t for t, _, _ in listener.messages[heard:] if t.endswith("/link")}) == 7,
        SLOW,
    )
    more = len(numbers(listener)) + 5
    wait_for("more chatter", lambda: len(numbers(listener)) >= more, SLOW)
    said = numbers(listener)
    assert said == set(range(1, max(said) + 1))
    listener.close()


DOOR = "campus/dorm-1-lobby-door/reading"


def numbers(listener: Listener) -> set[int]:
    return {json.loads(payload)["seq"] for payload in listener.payloads(DOOR)}


def test_a_simulator_that_is_started_before_the_broker_waits_for_it(
    mosquitto: Mosquitto, simulate: Start
) -> None:
    listener = Listener(mosquitto)
    mosquitto.stop()
    simulate(mosquitto, "--devices", "60", "--scenario", "panic")
    mosquitto.start()
    listener.wait("campus/gate-guard-panic/reading", b'"press":"alarm"')
    listener.close()


def test_a_second_simulator_is_refused_and_its_scenario_handed_to_the_first(
    mosquitto: Mosquitto, simulate: Start
) -> None:
    listener = Listener(mosquitto)
    simulate(mosquitto, "--devices", "60")
    listener.wait("campus/gate-guard-panic/reading", b"battery")
    refused = run(*arguments(mosquitto))
    assert refused.returncode == 1
    assert "a simulator runs on 127.0.0.1" in refused.stderr
    handed = run(*arguments(mosquitto, "--scenario", "panic"))
    assert handed.returncode == 0
    listener.wait("campus/gate-guard-panic/reading", b'"press":"alarm"')
    listener.close()


def test_the_simulator_ends_with_its_parent(mosquitto: Mosquitto, simulate: Start) -> None:
    simulator = simulate(mosquitto, "--devices", "60")
    assert simulator.stdin
    simulator.stdin.close()
    assert simulator.wait(SLOW) == 0


def test_a_wrong_password_is_said_in_a_sentence(tmp_path: Path) -> None:
    embedded = demo_broker.start(tmp_path, now, prefer="amqtt")
    refused = run(
        *arguments(embedded, "--password", "wrong")[:-4], "--username", "tocsin", "--password", "wrong"
    )
    embedded.stop()
    assert refused.returncode == 1
    assert f"the broker 127.0.0.1:{embedded.port} refuses us" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--devices", "3", "a campus has between 60 and 50000 devices"),
        ("--rate", "0", "a rate is more than 0"),
        ("--scenario", "fire", "there is none of that name; there are: night-fire"),
        ("--write-campus", "/no/such/folder/campus.yaml", "No such file or directory"),
    ],
)
def test_a_mistake_in_the_arguments_ends_with_two_and_a_sentence(option: str, value: str, said: str) -> None:
    done = run(*SIMULATE, option, value)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_list_names_every_scenario_in_both_languages() -> None:
    done = run(*SIMULATE, "--list")
    assert done.returncode == 0
    for scenario in SCENARIOS.values():
        assert scenario.name in done.stdout
        assert scenario.zh in done.stdout
        assert scenario.en in done.stdout


def test_the_written_campus_file_is_the_campus_that_is_simulated(tmp_path: Path) -> None:
    path = tmp_path / "campus.yaml"
    assert run(*SIMULATE, "--write-campus", str(path)).returncode == 0
    assert YAML(typ="safe").load(path) == campus_file(7, 300)
    printed = run(*SIMULATE, "--write-campus", "-")
    assert printed.stdout == path.read_text(encoding="utf-8")
