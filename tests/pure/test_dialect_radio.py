"""Thinks. rtl_433 and OpenMQTTGateway: frames sent several times, alarms without an end."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.kinds import KINDS
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Ignored, Parts, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings
from rules.evaluate import due, evaluate
from rules.load import load
from rules.memory import Memories

RECEIVED = 1_795_305_600_000
SETTINGS = BrokerSettings(dialects={"rtl433": None, "openmqttgateway": None})
EVENTS = "rtl_433/attic/events"


def decoder_with(*devices):
    made = [
        Device(f"it{number}", kind, "campus", dialect=dialect, address=address)
        for number, (dialect, kind, address) in enumerate(devices)
    ]
    return Decoder(Registry.build([], [], made), SETTINGS)


def hear(decoder, topic, body, retain=False, received=RECEIVED):
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decoder.decode(Message(None, topic, payload, received, qos=0, retain=retain))


def heard(found):
    assert not isinstance(found, Rejected | Ignored), found
    return found.heard if isinstance(found, Parts) else [found]


def values(found):
    readings = heard(found)[0].readings
    return ", ".join(
        f"{one.metric} {one.value:g}" if isinstance(one.value, float) else f"{one.metric} {one.value}"
        for one in readings
    )


FRAMES = [
    # model, id, kind (None: not registered), other fields, readings
    ("DSC-Security", 77, "smoke_detector", {"closed": 0, "battery_ok": 1}, "smoke alarm, battery_low normal"),
    ("DSC-Security", 77, "smoke_detector", {"closed": 1}, "smoke normal"),
    ("DSC-Security", 77, "smoke_detector", {"closed": "maybe"}, "smoke unknown"),
    ("DSC-Security", 77, "smoke_detector", {"tamper": 1}, "tamper tamper"),
    ("DSC-Security", 77, "door", {"closed": 0}, "contact open"),
    ("DSC-Security", 77, None, {"closed": 0}, "contact open"),
    ("DSC-Security", 77, "panic_button", {"closed": 1, "event": 1}, "press alarm"),
    ("DSC-Security", 77, "panic_button", {"closed": 1, "event": 0}, ""),
    ("Honeywell-Security", "a1b2c", "door", {"event": "80", "state": "open"},
     "contact open, tamper normal, battery_low normal"),
    ("Honeywell-Security", "a1b2c", "smoke_detector", {"event": "10", "battery_ok": 1},
     "smoke alarm, tamper normal, battery_low normal"),
    ("Honeywell-Security", "a1b2c", "smoke_detector", {"event": "04", "battery_ok": 0},
     "smoke normal, tamper normal, battery_low low"),
    ("Honeywell-Security", "a1b2c", "perimeter", {"event": 160},
     "intrusion alarm, tamper normal, battery_low normal"),
    ("Honeywell-Security", "a1b2c", "panic_button", {"event": "80"},
     "press alarm, tamper normal, battery_low normal"),
    ("Honeywell-Security", "a1b2c", "door", {"event": "xyz"}, "contact unknown"),
    ("Interlogix-Security", "9f", "smoke_detector",
     {"subtype": "smoke", "battery": "OK", "switch1": "OPEN", "switch2": "CLOSED", "switch3": "OPEN"},
     "smoke alarm, tamper tamper, battery_low normal"),
    ("Interlogix-Security", "9f", "heat_detector", {"subtype": "heat", "switch1": "CLOSED", "battery": "LOW"},
     "heat normal, battery_low low"),
    ("Interlogix-Security", "9f", "smoke_detector", {"subtype": "smoke", "switch1": "HALF"}, "smoke unknown"),
    ("Interlogix-Security", "9f", None, {"subtype": "smoke", "switch1": "OPEN"}, "smoke alarm"),
    ("Interlogix-Security", "9f", None, {"subtype": "keyfob", "switch1": "CLOSED"}, ""),
    ("Interlogix-Security", "9f", None, {"subtype": "panic", "switch1": "OPEN"}, "press alarm"),
    ("Interlogix-Security", "9f", "panic_button", {"subtype": "keyfob", "switch2": "CLOSED"}, "press alarm"),
    ("Interlogix-Security", "9f", "door", {"subtype": "contact", "switch1": "OPEN"}, "contact open"),
    ("Cavius-Security", 5, "smoke_detector", {"message": 32, "text": "Fire"}, "smoke alarm, smoke normal"),
    ("Cavius-Security", 5, "smoke_detector", {"message": 64}, "smoke test, smoke normal"),
    ("Cavius-Security", 5, "smoke_detector", {"message": 96, "text": "Unknown"}, "smoke alarm, smoke normal"),
    ("Cavius-Security", 5, "smoke_detector", {"message": 36, "text": "Unknown"}, "smoke alarm, smoke normal"),
    ("Cavius-Security", 5, "smoke_detector", {"message": 16}, "smoke prealarm, smoke normal"),
    ("Cavius-Security", 5, "water_leak", {"message": 16}, "leak alarm, leak normal"),
    ("Cavius-Security", 5, "smoke_detector", {"message": 8, "battery_ok": 0}, "battery_low low"),
    ("Cavius-Security", 5, "smoke_detector", {"message": 128}, ""),
    ("Cavius-Security", 5, "smoke_detector", {"message": "?"}, "smoke unknown"),
    ("Cavius-Security", 5, None, {"message": 32}, "fire alarm, fire normal"),
    ("Smoke-GS558", 7, "smoke_detector", {"unit": 1, "learn": 0}, "smoke alarm, smoke normal"),
    ("Smoke-GS558", 7, None, {"unit": 1}, "smoke alarm, smoke normal"),
    ("Kidde-RF", 8, "smoke_detector", {"battery_ok": 1}, "battery_low normal"),
    ("Govee-Water", 9, "water_leak", {"detect_wet": 1, "event": "Water Leak"}, "leak alarm"),
    ("Govee-Water", 9, "water_leak", {"event": "Water Leak"}, "leak alarm, leak normal"),
    ("Govee-Water", 9, "water_leak", {"event": "Button Press", "battery_mV": 2900}, "voltage 2.9"),
    ("Govee-Contact", 9, "door", {"event": "Open"}, "contact open, contact unknown"),
    ("Fineoffset-WH55", "1A", "water_leak", {"alarm": 1, "battery_ok": 0.5}, "leak alarm, battery 50"),
    ("Bresser-Leakage", 3, "water_leak", {"alarm": 0}, "leak normal"),
    ("Bresser-Leakage", 3, None, {"alarm": 1}, "leak alarm"),
    ("Some-Model", 3, None, {"alarm": 1}, "fire alarm"),
    ("Some-Model", 3, "climate", {"temperature_F": 68, "humidity": 255}, "humidity unknown, temperature 20"),
    ("Some-Model", 3, "climate", {"battery_ok": 7}, "battery_low unknown"),
    ("Generic-Remote", 4, "panic_button", {"cmd": 3}, "press alarm"),
    ("Generic-Remote", 4, "call_point", {"cmd": 3}, "call_point alarm, call_point normal"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "name", "kind", "fields", "expected"), FRAMES)
def test_a_frame_says_what_its_model_means(model, name, kind, fields, expected):
    decoder = decoder_with(*([] if kind is None else [("rtl433", kind, f"{model}/{name}")]))
    body = {"time": "2026-11-22 08:00:00", "model": model, "id": name, **fields}
    assert values(hear(decoder, EVENTS, body)) == expected


def test_a_silenced_alarm_is_still_one_and_says_so():
    decoder = decoder_with(("rtl433", "smoke_detector", "Cavius-Security/5"))
    found = hear(decoder, EVENTS, {"model": "Cavius-Security", "id": 5, "message": 4})
    first = heard(found)[0].readings[0]
    assert (first.value, first.note) == ("alarm", "silenced")


def test_the_frames_of_one_press_count_once_and_a_second_press_counts_again():
    decoder = decoder_with(("rtl433", "panic_button", "Generic-Remote/4"))
    told = []
    for second in (0, 0, 1, 2, 30, 31):
        body = {"time": f"2026-11-22 08:00:{second:02}", "model": "Generic-Remote", "id": 4, "cmd": 1}
        told.append(values(hear(decoder, EVENTS, body)))
    assert told == ["press alarm", "", "", "", "press alarm", ""]


def test_who_leans_on_a_button_presses_again_and_again():
    decoder = decoder_with(("rtl433", "panic_button", "Generic-Remote/4"))
    told = [
        values(hear(decoder, EVENTS, {"model": "Generic-Remote", "id": 4}, received=RECEIVED + second * 1000))
        for second in (0, 2, 4, 6, 8)
    ]
    assert told == ["press alarm", "", "", "press alarm", ""]


def test_presses_that_were_held_back_together_are_told_apart_by_their_own_time():
    decoder = decoder_with(("rtl433", "panic_button", "Generic-Remote/4"))
    for minute in (1, 2, 3):
        body = {"time": f"2026-11-22 08:0{minute}:00", "model": "Generic-Remote", "id": 4}
        assert values(hear(decoder, EVENTS, body, received=RECEIVED + minute)) == "press alarm"


def test_two_receivers_that_hear_one_press_are_one_press():
    decoder = decoder_with(("rtl433", "panic_button", "Generic-Remote/4"))
    body = {"time": "2026-11-22 08:00:00", "model": "Generic-Remote", "id": 4, "rssi": -1}
    assert values(hear(decoder, EVENTS, body)) == "press alarm"
    assert values(hear(decoder, "rtl_433/cellar/events", {**body, "rssi": -9})) == ""


def test_what_was_heard_is_known_after_a_restart():
    device = Device("it", "panic_button", "campus", dialect="rtl433", address="Generic-Remote/4")
    registry, body = Registry.build([], [], [device]), {"model": "Generic-Remote", "id": 4}
    first = Decoder(registry, SETTINGS)
    hear(first, EVENTS, body)
    learned = {key: json.loads(json.dumps(value)) for key, value in first.news.items()}
    second = Decoder(registry, SETTINGS, learned=learned)
    assert values(hear(second, EVENTS, body, received=RECEIVED + 1000)) == ""


def test_an_alarm_without_an_end_that_goes_on_is_one_and_the_next_one_rings_again():
    device = Device("it", "smoke_detector", "campus", dialect="rtl433", address="Smoke-GS558/7")
    registry = Registry.build([], [], [device])
    decoder, memories, rules, told = Decoder(registry, SETTINGS), Memories(), load(), []
    for second in (0, 1, 40, 80, 3600):
        received = RECEIVED + second * 1000
        told += due(rules, memories, received, registry)
        found = hear(decoder, EVENTS, {"model": "Smoke-GS558", "id": 7, "unit": 15}, received=received)
        for reading in heard(found)[0].readings:
            told += evaluate(rules, memories, reading, device, registry)
    assert [one.holds.value for one in told if one.rule == "smoke-alarm"].count("yes") == 2


@pytest.mark.parametrize("raw", ["2026-11-22 08:00:00", "2026-11-22T08:00:00", None, "@0.5s", 0, "x" * 50])
def test_a_local_time_without_a_zone_is_never_the_time_of_an_event(raw):
    decoder = decoder_with(("rtl433", "climate", "Nexus-TH/42"))
    found = hear(decoder, EVENTS, {"time": raw, "model": "Nexus-TH", "id": 42, "temperature_C": 20})
    [reading] = heard(found)[0].readings
    assert reading.event_time == RECEIVED
    assert reading.time_quality is not TimeQuality.DEVICE


@pytest.mark.parametrize(
    "raw", ["2026-11-22T08:00:00+0800", "2026-11-22 00:00:00Z", "1795305600", 1795305600, "1795305600.5"]
)
def test_a_time_with_its_zone_or_since_1970_counts(raw):
    decoder = decoder_with(("rtl433", "climate", "Nexus-TH/42"))
    found = hear(decoder, EVENTS, {"time": raw, "model": "Nexus-TH", "id": 42, "temperature_C": 20})
    [reading] = heard(found)[0].readings
    assert reading.time_quality is TimeQuality.DEVICE
    assert abs(reading.event_time - RECEIVED) < 1000


ADDRESSES = [
    "Nexus-TH/42",
    "Nexus-TH/2/42",
    "Nexus-TH/channel/2",  # the id of a weather sensor changes with its battery
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_sensor_is_known_by_its_id_or_by_its_channel(address):
    decoder = decoder_with(("rtl433", "climate", address))
    found = hear(decoder, EVENTS, {"model": "Nexus-TH", "id": 42, "channel": 2, "temperature_C": 20})
    assert heard(found)[0].device == "it0"
    field = hear(decoder, "rtl_433/attic/devices/Nexus-TH/2/42/temperature_C", b"20.5")
    assert (heard(field)[0].device, values(field)) == ("it0", "temperature 20.5")


def test_one_field_on_a_topic_of_its_own_says_what_it_can():
    decoder = decoder_with(("rtl433", "smoke_detector", "Interlogix-Security/9f"))
    below = "rtl_433/attic/devices/Interlogix-Security/smoke/9f/"
    assert values(hear(decoder, below + "switch1", b"OPEN")) == "smoke alarm"
    assert values(hear(decoder, below + "switch2", b"CLOSED")) == "smoke alarm"  # switch1 is still open
    assert values(hear(decoder, below + "switch1", b"CLOSED")) == "smoke normal"
    assert values(hear(decoder, below + "battery_ok", b"0")) == "battery_low low"


def test_events_of_a_registered_receiver_are_its_own_sign_of_life():
    decoder = decoder_with(("rtl433", "gateway", "attic"))
    found = heard(hear(decoder, EVENTS, {"model": "Nexus-TH", "id": 42, "temperature_C": 20}))
    assert [(one.device, one.alive) for one in found][1:] == [("it0", True)]
    assert values(hear(decoder, "rtl_433/attic/availability", b"offline")) == "link offline"
    assert not heard(hear(decoder, "rtl_433/attic/availability", b"online", True))[0].alive


def test_rtl2mqtt_names_the_device_in_its_topic_and_nowhere_else():
    decoder = decoder_with(("rtl433", "smoke_detector", "DSC-Security/77"))
    assert values(hear(decoder, "rtl/433/DSC-Security/77", {"closed": 0})) == "smoke alarm"
    found = hear(decoder, "rtl/433/DSC-Security/77", {"closed": 0, "id": 78})
    assert found.reason is Reason.IDENTITY


def test_a_frame_that_names_no_model_is_refused():
    found = hear(decoder_with(), EVENTS, {"id": 7, "alarm": 1})
    assert (found.reason, "no model" in found.detail) == (Reason.MALFORMED, True)


def test_what_the_broker_kept_of_a_frame_is_no_alarm_that_happens():
    for kind, model in (("smoke_detector", "Smoke-GS558"), ("panic_button", "Generic-Remote")):
        decoder = decoder_with(("rtl433", kind, f"{model}/7"))
        [one] = heard(hear(decoder, EVENTS, {"model": model, "id": 7}, retain=True))
        assert (one.readings, one.alive) == ([], False)


HOME = "home/gate/"
BEACON = {"model": "x", "model_id": "y"}
ONE = [
    # address, kind, topic below home/gate, payload, readings
    ("A1B2C3D4E5F6", "climate", "BTtoMQTT/A1B2C3D4E5F6", {"tempc": "19.2", "tempf": "66.6", "hum": "52"},
     "temperature 19.2, humidity 52"),
    ("a1:b2:c3:d4:e5:f6", "climate", "BTtoMQTT/A1B2C3D4E5F6", {"tempf": 68}, "temperature 20"),
    ("A1B2C3D4E5F6", "climate", "BTtoMQTT/A1B2C3D4E5F6", {"tempc": -127.99, "hum": 163.8},
     "temperature unknown, humidity unknown"),
    ("A1B2C3D4E5F6", "climate", "BTtoMQTT/A1B2C3D4E5F6", {"tempc": 127.99, "volt": 65.535},
     "temperature unknown, voltage unknown"),
    ("A1B2C3D4E5F6", "door", "BTtoMQTT/A1B2C3D4E5F6", {"open": False, "cont": True}, "contact closed"),
    ("A1B2C3D4E5F6", "door", "BTtoMQTT/A1B2C3D4E5F6", {"open": "eh"}, "contact unknown"),
    ("A1B2C3D4E5F6", "door", "BTtoMQTT/A1B2C3D4E5F6", {"motion": True, "button": 1}, ""),
    ("A1B2C3D4E5F6", "perimeter", "BTtoMQTT/A1B2C3D4E5F6", {"motion": True}, "intrusion alarm"),
    ("A1B2C3D4E5F6", "smoke_detector", "BTtoMQTT/A1B2C3D4E5F6", {"alarm": True}, "smoke alarm"),
    ("A1B2C3D4E5F6", "panic_button", "BTtoMQTT/A1B2C3D4E5F6", {"button": 0, "packet": 4, "batt": "7"},
     "battery 7"),
    ("A1B2C3D4E5F6", "panic_button", "BTtoMQTT", {"id": "a1:b2:c3:d4:e5:f6", "button": 2}, "press alarm"),
    ("gate", "gateway", "SYStoMQTT", {"uptime": 120, "rssi": -61, "modules": ["BT"]}, "rssi -61"),
    ("gate", "gateway", "LWT", b"offline", "link offline"),
    ("433/815", "smoke_detector", "433toMQTT", {"value": 815}, "smoke alarm, smoke normal"),
    ("433/815", "door", "433toMQTT", {"value": "815"}, "contact open, contact unknown"),
    ("433/A1", "call_point", "SRFBtoMQTT", {"raw": "A1"}, "call_point alarm, call_point normal"),
    ("DSC-Security/77", "smoke_detector", "RTL_433toMQTT/DSC-Security/77",
     {"model": "DSC-Security", "id": 77, "closed": 0}, "smoke alarm"),
]  # fmt: skip


@pytest.mark.parametrize(("address", "kind", "rest", "payload", "expected"), ONE)
def test_a_message_says_what_the_gateway_heard(address, kind, rest, payload, expected):
    decoder = decoder_with(("openmqttgateway", kind, address))
    assert values(hear(decoder, HOME + rest, payload)) == expected


def test_a_beacon_repeats_its_press_and_its_packet_number_tells_the_next():
    decoder, topic = (
        decoder_with(("openmqttgateway", "panic_button", "A1B2C3D4E5F6")),
        "BTtoMQTT/A1B2C3D4E5F6",
    )
    told = [
        values(hear(decoder, HOME + topic, {"button": 1, "packet": packet}, received=RECEIVED + after))
        for packet, after in ((7, 0), (7, 9_000), (8, 9_500), (8, 30_000), (7, 3_600_000))
    ]
    assert told == ["press alarm", "", "press alarm", "", "press alarm"]
    assert values(hear(decoder, HOME + topic, {"button": 1, "packet": 9}, retain=True)) == ""


REFUSED = [
    ("433toMQTT", {"value": 4711}, Reason.MALFORMED, "the code 4711 means nothing by itself"),
    ("433toMQTT", {"protocol": 1}, Reason.MALFORMED, "no code"),
    ("433toMQTT", {"value": 1}, Reason.MALFORMED, "cannot be a climate"),
    ("PilighttoMQTT", {"protocol": "arctech_switch"}, Reason.MALFORMED, "map it"),
    ("BTtoMQTT", {"tempc": 1}, Reason.MALFORMED, "no id"),
    ("BTtoMQTT/A1B2C3D4E5F6", {"id": "00:11:22:33:44:55"}, Reason.IDENTITY, "001122334455"),
    ("RTL_433toMQTT/Nexus-TH/42", {"model": "Nexus-TH", "id": 43}, Reason.IDENTITY, "43"),
    ("SYStoMQTT", b"{", Reason.MALFORMED, ""),
]


@pytest.mark.parametrize(("rest", "payload", "reason", "words"), REFUSED)
def test_what_means_nothing_is_refused_with_the_reason(rest, payload, reason, words):
    found = hear(decoder_with(("openmqttgateway", "climate", "433/1")), HOME + rest, payload)
    assert isinstance(found, Rejected)
    assert (found.reason, words in found.detail) == (reason, True), found.detail


@pytest.mark.parametrize(
    ("rest", "payload"),
    [
        ("BTtoMQTT/A1B2C3D4E5F6", {"id": "A1:B2:C3:D4:E5:F6", "rssi": -90}),  # a telephone that passes by
        ("PilighttoMQTT", {"format": "RAW", "rawlen": 12}),
        ("commands/MQTTto433", {"value": 815}),
        ("BTtoMQTT/A1B2C3D4E5F6", b""),
    ],
)
def test_talk_that_concerns_no_device_is_passed_over(rest, payload):
    assert isinstance(hear(decoder_with(), HOME + rest, payload), Ignored)


def test_a_button_that_nobody_registered_is_not_a_panic_button():
    found = hear(decoder_with(), HOME + "BTtoMQTT/A1B2C3D4E5F6", {**BEACON, "button": 1, "packet": 1})
    assert values(found) == ""


LIFE = [
    *{("openmqttgateway", kind, address, HOME + rest) for address, kind, rest, _, _ in ONE},
    ("rtl433", "smoke_detector", "Smoke-GS558/7", EVENTS),
    ("rtl433", "smoke_detector", "Smoke-GS558/7", "rtl/433/Smoke-GS558/7"),
    ("rtl433", "smoke_detector", "Smoke-GS558/7", "rtl_433/a/devices/Smoke-GS558/7/unit"),
    (
        "rtl433",
        "smoke_detector",
        "Interlogix-Security/9f",
        "rtl_433/a/devices/Interlogix-Security/smoke/9f/id",
    ),
    ("rtl433", "gateway", "attic", "rtl_433/attic/states"),
]


@pytest.mark.parametrize(("dialect", "kind", "address", "topic"), sorted(LIFE))
def test_the_session_life_hears_every_topic_of_a_device(dialect, kind, address, topic):
    assert decoder_with((dialect, kind, address)).owned_by_life(topic) is KINDS[kind].life_safety


WORDS = st.sampled_from(
    ["OPEN", "CLOSED", "ff", "80", "Water Leak", "nan", "2026-11-22 08:00:00", "433", "x/y"]
)
VALUES = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | WORDS | st.text(max_size=6)
VALUES |= st.floats(allow_nan=False, allow_infinity=False) | st.lists(st.integers(), max_size=2)
KEYS = ["time", "id", "channel", "subtype", "closed", "event", "message", "alarm", "detect_wet", "tamper",
        "battery", "battery_ok", "battery_mV", "temperature_F", "temperature_C", "switch1", "switch3",
        "contact_open", "button", "packet", "open", "tempc", "tempf", "volt", "mac", "value", "raw",
        "format", "heartbeat"]  # fmt: skip
BODIES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6)
TOPICS = [EVENTS, "rtl_433/a/states", "rtl_433/a/availability", "rtl/433/DSC-Security/77", HOME + "BTtoMQTT",
          "rtl_433/a/devices/Honeywell-Security/1/event", "rtl_433/a/devices/TPMS/x/1/id", HOME + "LWT",
          "rtl_433/a/devices//1/2", HOME + "BTtoMQTT/A1B2C3D4E5F6", HOME + "433toMQTT", HOME + "BTtoMQTT/",
          HOME + "RTL_433toMQTT/a/1", HOME + "SYStoMQTT", HOME + "PilighttoMQTT"]  # fmt: skip
MODELS = sorted({model for model, *_ in FRAMES} | {"Honeywell Door/Window Sensor", ""})


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(TOPICS),
    BODIES | st.binary(max_size=40),
    st.sampled_from(MODELS),
    st.sampled_from(sorted({*KINDS} - {"service"})),
    st.booleans(),
)
def test_whatever_arrives_is_never_our_failure(topic, body, model, kind, retain):
    name = body.get("id") if isinstance(body, dict) else None
    body = {"model": model, **body} if isinstance(body, dict) else body
    addresses = [("openmqttgateway", kind, "A1B2C3D4E5F6")]
    if model and type(name) in (int, str) and 0 < len(f"{name}") < 20 and str(name).isalnum():
        addresses.append(("rtl433", kind, f"{model.replace(' ', '_').replace('/', '_')}/{name}"))
    found = hear(decoder_with(*addresses), topic, body, retain)
    assert not (isinstance(found, Rejected) and found.reason is Reason.FAILED), found
