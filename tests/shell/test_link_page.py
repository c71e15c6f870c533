"""Touches. One-tap links over HTTP: looking does nothing, a press answers, and all else is a sentence."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from alerts import store
from alerts.alert import Acknowledged, Acknowledgement, Alert, Verification, Verified
from alerts.delivery import outbox, unheard
from alerts.delivery.answering import answer
from alerts.delivery.notification import Notification, State
from dashboard.shield import HEADERS
from rules.verdict import Holds
from tests.fakes.browser import OURS, PAGE, signed_in, web
from tests.fakes.service import LINKS, MINUTE, FakeHouse

SMOKE = "dorm-2-305-smoke"


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    house = FakeHouse(tmp_path)
    house.fires(SMOKE)
    return house


@pytest.fixture
def phone(house: FakeHouse) -> Iterator[TestClient]:
    with web(house) as client:
        yield client


def rows(house: FakeHouse) -> dict[str, Notification]:
    """The newest notice of each person."""
    with house.read() as conn:
        found = [outbox.as_notification(row) for row in conn.execute(outbox.WORK.order_by("id"))]
    return {row.person: row for row in found}


def link(house: FakeHouse, person: str = "li-wei") -> str:
    return LINKS.to(rows(house)[person], house.now()).removeprefix("http://wall.test")


def alert(house: FakeHouse, number: int = 1) -> Alert:
    with house.read() as conn:
        found = store.read(conn, number)
    assert found is not None
    return found


def results(house: FakeHouse) -> list[tuple[str, str, str]]:
    columns = answer.c.channel, answer.c.person, answer.c.result
    with house.read() as conn:
        return [(one[0], one[1], one[2]) for one in conn.execute(select(*columns).order_by(answer.c.id))]


def press(phone: TestClient, at: str, act: str, status: int = 200) -> str:
    """The page that comes back, as its words."""
    answered = phone.post(at, data={"act": act}, headers=PAGE)
    assert answered.status_code == status, answered.text
    return words(answered.text)


def look(phone: TestClient, at: str, status: int = 200) -> str:
    answered = phone.get(at, headers=PAGE)
    assert answered.status_code == status, answered.text
    return words(answered.text)


def words(page: str) -> str:
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def test_looking_at_a_link_any_number_of_times_changes_nothing(house: FakeHouse, phone: TestClient) -> None:
    at, before = link(house), alert(house)
    for agent in ("WhatsApp/2.23", "facebookexternalhit/1.1", "Mozilla/5.0"):
        answered = phone.get(at, headers={**PAGE, "user-agent": agent})
        assert answered.status_code == 200
        assert answered.headers["cache-control"] == "no-store"
        assert {key: answered.headers.get(key) for key in HEADERS} == HEADERS
        assert "set-cookie" not in answered.headers
    assert "2号宿舍楼 3层 305室" in look(phone, at)
    assert phone.head(at).status_code == 405
    assert alert(house) == before
    assert results(house) == []


def test_a_press_takes_the_alert_as_an_answer_by_sms_would(house: FakeHouse, phone: TestClient) -> None:
    at, row = link(house), rows(house)["li-wei"]
    said = press(phone, at, "take")
    assert f"警情{row.code}由您受理，请前往。" in said
    taken = alert(house)
    assert (taken.owner, taken.acknowledgement, taken.acknowledged_via) == (
        "li-wei", Acknowledgement.PROMISED, "link",
    )  # fmt: skip
    assert results(house) == [("link", "li-wei", "take")]
    with house.read() as conn:
        state = outbox.notification.c.state
        assert (
            conn.execute(select(state).where(outbox.notification.c.id == row.id)).scalar() == State.ANSWERED
        )
    assert "已由您受理" in press(phone, at, "take")
    assert results(house) == [("link", "li-wei", "take")]
    assert "我已到场" in look(phone, at)
    assert "已到场" in press(phone, at, "arrived")
    assert alert(house).arrived_by == "li-wei"
    assert "不再重复" in press(phone, at, "arrived")
    press(phone, at, "false")
    assert [result for _, _, result in results(house)] == ["take", "arrived", "false"]


def test_whoever_comes_second_hears_who_has_it(house: FakeHouse, phone: TestClient) -> None:
    first, second = link(house), link(house, "wang-fang")
    press(phone, first, "take")
    assert "李伟 已经受理。" in look(phone, second)
    assert "李伟 已经受理" in press(phone, second, "take", 409)
    assert alert(house).owner == "li-wei"
    assert results(house)[-1] == ("link", "wang-fang", "refused")
    assert "李伟 已经受理" in press(phone, second, "take", 409)  # not "by you already"
    assert len(results(house)) == 3


def test_a_forged_link_does_nothing_and_its_guesser_is_slowed_down(
    house: FakeHouse, phone: TestClient
) -> None:
    at = link(house)
    forged = at[:-1] + ("A" if at[-1] != "A" else "B")
    assert "链接不完整或被改动过" in look(phone, forged, 403)
    assert "链接不完整或被改动过" in press(phone, forged, "take", 403)
    for _ in range(4):
        press(phone, forged, "take", 403)
    assert "打开太频繁" in look(phone, forged, 429)
    with house.read() as conn:
        assert unheard.counted(conn, 0) == {"forged": 1}  # at one moment, from one machine
    assert "由您受理" in press(phone, at, "take")  # a good one is opened from the same network all the same


def test_what_nobody_is_known_to_have_said_is_shown_to_whoever_keeps_the_rosters(house: FakeHouse) -> None:
    payload, now = "<img src=x onerror=alert(1)>", house.now()
    house.transact(
        lambda tx: unheard.keep(tx, "modem", "N1", "+8613912345678", payload, now, shared=True)
    ).result()
    with signed_in(house, "manager") as manager:
        look(manager, "/a/forged", 403)
        page = manager.get("/unheard", headers=PAGE)
        assert "&lt;img src=x" in page.text
        assert "<img src=x" not in page.text
        said = words(page.text)
    assert "+86139****5678" in said
    assert "12345678" not in said
    assert "两人共用的号码 1" in said
    assert "一键链接 127.0.0.1 伪造的链接" in said
    with signed_in(house, "duty") as duty:
        assert duty.get("/unheard", headers=PAGE).status_code == 403


def test_pressing_again_and_again_does_not_fill_the_record(house: FakeHouse, phone: TestClient) -> None:
    first, second = link(house), link(house, "wang-fang")
    press(phone, first, "take")
    for _ in range(6):
        press(phone, second, "take", 409)
    assert "太频繁" in press(phone, second, "take", 429)
    assert len(results(house)) == 7
    house.now.moment += MINUTE
    press(phone, second, "take", 409)


def test_an_expired_link_says_so_and_does_nothing(house: FakeHouse, phone: TestClient) -> None:
    at = link(house)
    house.now.moment += 121 * MINUTE
    assert "链接已过期" in look(phone, at, 410)
    assert "链接已过期" in press(phone, at, "take", 410)
    assert alert(house).owner == ""


def test_a_link_whose_notice_speaks_of_another_alert_now_does_nothing(
    house: FakeHouse, phone: TestClient
) -> None:
    """As after a backup was brought back: the same number, another notice."""
    at = link(house)
    notice = outbox.notification
    house.fires("dorm-2-306-smoke")
    again = update(notice).where(notice.c.alert == 1).values(alert=2)
    house.transact(lambda tx: tx.execute(again)).result()
    assert "不存在" in look(phone, at, 410)
    assert "不存在" in press(phone, at, "take", 410)
    assert (alert(house, 1).owner, alert(house, 2).owner) == ("", "")


@pytest.mark.parametrize("contacts", [(), ("+8613999999999",)], ids=["gone", "another number"])
def test_a_link_in_a_telephone_that_is_not_theirs_any_more_does_nothing(
    house: FakeHouse, phone: TestClient, contacts: tuple[str, ...]
) -> None:
    at, known = link(house), house.directory
    li = known.persons["li-wei"]
    others = tuple(msgspec.structs.replace(li.contacts[0], address=one) for one in contacts)
    left = msgspec.structs.replace(li, contacts=others)
    persons = [one for one in known.persons.values() if one.id != "li-wei"] + [left] * bool(contacts)
    house.directory = type(known)(persons, (), known.posts.values(), known.policies, known.channels)
    assert "已不属于您" in press(phone, at, "take", 410)
    assert alert(house).owner == ""


def test_a_closed_alert_has_no_buttons_and_hears_no_answer(house: FakeHouse, phone: TestClient) -> None:
    at = link(house)
    house.settles(1, SMOKE)
    house.apply([Verified(1, "li-wei", Verification.FALSE, "cooking")]).result()
    page = phone.get(at, headers=PAGE).text
    assert "<button" not in page[page.index("<main") : page.index("</main>")]
    assert "警情已关闭" in words(page)
    assert "已关闭，无需处置" in press(phone, at, "cannot", 409)
    assert results(house)[-1] == ("link", "li-wei", "late")


def test_the_page_speaks_the_language_of_the_person_and_marks_a_drill(
    house: FakeHouse, phone: TestClient
) -> None:
    house.drills("dorm-2-306-smoke")
    at, known = link(house), house.directory
    assert "演练" in look(phone, at)
    li = msgspec.structs.replace(known.persons["li-wei"], language="en")
    persons = [li, *(one for one in known.persons.values() if one.id != "li-wei")]
    house.directory = type(known)(persons, (), known.posts.values(), known.policies, known.channels)
    assert "This answers in the name of Li Wei" in look(phone, at)
    assert "以 李伟 的名义" in look(phone, f"{at}?language=zh")


def test_a_press_from_another_site_or_without_an_act_of_ours_is_refused(
    house: FakeHouse, phone: TestClient
) -> None:
    at = link(house)
    for headers in (
        {"origin": "https://evil.test"}, {"origin": "null"}, {**OURS, "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "none"},
    ):  # fmt: skip
        assert phone.post(at, data={"act": "take"}, headers=headers).status_code == 403
    for fields in ({"act": "close"}, {}, {"act": "take", "by": "principal"}):
        assert phone.post(at, data=fields, headers=OURS).status_code == 422
    assert alert(house).owner == ""


def test_a_button_of_a_notice_takes_the_alert_without_a_page(house: FakeHouse, phone: TestClient) -> None:
    """ntfy posts as a program does, and shows whether it went well by the status."""
    first, second = link(house), link(house, "wang-fang")
    assert phone.post(first, data={"act": "take"}).status_code == 200
    assert alert(house).owner == "li-wei"
    refused = phone.post(second, data={"act": "take"})
    assert refused.status_code == 409


def test_over_a_line_that_is_not_encrypted_no_link_is_answered(house: FakeHouse) -> None:
    with web(house, address="192.0.2.7") as phone:
        assert "没有加密" in press(phone, link(house), "take", 403)
    assert alert(house).owner == ""


def test_the_owner_hears_that_it_is_theirs_already_when_they_took_it_elsewhere(
    house: FakeHouse, phone: TestClient
) -> None:
    at = link(house)
    house.apply([Acknowledged(1, "li-wei")]).result()
    assert "已由您受理" in press(phone, at, "take")
    assert results(house) == [("link", "li-wei", "repeat")]


def test_the_page_leads_to_whatever_else_the_person_was_told_of_and_is_open(
    house: FakeHouse, phone: TestClient
) -> None:
    first = link(house)
    assert "也通知过您" not in look(phone, first)
    house.fires("lab-101-smoke")
    second = alert(house, 2)
    page = phone.get(first, headers=PAGE).text
    at = re.findall(r'<a href="(/a/[^"]+)"', page)
    assert len(at) == 1
    assert f"代码 {second.code} · 还没有人受理。" in words(page)
    press(phone, at[0], "take")
    assert (alert(house, 2).owner, alert(house).owner) == ("li-wei", "")
    assert f"代码 {second.code} · 由您受理。" in look(phone, first)
    until = LINKS.read(first.rpartition("/")[2], house.now()).until  # type: ignore[union-attr]
    assert LINKS.read(at[0].rpartition("/")[2], house.now()).until == until  # type: ignore[union-attr]
    house.fires("lab-101-smoke", holds=Holds.NO)
    house.apply([Verified(2, "li-wei", Verification.FALSE, "cooking")]).result()
    assert "也通知过您" not in look(phone, first)
