"""Thinks. What is approved of Home Assistant discovery is read as its document says."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.registry import Registry, RegistryError
from ingest.decode import Decoder
from ingest.dialects import homeassistant
from ingest.message import Message
from ingest.reading import Decoded, Ignored, Parts, Reason, Rejected
from ingest.settings import BrokerSettings

RECEIVED = 1_795_305_600_000
SETTINGS = BrokerSettings(dialects={"homeassistant": None})


def hear(decoder, topic, body, retain=False):
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decoder.decode(Message(None, topic, payload, RECEIVED, qos=0, retain=retain))


def entity(state_topic="a/state", platform="binary_sensor", **rest):
    return {"platform": platform, "state_topic": state_topic, **rest}


def decoder_for(document, kind="smoke_detector", name="it"):
    device = Device("it", kind, "campus", dialect="homeassistant", address=name)
    return Decoder(Registry.build([], [], [device], {"homeassistant": {name: document}}), SETTINGS)


def approved(*entities, kind="smoke_detector", **rest):
    return decoder_for({"entities": {f"e{n}": one for n, one in enumerate(entities)}, **rest}, kind)


def values(found):
    heard = found.heard if isinstance(found, Parts) else [found]
    assert heard, found
    assert all(isinstance(one, Decoded) for one in heard), found
    return {reading.metric: reading.value for one in heard for reading in one.readings}


CLASSES = [
    ("smoke", "smoke_detector", {"smoke": "alarm"}, {"smoke": "normal"}),
    ("gas", "gas_detector", {"gas": "alarm"}, {"gas": "normal"}),
    ("carbon_monoxide", "co_detector", {"co": "alarm"}, {"co": "normal"}),
    ("moisture", "water_leak", {"leak": "alarm"}, {"leak": "normal"}),
    ("heat", "heat_detector", {"heat": "alarm"}, {"heat": "normal"}),
    ("safety", "gas_detector", {"gas": "alarm"}, {"gas": "normal"}),
    ("problem", "smoke_detector", {"fault": "fault"}, {"fault": "normal"}),
    ("tamper", "smoke_detector", {"tamper": "tamper"}, {"tamper": "normal"}),
    ("battery", "smoke_detector", {"battery_low": "low"}, {"battery_low": "normal"}),
    ("power", "emergency_light", {"power": "mains"}, {"power": "battery"}),
    ("connectivity", "gateway", {"link": "online"}, {"link": "offline"}),
    ("door", "door", {"contact": "open"}, {"contact": "closed"}),
    ("window", "door", {"contact": "open"}, {"contact": "closed"}),
    ("opening", "door", {"contact": "open"}, {"contact": "closed"}),
    ("motion", "perimeter", {"intrusion": "alarm"}, {"intrusion": "normal"}),
]


@pytest.mark.parametrize(("device_class", "kind", "on", "off"), CLASSES)
def test_a_device_class_says_which_metric_and_which_way_it_is_meant(device_class, kind, on, off):
    decoder = approved(entity(device_class=device_class), kind=kind)
    assert values(hear(decoder, "a/state", b"ON")) == on
    assert values(hear(decoder, "a/state", b"OFF")) == off


def test_movement_means_something_at_a_perimeter_only():
    found = hear(approved(entity(device_class="occupancy"), kind="climate"), "a/state", b"ON")
    assert (found.readings, found.alive) == ([], True)


NUMBERS = [
    ("temperature", "°F", b"212", {"temperature": 100.0}),
    ("temperature", "°C", b"21.5", {"temperature": 21.5}),
    ("temperature", "°C", b"nan", {"temperature": "unknown"}),
    ("battery", "%", b"87", {"battery": 87.0}),
    ("battery", "%", b"255", {"battery": "unknown"}),
    ("humidity", "%", b"40", {"humidity": 40.0}),
    ("voltage", "mV", b"3000", {"voltage": 3.0}),
    ("signal_strength", "dBm", b"-70", {"rssi": -70.0}),
    ("pressure", "kPa", b"1200", {"pressure": 1.2}),
    ("pressure", "bar", b"12", {"pressure": 1.2}),
    ("pressure", "psi", b"174.045", {"pressure": 1.2}),
    ("carbon_monoxide", "ppm", b"35", {"co_ppm": 35.0}),
]


@pytest.mark.parametrize(("device_class", "unit", "payload", "expected"), NUMBERS)
def test_a_number_is_read_in_its_unit(device_class, unit, payload, expected):
    found = values(
        hear(approved(entity(platform="sensor", device_class=device_class, unit=unit)), "a/state", payload)
    )
    numbers = {metric: round(value, 4) if type(value) is float else value for metric, value in found.items()}
    assert numbers == expected


PAYLOADS = [
    (True, False, "{{ value_json.s }}", {"s": True}, "alarm"),  # JSON true while a template renders "True"
    (True, False, "{{ value_json.s == true }}", {"s": True}, "alarm"),
    (True, False, "{{ value_json.s }}", {"s": "True"}, "alarm"),
    ("True", "False", "{{ value_json.s }}", {"s": False}, "normal"),
    ("ON", "OFF", "{{ value_json.s }}", {"s": "on"}, "alarm"),
    ("1", "0", "{{ value_json.s }}", {"s": 1.0}, "alarm"),
    (False, True, "{{ value_json.contact }}", {"contact": False}, "alarm"),  # turned round by its payloads
    (2, 0, "{{ value_json.value }}", {"value": 2}, "alarm"),
    (2, 0, "{{ value_json.value }}", {"value": 0}, "normal"),
    (2, 0, "{{ value_json.value }}", {"value": 3}, "unknown"),  # a third state: never normal
    (2, 0, "{{ value_json.value }}", {"value": "test"}, "test"),
    (2, 0, "{{ value_json.value }}", {"value": "alarm"}, "alarm"),
    ("ON", "OFF", "{{ value_json.s }}", {"s": "idle"}, "unknown"),
    ("ON", "OFF", "{{ value_json.s }}", {"s": None}, "unknown"),
    ("ON", "OFF", "{{ value_json.s }}", {"s": {"deep": 1}}, "unknown"),
]


@pytest.mark.parametrize(("on", "off", "source", "body", "expected"), PAYLOADS)
def test_payloads_are_compared_as_texts_and_a_third_one_is_never_normal(on, off, source, body, expected):
    decoder = approved(entity(device_class="smoke", payload_on=on, payload_off=off, value_template=source))
    assert values(hear(decoder, "a/state", body)) == {"smoke": expected}


def test_a_missing_key_says_nothing_and_the_device_is_alive():
    decoder = approved(
        entity(device_class="smoke", value_template="{{ 'ON' if value_json.smoke else 'OFF' }}")
    )
    found = hear(decoder, "a/state", {"battery": 3})
    assert (found.readings, found.alive) == ([], True)


def test_several_entities_share_one_topic():
    decoder = approved(
        entity(
            device_class="smoke", value_template="{{ value_json.smoke }}", payload_on=True, payload_off=False
        ),
        entity(platform="sensor", device_class="battery", value_template="{{ value_json.battery }}"),
        entity(platform="sensor", device_class="temperature", value_template="{{ value_json.t1 }}"),
        entity(platform="sensor", device_class="temperature", value_template="{{ value_json.t2 }}"),
    )
    found = values(hear(decoder, "a/state", {"smoke": True, "battery": 80, "t1": 20, "t2": 60}))
    assert found == {"smoke": "alarm", "battery": 80.0, "temperature": 20.0}  # of two the first


def test_the_calm_word_of_one_topic_does_not_end_what_another_has_raised():
    decoder = approved(entity("a/1", device_class="problem"), entity("a/2", device_class="problem"))
    assert values(hear(decoder, "a/1", b"ON")) == {"fault": "fault"}
    assert values(hear(decoder, "a/2", b"OFF")) == {"fault": "fault"}
    assert values(hear(decoder, "a/1", b"OFF")) == {"fault": "normal"}
    assert values(hear(decoder, "a/2", b"OFF")) == {"fault": "normal"}


def test_two_devices_on_one_topic_are_both_heard():
    documents = {}
    for name in ("one", "two"):
        told = entity("shared", device_class="smoke", value_template=f"{{{{ value_json.{name} }}}}")
        documents[name] = {"entities": {"e": told}}
    devices = [
        Device(n, "smoke_detector", "campus", dialect="homeassistant", address=n) for n in ("one", "two")
    ]
    decoder = Decoder(Registry.build([], [], devices, {"homeassistant": documents}), SETTINGS)
    found = hear(decoder, "shared", {"one": "ON", "two": "OFF"})
    assert [(one.device, one.readings[0].value) for one in found.heard] == [
        ("one", "alarm"),
        ("two", "normal"),
    ]


def test_an_alarm_with_an_off_delay_is_over_at_once_so_that_the_next_one_is_new():
    decoder = approved(entity(device_class="smoke", off_delay=5))
    found = hear(decoder, "a/state", b"ON")
    assert [(r.metric, r.value) for r in found.readings] == [("smoke", "alarm"), ("smoke", "normal")]
    assert "never said" in found.readings[1].note
    assert hear(decoder, "a/state", b"ON", retain=True).readings == []
    assert values(hear(decoder, "a/state", b"OFF")) == {"smoke": "normal"}


def test_a_retained_state_is_marked_and_no_sign_of_life():
    found = hear(approved(entity(device_class="smoke")), "a/state", b"ON", retain=True)
    assert [reading.retained for reading in found.readings] == [True]
    assert not found.alive


def test_an_empty_payload_is_a_deletion_and_no_value():
    assert isinstance(hear(approved(entity(device_class="smoke")), "a/state", b""), Ignored)


def test_a_metric_may_be_given_by_hand():
    decoder = approved(entity(metric="call_point"), entity("a/c", metric="contact"), kind="call_point")
    assert values(hear(decoder, "a/state", b"ON")) == {"call_point": "alarm"}
    assert values(hear(decoder, "a/c", b"ON")) == {"contact": "open"}


LWT = [{"topic": "lwt/1"}, {"topic": "lwt/2", "template": "{{ value_json.state }}"}]


@pytest.mark.parametrize(
    ("mode", "after_one_offline", "after_both_offline", "after_one_back"),
    [
        ("latest", "offline", "offline", "online"),
        ("all", "offline", "offline", "offline"),
        ("any", "online", "offline", "online"),
    ],
)
def test_availability_topics_are_taken_together(mode, after_one_offline, after_both_offline, after_one_back):
    decoder = approved(entity(device_class="smoke"), availability=LWT, availability_mode=mode)
    said = [
        hear(decoder, "lwt/1", b"offline"),
        hear(decoder, "lwt/2", {"state": "offline"}),
        hear(decoder, "lwt/1", b"online"),
    ]
    assert [values(one)["link"] for one in said] == [after_one_offline, after_both_offline, after_one_back]
    assert not any(
        one.alive for found in said for one in (found.heard if isinstance(found, Parts) else [found])
    )


def test_an_availability_that_is_neither_says_nothing():
    decoder = approved(entity(device_class="smoke"), availability=LWT)
    assert isinstance(hear(decoder, "lwt/1", b"sleeping"), Rejected | Decoded)
    assert isinstance(hear(decoder, "lwt/2", {"other": 1}), Decoded)


def test_the_session_life_hears_exactly_the_approved_topics():
    decoder = approved(
        entity("a/1", device_class="smoke"), entity("a/2", device_class="tamper"), availability=LWT
    )
    assert {"a/1", "a/2", "lwt/1", "lwt/2"} <= set(decoder.life_filters())
    assert {"a/1", "a/2", "lwt/1", "lwt/2", "homeassistant/+/+/config"} <= set(decoder.all_filters())
    assert not any(one.startswith("homeassistant") for one in decoder.life_filters())


def test_an_approved_device_that_nobody_registered_waits_in_the_tray():
    document = {"entities": {"e": entity(device_class="smoke")}}
    decoder = Decoder(Registry.build([], [], [], {"homeassistant": {"it": document}}), SETTINGS)
    found = hear(decoder, "a/state", b"ON")
    assert found.device.startswith("unregistered.")
    assert values(found) == {"smoke": "alarm"}


MISTAKES = [
    ({}, "entities"),
    ({"entities": {}}, "no entities"),
    ({"entities": {"e": entity(device_class="smoke")}, "extra": 1}, "extra"),
    ({"entities": {"e": {"platform": "binary_sensor"}}}, "state_topic"),
    ({"entities": {"e": entity(device_class="plug")}}, "'plug'"),
    ({"entities": {"e": entity()}}, "no device_class"),
    ({"entities": {"e": entity(metric="nonsense")}}, "nonsense"),
    ({"entities": {"e": entity(metric="commit")}}, "commit"),
    ({"entities": {"e": entity("a/#", device_class="smoke")}}, "no topic"),
    ({"entities": {"e": entity("listen:x", device_class="smoke")}}, "no topic"),
    ({"entities": {"e": entity("$SYS/x", device_class="smoke")}}, "no topic"),
    ({"entities": {"e": entity(device_class="smoke", payload_on="x", payload_off="X")}}, "both ends"),
    ({"entities": {"e": entity(platform="sensor", device_class="pressure", unit="furlong")}}, "furlong"),
    ({"entities": {"e": entity(device_class="smoke", value_template="{{ value * 9 }}")}}, "`*`"),
    ({"entities": {"e": entity(device_class="smoke")}, "availability": [{"topic": "a/+"}]}, "availability"),
]


@pytest.mark.parametrize(("document", "why"), MISTAKES)
def test_a_mistake_in_an_approval_is_told_in_words(document, why):
    with pytest.raises(ValueError, match=r".") as error:
        homeassistant.define("it", document)
    assert why in str(error.value)


def test_every_mistake_of_an_approval_is_told_at_once():
    bad = {
        "one": entity(device_class="smoke", value_template="{{ value * 9 }}"),
        "two": entity(device_class="plug"),
    }
    with pytest.raises(RegistryError) as error:
        decoder_for({"entities": bad})
    assert "'one'" in str(error.value)
    assert "'two'" in str(error.value)


FUZZED = approved(
    entity(device_class="smoke", value_template="{{ 'ON' if value_json.a else value_json.b | float }}"),
    entity(device_class="safety", value_template="{{ value_json.a }}", off_delay=1),
    entity(device_class="problem", value_template="{{ value }}"),
    entity(device_class="problem", value_template="{{ value_json.b }}"),
    entity(platform="sensor", device_class="temperature", unit="°F", value_template="{{ value_json.b }}"),
    availability=[{"topic": "a/state", "template": "{{ value_json.a }}"}, {"topic": "x"}],
    availability_mode="all",
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "~", "dev"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | JSON.map(lambda body: json.dumps(body).encode()), st.booleans())
def test_whatever_arrives_is_never_our_failure(payload, retain):
    found = hear(FUZZED, "a/state", payload, retain)
    assert not (isinstance(found, Rejected) and found.reason is Reason.FAILED), found
