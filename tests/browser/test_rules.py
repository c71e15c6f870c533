"""Touches. The page of the rules in a real browser, and the banner while new rules are refused."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from dashboard.service import RulesInfo
from tests.browser.test_wall import Guard, browser, house, server
from tests.fakes.service import FakeHouse
from tests.fakes.web import WebServer
from tests.shell.test_rules_page import COLD, comes_into_force

__all__ = ["browser", "house", "server"]
MISTAKES = [f"rules.d/lab.yaml:{line}:5  rules[0].klass  got 'klass'  unknown key" for line in range(1, 9)]


@pytest.fixture
def refused(house: FakeHouse, tmp_path: Path) -> FakeHouse:
    loaded = comes_into_force(house, tmp_path, "rules:\n" + COLD)
    house.rules = RulesInfo("1a2b3c4d", len(loaded.rules.rules), "\n".join(MISTAKES), loaded)
    return house


def test_every_mistake_stands_in_the_banner_and_the_alerts_keep_their_room(
    browser: Browser,
    server: WebServer,
    refused: FakeHouse,
) -> None:
    guard = Guard(browser, server)
    page = guard.enters()
    banner = page.locator("[data-banner=refused]")
    expect(banner.locator("li")).to_have_count(len(MISTAKES))
    assert (banner.bounding_box() or {})["height"] < 200
    banner.locator("a").click()
    expect(page.locator("[data-refused] li")).to_have_count(len(MISTAKES))
    expect(page.locator("#cold-store")).to_be_visible()
    assert guard.complaints() == []


def test_the_page_of_the_rules_fits_a_telephone(
    browser: Browser,
    server: WebServer,
    refused: FakeHouse,
) -> None:
    guard = Guard(browser, server, viewport={"width": 390, "height": 844})
    page = guard.enters()
    page.goto(f"{server.url}/rules")
    page.locator("details.rules-pack summary").click()
    expect(page.locator("#smoke-alarm")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert guard.complaints() == []
