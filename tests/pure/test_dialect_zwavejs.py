"""Thinks. zwave-js-ui: topics by number and by name, three kinds of payload, the values of notifications."""

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
DAYS = 3 * 86_400_000
DEVICES = [
    Device(name, kind, "campus", dialect="zwavejs", address=address)
    for name, kind, address in (
        ("smoke", "smoke_detector", "Hall/Smoke_1"),
        ("numbered", "smoke_detector", "113"),
        ("co", "co_detector", "co"),
        ("heat", "heat_detector", "heat"),
        ("gas", "gas_detector", "gas"),
        ("leak", "water_leak", "leak"),
        ("door", "door", "door"),
        ("fence", "perimeter", "fence"),
        ("panel", "fire_panel", "panel"),
        ("button", "panic_button", "button"),
        ("climate", "climate", "climate"),
        ("gateway", "gateway", "ZWAVE_GATEWAY-office"),
    )
]


@pytest.fixture
def decoder():
    return Decoder(Registry.build([], [], DEVICES), BrokerSettings(dialects={"zwavejs": None}))


def say(decoder, topic, body, retain=False):
    payload = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return decoder.decode(Message(None, f"zwave/{topic}", payload, RECEIVED, qos=0, retain=retain))


def one(found):
    decoded = found.heard[0] if isinstance(found, Parts) else found
    assert isinstance(decoded, Decoded), found
    return decoded


def values(found):
    return [(reading.metric, reading.value) for reading in one(found).readings]


def told(decoder, node, kind, variable, value):
    return values(say(decoder, f"{node}/113/0/{kind}/{variable}", {"time": RECEIVED, "value": value}))


SENSOR = "Smoke_Alarm/Sensor_status"


@pytest.mark.parametrize(
    "topic",
    [
        f"Hall/Smoke_1/113/0/{SENSOR}",
        f"Hall/Smoke_1/notification/endpoint_0/{SENSOR}",
        f"Hall/Smoke_1/notification/{SENSOR}",
        "Hall/Smoke_1/alarm/endpoint_0/Smoke_Alarm/Sensor_status",
    ],
)
@pytest.mark.parametrize("body", [{"time": RECEIVED, "value": 2}, {"value": 2}, b"2", b'"2"', {"value": 2.0}])
def test_an_alarm_is_read_by_number_and_by_name_in_every_payload(decoder, topic, body):
    assert values(say(decoder, topic, body)) == [("smoke", "alarm")]


def test_a_node_may_have_the_number_of_a_class(decoder):
    assert one(say(decoder, f"113/113/0/{SENSOR}", b"2")).device == "numbered"
    assert values(say(decoder, "113/49/0/Air_temperature", b"20.5")) == [("temperature", 20.5)]
    assert one(say(decoder, "113/status", b"true")).device == "numbered"


def test_the_whole_value_says_itself_what_it_is(decoder):
    whole = {"id": "1", "nodeId": 12, "commandClass": 113, "endpoint": 0, "property": "Smoke Alarm",
             "propertyKey": "Sensor status", "value": 2, "lastUpdate": RECEIVED - 1000,
             "states": [{"text": "idle", "value": 0}], "nodeName": "Smoke 1"}  # fmt: skip
    found = say(decoder, "Hall/Smoke_1/my/own/topic", whole)
    assert values(found) == [("smoke", "alarm")]
    assert (one(found).readings[0].event_time, one(found).readings[0].time_quality) == (
        RECEIVED - 1000,
        TimeQuality.DEVICE,
    )
    assert values(say(decoder, "Hall/Smoke_1/my/own/topic", {"value": 2})) == []
    assert isinstance(say(decoder, "nobody/my", {"value": 2}), Ignored)


