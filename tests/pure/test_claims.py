"""Thinks. One topic and several devices: who hears it, what is refused, and what nobody may take away."""

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, Parts
from ingest.settings import BrokerSettings

NOW = 1_795_305_600_000
SETTINGS = BrokerSettings(dialects={"zigbee2mqtt": None, "homeassistant": None, "thingsboard": None,
                                    "tasmota": None, "esphome": None})  # fmt: skip
NATIVE = Device("native", "smoke_detector", "campus", dialect="zigbee2mqtt", address="hall")
BRIDGE = Device("bridge", "gateway", "campus", dialect="zigbee2mqtt", address="bridge")
APPROVED = Device("approved", "smoke_detector", "campus", dialect="homeassistant", address="x1")
MAPPED = Device("mapped", "smoke_detector", "campus", dialect="mapping", address="zb/hall")


def approval(topic="zigbee2mqtt/hall"):
    smoke = {"platform": "binary_sensor", "device_class": "smoke", "state_topic": topic, "payload_on": True,
             "value_template": "{{ value_json.smoke }}", "payload_off": False}  # fmt: skip
    return {"entities": {"smoke": smoke}, "availability": [{"topic": "zigbee2mqtt/bridge/state"}]}


MAPPING = {"zb": {"topic": "zigbee2mqtt/{device}", "fields": {"smoke": "smoke"}}}


def decoder(*devices, learned=None, **definitions):
    documents = {"homeassistant": {"x1": approval(), "x2": approval("other/x2")}, **definitions}
    return Decoder(Registry.build([], [], devices, documents), SETTINGS, learned=learned)


def heard(by, topic, payload):
    found = by.decode(Message(None, topic, payload, NOW))
    told = found.heard if isinstance(found, Parts) else [found] if isinstance(found, Decoded) else []
    return [(one.device.split(".")[0], r.metric, r.value) for one in told for r in one.readings]


def fires(by, topic="zigbee2mqtt/hall"):
    return heard(by, topic, b'{"smoke": true}')


@pytest.mark.parametrize("definitions", [{}, {"mapping": MAPPING}])
def test_what_is_approved_or_mapped_and_not_registered_takes_no_topic_from_a_registered_device(definitions):
    by = decoder(NATIVE, BRIDGE, **definitions)
    assert fires(by) == fires(by) == [("native", "smoke", "alarm")]
    assert ("bridge", "link", "offline") in heard(by, "zigbee2mqtt/bridge/state", b"offline")
    assert by.clashes() == []


def test_two_registered_devices_on_one_topic_are_told_with_both_names_and_neither_falls_silent():
    by = decoder(NATIVE, BRIDGE, APPROVED)
    [told] = by.clashes()
    for word in ("'native'", "'approved'", "'zigbee2mqtt/hall'", "leave out one"):
        assert word in told
    assert fires(by) == fires(by) == [("approved", "smoke", "alarm"), ("native", "smoke", "alarm")]


def test_a_mapped_device_and_one_of_a_dialect_on_one_topic_are_told():
    [told] = decoder(MAPPED, NATIVE, homeassistant={}, mapping=MAPPING).clashes()
    assert "'mapped'" in told
    assert "'native'" in told


def test_a_name_given_by_the_gateway_is_seen_through():
    by_identity = Device("native", "smoke_detector", "campus", dialect="zigbee2mqtt", address="0x01")
    learned = {("zigbee2mqtt", "zigbee2mqtt", "names"): {"hall": "0x01"}}
    assert len(decoder(by_identity, APPROVED, learned=learned).clashes()) == 1
    assert decoder(by_identity, APPROVED).clashes() == []


def test_the_last_will_of_a_bridge_is_heard_by_it_and_by_whatever_was_approved_through_it():
    other = Device("other", "smoke_detector", "campus", dialect="homeassistant", address="x2")
    by = decoder(NATIVE, BRIDGE, other)
    assert by.clashes() == []
    told = heard(by, "zigbee2mqtt/bridge/state", b"offline")
    assert {device for device, *_ in told} >= {"bridge", "other"}
    assert fires(by) == [("native", "smoke", "alarm")]


def test_a_message_that_one_of_the_two_refuses_is_heard_by_the_other():
    by = decoder(NATIVE, APPROVED)
    assert heard(by, "zigbee2mqtt/hall", b'{"smoke": 7}') == [
        ("approved", "smoke", "unknown"),
        ("native", "smoke", "unknown"),
    ]
    found = by.decode(Message(None, "zigbee2mqtt/hall", b'{"a":' * 99, NOW))
    assert len(found.rejected) == 2


def test_one_address_in_two_dialects_is_two_devices_that_keep_their_topics():
    one = Device("one", "smoke_detector", "campus", dialect="zigbee2mqtt", address="hall")
    two = Device("two", "smoke_detector", "campus", dialect="tocsin", address="hall")
    by = decoder(one, two, homeassistant={})
    assert by.clashes() == []
    assert fires(by) == [("one", "smoke", "alarm")]
    assert heard(by, "campus/hall/reading", b'{"values":{"smoke":"alarm"}}') == [("two", "smoke", "alarm")]


def test_a_registered_device_is_not_taken_for_the_stranger_of_another_dialect_that_is_asked_first():
    esp = Device("esp", "smoke_detector", "campus", dialect="esphome", address="tele")
    by = decoder(esp, homeassistant={})
    [told] = heard(by, "tele/binary_sensor/smoke/state", b"ON")
    assert told[0] == "esp"


def test_a_message_of_many_devices_stays_one_of_many():
    hall = Device("hall", "smoke_detector", "campus", dialect="thingsboard", address="Hall")
    by = decoder(hall, NATIVE)
    assert heard(
        by, "v1/gateway/telemetry", b'{"Hall": [{"ts": 1795305600000, "values": {"smoke": 1}}]}'
    ) == [("hall", "smoke", "alarm")]
