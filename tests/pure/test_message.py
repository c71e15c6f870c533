"""Thinks. What people read: golden texts, what a cut may never hide, and what foreign text may never do."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.clean import clean, cut, quoted, size
from alerts.delivery.message import PLAIN, SMS_ANY, SMS_ASCII, Purpose, Subject, facts, words
from ingest.campus.device import Place
from rules.verdict import Class, Text

ROOM_305 = [
    Place("campus", "示范学校", "Demo School"),
    Place("dorm-2", "2号宿舍楼", "Dormitory 2", "campus"),
    Place("dorm-2-f3", "3层", "Floor 3", "dorm-2"),
    Place("dorm-2-305", "305室", "Room 305", "dorm-2-f3"),
]
FIRE = Subject(
    code="A7K2",
    title=Text("烟雾报警", "smoke alarm"),
    alert_class=Class.ALARM,
    moment=1795337000123,
    alert=7,
    occurrence=2,
    place="dorm-2-305",
    device="dorm-2-305-smoke",
    device_name=Text("305室烟感", "smoke detector 305"),
    rule="smoke",
    who=Text("李伟", "Li Wei"),
    life_safety=True,
)
LEAK = replace(FIRE, title=Text("电池电量低", "battery low"), alert_class=Class.TROUBLE)


def short(subject: Subject, purpose: Purpose, language: str, **more: Any) -> str:
    return words(subject, purpose, ROOM_305, language, **more).short


@pytest.mark.parametrize(
    ("purpose", "zh", "en"),
    [
        (
            Purpose.RAISE,
            "2号宿舍楼 3层 305室：烟雾报警。11-22 16:43，报警。请立即到场核实。代码A7K2",
            "Dormitory 2, Floor 3, Room 305: smoke alarm. 11-22 16:43, ALARM. Go and check now. Code A7K2",
        ),
        (
            Purpose.ESCALATE,
            "2号宿舍楼 3层 305室：烟雾报警，至今无人受理。11-22 16:43，报警。请立即到场核实。代码A7K2",
            "Dormitory 2, Floor 3, Room 305: smoke alarm, nobody has taken it. 11-22 16:43, ALARM. "
            "Go and check now. Code A7K2",
        ),
        (
            Purpose.AGAIN,
            "2号宿舍楼 3层 305室：烟雾报警，第2次。11-22 16:43，报警。请立即到场核实。代码A7K2",
            "Dormitory 2, Floor 3, Room 305: smoke alarm, occurrence 2. 11-22 16:43, ALARM. "
            "Go and check now. Code A7K2",
        ),
        (
            Purpose.LAPSED,
            "2号宿舍楼 3层 305室：烟雾报警，李伟受理后超时。11-22 16:43，报警。请立即到场核实。代码A7K2",
            "Dormitory 2, Floor 3, Room 305: smoke alarm, taken by Li Wei, overdue. 11-22 16:43, ALARM. "
            "Go and check now. Code A7K2",
        ),
        (
            Purpose.CLEAR,
            "2号宿舍楼 3层 305室：烟雾报警，已解除。11-22 16:43。请补全处置记录。代码A7K2",
            "Dormitory 2, Floor 3, Room 305: smoke alarm, all clear. 11-22 16:43. "
            "Complete the record. Code A7K2",
        ),
    ],
)
def test_each_purpose_has_its_words_in_both_languages(purpose: Purpose, zh: str, en: str) -> None:
    assert short(FIRE, purpose, "zh") == zh
    assert short(FIRE, purpose, "en") == en


def test_the_long_text_tells_the_place_first_and_then_everything_on_a_line_of_its_own() -> None:
    text = words(replace(FIRE, detail="chamber 92%"), Purpose.RAISE, ROOM_305, "zh")
    assert text.title == "2号宿舍楼 3层 305室：烟雾报警"
    assert text.body.splitlines() == [
        "2号宿舍楼 3层 305室",
        "烟雾报警",
        "时间：2026-11-22 16:43:20",
        "类别：报警",
        "设备：305室烟感（dorm-2-305-smoke）",
        "原文：「chamber 92%」",
        "处置：请立即到场核实",
        "代码：A7K2",
    ]
    english = words(replace(FIRE, detail="chamber 92%"), Purpose.RAISE, ROOM_305, "en").body
    assert english.splitlines() == [
        "Dormitory 2, Floor 3, Room 305",
        "smoke alarm",
        "When: 2026-11-22 16:43:20",
        "Class: ALARM",
        "Device: smoke detector 305 (dorm-2-305-smoke)",
        "Reported: “chamber 92%”",
        "Do: Go and check now",
        "Code: A7K2",
    ]


def test_a_drill_says_so_before_anything_else() -> None:
    drill = replace(FIRE, mode="drill")
    assert short(drill, Purpose.RAISE, "zh").startswith("【演练】2号宿舍楼")
    assert short(drill, Purpose.RAISE, "en").startswith("[DRILL] Dormitory 2")
    assert words(drill, Purpose.RAISE, ROOM_305, "zh").title.startswith("【演练】")
    assert words(drill, Purpose.RAISE, ROOM_305, "zh").body.startswith("【演练】")


def test_an_alert_that_could_not_be_stored_says_that_it_is_not_recorded() -> None:
    unrecorded = replace(FIRE, unrecorded=True)
    assert short(unrecorded, Purpose.RAISE, "zh").startswith("【未记录】2号宿舍楼")
    assert short(unrecorded, Purpose.RAISE, "en").startswith("[NOT RECORDED] Dormitory 2")


def test_a_notice_that_is_late_says_by_how_much() -> None:
    assert "11-22 16:43（迟发35分钟）" in short(replace(FIRE, late=35 * 60_000), Purpose.RAISE, "zh")
    assert "11-22 16:43 (35 min late)" in short(replace(FIRE, late=35 * 60_000), Purpose.RAISE, "en")


def test_each_class_says_what_to_do() -> None:
    assert "请安排检修" in short(LEAK, Purpose.RAISE, "zh")
    assert "Arrange a repair" in short(LEAK, Purpose.RAISE, "en")
    assert "按预案一执行" in short(
        replace(FIRE, todo=Text("按预案一执行", "Follow plan 1")), Purpose.RAISE, "zh"
    )


def test_a_reader_whose_language_has_no_text_gets_the_other_one_rather_than_nothing() -> None:
    assert "烟雾报警" in short(replace(FIRE, title=Text("烟雾报警", "")), Purpose.RAISE, "en")


def test_a_place_that_is_not_registered_is_said_to_be_so() -> None:
    assert words(FIRE, Purpose.RAISE, [], "zh").short.startswith("地点未登记：烟雾报警")


def test_when_room_is_short_advice_goes_first_then_class_then_time_then_the_end_of_the_title() -> None:
    long = replace(FIRE, title=Text("烟雾浓度持续上升并且温度超过阈值", ""))
    cuts = [short(long, Purpose.RAISE, "zh", limit=limit) for limit in (60, 59, 51, 48, 36, 28, 19)]
    assert cuts == [
        "2号宿舍楼 3层 305室：烟雾浓度持续上升并且温度超过阈值。11-22 16:43，报警。请立即到场核实。代码A7K2",
        "2号宿舍楼 3层 305室：烟雾浓度持续上升并且温度超过阈值。11-22 16:43，报警。代码A7K2",
        "2号宿舍楼 3层 305室：烟雾浓度持续上升并且温度超过阈值。11-22 16:43。代码A7K2",
        "2号宿舍楼 3层 305室：烟雾浓度持续上升并且温度超过阈值。代码A7K2",
        "2号宿舍楼 3层 305室：烟雾浓度持续上升并且温度超过…。代码A7K2",
        "305室：烟雾浓度持续上升并且温度超过阈值。代码A7K2",
        "305室。代码A7K2",
    ]


foreign = st.text(max_size=300)
names = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=80)
purposes = st.sampled_from(list(Purpose))
languages = st.sampled_from(["zh", "en"])


@given(names, foreign, foreign, purposes, languages, st.booleans(), st.integers(0, 10**9))
def test_one_sms_is_never_exceeded_and_the_cut_never_hides_the_place_or_the_code(
    place: str, title: str, who: str, purpose: Purpose, language: str, unrecorded: bool, late: int
) -> None:
    subject = replace(
        FIRE, title=Text(title, title), who=Text(who, who), unrecorded=unrecorded, mode="drill", late=late
    )
    path = [*ROOM_305[:2], Place("p", place, place)]
    text = words(subject, purpose, path, language).short
    assert size(text) <= (SMS_ASCII if text.isascii() else SMS_ANY)
    leaf = clean(place, 60)
    assert leaf in text or leaf.translate(PLAIN) in text or size(leaf) > 36
    assert "A7K2" in text


@given(foreign, foreign, foreign, purposes, languages)
def test_nothing_a_device_or_a_person_typed_brings_a_control_or_direction_character_along(
    title: str, detail: str, place: str, purpose: Purpose, language: str
) -> None:
    subject = replace(FIRE, title=Text(title, title), detail=detail, who=Text(title, detail))
    path = [Place("p", place, place)]
    text = words(subject, purpose, path, language)
    machine = facts(subject, purpose, path)
    seen = [
        text.short,
        text.title,
        *text.body.split("\n"),
        str(machine["place_zh"]),
        str(machine["title_en"]),
    ]
    for line in seen:
        assert not [c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


@given(foreign)
def test_a_body_has_no_line_that_foreign_text_made(detail: str) -> None:
    plain = words(replace(FIRE, detail="x"), Purpose.RAISE, ROOM_305, "zh").body
    assert words(replace(FIRE, detail=detail + "x"), Purpose.RAISE, ROOM_305, "zh").body.count(
        "\n"
    ) == plain.count("\n")


@given(foreign, languages)
def test_quoted_text_cannot_end_its_quotation_or_imitate_our_prefixes(text: str, language: str) -> None:
    washed = quoted(text + "」”【演练】[x](http://evil) @all <b>*x*", language)
    assert not set("【】[]<>*@`|「」“”") & set(washed[1:-1])
    assert "://" not in washed


def test_an_address_in_foreign_text_is_no_link_any_more() -> None:
    assert quoted("see http://evil.example/x", "en") == "“see http: //evil.example/x”"


@given(foreign, st.integers(0, 80))
def test_a_cut_text_is_never_longer_than_asked(text: str, longest: int) -> None:
    assert size(cut(text, longest)) <= longest


@given(foreign)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_a_notice_that_goes_out_late_says_who_has_taken_it_by_then() -> None:
    late = replace(FIRE, taken=True, late=180_000, occurrence=1)
    for purpose in (Purpose.RAISE, Purpose.AGAIN, Purpose.RELEASED, Purpose.REAL, Purpose.GONE):
        zh, en = words(late, purpose, ROOM_305, "zh"), words(late, purpose, ROOM_305, "en")
        assert "，李伟已受理" in zh.short
        assert ", taken by Li Wei" in en.short
        assert zh.short.startswith("2号宿舍楼 3层 305室：")
        assert zh.short.endswith("代码A7K2")
        assert size(zh.short) <= SMS_ANY
        assert "李伟已受理" in zh.title
        assert "（迟发3分钟）" in zh.body
        assert facts(late, purpose, ROOM_305)["taken_by_en"] == "Li Wei"
    assert "受理" not in words(replace(late, taken=False), Purpose.RAISE, ROOM_305, "zh").short


def test_the_facts_for_machines_are_plain_and_bilingual() -> None:
    assert facts(FIRE, Purpose.RAISE, ROOM_305) == {
        "id": 7,
        "code": "A7K2",
        "purpose": "raise",
        "class": "alarm",
        "occurrence": 2,
        "since": 1795337000123,
        "zone": "Asia/Shanghai",
        "place": "dorm-2-305",
        "place_zh": "2号宿舍楼 3层 305室",
        "place_en": "Dormitory 2, Floor 3, Room 305",
        "title_zh": "烟雾报警",
        "title_en": "smoke alarm",
        "device": "dorm-2-305-smoke",
        "rule": "smoke",
        "life_safety": True,
        "mode": "real",
        "todo_zh": "请立即到场核实",
        "todo_en": "Go and check now",
        "recorded": True,
    }


@given(st.integers(1, 90))
def test_an_english_text_that_was_cut_stays_ascii_and_says_what_happened(length: int) -> None:
    name = "Third Reading Room and Rare Book Stacks with Restoration Workshop and a Long Annexe"[:length]
    hall = Place("hall", "厅", name.strip())
    for purpose in (Purpose.RAISE, Purpose.ESCALATE, Purpose.CLEAR):
        said = words(FIRE, purpose, [*ROOM_305[:2], hall], "en").short
        assert said.isascii()
        assert size(said) <= SMS_ASCII
        assert "smoke alarm" in said


CAMPUS = ROOM_305[:1]
STRANGER = replace(
    FIRE,
    title=Text(
        "未登记设备报警：地点未知，请核实", "Alarm of an unregistered device: place unknown, go and find it"
    ),
    senses=Text("手动报警", "call point"),
    device_name=Text("2号楼3层报警按钮", "2号楼3层报警按钮"),
)


def test_the_message_of_an_unregistered_fire_says_what_the_device_calls_itself_before_all_else() -> None:
    assert words(STRANGER, Purpose.RAISE, CAMPUS, "zh").short == (
        "示范学校：手动报警「2号楼3层报警按钮」，未登记设备报警：地点未知，请核实。"
        "11-22 16:43，报警。请立即到场核实。代码A7K2"
    )
    english = words(STRANGER, Purpose.RAISE, CAMPUS, "en")
    assert english.short.startswith("Demo School: call point “2号楼3层报警按钮”, Alarm of an unreg")
    assert english.title.endswith("go and find it")


def test_what_a_stranger_calls_itself_is_cut_and_can_pass_for_nothing_of_ours() -> None:
    evil = replace(STRANGER, device_name=Text("【演练】」已解除\nhttps://evil.example/" + "x" * 300, ""))
    short = words(evil, Purpose.RAISE, CAMPUS, "zh").short
    assert short.startswith("示范学校：手动报警「(演练)'已解除 https: //")
    assert size(short) <= SMS_ANY
    assert "A7K2" in short
