"""Touches. Zigbee2MQTT as real bridges send it: each line of the shared samples, where they are beside us."""

import json
from pathlib import Path

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, Ignored
from ingest.settings import BrokerSettings

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "zigbee2mqtt.jsonl"
RECEIVED = 1_795_305_600_000
IGNORED = "ignored"

# line → the kind it is registered as, and what it must say (the note of a line says why)
EXPECTED = {
    1: ("smoke_detector", {"smoke": "normal", "battery": 100.0, "voltage": 3.075, "link_quality": 81.0}),
    2: ("smoke_detector", {"smoke": "normal", "battery": 100.0, "voltage": 3.055, "link_quality": 60.0}),
    3: (
        "smoke_detector",
        {"smoke": "alarm", "battery": 99.0, "voltage": 2.993, "link_quality": 171.0, "smoke_density": 0.0},
    ),
    4: (
        "gas_detector",
        {"gas": "normal", "battery_low": "normal", "tamper": "normal", "link_quality": 156.0},
    ),
    5: ("panic_button", {"press": "alarm", "battery": 0.0, "link_quality": 156.0}),
    6: (
        "water_leak",
        {
            "leak": "normal",
            "battery": 100.0,
            "battery_low": "normal",
            "tamper": "normal",
            "temperature": 26.0,
            "voltage": 3.025,
            "link_quality": 83.0,
        },
    ),
    7: ("gateway", {"link": "online"}),
    8: ("gateway", {"link": "online"}),
    9: ("smoke_detector", {"link": "offline"}),
    10: ("smoke_detector", {"link": "offline"}),
    11: ("gateway", IGNORED),
}
LONG_AGO = {3, 6}  # their last_seen is of the day they were caught: like a cache replayed by the bridge


@pytest.fixture(scope="module")
def samples():
    if not SAMPLES.exists():
        pytest.skip(f"the shared samples are not beside this checkout: {SAMPLES}")
    lines = SAMPLES.read_text(encoding="utf-8").splitlines()
    return {number: json.loads(line) for number, line in enumerate(lines, 1) if line.strip()}


def decode(sample, kind):
    name = sample["topic"].removeprefix("zigbee2mqtt/").removesuffix("/availability")
    address = "bridge" if name.startswith("bridge/") else name
    device = Device("it", kind, "campus", dialect="zigbee2mqtt", address=address)
    decoder = Decoder(Registry.build([], [], [device]), BrokerSettings())
    payload, retain = sample["payload"].encode(), sample.get("retain", False)
    return decoder.decode(Message(None, sample["topic"], payload, RECEIVED, qos=0, retain=retain))


@pytest.mark.allowed_skip("samples")
def test_every_line_is_in_the_table(samples):
    assert sorted(samples) == sorted(EXPECTED)


@pytest.mark.allowed_skip("samples")
@pytest.mark.parametrize("number", EXPECTED)
def test_a_message_of_a_real_bridge_says_what_the_table_says(samples, number):
    kind, expected = EXPECTED[number]
    found = decode(samples[number], kind)
    if expected == IGNORED:
        assert isinstance(found, Ignored)
        return
    assert isinstance(found, Decoded), found
    assert {reading.metric: reading.value for reading in found.readings} == expected
    assert found.alive is not (samples[number].get("retain", False) or number in LONG_AGO)
