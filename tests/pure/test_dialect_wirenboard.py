"""Thinks. Wiren Board's controls with their errors, and the status bytes of DALI emergency lights."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.kinds import KINDS
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects.dali import bits
from ingest.dialects.dali.heard import query_of
from ingest.message import Message
from ingest.reading import Ignored, Parts, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings

RECEIVED = 1_795_305_600_000
SETTINGS = BrokerSettings(dialects={"wirenboard": None, "dali": None})
MODE, FAILURES, STATUS = "emergency_mode", "failure_status", "emergency_status"


def decoder_with(kind, address="dev", dialect="wirenboard", learned=None):
    devices = [] if kind is None else [Device("it", kind, "campus", dialect=dialect, address=address)]
    return Decoder(Registry.build([], [], devices), SETTINGS, learned=learned)


def hear(decoder, rest, payload, retain=False):
    topic = rest if rest.startswith("DALI") else f"/devices/{rest}"
    raw = payload if isinstance(payload, bytes) else payload.encode()
    return decoder.decode(Message(None, topic, raw, RECEIVED, qos=1, retain=retain))


def heard(found):
    assert not isinstance(found, Rejected | Ignored), found
    return found.heard[0] if isinstance(found, Parts) and found.heard else found


def values(found):
    return ", ".join(
        f"{one.metric} {one.value:g}" if isinstance(one.value, float) else f"{one.metric} {one.value}"
        for one in heard(found).readings
    )


def control(decoder, name, payload, retain=False):
    return values(hear(decoder, f"dev/controls/{name}", payload, retain))


CONTROLS = [
    # kind, control, meta, payload, readings
    ("smoke_detector", "Smoke", {"type": "alarm"}, "1", "smoke alarm"),
    ("smoke_detector", "Smoke", {}, "0", "smoke normal"),
    ("smoke_detector", "Alarm", {"type": "alarm"}, "1", "smoke alarm"),
    ("smoke_detector", "Input 3", {"type": "alarm"}, "1", "smoke alarm"),
    ("smoke_detector", "Smoke", {"type": "alarm"}, "2", "smoke unknown"),
    ("gateway", "Overload", {"type": "alarm"}, "1", "fault fault"),
    ("emergency_light", "error_status", {"type": "alarm"}, "1", "fault fault"),
    ("water_leak", "F1 Leakage", {"type": "switch"}, "1", "leak alarm"),
    ("climate", "Temperature", {"type": "temperature"}, "21.5", "temperature 21.5"),
    ("climate", "External Sensor 1", {"type": "value", "units": "deg C"}, "21.5", "temperature 21.5"),
    ("climate", "Humidity", {"type": "rel_humidity"}, "140", "humidity unknown"),
    ("climate", "CO2", {"type": "concentration"}, "700", "co2 700"),
    ("gateway", "Vin", {"type": "value", "units": "mV"}, "24100", "voltage 24.1"),
    ("gateway", "K1", {"type": "switch"}, "1", ""),
    ("gateway", "Serial", {"type": "text"}, "abc", ""),
    ("pump", "Discharge", {"type": "value", "units": "bar"}, "8", "pressure 0.8"),
    ("door", "Door", {"type": "switch"}, "1", "contact open"),
    ("door", "Door", {"type": "switch"}, "0", "contact closed"),
    ("panic_button", "Button", {"type": "pushbutton"}, "1", "press alarm"),
    ("gateway", "Button", {"type": "pushbutton"}, "1", ""),
]


@pytest.mark.parametrize(("kind", "name", "meta", "payload", "expected"), CONTROLS)
def test_a_control_says_what_its_name_type_and_unit_mean(kind, name, meta, payload, expected):
    decoder = decoder_with(kind)
    hear(decoder, f"dev/controls/{name}/meta", json.dumps(meta), retain=True)
    assert control(decoder, name, payload) == expected


def test_type_and_unit_may_come_on_topics_of_their_own():
    decoder = decoder_with("climate")
    hear(decoder, "dev/controls/Sensor/meta/type", "value", retain=True)
    hear(decoder, "dev/controls/Sensor/meta/units", "deg C", retain=True)
    assert control(decoder, "Sensor", "20") == "temperature 20"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("smoke_detector", "smoke alarm"), ("door", "contact open"), ("panic_button", "press alarm")],
)
def test_a_control_that_is_registered_by_itself_means_its_kind(kind, expected):
    decoder = decoder_with(kind, "dev/A1_IN")
    assert control(decoder, "A1_IN", "1") == expected
    assert heard(hear(decoder, "dev/controls/A1_IN", "0")).device == "it"


def test_a_value_that_cannot_be_read_is_unknown_until_the_error_is_over():
    decoder = decoder_with("smoke_detector")
    assert control(decoder, "Smoke", "0") == "smoke normal"
    assert control(decoder, "Smoke/meta/error", "r") == "fault fault, smoke unknown"
    assert control(decoder, "Smoke", "0") == "smoke unknown"  # the last known good value
    assert not heard(hear(decoder, "dev/controls/Smoke", "0")).alive
    assert control(decoder, "Smoke/meta/error", "") == "fault normal, smoke normal"
    assert control(decoder, "Smoke/meta/error", "") == ""


def test_an_alarm_that_can_no_longer_be_read_is_still_one():
    decoder = decoder_with("smoke_detector")
    control(decoder, "Smoke", "1")
    assert control(decoder, "Smoke/meta/error", "rp") == "fault fault, smoke alarm"
    [fault, _] = heard(hear(decoder, "dev/controls/Smoke/meta/error", "rp")).readings
    assert fault.note == "Smoke: read error, not read in time"


def test_a_measurement_that_cannot_be_read_is_none():
    decoder = decoder_with("climate")
    control(decoder, "Temperature/meta/error", "r")
    assert control(decoder, "Temperature", "21") == "temperature unknown"


def test_an_error_of_the_whole_device_is_its_last_will():
    decoder = decoder_with("gateway")
    found = heard(hear(decoder, "dev/meta/error", "r"))
    assert ([one.value for one in found.readings], found.alive) == (["offline"], False)
    assert values(hear(decoder, "dev/meta/error", "")) == "link online"


def test_a_retained_press_is_nothing():
    decoder = decoder_with("panic_button")
    hear(decoder, "dev/controls/Button/meta", '{"type": "pushbutton"}', retain=True)
    assert control(decoder, "Button", "1", retain=True) == ""


@pytest.mark.parametrize(
    "rest", ["dev/controls/K1/on", "dev/meta/name", "dev/meta", "dev/controls/K1/meta/order"]
)
def test_commands_and_titles_are_passed_over(rest):
    assert isinstance(hear(decoder_with("door"), rest, "1"), Ignored)


@pytest.mark.parametrize("address", ["dev", "dev/Smoke"])
@pytest.mark.parametrize("rest", ["dev/controls/Smoke", "dev/controls/Smoke/meta/error", "dev/meta/error"])
def test_the_session_life_hears_every_topic_of_a_device(address, rest):
    for kind in ("smoke_detector", "door"):
        decoder = decoder_with(kind, address)
        assert decoder.owned_by_life(f"/devices/{rest}") is KINDS[kind].life_safety


ANSWERS = [
    (MODE, "2", "power mains"),
    (MODE, "0x04", "power battery"),
    (MODE, "8", "power battery"),
    (MODE, "1", "power battery"),  # rest: dark on purpose, without mains
    (MODE, "16", "power mains"),
    (MODE, "36", "power battery"),  # the mains fail in the middle of a test
    (MODE, "0", "power unknown"),
    (MODE, "255", "power unknown"),
    (MODE, "normal", "power unknown"),
    (MODE, "66", "power mains, fault fault"),
    (FAILURES, "0", "lamp normal, fault normal"),
    (FAILURES, "8", "lamp fault, fault fault"),
    (FAILURES, "300", "fault unknown"),
    (STATUS, "8", "battery 100"),
    (STATUS, "1", "fault fault"),
    (STATUS, "255", "fault unknown"),
    ("battery_charge", "127", "battery 50"),
    ("battery_charge", "254", "battery 100"),
    ("battery_charge", "255", "battery unknown"),
    ("duration_test_result", "90", ""),
    ("lamp_emergency_time", "255", ""),
    ("rated_duration", "90", ""),
]


@pytest.mark.parametrize(("query", "payload", "expected"), ANSWERS)
def test_a_status_byte_says_what_its_bits_mean(query, payload, expected):
    assert control(decoder_with("emergency_light"), query, payload) == expected


def test_every_failure_bit_has_its_words():
    assert [bits.fault(1 << bit)[1] for bit in range(8)] == [
        "circuit failure",
        "battery duration failure",
        "battery failure",
        "emergency lamp failure",
        "function test overdue",
        "duration test overdue",
        "function test failed",
        "duration test failed",
    ]
    assert (bits.minutes(90), bits.minutes(255)) == (180, None)


def test_one_query_has_many_names():
    for name in ("QueryEmergencyMode", "emergencyMode", "emergency_mode", "DALI Emergency Mode"):
        assert query_of(name) == "mode"
    assert query_of("actual_level") is None


def events(decoder, *steps, retain=False):
    found = []
    for query, byte in steps:
        readings = heard(hear(decoder, f"dev/controls/{query}", str(byte), retain)).readings
        found.append([f"{one.metric} {one.value}" for one in readings if one.metric.endswith("_test")])
    return found


def test_a_test_that_is_over_is_told_once_and_the_next_one_again():
    decoder = decoder_with("emergency_light")
    told = events(
        decoder, (FAILURES, 0), (STATUS, 0), (STATUS, 2), (STATUS, 2), (FAILURES, 0), (STATUS, 0), (STATUS, 2)
    )
    assert told == [[], [], ["function_test passed"], [], [], [], ["function_test passed"]]


def test_a_test_that_fails_is_told_whichever_byte_comes_first():
    first = decoder_with("emergency_light")
    assert events(first, (FAILURES, 0), (STATUS, 0), (FAILURES, 0x80), (STATUS, 4))[2:] == [
        ["duration_test failed"],
        [],
    ]
    second = decoder_with("emergency_light")  # for the moment it looked well: the last word counts
    assert events(second, (FAILURES, 0), (STATUS, 0), (STATUS, 4), (FAILURES, 0x80))[2:] == [
        ["duration_test passed"],
        ["duration_test failed"],
    ]


def test_a_test_after_a_failed_one_is_told_when_it_passes():
    decoder = decoder_with("emergency_light")
    events(decoder, (FAILURES, 0x40), (STATUS, 2))
    assert events(decoder, (FAILURES, 0)) == [["function_test passed"]]


def test_a_test_that_is_running_makes_room_for_the_same_result_again():
    decoder = decoder_with("emergency_light")
    events(decoder, (FAILURES, 0), (STATUS, 0), (STATUS, 2))
    told = events(decoder, (MODE, 16), (STATUS, 2), (FAILURES, 0), (MODE, 2), (STATUS, 2))
    assert told == [[], [], [], ["function_test passed"], []]


def test_a_result_that_is_there_at_the_first_sight_is_no_event():
    decoder = decoder_with("emergency_light")
    assert events(decoder, (STATUS, 6), (FAILURES, 0xC0), (STATUS, 6)) == [[], [], []]


def test_the_length_of_a_duration_test_is_told_with_it():
    decoder = decoder_with("emergency_light")
    events(decoder, (FAILURES, 0), (STATUS, 0), ("duration_test_result", 90))
    [one] = [r for r in heard(hear(decoder, f"dev/controls/{STATUS}", "4")).readings if "test" in r.metric]
    assert one.note == "lasted 180 min"


def test_a_test_that_ended_while_we_were_away_goes_to_the_history():
    first = decoder_with("emergency_light")
    events(first, (FAILURES, 0), (STATUS, 0))
    learned = {key: json.loads(json.dumps(value)) for key, value in first.news.items()}
    second = decoder_with("emergency_light", learned=learned)
    found = heard(hear(second, f"dev/controls/{STATUS}", "2", retain=True))
    [one] = [reading for reading in found.readings if reading.metric == "function_test"]
    assert (one.value, one.time_quality) == ("passed", TimeQuality.HISTORIC)
    assert not found.alive


def test_no_answer_is_a_lamp_off_line_and_not_the_byte_0():
    decoder = decoder_with("emergency_light")
    found = hear(decoder, f"dev/controls/{MODE}", "no answer")
    assert (values(found), heard(found).alive) == ("link offline", False)
    assert control(decoder, MODE, "2") == "power mains, link online"
    assert control(decoder, f"{MODE}/meta/error", "r") == "link offline"
    assert control(decoder, MODE, "2") == ""  # the last known good value
    assert control(decoder, f"{MODE}/meta/error", "") == "link online"


GUID = "DALI-PRO-IoT/east/devices/gear/dev/data/"
PROPERTIES = [
    ("emergencyMode", {"value": 4, "unit": "none"}, "power battery"),
    ("emergencyBatteryCharge", {"value": 254}, "battery 100"),
    ("emergencyBatteryCharge", {"value": 80, "unit": "%"}, "battery 80"),
    ("emergencyFailureStatus", {"value": None}, "link offline"),
    ("errorOverall", {"value": True}, "fault fault"),
    ("errorBits", {"value": 0}, "fault normal"),
    ("driverTemperature", {"value": "41.5", "unit": "°C"}, "temperature 41.5"),
    ("driverInputVoltage", {"value": 231}, "voltage 231"),
    ("lightLevel", {"value": 50}, ""),
]


@pytest.mark.parametrize(("name", "body", "expected"), PROPERTIES)
def test_a_property_of_a_dali_controller_says_the_same(name, body, expected):
    body = {"date": "2026-11-22", "time": "08:00:00", **body}
    assert values(hear(decoder_with("exit_sign", dialect="dali"), GUID + name, json.dumps(body))) == expected


@pytest.mark.parametrize("payload", [b"4", b'{"unit": "%"}', b"[", b'{"value": 1, "value": 2}'])
def test_a_property_without_its_value_is_refused(payload):
    found = hear(decoder_with("exit_sign", dialect="dali"), GUID + "emergencyMode", payload)
    assert found.reason is Reason.MALFORMED


NAMES = st.sampled_from(
    [MODE, FAILURES, STATUS, "battery_charge", "Smoke", "Door", "Button", "CO2", "x", "+"]
)
PARTS = st.sampled_from(["", "", "/meta", "/meta/error", "/meta/type", "/meta/units", "/on"])
TEXTS = st.sampled_from([b"0", b"1", b"255", b"r", b"", b"nan", b"1e999", b"0x", b"alarm", b"deg C", b"null"])
JSONS = st.dictionaries(
    st.sampled_from(["type", "units", "value", "unit"]), st.none() | st.integers() | st.text(max_size=9)
).map(lambda one: json.dumps(one).encode())


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(NAMES, PARTS, TEXTS | JSONS | st.binary(max_size=12), st.booleans()), max_size=6),
    st.sampled_from(sorted({*KINDS} - {"service"})),
    st.sampled_from(["dev", "dev/Smoke", "dev/Button"]),
)
def test_whatever_arrives_is_never_our_failure(messages, kind, address):
    decoder, gear = decoder_with(kind, address), decoder_with(kind, dialect="dali")
    for name, part, payload, retain in messages:
        for found in (
            hear(decoder, f"dev/controls/{name}{part}", payload, retain),
            hear(gear, GUID + name, payload, retain),
        ):
            assert not (isinstance(found, Rejected) and found.reason is Reason.FAILED), found
