"""Thinks. Zigbee2MQTT: merged cached states, pulses, availability, attribute topics, names of any kind."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.kinds import KINDS
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects import zigbee2mqtt
from ingest.message import Message
from ingest.reading import Decoded, Ignored, Parts, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings

RECEIVED = 1_795_305_600_000
HOUR = 3_600_000


def device(name, kind, address):
    return Device(name, kind, "campus", dialect="zigbee2mqtt", address=address)


DEVICES = [
    device("smoke", "smoke_detector", "library/smoke_1"),
    device("smoke-zh", "smoke_detector", "图书馆/烟感 1"),
    device("leak", "water_leak", "cellar"),
    device("leak-2", "water_leak", "cellar/corner"),
    device("gas", "gas_detector", "gas"),
    device("co", "co_detector", "co"),
    device("heat", "heat_detector", "heat"),
    device("button", "panic_button", "button"),
    device("taker", "take_button", "taker"),
    device("point", "call_point", "point"),
    device("door", "door", "door"),
    device("fence", "perimeter", "fence"),
    device("lamp", "emergency_light", "lamp"),
    device("climate", "climate", "climate"),
    device("gw", "gateway", "bridge"),
    device("dorm-smoke", "smoke_detector", "dorm-z2m/smoke_1"),
    device("dorm-gw", "gateway", "dorm-z2m/bridge"),
]
SETTINGS = BrokerSettings(dialects={"zigbee2mqtt": ["zigbee2mqtt", "dorm-z2m"]})
DECODER = Decoder(Registry.build([], [], DEVICES), SETTINGS)
ADDRESS = {d.id: d.address for d in DEVICES}


class Nowhere:
    name = "test"

    def settle(self, messages: Sequence[Message]) -> None:
        """Nobody waits for it."""


def at(topic, body, retain=False):
    payload = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return DECODER.decode(Message(Nowhere(), topic, payload, RECEIVED, qos=0, retain=retain))


def say(name, body, part="", retain=False):
    address = ADDRESS[name]
    topic = address if address.startswith("dorm-z2m/") else f"zigbee2mqtt/{address}"
    return at(topic + part, body, retain)


def values(decoded):
    assert isinstance(decoded, Decoded), decoded
    return {reading.metric: reading.value for reading in decoded.readings}


REPORTS = [
    # device, report, readings
    ("smoke", {"smoke": True}, {"smoke": "alarm"}),
    ("smoke", {"smoke": False}, {"smoke": "normal"}),
    ("smoke", {"smoke": None}, {"smoke": "unknown"}),
    ("smoke", {"smoke": ""}, {"smoke": "unknown"}),
    ("smoke", {"smoke": "ON"}, {"smoke": "alarm"}),
    ("smoke", {"battery": 90}, {"battery": 90.0}),  # a report without smoke says nothing of smoke
    ("smoke", {"smoke": True, "linkquality": 81}, {"smoke": "alarm", "link_quality": 81.0}),
    ("smoke", {"battery": "100.00", "voltage": 3055}, {"battery": 100.0, "voltage": 3.055}),
    ("smoke", {"battery": "nan"}, {"battery": "unknown"}),
    ("smoke", {"battery": None, "voltage": None}, {}),
    ("smoke", {"voltage": 65535}, {"voltage": "unknown"}),
    ("smoke", {"voltage": "2900"}, {"voltage": 2.9}),
    ("lamp", {"voltage": 230.4}, {"voltage": 230.4}),
    ("smoke", {"smoke_density": 0, "smoke_density_dbm": 0.12}, {"smoke_density": 0.12}),
    ("smoke", {"smoke": False, "smoke_state": "alarm"}, {"smoke": "alarm"}),
    ("smoke", {"smoke_state": "none"}, {"smoke": "normal"}),
    ("smoke", {"smoke_state": "detecting"}, {"smoke": "unknown"}),
    ("smoke", {"smoke_alarm_1": False, "smoke_alarm_2": True}, {"smoke": "alarm"}),
    ("smoke", {"smoke_alarm_1": True, "smoke_alarm_2": False}, {"smoke": "alarm"}),
    ("smoke", {"smoke": False, "carbon_monoxide": True}, {"smoke": "normal", "co": "alarm"}),
    ("smoke", {"alarm": True}, {"smoke": "alarm"}),
    # tests
    ("smoke", {"smoke": False, "test": True}, {"smoke": "test"}),
    ("smoke", {"test": True, "smoke": False}, {"smoke": "test"}),
    ("smoke", {"smoke": True, "test": True}, {"smoke": "alarm"}),
    ("smoke", {"test": True, "smoke": True}, {"smoke": "alarm"}),
    ("smoke", {"smoke": False, "test": False}, {"smoke": "normal"}),
    ("smoke", {"smoke": False, "test": None}, {"smoke": "normal"}),
    ("smoke", {"test": True}, {"smoke": "test"}),
    ("smoke", {"test": False}, {}),
    ("smoke", {"smoke": False, "self_test": "checking"}, {"smoke": "test"}),
    ("smoke", {"smoke": False, "self_test": "success"}, {"smoke": "normal"}),
    ("smoke", {"smoke": False, "self_test_result": "failure"}, {"smoke": "normal", "fault": "fault"}),
    # faults
    ("smoke", {"tamper": True, "battery_low": True}, {"tamper": "tamper", "battery_low": "low"}),
    ("smoke", {"tamper": False, "battery_low": False}, {"tamper": "normal", "battery_low": "normal"}),
    ("smoke", {"device_fault": True}, {"fault": "fault"}),
    ("smoke", {"device_fault": False, "trouble": False}, {"fault": "normal"}),
    ("smoke", {"device_fault": False, "trouble": True}, {"fault": "fault"}),
    ("smoke", {"trouble": True, "device_fault": False, "battery_defect": None}, {"fault": "fault"}),
    ("smoke", {"fault": "normal"}, {"fault": "normal"}),
    ("smoke", {"fault": "smoke_fault"}, {"fault": "fault"}),
    ("smoke", {"fault": None}, {"fault": "unknown"}),
    ("smoke", {"reliability": "no_fault_detected"}, {"fault": "normal"}),
    ("smoke", {"reliability": "unreliable_other"}, {"fault": "fault"}),
    ("lamp", {"ac_status": True}, {"power": "battery"}),
    ("lamp", {"ac_status": False}, {"power": "mains"}),
    ("lamp", {"ac_status": None}, {"power": "unknown"}),
    # the other kinds
    ("leak", {"water_leak": True}, {"leak": "alarm"}),
    ("leak", {"water_leak": None}, {"leak": "unknown"}),
    ("gas", {"gas": True, "tamper": False}, {"gas": "alarm", "tamper": "normal"}),
    ("gas", {"gas": False, "test": True}, {"gas": "test"}),
    ("co", {"carbon_monoxide": True, "co": 120}, {"co": "alarm", "co_ppm": 120.0}),
    ("co", {"co": True}, {"co": "alarm"}),
    ("co", {"co": None}, {}),
    ("heat", {"heat": True, "temperature": 71.5}, {"heat": "alarm", "temperature": 71.5}),
    ("heat", {"alarm_1": False, "alarm_2": True}, {"heat": "alarm"}),
    ("door", {"contact": True}, {"contact": "closed"}),
    ("door", {"contact": False}, {"contact": "open"}),
    ("door", {"contact": None}, {"contact": "unknown"}),
    ("fence", {"occupancy": True}, {"intrusion": "alarm"}),
    ("fence", {"vibration": False}, {"intrusion": "normal"}),
    ("climate", {"temperature": 21.5, "humidity": 40}, {"temperature": 21.5, "humidity": 40.0}),
    ("climate", {"occupancy": True}, {}),
    ("climate", {"pressure": 1013, "power": 12.5}, {}),  # air pressure in hPa, power in W: other things here
    ("climate", {"temperature": -127.99, "humidity": 255}, {"temperature": "unknown", "humidity": "unknown"}),
    # pulses
    ("button", {"action": "emergency", "battery": 0}, {"press": "alarm", "battery": 0.0}),
    ("button", {"action": "panic"}, {"press": "alarm"}),
    ("button", {"action": "single"}, {"press": "alarm"}),
    ("button", {"action": "hold"}, {"press": "alarm"}),
    ("button", {"action": "release"}, {}),
    ("button", {"action": "wobble"}, {"press": "unknown"}),
    ("button", {"action": "", "battery": 50}, {"battery": 50.0}),
    ("button", {"action": None, "battery": 50}, {"battery": 50.0}),
    ("button", {"action": 5}, {}),
    ("button", {"sos": True}, {"call_point": "alarm"}),
    ("point", {"action": "single"}, {"press": "alarm"}),
    ("point", {"alarm": True}, {"call_point": "alarm"}),
    ("door", {"action": "fire_panic"}, {"press": "alarm"}),  # an emergency is one on any device
    ("door", {"action": "single"}, {}),
    ("taker", {"action": "single", "battery": 90}, {"take": "pressed", "battery": 90.0}),
    ("taker", {"action": "emergency"}, {"press": "alarm"}),
    ("taker", {"action": "release"}, {}),
    ("taker", {"action": "wobble"}, {}),
    # what is not for us
    ("smoke", {"update": {"installed_version": -1}, "linkage_alarm": True, "buzzer": "mute"}, {}),
    ("smoke", {}, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "report", "expected"), REPORTS, ids=[f"{n}-{json.dumps(r)}" for n, r, _ in REPORTS]
)
def test_a_report_means_what_the_table_says(name, report, expected):
    decoded = say(name, report)
    assert values(decoded) == expected
    assert decoded.alive is True


def test_a_cached_alarm_that_rides_on_every_report_stays_one_word_for_the_edge_to_be_judged():
    first = say("smoke", {"smoke": True, "battery": 90})
    days_later = say("smoke", {"smoke": True, "battery": 89})
    assert values(first)["smoke"] == values(days_later)["smoke"] == "alarm"


@pytest.mark.parametrize("action", ["emergency", "single"])
def test_a_retained_press_is_not_a_press(action):
    for name in ("button", "taker"):
        decoded = say(name, {"action": action, "battery": 80}, retain=True)
        assert values(decoded) == {"battery": 80.0}
        assert decoded.alive is False


def test_retained_states_are_restored_and_say_nothing_of_life():
    decoded = say("smoke", {"smoke": True}, retain=True)
    assert decoded.readings[0].retained is True
    assert decoded.alive is False


def test_the_reading_of_a_fault_says_which():
    assert say("smoke", {"fault": "smoke_fault"}).readings[0].note == "smoke_fault"


@pytest.mark.parametrize(
    ("last_seen", "moment", "quality", "alive"),
    [
        (RECEIVED - 500, RECEIVED - 500, TimeQuality.DEVICE, True),
        ("2026-11-22T08:00:00+08:00", RECEIVED, TimeQuality.DEVICE, True),
        (RECEIVED - 20 * HOUR, RECEIVED - 20 * HOUR, TimeQuality.DEVICE, True),  # it waited in the broker
        (
            RECEIVED - 72 * HOUR,
            RECEIVED,
            TimeQuality.IMPLAUSIBLE,
            False,
        ),  # the cache of a bridge just started
        (1000, RECEIVED, TimeQuality.IMPLAUSIBLE, True),  # a clock that was never set proves nothing
        (RECEIVED + 72 * HOUR, RECEIVED, TimeQuality.IMPLAUSIBLE, True),
        (None, RECEIVED, TimeQuality.RECEIVED, True),
    ],
)
def test_last_seen_tells_a_live_report_from_a_replayed_cache(last_seen, moment, quality, alive):
    decoded = say("smoke", {"smoke": True, "last_seen": last_seen})
    reading = decoded.readings[0]
    assert (reading.event_time, reading.time_quality, decoded.alive) == (moment, quality, alive)
    assert reading.retained is False


def test_a_press_that_is_days_old_by_its_own_word_may_raise_an_alert_and_never_rings_again_for_one():
    report = {"action": "emergency", "battery": 80, "last_seen": RECEIVED - 72 * HOUR}
    press, battery = say("button", report).readings
    assert (press.value, press.retained, battery.retained) == ("alarm", True, False)
    take, _ = say("taker", report | {"action": "single"}).readings
    assert (take.value, take.retained) == ("pressed", True)


def test_a_press_that_waited_in_the_broker_while_we_were_down_is_a_press():
    decoded = say("button", {"action": "emergency", "last_seen": RECEIVED - 2 * HOUR})
    assert (values(decoded), decoded.readings[0].retained) == ({"press": "alarm"}, False)


@pytest.mark.parametrize("payload", [b"offline", b'{"state":"offline"}', b' { "state" : "offline" } '])
@pytest.mark.parametrize("retain", [True, False])
def test_availability_plain_or_json_is_the_link_and_no_sign_of_life(payload, retain):
    decoded = say("smoke", payload, "/availability", retain)
    assert (decoded.device, values(decoded), decoded.alive) == ("smoke", {"link": "offline"}, False)
    assert values(say("smoke", payload.replace(b"offline", b"online"), "/availability")) == {"link": "online"}


@pytest.mark.parametrize(
    "payload", [b"{}", b'{"state":null}', b"maybe", b'{"state":', b"\xff", b'{"state":"\\ud800"}']
)
def test_an_availability_that_cannot_be_read_is_rejected(payload):
    assert say("smoke", payload, "/availability").reason is Reason.MALFORMED


def test_the_bridge_is_a_gateway_of_its_own():
    offline = at("zigbee2mqtt/bridge/state", {"state": "offline"}, retain=True)
    assert (offline.device, values(offline), offline.alive) == ("gw", {"link": "offline"}, False)
    online = at("zigbee2mqtt/bridge/state", b"online")
    assert (values(online), online.alive) == ({"link": "online"}, True)
    assert at("zigbee2mqtt/bridge/state", b"online", retain=True).alive is False
    health = at("zigbee2mqtt/bridge/health", {"response_time": 1})
    assert (health.device, health.readings, health.alive) == ("gw", [], True)
    assert at("dorm-z2m/bridge/state", b"offline").device == "dorm-gw"


@pytest.mark.parametrize(
    "topic",
    [
        "zigbee2mqtt/bridge/info",
        "zigbee2mqtt/bridge/logging",
        "zigbee2mqtt/bridge/response/device/rename",
        "zigbee2mqtt/library/smoke_1/set",
        "zigbee2mqtt/library/smoke_1/get",
        "zigbee2mqtt/library/smoke_1/set/state",
        "zigbee2mqtt/nobody/set",
    ],
)
def test_commands_and_the_talk_of_the_bridge_are_ignored_however_long(topic):
    assert isinstance(at(topic, b"x" * 500_000), Ignored)


def test_a_bridge_that_nobody_registered_is_ignored():
    decoder = Decoder(Registry.build(), SETTINGS)
    message = Message(Nowhere(), "zigbee2mqtt/bridge/state", b"offline", RECEIVED)
    assert isinstance(decoder.decode(message), Ignored)


@pytest.mark.parametrize(
    ("name", "part", "payload", "expected"),
    [
        ("smoke", "/smoke", b"true", {"smoke": "alarm"}),
        ("smoke", "/smoke", b"false", {"smoke": "normal"}),
        ("smoke", "/smoke", b'"ON"', {"smoke": "alarm"}),
        ("smoke", "/smoke", b"ON", {"smoke": "alarm"}),
        ("smoke", "/smoke", b"null", {"smoke": "unknown"}),
        ("smoke", "/smoke", b'"OFF"', {"smoke": "normal"}),
        ("smoke", "/battery", b"87", {"battery": 87.0}),
        ("smoke", "/battery", b"NaN", {"battery": "unknown"}),
        ("smoke", "/smoke_alarm_2", b"true", {"smoke": "alarm"}),
        ("smoke", "/smoke_alarm_2", b"false", {"smoke": "normal"}),
        ("smoke", "/test", b"true", {}),  # nor hide an alarm that stands
        ("smoke-zh", "/smoke", b"true", {"smoke": "alarm"}),
        ("leak-2", "/water_leak", b"true", {"leak": "alarm"}),
        ("button", "/action", b"emergency", {"press": "alarm"}),
        ("lamp", "/ac_status", b"true", {"power": "battery"}),
    ],
)
def test_attribute_topics_say_one_thing_each(name, part, payload, expected):
    result = say(name, payload, part)
    (decoded,) = result.heard if isinstance(result, Parts) else (result,)
    assert (decoded.device, values(decoded)) == (name, expected)


def test_one_alarm_key_in_attribute_mode_ends_itself_and_no_other():
    def heard(key, payload):
        result = say("smoke", payload, key)
        (decoded,) = result.heard if isinstance(result, Parts) else (result,)
        return values(decoded)

    assert heard("/alarm_1", b"true") == {"smoke": "alarm"}
    assert heard("/alarm_2", b"false") == {"smoke": "alarm"}
    assert heard("/trouble", b"true") == {"fault": "fault"}
    assert heard("/battery_defect", b"false") == {"fault": "fault"}
    assert heard("/trouble", b"false") == {"fault": "normal"}
    assert heard("/alarm_1", b"false") == {"smoke": "normal"}


def test_attribute_topics_that_mean_nothing_or_were_deleted_are_ignored():
    assert isinstance(say("smoke", b"idle", "/update-state"), Ignored)
    assert isinstance(say("smoke", b"", "/smoke"), Ignored)
    assert values(say("button", b"emergency", "/action", retain=True)) == {}
    assert say("smoke", b"\xff\xfe", "/smoke").reason is Reason.MALFORMED


def test_a_name_with_slashes_blanks_and_chinese_is_one_device():
    assert say("smoke-zh", {"smoke": True}).device == "smoke-zh"
    assert say("leak", {"water_leak": True}).device == "leak"
    assert say("leak-2", {"water_leak": True}).device == "leak-2"
    assert say("smoke-zh", b"offline", "/availability").device == "smoke-zh"


def test_two_bridges_may_use_the_same_name():
    assert at("dorm-z2m/smoke_1", {"smoke": True}).device == "dorm-smoke"
    assert at("dorm-z2m/smoke_1/availability", b"online").device == "dorm-smoke"
    assert at("zigbee2mqtt/smoke_1", {"smoke": True}).device.startswith("unregistered.smoke-1.")
    assert at("dorm-z2m/library/smoke_1", {"smoke": True}).device == "smoke"


@pytest.mark.parametrize(
    "topic",
    [
        "zigbee2mqtt/nobody",
        "zigbee2mqtt/library/smoke_2",
        "zigbee2mqtt/cellar/other",
        "zigbee2mqtt/n/availability",
    ],
)
def test_an_unregistered_name_is_a_stranger_also_below_a_registered_one(topic):
    body = b"offline" if topic.endswith("availability") else {"smoke": True}
    assert at(topic, body).device.startswith("unregistered.")


@pytest.mark.parametrize(
    "topic", ["zigbee2mqtt/", "zigbee2mqtt", "zigbee2mqtt/new\u202eecived", "zigbee2mqtt/a\0b"]
)
def test_a_topic_without_a_name_or_with_control_characters_is_a_bad_topic(topic):
    assert at(topic, {"smoke": True}).reason is Reason.BAD_TOPIC


def test_a_report_deleted_by_a_rename_means_nothing_and_an_empty_report_is_rejected():
    assert isinstance(say("smoke", b"", retain=True), Ignored)
    assert isinstance(say("smoke", b"", "/availability"), Ignored)
    assert say("smoke", b"").reason is Reason.MALFORMED


def test_a_device_block_must_be_of_the_device_of_the_topic():
    right = {"smoke": False, "device": {"friendlyName": "library/smoke_1", "ieeeAddr": "0x01"}}
    assert values(say("smoke", right)) == {"smoke": "normal"}
    assert values(say("dorm-smoke", {"smoke": True, "device": {"friendlyName": "smoke_1"}})) == {
        "smoke": "alarm"
    }
    wrong = {"smoke": False, "device": {"friendlyName": "kitchen", "ieeeAddr": "0x02"}}
    assert say("smoke", wrong).reason is Reason.IDENTITY
    assert values(say("smoke", {"smoke": True, "device": "anything"})) == {"smoke": "alarm"}


@pytest.mark.parametrize(
    "payload", [b"[]", b"true", b'{"smoke":true', b'{"smoke":true,"smoke":false}', b"\xff\xd8"]
)
def test_a_report_that_is_no_object_is_malformed(payload):
    assert say("smoke", payload).reason is Reason.MALFORMED


def test_every_kind_of_device_has_its_keys():
    for kind in KINDS:
        zigbee2mqtt.found({"smoke": True, "test": True, "alarm": True, "action": "sos"}, kind)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["emergency", "alarm", "online", "ON", "nan", "checking", "failure"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
keys = st.sampled_from(sorted(zigbee2mqtt.NAMES)) | st.sampled_from(["last_seen", "device", "update", "x"])


@given(st.dictionaries(keys, json_values, max_size=6) | json_values, st.sampled_from(DEVICES), st.booleans())
def test_any_report_becomes_one_of_the_three_results_and_never_our_own_failure(body, of, retain):
    found = say(of.id, body, retain=retain)
    assert isinstance(found, Decoded | Parts | Rejected | Ignored)
    assert not isinstance(found, Rejected) or found.reason is not Reason.FAILED, found.detail


@given(st.binary(max_size=100), st.text(max_size=20) | keys, st.sampled_from(DEVICES), st.booleans())
def test_any_bytes_below_any_name_become_one_of_the_three_results(payload, part, of, retain):
    for topic in (f"zigbee2mqtt/{of.address}/{part}", f"zigbee2mqtt/{part}", f"{of.address}/{part}"):
        found = at(topic, payload, retain)
        assert isinstance(found, Decoded | Parts | Rejected | Ignored)
        assert not isinstance(found, Rejected) or found.reason is not Reason.FAILED, found.detail


@given(
    st.booleans() | st.none() | st.text(max_size=5),
    st.booleans() | st.none(),
    st.permutations(["smoke", "test"]),
)
def test_no_test_hides_an_alarm(test, alarm, order):
    report = {"smoke": alarm, "test": test}
    found = values(say("smoke", {key: report[key] for key in order}))
    assert found["smoke"] == "alarm" or alarm is not True
