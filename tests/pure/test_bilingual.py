"""Thinks. A text in both languages at once: each reader has his own, and what devices say is untouched."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.bilingual import both, plain, told
from rules.conditions import SPELT, WRAPPING
from rules.load import load
from rules.parse import parse
from rules.rule import Rule
from tests.fakes.engine import rule

CHINESE = st.text("烟温报警，高于 8", min_size=1)


def test_each_reader_has_his_own_language_and_a_program_has_both() -> None:
    note = f"{both('未受保护：', 'unprotected: ')}call-3; {both('失联', 'silent')}"
    assert told(note, "zh") == "未受保护：call-3; 失联"
    assert told(note, "en") == "unprotected: call-3; silent"
    assert plain(note) == "未受保护： / unprotected: call-3; 失联 / silent"


@given(st.text(), CHINESE, st.text("abc /"))
def test_what_a_device_says_passes_unchanged_and_nothing_in_it_breaks_our_own(
    device: str, zh: str, en: str
) -> None:
    if "\u2063" not in device:
        assert told(device, "zh") == told(device, "en") == plain(device) == device
        assert told(device + both(zh, en), "en") == device + en
    assert told(both(device, en), "zh") == device.replace("\u2063", "")


def test_it_is_stored_and_travels_as_any_other_text() -> None:
    note = both("恢复", "back")
    assert msgspec.json.decode(msgspec.json.encode(note)) == note
    assert note.encode().decode() == note


EVERY = {
    "is": "{metric: smoke, is: [alarm]}",
    "above": "{metric: temperature, above: 8, deadband: 1}",
    "below": "{metric: temperature, below: 8}",
    "happens": "{metric: press, happens: [alarm]}",
    "silent_for": "{metric: temperature, silent_for: 60s}",
    "changes": "{metric: contact, changes: {to: open}}",
    "rises": "{metric: temperature, rises: 8, within: 60s}",
    "falls": "{metric: temperature, falls: 8, within: 60s}",
    "same_for": "{metric: temperature, same_for: 60s}",
    "past": "{metric: temperature, past: {above: 3, by: deviations}}",
    "siblings": "{metric: temperature, siblings: {above: 3}}",
    "expression": '{metric: temperature, expression: "reading.value > 8.0"}',
    "times": "{metric: smoke, is: [alarm], times: 3, within: 60s, shorter_than: 5s}",
    "devices": "{metric: smoke, is: [alarm], devices: 2, within: 60s}",
}


@pytest.mark.parametrize("key", [*SPELT, *WRAPPING])
def test_what_every_condition_compares_with_is_said_in_chinese_and_in_english(key: str) -> None:
    found, mistakes = dict[str, Rule](), list[str]()
    during = "{hours: '22:00-06:00'}"
    text = rule(EVERY[key], during=during)
    parse("rules:\n" + text, "rules.yaml", found, mistakes)
    assert not mistakes
    _speaks(found["r"].compared)


def test_what_the_standard_pack_compares_with_is_said_in_chinese_and_in_english() -> None:
    for one in load().rules:
        _speaks(one.compared)


def _speaks(text: str) -> None:
    zh, en = told(text, "zh"), told(text, "en")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in zh), zh
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in en), en
