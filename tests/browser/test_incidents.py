"""Touches. Incidents, floods, photos and raised alerts in a browser: at a desk and on a telephone."""

import re
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from rules.verdict import Class, Text
from tests.browser.test_wall import DEADLINE, Guard, browser, guard, server
from tests.fakes.service import FakeHouse
from tests.fakes.web import WebServer
from tests.servers import wait_for

__all__ = ["browser", "guard", "server"]
SMOKE, BESIDE = "dorm-2-305-smoke", "dorm-2-306-smoke"


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    house = FakeHouse(tmp_path, lambda: time.time_ns() // 1_000_000)  # noqa: TID251
    house.all_report()
    return house


def test_alerts_are_chosen_and_made_one_incident_and_a_new_one_stands_by_itself(
    guard: Guard, house: FakeHouse
) -> None:
    house.fires(SMOKE)
    house.fires("lab-101-smoke")
    page = guard.enters()
    page.click("[data-merge]")
    for box in page.locator(".merge-check input").all():
        box.check()
    page.click("[data-merge-new]")
    expect(page.locator(".card-alarm .tag")).to_have_count(2, timeout=DEADLINE)
    page.locator(".card-alarm .take").first.click()
    page.locator("[data-incident] .take").click()
    expect(page.locator(".card-alarm .take")).to_have_count(0, timeout=DEADLINE)
    card = page.locator("[data-incident]")
    expect(card).to_contain_text("李伟")
    expect(card.locator(".together-line")).to_have_count(2)
    house.fires(BESIDE)
    fresh = page.locator(".card:not(.card-together)")
    expect(fresh).to_contain_text("306室", timeout=DEADLINE)
    expect(page.locator(".suggestion")).to_contain_text("事件 1", timeout=DEADLINE)
    page.click("[data-suggested]")
    expect(fresh.locator(".tag")).to_have_text("事件 1", timeout=DEADLINE)
    page.click("[data-incident] h3 a")
    page.wait_for_url("**/incidents/1")
    expect(page.locator(".member")).to_have_count(3)
    page.locator(".acts .strong").click()
    expect(page.locator(".timeline")).to_contain_text("全部受理")
    assert guard.complaints() == []


def faults(house: FakeHouse, building: str, count: int) -> None:
    about: Any = {"alert_class": Class.TROUBLE, "life_safety": False, "verify": False, "priority": 3}
    for n in range(1, count + 1):
        house.fires(
            f"{building}-20{n}-smoke", f"fault-{n}", title=Text("探测器故障", "Detector fault"), **about
        )


def test_a_flood_is_grouped_by_building_and_life_safety_stays_on_top(guard: Guard, house: FakeHouse) -> None:
    page = guard.enters()
    faults(house, "dorm-1", 6)
    faults(house, "lab", 6)
    house.fires(SMOKE)
    expect(page.locator(".flood-says")).to_contain_text("13", timeout=DEADLINE)
    expect(page.locator("alert-list > article")).to_have_count(3)
    first = page.locator("alert-list > article").first
    expect(first).to_have_class(re.compile("card-alarm"))
    groups = page.locator(".card-flood h3")
    expect(groups.first).to_have_text("1号宿舍楼")
    page.locator(".card-flood summary").first.click()
    expect(page.locator(".card-flood").first.locator(".together-line").first).to_contain_text("201室")
    assert guard.complaints() == []


def test_an_alert_is_raised_and_photographed_on_a_telephone(
    browser: Browser, server: WebServer, house: FakeHouse
) -> None:
    guard = Guard(browser, server, viewport={"width": 360, "height": 740})
    page = guard.enters()
    page.goto(f"{server.url}/raise")
    page.type("[data-place-search]", "图书馆 101")
    expect(page.locator(".place-choice")).to_have_count(1, timeout=DEADLINE)
    page.click("[data-raise-now]")
    expect(page.locator("[data-raise-said]")).to_have_text("发生了什么")
    page.fill("[name=what]", "有烟味")
    page.fill("[name=callback]", "138 0000 0000")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.click("[data-raise-now]")
    page.wait_for_url("**/alerts/*")
    expect(page.locator("h1")).to_contain_text("101室")
    expect(page.locator(".called-by a")).to_have_attribute("href", "tel:138%200000%200000")
    out = BytesIO()
    Image.new("RGB", (1200, 900), (180, 60, 40)).save(out, "JPEG")
    page.set_input_files(
        "[name=photo]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}
    )
    page.click(".photo-form button")
    expect(page.locator(".photo img")).to_be_visible(timeout=DEADLINE)
    seen = "document.querySelector('.photo img').naturalWidth"
    wait_for("the photo in its small size", lambda: page.evaluate(seen) == 360)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert guard.complaints() == []
