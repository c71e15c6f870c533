"""Several notices in one message: which go together, what is said, and how many messages a person gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.clean import size
from alerts.delivery.bundle import (
    AT_ONCE,
    GATHER,
    LISTED,
    MOST,
    TURNS,
    WINDOW,
    Firsts,
    Limits,
    Pace,
    bundles,
    door,
    notice,
)
from alerts.delivery.message import Purpose
from alerts.delivery.notification import Notification
from alerts.settings import MessagesSettings

NOW = 1_795_337_000_000
FACTS = {
    "mode": "real", "place_zh": "2号楼 305室", "place_en": "Building 2, Room 305", "title_zh": "烟雾报警",
    "title_en": "smoke alarm",
}  # fmt: skip
ROW = Notification(
    alert=7, occurrence=1, step=0, person="li-wei", channel="sms", address="1", purpose=Purpose.RAISE,
    code="A7K2", short="s", title="t", body="b", facts=FACTS, id=1,
)  # fmt: skip


def rows(count: int, **more: object) -> list[Notification]:
    codes = [f"{chr(65 + n % 26)}{n:03d}" for n in range(count)]
    made = [replace(ROW, id=n + 1, alert=n, code=codes[n], **more) for n in range(count)]
    return made[:1] + [replace(row, facts=row.facts | elsewhere(row)) for row in made[1:]]


def elsewhere(row: Notification) -> dict[str, str]:
    return {f"place_{one}": f"{row.facts[f'place_{one}']}-{row.alert}" for one in ("zh", "en")}


@pytest.mark.parametrize(
    "other",
    [
        {"person": "wang-fang"}, {"channel": "voice"}, {"address": "2"}, {"language": "en"},
        {"purpose": Purpose.ESCALATE}, {"life_safety": True}, {"facts": FACTS | {"mode": "drill"}},
    ],
    ids=lambda other: "".join(other),
)  # fmt: skip
def test_only_what_is_for_the_same_telephone_and_says_the_same_goes_together(
    other: dict[str, object],
) -> None:
    assert bundles([ROW, replace(ROW, id=2, **other), replace(ROW, id=3)]) == [
        [ROW, replace(ROW, id=3)],
        [replace(ROW, id=2, **other)],
    ]


@pytest.mark.parametrize(
    "alone",
    [{"id": None}, {"person": ""}, *({"purpose": one} for one in Purpose if one not in TURNS)],
    ids=lambda alone: "-".join(str(value) for value in alone.values()),
)
def test_what_is_not_recorded_what_is_no_person_and_what_wants_its_own_answer_goes_alone(
    alone: dict[str, object],
) -> None:
    row = replace(ROW, **alone)
    assert door(row) is None
    assert bundles([row, row]) == [[row], [row]]


def test_one_notice_keeps_its_own_words_and_key() -> None:
    assert notice([ROW]) == ROW.notice()


@pytest.mark.parametrize(
    ("count", "more", "short"),
    [
        (2, {}, "2号楼 305室等2处：烟雾报警。代码A000 B001"),
        (3, {"language": "en"}, "Building 2, Room 305 and 2 more: smoke alarm. Codes A000 B001 C002"),
        (
            12,
            {},
            "2号楼 305室等12处：烟雾报警。代码A000 B001 C002 D003 E004 F005 G006 H007 I008 J009…",
        ),
        (
            12,
            {"purpose": Purpose.ESCALATE},
            "2号楼 305室等12处：烟雾报警，至今无人受理。代码A000 B001 C002 D003 E004 F005 G006 H007…",
        ),
        (
            4,
            {"facts": FACTS | {"mode": "drill"}, "purpose": Purpose.CLEAR},
            "【演练】2号楼 305室等4处：烟雾报警，已解除。代码A000 B001 C002 D003",
        ),
        (
            40,
            {"language": "en"},
            "Building 2, Room 305 and 39 more: smoke alarm. Codes A000 B001 C002 D003 E004 F005 G006 H007 "
            "I008 J009 K010 L011 M012 N013 O014 P015 Q016 R017 S018...",
        ),
    ],
)
def test_a_message_for_many_says_the_place_of_the_first_how_many_and_as_many_codes_as_fit(
    count: int, more: dict[str, object], short: str
) -> None:
    assert notice(rows(count, **more)).short == short


def test_places_are_counted_and_not_alerts_and_other_kinds_are_not_called_by_the_first() -> None:
    fire, flood = ROW, {"title_zh": "水浸", "title_en": "flooding"}
    same = replace(ROW, id=2, alert=8, code="B9", facts=FACTS | flood)
    third = replace(
        ROW, id=3, alert=6, code="C1", facts=FACTS | {"place_zh": "3号楼", "place_en": "Building 3"}
    )
    assert notice([fire, same]).short == "2号楼 305室（2条），首条：烟雾报警。代码A7K2 B9"
    assert notice([fire, same, third]).short == "3号楼等2处（3条），首条：烟雾报警。代码C1 A7K2 B9"
    english = [replace(row, language="en") for row in (fire, same, third)]
    assert notice(english).short == ("Building 3 and 1 more (3 alerts), first: smoke alarm. Codes C1 A7K2 B9")
    assert notice([fire, same]).alert["mixed"] is True


def test_a_page_lists_each_and_says_how_many_it_leaves_out() -> None:
    lines = notice(rows(LISTED + 5)).body.splitlines()
    assert lines[0] == "2号楼 305室：烟雾报警 代码 A000"
    assert len(lines) == LISTED + 1
    assert lines[-1] == "另有 5 条，见值班墙"


def test_the_same_notices_have_the_same_key_again_and_others_another() -> None:
    made = rows(3)
    assert notice(made).key == notice(made[::-1]).key
    assert len({notice(made).key, notice(made[:2]).key, notice(made[:1]).key}) == 3


PLACE = st.text(st.sampled_from("2号楼宿舍ABC 305室𠮷"), min_size=1, max_size=90)


@given(PLACE, PLACE, st.integers(2, MOST), st.sampled_from([*TURNS]), st.sampled_from(["zh", "en"]))
def test_however_long_the_names_it_is_one_sms_with_the_first_code(
    place: str, title: str, count: int, purpose: Purpose, language: str
) -> None:
    facts = FACTS | {"place_zh": place, "place_en": place, "title_zh": title, "title_en": title}
    short = notice(rows(count, facts=facts, purpose=purpose, language=language)).short
    assert size(short) <= (150 if short.isascii() else 70)
    assert "A000" in short


FULLEST = {  # what no cut may hide
    Purpose.CLEAR: {"zh": "已解除", "en": "all clear"},
    Purpose.ESCALATE: {"zh": "至今无人受理", "en": "nobody has taken them"},
}


@pytest.mark.parametrize("purpose", FULLEST)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_however_long_the_names_what_became_of_it_is_said_and_where_the_innermost_place_is(
    purpose: Purpose, language: str
) -> None:
    long = {"title_zh": "温度" * 40, "title_en": "temperature " * 12}
    facts = FACTS | long | {"place_zh": "理科实验楼（南区）A座 地下1层 通风机房1011室"}
    short = notice(rows(30, facts=facts, purpose=purpose, language=language)).short
    assert FULLEST[purpose][language] in short
    assert ("通风机房1011室" if language == "zh" else "Room 305") in short
    assert "A000" in short


def test_alarms_and_what_is_none_are_never_one_message_so_that_no_alarm_waits_with_the_others() -> None:
    alarm, trouble = (replace(ROW, facts=FACTS | {"class": one}) for one in ("alarm", "trouble"))
    assert len(bundles([trouble, alarm, trouble])) == 2


def test_on_a_channel_that_a_program_reads_each_goes_by_itself() -> None:
    assert [len(one) for one in bundles(rows(3), apart={"sms"})] == [1, 1, 1]


def test_machines_and_templates_read_the_class_of_the_most_serious_and_a_taker_only_where_all_are_taken() -> (
    None
):
    status, trouble = (
        replace(ROW, code=one, facts=FACTS | {"class": one, "todo_zh": one, "taken_by_zh": "李伟"})
        for one in ("status", "trouble")
    )
    alert = notice([status, trouble]).alert
    assert [alert[name] for name in ("class", "todo_zh", "taken_by_zh", "more", "codes")] == [
        "trouble", "trouble", "李伟", 1, "status trouble",
    ]  # fmt: skip
    assert "taken_by_zh" not in notice([status, replace(ROW, code="X")]).alert


def test_late_and_all_taken_it_says_so() -> None:
    taken = [replace(row, facts=FACTS | {"taken_by_zh": "李伟"}) for row in rows(3)]
    assert "，已有人受理。" in notice(taken).short
    assert "已有人受理" not in notice([*taken, replace(ROW, code="Z99")]).short


def test_late_it_says_of_each_whether_its_cause_is_gone_and_of_all_only_where_all_are() -> None:
    gone = [replace(row, facts=FACTS | {"returned": True}) for row in rows(3)]
    made = notice(gone)
    assert "，现已恢复正常。" in made.short
    assert (made.body.count("现已恢复正常"), made.alert["returned"]) == (3, True)
    still = notice([*gone, replace(ROW, code="Z99")])
    assert "现已恢复正常" not in still.short
    assert (still.body.count("现已恢复正常"), "returned" in still.alert) == (3, False)


def test_a_persons_first_notice_of_life_safety_in_a_while_goes_by_itself_and_nothing_else_does() -> None:
    firsts, vital = Firsts(), replace(ROW, life_safety=True)
    asked = [vital, vital, ROW, replace(vital, person="wang-fang"), replace(vital, purpose=Purpose.ESCALATE)]
    assert [firsts.first(row, NOW) for row in asked] == [True, False, False, True, True]
    assert [firsts.first(vital, NOW + after) for after in (WINDOW - 1, WINDOW)] == [False, True]


def test_five_hundred_notices_become_few_messages_and_none_is_left_out() -> None:
    made = bundles(rows(500))
    assert [len(one) for one in made] == [MOST] * 5
    assert [row.id for one in made for row in one] == list(range(1, 501))


def test_the_first_messages_come_at_once_and_then_one_a_minute() -> None:
    pace = Pace(Limits())
    assert [pace.wait(ROW, NOW + n) for n in range(AT_ONCE)] == [0] * AT_ONCE
    assert pace.wait(ROW, NOW + AT_ONCE) == NOW + AT_ONCE - 1 + GATHER
    assert pace.wait(replace(ROW, person="wang-fang"), NOW + AT_ONCE) == 0
    assert pace.wait(ROW, NOW + AT_ONCE - 1 + GATHER) == 0
    assert pace.wait(ROW, NOW + 2 * GATHER) == NOW + AT_ONCE - 1 + 2 * GATHER
    assert pace.wait(ROW, NOW + 2 * WINDOW) == 0


def test_the_settings_say_how_many_messages_a_person_gets() -> None:
    assert MessagesSettings().limits() == Limits()
    limits = MessagesSettings(at_once=1, within=2, gather=30).limits()
    assert limits == Limits(1, 120_000, 30_000)
    pace = Pace(limits)
    assert [pace.wait(ROW, NOW + n) for n in (0, 1, 30_000, 30_001)] == [0, NOW + 30_000, 0, NOW + 60_000]


def test_an_alarm_and_what_is_about_life_safety_never_waits_and_makes_nobody_else_wait() -> None:
    pace = Pace(Limits())
    for urgent in (replace(ROW, life_safety=True), replace(ROW, facts=FACTS | {"class": "alarm"})):
        assert [pace.wait(urgent, NOW) for _ in range(100)] == [0] * 100
    assert pace.wait(ROW, NOW) == 0


@given(st.lists(st.integers(0, 100_000), max_size=80))
def test_whatever_comes_nobody_waits_longer_than_the_pause_and_messages_stay_few(gaps: list[int]) -> None:
    pace, now, sent = Pace(Limits()), NOW, []
    for gap in gaps:
        now += gap
        until = pace.wait(ROW, now)
        if not until:
            sent.append(now)
        else:
            assert now < until <= now + GATHER
    for moment in sent:
        assert sum(moment <= other < moment + GATHER for other in sent) <= AT_ONCE + 1
