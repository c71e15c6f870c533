"""Touches. How notices fared is counted for each person and channel, and a try shows each of its stages."""

import csv
import dataclasses
import io
from pathlib import Path

import pytest
from msgspec.structs import replace

from alerts.delivery import outbox, trials
from alerts.delivery.channels.channel import Arrival, Progress, Receipt
from alerts.delivery.ledger import ledger
from alerts.delivery.message import Purpose
from alerts.delivery.notification import HOLDS, Answered, Failed, Held, Notification, Outcome
from ingest.bilingual import both
from tests.fakes.browser import OURS, PAGE, signed_in
from tests.fakes.outbox import ROW
from tests.fakes.service import FakeHouse
from tocsin.database import Database

SECOND = 1000
DAY = 86_400_000
LI = replace(ROW, person="li-wei", channel="duty-webhook")


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path)


@pytest.fixture
def owed(house: FakeHouse) -> "Owed":
    return Owed(house)


class Owed:
    """Owes one notice after another, and lets befall each what is told: (ms after it was owed, what)."""

    def __init__(self, house: FakeHouse) -> None:
        self.house, self.count = house, 0

    def __call__(self, row: Notification, *befell: tuple[int, Outcome], ago: int = 0) -> None:
        self.count += 1
        at = self.house.now() - ago
        row = replace(row, step=self.count)
        (made,) = self.house.transact(lambda tx: outbox.owe(tx, [row], at)).result()
        assert made.id is not None
        self.befalls(made.id, at, *befell)

    def befalls(self, row: int, at: int, *befell: tuple[int, Outcome]) -> None:
        for after, outcome in befell:
            act = lambda tx, a=at + after, o=outcome: outbox.settle(tx, row, o, a, every=1)  # noqa: E731
            assert self.house.transact(act).result()


DELIVERED = Progress("r", Arrival.DELIVERED)
TAKEN = Receipt(id="r")


def test_the_ledger_counts_each_person_on_each_channel(house: FakeHouse, owed: Owed) -> None:
    owed(LI, (1000, TAKEN), (3000, DELIVERED), (9000, Answered()))
    owed(LI, (1000, TAKEN), (5000, DELIVERED))
    owed(LI, (100, Failed("忙 / busy", 1)), (2000, TAKEN), (11_000, DELIVERED))
    owed(LI, (1000, TAKEN))
    owed(LI, (1000, Failed("号码不存在 / no such number", None, dead=True)))
    owed(replace(LI, channel="sms"), (1000, Receipt()))
    owed(replace(LI, person="", channel="siren"))
    owed(replace(LI, channel="null"), (1, Receipt()))
    owed(replace(LI, purpose=Purpose.TEST), (1, Receipt()))
    owed(replace(LI, purpose=Purpose.ANSWER), (1, Receipt()))
    owed(LI, (1000, TAKEN), ago=40 * DAY)
    with house.read() as conn:
        siren, li, sms = ledger(conn, house.now() - 30 * DAY)
    counted = (li.person, li.owed, li.sent, li.delivered, li.answered, li.failed, li.cancelled, li.tries)
    assert counted == ("li-wei", 5, 4, 3, 1, 1, 0, 2)
    assert (li.to_deliver, li.to_answer) == (5000, 9000)
    assert (li.failure, li.failed_at) == ("号码不存在 / no such number", house.now() + 1000)
    assert (sms.channel, sms.sent, sms.delivered, sms.to_deliver, sms.failure) == ("sms", 1, 0, None, "")
    assert (siren.person, siren.owed, siren.sent) == ("", 1, 0)


def test_both_databases_count_alike(database: Database) -> None:
    at = 1_795_337_000_000
    with database.transaction() as tx:
        for number, took in enumerate((2000, 9000), 1):
            (row,) = outbox.owe(tx, [replace(LI, step=number)], at)
            for after, outcome in ((1000, TAKEN), (took, DELIVERED), (took + 500, Answered())):
                assert outbox.settle(tx, row.id or 0, outcome, at + after, every=1)
        (failed,) = outbox.owe(tx, [replace(LI, step=3)], at)
        outbox.settle(tx, failed.id or 0, Failed("gone", None), at + 10)
    with database.read() as conn:
        (line,) = ledger(conn, at)
    counted = (line.owed, line.sent, line.delivered, line.answered, line.failed, line.tries)
    assert counted == (3, 2, 2, 2, 1, 1)
    assert (line.to_deliver, line.to_answer, line.failure) == (5500, 6000, "gone")


@pytest.mark.parametrize(("times", "median"), [([7], 7), ([2, 8], 5), ([9, 1, 4], 4), ([1, 2, 4, 90], 3)])
def test_the_median_is_the_middle_one_or_between_the_two(
    house: FakeHouse, owed: Owed, times: list[int], median: int
) -> None:
    for took in times:
        owed(LI, (SECOND, TAKEN), (took * SECOND, DELIVERED))
    with house.read() as conn:
        (line,) = ledger(conn, 0)
    assert line.to_deliver == median * SECOND


