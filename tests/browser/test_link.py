"""Touches. A one-tap link on the smallest telephone: opened, pressed, arrived, in both languages."""

import time
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_wall import DEADLINE, Guard, browser, server
from tests.fakes.service import LINKS, FakeHouse
from tests.fakes.web import WebServer
from tests.shell.test_link_page import SMOKE, alert, rows

__all__ = ["browser", "server"]


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path, lambda: time.time_ns() // 1_000_000)  # noqa: TID251


def link(house: FakeHouse, server: WebServer, person: str) -> str:
    own = msgspec.structs.replace(LINKS, address=server.url)
    return own.to(rows(house)[person], house.now())


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for button in page.locator("main button:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 48
        assert box["width"] >= 250


def test_one_tap_takes_an_alarm_on_a_telephone_320_pixels_wide(
    browser: Browser, server: WebServer, house: FakeHouse
) -> None:
    house.fires(SMOKE)
    guard = Guard(browser, server, viewport={"width": 320, "height": 640})
    page = guard.page
    page.goto(link(house, server, "li-wei"))
    expect(page.locator("main h1")).to_have_text("2号宿舍楼 3层 305室")
    take = page.locator("button[value=take]")
    expect(take).to_be_in_viewport()
    expect(page.locator("button[value=false]")).to_be_hidden()
    fits(page)
    take.click()
    expect(page.locator("main [role=status]")).to_contain_text("由您受理，请前往。", timeout=DEADLINE)
    assert alert(house).owner == "li-wei"
    fits(page)
    page.locator("button[value=arrived]").click()
    expect(page.locator("main [role=status]")).to_contain_text("您已到场", timeout=DEADLINE)
    expect(page.locator("button[value=confirmed]")).to_be_visible()
    fits(page)
    page.goto(f"{link(house, server, 'wang-fang')}?language=en")
    expect(page.locator("main")).to_contain_text("Li Wei has taken it.")
    fits(page)
    assert guard.complaints() == []


def test_from_one_link_a_thumb_comes_to_the_other_alarms_of_the_storm(
    browser: Browser, server: WebServer, house: FakeHouse
) -> None:
    house.fires(SMOKE)
    at = link(house, server, "li-wei")
    for room in ("lab-101", "lab-102", "library-101"):
        house.fires(f"{room}-smoke")
    guard = Guard(browser, server, viewport={"width": 320, "height": 640})
    page = guard.page
    page.goto(at)
    more = page.locator(".answer-more a")
    expect(more).to_have_count(3)
    fits(page)
    more.first.click()
    expect(page.locator("main h1")).to_have_text("实验楼 1层 101室")
    page.locator("button[value=take]").click()
    expect(page.locator("main [role=status]")).to_contain_text("由您受理，请前往。", timeout=DEADLINE)
    assert [alert(house, number).owner for number in (1, 2, 3)] == ["", "li-wei", ""]
    fits(page)
    assert guard.complaints() == []
