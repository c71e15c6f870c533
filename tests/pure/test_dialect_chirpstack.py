"""Thinks. ChirpStack v3 and v4: envelopes, spellings of the DevEUI, statuses, logs, gateways."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects import chirpstack
from ingest.dialects.dialect import Known
from ingest.message import Message
from ingest.reading import Decoded, Ignored, Parts, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings

RECEIVED = 1_795_305_600_000  # 2026-11-22T00:00:00Z
KINDS = {
    "24e124136b000001": "smoke_detector",
    "24e124136b000002": "panic_button",
    "24e124136b000003": "water_leak",
    "24e124136b000004": "extinguisher",
    "24e124136b000005": "exit_sign",
    "24E124136B00000A": "door",  # registered as the label on the device spells it
    "0016c001f153a14c": "gateway",
}
SMOKE, BUTTON, LEAK, BOTTLE, SIGN, DOOR, GATEWAY = KINDS
DEVICES = [Device(eui[-4:], kind, "campus", dialect="chirpstack", address=eui) for eui, kind in KINDS.items()]
SETTINGS = BrokerSettings(dialects={"chirpstack": None})


def decoder():
    return Decoder(Registry.build([], [], DEVICES), SETTINGS)


def topic(eui, event="event/up"):
    return f"application/7d2a/device/{eui.lower()}/{event}"


def up(eui, body=None, **more):
    info = {"devEui": eui.lower(), "deviceName": "Dorm 2", "deviceProfileName": "GS524N", "tags": {}}
    whole = {
        "deduplicationId": "1",
        "time": "2026-11-21T23:59:58.123456789+00:00",
        "deviceInfo": info,
        "devAddr": "00189440",
        "fCnt": 7,
        "fPort": 85,
        "data": "qg==",
    }
    return whole | ({} if body is None else {"object": body}) | more


def at(where, body, retain=False, using=None):
    payload = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return (using or decoder()).decode(Message(None, where, payload, RECEIVED, retain=retain))


def heard(found):
    if isinstance(found, Parts):
        [found] = found.heard
    assert isinstance(found, Decoded), found
    return found


def values(found):
    return {reading.metric: reading.value for reading in heard(found).readings}


def test_an_uplink_says_what_the_codec_decoded_and_how_strong_the_best_gateway_heard_it():
    body = up(
        SMOKE, {"smoke": "alarm", "battery": 88.0}, rxInfo=[{"rssi": -97}, {"rssi": -36, "snr": 10.5}, {}]
    )
    found = at(topic(SMOKE), body)
    assert values(found) == {"smoke": "alarm", "battery": 88.0, "rssi": -36.0}
    assert found.alive
    assert (found.boot, found.sequence) == (None, None)  # a frame counter starts again at every join


def test_the_time_is_the_servers_to_the_nanosecond_and_only_if_plausible():
    [reading] = at(topic(SMOKE), up(SMOKE, {"smoke": 0})).readings
    assert (reading.event_time, reading.time_quality) == (RECEIVED - 1877, TimeQuality.DEVICE)
    [reading] = at(topic(SMOKE), up(SMOKE, {"smoke": 0}, time="2019-01-01T00:00:00Z")).readings
    assert (reading.event_time, reading.time_quality) == (RECEIVED, TimeQuality.IMPLAUSIBLE)


V3_UP = {
    "applicationID": "123",
    "deviceName": "x",
    "rxInfo": [{"time": None, "rssi": -48}],
    "fPort": 5,
    "data": "AQ==",
}


@pytest.mark.parametrize("event", ["event/up", "rx"])
@pytest.mark.parametrize("eui", [LEAK, LEAK.upper(), base64.b64encode(bytes.fromhex(LEAK)).decode()])
def test_version_3_spells_the_eui_in_two_ways_and_packs_the_object_into_a_text(event, eui):
    body = V3_UP | {"devEUI": eui, "objectJSON": '{"leakage_status":"leak","note":"\\u6f0f\\u6c34"}'}
    found = at(topic(LEAK, event), body)
    assert values(found) == {"leak": "alarm", "rssi": -48.0}
    assert found.readings[0].time_quality is TimeQuality.RECEIVED


def test_version_3_takes_its_time_from_the_first_gateway_that_has_one():
    times = [{"time": None}, {"time": "2026-11-21T23:59:59Z"}]
    found = at(topic(LEAK), V3_UP | {"objectJSON": '{"leakage_status":"leak"}', "rxInfo": times})
    assert found.readings[0].event_time == RECEIVED - 1000


def test_an_address_may_be_registered_in_capitals():
    assert values(at(topic(DOOR), up(DOOR, {"magnet_status": "open"}))) == {"contact": "open"}
    filters = chirpstack.filters(DOOR, Known("chirpstack"))
    assert f"application/+/device/{DOOR.lower()}/event/up" in filters


IMPOSTORS = ["24e124136b000009", base64.b64encode(b"12345678").decode(), "nonsense", 7]


@pytest.mark.parametrize("eui", IMPOSTORS)
def test_another_eui_in_the_payload_than_in_the_topic_is_a_security_event(eui):
    v4, v3 = up(SMOKE, {"smoke": 1}), V3_UP | {"devEUI": eui, "objectJSON": '{"smoke":1}'}
    v4["deviceInfo"]["devEui"] = eui
    for body in (v4, v3):
        found = at(topic(SMOKE), body)
        assert isinstance(found, Rejected)
        assert found.reason is Reason.IDENTITY


def test_joining_is_a_sign_of_life_and_says_so():
    found = at(topic(SMOKE, "event/join"), up(SMOKE))
    [reading] = found.readings
    assert (reading.metric, reading.value) == ("link", "online")
    assert "restarted" in reading.note
    assert found.alive


STATUS = [
    ({"margin": 6, "batteryLevel": 88.3}, {"battery": 88.3}),
    (
        {"margin": 6, "batteryLevel": 75.5, "externalPowerSource": False, "batteryLevelUnavailable": False},
        {"battery": 75.5},
    ),
    ({"margin": 6, "externalPowerSource": True}, {"power": "mains"}),
    ({"margin": 6, "batteryLevelUnavailable": True}, {}),
    ({"margin": 6}, {}),  # a zero is left out, and a level of 0 does not exist
    ({"battery": 254}, {"battery": 100.0}),  # the first versions: 1 to 254, 0 mains, 255 not known
    ({"battery": 127}, {"battery": 50.0}),
    ({"battery": 0}, {"power": "mains"}),
    ({"battery": 255}, {}),
    ({"batteryLevel": 300}, {"battery": "unknown"}),
]


@pytest.mark.parametrize(("status", "expected"), STATUS)
def test_a_status_says_the_supply_in_the_scale_of_its_version(status, expected):
    assert values(at(topic(SMOKE, "event/status"), status)) == expected


def test_a_lamp_that_tells_a_battery_level_runs_on_its_battery():
    assert values(at(topic(SIGN, "event/status"), {"batteryLevel": 90})) == {
        "battery": 90.0,
        "power": "battery",
    }


LOGS = [
    ("event/log", {"level": "ERROR", "code": "UPLINK_CODEC", "description": "x is not defined"}, True),
    ("event/log", {"level": "ERROR", "code": "UPLINK_MIC", "description": "keys"}, True),
    ("event/log", {"level": "ERROR", "code": "OTAA", "description": "DevNonce has already been used"}, True),
    ("event/error", {"type": "UPLINK_CODEC", "error": "x"}, True),
    ("event/error", {"type": "UPLINK_FCNT_RETRANSMISSION", "error": "x", "fCnt": 28}, False),
    ("event/log", {"level": "WARNING", "code": "UPLINK_F_CNT_RETRANSMISSION"}, False),
    ("event/log", {"level": "ERROR", "code": "DOWNLINK_PAYLOAD_SIZE"}, False),
    ("error", {"type": "UPLINK_CODEC"}, True),
    ("event/log", {}, False),
]


@pytest.mark.parametrize(("event", "body", "mute"), LOGS)
def test_only_logs_of_a_device_that_cannot_be_understood_are_faults_and_none_a_sign_of_life(
    event, body, mute
):
    found = at(topic(SMOKE, event), body)
    if not mute:
        assert isinstance(found, Ignored)
        return
    assert values(found) == {"fault": "fault"}
    assert not heard(found).alive


def test_what_the_server_told_ends_with_the_next_decoded_uplink():
    using = decoder()
    at(topic(SMOKE, "event/log"), {"code": "UPLINK_MIC", "description": "wrong keys"}, using=using)
    assert values(at(topic(SMOKE), up(SMOKE, {"smoke": 0}), using=using)) == {
        "smoke": "normal",
        "fault": "normal",
    }


@pytest.mark.parametrize(
    "event",
    [
        "event/ack",
        "event/txack",
        "event/location",
        "event/integration",
        "command/down",
        "tx",
        "event/up/more",
    ],
)
def test_other_events_and_commands_mean_nothing_here(event):
    assert isinstance(at(topic(SMOKE, event), up(SMOKE, {"smoke": 1})), Ignored)


@pytest.mark.parametrize(
    "where",
    [
        "application/1/device/../event/up",
        "application/1/device/xyz/event/up",
        "other/topic",
        "application/1",
        "a/gateway/x/state/conn",
        "gateway//state/conn",
    ],
)
def test_a_topic_of_another_shape_is_not_of_this_dialect(where):
    found = at(where, up(SMOKE, {"smoke": 1}))
    assert isinstance(found, Rejected)
    assert found.reason is Reason.BAD_TOPIC


GATEWAYS = [
    (b'{"gatewayId": "0016c001f153a14c", "state": "ONLINE"}', "online"),
    (b'{"gatewayId": "0016c001f153a14c", "state": "OFFLINE"}', "offline"),
    (b'{"gatewayId": "0016c001f153a14c"}', "offline"),  # the zero of protobuf's JSON
    (b"\x10\x01\x1a\x100016c001f153a14c", "online"),
    (b"\x0a\x08\x00\x16\xc0\x01\xf1\x53\xa1\x4c\x10\x01", "online"),
    (b"\x1a\x100016c001f153a14c", "offline"),
]


@pytest.mark.parametrize("where", [f"eu868/gateway/{GATEWAY}/state/conn", f"gateway/{GATEWAY}/state/conn"])
@pytest.mark.parametrize(("payload", "word"), GATEWAYS)
def test_a_gateway_says_whether_it_is_connected_as_json_or_protobuf(where, payload, word):
    live, retained = at(where, payload), at(where, payload, retain=True)
    assert values(live) == values(retained) == {"link": word}
    assert live.alive is (word == "online")
    assert not retained.alive


@pytest.mark.parametrize("payload", [b"", b"\xff\xff", b"\x1a\x20short", b"\x10", b'{"state": 7}', b"{"])
def test_a_gateway_state_that_cannot_be_read_is_refused(payload):
    found = at(f"gateway/{GATEWAY}/state/conn", payload)
    assert isinstance(found, Rejected)
    assert found.reason is Reason.MALFORMED


def test_what_a_gateway_counts_is_its_sign_of_life():
    found = at(f"eu868/gateway/{GATEWAY}/event/stats", b"\x0a\x01x")
    assert (found.readings, found.alive) == ([], True)


def test_a_stranger_is_announced_with_its_name_its_profile_and_its_likely_kind():
    body = up("24e124136b0000ff", {"smoke": "alarm"})
    found = at(topic("24e124136b0000ff"), body)
    assert values(found) == {"smoke": "alarm"}
    [one] = found.announced
    assert (one.address, one.kind, one.name, one.model) == (
        "24e124136b0000ff",
        "smoke_detector",
        "Dorm 2",
        "GS524N",
    )
    assert found.learned == {}


@pytest.mark.parametrize(("tag", "interval"), [("3600", 7200), ("soon", None), ("", None), ("9" * 9, None)])
def test_the_interval_in_a_tag_is_what_the_device_is_expected_to_keep(tag, interval):
    body = up("24e124136b0000ff", {"smoke": "normal"})
    body["deviceInfo"]["tags"]["uplink_interval"] = tag
    [heard] = at(topic("24e124136b0000ff"), body).heard
    assert heard.interval == interval


def test_of_a_stranger_nothing_is_kept():
    using = decoder()
    at(topic("24e124136b0000ff"), up("24e124136b0000ff"), using=using)
    assert using.news == {}


def test_a_retained_uplink_is_no_sign_of_life_and_no_press():
    found = at(topic(BUTTON), up(BUTTON, {"button": "short", "battery": 90}), retain=True)
    assert values(found) == {"battery": 90.0}
    assert not found.alive
    assert isinstance(at(topic(BUTTON), b"", retain=True), Ignored)


TWICE = [
    b'{"object":{"smoke":"normal","smoke":"alarm"}}',
    b'{"object":{"smoke":"alarm"},"object":{"smoke":"normal"}}',
    b'{"object":{"smoke":"alarm"},"\\u006fbject":{"smoke":"normal"}}',
    b'{"objectJSON":"{\\"smoke\\":\\"normal\\",\\"smoke\\":\\"alarm\\"}"}',
    b"",
    b"[]",
    b"{",
    b'{"deviceInfo":7}',
    b'{"objectJSON":"{"}',
    b'{"object":{"smoke":' + b"[" * 5000,
]


@pytest.mark.parametrize("payload", TWICE)
def test_json_that_means_two_things_or_none_is_refused(payload):
    found = at(topic(SMOKE), payload)
    assert isinstance(found, Rejected)
    assert found.reason in (Reason.MALFORMED, Reason.TOO_DEEP)


def test_strange_talk_of_gateways_does_not_cost_an_alarm():
    for strange in (7, [7], {"a": 1}, [{"rssi": "x"}], "text"):
        assert values(at(topic(SMOKE), up(SMOKE, {"smoke": 1}, rxInfo=strange)))["smoke"] == "alarm"


def test_the_life_session_hears_exactly_the_events_of_its_devices():
    life = decoder().life_filters()
    assert f"application/+/device/{SMOKE}/event/up" in life
    assert not any(LEAK in one for one in life)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        "object",
        "objectJSON",
        "data",
        "deviceInfo",
        "rxInfo",
        "time",
        "devEUI",
        "batteryLevel",
        "battery",
        "code",
        "type",
        "error",
        "externalPowerSource",
    ]
)
EVENTS = st.sampled_from(["event/up", "event/join", "event/status", "event/log", "event/error", "rx"])


@settings(max_examples=150)
@given(EVENTS, st.sampled_from([SMOKE, BUTTON, "24e124136b0000ff"]), st.dictionaries(KEYS, JSON, max_size=5))
def test_no_event_of_the_right_shape_makes_it_fail(event, eui, body):
    found = at(topic(eui, event), body)
    assert not (isinstance(found, Rejected) and found.reason is Reason.FAILED), found


@settings(max_examples=150)
@given(
    st.sampled_from([topic(SMOKE), topic(SMOKE, "event/log"), f"gateway/{GATEWAY}/state/conn"]), st.binary()
)
def test_no_bytes_make_it_fail(where, payload):
    found = at(where, payload)
    assert not (isinstance(found, Rejected) and found.reason is Reason.FAILED), found
