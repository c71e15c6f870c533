"""Touches. `tocsin why`: the answer about an alert, and about a device for which rules did not fire."""

from pathlib import Path
from typing import Any

import pytest

from alerts.alert import Acknowledged
from ingest.bilingual import told
from ingest.latest import Latest
from tests.fakes.engine import rule
from tests.story.school import START, School
from tests.story.test_rulebook import COLD, COLDER, Keeper
from tocsin.why import Known, answer, moment_of

ZONE = "Asia/Shanghai"


class FakeHistory:
    """What was recorded of a device: metric → (moment, value)."""

    def __init__(self, **points: list[tuple[int, Any]]) -> None:
        self.points = points

    def series(self, device: str, metric: str, start: int, end: int, parts: int) -> list[Any]:
        return [(at, one, one, one) for at, one in self.points.get(metric, []) if start <= at <= end]

    def words(self, device: str, metric: str, start: int, end: int) -> list[tuple[int, str]]:
        return [(at, one) for at, one in self.points.get(metric, []) if start <= at <= end]


@pytest.fixture
def keeper(school: School, tmp_path: Path) -> Keeper:
    made = Keeper(school, tmp_path / "rules.d")
    made.folder.mkdir()
    made.write(COLD + "    on_delay: 60s\n", head="changed_by: 王芳\nreason: 食堂要求\n")
    made.start()
    return made


def why(keeper: Keeper, target: str, at: str = "", history: Any = None, language: str = "en") -> list[str]:
    school = keeper.school
    with school.database.read() as conn:
        latest = Latest()
        latest._points = school.house.latest._points
        known = Known(conn, school.registry, school.house.rules, latest.points, history, ZONE, school.moment)
        return [told(line, language) for line in answer(known, target, at)]


def test_a_chinese_terminal_is_answered_in_chinese(keeper: Keeper) -> None:
    keeper.school.say("store-1", temperature=9.5)
    keeper.school.forward(60)
    (alert,) = keeper.school.open()
    answered = "\n".join(why(keeper, alert.code, language="zh") + why(keeper, "store-1", language="zh"))
    for words in (
        "触发于 2026-11-18 19:11:00，条件始于 2026-11-18 19:10:00",
        "2026-11-18 19:10:00 temperature 9.5 °C；条件：高于 8",
        "已触发：自 2026-11-18 19:10:00 起成立（9.5）",
        "修改人：王芳; 原因：食堂要求",
    ):
        assert words in answered, answered
    assert not [words for words in ("looked for", "holds since", "because", "timers") if words in answered]


def test_the_answer_about_an_alert_names_rule_version_inputs_thresholds_and_timers(keeper: Keeper) -> None:
    keeper.school.say("store-1", temperature=9.5)
    keeper.school.forward(60)
    (alert,) = keeper.school.open()
    told = "\n".join(why(keeper, alert.code.lower()))
    for words in (
        f"by the rule cold-store, version {alert.rule_version} ({keeper.file}:4",
        "changed by: 王芳; why: 食堂要求",
        "when: {metric: temperature, above: 8}",
        "on_delay: 60s",
        "temperature 9.5 °C at 2026-11-18 19:10:00; looked for: above 8",
        "raised 2026-11-18 19:11:00, the condition began 2026-11-18 19:10:00",
        "the rule is active since 2026-11-18 19:10:00, no deadline",
        "raised by tocsin  (",
        "told warden",
    ):
        assert words in told, told


def test_the_answer_about_a_fire_names_the_sirens_that_sounded(keeper: Keeper) -> None:
    keeper.school.say("smoke-305", smoke="alarm")
    (alert,) = keeper.school.open()
    (befell,) = [line for line in why(keeper, alert.code) if " raised · " in line or " raised by " in line]
    assert "siren" in befell


def test_a_rule_that_reads_otherwise_now_or_is_gone_is_said_with_what_it_said_then(keeper: Keeper) -> None:
    keeper.school.say("store-1", temperature=9.5)
    keeper.school.forward(60)
    (alert,) = keeper.school.open()
    keeper.saves(COLDER)
    told = "\n".join(why(keeper, alert.code))
    assert "above: 8" in told
    assert f"it reads otherwise now: version {keeper.school.house.rules.by_id['cold-store'].version}" in told
    keeper.saves(rule("{metric: contact, is: [open]}", "status", "other"))
    assert "no rule of this id is in force any more" in "\n".join(why(keeper, alert.code))


def test_a_closed_alert_can_be_asked_about_as_well(keeper: Keeper) -> None:
    keeper.school.say("store-1", temperature=9.5)
    keeper.school.forward(60)
    (alert,) = keeper.school.open()
    keeper.school.act(lambda number: Acknowledged(number, "warden"))
    keeper.school.say("store-1", temperature=2)
    assert keeper.school.open() == []
    told = "\n".join(why(keeper, alert.code))
    assert "trouble 3, closed, normal" in told
    assert "acknowledged by warden" in told
    assert "none: the rule is at rest on it" in told


def test_a_device_is_told_how_far_each_rule_has_come_and_why_it_has_not_fired(keeper: Keeper) -> None:
    keeper.school.say("store-1", temperature=9.5)
    keeper.school.forward(30)
    told = "\n".join(why(keeper, "store-1"))
    assert "not raised yet: it holds since 2026-11-18 19:10:00 (9.5), its on-delay runs until" in told
    assert "looks for temperature above 35, deadband 2, on-delay 1m, off-delay 1m" in told
    assert "at rest: what it heard last is not what it looks for" in told
    assert "heard nothing to judge: " in told


def test_a_device_at_a_time_is_judged_anew_from_its_history(keeper: Keeper) -> None:
    keeper.school.say("store-1", temperature=1)
    before = START - 3600_000
    history = FakeHistory(temperature=[(before, 9.0), (before + 30_000, 7.0), (before + 600_000, 9.0)])
    early = "\n".join(why(keeper, "store-1", "18:10:20", history))
    assert "not raised yet: it holds since 2026-11-18 18:10:00 (9)" in early
    spike = "\n".join(why(keeper, "store-1", "18:15", history))
    assert "heard temperature 7 at 2026-11-18 18:10:30" in spike
    assert "raised at" not in spike
    late = "\n".join(why(keeper, "store-1", "2026-11-18 18:30", history))
    assert "raised at 2026-11-18 18:21:00, the condition began 2026-11-18 18:20:00" in late


@pytest.mark.parametrize(
    ("target", "at", "sentence"),
    [
        (
            "store-2",
            "",
            "no alert has the code 'store-2', and no device is called so; did you mean 'store-1'?",
        ),
        ("store-1", "noon", "'noon' is no time: write 14:05, or '2026-11-22 14:05'"),
        ("store-1", "14:05", "--at needs the history, which only a running service can read"),
        ("XYZ", "14:05", "--at goes with a device, and there is no device 'XYZ'"),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_sentence(
    keeper: Keeper, target: str, at: str, sentence: str
) -> None:
    keeper.school.say("store-1", temperature=1)
    with pytest.raises(ValueError, match=r".") as said:
        why(keeper, target, at)
    assert str(said.value) == sentence


def test_a_time_of_day_is_the_last_one_that_has_been() -> None:
    now = START  # 19:10 in Shanghai
    assert moment_of("19:09", ZONE, now) == START - 60_000
    assert moment_of("19:11", ZONE, now) == START + 60_000 - 86_400_000
    assert moment_of("2026-11-18T19:10:00", ZONE, now) == moment_of("19:10:00", ZONE, now) == START
