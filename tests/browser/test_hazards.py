"""Touches. What is hidden, on the wall and its page; a hazard reported and mended on a telephone."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from alerts.hazards.impairment import Agreed, Declared
from tests.browser.test_wall import DEADLINE, Guard, browser, guard, server
from tests.fakes.service import MINUTE, FakeHouse
from tests.fakes.web import WebServer

__all__ = ["browser", "guard", "server"]
SMOKE = "dorm-2-305-smoke"


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path, lambda: time.time_ns() // 1_000_000)  # noqa: TID251


def impaired(house: FakeHouse) -> None:
    end = house.now() + 120 * MINUTE
    entry = Declared("wang-fang", "place", "dorm-2", "li-wei", "换线施工", "保安每小时一次", end)
    house.apply([entry]).result()
    house.apply([Agreed(1, "principal")]).result()


def test_the_wall_says_in_big_what_is_out_of_service_and_the_page_who_covers_it(
    guard: Guard, house: FakeHouse
) -> None:
    page = guard.enters()
    strip = page.locator("[data-inhibited]")
    expect(strip).to_be_hidden()
    impaired(house)
    house.fires(SMOKE)
    expect(strip).to_be_visible(timeout=DEADLINE)
    expect(strip).to_contain_text("停用 1 处")
    expect(strip).to_contain_text("个生命安全点位")
    expect(page.locator(".card-out .card-class")).to_contain_text("停用登记")
    strip.click()
    expect(page.locator(".entry-vital")).to_contain_text("保安每小时一次")
    page.locator(".entry button", has_text="恢复运行").click()
    expect(page.locator(".entry")).to_have_count(0)
    page.goto(guard.server.url)
    expect(page.locator("[data-inhibited]")).to_be_hidden()
    assert guard.complaints() == []


def test_a_hazard_is_reported_and_mended_on_a_telephone(
    browser: Browser, server: WebServer, house: FakeHouse
) -> None:
    guard = Guard(browser, server, viewport={"width": 360, "height": 740})
    page = guard.enters()
    page.goto(f"{server.url}/hazards?device={SMOKE}")
    page.select_option("select[name=cause]", "covered")
    page.locator("form.form button").click()
    page.locator("td a").first.click()
    page.fill("input[name=evidence]", "已取下塑料袋，试烟正常")
    page.locator("form[action$=mend] button").click()
    expect(page.locator("main")).to_contain_text("须由另一个人复查")
    impaired(house)
    for path in ("/hazards", "/hazards/1", "/inhibited", "/"):
        page.goto(f"{server.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    assert guard.complaints() == []
