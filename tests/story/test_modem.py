"""Touches. A night without the Internet: `tocsin run`, a real broker and gammu-smsd, a button on the wall.

The alarm goes out as an SMS, the guard writes back and is answered, the wall shows who has it. The next alarm
is taken by the button, and the wall shows that nobody knows who pressed it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alerts.delivery.presses import REACTION
from tests import packages
from tests.bench.load import Publisher, publish_packet
from tests.bench.service import Service
from tests.fakes.gammu import Modem
from tests.fakes.guard import Card, Guard
from tests.servers import Mosquitto, running, wait_for
from tocsin.clock import now

LI_WEI = "+8613800000001"
SLOW = 60.0  # seconds: generous

CAMPUS: dict[str, Any] = {
    "places": [
        {"id": "campus", "zh": "示范学校", "en": "Demo School"},
        {"id": "dorm-2", "zh": "2号宿舍楼", "en": "Dormitory 2", "parent": "campus"},
    ],
    "devices": [
        {"id": "smoke-305", "kind": "smoke_detector", "place": "dorm-2", "interval": 0},
        {"id": "smoke-306", "kind": "smoke_detector", "place": "dorm-2", "interval": 0},
        {
            "id": "take-hall", "kind": "take_button", "place": "dorm-2", "dialect": "zigbee2mqtt",
            "address": "dorm 2/hall", "interval": 0, "zh": "门厅按钮", "en": "Hall button",
        },
    ],
    "persons": [
        {"id": "li-wei", "zh": "李伟", "en": "Li Wei", "contacts": [{"channel": "modem", "address": LI_WEI}]}
    ],
    "posts": [{"id": "duty", "zh": "值班室", "en": "Security office", "order": ["li-wei"]}],
    "policies": [
        {
            "id": "fire", "match": {"class": ["alarm"]}, "repeat": {"every": "1h"},
            "steps": [{"after": "0s", "notify": [{"post": "duty"}]}],
        }
    ],
}  # fmt: skip


@pytest.fixture
def modem() -> Iterator[Modem]:
    try:
        made = Modem()
    except packages.Missing as missing:
        pytest.skip(str(missing))
    with running(made) as server:
        yield server


class Night:
    """One service, its modem and the guard at its wall."""

    def __init__(self, folder: Path, broker: Mosquitto, modem: Modem) -> None:
        channels = {"modem": {"kind": "gammu", "folder": str(modem.spool)}}
        self.service = Service(folder, broker, "http://127.0.0.1:1/", {"channels": channels})
        self.modem = modem
        self.service.apply(CAMPUS)
        self.service.start()
        self.guard = Guard(self.service.url)
        self.guard.makes_the_first_account(self.service.token())
        self.guard.signs_in()
        self._publisher = Publisher(broker.host, broker.port)
        self._told = 0

    def hears(self, topic: str, said: bytes) -> None:
        self._told += 1
        self._publisher.send(publish_packet(topic, said, self._told))

    def alarms(self, device: str) -> Card:
        """The device says alarm, and its alert stands on the wall."""
        self.hears(f"campus/{device}/reading", b'{"values":{"smoke":"alarm"}}')
        wait_for(f"{device} is on the wall", lambda: device in self.wall(), SLOW)
        return self.wall()[device]

    def wall(self) -> dict[str, Card]:
        return {card["device"]: card for card in self.guard.wall() if card["class"] == "alarm"}

    def sent(self, *words: str) -> str:
        """The SMS with all these words, once the modem has sent it."""
        found: list[str] = []

        def came() -> bool:
            found[:] = [one.text for one in self.modem.sent() if all(word in one.text for word in words)]
            return bool(found)

        wait_for(f"an SMS with {words}", came, SLOW)
        return found[0]

    def is_pressed(self, card: Card) -> None:
        """By somebody who has had the time to hear it."""
        wait_for("a second has passed", lambda: now() > card["sounded_at"] + REACTION)
        said = json.dumps({"action": "single", "last_seen": now()})
        self.hears("zigbee2mqtt/dorm 2/hall", said.encode())


def test_without_the_internet_a_reply_by_sms_and_a_button_on_the_wall_take_what_sounds(
    mosquitto: Mosquitto, modem: Modem, tmp_path: Path
) -> None:
    night = Night(tmp_path, mosquitto, modem)
    try:
        first = night.alarms("smoke-305")
        assert night.sent("2号宿舍楼", first["code"]).startswith("2号宿舍楼")
        modem.receive(LI_WEI, f"受理 {first['code']}")
        assert night.sent("由您受理") == f"警情{first['code']}由您受理，请前往。"
        card = night.wall()["smoke-305"]
        assert (card["acknowledged_by"], card["acknowledged_via"]) == ("li-wei", "modem")
        modem.receive(LI_WEI, f"受理 {first['code']}")
        assert night.sent("已由您受理")

        second = night.alarms("smoke-306")
        night.is_pressed(second)
        wait_for("it is taken", lambda: night.wall()["smoke-306"]["acknowledged_by"] != "", SLOW)
        card = night.wall()["smoke-306"]
        assert (card["acknowledged_by"], card["acknowledged_via"]) == ("li-wei", "button:take-hall")
        assert card["taken_at"] == {"zh": "门厅按钮", "en": "Hall button"}
        assert night.wall()["smoke-305"]["acknowledged_via"] == "modem"
        notes = night.service.rows("SELECT detail FROM alert_log WHERE alert = ?", second["id"])
        assert any("代值班室当班人员受理" in row["detail"] for row in notes)
    finally:
        night.service.kill()
