"""Touches. A rule in shadow in a running school: judged, recorded, told to nobody, promoted by a person."""

import json
from pathlib import Path

import pytest

from ingest.reading import Reading
from rules import record, shadowstore
from rules.evaluate import evaluate
from rules.firing import Tally
from rules.memory import Memories
from rules.ruleset import RuleSet
from rules.shadow import NotPromoted
from tests.fakes.engine import rule
from tests.story.school import School
from tests.story.test_rulebook import COLD, Keeper, raised
from tocsin.glance import glance
from tocsin.hand_over import apply_facts

QUIET = rule(
    "{metric: temperature, above: 5}", "alarm", "quiet", only="{device: store-1}", shadow="14d", priority="1"
)


@pytest.fixture
def keeper(school: School, tmp_path: Path) -> Keeper:
    made = Keeper(school, tmp_path / "rules.d")
    made.folder.mkdir()
    made.write(QUIET)
    made.start()
    return made


def version(keeper: Keeper, name: str = "quiet") -> str:
    return keeper.school.house.rules.by_id[name].version


def seen(keeper: Keeper) -> Tally:
    with keeper.school.database.read() as conn:
        return shadowstore.tally(conn, "quiet", version(keeper))


def test_what_a_rule_in_shadow_finds_is_recorded_and_told_to_nobody(keeper: Keeper) -> None:
    keeper.school.say("store-1", temperature=9)
    keeper.school.forward(60)
    keeper.school.say("store-1", temperature=2)
    keeper.school.say("store-1", temperature=8)
    assert raised(keeper) == []
    tally = seen(keeper)
    assert (tally.count, tally.devices) == (2, 1)
    first, second = tally.firings
    assert first.until is not None
    assert (first.until - first.moment >= 60_000, second.until) == (True, None)
    assert "temperature 9" in first.said
    assert keeper.school.sirens() == []


def test_promoting_puts_this_version_into_service_says_who_and_why_and_raises_what_holds(
    keeper: Keeper,
) -> None:
    keeper.school.say("store-1", temperature=9)
    keeper.book.promote("quiet", version(keeper), "li-wei", "fourteen days without a false alarm")
    assert raised(keeper) == [("quiet", "active")]
    change = keeper.history()[0].change
    assert (change.what, change.rule, change.version) == ("promoted", "quiet", version(keeper))
    assert (change.changed_by, change.reason) == ("li-wei", "fourteen days without a false alarm")
    keeper.school.say("store-1", temperature=1)
    assert raised(keeper) == [("quiet", "normal")]


def test_a_promotion_outlives_a_restart_and_a_reload_of_other_rules(keeper: Keeper) -> None:
    keeper.book.promote("quiet", version(keeper), "li-wei", "good")
    with keeper.school.database.read() as conn:
        kept, promoted = record.kept_files(conn), record.promoted(conn)
    assert keeper.book.open(kept, promoted).by_id["quiet"].shadow is None
    keeper.saves(QUIET, COLD)
    assert keeper.school.house.rules.by_id["quiet"].shadow is None


def test_an_edit_of_the_rule_falls_back_to_what_the_file_says(keeper: Keeper) -> None:
    keeper.book.promote("quiet", version(keeper), "li-wei", "good")
    keeper.school.say("store-1", temperature=9)
    keeper.saves(QUIET.replace("above: 5", "above: 6"))
    assert keeper.school.house.rules.by_id["quiet"].shadow is not None
    assert raised(keeper) == [("quiet", "unknown")]
    keeper.saves(QUIET.replace("    shadow: 14d\n", "").replace("  shadow: 14d\n", ""))
    assert keeper.school.house.rules.by_id["quiet"].shadow is None
    assert raised(keeper) == [("quiet", "active")]


def test_what_has_changed_meanwhile_and_what_is_in_service_already_cannot_be_promoted(keeper: Keeper) -> None:
    with pytest.raises(NotPromoted):
        keeper.book.promote("quiet", "00000000", "li-wei", "good")
    keeper.book.promote("quiet", version(keeper), "li-wei", "good")
    with pytest.raises(NotPromoted):
        keeper.book.promote("quiet", version(keeper), "li-wei", "good")


def test_a_promotion_that_cannot_be_written_is_none(keeper: Keeper) -> None:
    with keeper.school.outage(), pytest.raises(Exception, match="disk is full"):
        keeper.book.promote("quiet", version(keeper), "li-wei", "good")
    assert keeper.school.house.rules.by_id["quiet"].shadow is not None
    assert keeper.book.promoted == frozenset()


def test_when_its_days_are_over_and_nobody_has_decided_that_is_trouble_of_our_own(keeper: Keeper) -> None:
    def waiting() -> list[str]:
        with keeper.school.database.read() as conn:
            return keeper.book.undecided(conn, "Asia/Shanghai")

    day = 24 * 3_600_000
    keeper.school.moment += 14 * day - 1000
    assert waiting() == []
    keeper.school.moment += 2000
    assert waiting() == ["quiet"]
    keeper.book.promote("quiet", version(keeper), "li-wei", "fourteen days without a false alarm")
    assert waiting() == []


def test_at_first_sight_and_in_an_outage_a_rule_in_shadow_is_silent_too(keeper: Keeper) -> None:
    school = keeper.school
    keeper.saves(rule("{metric: smoke, is: [alarm]}", "alarm", "own-smoke", shadow="14d"))
    with school.outage():
        message = school.say("smoke-305", smoke="alarm")
        assert {one.rule for one in school.emergency.open()} == {"smoke-alarm"}
    seen = glance(school.house.decoder, school.house.rules, school.registry, [message])
    assert {one.rule for one in seen} == {"smoke-alarm"}


def test_no_way_to_the_desk_is_open_to_a_rule_in_shadow(keeper: Keeper) -> None:
    school, said = keeper.school, keeper.school.house.rules.by_id["quiet"]
    row = Reading("store-1", "temperature", 9.0, school.moment, school.moment)
    found = evaluate(RuleSet([said]), Memories(), row, school.registry.devices["store-1"], school.registry)
    assert [one.holds for one in found] == ["yes"]
    school.writer.act(lambda tx: apply_facts(school.house, tx, found, school.moment))
    school.turn()
    assert (raised(keeper), seen(keeper).count) == ([], 1)


def test_only_the_latest_activations_of_a_rule_are_kept(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadowstore, "KEPT", 3)
    for _ in range(5):
        keeper.school.say("store-1", temperature=9)
        keeper.school.say("store-1", temperature=1)
    assert seen(keeper).count == 3


def test_a_failure_to_record_a_shadow_keeps_no_alarm_from_being_raised(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(shadowstore, "_keep", fails)
    keeper.saves(QUIET, COLD)
    keeper.school.say("store-1", temperature=9)
    assert raised(keeper) == [("cold-store", "active")]


def test_what_was_judged_in_the_batch_in_which_its_rule_goes_is_raised_and_unknown(keeper: Keeper) -> None:
    keeper.saves(COLD)
    payload = json.dumps({"values": {"temperature": 9}}).encode()
    keeper.school.publish("campus/store-1/reading", payload, turn=False)
    keeper.write()  # no rule at all; its exchange and the message come to the writer at once
    keeper.book.reload()
    assert raised(keeper) == [("cold-store", "unknown")]
