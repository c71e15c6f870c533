"""Thinks. An alert in words: order and folding on its page, names of gateways, why something failed."""

from typing import Any

from msgspec.structs import replace

from alerts import naming
from alerts.delivery.channels.unreached import unreached
from dashboard import words
from dashboard.catalogue import CATALOGUE
from dashboard.timeline import shown
from ingest.campus.device import Device, Place
from ingest.campus.registry import Registry
from ingest.dialects import DIALECTS
from rules.verdict import Text

CAMPUS = [Place("campus", "校园", "Campus"), Place("dorm", "宿舍", "Dormitory", "campus")]
GATEWAY = Device("gw-1", "gateway", "dorm")
REGISTRY = Registry.build(
    CAMPUS,
    [],
    [GATEWAY, *(Device(f"s{n}", "smoke_detector", "dorm", gateway="gw-1") for n in range(3)),
     Device("d", "door", "dorm", gateway="gw-1")],
)  # fmt: skip


def told(at: int, state: str = "accepted", purpose: str = "escalate", person: str = "li") -> dict[str, Any]:
    return {"what": "notice", "at": at, "purpose": purpose,
            "notices": [{"person": person, "channel": "duty", "state": state}]}  # fmt: skip


def fact(at: int) -> dict[str, Any]:
    return {"what": "fact", "at": at, "fact": "activated", "by": "tocsin", "detail": {}}


def test_equal_escalations_one_after_another_are_one_line_and_the_newest_stands_first() -> None:
    lines = [
        told(1, purpose="raise"),
        told(2),
        told(3),
        told(4),
        fact(5),
        fact(6),
        told(7),
        told(8, "failed"),
    ]
    found = [(line["what"], line["at"], line.get("times", 1)) for line in shown(lines)]
    assert [(what, at) for what, at, _ in found] == [
        ("notice", 8), ("notice", 7), ("fact", 6), ("fact", 5), ("notice", 4), ("notice", 1)
    ]  # fmt: skip
    assert [times for what, _, times in found if what == "notice"] == [1, 1, 3, 1]
    assert shown(lines)[4]["since"] == 2


def test_an_escalation_is_told_by_its_notices_unless_it_reached_nobody() -> None:
    step = {**fact(2), "fact": "step_due"}
    assert [line["what"] for line in shown([told(1), step, told(2), {**step, "at": 3}])] == ["fact", "notice"]


def test_what_another_person_was_told_is_a_line_of_its_own() -> None:
    assert len(shown([told(1), told(2, person="wang"), told(3)])) == 3
    assert shown([]) == []


def test_a_gateway_is_named_by_kind_and_id_with_how_much_depends_on_it() -> None:
    text = Text("网关失联", "Gateway silent")
    assert naming.title(text, GATEWAY, REGISTRY) == Text(
        "网关失联（网关 gw-1，3 个生命安全点位）", "Gateway silent (gateway gw-1, 3 life-safety points)"
    )
    named = replace(GATEWAY, zh="楼道网关", en="")
    assert naming.title(text, named, REGISTRY).en == "Gateway silent (楼道网关, 3 life-safety points)"
    detector = REGISTRY.devices["s1"]
    assert naming.title(text, detector, REGISTRY) == text
    assert naming.title(text, None, REGISTRY) == text
    assert naming.name(detector) == Text("烟感 s1", "smoke detector s1")


def test_a_refused_connection_is_said_in_words() -> None:
    zh, en = unreached("Failed to establish a new connection: [Errno 111] Connection refused")
    assert (zh, en) == (
        "对方拒绝连接，服务可能没有运行",
        "it refuses the connection; perhaps it is not running",
    )
    assert unreached("[Errno -2] Name or service not known")[0] == "域名无法解析"
    assert unreached("the moon is full") == ("the moon is full", "the moon is full")


def test_what_a_stranger_said_is_told_in_the_readers_words() -> None:
    said = "smoke alarm, battery 80.0, moon full"
    assert words.points(said, "zh") == "烟雾 报警、电量 80%、moon full"
    assert words.points(said, "en") == "smoke alarm, battery 80%, moon full"
    assert words.points("", "zh") == ""


def test_every_dialect_has_a_name_of_its_own() -> None:
    names = [CATALOGUE[f"dialect_{name}"][1] for name in DIALECTS]
    assert len(set(names)) == len(names)
    assert "gb26875" not in names
