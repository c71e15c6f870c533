"""Which alerts may be of one event. A person joins them; nothing is joined here."""

from typing import Any

import msgspec

from alerts.alert import Alert, Mode
from alerts.incidents.suggest import Suggestion, suggestions
from ingest.campus.device import Device, Place, Zone
from ingest.campus.registry import Registry
from rules.verdict import Class
from tests.fakes.campus import NOW, raised


def campus() -> Registry:
    places = [
        Place("campus", "示范学校", "Demo School"),
        Place("dorm", "宿舍", "Dormitory", "campus"),
        Place("dorm-1", "101室", "Room 101", "dorm"),
        Place("dorm-2", "102室", "Room 102", "dorm"),
        Place("office", "值班室", "Office", "campus"),
    ]
    devices = [
        Device("panel", "fire_panel", "office", gateway="transmitter"),
        Device("transmitter", "gateway", "office"),
        Device("smoke-1", "smoke_detector", "dorm-1", zone="z", gateway="panel"),
        Device("smoke-2", "smoke_detector", "dorm-2", zone="z"),
        Device("gas", "gas_detector", "dorm-2"),
    ]
    return Registry.build(places, [Zone("z", "1区", "Zone 1")], devices)


def alert(number: int, device: str, place: str, after: int = 0, **fields: Any) -> Alert:
    known = {
        "id": number,
        "device": device,
        "place": place,
        "raised_at": NOW + after,
        "active_at": NOW + after,
    }
    return msgspec.structs.replace(raised(), **{**known, **fields})


def found(*alerts: Alert) -> list[Suggestion]:
    return suggestions(alerts, campus())


def test_the_panel_its_transmitter_and_its_detector_are_of_one_fire() -> None:
    fire = (
        alert(1, "smoke-1", "dorm-1"),
        alert(2, "panel", "office", 4_000),
        alert(3, "transmitter", "office", 9_000),
    )
    assert found(*fire) == [Suggestion((1, 2, 3))]


def test_two_detectors_of_one_zone_and_pre_alarm_and_alarm_of_one_are_suggested() -> None:
    assert found(alert(1, "smoke-1", "dorm-1"), alert(2, "smoke-2", "dorm-2", 60_000)) == [Suggestion((1, 2))]
    before = alert(1, "smoke-1", "dorm-1", alert_class=Class.SUPERVISORY)
    assert found(before, alert(2, "smoke-1", "dorm-1", 30_000)) == [Suggestion((1, 2))]


def test_what_came_much_later_or_elsewhere_is_not_of_the_same_event() -> None:
    assert found(alert(1, "smoke-1", "dorm-1"), alert(2, "smoke-2", "dorm-2", 5 * 60_000 + 1)) == []
    assert found(alert(1, "smoke-1", "dorm-1"), alert(2, "gas", "dorm-2")) == []


def test_a_drill_is_never_suggested_beside_what_is_real_and_a_trouble_never_at_all() -> None:
    drill = alert(2, "smoke-2", "dorm-2", mode=Mode.DRILL)
    trouble = alert(3, "smoke-1", "dorm-1", alert_class=Class.TROUBLE)
    assert found(alert(1, "smoke-1", "dorm-1"), drill, trouble) == []


def test_a_new_alert_is_suggested_for_the_incident_of_its_zone_and_never_put_there() -> None:
    inside = [alert(number, "smoke-1", "dorm-1", incident=7) for number in (1, 2)]
    assert found(*inside) == []
    new = alert(3, "smoke-2", "dorm-2", 20_000)
    assert found(*inside, new) == [Suggestion((3,), 7)]
    assert new.incident == 0