def test_a_notice_that_was_tried_twice_and_arrived_still_tells_why_it_failed(
    house: FakeHouse, owed: Owed
) -> None:
    owed(LI, (100, Failed("忙 / busy", 1)), (2000, TAKEN), (3000, DELIVERED))
    with house.read() as conn:
        (line,) = ledger(conn, 0)
    assert (line.failed, line.tries, line.failure) == (0, 1, "忙 / busy")


def test_that_a_notice_had_to_wait_is_no_failure(house: FakeHouse, owed: Owed) -> None:
    owed(LI, (1000, Failed("忙 / busy", 1)), *((2000, Held(5, reason)) for reason in sorted(HOLDS)))
    with house.read() as conn:
        (li,) = ledger(conn, house.now() - DAY)
    assert li.failure == "忙 / busy"


def test_both_questions_are_answered_from_an_index_alone(house: FakeHouse, owed: Owed) -> None:
    """A million rows of a kilobyte each are read in seconds only if they are not read."""
    seen: list[str] = []
    with house.read() as conn:
        execute = conn.execute

        def explained(wanted: object) -> object:
            text = wanted.compile(conn, compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]
            seen.extend(row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))
            return execute(wanted)  # type: ignore[call-overload]

        conn.execute = explained  # type: ignore[method-assign, assignment]
        ledger(conn, house.now() - DAY)
    assert "SEARCH notification USING COVERING INDEX notification_ledger (owed_at>?)" in seen
    assert any("COVERING INDEX notification_stamp_proof (notification>?" in step for step in seen), seen


def test_the_page_and_the_sheet_say_the_same_to_whoever_keeps_the_rosters(
    house: FakeHouse, owed: Owed
) -> None:
    owed(LI, (1000, TAKEN), (3500, DELIVERED))
    owed(LI, (1000, Failed(both("=号码不存在", "=no such number"), None)))
    with signed_in(house, "manager") as client:
        page = client.get("/ledger", headers=PAGE).text
        sheet = client.get("/ledger.csv?days=7")
        assert client.get("/ledger?days=0", headers=PAGE).status_code == 422
    assert "李伟" in page
    assert "3.5 秒" in page
    assert sheet.headers["content-type"].startswith("text/csv")
    head, row = csv.reader(io.StringIO(sheet.text.lstrip("\ufeff")))
    found = dict(zip(head, row, strict=True))
    assert (found["人员"], found["应发"], found["已送达"], found["失败"]) == ("李伟", "2", "1", "1")
    assert found["送达用时中位数（秒）"] == "3.5"
    assert found["最近失败的原因"] == "'=号码不存在"
    with signed_in(house, "duty") as client:
        assert client.get("/ledger", headers=PAGE).status_code == 403


def test_a_try_shows_each_stage_as_it_comes_and_the_page_looks_again_by_itself(
    house: FakeHouse, owed: Owed
) -> None:
    handed: list[Notification] = []
    house.service = dataclasses.replace(house.service, send=handed.extend)
    with signed_in(house, "manager") as client:
        pressed = client.post("/people/li-wei/test", headers=PAGE)
        assert (pressed.status_code, pressed.headers["location"]) == (303, "/people/li-wei")
        (row,) = handed
        assert (row.purpose, row.address, row.alert) == (Purpose.TEST, "+8613800000001", 0)
        assert "测试" in row.short
        page = client.get("/people/li-wei", headers=PAGE)
        assert "正在发送" in page.text
        assert page.headers["refresh"] == "2; url=/people/li-wei"
        owed.befalls(row.id or 0, house.now(), (1000, TAKEN))
        assert "等待送达回执" in client.get("/people/li-wei", headers=PAGE).text
        owed.befalls(row.id or 0, house.now(), (2000, DELIVERED))
        page = client.get("/people/li-wei", headers=PAGE)
        assert "已送达" in page.text
        assert "refresh" not in page.headers
    with house.read() as conn:
        assert ledger(conn, 0) == []


def test_nobody_is_tried_twice_in_half_a_minute_nor_everybody_all_the_time(house: FakeHouse) -> None:
    with signed_in(house, "manager") as client:
        assert client.post("/channels/siren/test", headers=PAGE).status_code == 303
        again = client.post("/channels/siren/test", headers=PAGE)
        assert again.status_code == 429
        assert "30 秒" in again.text
        assert client.post("/people/li-wei/test", headers=PAGE).status_code == 303
        for _ in range(trials.MOST - 2):
            house.now.moment += trials.GAP
            assert client.post("/channels/siren/test", headers=PAGE).status_code == 303
        house.now.moment += trials.GAP
        assert client.post("/channels/siren/test", headers=PAGE).status_code == 429
        house.now.moment += trials.HOUR
        assert client.post("/channels/siren/test", headers=PAGE).status_code == 303


def test_what_does_not_exist_is_not_tried_and_who_may_not_does_not_try(house: FakeHouse) -> None:
    with signed_in(house, "manager") as client:
        for path in ("/people/nobody", "/channels/nothing"):
            assert client.get(path, headers=PAGE).status_code == 404
            assert client.post(f"{path}/test", headers=PAGE).status_code == 404
    with signed_in(house, "duty") as client:
        assert client.post("/people/li-wei/test", headers=OURS).status_code == 403
