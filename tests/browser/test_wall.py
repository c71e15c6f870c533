"""Touches. The wall in a real browser: what a guard sees, hears and presses, also when the server is gone."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from alerts.alert import Acknowledged
from alerts.delivery.rungs import Rung
from alerts.duty.canary import Said
from ingest.campus.device import Device, Place
from ingest.campus.registry import Registry
from rules.verdict import Class, Evidence, Text
from tests.fakes.browser import PASSWORD
from tests.fakes.service import FakeHouse
from tests.fakes.web import WebServer
from tests.fakes.xss import PAYLOADS
from tests.servers import wait_for

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
DEADLINE = 30_000  # ms: only what never happens reaches it
NOTE_VIOLATIONS = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.__violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(chromium), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    house = FakeHouse(tmp_path, lambda: time.time_ns() // 1_000_000)  # noqa: TID251
    house.all_report()
    return house


@pytest.fixture
def server(house: FakeHouse) -> Iterator[WebServer]:
    running = WebServer(house)
    running.start()
    yield running
    running.stop()


class Guard:
    """A page of the browser, and everything it complained about."""

    def __init__(self, browser: Browser, server: WebServer, **look: Any) -> None:
        self.server = server
        usual = {"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN"}
        self.context = browser.new_context(**{**usual, **look})
        self.context.set_default_timeout(DEADLINE)
        self.context.add_init_script(NOTE_VIOLATIONS)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.errors.append(dialog.message), dialog.dismiss()))

    def enters(self) -> Page:
        """First run: the one-time token makes the account, and the wall opens."""
        self.page.goto(f"{self.server.url}/setup?token={self.server.house.token()}")
        self.page.fill("[name=name]", "li-wei")
        self.page.fill("[name=password]", PASSWORD)
        self.page.fill("[name=again]", PASSWORD)
        self.page.click("main button")
        self.page.wait_for_selector("alert-list .calm, alert-list .card")
        return self.page

    def complaints(self) -> list[str]:
        return [*self.errors, *self.page.evaluate("window.__violations")]


@pytest.fixture
def guard(browser: Browser, server: WebServer) -> Iterator[Guard]:
    person = Guard(browser, server)
    yield person
    person.context.close()


def _sound(page: Page, wanted: str) -> None:
    expect(page.locator("body")).to_have_attribute("data-sound", wanted, timeout=DEADLINE)


def test_the_token_opens_a_calm_wall_and_an_alarm_appears_on_it_by_itself(
    guard: Guard, house: FakeHouse
) -> None:
    page = guard.enters()
    expect(page.locator(".calm-word")).to_have_text("一切正常")
    house.fires("dorm-2-305-smoke")
    card = page.locator(".card-alarm")
    expect(card).to_contain_text("2号宿舍楼 3层 305室", timeout=DEADLINE)
    expect(card).to_contain_text("李伟")
    expect(card.locator(".card-next")).to_contain_text("赵校长")
    expect(page.locator('[data-place="dorm-2-305"]')).to_have_class("window window-alarm")
    expect(page.locator('[data-state-of="dorm-2"]')).to_have_text("报警")
    assert guard.complaints() == []


def test_the_keyboard_takes_the_alarm_and_everybody_sees_by_whom(guard: Guard, house: FakeHouse) -> None:
    page = guard.enters()
    house.fires("dorm-2-305-smoke")
    page.wait_for_selector(".card-alarm .take")
    page.keyboard.press("a")
    expect(page.locator(".card-alarm .card-people")).to_contain_text("李伟 已受理", timeout=DEADLINE)
    expect(page.locator(".card-alarm .take")).to_have_count(0)
    assert guard.complaints() == []


def test_what_a_button_took_names_the_button_and_for_whom(guard: Guard, house: FakeHouse) -> None:
    page = guard.enters()
    number = house.fires("dorm-2-305-smoke")
    page.wait_for_selector(".card-alarm .take")
    house.apply([Acknowledged(number, "li-wei", "button:gate-1-button")]).result()
    said = "按钮“紧急按钮 gate-1-button”已受理，代当班 李伟"
    expect(page.locator(".card-alarm .card-people")).to_contain_text(said, timeout=DEADLINE)
    page.goto(f"{guard.server.url}/alerts/{number}")
    expect(page.locator("dl.axes")).to_contain_text(said)
    assert guard.complaints() == []


def test_j_and_k_move_the_choice_and_a_takes_the_chosen_one(guard: Guard, house: FakeHouse) -> None:
    page = guard.enters()
    for room in ("301", "302", "303"):
        house.fires(f"dorm-2-{room}-smoke")
    expect(page.locator(".card-alarm")).to_have_count(3, timeout=DEADLINE)
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    expect(page.locator(".card[data-chosen]")).to_contain_text("302室")
    page.keyboard.press("a")
    expect(page.locator(".card-taken")).to_contain_text("302室", timeout=DEADLINE)
    page.keyboard.press("?")
    expect(page.locator("dialog.keys")).to_be_visible()


def test_an_alarm_sounds_until_it_is_taken_and_a_new_one_breaks_the_mute(
    guard: Guard, house: FakeHouse
) -> None:
    page = guard.enters()
    expect(page.locator("[data-banner=sound-off]")).to_be_visible()
    page.click("[data-start-shift]")
    _sound(page, "on")
    expect(page.locator("[data-banner=sound-off]")).to_have_count(0)
    house.fires("dorm-2-305-smoke")
    _sound(page, "alarm")
    page.click("[data-mute]")
    _sound(page, "muted")
    house.fires("dorm-2-306-smoke")
    _sound(page, "alarm")
    page.keyboard.press("a")
    expect(page.locator(".card-taken")).to_have_count(1, timeout=DEADLINE)
    _sound(page, "alarm")
    page.click(".take")
    expect(page.locator(".card-taken")).to_have_count(2, timeout=DEADLINE)
    _sound(page, "on")


def test_a_finger_that_presses_twice_takes_one_alarm(guard: Guard, house: FakeHouse) -> None:
    guard.page.clock.install()
    page = guard.enters()
    for room in ("305", "306"):
        house.fires(f"dorm-2-{room}-smoke")
    expect(page.locator(".card-alarm")).to_have_count(2, timeout=DEADLINE)
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    page.keyboard.press("a")
    expect(page.locator(".card-taken")).to_have_count(1, timeout=DEADLINE)
    page.keyboard.press("a")
    assert page.evaluate("document.querySelector('alert-list').busy.size") == 0
    page.clock.run_for(1_000)
    page.keyboard.press("a")
    expect(page.locator(".card-taken")).to_have_count(2, timeout=DEADLINE)
    expect(page.locator(".card-said")).to_have_count(0)


def test_when_the_server_is_killed_the_page_says_so_sounds_and_keeps_the_last_state(
    guard: Guard, house: FakeHouse, server: WebServer
) -> None:
    guard.page.clock.install()
    page = guard.enters()
    page.click("[data-start-shift]")
    house.fires("lab-101-smoke", "fault", alert_class=Class.TROUBLE)
    page.wait_for_selector(".card-trouble")
    server.stop()
    page.clock.run_for(11_000)
    expect(page.locator("[data-banner=stale]")).to_have_count(0)
    page.clock.run_for(2_000)
    expect(page.locator("[data-banner=stale]")).to_contain_text("数据已停止更新")
    _sound(page, "on")
    page.clock.run_for(8_000)
    _sound(page, "stale")
    expect(page.locator(".card-trouble")).to_be_visible()
    expect(page.locator("[data-live-age]")).to_contain_text("秒前")


def test_when_the_server_is_back_the_screen_catches_up_by_itself(
    guard: Guard, house: FakeHouse, server: WebServer
) -> None:
    page = guard.enters()
    first = house.fires("dorm-2-305-smoke")
    page.wait_for_selector(".card-alarm")
    server.stop()
    house.apply([Acknowledged(first, "wang-fang")]).result()
    house.fires("dorm-2-306-smoke")
    house.starts_anew()
    server.start()
    expect(page.locator(".card-taken")).to_contain_text("王芳 已受理", timeout=DEADLINE)
    expect(page.locator(".card-alarm")).to_have_count(2, timeout=DEADLINE)


def test_what_could_not_be_recorded_stands_above_everything_and_sounds(
    guard: Guard, house: FakeHouse
) -> None:
    page = guard.enters()
    page.click("[data-start-shift]")
    house.cannot_write("canteen-101-smoke")
    banner = page.locator("[data-banner=unrecorded]")
    expect(banner).to_contain_text("未记录", timeout=DEADLINE)
    expect(banner).to_contain_text("食堂 1层 101室")
    _sound(page, "alarm")
    house.unrecorded.clear()
    house.live.publish((), ())
    expect(banner).to_have_count(0, timeout=DEADLINE)
    _sound(page, "on")


def test_the_test_of_a_shift_is_seen_as_one_and_makes_no_sound(guard: Guard, house: FakeHouse) -> None:
    page = guard.enters()
    now, said = house.now(), page.locator("[data-announce]")
    note = str(Said(1, now + 600_000, "li-wei"))
    house.fires(
        "tocsin", "canary", alert_class=Class.STATUS, title=Text("值班通知测试", "Test"), policy="canary",
        verify=False, life_safety=False, evidence=(Evidence("canary_call", "alarm", now, now, "", note),),
    )  # fmt: skip
    card = page.locator(".card-status")
    expect(card).to_contain_text("值班通知测试", timeout=DEADLINE)
    expect(card.locator(".drill-word")).to_have_text("测试")
    expect(said).to_have_text("")  # what is announced is what chimes
    house.fires("dorm-2-305-smoke", "battery-low", alert_class=Class.TROUBLE, title=Text("电量低", "Battery"))
    expect(said).to_contain_text("电量低", timeout=DEADLINE)
    expect(said).not_to_contain_text("值班通知测试")


def test_that_no_gateway_works_is_red_and_sounds_until_one_does(guard: Guard, house: FakeHouse) -> None:
    page = guard.enters()
    page.click("[data-start-shift]")
    house.stands_on(Rung.SCREEN)
    banner = page.locator("[data-banner=rung]")
    expect(banner).to_contain_text("所有通知渠道都不通", timeout=DEADLINE)
    expect(banner).to_have_class("banner banner-alarm")
    _sound(page, "stale")
    house.stands_on(Rung.LOCAL)
    expect(banner).to_contain_text("短信猫", timeout=DEADLINE)
    _sound(page, "on")
    house.stands_on(Rung.GATEWAYS)
    expect(banner).to_have_count(0, timeout=DEADLINE)


def test_a_drill_is_hatched_and_a_refused_rule_set_is_a_banner(guard: Guard, house: FakeHouse) -> None:
    page = guard.enters()
    house.refuses_rules("rules.yaml:3:5 got 'smok'")
    expect(page.locator(".banner-trouble")).to_contain_text("rules.yaml:3:5", timeout=DEADLINE)
    house.drills("dorm-2-305-smoke")
    expect(page.locator(".banner-drill")).to_contain_text("演练中", timeout=DEADLINE)
    expect(page.locator(".card-drill")).to_contain_text("演练")


def test_many_troubles_of_one_kind_are_one_card_and_are_taken_together(
    guard: Guard, house: FakeHouse
) -> None:
    page = guard.enters()
    for floor in range(1, 7):
        house.fires(f"dorm-1-f{floor}-light", "on-battery", alert_class=Class.TROUBLE, verify=False)
    expect(page.locator(".card")).to_have_count(1, timeout=DEADLINE)
    expect(page.locator(".card")).to_contain_text("6 条同类警情")
    page.click(".take")
    expect(page.locator(".card-taken")).to_have_count(1, timeout=DEADLINE)


def test_on_every_other_page_an_alarm_is_said_and_leads_back(guard: Guard, house: FakeHouse) -> None:
    page = guard.enters()
    page.goto(f"{guard.server.url}/devices/lab-101-smoke")
    house.fires("dorm-2-305-smoke")
    expect(page.locator("[data-banner=waiting]")).to_contain_text("2号宿舍楼 3层 305室", timeout=DEADLINE)
    page.click("[data-banner=waiting] .button")
    page.wait_for_selector(".card-alarm")


def test_a_device_page_follows_its_points_and_draws_any_span(guard: Guard, house: FakeHouse) -> None:
    page = guard.enters()
    house.reads("lab-101-smoke", "temperature", 21.0)
    page.goto(f"{guard.server.url}/devices/lab-101-smoke")
    page.wait_for_selector(".chart-words td")
    page.click("[data-metric=temperature]")
    page.wait_for_selector(".chart canvas")
    page.click("[data-hours='168']")
    house.reads("lab-101-smoke", "temperature", 55.5)
    expect(page.locator("[data-metric=temperature] .tile-value")).to_have_text("55.5 °C", timeout=DEADLINE)
    assert guard.complaints() == []


def test_a_scenario_of_the_demo_starts_from_the_wall(guard: Guard, house: FakeHouse) -> None:
    page = guard.enters()
    page.click("[data-scenario=night-fire]")
    expect(page.locator("[data-scenario-said]")).to_contain_text("宿舍夜间火灾", timeout=DEADLINE)
    assert house.scenarios_started == ["night-fire"]


def test_hostile_names_run_nothing_on_any_page(guard: Guard, house: FakeHouse) -> None:
    places = [Place("campus", PAYLOADS[0], PAYLOADS[1])]
    places += [Place(f"b{n}", text, text, "campus") for n, text in enumerate(PAYLOADS)]
    devices = [
        Device(f"d{n}", "smoke_detector", f"b{n}", zh=text, en=text) for n, text in enumerate(PAYLOADS)
    ]
    house.registry = Registry.build(places, [], devices)
    numbers = [house.fires(f"d{n}", f"rule-{n}", title=Text(text, text)) for n, text in enumerate(PAYLOADS)]
    for n, text in enumerate(PAYLOADS):
        house.reads(f"d{n}", "smoke", text)
        house.quarantines(f"campus/{text}", text.encode())
    page = guard.enters()
    paths = [
        "/",
        "/alerts",
        f"/alerts/{numbers[3]}",
        "/devices",
        "/devices/d3",
        "/quarantine",
        "/health",
        "/system",
    ]
    for path in paths:
        page.goto(guard.server.url + path)
        page.wait_for_selector("main")
        if page.locator("alert-list").count():
            page.wait_for_selector("alert-list .card")
        assert page.evaluate("window.__xss") is None, path
        assert guard.complaints() == [], path


PAGES: list[tuple[str, Callable[[int], str]]] = [
    ("wall", lambda number: "/"),
    ("alert", lambda number: f"/alerts/{number}"),
    ("alerts", lambda number: "/alerts"),
    ("devices", lambda number: "/devices"),
    ("device", lambda number: "/devices/dorm-2-305-smoke"),
    ("quarantine", lambda number: "/quarantine"),
    ("health", lambda number: "/health"),
    ("system", lambda number: "/system"),
    ("account", lambda number: "/account"),
    ("accounts", lambda number: "/accounts"),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1440])
def test_no_page_is_wider_than_the_screen_in_either_language(
    browser: Browser, server: WebServer, house: FakeHouse, scheme: str, width: int, tmp_path: Path
) -> None:
    guard = Guard(browser, server, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = guard.enters()
    number = _an_evening(house)
    folder = Path(os.environ.get("TOCSIN_SCREENSHOTS", tmp_path))
    for language in ("zh", "en"):
        page.request.post(
            f"{server.url}/preferences", data={"language": language}, headers={"origin": server.url}
        )
        for name, where in PAGES:
            page.goto(server.url + where(number))
            told = "document.querySelector('time')?.textContent !== ''"
            wait_for("times in words", lambda: page.evaluate(told))  # noqa: B023 - asked within this turn
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, language)
            page.screenshot(path=folder / f"{name}-{language}-{scheme}-{width}.png")
    assert guard.complaints() == []
    guard.context.close()


def _an_evening(house: FakeHouse) -> int:
    """A wall worth a picture: one alarm taken, one not, and what a campus always has."""
    taken = house.fires("dorm-2-305-smoke")
    house.apply([Acknowledged(taken, "wang-fang")]).result()
    house.fires("dorm-2-306-smoke")
    gas = Text("燃气浓度偏高", "Gas level high")
    house.fires("lab-203-smoke", "gas", alert_class=Class.SUPERVISORY, title=gas, verify=False)
    battery = Text("电池电量低", "Battery low")
    for room in (101, 102, 103, 201, 202):
        device = f"teaching-1-{room}-smoke"
        house.fires(device, "battery", alert_class=Class.TROUBLE, title=battery, verify=False)
    house.reads("dorm-1-402-smoke", "supervision", "silent")
    house.quarantines("campus/unknown-7/reading", b'{"values": {"smoke": "alarm"}}')
    return taken
