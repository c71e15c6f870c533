"""Touches. What became of a notice, on the page of its alert: every change, in order, in both languages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from alerts.delivery import outbox
from alerts.delivery.channels.channel import Arrival, Progress, Receipt
from alerts.delivery.notification import Answered, Failed, Outcome
from ingest.bilingual import both
from tests.fakes.browser import PAGE, signed_in
from tests.fakes.service import FakeHouse

SMOKE = "dorm-2-305-smoke"
SECOND = 1000


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path)


@pytest.fixture
def guard(house: FakeHouse) -> Iterator[TestClient]:
    with signed_in(house, "guard") as client:
        yield client


def fare(house: FakeHouse, person: str, *outcomes: Outcome) -> int:
    """Each a second after the one before."""
    n = outbox.notification.c
    with house.read() as conn:
        row = conn.execute(select(n.id).where(n.person == person).order_by(n.id)).scalars().first()
    assert row is not None
    for outcome in outcomes:
        house.now.moment += SECOND
        house.transact(lambda tx: outbox.settle(tx, row, outcome, house.now(), 400)).result()  # noqa: B023
    return row


def stamps(page: str) -> list[list[str]]:
    """The words of each notice that has more stamps than that it was claimed, in order."""
    lists = re.findall(r'<ol class="stamps soft">(.*?)</ol>', page, re.DOTALL)
    found = [re.findall(r"</time> (\w[^<]*?)\s*(?:<|$)", one) for one in lists]
    return [words for words in found if len(words) > 1]


def test_every_change_of_a_notice_stands_on_the_timeline_in_order_with_its_time_in_both_languages(
    house: FakeHouse, guard: TestClient
) -> None:
    number = house.fires(SMOKE)
    unknown = Failed(both("没有应答", "no answer"), house.now(), unknown=True)
    delivered, read = Progress("SM42", Arrival.DELIVERED), Progress("SM42", Arrival.READ)
    fare(house, "wang-fang", unknown, Receipt(id="SM42"), delivered, read, Answered())
    page = guard.get(f"/alerts/{number}", headers=PAGE).text
    assert stamps(page) == [
        ["发送中", "已发出", "待发送", "已发出", "网关已接收", "已送达", "已读", "已回复"]
    ]
    assert "SM42" in page
    assert "没有应答" in page
    assert "no answer" not in page
    fullest = max(re.findall(r'<ol class="stamps soft">(.*?)</ol>', page, re.DOTALL), key=len)
    times = re.findall(r'<time datetime="([^"]+)">', fullest)
    assert len(times) == 8
    assert times == sorted(times)
    guard.post("/preferences", data={"language": "en", "theme": "dark"}, headers=PAGE)
    assert "accepted by the gateway" in guard.get(f"/alerts/{number}", headers=PAGE).text


def test_who_was_reached_best_is_what_the_wall_says(house: FakeHouse, guard: TestClient) -> None:
    house.fires(SMOKE)
    fare(house, "wang-fang", Receipt(id="SM42"), Progress("SM42", Arrival.DELIVERED))
    (card,) = guard.get("/api/v1/snapshot").json()["alerts"]
    assert "delivered" in [line["state"] for line in card["told"] if line["person"] == "wang-fang"]
    assert "✓✓" in guard.get("/", headers=PAGE).text
