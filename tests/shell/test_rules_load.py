"""Touches. Rule files on a disk: folders, missing and unreadable files, and that nothing is half loaded."""

import re
from pathlib import Path

import pytest

from rules.load import STANDARD, RuleErrors, load
from tests.fakes.engine import rule

SMOKE = "{metric: smoke, is: [alarm]}"


def test_a_folder_gives_all_its_files_and_the_standard_pack_comes_with_them(tmp_path):
    (tmp_path / "b.yaml").write_text("rules:\n" + rule(SMOKE, name="mine-b"))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.yml").write_text("rules:\n" + rule(SMOKE, name="mine-a"))
    (tmp_path / "notes.txt").write_text("not rules")
    (tmp_path / ".hidden.yaml").write_text("not rules")
    pack = set(load().by_id)
    assert set(load([tmp_path]).by_id) == pack | {"mine-a", "mine-b"}
    assert set(load([STANDARD, tmp_path], standard=False).by_id) == pack | {"mine-a", "mine-b"}


def test_rules_under_which_a_first_alarm_would_raise_nothing_are_refused(tmp_path):
    (tmp_path / "a.yaml").write_text("rules:\n" + rule(SMOKE, "alarm", name="mine"))
    with pytest.raises(RuleErrors) as refused:
        load([tmp_path], standard=False)
    mistakes = refused.value.mistakes
    assert "got no alarm at once for heat, co of every smoke_detector  " in mistakes[0]
    assert any("press of every panic_button" in mistake for mistake in mistakes)


def test_the_mistakes_of_all_files_come_together_and_nothing_is_loaded(tmp_path):
    (tmp_path / "a.yaml").write_text("rules:\n" + rule("{metric: smok, is: [alarm]}"))
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RuleErrors) as refused:
        load([tmp_path, tmp_path / "missing.yaml"])
    first, second, third = refused.value.mistakes
    assert first == f"{tmp_path}/a.yaml:4:20  rules[0].when.metric  got 'smok'  did you mean 'smoke'?"
    assert second.startswith(f"{tmp_path}/b.yaml:1:1  rules  got bytes that are not UTF-8")
    assert (
        third == f"{tmp_path}/missing.yaml:1:1  rules  got nothing  cannot be read: No such file or directory"
    )


def test_an_id_of_the_standard_pack_is_taken(tmp_path):
    (tmp_path / "a.yaml").write_text("rules:\n" + rule(SMOKE, name="smoke-alarm"))
    with pytest.raises(RuleErrors, match=r"taken by the rule at standard/fire.yaml:\d+; choose another"):
        load([tmp_path])


def test_a_file_too_large_to_be_written_by_a_person_is_refused(tmp_path):
    (tmp_path / "big.yaml").write_text("#" * (4 * 1024 * 1024 + 1))
    with pytest.raises(RuleErrors, match="expected at most"):
        load([tmp_path])


def test_loading_twice_gives_the_same_versions_in_the_same_order():
    first, second = load(), load()
    assert [(r.id, r.version) for r in first.rules] == [(r.id, r.version) for r in second.rules]
    assert first.version == second.version


def test_every_example_in_the_documentation_can_be_loaded(tmp_path):
    page = Path(__file__).parents[2] / "docs" / "rules.md"
    examples = [text for text in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.S) if "- id:" in text]
    for number, text in enumerate(examples):
        (tmp_path / f"{number}.yaml").write_text(text)
    assert len(examples) >= 8
    assert len(load([tmp_path]).rules) > len(load().rules) + 8
