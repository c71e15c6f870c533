"""Thinks. Bridges of alarm panels, and ESPHome: one topic for each fact, told once or retained for ever."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.kinds import KINDS
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects import DIALECTS
from ingest.message import Message
from ingest.reading import Decoded, Ignored, Parts, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings
from rules.evaluate import due, evaluate
from rules.load import load
from rules.memory import Memories

RECEIVED = 1_795_305_600_000
NAMES = ("alarmo", "dsc", "esphome", "paradox", "ring", "texecom", "ws2mqtt")
SETTINGS = BrokerSettings(dialects=dict.fromkeys(NAMES))


def decoder_with(kind, dialect, address):
    devices = [] if kind is None else [Device("it", kind, "campus", dialect=dialect, address=address)]
    return Decoder(Registry.build([], [], devices), SETTINGS)


def hear(decoder, topic, body, retain=False):
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decoder.decode(Message(None, topic, payload, RECEIVED, qos=0, retain=retain))


def heard(found):
    one = found.heard[0] if isinstance(found, Parts) else found
    assert isinstance(one, Decoded), found
    return one


def values(found):
    return [(reading.metric, reading.value) for reading in heard(found).readings]


ONE = [
    # dialect, address, kind, topic below the base, payload, readings
    ("paradox", "zones/K", "smoke_detector", "states/zones/K/open", b"True", "smoke alarm"),
    ("paradox", "zones/K", "smoke_detector", "states/zones/K/open", b"0", "smoke normal"),
    ("paradox", "zones/K", "smoke_detector", "states/zones/K/open", b"eh", "smoke unknown"),
    ("paradox", "zones/K", "door", "states/zones/K/open", b"1", "contact open"),
    ("paradox", "zones/K", "perimeter", "states/zones/K/open", b"True", ""),
    ("paradox", "zones/K", "perimeter", "states/zones/K/generated_alarm", b"True", "intrusion alarm"),
    ("paradox", "zones/K", "heat_detector", "states/zones/K/in_alarm", b"True", "heat alarm"),
    ("paradox", "zones/K", None, "states/zones/K/open", b"True", "contact open"),
    ("paradox", "zones/K", None, "states/zones/K/alarm", b"True", "fire alarm"),
    ("paradox", "zones/K", "smoke_detector", "states/zones/K/tamper", b"True", "tamper tamper"),
    ("paradox", "zones/K", "door", "states/zones/K/low_battery_trouble", b"True", "battery_low low"),
    ("paradox", "zones/K", "door", "states/zones/K/supervision_trouble", b"True", "fault fault"),
    ("paradox", "partitions/A", "fire_panel", "states/partitions/A/fire_alarm", b"True", "fire alarm"),
    ("paradox", "partitions/A", "fire_panel", "states/partitions/A/audible_alarm", b"True",
     "intrusion alarm"),
    ("paradox", "partitions/A", "fire_panel", "states/partitions/A/fire_delay_in_progress", b"True",
     "fire prealarm"),
    ("paradox", "partitions/A", "fire_panel", "states/partitions/A/panic_alarm", b"True", "press alarm"),
    ("paradox", "partitions/A", "fire_panel", "states/partitions/A/panic_alarm", b"False", ""),
    ("paradox", "partitions/A", "fire_panel", "states/partitions/A/zone_fire_loop_trouble", b"True",
     "bus fault"),
    ("paradox", "partitions/A", "fire_panel", "states/partitions/A/arm_stay", b"True", ""),
    ("paradox", "panel", "fire_panel", "states/system/troubles/ac_trouble", b"True", "power battery"),
    ("paradox", "panel", "fire_panel", "states/system/troubles/ac_trouble", b"False", "power mains"),
    ("paradox", "panel", "fire_panel", "states/system/troubles/battery_failure_trouble", b"True",
     "backup fault"),
    ("paradox", "panel", "gateway", "states/system/troubles/dialer_trouble", b"True", "fault fault"),
    ("paradox", "panel", "gateway", "states/system/power/battery", b"13.5", "voltage 13.5"),
    ("paradox", "panel", "gateway", "interface/availability", b"offline", "link offline"),
    ("dsc", "Zone10", "smoke_detector", "Get/Zone10", b"1", "smoke alarm"),
    ("dsc", "Zone10", "door", "Get/Zone10", b"0", "contact closed"),
    ("dsc", "Zone10", "perimeter", "Get/Zone10", b"1", "intrusion alarm"),
    ("dsc", "Partition1", "fire_panel", "Get/Fire1", b"1", "fire alarm"),
    ("dsc", "Fire1", "fire_panel", "Get/Fire1", b"0", "fire normal"),
    ("dsc", "Partition1", "fire_panel", "Get/Partition1", b"triggered", "intrusion alarm"),
    ("dsc", "Partition1", "fire_panel", "Get/Partition1", b"pending", "intrusion normal"),
    ("dsc", "Partition1", "fire_panel", "Get/Partition1", b"what", "intrusion unknown"),
    ("dsc", "panel", "gateway", "Get/Trouble", b"1", "fault fault"),
    ("dsc", "panel", "gateway", "Status", b"offline", "link offline"),
    ("texecom", "zone/a", "smoke_detector", "zone/a", {"status": 1},
     "smoke alarm, tamper normal, fault normal"),
    ("texecom", "zone/a", "smoke_detector", "0042/zone/a", {"status": 0},
     "smoke normal, tamper normal, fault normal"),
    ("texecom", "zone/a", "door", "zone/a", {"status": 2}, "tamper tamper, fault normal"),
    ("texecom", "zone/a", "door", "zone/a", {"status": 3}, "tamper normal, fault fault"),
    ("texecom", "zone/a", "door", "zone/a", {"status": 9}, "fault unknown"),
    ("texecom", "zone/a", "door", "zone/a", {"name": "x"}, ""),
    ("texecom", "area/h", "perimeter", "area/h", {"status": "triggered"}, "intrusion alarm"),
    ("texecom", "area/h", "perimeter", "area/h", {"status": "in_entry"}, "intrusion normal"),
    ("texecom", "panel", "fire_panel", "log", {"type": "Fire"}, "fire alarm, fire normal"),
    ("texecom", "panel", "fire_panel", "log", {"type": "TwentyFourHourGas"}, "gas alarm, gas normal"),
    ("texecom", "panel", "fire_panel", "log", {"type": "PASilent"}, "press alarm"),
    ("texecom", "panel", "fire_panel", "log", {"type": "ACFail"}, "fault fault, fault normal"),
    ("texecom", "panel", "fire_panel", "log", {"type": "FireZoneTamper"}, "fault fault, fault normal"),
    ("texecom", "panel", "fire_panel", "log", {"type": "SoakTestAlarm"}, ""),
    ("texecom", "panel", "gateway", "power", {"battery_voltage": 13.4, "panel_current": 420},
     "voltage 13.4, current 0.42"),
    ("texecom", "panel", "gateway", "status", b"online", "link online"),
    ("alarmo", "panel", "perimeter", "state", b"triggered", "intrusion alarm"),
    ("alarmo", "cellar", "smoke_detector", "cellar/state", b"triggered", "smoke alarm"),
    ("alarmo", "panel", "perimeter", "state", b"armed_away", "intrusion normal"),
    ("alarmo", "panel", "perimeter", "state", b"pending", "intrusion normal"),
    ("alarmo", "panel", "perimeter", "state", b"unavailable", "intrusion unknown"),
    ("alarmo", "panel", "perimeter", "event", {"event": "TRIGGER", "delay": 60}, ""),
    ("alarmo", "panel", "perimeter", "event", {"event": "TRIGGER", "sensors": [{"name": "Gate"}]},
     "intrusion alarm"),
    ("alarmo", "panel", "perimeter", "event", {"event": "FAILED_TO_ARM"}, ""),
    ("ring", "dev", "smoke_detector", "loc/alarm/dev/smoke/state", b"ON", "smoke alarm"),
    ("ring", "dev", "co_detector", "loc/alarm/dev/co/state", b"OFF", "co normal"),
    ("ring", "dev", "water_leak", "loc/alarm/dev/flood/state", b"ON", "leak alarm"),
    ("ring", "dev", "water_leak", "loc/alarm/dev/freeze/state", b"ON", "fault fault"),
    ("ring", "dev", "door", "loc/alarm/dev/contact/state", b"ON", "contact open"),
    ("ring", "dev", "door", "loc/alarm/dev/motion/state", b"ON", ""),
    ("ring", "dev", "gateway", "loc/alarm/dev/info/state", {"alarmState": "fire-alarm"},
     "fire alarm, co normal, intrusion normal"),
    ("ring", "dev", "gateway", "loc/alarm/dev/info/state", {"alarmState": "all-clear", "acStatus": "error"},
     "power battery, fire normal, co normal, intrusion normal"),
    ("ring", "dev", "door", "loc/alarm/dev/info/state",
     {"batteryLevel": 12, "batteryStatus": "low", "tamperStatus": "tamper", "commStatus": "error"},
     "battery 12, battery_low low, tamper tamper, fault fault"),
    ("ring", "dev", "door", "loc/alarm/dev/info/state", {"batteryStatus": "purple"}, "battery_low unknown"),
    ("ring", "dev", "door", "loc/alarm/dev/status", b"offline", "link offline"),
    ("ws2mqtt", "7", "smoke_detector", "7/alarm/state", b"ON", "smoke alarm, smoke normal"),
    ("ws2mqtt", "7", "co_detector", "7/alarm/state", b"OFF", "co normal"),
    ("ws2mqtt", "7", "smoke_detector", "7/alarm/state", b"unknown", "smoke unknown"),
    ("ws2mqtt", "7", "smoke_detector", "7/event", b"test_button", "smoke test, smoke normal"),
    ("ws2mqtt", "7", "smoke_detector", "7/sensor_battery/state", b"ON", "battery_low low"),
    ("ws2mqtt", "7", "smoke_detector", "7/docked/state", b"OFF", "tamper tamper"),
    ("ws2mqtt", "7", "smoke_detector", "7/generic_error/state", b"ON", "fault fault"),
    ("ws2mqtt", "bridge_a1", "gateway", "bridge_a1/event", b"alarm", "fire alarm, fire normal"),
    ("ws2mqtt", "bridge_a1", "gateway", "bridge_a1/state", b"offline", "link offline"),
    ("esphome", "hall", "smoke_detector", "hall/binary_sensor/smoke_detector/state", b"ON", "smoke alarm"),
    ("esphome", "hall", "smoke_detector", "hall/binary_sensor/smoke_battery_low/state", b"ON",
     "battery_low low"),
    ("esphome", "hall", "smoke_detector", "hall/binary_sensor/smoke_test/state", b"ON",
     "smoke test, smoke normal"),
    ("esphome", "hall", "smoke_detector", "hall/binary_sensor/smoke_silenced/state", b"ON", ""),
    ("esphome", "hall", "door", "hall/binary_sensor/front_door/state", b"ON", "contact open"),
    ("esphome", "hall", "door", "hall/binary_sensor/pir/state", b"ON", ""),
    ("esphome", "hall", "perimeter", "hall/binary_sensor/pir/state", b"ON", "intrusion alarm"),
    ("esphome", "hall", "climate", "hall/sensor/room_temperature/state", b"21.50", "temperature 21.5"),
    ("esphome", "hall", "climate", "hall/sensor/room_temperature/state", b"nan", "temperature unknown"),
    ("esphome", "hall", "climate", "hall/sensor/room_temperature/state", b"", "temperature unknown"),
    ("esphome", "hall", "climate", "hall/sensor/uptime/state", b"77", ""),
    ("esphome", "hall", "gateway", "hall/binary_sensor/status/state", b"online", "link online"),
    ("esphome", "hall", "gateway", "hall/status", b"offline", "link offline"),
    ("esphome", "hall/binary_sensor/input_3", "gas_detector", "hall/binary_sensor/input_3/state", b"ON",
     "gas alarm"),
    ("esphome", "hall", "gas_detector", "hall/binary_sensor/input_3/state", b"ON", ""),
]  # fmt: skip


def under(dialect, rest):
    base = DIALECTS[dialect].BASES[0]
    return f"{base}/{rest}" if base else rest


@pytest.mark.parametrize(("dialect", "address", "kind", "rest", "payload", "expected"), ONE)
def test_a_message_says_what_its_bridge_means(dialect, address, kind, rest, payload, expected):
    found = values(hear(decoder_with(kind, dialect, address), under(dialect, rest), payload))
    assert ", ".join(f"{m} {v:g}" if type(v) is float else f"{m} {v}" for m, v in found) == expected


TALK = [
    ("paradox/events/raw", b'{"type": "zone", "change": {"alarm": true}}'),
    ("paradox/definitions/zones/K/type", b"fire"),
    ("dsc/Get/PGM1", b"1"),
    ("dsc/Get/Partition1/Message", b"Zone alarm"),
    ("dsc/Set", b"1D"),
    ("texecom2mqtt/area/h/command", b"disarm"),
    ("alarmo/command", b"disarm"),
    ("ring/loc/alarm/dev/siren/command", b"on"),
    ("ws2mqtt/bridge_a1/command", b"test_devices"),
    ("homeassistant/status", b"online"),
]


@pytest.mark.parametrize(("topic", "payload"), TALK)
@pytest.mark.parametrize("retain", [True, False])
def test_raw_events_commands_and_outputs_are_passed_over(topic, payload, retain):
    assert isinstance(hear(decoder_with(None, "", ""), topic, payload, retain), Ignored)


RETAINED_EVENTS = [
    ("texecom", "panel", "texecom2mqtt/log", {"type": "Fire"}),
    ("texecom", "panel", "texecom2mqtt/log", {"type": "PASilent"}),
    ("alarmo", "panel", "alarmo/event", {"event": "TRIGGER"}),
    ("ws2mqtt", "bridge_a1", "ws2mqtt/bridge_a1/event", b"alarm"),
    ("ws2mqtt", "7", "ws2mqtt/7/alarm/state", b"ON"),
    ("paradox", "partitions/A", "paradox/states/partitions/A/panic_alarm", b"True"),
]


@pytest.mark.parametrize(("dialect", "address", "topic", "payload"), RETAINED_EVENTS)
def test_an_event_that_the_broker_repeats_is_no_alarm(dialect, address, topic, payload):
    found = heard(hear(decoder_with("fire_panel", dialect, address), topic, payload, retain=True))
    assert (found.readings, found.alive) == ([], False)


def test_a_retained_state_is_marked_and_no_sign_of_life():
    found = heard(hear(decoder_with("fire_panel", "dsc", "Partition1"), "dsc/Get/Fire1", b"1", retain=True))
    assert [(one.value, one.retained) for one in found.readings] == [("alarm", True)]
    assert not found.alive


@pytest.mark.parametrize(
    "topic", ["paradox/interface/availability", "dsc/Status", "texecom2mqtt/status", "hall/status"]
)
def test_a_last_will_is_no_sign_of_life(topic):
    assert not heard(hear(decoder_with(None, "", ""), topic, b"online")).alive


def test_ring_repeats_its_status_itself_so_a_live_online_is_a_sign_of_life():
    decoder = decoder_with(None, "", "")
    assert heard(hear(decoder, "ring/loc/alarm/dev/status", b"online")).alive
    assert not heard(hear(decoder, "ring/loc/alarm/dev/status", b"online", retain=True)).alive
    assert not heard(hear(decoder, "ring/loc/alarm/dev/status", b"offline")).alive


def test_ring_tells_its_last_update_and_never_the_epoch():
    decoder, topic = decoder_with("door", "ring", "dev"), "ring/loc/alarm/dev/info/state"
    body = {"batteryLevel": 9, "lastCommTime": "1970-01-01T00:00:00Z", "lastUpdate": "2026-11-22T00:00:00Z"}
    now = heard(hear(decoder, topic, body))
    assert [one.time_quality for one in now.readings] == [TimeQuality.DEVICE]
    old = heard(hear(decoder, topic, {**body, "lastUpdate": "2026-10-01T00:00:00Z"}))
    assert not old.alive


def test_an_empty_payload_is_a_deletion():
    for topic in ("paradox/states/zones/K/open", "dsc/Get/Fire1", "alarmo/state", "ws2mqtt/7/alarm/state"):
        assert isinstance(hear(decoder_with(None, "", ""), topic, b"", retain=True), Ignored)


def test_the_memory_of_a_paradox_zone_is_one_alarm_and_not_one_at_every_start_of_the_bridge():
    decoder, zone = decoder_with("smoke_detector", "paradox", "zones/K"), "paradox/states/zones/K/"
    assert values(hear(decoder, zone + "generated_alarm", b"True")) == [("smoke", "alarm")]
    assert values(hear(decoder, zone + "presently_in_alarm", b"True")) == [("smoke", "alarm")]
    assert values(hear(decoder, zone + "presently_in_alarm", b"False")) == [("smoke", "normal")]
    assert values(hear(decoder, zone + "generated_alarm", b"True")) == []  # told again
    assert values(hear(decoder, zone + "presently_in_alarm", b"True")) == [("smoke", "alarm")]
    assert values(hear(decoder, zone + "presently_in_alarm", b"False")) == [("smoke", "normal")]
    assert values(hear(decoder, zone + "generated_alarm", b"False")) == [("smoke", "normal")]
    assert values(hear(decoder, zone + "generated_alarm", b"True")) == [("smoke", "alarm")]


@pytest.mark.parametrize(
    ("kind", "address", "name", "metric"),
    [
        ("call_point", "hall", "call_point", "call_point"),
        ("call_point", "hall", "sos", "call_point"),
        ("smoke_detector", "hall", "alarm", "smoke"),
        ("smoke_detector", "hall", "detector", "smoke"),
        ("smoke_detector", "hall", "smoke_alarm_status", "smoke"),
        ("panic_button", "hall", "panic", "call_point"),
        ("smoke_detector", "hall/binary_sensor/battery_room_smoke", "battery_room_smoke", "smoke"),
    ],
)
def test_an_object_of_a_registered_esphome_node_is_what_the_node_is_there_for(kind, address, name, metric):
    decoder = decoder_with(kind, "esphome", address)
    assert values(hear(decoder, f"hall/binary_sensor/{name}/state", b"ON")) == [(metric, "alarm")]


def test_a_test_of_an_esphome_node_ends_no_alarm():
    decoder = decoder_with("smoke_detector", "esphome", "hall")
    hear(decoder, "hall/binary_sensor/smoke/state", b"ON")
    assert values(hear(decoder, "hall/binary_sensor/smoke_test/state", b"ON")) == [("smoke", "alarm")]


def test_the_calm_word_of_a_paradox_memory_ends_no_alarm_that_stands():
    decoder, zone = decoder_with("smoke_detector", "paradox", "zones/K"), "paradox/states/zones/K/"
    hear(decoder, zone + "generated_alarm", b"True")
    hear(decoder, zone + "presently_in_alarm", b"True")
    assert values(hear(decoder, zone + "generated_alarm", b"False")) == [("smoke", "alarm")]
    assert values(hear(decoder, zone + "presently_in_alarm", b"False")) == [("smoke", "normal")]


def test_one_trouble_that_ends_does_not_end_another():
    decoder, system = decoder_with("fire_panel", "paradox", "panel"), "paradox/states/system/troubles/"
    assert values(hear(decoder, system + "dialer_trouble", b"True")) == [("fault", "fault")]
    assert values(hear(decoder, system + "bell_absent_trouble", b"False")) == [("fault", "fault")]
    assert values(hear(decoder, system + "dialer_trouble", b"False")) == [("fault", "normal")]


def test_what_is_held_together_survives_a_restart_of_tocsin():
    device = Device("it", "fire_panel", "campus", dialect="paradox", address="panel")
    registry = Registry.build([], [], [device])
    first = Decoder(registry, SETTINGS)
    hear(first, "paradox/states/system/troubles/dialer_trouble", b"True")
    second = Decoder(registry, SETTINGS, learned=json_of(first.news))
    assert values(hear(second, "paradox/states/system/troubles/bell_absent_trouble", b"False")) == [
        ("fault", "fault")
    ]


def json_of(news):
    return {key: json.loads(json.dumps(value)) for key, value in news.items()}


def test_a_fire_flag_that_falls_leaves_the_open_fire_zone_in_alarm():
    devices = [
        Device("zone", "smoke_detector", "campus", dialect="dsc", address="Zone3"),
        Device("flag", "fire_panel", "campus", dialect="dsc", address="Partition1"),
    ]
    decoder = Decoder(Registry.build([], [], devices), SETTINGS)
    assert values(hear(decoder, "dsc/Get/Zone3", b"1")) == [("smoke", "alarm")]
    assert values(hear(decoder, "dsc/Get/Fire1", b"1")) == [("fire", "alarm")]
    assert values(hear(decoder, "dsc/Get/Fire1", b"0")) == [("fire", "normal")]  # of the flag alone


def test_a_second_alarm_that_is_told_once_rings_again():
    device = Device("it", "smoke_detector", "campus", dialect="ws2mqtt", address="7")
    registry = Registry.build([], [], [device])
    decoder, memories, rules, told = Decoder(registry, SETTINGS), Memories(), load(), []
    for received in (RECEIVED, RECEIVED + 3_600_000):
        message = Message(None, "ws2mqtt/7/alarm/state", b"ON", received, qos=0, retain=False)
        told += due(rules, memories, received, registry)
        for reading in decoder.decode(message).readings:
            told += evaluate(rules, memories, reading, device, registry)
    assert [one.holds.value for one in told if one.rule == "smoke-alarm"].count("yes") == 2


def test_a_node_of_esphome_that_makes_itself_known_waits_in_the_tray():
    found = hear(
        decoder_with(None, "", ""), "esphome/discover/hall", {"friendly_name": "Hall", "board": "esp32"}
    )
    [one] = found.announced
    assert (one.address, one.name, one.model) == ("hall", "Hall", "esp32")


@pytest.mark.parametrize(("dialect", "address", "kind", "rest"), sorted({one[:4] for one in ONE if one[2]}))
def test_the_session_life_hears_every_topic_of_a_device(dialect, address, kind, rest):
    decoder = decoder_with(kind, dialect, address)
    assert decoder.owned_by_life(under(dialect, rest)) is KINDS[kind].life_safety


WORDS = st.sampled_from(
    [b"ON", b"OFF", b"True", b"triggered", b"alarm", b"test_button", b"offline", b"nan", b""]
)
KEYS = ["status", "type", "event", "delay", "sensors", "timestamp", "entity", "batteryLevel", "lastUpdate",
        "battery_voltage", "batteryStatus", "tamperStatus", "alarmState", "acStatus"]  # fmt: skip
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=2),
    st.sampled_from(["Fire", "TRIGGER", "1970-01-01T00:00:00Z"]),
    st.dictionaries(st.sampled_from(["zone_name", "name"]), st.integers() | st.text(max_size=3), max_size=2),
)
PAYLOADS = WORDS | st.binary(max_size=40) | st.dictionaries(st.sampled_from(KEYS), VALUES)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(ONE), PAYLOADS, st.booleans(), st.sampled_from([None, *sorted({*KINDS} - {"service"})])
)
def test_whatever_arrives_is_never_our_failure(one, payload, retain, kind):
    dialect, address, _, rest = one[:4]
    found = hear(decoder_with(kind, dialect, address), under(dialect, rest), payload, retain)
    assert not (isinstance(found, Rejected) and found.reason is Reason.FAILED), found
