"""Touches. The page of the rules: what is in force in words, what was refused, and who changed what."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dashboard.service import RulesInfo
from rules import record
from rules.changes import changes
from rules.load import Loaded, build, read
from tests.fakes.browser import PAGE, signed_in
from tests.fakes.engine import rule
from tests.fakes.service import FakeHouse

COLD = rule("{metric: temperature, above: 8, deadband: 1}", "supervisory", "cold-store",
            only="{kind: climate, place: dorm-2}", on_delay="10m", latch="true")  # fmt: skip


def comes_into_force(house: FakeHouse, folder: Path, text: str) -> Loaded:
    """The rules of this text and the standard pack are loaded and recorded, as the rulebook does."""
    (folder / "mine.yaml").write_text(text)
    loaded = build(read([folder / "mine.yaml"]))
    with house._engine.begin() as tx:
        found = changes(record.past(tx), loaded.rules, loaded.said)
        record.keep(tx, found, house.now(), loaded.rules.version)
    house.rules = RulesInfo(loaded.rules.version, len(loaded.rules.rules), "", loaded)
    house.now.moment += 60_000
    return loaded


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    made = FakeHouse(tmp_path)
    comes_into_force(made, tmp_path, "rules:\n" + COLD)
    return made


@pytest.fixture
def guard(house: FakeHouse) -> Iterator[TestClient]:
    with signed_in(house, "guard") as client:
        yield client


def page(guard: TestClient, language: str) -> str:
    guard.post("/preferences", data={"language": language, "next": "/rules"}, headers=PAGE)
    return guard.get("/rules", headers=PAGE).text


def test_a_rule_is_shown_in_the_readers_words_with_where_it_stands(guard: TestClient, tmp_path: Path) -> None:
    english, chinese = page(guard, "en"), page(guard, "zh")
    for words in (
        "temperature above 8 °C, deadband 1 °C",
        "kind: climate sensor",
        "only after it has held for 10 min",
        "stays until a person resets it",
        f"{tmp_path}/mine.yaml:2",
    ):
        assert words in english
    for words in (
        "温度 高于 8 °C，回差 1 °C",
        "类型：温湿度计",
        "持续 10 分钟 后报出",
        "需人工复位",
        "标准规则包",
    ):
        assert words in chinese


def test_every_rule_in_force_is_on_the_page(house: FakeHouse, guard: TestClient) -> None:
    shown = page(guard, "en")
    assert [one.id for one in house.rules.loaded.rules.rules if f'id="{one.id}"' not in shown] == []


def test_every_mistake_of_a_refused_file_is_on_the_page(house: FakeHouse, guard: TestClient) -> None:
    before = house.rules
    mistakes = "mine.yaml:3:4  rules[0].when  got <b>  wrong\nmine.yaml:9:1  rules  got nothing  empty"
    house.rules = RulesInfo(before.version, before.count, mistakes, before.loaded)
    shown = page(guard, "en")
    assert "2 mistakes" in shown
    assert "mine.yaml:3:4  rules[0].when  got &lt;b&gt;  wrong" in shown
    assert "mine.yaml:9:1" in shown


def test_a_change_is_shown_with_its_difference_and_with_who_and_why(
    house: FakeHouse, guard: TestClient, tmp_path: Path
) -> None:
    assert "not stated" in page(guard, "en")
    changed = COLD.replace("above: 8", "above: 5")
    comes_into_force(house, tmp_path, "changed_by: Li Wei\nreason: the canteen asked\nrules:\n" + changed)
    shown = page(guard, "en")
    assert "<code>when.above</code>: 8 → <b>5</b>" in shown
    assert "Li Wei" in shown
    assert "the canteen asked" in shown


def test_a_long_history_goes_on_over_the_next_page(
    house: FakeHouse, guard: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.rulespage.CHANGES_A_PAGE", 60)
    first = page(guard, "en")
    address = first.partition('href="?before=')[2].partition('"')[0]
    second = guard.get(f"/rules?before={address}", headers=PAGE).text
    names = [one.id for one in house.rules.loaded.rules.rules]
    assert (
        sum(
            f"<code>{name}</code> " in first or f"<b>added</b> <code>{name}</code>" in first for name in names
        )
        == 60
    )
    assert sum(f"<b>added</b> <code>{name}</code>" in second for name in names) == len(names) - 60


def test_a_rule_key_without_words_is_shown_as_it_is_written(house: FakeHouse) -> None:
    from dashboard.rulewords import clauses

    body = {"when": {"metric": "smoke", "counts": 3}, "for": {"moon": "full"}, "mood": "calm"}
    assert clauses(body, "en", lambda _, key: key) == ["smoke counts: 3", "moon: full", "mood: calm"]


def test_every_key_of_a_rule_has_words_in_both_languages_and_a_schedule_is_said_in_them() -> None:
    from dashboard.catalogue import CATALOGUE
    from dashboard.rulewords import clauses
    from rules.check import KEYS
    from rules.conditions import EXTRAS, SPELT, WRAPPING
    from rules.conditions.verdicts import KEYS as OTHERS

    wanted = {f"when_{key}" for key in (*SPELT, *WRAPPING, *OTHERS, *EXTRAS)}
    wanted |= {f"rule_{key}" for key in KEYS if key not in ("id", "title", "for", "when", "class")}
    assert not wanted - {*CATALOGUE}
    body = {
        "when": {"metric": "contact", "is": ["open"], "times": 3, "within": "60s"},
        "during": [{"period": "term", "hours": "22:00-06:00"}, {"days": ["weekend", "holiday"]}],
        "suppressed_by": {"rule": "mains", "same": "building"},
    }
    assert clauses(body, "zh", lambda _, key: key)[2:] == [
        "只在以下时段：学期内 + 22:00-06:00；或 周末、节假日",
        "以下成立时抑制：mains（同一楼栋）",
    ]
    assert "only during: term + 22:00-06:00; or weekends, holidays" in clauses(body, "en", lambda _, key: key)
