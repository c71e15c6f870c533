"""Touches. One alert from taking it to the confirmed fire, in a browser: at a desk and on a telephone."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from alerts.alert import Acknowledged, HandedOver, Joined
from tests.browser.test_wall import DEADLINE, Guard, browser, guard, server
from tests.fakes.service import FakeHouse
from tests.fakes.web import WebServer
from tests.shell.test_dashboard_acts import SMOKE, equipped

__all__ = ["browser", "guard", "server"]


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return equipped(FakeHouse(tmp_path, lambda: time.time_ns() // 1_000_000))  # noqa: TID251


def test_a_fire_is_verified_called_in_and_followed_step_by_step(guard: Guard, house: FakeHouse) -> None:
    page = guard.enters()
    number = house.fires(SMOKE)
    page.goto(f"{guard.server.url}/alerts/{number}")
    page.click(".acts .strong")
    expect(page.locator("button[value=confirmed]")).to_be_visible(timeout=DEADLINE)
    expect(page.locator("details.plan")).not_to_have_attribute("open", "")
    page.click("button[value=confirmed]")
    expect(page.locator(".call dd").nth(1)).to_have_text("2号宿舍楼 3层 305室")
    expect(page.locator(".clock-face")).to_have_count(3)
    expect(page.locator(".clock-face").first).to_have_text(re.compile(r"\d+:\d\d"), timeout=DEADLINE)
    expect(page.locator(".clocks .wanted")).to_be_visible()
    page.locator(".plan button").first.click()
    expect(page.locator(".plan .done")).to_contain_text("✓ 李伟")
    house.apply([Joined(number, "wang-fang")]).result()
    page.goto(guard.server.url)
    card = page.locator(".card-alarm")
    expect(card).to_contain_text("第二人：王芳")
    expect(card.locator(".card-since")).to_have_count(2)
    assert guard.complaints() == []


def test_a_handover_and_the_confirmed_fire_fit_a_telephone(
    browser: Browser, server: WebServer, house: FakeHouse
) -> None:
    guard = Guard(browser, server, viewport={"width": 360, "height": 740})
    page = guard.enters()
    number = house.fires(SMOKE)
    house.apply([Acknowledged(number, "wang-fang"), HandedOver(number, "wang-fang", "li-wei")]).result()
    page.goto(f"{server.url}/alerts/{number}")
    expect(page.locator(".offer")).to_contain_text("王芳 请您接手这条警情")
    page.click(".offer .strong")
    page.goto(f"{server.url}/alerts/{number}")
    page.locator("button[value=confirmed]").click()
    expect(page.locator(".call")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    box = page.locator(".plan button").first.bounding_box()
    assert box is not None
    assert box["height"] >= 40
    assert guard.complaints() == []
