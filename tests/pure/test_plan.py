"""Plans and the call to 119: the shipped ones, which one is an alert's, and what is read out to it."""

from pathlib import Path

import msgspec
import pytest

import alerts
from alerts.alert import Alert, Tick
from alerts.callcard import CallCard, call_card
from alerts.duty.people import Directory
from alerts.plan import Plan, followed
from ingest.campus.registry import Registry
from rules.verdict import Class
from tests.fakes.campus import LI, NOW, persons, raised, registry
from tocsin import campusfile, campusrows
from tocsin.document import Document
from tocsin.mistake import Mistakes

FILE = Path(alerts.__file__).parent / "standard" / "plans.yaml"


def shipped() -> list[Plan]:
    return campusfile.parse(campusfile.read(FILE, {})).plans or []


def of(kind: str, alert_class: Class = Class.ALARM, place: str = "dorm-2-305", hour: int = 12) -> str:
    day = 24 * 3_600_000
    midnight = (NOW + day // 3) // day * day - day // 3  # in Asia/Shanghai
    directory = Directory(persons(), plans=shipped())
    alert = msgspec.structs.replace(
        raised(alert_class=alert_class), device_kind=kind, place=place, raised_at=midnight + hour * 3_600_000
    )
    plan = directory.plan_for(alert, registry())
    return plan.id if plan else ""


@pytest.mark.parametrize(
    ("kind", "alert_class", "hour", "plan"),
    [
        ("smoke_detector", Class.ALARM, 12, "fire"),
        ("smoke_detector", Class.ALARM, 23, "fire-night"),
        ("call_point", Class.ALARM, 3, "fire-night"),
        ("call_point", Class.ALARM, 6, "fire"),
        ("gas_detector", Class.ALARM, 23, "gas"),
        ("emergency_light", Class.SUPERVISORY, 12, "power-cut"),
        ("perimeter", Class.ALARM, 3, "intrusion"),
        ("panic_button", Class.ALARM, 12, "medical"),
        ("smoke_detector", Class.TROUBLE, 12, ""),
    ],
)
def test_the_shipped_plans_fit_what_they_are_for(kind: str, alert_class: Class, hour: int, plan: str) -> None:
    assert of(kind, alert_class, hour=hour) == plan


def test_the_plan_that_its_rule_names_is_the_alerts_whatever_fits_else() -> None:
    directory = Directory(persons(), plans=shipped())
    alert = msgspec.structs.replace(raised(), device_kind="smoke_detector", plan="gas")
    named, wrong, none = (
        directory.plan_for(msgspec.structs.replace(alert, plan=name), registry())
        for name in ("gas", "no-such-plan", None)
    )
    assert named is not None
    assert named.id == "gas"
    assert wrong == none != named


def test_every_step_of_the_shipped_plans_is_said_in_both_languages() -> None:
    for plan in shipped():
        assert len({step.id for step in plan.steps}) == len(plan.steps) >= 5
        for zh, en in ((plan.zh, plan.en), *((step.zh, step.en) for step in plan.steps)):
            assert any("\u4e00" <= letter <= "\u9fff" for letter in zh), zh
            assert en.isascii(), en


def test_plans_come_back_from_the_export_as_they_were_written() -> None:
    parts = campusfile.parse(campusfile.read(FILE, {}))
    document = Document()
    document.value = {"plans": campusrows.plain(*campusfile.whole(parts))["plans"]}
    assert campusfile.parse(document).plans == parts.plans


def test_every_mistake_in_a_plan_is_told_at_its_place(tmp_path: Path) -> None:
    file = tmp_path / "plans.yaml"
    file.write_text(
        "plans:\n"
        "  - {id: a, match: {klass: alarm}, steps: [{id: x, zh: 一}, {id: x, zh: 二}]}\n"
        "  - {id: b, steps: []}\n"
        "  - {id: c, steps: [{zh: 三}]}\n"
    )
    with pytest.raises(Mistakes) as caught:
        campusfile.parse(campusfile.read(file, {}))
    said = "\n".join(caught.value.lines)
    assert "plans.yaml:2:21  plans[0].match.klass  unknown key" in said
    assert "plans[0].steps[1].id  got 'x'  given twice in this plan" in said
    assert "plans[1].steps  must be a list of steps" in said
    assert "plans[2].steps[0]" in said


def test_a_plan_for_a_place_that_is_not_there_is_a_mistake() -> None:
    document = Document()
    document.value = {"plans": [{"id": "a", "match": {"place": "moon"}, "steps": [{"id": "x", "zh": "一"}]}]}
    with pytest.raises(Mistakes, match="plan 'a': there is no place 'moon'"):
        campusfile.whole(campusfile.parse(document))


def test_a_tick_survives_a_plan_that_was_improved_meanwhile() -> None:
    plan = next(plan for plan in shipped() if plan.id == "fire")
    alert = msgspec.structs.replace(raised(), ticks=(Tick("call-119", LI, NOW), Tick("gone", LI, NOW)))
    done = [(step.id, tick.by) for step, tick in followed(plan, alert) if tick]
    assert done == [("call-119", LI)]


# ---- the call ----------------------------------------------------------------------------------------------


def read_out(
    *near: Alert, address: str = "示范路 1 号", phone: str = "010-0000 0119", number: str = ""
) -> CallCard:
    campus = registry()
    root = msgspec.structs.replace(campus.root, address=address, phone=phone)
    places = [root if place.parent is None else place for place in campus.places.values()]
    known = Registry.build(places, (), [one for one in campus.devices.values() if one.id != "tocsin"])
    alert = at("dorm-2-305")
    return call_card(alert, [alert, *near], LI, number, Directory(persons()), known)


def at(place: str) -> Alert:
    return msgspec.structs.replace(raised(), place=place, device_kind="smoke_detector")


def test_the_five_facts_are_filled_in() -> None:
    card = read_out()
    assert card.number == "119"
    assert card.address.zh == "示范学校，示范路 1 号"
    assert card.where.zh == "2号宿舍楼 305室"
    assert card.what.en == "Smoke alarm (smoke detector)"
    assert card.size.zh == "1 个点位报警：305室；被困人数：问现场"
    assert card.caller.zh == "李伟，010-0000 0119"


def test_how_big_it_is_counts_the_other_alarms_of_the_building() -> None:
    assert read_out(at("dorm-2")).size.en.startswith("2 points in alarm: Room 305, Dormitory 2;")


def test_an_ambulance_is_not_told_of_people_trapped_but_of_people_hurt() -> None:
    card = read_out(number="120")
    assert (card.number, card.size.zh) == ("120", "1 个点位报警：305室；受伤或有危险的人数：问现场")


def test_what_nobody_registered_is_said_to_be_missing_and_never_left_out() -> None:
    card = read_out(address="", phone="")
    assert card.address.zh == "示范学校，未登记：请口头说明"
    assert card.caller.en == "Li Wei, telephone not registered: say it in your own words"