NOTIFICATIONS = [
    ("Hall/Smoke_1", "Smoke_Alarm", "Sensor_status", 0, [("smoke", "normal")]),
    ("Hall/Smoke_1", "Smoke_Alarm", "Sensor_status", 1, [("smoke", "alarm")]),
    ("Hall/Smoke_1", "Smoke_Alarm", "Sensor_status", 3, [("smoke", "test")]),
    ("Hall/Smoke_1", "Smoke_Alarm", "Alarm_status", 3, [("smoke", "test")]),
    ("Hall/Smoke_1", "Smoke_Alarm", "Alarm_status", 6, [("smoke", "alarm")]),
    ("Hall/Smoke_1", "Smoke_Alarm", "Maintenance_status", 4, [("fault", "fault")]),
    ("Hall/Smoke_1", "Smoke_Alarm", "Maintenance_status", 5, [("fault", "fault")]),
    ("Hall/Smoke_1", "Smoke_Alarm", "Maintenance_status", 0, [("fault", "normal")]),
    ("Hall/Smoke_1", "Smoke_Alarm", "Periodic_inspection_status", 7, [("fault", "fault")]),
    ("Hall/Smoke_1", "Smoke_Alarm", "Dust_in_device_status", 8, [("fault", "fault")]),
    ("Hall/Smoke_1", "Smoke_Alarm", "Sensor_status", 99, [("smoke", "unknown")]),
    ("Hall/Smoke_1", "Smoke_Alarm", "Sensor_status", None, [("smoke", "unknown")]),
    ("Hall/Smoke_1", "Smoke_Alarm", "Sensor_status", "smoky", [("smoke", "unknown")]),
    ("Hall/Smoke_1", "Smoke_Alarm", "Sensor_status", True, [("smoke", "unknown")]),
    ("Hall/Smoke_1", "Smoke_Alarm", "Dust_in_device_status", 99, []),
    ("co", "CO_Alarm", "Sensor_status", 2, [("co", "alarm")]),
    ("co", "CO_Alarm", "Alarm_status", 6, [("co", "alarm")]),
    ("co", "CO_Alarm", "Test_status", 3, [("co", "test"), ("co", "normal")]),
    ("heat", "Heat_Alarm", "Heat_sensor_status", 2, [("heat", "alarm")]),
    ("heat", "Heat_Alarm", "Heat_sensor_status", 6, [("fault", "fault")]),  # too cold
    ("heat", "Heat_Alarm", "Heat_sensor_status", 0, [("heat", "normal")]),
    ("heat", "Heat_Alarm", "Alarm_status", 7, [("heat", "test")]),
    ("gas", "Gas_alarm", "Combustible_gas_status", 1, [("gas", "alarm")]),
    ("gas", "Gas_alarm", "Toxic_gas_status", 4, [("gas", "alarm")]),
    ("gas", "Gas_alarm", "Alarm_status", 5, [("gas", "test")]),
    ("leak", "Water_Alarm", "Sensor_status", 2, [("leak", "alarm")]),
    ("leak", "Water_Alarm", "Sensor_status", 0, [("leak", "normal")]),
    ("leak", "Water_Alarm", "Pump_status", 11, [("fault", "fault")]),
    ("leak", "Water_Alarm", "Pump_status", 10, []),
    ("door", "Access_Control", "Door_state", 22, [("contact", "open")]),
    ("door", "Access_Control", "Door_state", 23, [("contact", "closed")]),
    ("door", "Access_Control", "Door_state", 5633, [("contact", "open")]),
    ("door", "Access_Control", "Lock_state", 11, [("fault", "fault")]),
    ("door", "Access_Control", "Door_handle_state", 24, []),
    ("Hall/Smoke_1", "Home_Security", "Cover_status", 3, [("tamper", "tamper")]),
    ("Hall/Smoke_1", "Home_Security", "Cover_status", 0, [("tamper", "normal")]),
    ("fence", "Home_Security", "Sensor_status", 2, [("intrusion", "alarm")]),
    ("fence", "Home_Security", "Motion_sensor_status", 8, [("intrusion", "alarm")]),
    ("fence", "Home_Security", "Motion_sensor_status", 0, [("intrusion", "normal")]),
    ("climate", "Home_Security", "Motion_sensor_status", 8, []),
    ("climate", "Home_Security", "Motion_sensor_status", 0, []),
    ("panel", "Power_Management", "Mains_status", 2, [("power", "battery")]),
    ("panel", "Power_Management", "Mains_status", 3, [("power", "mains")]),
    ("panel", "Power_Management", "Power_status", 1, []),
    ("panel", "Power_Management", "Over-current_status", 6, [("fault", "fault")]),
    ("panel", "Power_Management", "Backup_battery_level_status", 18, [("backup", "fault")]),
    ("panel", "Power_Management", "Backup_battery_level_status", 0, [("backup", "normal")]),
    ("climate", "Power_Management", "Battery_maintenance_status", 11, [("battery_low", "low")]),
    ("climate", "Power_Management", "Battery_maintenance_status", 0, [("battery_low", "normal")]),
    ("climate", "System", "Hardware_status", 1, [("fault", "fault")]),
    ("climate", "System", "Hardware_status", 0, [("fault", "normal")]),
    ("button", "Emergency_Alarm", "status", 2, [("press", "alarm")]),
    ("climate", "Siren", "Siren_status", 1, []),
    ("nobody", "Smoke_Alarm", "Sensor_status", 2, [("smoke", "alarm")]),
]


