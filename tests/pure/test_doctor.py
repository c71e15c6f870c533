"""Thinks. The doctor's judgements and sentences: numbers in, findings out, in both languages."""

import ast
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tocsin.doctor import catalogue, judge
from tocsin.doctor.finding import Level, exit_code, found, language_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GB = 1024**3
ROOT = Path(catalogue.__file__).parents[1]


@pytest.mark.parametrize(
    ("begins", "ends", "name"),
    [
        (-400, 31, "broker_certificate_good"),
        (-400, 29, "broker_certificate_ends_soon"),
        (-400, -1, "broker_certificate_expired"),
        (1, 400, "broker_certificate_not_yet"),
    ],
)
def test_a_certificate_is_judged_by_its_days(begins: int, ends: int, name: str) -> None:
    span = timedelta(days=begins), timedelta(days=ends)
    assert judge.certificate("broker", NOW + span[1], NOW + span[0], NOW, ["b"]).name == name


def test_one_message_that_did_not_wait_is_a_queue_too_short() -> None:
    assert judge.queue(2000, 2000).name == "queue_kept"
    short = judge.queue(2000, 1999)
    assert (short.name, short.values["kept"]) == ("queue_short", 1999)


@pytest.mark.parametrize(
    ("properties", "names"),
    [
        ({"MaximumPacketSize": 1_048_576}, {"expiry_good", "packets_limited", "window"}),
        ({}, {"expiry_good", "packets_unlimited", "window"}),
        ({"MaximumPacketSize": 65_536}, {"expiry_good", "packets_small", "window"}),
        ({"MaximumPacketSize": 268_435_455}, {"expiry_good", "packets_unlimited", "window"}),
        ({"SessionExpiryInterval": 3600}, {"expiry_short", "packets_unlimited", "window"}),
        ({"MaximumQoS": 0}, {"qos1_absent", "expiry_good", "packets_unlimited", "window"}),
        (
            {"WildcardSubscriptionAvailable": 0, "ServerKeepAlive": 60},
            {"wildcards_absent", "keepalive_forced", "expiry_good", "packets_unlimited", "window"},
        ),
    ],
)
def test_what_a_broker_promises_is_compared_with_what_we_need(
    properties: dict[str, int], names: set[str]
) -> None:
    assert {one.name for one in judge.promises(properties, judge.WEEK)} == names


def test_a_disk_is_judged_as_the_running_service_judges_it() -> None:
    reserve = GB // 2
    names = [judge.disk(free, 100 * GB, 10**6, 10**6, reserve)[0].name for free in (GB // 4, GB, 50 * GB)]
    assert names == ["disk_full", "disk_filling", "disk_good"]


def test_few_inodes_are_told_and_a_file_system_without_any_is_not() -> None:
    names = [one.name for one in judge.disk(50 * GB, 100 * GB, 10, 10**6, GB)]
    assert names == ["disk_good", "inodes_few"]
    assert [one.name for one in judge.disk(50 * GB, 100 * GB, 0, 0, GB)] == ["disk_good"]


def test_a_disk_is_slow_by_its_median_and_not_by_one_slow_write() -> None:
    assert judge.fsync([1.0] * 9 + [900.0]).name == "fsync_good"
    assert judge.fsync([30.0] * 9).name == "fsync_slow"
    assert judge.fsync([300.0] * 9).name == "fsync_bad"


def test_a_database_of_a_newer_version_is_a_problem_and_an_older_one_a_warning() -> None:
    names = [judge.schema_version(stored, "0003").name for stored in (None, "0002", "0003", "0004")]
    assert names == ["database_empty", "database_older", "database_good", "database_newer"]


def test_the_exit_code_is_that_of_the_worst_and_what_is_unknown_does_not_count() -> None:
    assert exit_code([Level.OK, Level.UNKNOWN]) == 0
    assert exit_code([Level.OK, Level.WARNING]) == 1
    assert exit_code([Level.WARNING, Level.PROBLEM]) == 2


def test_a_chinese_terminal_is_answered_in_chinese_and_every_other_in_english() -> None:
    assert language_of({"LANG": "zh_CN.UTF-8"}) == "zh"
    assert language_of({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}) == "en"
    assert language_of({}) == "en"


@pytest.mark.parametrize("name", sorted(catalogue.SENTENCES))
def test_a_sentence_speaks_of_the_same_things_in_both_languages(name: str) -> None:
    level, zh, en = catalogue.SENTENCES[name]
    fields = [{field for _, field, _, _ in string.Formatter().parse(text) if field} for text in (zh, en)]
    assert fields[0] == fields[1]
    assert zh.endswith(("。", "}"))
    assert en.endswith((".", "}"))
    if level in (Level.WARNING, Level.PROBLEM):
        assert any(mark in zh for mark in "：，"), "what, why, and what to do"
        assert any(mark in en for mark in ":,")


def test_every_sentence_is_spoken_somewhere_and_no_other_one() -> None:
    """Names that are put together (`f"{who}_refused"`) are known by their ends."""
    spoken, ends = set[str](), set[str]()
    for path in ROOT.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[-1], ast.Constant):
                ends.add(str(node.values[-1].value))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                spoken.add(node.value)
    ends = {end for end in ends if end.startswith("_")}
    kinds = ("closed", "unreachable", "unknown_host", "silent", "hung_up", "garbage", "tls", "lost")
    spoken |= {f"broker_{kind}" for kind in (*kinds, "refused")}
    spoken |= {f"stranger_{what}" for what in ("reads_all", "commands", "speaks", "reads_sys")}
    silent = {n for n in catalogue.SENTENCES if n not in spoken and not n.endswith(tuple(ends))}
    assert not silent


def test_a_stranger_is_called_by_a_word_of_the_language() -> None:
    finding = found("stranger_harmless", who="device")
    assert "the account of one device" in catalogue.said(finding, "en")
    assert "一个设备的账号" in catalogue.said(finding, "zh")
