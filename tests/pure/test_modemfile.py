"""Thinks. What gammu-smsd finds in its outbox: the name, the coding, and the parts of a long message."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery.channels.modemfile import content, file_name, pieces

LI_WEI = "+8613800000001"
SINCE = 1_795_337_000_123
FIRE = "2号楼 305室：烟雾报警。代码A7K"


def parts(text: str, flash: bool = False) -> list[dict[str, str]]:
    """The sections of the file, as name = value."""
    sections = content(text, LI_WEI, flash, 0xAB).split("[SMSBackup")[1:]
    return [dict(re.findall(r"^(\w+) = (.*)$", section, re.MULTILINE)) for section in sections]


def text_of(part: dict[str, str]) -> str:
    coded = "".join(part[name] for name in sorted(part) if re.fullmatch(r"Text\d\d", name))
    return bytes.fromhex(coded).decode("utf-16-be", "surrogatepass")


def test_life_safety_and_what_began_first_have_the_first_names() -> None:
    calm = file_name(LI_WEI, SINCE, False, "tocsinab")
    urgent = file_name(LI_WEI, SINCE + 60_000, True, "tocsinab")
    assert urgent == "OUTA20261122_084420_00_+8613800000001_tocsinab.smsbackup"
    assert sorted([calm, urgent, file_name(LI_WEI, SINCE, True, "tocsinab")])[1:] == [urgent, calm]


def test_a_chinese_message_says_that_it_is_unicode() -> None:
    (part,) = parts(FIRE)
    assert (part["Coding"], part["Length"], part["Class"]) == ("Unicode_No_Compression", "19", "-1")
    assert (part["Number"], text_of(part)) == (f'"{LI_WEI}"', FIRE)
    assert "UDH" not in part


def test_a_flash_message_shows_at_once() -> None:
    assert parts(FIRE, flash=True)[0]["Class"] == "0"


@pytest.mark.parametrize(
    ("text", "coding"),
    [
        ("x" * 160, "Default_No_Compression"),
        ("[DRILL] " + "x" * 150, "Default_No_Compression"),  # a bracket counts double
        ("[DRILL] " + "x" * 151, "Unicode_No_Compression"),
        ("`", "Unicode_No_Compression"),  # not in the GSM alphabet
        ("烟", "Unicode_No_Compression"),
    ],
)
def test_plain_english_takes_seven_bits_where_it_fits_into_one_message(text: str, coding: str) -> None:
    assert parts(text)[0]["Coding"] == coding


def test_a_long_message_goes_in_parts_that_the_phone_joins() -> None:
    text = "长" * 67 + "短" * 67 + "尾"
    found = parts(text)
    assert [part["UDH"] for part in found] == ["050003AB0301", "050003AB0302", "050003AB0303"]
    assert [text_of(part) for part in found] == ["长" * 67, "短" * 67, "尾"]
    assert pieces(text) == 3


@given(st.text(min_size=1, max_size=300))
def test_no_part_is_too_long_and_nothing_is_lost(text: str) -> None:
    found = parts(text)
    assert "".join(text_of(part) for part in found) == text
    for part in found:
        units = len(text_of(part).encode("utf-16-be", "surrogatepass")) // 2
        most = 160 if part["Coding"].startswith("Default") else 67 if len(found) > 1 else 70
        assert units == int(part["Length"]) <= most