@pytest.mark.parametrize(("node", "kind", "variable", "value", "expected"), NOTIFICATIONS)
def test_the_value_of_a_notification_says_what_happened(decoder, node, kind, variable, value, expected):
    assert told(decoder, node, kind, variable, value) == expected


def test_no_variable_ends_what_another_has_raised(decoder):
    assert told(decoder, "Hall/Smoke_1", "Smoke_Alarm", "Sensor_status", 2) == [("smoke", "alarm")]
    assert told(decoder, "Hall/Smoke_1", "Smoke_Alarm", "Alarm_status", 3) == [("smoke", "alarm")]
    assert told(decoder, "Hall/Smoke_1", "Smoke_Alarm", "Alarm_status", 0) == [("smoke", "alarm")]
    assert told(decoder, "Hall/Smoke_1", "Smoke_Alarm", "Sensor_status", 0) == [("smoke", "normal")]


def test_one_variable_that_says_everything_ends_all_it_has_raised(decoder):
    told(decoder, "Hall/Smoke_1", "Smoke_Alarm", "Sensor_status", 4)
    ended = told(decoder, "Hall/Smoke_1", "Smoke_Alarm", "Sensor_status", 0)
    assert sorted(ended) == [("fault", "normal"), ("smoke", "normal")]


def test_a_silenced_alarm_is_an_alarm_and_a_silenced_test_a_test(decoder):
    found = say(decoder, "Hall/Smoke_1/113/0/Smoke_Alarm/Alarm_status", b"6")
    assert [(r.value, r.note) for r in one(found).readings] == [("alarm", "silenced")]
    told(decoder, "co", "CO_Alarm", "Alarm_status", 3)
    found = say(decoder, "co/113/0/CO_Alarm/Alarm_status", b"6")
    assert [(r.value, r.note) for r in one(found).readings] == [("test", "silenced")]


def test_a_test_that_is_never_idle_is_told_once_and_never_over_an_alarm(decoder):
    told(decoder, "co", "CO_Alarm", "Sensor_status", 2)
    assert told(decoder, "co", "CO_Alarm", "Test_status", 3) == []
    old = {"time": RECEIVED - DAYS, "value": 3}
    told(decoder, "co", "CO_Alarm", "Sensor_status", 0)
    assert values(say(decoder, "co/113/0/CO_Alarm/Test_status", old)) == []


def test_two_endpoints_do_not_hide_each_other(decoder):
    say(decoder, "leak/113/1/Water_Alarm/Sensor_status", b"2")
    assert told(decoder, "leak", "Water_Alarm", "Sensor_status", 0) == [("leak", "alarm")]
    assert values(say(decoder, "leak/113/1/Water_Alarm/Sensor_status", b"0")) == [("leak", "normal")]


