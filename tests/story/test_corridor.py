"""Touches. The whole corridor as it is installed: real broker, simulated school, `tocsin run`, a webhook.

The night fire is on the wall and on people's phones, goes on to others while nobody takes it, stops when
somebody does, and all of that survives kill -9.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tests.bench.service import Service
from tests.fakes.guard import Card, Guard
from tests.fakes.webhook import Call, WebhookSink
from tests.servers import Mosquitto, wait_for
from tocsin.simulate.campus import campus_file

SEED, DEVICES = 7, 60
ROOM, CORRIDOR = "dorm-2-305-smoke", "dorm-2-f3-corridor-smoke"
SECRET = "a-secret-of-the-story-0123456789ab"
SIREN = "campus/siren-1/command"
SLOW = 60.0  # seconds: generous
LASTING = ("id", "code", "rule", "device", "place", "raised_at", "occurrence", "acknowledged_by")


def hurried_school() -> dict[str, Any]:
    """The simulated school, whose people are told within seconds instead of minutes."""
    parts = campus_file(SEED, DEVICES)
    for policy in parts["policies"]:
        policy["repeat"] = {"every": "10s"}
        for step, after in zip(policy["steps"], ("0s", "3s", "8s"), strict=False):
            step["after"] = after
    return parts


@contextmanager
def night_fire(broker: Mosquitto) -> Iterator[None]:
    """Room 305 alarms 5 s after the beginning, the corridor 8 s later, the call point 20 s after that."""
    command = [sys.executable, "-m", "tocsin", "simulate", "--scenario", "night-fire", "--end-with-parent"]
    command += ["--port", str(broker.port), "--seed", str(SEED), "--devices", str(DEVICES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE):  # ends with its standard input
        yield


@contextmanager
def siren(broker: Mosquitto) -> Iterator[None]:
    """Hangs on the wall, and sends back the id of whatever it is told."""

    def told(client: Client, _: Any, message: MQTTMessage) -> None:
        client.publish(f"{SIREN}/ack", json.dumps({"id": json.loads(message.payload)["id"]}), 1)

    client = Client(CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe(SIREN, 1)
    client.on_message = told
    client.connect(broker.host, broker.port)
    client.loop_start()
    yield
    client.disconnect()
    client.loop_stop()


class Night:
    """One service, the phones it rings and the guard at its wall."""

    def __init__(self, folder: Path, broker: Mosquitto, phone: WebhookSink) -> None:
        channels = {
            "phone": {"kind": "webhook", "url": phone.url, "secret": SECRET},
            "siren": {"kind": "mqtt", "topics": [SIREN], "acknowledge": "{topic}/ack"},
        }
        self.service = Service(folder, broker, phone.url, {"channels": channels})
        self.phone = phone
        self.guard = Guard(self.service.url)

    def begins(self) -> None:
        self.service.apply(hurried_school())
        self.service.start()
        self.guard.makes_the_first_account(self.service.token())
        self.guard.signs_in()

    def dies_and_returns(self) -> None:
        self.service.kill()
        self.service.start()

    def alarms(self) -> dict[str, Card]:
        """device → its alarm on the wall."""
        return {card["device"]: card for card in self.guard.wall() if card["class"] == "alarm"}

    def alarm(self, device: str) -> Card:
        wait_for(f"{device} is on the wall", lambda: device in self.alarms(), SLOW)
        return self.alarms()[device]

    def calls(self, alert: int) -> list[Call]:
        return [call for call in list(self.phone.calls) if call.json["key"].startswith(f"{alert}/")]

    def came(self, alert: int) -> set[str]:
        return {call.headers["idempotency-key"] for call in self.calls(alert)}

    def owed(self, alert: int) -> set[str]:
        rows = self.service.rows("SELECT key FROM notification WHERE alert = ?", alert)
        return {row["key"] for row in rows}

    def quiet(self, alert: int) -> bool:
        """Nothing more is owed for it, and no step is to come."""
        waiting = "SELECT id FROM notification WHERE alert = ? AND due_at IS NOT NULL"
        steps = "SELECT id FROM alert WHERE id = ? AND step_due_at IS NOT NULL"
        return not (self.service.rows(waiting, alert) or self.service.rows(steps, alert))

    def has_escalated_beyond(self, moment: int) -> bool:
        """Whether a step that fell due after this moment (ms) has been done: deadlines are met in order."""
        later = "SELECT id FROM notification WHERE purpose = 'escalate' AND owed_at > ?"
        return bool(self.service.rows(later, moment))


def lasting(card: Card) -> dict[str, Any]:
    return {name: card[name] for name in LASTING}


def test_a_night_fire_is_shown_called_escalated_and_taken_and_all_of_it_survives_kill_9(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    with WebhookSink() as phone:
        night = Night(tmp_path, mosquitto, phone)
        try:
            night.begins()
            with siren(mosquitto), night_fire(mosquitto):
                fire = shown_and_called(night)
                assert ">status_" not in night.guard.reads("/system")
                the_siren_has_acknowledged(night, fire)
                goes_on_after_a_kill(night, fire)
                taken, next_step = stops_when_it_is_taken(night, fire)
                stays_taken_after_a_kill(night, taken, next_step)
        finally:
            night.service.kill()


def shown_and_called(night: Night) -> Card:
    fire = night.alarm(ROOM)
    wait_for("the people on duty are called", lambda: bool(night.calls(fire["id"])), SLOW)
    call = night.calls(fire["id"])[0]
    assert call.signed_with(SECRET)
    assert call.json["purpose"] == "raise"
    assert fire["code"] in call.json["short"]
    return fire


def the_siren_has_acknowledged(night: Night, fire: Card) -> None:
    proven = "SELECT id FROM notification WHERE alert = ? AND channel = 'siren' AND state = 'delivered'"
    wait_for("the siren is known to sound", lambda: bool(night.service.rows(proven, fire["id"])), SLOW)


def goes_on_after_a_kill(night: Night, fire: Card) -> None:
    before = night.came(fire["id"])
    night.dies_and_returns()
    assert lasting(night.alarms()[ROOM]) == lasting(fire)
    wait_for(
        "others are called, since nobody took it",
        lambda: any(key.endswith("/escalate") for key in night.came(fire["id"]) - before),
        SLOW,
    )


def stops_when_it_is_taken(night: Night, fire: Card) -> tuple[Card, int]:
    """The alert as it is taken, and when its next step would have been due."""
    next_step = night.alarms()[ROOM]["step_due_at"]
    assert night.guard.takes([fire["id"]]) == [fire["id"]]
    taken = night.alarms()[ROOM]
    assert taken["acknowledged_by"] == night.guard.name
    assert taken["step_due_at"] is None
    return taken, next_step


def stays_taken_after_a_kill(night: Night, taken: Card, next_step: int) -> None:
    owed = night.owed(taken["id"])
    night.dies_and_returns()
    assert lasting(night.alarms()[ROOM]) == lasting(taken)
    wait_for("the corridor, which nobody took, goes on", lambda: night.has_escalated_beyond(next_step), SLOW)
    wait_for("what was owed for the room is settled", lambda: night.quiet(taken["id"]), SLOW)
    assert night.alarms()[CORRIDOR]["step_due_at"]
    assert night.owed(taken["id"]) == owed
    assert night.came(taken["id"]) <= owed
