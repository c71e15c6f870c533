"""Thinks. Alink, JetLinks and ThingsBoard: topics, identities, times of their own, batches, children."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, Ignored, Parts, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings

RECEIVED = 1_795_305_600_000
MINUTE, DAY = 60_000, 86_400_000


def device(name, kind, dialect, address):
    return Device(name, kind, "campus", dialect=dialect, address=address)


DECODER = Decoder(
    Registry.build([], [], [
        device("smoke", "smoke_detector", "alink", "pk/dn"),
        device("gw", "gateway", "alink", "pk/gw"),
        device("jet", "smoke_detector", "jetlinks", "p/d"),
        device("child", "gas_detector", "jetlinks", "p/gw/c"),
        device("hall", "smoke_detector", "thingsboard", "Hall 烟感/1"),
        device("plain", "climate", "thingsboard", "plain"),
    ]),
    BrokerSettings(dialects={"alink": None, "jetlinks": None, "thingsboard": None}),
)  # fmt: skip
ALINK = "/sys/pk/dn/thing/event"
PACK = "/sys/pk/gw/thing/event/property/pack/post"


def say(topic, body, retain=False):
    payload = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return DECODER.decode(Message(None, topic, payload, RECEIVED, retain=retain))


def said(found):
    decoded = found.heard if isinstance(found, Parts) else [found]
    assert all(isinstance(one, Decoded) for one in decoded), found
    return [(one.device.split(".")[0], r.metric, r.value) for one in decoded for r in one.readings]


def test_each_property_has_its_own_time():
    then = RECEIVED - MINUTE
    found = say(f"{ALINK}/property/post", {"id": 7, "params": {
        "SmokeSensorState": {"value": 1, "time": then}, "Battery": {"value": 80, "time": str(RECEIVED)},
        "rssi": -70,
    }})  # fmt: skip
    assert said(found) == [("smoke", "smoke", "alarm"), ("smoke", "battery", 80.0), ("smoke", "rssi", -70.0)]
    assert [r.event_time for r in found.readings] == [then, RECEIVED, RECEIVED]
    assert found.alive


def test_an_alink_look_alike_may_have_no_leading_slash_and_its_event_in_the_payload():
    params = {"value": {"电量": 5}, "time": RECEIVED}
    found = say("sys/pk/dn/thing/event/up", {"identifier": "SmokeAlarm", "params": params})
    assert said(found) == [("smoke", "battery", 5.0), ("smoke", "smoke", "alarm")]
    assert said(say("sys/x/y/thing/event/Alarm/post", {"params": {}})) == [("unregistered", "fire", "alarm")]


def test_a_gateway_packs_its_sub_devices_into_one_message():
    body = {"params": {
        "properties": {"rssi": [{"value": -60, "time": RECEIVED}]},
        "subDevices": [
            {"identity": {"productKey": "pk", "deviceName": "dn"},
             "properties": {"smoke": [{"value": 1, "time": RECEIVED},
                                     {"value": 0, "time": RECEIVED - MINUTE}]},
             "events": {"LowBattery": [{"value": {}, "time": RECEIVED}]}},
            {"identity": {}, "properties": {"smoke": 1}},
            {"identity": {"productKey": "pk", "deviceName": "new"}, "properties": {"smoke": 1}},
        ]}}  # fmt: skip
    found = say(PACK, body)
    assert said(found) == [
        ("gw", "rssi", -60.0),
        ("smoke", "smoke", "alarm"),
        ("smoke", "smoke", "normal"),
        ("smoke", "battery_low", "low"),
        ("unregistered", "smoke", "alarm"),
    ]
    assert found.heard[1].readings[1].time_quality is TimeQuality.HISTORIC
    assert [one.reason for one in found.rejected] == [Reason.MALFORMED]


def test_history_rings_nobody_and_its_alarm_is_told_as_late():
    entry = {"identity": {"productKey": "pk", "deviceName": "dn"},
             "properties": [{"smoke": {"value": 1, "time": RECEIVED - 2 * DAY}}],
             "events": [{"FireAlarm": {"value": {}, "time": RECEIVED - 2 * DAY}}]}  # fmt: skip
    [decoded] = say("/sys/pk/gw/thing/event/property/history/post", {"params": [entry]}).heard
    assert not decoded.alive
    assert [(r.metric, r.time_quality) for r in decoded.readings] == [
        ("smoke", TimeQuality.HISTORIC),
        ("late_alarm", TimeQuality.RECEIVED),
        ("fire", TimeQuality.HISTORIC),
        ("late_alarm", TimeQuality.RECEIVED),
    ]


def test_what_may_carry_a_life_safety_device_is_heard_by_life():
    life = DECODER.life_filters()
    for topic in (f"{ALINK}/#", "/sys/+/+/thing/event/property/pack/post", "/p/gw/child/c/event/+",
                  "v1/gateway/telemetry", "v1/devices/Hall 烟感/1/telemetry"):  # fmt: skip
        assert topic in life
    assert DECODER.owned_by_life(PACK)
    assert not DECODER.owned_by_life("v1/devices/plain/telemetry")


def test_replies_and_commands_mean_nothing_to_us():
    for topic in (f"{ALINK}/property/post_reply", "/sys/pk/dn/thing/service/property/set",
                  "/p/d/function/invoke", "/p/d/properties/write", "/p/d/child/c/metadata/derived",
                  "v1/gateway/rpc"):  # fmt: skip
        assert isinstance(say(topic, {}), Ignored), topic
    for topic in ("/devices/room/controls/alarm", "/p/d", "sys/pk", "v1/x", "v1/devices//telemetry"):
        assert say(topic, {}).reason is Reason.BAD_TOPIC, topic


def test_jetlinks_reports_events_children_and_links():
    now = {"timestamp": RECEIVED}
    assert said(say("/p/d/properties/report", {"properties": {"烟雾": 1}, **now})) == [
        ("jet", "smoke", "alarm")
    ]
    assert said(say("/p/d/properties/read/reply", {"properties": {"smoke": 0}, **now})) == [
        ("jet", "smoke", "normal")
    ]
    assert said(say("/p/d/properties/read/reply", {"success": False, "message": "x"})) == []
    assert said(say("/p/d/event/fire_alarm", {"data": {"level": 1}, **now})) == [("jet", "fire", "alarm")]
    assert said(say("/p/gw/child/c/properties/report", {"properties": {"alarm": 1}})) == [
        ("child", "gas", "alarm")
    ]
    for what, word in (
        ("online", "online"),
        ("connected", "online"),
        ("offline", "offline"),
        ("disconnect", "offline"),
    ):
        found = say(f"/p/gw/child/c/{what}", {"deviceId": "c"})
        assert said(found) == [("child", "link", word)]
        assert not found.alive


def test_jetlinks_identity_is_the_topic():
    assert say("/p/d/properties/report", {"deviceId": "other", "properties": {}}).reason is Reason.IDENTITY
    assert isinstance(say("/p/gw/child/c/event/Alarm", {"deviceId": "c", "data": {}}), Decoded)


def test_thingsboard_refuses_what_carries_no_identity():
    found = say("v1/devices/me/telemetry", {"smoke": 1})
    assert found.reason is Reason.BAD_TOPIC
    assert "no identity" in found.detail
    assert said(say("v1/devices/plain/telemetry", {"temperature": 20})) == [("plain", "temperature", 20.0)]


ROWS = [
    ({"smoke": 1}, [("hall", "smoke", "alarm")]),
    ([{"smoke": 1}], [("hall", "smoke", "alarm")]),
    ({"ts": RECEIVED, "values": {"smoke": 1}}, [("hall", "smoke", "alarm")]),
    (
        [{"ts": RECEIVED - MINUTE, "values": {"smoke": 1}}, {"ts": RECEIVED, "values": {"smoke": 0}}],
        [("hall", "smoke", "normal"), ("hall", "smoke", "alarm"), ("hall", "late_alarm", "alarm")],
    ),
    (
        [{"ts": RECEIVED, "values": {"battery": 9}}, {"ts": RECEIVED - MINUTE, "values": {"smoke": 1}}],
        [("hall", "battery", 9.0), ("hall", "smoke", "alarm")],
    ),
    ([], []),
]


@pytest.mark.parametrize(("rows", "expected"), ROWS)
def test_of_thingsboard_rows_the_newest_is_now_and_the_older_are_history(rows, expected):
    assert said(say("v1/gateway/telemetry", {"Hall 烟感/1": rows})) == expected


def test_one_bad_device_hides_no_other():
    found = say(
        "v1/gateway/telemetry", {"": {}, "x\u0001": {}, "y": 7, "z": [7], "plain": {"temperature": 1}}
    )
    assert said(found) == [("plain", "temperature", 1.0)]
    assert len(found.rejected) == 4


def test_thingsboard_connect_and_disconnect_are_links_and_no_life():
    for what, word in (("connect", "online"), ("disconnect", "offline")):
        found = say(f"v1/gateway/{what}", {"device": "plain"})
        assert said(found) == [("plain", "link", word)]
        assert not found.heard[0].alive
    assert say("v1/gateway/connect", {}).reason is Reason.MALFORMED


def test_a_retained_message_is_no_life_and_a_retained_event_is_nothing():
    assert not say(f"{ALINK}/property/post", {"params": {"smoke": 1}}, retain=True).alive
    assert isinstance(say(f"{ALINK}/SmokeAlarm/post", {"params": {}}, retain=True), Ignored)
    assert isinstance(say("/p/d/event/Alarm", {}, retain=True), Ignored)
    assert said(say(f"{ALINK}/property/post", {"params": {"SOS": 1}}, retain=True)) == []
    for topic in (f"{ALINK}/property/post", "/p/d/properties/report", "v1/gateway/telemetry"):
        assert isinstance(say(topic, b"", retain=True), Ignored)
        assert say(topic, b"").reason is Reason.MALFORMED


def test_a_clock_that_is_wrong_is_told_and_not_believed():
    for wrong in (2.46, 0, "1970-01-01", "x", [], RECEIVED // 1000):
        [reading] = say("/p/d/properties/report", {"properties": {"smoke": 1}, "timestamp": wrong}).readings
        assert (reading.event_time, reading.time_quality) == (RECEIVED, TimeQuality.IMPLAUSIBLE)


TOPICS = (
    f"{ALINK}/property/post", f"{ALINK}/Alarm/post", "sys/x/y/thing/event/up", PACK,
    "v1/devices/plain/telemetry",
    "/sys/pk/gw/thing/event/property/history/post", "/p/d/properties/report", "/p/d/event/烟雾",
    "/p/gw/child/c/online",
    "v1/gateway/telemetry", "v1/gateway/connect", "v1/gateway/attributes",
)  # fmt: skip
WORDS = """params value time properties events subDevices identity productKey deviceName data timestamp ts
values device identifier smoke co 故障 电量 alarm test mute door"""
NAMES = st.sampled_from(WORDS.split())
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(("pk", "dn", RECEIVED))
)
VALUES = st.recursive(
    SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=15,
)
BODIES = st.fixed_dictionaries({"params": VALUES, "properties": VALUES, "data": VALUES})


@settings(max_examples=200)
@given(st.sampled_from(TOPICS), st.binary() | VALUES | BODIES, st.booleans())
def test_no_payload_breaks_them(topic, body, retain):
    found = say(topic, body, retain)
    assert not (isinstance(found, Rejected) and found.reason is Reason.FAILED), found
