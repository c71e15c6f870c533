"""Thinks. Cameras: Frigate's words and Axis' events, of which few are for us."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects import axis, frigate
from ingest.message import Message
from ingest.reading import Decoded, Ignored, Parts, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings

NOW = 1_795_305_600_000
SERVER = Device("nvr", "gateway", "campus", dialect="frigate", address="frigate")
GATE = Device("gate", "camera", "campus", dialect="frigate", address="gate", gateway="nvr")
CAMERA = Device("cam", "camera", "campus", dialect="axis", address="ACCC8E")
DEVICES = (SERVER, GATE, CAMERA)
SETTINGS = BrokerSettings(dialects={"frigate": None, "axis": None})


def decoder(*devices, bases=None):
    settings_ = SETTINGS if bases is None else BrokerSettings(dialects={"axis": bases})
    return Decoder(Registry.build([], [], devices or DEVICES), settings_)


def hear(house, topic, body=b"", retain=False):
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return house.decode(Message(None, topic, payload, NOW, retain=retain))


def each(found):
    return found.heard if isinstance(found, Parts) else [found] if isinstance(found, Decoded) else []


def values(found, device):
    return {r.metric: r.value for one in each(found) if one.device == device for r in one.readings}


def alive(found):
    return {one.device for one in each(found) if one.alive}


# ---- Frigate ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "link", "living"),
    [(b"online", "online", {"nvr"}), (b"offline", "offline", set()), (b"stopped", "offline", set())],
)
def test_frigate_says_whether_it_runs(word, link, living):
    found = hear(decoder(), "frigate/available", word)
    assert values(found, "nvr") == {"link": link}
    assert alive(found) == living


def test_what_the_broker_kept_of_frigate_is_no_sign_of_life():
    assert alive(hear(decoder(), "frigate/available", b"online", retain=True)) == set()
    assert isinstance(hear(decoder(), "frigate/available", b"perhaps"), Rejected)


@pytest.mark.parametrize(
    ("word", "video", "note", "living"),
    [
        (b"online", "normal", "", {"gate"}),
        (b"offline", "fault", "detect", set()),
        (b"disabled", "unknown", "detect switched off", set()),
        (b"eh", "unknown", "detect not understood: 'eh'", set()),
    ],
)
def test_a_stream_that_is_down_is_a_fault_and_one_switched_off_is_none(word, video, note, living):
    found = hear(decoder(), "frigate/gate/status/detect", word)
    [one] = each(found)
    assert [(r.metric, r.value, r.note) for r in one.readings] == [("video", video, note)]
    assert alive(found) == living


def test_one_stream_that_is_well_does_not_hide_another_that_is_down():
    house = decoder()
    assert values(hear(house, "frigate/gate/status/record", b"offline"), "gate") == {"video": "fault"}
    assert values(hear(house, "frigate/gate/status/detect", b"online"), "gate") == {"video": "fault"}
    assert values(hear(house, "frigate/gate/status/record", b"online"), "gate") == {"video": "normal"}


def test_a_microphone_that_hears_an_alarm_only_corroborates():
    house = decoder()
    [one] = each(hear(house, "frigate/gate/audio/fire_alarm", b"ON"))
    assert [(r.metric, r.value, r.note) for r in one.readings] == [("alarm_sound", "alarm", "fire_alarm")]
    assert values(hear(house, "frigate/gate/audio/smoke_detector", b"OFF"), "gate") == {
        "alarm_sound": "alarm"
    }
    assert values(hear(house, "frigate/gate/audio/fire_alarm", b"OFF"), "gate") == {"alarm_sound": "normal"}


def test_statistics_are_a_sign_of_life_of_frigate_and_of_cameras_with_pictures():
    body = {
        "cameras": {"gate": {"camera_fps": 5.1, "pid": 1}, "yard": {"camera_fps": 3}},
        "service": {"uptime": 9},
    }
    assert alive(hear(decoder(), "frigate/stats", body)) == {"nvr", "gate"}
    body["cameras"]["gate"]["camera_fps"] = 0.0
    assert alive(hear(decoder(), "frigate/stats", body)) == {"nvr"}
    assert alive(hear(decoder(GATE.__class__("g", "camera", "campus", dialect="frigate", address="gate")),
                      "frigate/stats", b'{"cameras":{"gate":{"camera_fps":1}}}')) == {"g"}  # fmt: skip
    assert isinstance(hear(decoder(), "frigate/stats", b'{"cameras":7}'), Rejected)


@pytest.mark.parametrize(
    "topic",
    ["events", "reviews", "tracked_object_update", "triggers", "gate/motion", "gate/person",
     "gate/audio/dBFS", "gate/person/snapshot", "gate/audio/bark", "gate/all/active",
     "gate/detect/state", "gate/audio/set"],
)  # fmt: skip
@pytest.mark.parametrize("body", [b"\xff\xd8\xff\xe0 a picture", b'{"type":"new","after":{"id":"1"}}', b"ON"])
def test_what_frigate_sees_is_no_alarm_of_ours_and_its_pictures_are_not_read(topic, body):
    assert isinstance(hear(decoder(), f"frigate/{topic}", body), Ignored)


def test_an_empty_message_is_a_deletion():
    assert isinstance(hear(decoder(), "frigate/gate/status/detect", b"", retain=True), Ignored)


def test_a_camera_nobody_registered_is_heard_as_a_stranger():
    house = decoder()
    [one] = each(hear(house, "frigate/yard/status/detect", b"offline"))
    assert house.strangers[one.device].address == "yard"


def test_invented_cameras_fill_no_memory():
    house = decoder()
    for number in range(50):
        hear(house, f"frigate/x{number}/status/detect", b"offline")
        said("axis:Storage/Alert", {"alert": "1"}, {"disk_id": "SD"}, house=house, camera=f"x{number}")
    assert house.news == {}


def test_frigate_subscribes_to_no_pictures():
    assert decoder(GATE, SERVER).all_filters().count("frigate/#") == 0
    assert frigate.filters("gate", None) == ["gate/status/+", "gate/audio/+"]


# ---- Axis and ONVIF --------------------------------------------------------------------------------------


def event(path, data, source=None, time=NOW, **more):
    body = {"topic": path, "message": {"source": source or {}, "key": {}, "data": data}} | more
    return body if time is None else body | {"timestamp": time}


def said(path, data, source=None, time=NOW, house=None, retain=False, camera="ACCC8E"):
    return hear(house or decoder(), f"axis/{camera}/event/tns:x", event(path, data, source, time), retain)


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("onvif:VideoSource/GlobalSceneChange/ImagingService", {"State": "1"}, {"tamper": "tamper"}),
        ("onvif:VideoSource/GlobalSceneChange/ImagingService", {"State": "0"}, {"tamper": "normal"}),
        ("onvif:RuleEngine/TamperDetector/Tamper", {"IsTamper": "true"}, {"tamper": "tamper"}),
        ("onvif:Device/axis:Casing/Open", {"Open": "1"}, {"tamper": "tamper"}),
        ("axis:Storage/Alert", {"alert": "1", "wear": "3", "temperature": "41"}, {"storage": "fault"}),
        ("axis:Storage/Alert", {"alert": "0", "wear": "3", "temperature": "41"}, {"storage": "normal"}),
        ("axis:Storage/Disruption", {"disruption": "1"}, {"storage": "fault"}),
        ("onvif:Device/axis:HardwareFailure/StorageFailure", {"disruption": "1"}, {"storage": "fault"}),
        ("onvif:Device/axis:HardwareFailure/FanFailure", {"fan_failure": "1"}, {"fault": "fault"}),
        ("onvif:Device/HardwareFailure/PowerSupplyFailure/axis:PTZPowerFailure", {"Failed": "1"},
         {"fault": "fault"}),
        ("onvif:Device/HardwareFailure/TemperatureCritical", {"Critical": "false"}, {"fault": "normal"}),
        ("onvif:Device/axis:Status/Temperature/Above", {"sensor_level": "1"}, {"fault": "fault"}),
        ("onvif:Device/axis:Status/Temperature/Inside", {"sensor_level": "1"}, {"fault": "normal"}),
        ("onvif:Device/axis:Status/Temperature/Inside", {"sensor_level": "0"}, {"fault": "fault"}),
        ("onvif:Device/axis:Status/Temperature/Inside", {"sensor_level": "eh"}, {"fault": "unknown"}),
        ("onvif:VideoSource/SignalLoss", {"State": "true"}, {"video": "fault"}),
        ("onvif:VideoSource/SignalLoss", {"State": "false"}, {"video": "normal"}),
        ("axis:Storage/Alert", {"alert": "112.000000"}, {"storage": "unknown"}),
        ("axis:Storage/Alert", {}, {"storage": "unknown"}),
        ("axis:Storage/Alert", {"alert": None}, {"storage": "unknown"}),
        ("onvif:Device/axis:Sensor/PIR", {"state": "1"}, {}),
        ("onvif:VideoSource/MotionAlarm", {"State": "1"}, {}),
        ("onvif:AudioSource/axis:TriggerLevel", {"triggered": "1"}, {}),
        ("onvif:CameraApplicationPlatform/axis:ObjectAnalytics/Device1Scenario1", {"active": "1"}, {}),
        ("onvif:Device/Trigger/Relay", {"LogicalState": "active"}, {}),
    ],
)  # fmt: skip
def test_an_event_means(path, data, expected):
    found = said(path, data)
    assert values(found, "cam") == expected
    assert alive(found) == {"cam"}


def test_tampering_is_told_once_and_is_over_as_far_as_is_known():
    [one] = each(said("onvif:VideoSource/axis:Tampering", {"tampering": "1"}, {"channel": "1"}))
    assert [(r.metric, r.value) for r in one.readings] == [("tamper", "tamper"), ("tamper", "normal")]
    assert "channel" not in one.readings[0].note
    assert one.readings[0].note == "videosource/tampering 1"
    assert values(said("onvif:VideoSource/axis:Tampering", {"tampering": "0"}), "cam") == {"tamper": "normal"}
    assert values(said("onvif:VideoSource/axis:Tampering", {"tampering": "1"}, retain=True), "cam") == {}


def test_one_disk_that_is_well_does_not_hide_another_that_is_not():
    house = decoder()
    said("axis:Storage/Disruption", {"disruption": "1"}, {"disk_id": "SD_DISK"}, house=house)
    other = said("axis:Storage/Disruption", {"disruption": "0"}, {"disk_id": "NetworkShare"}, house=house)
    assert values(other, "cam") == {"storage": "fault"}
    mended = said("axis:Storage/Disruption", {"disruption": "0"}, {"disk_id": "SD_DISK"}, house=house)
    assert values(mended, "cam") == {"storage": "normal"}


def port(kind, state, path="onvif:Device/axis:IO/Port", source=None, key="state"):
    wired = Device("in", kind, "campus", dialect="axis", address="ACCC8E/port/1")
    return said(path, {key: state}, source or {"port": "1"}, house=decoder(CAMERA, wired))


@pytest.mark.parametrize(
    ("kind", "state", "expected"),
    [
        ("smoke_detector", "1", {"smoke": "alarm"}),
        ("smoke_detector", "0", {"smoke": "normal"}),
        ("call_point", "1", {"call_point": "alarm"}),
        ("door", "1", {"contact": "open"}),
        ("door", "0", {"contact": "closed"}),
        ("smoke_detector", "eh", {"smoke": "unknown"}),
    ],
)
def test_what_is_wired_to_an_input_the_kind_says(kind, state, expected):
    found = port(kind, state)
    assert values(found, "in") == expected
    assert alive(found) == {"cam", "in"}


def test_an_onvif_input_is_an_input_and_a_supervised_one_tells_tampering():
    path = "onvif:Device/Trigger/DigitalInput"
    assert values(port("door", "true", path, {"InputToken": "1"}, "LogicalState"), "in") == {
        "contact": "open"
    }
    wired = Device("in", "door", "campus", dialect="axis", address="ACCC8E/port/1")
    found = said("onvif:Device/axis:IO/SupervisedPort", {"state": "1", "tampered": "1"}, {"port": "1"},
                 house=decoder(CAMERA, wired))  # fmt: skip
    assert values(found, "in") == {"contact": "open", "tamper": "tamper"}


def test_an_input_is_heard_where_only_it_is_registered():
    wired = Device("in", "call_point", "campus", dialect="axis", address="ACCC8E/port/1")
    house = decoder(wired)
    assert "axis/ACCC8E/event/#" in house.life_filters()
    found = said("onvif:Device/axis:IO/Port", {"state": "1"}, {"port": "1"}, house=house)
    assert values(found, "in") == {"call_point": "alarm"}


def test_an_input_nobody_registered_waits_in_the_tray_once_something_is_on_it():
    house = decoder()
    assert alive(said("onvif:Device/axis:IO/Port", {"state": "0"}, {"port": "2"}, house=house)) == {"cam"}
    assert house.strangers == {}
    said("onvif:Device/axis:IO/Port", {"state": "1"}, {"port": "2"}, house=house)
    assert [one.address for one in house.strangers.values()] == ["ACCC8E/port/2"]


def test_a_motion_detector_is_one_where_it_is_registered_as_such():
    house = decoder(Device("cam", "perimeter", "campus", dialect="axis", address="ACCC8E"))
    found = said("onvif:Device/axis:Sensor/PIR", {"state": "1"}, house=house)
    assert values(found, "cam") == {"intrusion": "alarm"}


@pytest.mark.parametrize("operation", ["Initialized", "initialized"])
@pytest.mark.parametrize("inside", [True, False])
def test_a_snapshot_after_a_subscription_is_no_event(operation, inside):
    body = event("axis:Storage/Alert", {"alert": "1"})
    (body["message"] if inside else body)["PropertyOperation"] = operation
    found = hear(decoder(), "axis/ACCC8E/event/tns:axis/Storage/Alert", body)
    assert [r.retained for one in each(found) for r in one.readings] == [True]
    assert alive(found) == {"cam"}
    body = event("onvif:VideoSource/axis:Tampering", {"tampering": "1"}, PropertyOperation=operation)
    assert values(hear(decoder(), "axis/ACCC8E/event/tns:x", body), "cam") == {}


def test_a_property_that_is_deleted_says_nothing():
    body = event("axis:Storage/Alert", {"alert": "1"}, PropertyOperation="Deleted")
    assert values(hear(decoder(), "axis/ACCC8E/event/tns:x", body), "cam") == {}


@pytest.mark.parametrize(
    "data", [{"State": "true"}, {"State": True}, {"SimpleItem": [{"Name": "State", "Value": "true"}]},
             {"SimpleItem": {"Name": "State", "Value": "true"}}],
)  # fmt: skip
@pytest.mark.parametrize(
    "path",
    [
        "VideoSource/GlobalSceneChange/ImagingService/&1",
        "tns1:VideoSource/tns1:GlobalSceneChange/x/&VideoSource-1",
    ],
)
def test_an_event_of_onvif_profile_m_is_told_by_its_topic(path, data):
    body = {
        "UtcTime": "2026-11-22T00:00:00.000Z",
        "PropertyOperation": "Changed",
        "Source": {"x": "1"},
        "Data": data,
    }
    found = hear(decoder(), f"axis/ACCC8E/onvif-ej/{path}", body)
    [reading] = each(found)[0].readings
    assert (reading.metric, reading.value) == ("tamper", "tamper")
    assert reading.time_quality is TimeQuality.DEVICE


@pytest.mark.parametrize(
    "rest",
    ["event", "event/tns:axis/Storage/Alert", "event/tns:axis/Storage/Alert/$source/disk_id/SD_DISK",
     "event/Storage/Alert"],
)  # fmt: skip
def test_the_topic_may_hold_less_or_more_than_the_event(rest):
    body = event("axis:Storage/Alert", {"alert": "1"}, time=None)
    found = hear(decoder(), f"axis/ACCC8E/{rest}", body)
    assert values(found, "cam") == {"storage": "fault"}
    assert each(found)[0].readings[0].time_quality is TimeQuality.RECEIVED


def test_a_payload_without_its_topic_is_understood_by_that_of_the_broker():
    body = {"message": {"data": {"alert": "1"}}}
    found = hear(decoder(), "axis/ACCC8E/event/tns:axis/Storage/Alert/$source/disk_id/SD", body)
    assert values(found, "cam") == {"storage": "fault"}
    assert isinstance(hear(decoder(), "axis/ACCC8E/event", body), Rejected)


def test_a_clock_that_is_wrong_is_not_believed():
    [one] = each(said("axis:Storage/Alert", {"alert": "1"}, time=1_590_045_190_230))
    assert one.readings[0].time_quality is TimeQuality.IMPLAUSIBLE


def test_what_the_broker_kept_of_a_camera_is_no_sign_of_life():
    found = said("axis:Storage/Alert", {"alert": "1"}, retain=True)
    assert alive(found) == set()
    assert each(found)[0].readings[0].retained


@pytest.mark.parametrize(
    ("word", "link"), [(b"online", "online"), (b"offline", "offline"), (b"Disconnected", "offline")]
)
def test_the_last_will_that_our_page_asks_for_is_a_link(word, link):
    found = hear(decoder(), "axis/ACCC8E/link", word)
    assert values(found, "cam") == {"link": link}
    assert alive(found) == set()


def test_at_the_root_of_the_broker_only_what_is_surely_a_camera_is_taken():
    old = Device("old", "camera", "campus", dialect="axis", address="00408C")
    house = decoder(old, bases=[""])
    body = event("axis:Storage/Alert", {"alert": "1"})
    assert values(hear(house, "00408C/event/tns:axis/Storage/Alert", body), "old") == {"storage": "fault"}
    assert values(hear(house, "00408C/link", b"offline"), "old") == {"link": "offline"}
    for topic in ("application/1/device/ab/event/up", "somebody/link", "LWT/client_1"):
        assert hear(house, topic, body).reason is Reason.BAD_TOPIC


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
PATHS = st.sampled_from([*axis._MEANT, "onvif:Device/axis:IO/Port", "", "$", "a:b/c"]) | st.text(max_size=20)
SECTION = JSON | st.dictionaries(
    st.sampled_from([*axis._KEYS, "State", "port", "tampered"]), JSON, max_size=3
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "topic": PATHS | JSON,
        "timestamp": JSON,
        "UtcTime": JSON,
        "PropertyOperation": JSON,
        "Source": SECTION,
        "Data": SECTION,
        "message": st.fixed_dictionaries({}, optional={"source": SECTION, "data": SECTION}) | JSON,
        "cameras": JSON,
    },
)
TOPICS = st.sampled_from(
    ["axis/ACCC8E/event/tns:axis/Storage/Alert", "axis/ACCC8E/onvif-ej/Device/Trigger/DigitalInput/&1",
     "axis/new/event", "axis/ACCC8E/link", "frigate/stats", "frigate/available", "frigate/gate/status/detect",
     "frigate/gate/audio/fire_alarm", "frigate/gate/person/snapshot"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(TOPICS, BODIES | st.binary(max_size=60), st.booleans()), max_size=5))
def test_nothing_that_is_sent_is_a_mistake_of_ours(messages):
    house = decoder()
    for topic, body, retain in messages:
        found = hear(house, topic, body, retain)
        assert not (isinstance(found, Rejected) and found.reason is Reason.FAILED), found
