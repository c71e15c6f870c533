"""Thinks. What people hear and read, held against the golden page; and what no voice may ever be given."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.clean import size
from alerts.delivery.channels.channel import Notice
from alerts.delivery.spoken import speakable, spelled, spoken
from tests.words import GOLDEN, page


def test_the_words_are_those_that_a_person_has_read() -> None:
    assert page() == GOLDEN.read_text("utf-8"), "python -m tests.words, and read the difference aloud"


def test_no_sms_on_the_golden_page_is_longer_than_one() -> None:
    lines = re.findall(r"^(?:zh|en) SMS +\d+  (.*)$", GOLDEN.read_text("utf-8"), re.MULTILINE)
    assert len(lines) > 50
    for line in lines:
        assert size(line) <= (150 if line.isascii() else 70), line


@pytest.mark.parametrize(
    ("written", "zh"),
    [
        ("2号楼 3层 305室", "二号楼，三层，三零五室"),
        ("1号楼 1011室", "一号楼，幺零幺幺室"),
        ("地下-1层", "地下负一层"),
        ("B-12栋", "B，一二栋"),
        ("温度78.5℃", "温度七八点五摄氏度"),
        ("湿度92%，CO>35ppm", "湿度百分之九二，CO大于三五ppm"),
        ("水压≤0.1MPa", "水压小于等于零点一MPa"),
        ("【演练】「a」<b>|c|", "演练，a，b，c"),
        ("Ａ座２层", "A座二层"),
        ("东门 & 西门", "东门和西门"),
        ("火！！！", "火"),
        ("305室等12处", "三零五室等十二处"),
        ("共100处，共21处，共9处", "共一百处，共二十一处，共九处"),
        ("12处置室", "一二处置室"),
        ("", ""),
    ],
)
def test_signs_and_numbers_are_said_in_chinese(written: str, zh: str) -> None:
    assert speakable(written, "zh") == zh


@pytest.mark.parametrize(
    ("written", "en"),
    [
        ("Dormitory 2, Room 305", "Dormitory two, Room three zero five"),
        ("78.5 °C, above 70 °C", "seven eight point five degrees, above seven zero degrees"),
        ("battery at 12%", "battery at one two percent"),
        ("Dean's house (east)", "Dean's house, east"),
        ("CO > 35 ppm", "CO over three five ppm"),
        ("-5 °C", "minus five degrees"),
        ("Room 12 and 11 more: smoke", "Room one two and eleven more, smoke"),
        ("and 99 more, and 20 more, and 5 more", "and ninety nine more, and twenty more, and five more"),
    ],
)
def test_signs_and_numbers_are_said_in_english(written: str, en: str) -> None:
    assert speakable(written, "en") == en


def test_a_code_is_spelled_with_a_pause_after_each_letter() -> None:
    assert spelled("A7K2", "zh") == "A，七，K，二"
    assert spelled("A7K2", "en") == "A, seven, K, two"


@given(st.text(max_size=300), st.text(max_size=100), st.sampled_from(["zh", "en"]))
def test_no_sign_that_a_voice_or_its_markup_would_act_on_is_ever_spoken(
    title: str, todo: str, language: str
) -> None:
    notice = Notice(
        key="k", code="A7K", purpose="raise", person="p", address="", language=language, short="",
        title=title, body="", alert={"todo_zh": todo, "todo_en": todo, "mode": "drill"},
    )  # fmt: skip
    said = spoken(notice)
    assert not re.search(r"[0-9<>&\"\[\]{}|\\\x00-\x1f\u200b-\u200f\u202a-\u202e]", said)
    assert said.startswith("This is a drill. " if language == "en" else "这是演练。")
    assert said.endswith("A, seven, K." if language == "en" else "A，七，K。")
    assert len(said) < 1_500
