"""Thinks. The bridge's own list of devices: who is who, whatever a device is called today."""

import json
from collections.abc import Sequence

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, Parts, Reason
from ingest.settings import BrokerSettings

SMOKE = "0x00158d0001ab34cd"


class Nowhere:
    name = "test"

    def settle(self, messages: Sequence[Message]) -> None:
        """Nobody waits for it."""


def entry(ieee, name, *exposes, **more):
    definition = {"vendor": "Vendor", "model": "M-1", "exposes": list(exposes)}
    return {
        "ieee_address": ieee,
        "friendly_name": name,
        "type": "EndDevice",
        "definition": definition,
        **more,
    }


def binary(name):
    return {"type": "binary", "name": name, "property": name, "access": 1}


def a_decoder(learned=None):
    registry = Registry.build(
        [], [], [Device("s1", "smoke_detector", "campus", dialect="zigbee2mqtt", address=SMOKE)]
    )
    return Decoder(registry, BrokerSettings(), learned=learned)


def say(decoder, topic, body):
    return decoder.decode(
        Message(Nowhere(), f"zigbee2mqtt/{topic}", json.dumps(body).encode(), 1_795_305_600_000)
    )


def test_a_device_registered_by_its_ieee_address_is_heard_under_any_name():
    decoder = a_decoder()
    assert say(decoder, "hall/smoke", {"smoke": True}).device.startswith("unregistered.")
    say(decoder, "bridge/devices", [entry(SMOKE, "hall/smoke", binary("smoke"))])
    assert say(decoder, "hall/smoke", {"smoke": True}).device == "s1"
    assert "zigbee2mqtt/hall/smoke" in decoder.life_filters()
    assert decoder.owned_by_life("zigbee2mqtt/hall/smoke/availability")
    say(decoder, "bridge/devices", [entry(SMOKE, "library", binary("smoke"))])
    assert say(decoder, "library", {"smoke": True}).device == "s1"
    assert say(decoder, "hall/smoke", {"smoke": True}).device != "s1"


def test_what_the_bridge_said_is_known_again_after_a_restart():
    before = a_decoder()
    say(before, "bridge/devices", [entry(SMOKE, "hall/smoke", binary("smoke"))])
    assert say(a_decoder(learned=before.news), "hall/smoke", {"smoke": True}).device == "s1"


def test_a_name_that_is_an_ieee_address_itself_needs_no_list():
    assert say(a_decoder(), SMOKE, {"smoke": True}).device == "s1"


def test_every_listed_device_is_announced_with_its_most_likely_kind():
    action = {"type": "enum", "name": "action", "property": "action", "values": ["emergency", "off"]}
    listed = [
        {"ieee_address": "0x00", "friendly_name": "Coordinator", "type": "Coordinator"},
        entry("0x01", "a", binary("test"), binary("smoke"), binary("battery_low")),
        entry("0x02", "b", action),
        entry("0x03", "c", {"type": "climate", "features": [binary("humidity")]}),
        entry("0x04", "d", binary("occupancy"), definition=None),
        {"friendly_name": "no address"},
        "no object",
    ]
    found = say(a_decoder(), "bridge/devices", listed)
    assert isinstance(found, Parts)
    assert [(one.address, one.kind, one.name) for one in found.announced] == [
        ("0x01", "smoke_detector", "a"),
        ("0x02", "panic_button", "b"),
        ("0x03", "climate", "c"),
        ("0x04", "", "d"),
    ]
    assert found.announced[0].model == "Vendor M-1"


def test_the_same_list_again_teaches_nothing_new():
    decoder = a_decoder()
    listed = [entry(SMOKE, "hall", binary("smoke"))]
    assert say(decoder, "bridge/devices", listed).learned
    decoder.news.clear()
    assert say(decoder, "bridge/devices", listed).learned == {}
    assert decoder.news == {}


@pytest.mark.parametrize("body", [{"a": 1}, "text", 5, None])
def test_a_list_that_is_none_is_malformed(body):
    assert say(a_decoder(), "bridge/devices", body).reason is Reason.MALFORMED


def test_a_list_of_hundreds_of_devices_is_read_whole():
    wide = [binary(f"property_{number}") for number in range(60)]
    listed = [entry(f"0x{number:016x}", f"device {number}", *wide) for number in range(300)]
    found = say(a_decoder(), "bridge/devices", listed)
    assert len(found.announced) == 300
    assert isinstance(say(a_decoder(), "device 7", {"smoke": True}), Decoded)


@pytest.mark.parametrize("name", ["#/x", "a/#/b", "+", "a+b", "a\0b", "x" * 300, "", "a\u202eb"])
def test_a_name_that_is_no_topic_is_not_learned_and_costs_the_others_nothing(name):
    decoder = a_decoder()
    before = decoder.life_filters()
    found = say(decoder, "bridge/devices", [entry(SMOKE, name), entry("0x02", "plain")])
    assert [one.name for one in found.announced] == ["plain"]
    assert decoder.life_filters() == before


def test_only_a_name_of_a_registered_device_moves_the_topics_of_life():
    decoder = a_decoder()
    say(decoder, "bridge/devices", [entry("0x02", "plain")])
    assert not decoder.renamed
    say(decoder, "bridge/devices", [entry("0x02", "plain"), entry(SMOKE, "hall")])
    assert decoder.renamed
