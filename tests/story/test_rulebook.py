"""Touches. Rule files that change under a running school: taken over whole or not at all, and recorded."""

import os
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from ingest.reading import Reading
from rules import record
from rules.load import RuleErrors
from rules.record import Recorded
from tests.fakes.engine import rule
from tests.story.school import School
from tocsin.rulebook import Rulebook

COLD = rule("{metric: temperature, above: 8}", "trouble", "cold-store", only="{device: store-1}")
COLDER = COLD.replace("above: 8", "above: 5")
OPEN = rule("{metric: contact, is: [open]}", "status", "archive-open", only="{device: door-1}")


class Keeper:
    """The rulebook of a school whose writer is driven by hand. `said` is what `report` heard last."""

    def __init__(self, school: School, folder: Path) -> None:
        self.school, self.folder = school, folder
        self.file = folder / "mine.yaml"
        self.said: list[str] = []
        self._mark = 0

    def start(self) -> Rulebook:
        """As `tocsin run` does: the rules first, then the house, then the first look."""
        with self.school.database.read() as conn:
            kept = record.kept_files(conn)
        self.book = Rulebook([str(self.folder)], True, lambda: self.school.moment)
        rules = self.book.open(kept)
        self.school.restart()
        self.school.house.rules = rules
        self.book.watch(self.school.house, self, self.report)  # type: ignore[arg-type]
        self.book.look()
        return self.book

    def report(self, mistakes: list[str]) -> None:
        self.said = mistakes

    def act(self, fn: Any) -> Future[Any]:
        return self._turned(self.school.writer.act(fn))

    def transact(self, fn: Any) -> Future[Any]:
        return self._turned(self.school.writer.transact(fn))

    def _turned(self, future: Future[Any]) -> Future[Any]:
        self.school.turn()
        return future

    def write(self, *rules: str, head: str = "") -> None:
        self.file.write_text(head + "rules:\n" + "".join(rules) if rules else "rules: []\n")
        self._mark += 1_000_000_000
        os.utime(self.file, ns=(self._mark, self._mark))  # two writes in one tick of the clock are two

    def saves(self, *rules: str, head: str = "") -> None:
        """The file is saved, and the watch looks until it stands still."""
        self.write(*rules, head=head)
        self.book.look()
        self.book.look()

    def history(self) -> list[Recorded]:
        with self.school.database.read() as conn:
            return [one for one in record.history(conn, 500) if not one.change.source.startswith("standard/")]


@pytest.fixture
def keeper(school: School, tmp_path: Path) -> Keeper:
    made = Keeper(school, tmp_path / "rules.d")
    made.folder.mkdir()
    made.write(COLD)
    made.start()
    return made


def raised(keeper: Keeper) -> list[tuple[str, str]]:
    return [(alert.rule, alert.activity) for alert in keeper.school.open()]


def test_a_changed_file_is_in_force_once_it_has_stood_still_for_one_look(keeper: Keeper) -> None:
    keeper.write(COLDER)
    keeper.book.look()
    keeper.school.say("store-1", temperature=6)
    assert raised(keeper) == []
    keeper.book.look()
    keeper.school.say("store-1", temperature=6.5)
    assert raised(keeper) == [("cold-store", "active")]


