"""Thinks. Approved templates: their texts, which one a notice takes, and what goes into their variables."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.delivery.channels.channel import ChannelError, Notice
from alerts.delivery.channels.mainland import international, national
from alerts.delivery.message import Purpose
from alerts.delivery.template_values import (
    ONE_SMS,
    SPOKEN_TOGETHER,
    places,
    shortened,
    spoken_values,
    squeezed,
    state,
    values,
    washed,
)
from alerts.delivery.templates import (
    SMS,
    VARIABLES,
    VOICE,
    Approved,
    Kind,
    filled,
    kind_of,
    named,
    numbered,
    slots,
)
from rules.verdict import Text
from tests.templates import GOLDEN, NOW, notice_of, page
from tests.words import DEEP, FIRE, HEAT, ROOM

NOTICE = notice_of(FIRE, Purpose.RAISE, ROOM)


def at(place: str, **more: object) -> Notice:
    return replace(NOTICE, alert={**NOTICE.alert, "place_zh": place, **more})


def test_the_filled_texts_are_those_that_a_person_has_read() -> None:
    assert page() == GOLDEN.read_text("utf-8"), "python -m tests.templates, and read the difference aloud"


@pytest.mark.parametrize("text", [*SMS.values(), *VOICE.values()])
def test_every_text_keeps_to_what_both_providers_ask(text: str) -> None:
    fixed = re.sub(r"\{\w+\}", "{}", text)
    assert not re.search(r"[【】\[\]¥★※#/:%]|https?|\}\W{0,2}\{", fixed), "signs, links, neighbours"
    assert len(set(slots(text))) == len(slots(text)), "each variable once"
    assert all(re.search(r"[\u4e00-\u9fff]", part) for part in fixed.split("{}")[:-1]), "words before each"
    assert set(slots(text)) <= set(VARIABLES)


def test_a_spoken_text_has_two_variables_as_the_public_mode_allows() -> None:
    assert {len(slots(text)) for text in VOICE.values()} == {2}


def test_each_provider_gets_the_variables_as_it_writes_them() -> None:
    assert named(SMS[Kind.ALARM]).startswith("地点${building}，位置${room}")
    assert numbered(SMS[Kind.ALARM]).startswith("地点{1}，位置{2}，发生{3}")


@pytest.mark.parametrize(
    ("purpose", "mode", "recorded", "kind"),
    [
        (Purpose.RAISE, "real", True, Kind.ALARM),
        (Purpose.RAISE, "real", False, Kind.ESCALATION),
        (Purpose.ESCALATE, "real", True, Kind.ESCALATION),
        (Purpose.CONFIRMED, "real", True, Kind.ESCALATION),
        (Purpose.CLEAR, "real", True, Kind.CLEAR),
        (Purpose.TAKEN, "real", True, Kind.CLEAR),
        (Purpose.RAISE, "drill", True, Kind.DRILL),
        (Purpose.CLEAR, "drill", True, Kind.DRILL),
        (Purpose.RAISE, "test", True, Kind.TEST),
        (Purpose.TEST, "real", True, Kind.TEST),
    ],
)
def test_a_notice_takes_the_template_of_its_purpose_and_a_drill_never_a_real_one(
    purpose: Purpose, mode: str, recorded: bool, kind: Kind
) -> None:
    alert = {**NOTICE.alert, "mode": mode, "recorded": recorded}
    assert kind_of(replace(NOTICE, purpose=purpose, alert=alert)) is kind


def test_the_alarms_template_stands_in_for_the_next_steps_and_for_nothing_else() -> None:
    only = Approved(alarm="SMS_1")
    assert only.chosen(Kind.ESCALATION) == (Kind.ALARM, "SMS_1")
    assert [only.chosen(kind)[1] for kind in (Kind.CLEAR, Kind.DRILL, Kind.TEST)] == ["", "", ""]


@pytest.mark.parametrize(
    ("path", "longest", "building", "room"),
    [
        ("2号宿舍楼 3层 305室", 20, "2号宿舍楼", "3层305室"),
        ("2号宿舍楼 3层 305室", 6, "2号宿舍楼", "3层305室"),
        ("2号宿舍楼 13层 1305室", 6, "2号宿舍楼", "1305室"),
        ("南校区 2号宿舍楼 3层 305室", 6, "2号宿舍楼", "3层305室"),
        ("南校区 2号宿舍楼 3层 305室", 20, "南校区", "2号宿舍楼3层305室"),
        ("理科实验楼（南区）A座 危险化学品暂存间1011室", 6, "理科实验A座", "危1011室"),
        ("理科实验楼（南区）A座 地下1层 1011室", 16, "理科实验楼南区A座", "地下1层1011室"),
        ("2号宿舍楼", 6, "2号宿舍楼", "未细分"),
        ("东操场看台下方器材仓库3号", 6, "东操场看台下", "方器材仓3号"),
        ("", 6, "未登记", "未登记"),
    ],
)
def test_the_place_is_split_over_two_variables_and_its_number_survives(
    path: str, longest: int, building: str, room: str
) -> None:
    assert places(at(path), longest) == (building, room)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("温度78.5℃，高于70℃", "温度78.5度，高于70度"),
        ("见 http://evil.example/x?a=1 吧", "见 evilexamplexa1 吧"),
        ("www.evil.cn", "evilcn"),
        ("地址10.1.2.3断开", "地址10-1-2-3断开"),
        ("致电13800000001或0571-88888888", "致电0001或8888"),
        ("【真实】「火」★\u202e😀体㎡", "真实火体"),
        ("A座：烟感", "A座 烟感"),
    ],
)
def test_no_link_address_telephone_number_or_odd_sign_comes_through(raw: str, clean: str) -> None:
    assert washed(raw) == clean


def test_a_number_is_never_cut_in_half() -> None:
    assert shortened("温度78.5度", 5) == "温度"
    assert shortened("温度78.5度", 6) == "温度78.5"
    assert shortened("电池电量12%，请更换", 6) == "电池电量12"
    assert squeezed("通风机房1011室", 5) == "1011室"


@pytest.mark.parametrize("purpose", list(Purpose))
def test_how_it_stands_fits_the_shortest_variable(purpose: Purpose) -> None:
    assert 2 <= len(state(replace(NOTICE, purpose=purpose))) <= 6


def test_a_late_alarm_that_somebody_has_by_now_says_so_in_a_template_too() -> None:
    late = notice_of(replace(FIRE, taken=True, who=Text("李伟", "Li Wei")), Purpose.RAISE, ROOM)
    assert kind_of(late) is Kind.ESCALATION
    assert state(late) == "已有人受理"
    assert "已有人受理" in "".join(spoken_values(late, Kind.ALARM, 80).values())


def test_what_could_not_be_recorded_says_so_in_place_of_its_state() -> None:
    assert state(at("x", recorded=False)) == "未记录"


@pytest.mark.parametrize(
    ("count", "longest", "event"),
    [
        (2, 20, "共2条烟雾报警"), (12, 6, "共12条烟雾"), (12, 5, "共12条"), (100, 6, "共100条"),
        (100, 4, "100条"),
    ],
)  # fmt: skip
def test_a_message_for_several_says_how_many_however_short_the_variable(
    count: int, longest: int, event: str
) -> None:
    assert values(at("2号楼 305室", more=count - 1), Kind.ALARM, "学校", longest, NOW)["event"] == event


def test_an_alarm_of_another_day_tells_its_day() -> None:
    later = NOW + 86_400_000
    assert values(NOTICE, Kind.ALARM, "学校", 20, NOW)["time"] == "16:43"
    assert values(NOTICE, Kind.ALARM, "学校", 20, later)["time"] == "11月22日 16:43"
    assert values(NOTICE, Kind.ALARM, "学校", 6, later)["time"] == "11月22日"


WORDS = st.text(st.sampled_from("火烟报警楼室层A1290.:/ @【】😀"), max_size=60)


@settings(max_examples=200)
@given(
    place=WORDS, title=WORDS, kind=st.sampled_from(list(Kind)), longest=st.integers(6, 35),
    sign=st.text("校", min_size=2, max_size=12), purpose=st.sampled_from(list(Purpose)),
    days=st.integers(0, 40), more=st.integers(0, 99),
)  # fmt: skip
def test_whatever_a_device_says_the_message_stays_one_sms_and_every_variable_is_filled(
    place: str, title: str, kind: Kind, longest: int, sign: str, purpose: Purpose, days: int, more: int
) -> None:
    notice = replace(at(place, title_zh=title, more=more), purpose=purpose, title=title)
    made = values(notice, kind, sign, longest, NOW + days * 86_400_000)
    assert all(0 < len(value) <= max(longest, 6) for value in made.values()), made
    assert not re.search(r"[【】@/😀]|\d+\.\d+\.\d", "".join(made.values()))
    assert len(filled(SMS[kind], made)) + len(sign) + 2 <= ONE_SMS


@settings(max_examples=100)
@given(place=WORDS, title=WORDS, longest=st.integers(20, 240), purpose=st.sampled_from(list(Purpose)))
def test_a_call_stays_within_what_the_providers_take(
    place: str, title: str, longest: int, purpose: Purpose
) -> None:
    notice = replace(at(place, title_zh=title), purpose=purpose, title=title)
    made = spoken_values(notice, Kind.ALARM, longest)
    assert sum(map(len, made.values())) <= SPOKEN_TOGETHER + 20
    assert all(made.values())
    assert made["event"].endswith("代码A，七，K")


def test_the_deepest_place_is_heard_to_its_end() -> None:
    assert spoken_values(notice_of(HEAT, Purpose.ESCALATE, DEEP), Kind.ALARM, 20)["place"].endswith("室")


@pytest.mark.parametrize(
    ("written", "abroad", "home"),
    [
        ("13800000001", "+8613800000001", "13800000001"),
        ("+86 138-0000-0001", "+8613800000001", "13800000001"),
        ("8613800000001", "+8613800000001", "13800000001"),
        ("0086 13800000001", "+8613800000001", "13800000001"),
        ("＋８６１３８０００００００１", "+8613800000001", "13800000001"),
        ("+852 5123 4567", "+85251234567", "85251234567"),
    ],
)
def test_numbers_are_understood_as_people_write_them(written: str, abroad: str, home: str) -> None:
    assert (international(written), national(written)) == (abroad, home)


def test_a_channel_without_a_person_says_that_it_has_no_number() -> None:
    with pytest.raises(ChannelError, match="give it to one as a contact"):
        international(" ")


@pytest.mark.parametrize("written", ["12345", "+8612345678901", "138000000011", "li-wei", "+", "+86"])
def test_what_is_no_mobile_number_is_refused_in_words(written: str) -> None:
    with pytest.raises(ChannelError, match="13800000001") as caught:
        international(written)
    assert caught.value.permanent


@pytest.mark.parametrize(("provider", "written"), [("aliyun", named), ("tencent", numbered)])
def test_the_page_of_each_provider_holds_the_texts_to_apply_for(
    provider: str, written: Callable[[str], str]
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "channels" / f"{provider}.md").read_text("utf-8")
    for text in (*SMS.values(), *VOICE.values()):
        assert f" {written(text)} |" in page


@pytest.mark.parametrize(
    ("registered", "sent"),
    [
        ("二〇五室", "二〇五室"), ("３０５室", "305室"), ("Ⅱ号楼", "II号楼"), ("305(2)室", "305-2室"),
        ("101—103室", "101-103室"), ("305/306室", "305-306室"), ("2~4层", "2-4层"), ("305_1", "305-1"),
        ("㐀楼", "㐀楼"), ("“东门”值班室", "东门值班室"),
    ],
)  # fmt: skip
def test_what_a_provider_refuses_goes_without_making_another_place_of_it(registered: str, sent: str) -> None:
    assert washed(registered) == sent


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("东区学生宿舍12号楼", "东区12号楼"), ("西区留学生公寓3号楼", "西区留3号楼"),
        ("化学实验室305号房", "化305号房"),
        ("化学实验室12345号房间", "化12345"), ("图书馆阅览室二〇五室", "图书二〇五室"),
    ],
)  # fmt: skip
def test_of_a_name_that_is_too_long_the_number_at_its_end_stays_whole(name: str, cut: str) -> None:
    assert squeezed(name, 6) == cut