@pytest.mark.parametrize(
    ("topic", "body", "expected"),
    [
        ("Hall/Smoke_1/48/0/Smoke", b"true", [("smoke", "alarm")]),
        ("Hall/Smoke_1/48/0/Any", b"true", [("smoke", "alarm")]),
        ("door/48/0/Any", b"true", [("contact", "open")]),
        ("door/48/0/Door-Window", b"false", [("contact", "closed")]),
        ("leak/sensor_binary/endpoint_0/Water", b"true", [("leak", "alarm")]),
        ("fence/48/0/Motion", b"true", [("intrusion", "alarm")]),
        ("climate/48/0/Motion", b"true", []),
        ("climate/48/0/Tamper", b"true", [("tamper", "tamper")]),
        ("nobody/48/0/Any", b"true", []),
        ("nobody/48/0/Smoke", b"true", [("smoke", "alarm")]),
        ("climate/49/0/Air_temperature", {"value": 20.5}, [("temperature", 20.5)]),
        ("climate/49/0/Air_temperature", {"value": 68, "unit": "°F"}, [("temperature", 20.0)]),
        ("climate/49/0/Air_temperature", {"time": RECEIVED}, []),  # nothing is said
        ("climate/49/0/Humidity", b"40", [("humidity", 40.0)]),
        ("climate/49/0/Illuminance", b"40", []),
        ("climate/128/0/level", b"87", [("battery", 87.0)]),
        ("climate/128/0/level", b"255", [("battery_low", "low")]),
        ("climate/battery/endpoint_0/isLow", b"true", [("battery_low", "low")]),
        ("climate/128/0/isLow", b"false", [("battery_low", "normal")]),
        ("button/91/0/scene/001", b"0", [("press", "alarm")]),
        ("button/91/0/scene/001", b"1", []),
        ("button/91/0/scene/001", b"null", []),
        ("climate/91/0/scene/001", b"0", []),
        ("climate/37/0/currentValue", b"true", []),
        ("climate/lastActive", {"time": RECEIVED, "value": RECEIVED - 1000}, []),
    ],
)
def test_other_classes_are_read_or_a_sign_of_life(decoder, topic, body, expected):
    found = say(decoder, topic, body)
    assert values(found) == expected
    assert one(found).alive


def test_what_the_gateway_remembered_for_days_is_no_sign_of_life(decoder):
    found = say(decoder, "button/91/0/scene/001", {"time": RECEIVED - DAYS, "value": 0})
    assert values(found) == []
    assert not one(found).alive
    found = say(decoder, f"Hall/Smoke_1/113/0/{SENSOR}", {"time": RECEIVED - DAYS, "value": 2})
    assert values(found) == [("smoke", "alarm")]
    assert not one(found).alive
    assert not one(say(decoder, "climate/lastActive", {"value": RECEIVED - DAYS})).alive
    assert values(say(decoder, "button/91/0/scene/001", b"0", retain=True)) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"true", "online"),
        (b"false", "offline"),
        ({"value": True, "status": "Awake"}, "online"),
        ({"value": False, "status": "Dead", "nodeId": 4}, "offline"),
        ({"value": False, "status": "Asleep"}, None),
        ({"value": True, "status": "Asleep"}, None),
    ],
)
def test_a_sleeping_node_is_not_offline(decoder, body, expected):
    found = say(decoder, "Hall/Smoke_1/status", body)
    if expected is None:
        assert isinstance(found, Ignored)
    else:
        assert values(found) == [("link", expected)]
        assert not one(found).alive
    assert isinstance(say(decoder, "Hall/Smoke_1/status", {"value": "perhaps"}), Rejected)


def test_the_gateway_lives_when_it_says_so_and_its_last_will_is_no_life(decoder):
    topic = "_CLIENTS/ZWAVE_GATEWAY-office/status"
    assert (
        values(say(decoder, topic, {"value": False})),
        one(say(decoder, topic, {"value": False})).alive,
    ) == (
        [("link", "offline")],
        False,
    )
    assert one(say(decoder, topic, {"value": True, "time": RECEIVED})).alive
    assert not one(say(decoder, topic, {"value": True}, retain=True)).alive


