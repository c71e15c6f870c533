"""Touches. The page of one rule: in shadow beside what was really raised, its backtest, and promoting it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from dashboard.service import Backtest
from rules import shadowstore
from rules.firing import Firing, Tally
from rules.replay import Answer
from rules.shadow import NotPromoted
from tests.fakes.browser import OURS, PAGE, sign_in, signed_in
from tests.fakes.engine import rule
from tests.fakes.service import START, FakeHouse
from tests.shell.test_rules_page import comes_into_force

DAY = 86_400_000
DEVICE = "dorm-2-305-smoke"
QUIET = rule(
    "{metric: temperature, above: 50}", "trouble", "quiet", only="{kind: smoke_detector}", shadow="14d"
)


class FakeBacktests:
    """One that runs until it is told to end."""

    last: Backtest | None = None

    def start(self, rule: str) -> bool:
        if self.last is not None and self.last.running:
            return False
        self.last = Backtest(rule, START, 0.4)
        return True

    def ends(self) -> None:
        assert self.last is not None
        moments = (START, START + 9_000, START + 18_000)
        firings = [Firing("quiet", f"{DEVICE}/temperature", DEVICE, at, None, "t 51") for at in moments]
        tally = Tally("quiet", 14, 11, 0, 1, 2, firings)
        self.last = replace(
            self.last, answer=Answer(START - 30 * DAY, START, START, 1234567, 89, {}, {"quiet": tally})
        )


class Shadowed:
    """A house with a rule in shadow that would have fired, and an alert of another rule beside it."""

    def __init__(self, folder: Path) -> None:
        self.house = FakeHouse(folder)
        rules = comes_into_force(self.house, folder, "rules:\n" + QUIET).rules
        self.version = rules.by_id["quiet"].version
        self.house.fires("dorm-2-304-smoke")
        self.house.now.moment += 60_000
        found = self.house.verdict(DEVICE, "quiet", version=self.version, shadow=True)
        self.house.transact(lambda tx: shadowstore.keep(tx, [found])).result()
        self.tests = FakeBacktests()
        self.promoted: list[tuple[Any, ...]] = []
        self.house.service = replace(self.house.service, backtests=self.tests, promote=self.promote)

    def promote(self, *said: str) -> None:
        if said[1] != self.version:
            raise NotPromoted("promote_changed")
        self.promoted.append(said)


def shown(client: TestClient, path: str) -> str:
    """The body of a page: its head has every word of the catalogue."""
    return client.get(path, headers=PAGE).text.partition("<body")[2]


@pytest.fixture
def shadowed(tmp_path: Path) -> Shadowed:
    return Shadowed(tmp_path)


@pytest.fixture
def client(shadowed: Shadowed) -> Iterator[TestClient]:
    with signed_in(shadowed.house) as made:
        made.post("/preferences", data={"language": "en", "next": "/"}, headers=PAGE)
        yield made


def test_a_rule_in_shadow_stands_on_the_page_of_the_rules_and_when_its_days_are_over_it_asks_to_decide(
    shadowed: Shadowed, client: TestClient
) -> None:
    page = shown(client, "/rules")
    assert "Rules in shadow" in page
    assert "in shadow until 2026-12-0" in page
    assert "would have fired 1 times" in page
    assert "shadow ended" not in page
    shadowed.house.now.moment += 15 * DAY
    sign_in(shadowed.house, client)  # the session is over as well
    assert "试运行已结束，等待决定" in shown(client, "/rules")
    assert "试运行已结束，等待决定" in shown(client, "/rules/quiet")


def test_its_page_shows_what_it_would_have_done_beside_what_was_really_raised(client: TestClient) -> None:
    page = shown(client, "/rules/quiet")
    assert "smoke alarm (= alarm)" in page
    assert f"{DEVICE}" in page
    assert "smoke-alarm 2026-11-" in page  # of another detector of its zone
    assert client.get("/rules/nothing", headers=PAGE).status_code == 404


def test_a_backtest_is_started_by_a_button_runs_one_at_a_time_and_its_answer_stays(
    shadowed: Shadowed, client: TestClient
) -> None:
    assert client.post("/api/v1/rules/quiet/backtest", headers=PAGE).headers["location"] == "/rules/quiet"
    assert "Running: 40 %" in shown(client, "/rules/quiet")
    assert client.post("/api/v1/rules/smoke-alarm/backtest", headers=OURS).status_code == 409
    shadowed.tests.ends()
    page = shown(client, "/rules/quiet")
    assert "1234567 readings" in page
    assert "<b>would have fired 14 times</b> · 11 of them chatter (≥ 3 in 60 s) · on 2 devices" in page
    assert "would have fired 14 times" not in shown(client, "/rules/smoke-alarm")


def test_promoting_needs_a_reason_names_who_and_takes_only_the_version_that_was_read(
    shadowed: Shadowed, client: TestClient
) -> None:
    address, version = "/api/v1/rules/quiet/promote", shadowed.version
    assert client.post(address, json={"version": version, "reason": ""}, headers=OURS).status_code == 422
    refused = client.post(address, json={"version": "00000000", "reason": "it is good"}, headers=OURS)
    assert (refused.status_code, shadowed.promoted) == (409, [])
    assert "has just changed" in refused.json()["detail"]
    client.post(address, data={"version": version, "reason": "it is good"}, headers=PAGE)
    assert shadowed.promoted == [("quiet", version, "li-wei", "it is good")]


def test_only_an_administrator_promotes_and_a_viewer_starts_nothing(shadowed: Shadowed) -> None:
    said = {"version": shadowed.version, "reason": "it is good"}
    with signed_in(shadowed.house, "guard") as guard:
        assert guard.post("/api/v1/rules/quiet/promote", json=said, headers=OURS).status_code == 403
        assert "promote" not in shown(guard, "/rules/quiet")
    with signed_in(shadowed.house, "viewer") as viewer:
        assert viewer.post("/api/v1/rules/quiet/backtest", headers=OURS).status_code == 403
    assert (shadowed.promoted, shadowed.tests.last) == ([], None)
