"""Touches. A shift begins at the real service: broker, rule, desk and a phone, and the answer on the wall.

The clock of the service is set forward by the test; everything else is as it is installed.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts import store
from alerts.delivery import canaries
from alerts.delivery.canaries import Canary
from tests.bench.service import Service, campus
from tests.fakes.guard import Guard
from tests.fakes.webhook import WebhookSink
from tests.servers import Mosquitto, wait_for
from tocsin import clock, config
from tocsin.canary import Canaries
from tocsin.run import Tocsin

SLOW = 60.0  # seconds: generous
CN = ZoneInfo("Asia/Shanghai")
EVENING = int(datetime(2026, 11, 20, 19, 0, tzinfo=CN).timestamp()) * 1000
HOUR, MINUTE = 3_600_000, 60_000


class Hands:
    """The clock of a service: it goes, and is set forward."""

    def __init__(self) -> None:
        self._ahead = EVENING - clock.now()

    def __call__(self) -> int:
        return clock.now() + self._ahead

    def forward_to(self, moment: int) -> None:
        self._ahead = moment - clock.now()


class Night:
    """One service in this process. `look` is what its watch does every 15 s."""

    def __init__(self, folder: Path, broker: Mosquitto, phone: WebhookSink) -> None:
        self.now, self.phone = Hands(), phone
        self.service = Service(folder, broker, phone.url, {"alerts": {"canary": {"daily": "20:00"}}})
        self.service.apply(campus(5))
        self.starts()

    def starts(self) -> None:
        self.tocsin = Tocsin(config.load(self.service.config, {}), now=self.now)
        self.tocsin.start()
        self._canaries = Canaries(self.tocsin)
        self._canaries._since = EVENING  # a restart is not the first start of the post
        wait_for("it receives", lambda: self.tocsin.status()["ready"], SLOW)

    def stops(self) -> None:
        self.tocsin.stop()

    def looks_until(self, what: str, result: str, accepted: bool = False) -> Canary:
        """The newest receipt, once it has come to this result (and, if so wanted, the gateway has it)."""

        def has_come() -> bool:
            self._canaries.look()
            newest = next(iter(self.rows()), None)
            known = newest is not None and newest.result == result
            return known and (not accepted or newest.accepted_at is not None)

        wait_for(what, has_come, SLOW)
        return self.rows()[0]

    def rows(self) -> list[Canary]:
        with self.tocsin.database.read() as conn:
            return canaries.latest(conn, 10)

    def tests(self) -> list[str]:
        """What came to the phone of the canary."""
        return [
            call.json["title"] for call in list(self.phone.calls) if call.json["alert"]["rule"] == "canary"
        ]

    def open_rules(self) -> list[str]:
        with self.tocsin.database.read() as conn:
            return [alert.rule for alert in store.all_open(conn)]


@pytest.fixture
def night(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Night]:
    with WebhookSink() as phone:
        made = Night(tmp_path, mosquitto, phone)
        yield made
        made.stops()


def test_a_canary_comes_to_the_phone_its_answer_comes_back_and_one_without_is_trouble_on_the_wall(
    night: Night,
) -> None:
    night.now.forward_to(EVENING + HOUR + 10 * MINUTE)
    night.looks_until("the canary is written down", "")
    wait_for("it rings", lambda: night.tests(), SLOW)
    assert night.tests() == ["【测试】试验校园：值班通知测试"]
    night.looks_until("that it was taken is recorded", "", accepted=True)
    night.stops()
    night.starts()  # in the middle of it
    guard = Guard(night.service.url)
    guard.makes_the_first_account(night.service.token())
    guard.signs_in()
    (card,) = [card for card in guard.wall() if card["rule"] == "canary"]
    assert (card["mode"], card["class"]) == ("test", "status")
    assert guard.takes([card["id"]]) == [card["id"]]
    row = night.looks_until("the answer is known", "proven")
    assert (row.post, row.person, row.channel, row.proof) == ("duty", "li-wei", "hook", "answered")
    assert None not in (row.heard_at, row.queued_at, row.accepted_at, row.answered_at)
    assert "canary" not in night.tocsin.own.faults()

    night.now.forward_to(EVENING + 25 * HOUR + 10 * MINUTE)
    night.looks_until("the canary of the next day is written down", "")
    wait_for("it rings again", lambda: len(night.tests()) == 2, SLOW)
    night.now.forward_to(EVENING + 25 * HOUR + 41 * MINUTE)
    assert night.looks_until("nobody has answered", "missing").person == "li-wei"
    wait_for("it is trouble on the wall", lambda: "own-canary" in night.open_rules(), SLOW)
    wait_for("the test is over", lambda: "canary" not in night.open_rules(), SLOW)
    assert len(night.tests()) == 2
    assert len(night.rows()) == 2