def test_a_file_that_nobody_changed_is_not_read_again(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.rulebook.read", lambda *_: pytest.fail("it was read"))
    keeper.book.look()
    keeper.book.look()


def test_a_broken_file_changes_nothing_and_every_mistake_is_said_until_it_is_mended(keeper: Keeper) -> None:
    before = keeper.school.house.rules
    keeper.saves(COLDER.replace("above", "abov"), OPEN.replace("contact", "kontact"))
    assert keeper.school.house.rules is before
    assert len(keeper.said) == 3
    assert keeper.said[0].startswith(f"{keeper.file}:4:33  rules[0].when.abov")
    assert keeper.book.refused == keeper.said
    keeper.school.say("smoke-305", smoke="alarm")
    keeper.school.say("store-1", temperature=9)
    assert {name for name, _ in raised(keeper)} == {"smoke-alarm", "cold-store"}
    keeper.saves(COLDER, OPEN)
    assert (keeper.said, keeper.book.refused) == ([], [])
    assert "archive-open" in keeper.school.house.rules.by_id


def test_the_alert_of_a_rule_that_is_removed_stays_open_and_is_unknown(keeper: Keeper) -> None:
    keeper.school.say("store-1", temperature=9)
    assert raised(keeper) == [("cold-store", "active")]
    keeper.saves(OPEN)
    assert raised(keeper) == [("cold-store", "unknown")]
    keeper.school.say("store-1", temperature=1)
    assert raised(keeper) == [("cold-store", "unknown")]


def test_a_rule_about_silence_that_is_added_waits_from_the_load_on(keeper: Keeper) -> None:
    silent = rule("{metric: temperature, silent_for: 60s}", "trouble", "no-data", only="{device: store-1}")
    keeper.saves(COLD, silent)
    keeper.school.forward(59)
    assert raised(keeper) == []
    keeper.school.forward(2)
    assert raised(keeper) == [("no-data", "active")]


def test_what_holds_already_when_a_rule_is_loaded_is_raised_at_once_and_never_twice(keeper: Keeper) -> None:
    keeper.school.say("door-1", contact="open")
    keeper.school.say("panic-1", press="alarm")
    keeper.school.forward(120)
    opened = [*raised(keeper)]
    press = rule("{metric: press, happens: [alarm]}", "status", "pressed")
    other = rule("{all: [archive-open]}", "status", "built-on-it")
    keeper.saves(COLD, OPEN, press, other)
    assert raised(keeper) == [*opened, ("archive-open", "active"), ("built-on-it", "active")]
    (alert,) = (one for one in keeper.school.open() if one.rule == "archive-open")
    assert alert.evidence[0].event_time < alert.raised_at - 100_000  # it names when it was opened
    told = len(keeper.school.texts)
    keeper.saves(COLDER, OPEN, press, other)
    assert (len(raised(keeper)), len(keeper.school.texts)) == (len(opened) + 2, told)


def test_what_is_new_waits_for_its_on_delay_and_leaves_a_silent_device_alone(keeper: Keeper) -> None:
    keeper.school.say("door-1", contact="open")
    keeper.school.say("store-1", temperature=4)
    keeper.school.house.latest.note([Reading("store-1", "supervision", "silent", 1, keeper.school.moment)])
    keeper.saves(OPEN.replace("class:", "on_delay: 30s\n    class:"), COLD.replace("above: 8", "above: 3"))
    assert raised(keeper) == []
    keeper.school.forward(31)
    assert raised(keeper) == [("archive-open", "active")]


def test_a_start_with_a_broken_file_has_the_users_last_good_rules_and_says_so(keeper: Keeper) -> None:
    keeper.saves(COLDER)
    keeper.write(COLD.replace("above", "abov"))
    book = keeper.start()
    assert len(book.refused) == 2
    assert "smoke-alarm" in keeper.school.house.rules.by_id
    keeper.school.say("store-1", temperature=6)
    assert raised(keeper) == [("cold-store", "active")]
    assert keeper.start().refused  # and once more: what was good is not forgotten
    keeper.saves(COLD)
    assert keeper.book.refused == []
    assert keeper.history()[0].change.difference[0].text() == "when.above: 5 → 8"


def test_a_first_start_with_a_broken_file_has_the_standard_pack(school: School, tmp_path: Path) -> None:
    keeper = Keeper(school, tmp_path)
    keeper.file.write_text("rules: [")
    book = keeper.start()
    assert len(book.refused) == 1
    school.say("smoke-305", smoke="alarm")
    assert raised(keeper) == [("smoke-alarm", "active")]


def test_a_folder_that_is_gone_takes_no_rule_with_it(keeper: Keeper) -> None:
    keeper.file.unlink()
    keeper.folder.rmdir()
    keeper.book.look()
    keeper.book.look()
    assert keeper.said == [
        f"{keeper.folder}:1:1  rules  got nothing  cannot be read: No such file or directory"
    ]
    assert "cold-store" in keeper.school.house.rules.by_id


def test_a_failure_of_our_own_on_a_file_is_a_mistake_like_any_other(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr("tocsin.rulebook.build", fails)
    keeper.saves(COLDER)
    assert "a failure of Tocsin itself on these files: ZeroDivisionError" in keeper.said[0]
    assert "cold-store" in keeper.school.house.rules.by_id


def test_rules_that_cannot_be_recorded_are_not_in_force_and_are_tried_again(keeper: Keeper) -> None:
    before = keeper.school.house.rules
    keeper.write(COLDER)
    keeper.book.look()
    with keeper.school.outage(), pytest.raises(Exception, match="disk is full"):
        keeper.book.look()
    assert keeper.school.house.rules is before
    keeper.book.look()
    assert keeper.school.house.rules.by_id["cold-store"].version != before.by_id["cold-store"].version
    assert [one.change.what for one in keeper.history()] == ["changed", "added"]


def test_an_exchange_that_fails_by_a_mistake_of_ours_leaves_rules_and_memory_as_they_were(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = keeper.school.house.rules
    keeper.school.say("store-1", temperature=9)

    def fails(*_: Any) -> None:
        raise ZeroDivisionError("a mistake of ours")

    with monkeypatch.context() as patched:
        patched.setattr("tocsin.rulebook.arm", fails)
        with pytest.raises(ZeroDivisionError):
            keeper.saves(OPEN)
    assert keeper.school.house.rules is before
    assert keeper.book.loaded.rules is before
    keeper.school.say("store-1", temperature=1)
    assert raised(keeper) == [("cold-store", "normal")]
    keeper.book.look()
    assert "archive-open" in keeper.school.house.rules.by_id


def test_every_change_is_recorded_with_its_difference_and_with_who_and_why_where_the_file_says(
    keeper: Keeper,
) -> None:
    keeper.school.forward(60)
    keeper.saves(COLDER, OPEN, head="changed_by: 李伟\nreason: 食堂要求 5 °C\n")
    keeper.saves(OPEN)
    removed, *changed, first = keeper.history()
    assert (first.change.what, first.change.changed_by, first.change.reason) == ("added", "", "")
    assert {(r.change.rule, r.change.what) for r in changed} == {
        ("cold-store", "changed"),
        ("archive-open", "added"),
    }
    one = next(r for r in changed if r.change.rule == "cold-store").change
    assert [difference.text() for difference in one.difference] == ["when.above: 8 → 5"]
    assert (one.changed_by, one.reason) == ("李伟", "食堂要求 5 °C")
    assert (one.former, one.version) == (first.change.version, _recorded_version(keeper, one.version))
    assert (removed.change.what, removed.change.rule, removed.change.former) == (
        "removed",
        "cold-store",
        one.version,
    )
    assert removed.moment > first.moment
    assert removed.loaded == keeper.school.house.rules.version


def _recorded_version(keeper: Keeper, version: str) -> str:
    with keeper.school.database.read() as conn:
        found = record.version(conn, "cold-store", version)
    assert found is not None
    assert found.change.body["when"]["above"] == 5
    return found.change.version


def test_the_alert_names_the_version_that_raised_it_and_the_record_has_its_text(keeper: Keeper) -> None:
    keeper.saves(COLDER)
    keeper.school.say("store-1", temperature=6)
    (alert,) = keeper.school.open()
    assert _recorded_version(keeper, alert.rule_version) == alert.rule_version


def test_a_restart_and_a_comment_are_no_change_and_an_edit_made_while_it_was_down_is_one(
    keeper: Keeper,
) -> None:
    with keeper.school.database.read() as conn:
        before = len(record.history(conn, 500))
    keeper.start()
    keeper.saves("# a comment\n", COLD)
    with keeper.school.database.read() as conn:
        assert len(record.history(conn, 500)) == before
    keeper.write(COLDER)
    keeper.start()
    assert keeper.history()[0].change.difference[0].text() == "when.above: 8 → 5"


def test_a_reload_that_a_person_asks_for_gives_the_changes_or_every_mistake(keeper: Keeper) -> None:
    keeper.write(COLDER)
    (change,) = keeper.book.reload()
    assert (change.rule, change.what) == ("cold-store", "changed")
    assert keeper.book.reload() == []
    keeper.write("- 1\n")
    with pytest.raises(RuleErrors, match=r"mine.yaml:2:3  rules\[0\]  got 1  expected a rule"):
        keeper.book.reload()
