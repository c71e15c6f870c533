"""Touches. A drill in a browser: declared in two steps, hatched on the wall, made real."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.test_wall import DEADLINE, Guard, browser, guard, server
from tests.fakes.service import FakeHouse
from tests.fakes.web import WebServer

__all__ = ["browser", "guard", "server"]
SMOKE = "dorm-2-305-smoke"


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path, lambda: time.time_ns() // 1_000_000)  # noqa: TID251


def test_a_drill_is_declared_seen_on_the_wall_and_ended_by_a_fire(guard: Guard, house: FakeHouse) -> None:
    page = guard.enters()
    place = house.registry.devices[SMOKE].place
    page.goto(f"{guard.server.url}/drills?place={place}&kind=smoke_detector")
    form = page.locator("#declare")
    form.locator("[name=title]").fill("305 室夜间疏散")
    form.locator(f"[name='points:{SMOKE}']").check()
    form.locator("[name='people:li-wei']").check()
    form.locator("button").last.click()
    expect(page.locator(".drill-running")).to_contain_text("305 室夜间疏散", timeout=DEADLINE)
    page.goto(guard.server.url)
    banner = page.locator(".banner-drill[data-drill]")
    expect(banner).to_contain_text("2号宿舍楼", timeout=DEADLINE)
    expect(banner.locator("[data-due]")).to_have_text(re.compile(r"29:\d\d"), timeout=DEADLINE)
    house.fires(SMOKE)
    card = page.locator(".card-drill")
    expect(card).to_contain_text("演练", timeout=DEADLINE)
    window, facade = page.locator(f'[data-place="{place}"]'), page.locator('[data-facade="dorm-2"]')
    expect(window).to_have_class("window window-drill", timeout=DEADLINE)
    expect(facade).to_have_class("facade facade-drill")
    expect(facade.locator("[data-state-of]")).to_have_text("演练或测试")
    violet = window.evaluate("window => getComputedStyle(window).borderTopColor")
    assert violet == "rgb(108, 63, 192)"
    card.locator(".real").click()
    expect(window).to_have_class("window window-alarm", timeout=DEADLINE)
    expect(page.locator(".card-drill")).to_have_count(0, timeout=DEADLINE)
    expect(page.locator(".card-alarm")).to_have_count(1)
    expect(page.locator(".banner-drill")).to_have_count(0, timeout=DEADLINE)
    page.goto(f"{guard.server.url}/drills/1")
    expect(page.locator("main")).to_contain_text("因真实警情结束")
    assert guard.complaints() == []


def test_the_pages_of_drills_fit_a_telephone(browser: Browser, server: WebServer, house: FakeHouse) -> None:
    guard = Guard(browser, server, viewport={"width": 360, "height": 740})
    page = guard.enters()
    for path in ("/drills?place=dorm-2&kind=smoke_detector&kind=call_point",):
        page.goto(f"{server.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert guard.complaints() == []
