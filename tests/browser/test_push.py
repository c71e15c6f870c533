"""Touches. The service worker of Web Push in a real browser: it shows what came, and says that it did."""

import json
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from dashboard.service import Push
from tests.browser.test_wall import DEADLINE, Guard, browser, server
from tests.fakes.service import FakeHouse
from tests.fakes.web import WebServer
from tests.servers import wait_for

__all__ = ["browser", "server"]
KEY = "BGrrDsIm77TkG-FsXoxOmJo4Rc0f4EecogV7NkS_jzjTuWhD2WlYIXBEqeLvouszE23mgcKg4P2Df9mLrl-dUZU"
TOLD = {
    "title": "2号楼 305室：烟雾报警", "body": "代码：A7K2", "tag": "A7K2", "url": "/alerts/1", "urgent": True,
    "lang": "zh-CN", "take": "受理", "mark": "0" * 32, "channel": "push",
}  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    made = FakeHouse(tmp_path, lambda: time.time_ns() // 1_000_000)  # noqa: TID251
    made.push = Push("push", KEY)
    return made


def test_a_message_becomes_a_notification_and_the_sender_hears_that_it_was_shown(
    browser: Browser, server: WebServer, house: FakeHouse
) -> None:
    guard = Guard(browser, server)
    page = guard.enters()
    page.goto(f"{server.url}/account")
    expect(page.locator("[data-push] h2")).to_have_text("本机推送通知")
    page.context.grant_permissions(["notifications"], origin=server.url)
    page.evaluate("async () => void (await (await import('/static/js/push.js')).register())")
    registered = """async () => {
        const found = await navigator.serviceWorker.getRegistration("/static/js/");
        return Boolean(found?.active);
    }"""
    page.wait_for_function(registered, timeout=DEADLINE)
    session = page.context.new_cdp_session(page)
    ids: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: ids.extend(one["registrationId"] for one in event["registrations"]),
    )
    session.send("ServiceWorker.enable")
    wait_for("the worker to be known", lambda: bool(page.evaluate("1") and ids))
    session.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": server.url, "registrationId": ids[0], "data": json.dumps(TOLD)},
    )
    wait_for("it says that it was shown", lambda: bool(page.evaluate("1") and house.callbacks))
    assert house.callbacks[0] == ("push", {"mark": "0" * 32, "what": "shown"})
    shown = page.evaluate(
        """async () => {
            const found = await navigator.serviceWorker.getRegistration("/static/js/");
            return (await found.getNotifications()).map((it) => [it.title, it.body, it.requireInteraction]);
        }"""
    )
    assert shown == [[TOLD["title"], TOLD["body"], True]]
