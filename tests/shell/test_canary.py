"""Touches. The tests of each shift: what is done about them now and then, and their receipts on a page."""

import csv
import io
import json
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert

from alerts.alert import Lapsed
from alerts.delivery.canaries import Canary, Look, canary
from alerts.duty.people import Directory
from alerts.settings import AlertsSettings
from tests.fakes.browser import PAGE, signed_in
from tests.fakes.service import MINUTE, FakeHouse
from tocsin.canary import AGAIN, Canaries


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path)


def keep(house: FakeHouse, *rows: Canary) -> None:
    values = [msgspec.structs.asdict(row) for row in rows]
    for number, row in enumerate(values, start=1):
        row["id"] = number
    house.transact(lambda tx: tx.execute(insert(canary), values)).result()


def rows(now: int) -> tuple[Canary, Canary, Canary]:
    return (
        Canary(post="duty", shift_at=now - 60 * MINUTE, person="li-wei", said_at=now - 50 * MINUTE,
               until=now - 20 * MINUTE, result="proven", proof="answered", alert=7, channel="duty-webhook",
               heard_at=now - 50 * MINUTE + 200, queued_at=now - 50 * MINUTE + 300,
               accepted_at=now - 50 * MINUTE + 900, answered_at=now - 49 * MINUTE),
        Canary(post="duty", shift_at=now - 40 * MINUTE, person="wang-fang", said_at=now - 39 * MINUTE,
               until=now - 9 * MINUTE, result="missing", channel="duty-webhook"),
        Canary(post="gone", shift_at=now - 30 * MINUTE, person="", said_at=now - 20 * MINUTE,
               until=now + 10 * MINUTE, result="nobody"),
    )  # fmt: skip


def test_the_page_shows_how_far_each_came_the_newest_first(house: FakeHouse) -> None:
    keep(house, *rows(house.now()))
    with signed_in(house, person="wang-fang", role="manager") as client:
        page = client.get("/canary", headers=PAGE).text
    page = page.split("<tbody>")[1]
    assert page.index("无人可通知") < page.index("未按时回音") < page.index("已证实")
    for said in ("李伟", "+0.2", "+0.9", "+60.0", 'href="/alerts/7"', "值班室"):
        assert said in page


def test_the_sheet_holds_the_same_in_exact_moments(house: FakeHouse) -> None:
    keep(house, *rows(house.now()))
    with signed_in(house, person="wang-fang", role="manager") as client:
        sheet = client.get("/canary.csv").text
    lines = list(csv.DictReader(io.StringIO(sheet.removeprefix("\ufeff"))))
    assert [line["结果"] for line in lines] == ["无人可通知", "未按时回音", "已证实"]
    assert lines[-1]["凭据"] == "本人答复"
    assert lines[-1]["发布"][:10] == "2026-11-22"
    assert lines[0]["人员"] == ""


def test_with_nothing_to_show_the_page_says_when_the_first_comes(house: FakeHouse) -> None:
    with signed_in(house, person="wang-fang", role="manager") as client:
        assert "还没有测试" in client.get("/canary", headers=PAGE).text


@pytest.mark.parametrize("role", ["viewer", "guard", "duty"])
def test_who_keeps_no_rosters_does_not_see_it(house: FakeHouse, role: str) -> None:
    with signed_in(house, person="wang-fang", role=role) as client:
        assert client.get("/canary", headers=PAGE).status_code == 403
        assert client.get("/canary.csv").status_code == 403


class Roof:
    """What tocsin/canary.py needs of the running service. `found`: what the next look finds."""

    def __init__(self) -> None:
        self.moment = 1_795_337_000_000
        self.found: Look | Exception = Look()
        self.published: list[dict[str, Any]] = []
        self.applied: list[Any] = []
        self.said: list[tuple[str, str, str]] = []
        self.settings = self
        self.alerts = AlertsSettings()
        self.broker = self.writer = self.house = self.all = self.own = self
        self.base, self.directory = "campus", Directory()

    def now(self) -> int:
        return self.moment

    def transact(self, act: Any) -> "Future[Look]":
        done: Future[Look] = Future()
        if isinstance(self.found, Exception):
            done.set_exception(self.found)
        else:
            done.set_result(self.found)
        return done

    def publish(self, topic: str, payload: bytes) -> None:
        assert topic == "campus/tocsin/reading"
        self.published.append(json.loads(payload))

    def apply(self, facts: list[Any]) -> None:
        self.applied += facts

    def report(self, metric: str, word: str, note: str) -> None:
        self.said.append((metric, word, note))


def test_what_does_not_come_back_is_published_again_each_minute_as_the_same_message() -> None:
    roof, one = Roof(), Canary(id=7, post="duty", shift_at=1, person="li", said_at=5, until=99)
    canaries, roof.found = Canaries(roof), Look(publish=(one,))  # type: ignore[arg-type]
    for _ in range(9):
        canaries.look()
        roof.moment += AGAIN // 4
    assert roof.published == [{"boot": 5, "seq": 7, "values": {"canary_call": "7 99 li"}}] * 3


def test_what_has_proved_its_point_makes_room_and_what_is_amiss_is_said_until_it_is_over() -> None:
    roof = Roof()
    canaries, roof.found = Canaries(roof), Look(over=((12, 99),), faults=("one", "two"))  # type: ignore[arg-type]
    canaries.look()
    roof.found = OSError("disk full")  # which others say
    canaries.look()
    roof.found = Look()
    canaries.look()
    assert roof.applied == [Lapsed(12, "drill", 99)]
    assert roof.said == [("canary", "fault", "one; two"), ("canary", "normal", "")]