def test_a_stick_that_does_not_answer_is_a_fault_of_the_gateway(decoder):
    assert isinstance(say(decoder, "driver/status", b"false"), Ignored)  # whose stick is not known yet
    say(decoder, "_CLIENTS/ZWAVE_GATEWAY-office/status", {"value": True})
    found = say(decoder, "driver/status", b"false")
    assert (one(found).device, values(found)) == ("gateway", [("fault", "fault")])
    assert values(say(decoder, "driver/status", b"true")) == [("fault", "normal")]


@pytest.mark.parametrize(
    "topic",
    ["_EVENTS/ZWAVE_GATEWAY-office/node/node_alive", "_CLIENTS/ZWAVE_GATEWAY-office/api/pingNode",
     "climate/37/0/targetValue/set"],
)  # fmt: skip
def test_events_and_commands_are_nothing(decoder, topic):
    assert isinstance(say(decoder, topic, {"value": 1}), Ignored)


def test_another_node_in_the_payload_is_refused(decoder):
    for topic, body in (
        (f"Hall/Smoke_1/113/0/{SENSOR}", {"value": 2, "nodeName": "Smoke 2"}),
        (f"113/113/0/{SENSOR}", {"value": 2, "nodeId": 12}),
    ):
        found = say(decoder, topic, body)
        assert isinstance(found, Rejected)
        assert found.reason is Reason.IDENTITY
    assert values(say(decoder, f"Hall/Smoke_1/113/0/{SENSOR}", {"value": 2, "nodeName": "Smoke 1"}))
    assert values(say(decoder, f"113/113/0/{SENSOR}", {"value": 2, "nodeId": 113, "nodeName": "Attic"}))


def test_a_node_announces_itself_by_its_details(decoder):
    [announced] = say(
        decoder, "Attic/Leak/nodeinfo", {"name": "Leak", "manufacturer": "Aeotec", "productLabel": "ZWA018"}
    ).announced
    assert (announced.address, announced.name, announced.model) == ("Attic/Leak", "Leak", "Aeotec ZWA018")
    assert say(decoder, "Hall/Smoke_1/nodeinfo", {"name": "x"}).announced == []


def test_the_life_session_hears_all_of_its_nodes(decoder):
    assert decoder.owned_by_life(f"zwave/Hall/Smoke_1/113/0/{SENSOR}")
    assert not decoder.owned_by_life("zwave/climate/49/0/Humidity")


def test_a_payload_that_does_not_mean_one_thing_is_refused(decoder):
    for payload in (b"{", b'{"value":2,"value":0}', b"\xff"):
        found = say(decoder, f"Hall/Smoke_1/113/0/{SENSOR}", payload)
        assert isinstance(found, Rejected)
        assert found.reason is Reason.MALFORMED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(
    st.sampled_from(["value", "time", "nodeName", "nodeId", "commandClass", "property", "propertyKey",
                     "endpoint", "unit", "lastUpdate", "status", "name"]),
    JSON | st.sampled_from([113, 48, 49, 91, 128, "Smoke Alarm", "Sensor status", "level", "scene"]),
    max_size=6,
)  # fmt: skip
TOPICS = st.sampled_from(
    [f"Hall/Smoke_1/113/0/{SENSOR}", "co/113/0/CO_Alarm/Test_status", "113/48/0/Any", "climate/49/0/Humidity",
     "climate/128/0/level", "button/91/0/scene/001", "new/113/0", "113/113/113/113", "x/status",
     "x/lastActive", "x/nodeinfo", "_CLIENTS/ZWAVE_GATEWAY-office/status",
     "driver/status", "//", "Hall/Smoke_1/a/b"]
)  # fmt: skip


@settings(max_examples=200)
@given(TOPICS, st.binary(max_size=40) | (JSON | BODIES).map(lambda body: json.dumps(body).encode()))
def test_no_payload_fails(topic, payload):
    decoder = Decoder(Registry.build([], [], DEVICES), BrokerSettings(dialects={"zwavejs": None}))
    say(decoder, "_CLIENTS/ZWAVE_GATEWAY-office/status", {"value": True})
    for retain in (False, True):
        found = say(decoder, topic, payload, retain)
        assert not (isinstance(found, Rejected) and found.reason is Reason.FAILED), found
