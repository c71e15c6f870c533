"""Touches. Home Assistant discovery as it is really published: each line of the shared samples."""

import json
import re
from pathlib import Path

import pytest
import yaml

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects import homeassistant
from ingest.message import Message
from ingest.reading import Decoded, Ignored, Parts
from ingest.settings import BrokerSettings

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "ha_discovery.jsonl"
RECEIVED = 1_795_305_600_000
IGNORED = "ignored"
SETTINGS = BrokerSettings(dialects={"homeassistant": None})

# line → what is proposed: address, likely kind, topics of the states → metrics, topics of the availability
EXPECTED = {
    1: ("garden", "perimeter", {"homeassistant/binary_sensor/garden/state": "intrusion"}, []),
    2: ("sensorBedroomT", "climate", {"homeassistant/sensor/sensorBedroom/state": "temperature"}, []),
    3: IGNORED,  # a state: read once line 2 is approved, see below
    4: IGNORED,  # a switch senses nothing
    5: (
        "zigbee2mqtt_0x00158d0001deec28",
        "",
        {"zigbee2mqtt/0x00158d0001deec28": "battery_low"},
        ["zigbee2mqtt/bridge/state"],
    ),
    6: (
        "zigbee2mqtt_0x00124b00168change",
        "smoke_detector",
        {"zigbee2mqtt/0x00124b00168change": "smoke"},
        ["zigbee2mqtt/bridge/state", "zigbee2mqtt/0x00124b00168change/availability"],
    ),
    7: (
        "zigbee2mqtt_0xa4c1388a42f61a5e",
        "",
        {"zigbee2mqtt/0xa4c1388a42f61a5e": "battery"},
        ["zigbee2mqtt/bridge/state", "zigbee2mqtt/0xa4c1388a42f61a5e/availability"],
    ),
    8: ("zwavejs2mqtt_0xc15d8aa6_node61", "", {"zwave/Washok/Sensor/128/0/level": "battery"}, []),
    9: (
        "Washok-Sensor/smoke_alarm",
        "smoke_detector",
        {"zwave/Washok/Sensor/113/0/Smoke_Alarm/Sensor_status": "smoke"},
        [],
    ),
    10: IGNORED,  # a climate component without a state topic
    11: IGNORED,  # the birth of Home Assistant
}
SAID = [
    # proposal of which line, what is then published on its topic, what it says
    (2, None, {"temperature": 23.2}),  # line 3 itself
    (5, {"battery_low": True}, {"battery_low": "low"}),  # payload_on true, though a template says "True"
    (6, {"smoke": True}, {"smoke": "alarm"}),
    (6, {"smoke": None}, {"smoke": "unknown"}),
    (6, {"battery": 90}, {}),
    (7, {"battery": 87}, {"battery": 87.0}),
    (8, {"value": 100}, {"battery": 100.0}),
    (9, {"value": 2}, {"smoke": "alarm"}),
    (9, {"value": 0}, {"smoke": "normal"}),
    (9, {"value": 3}, {"smoke": "unknown"}),  # its test: neither payload_on nor payload_off
]


@pytest.fixture(scope="module")
def samples():
    if not SAMPLES.exists():
        pytest.skip(f"the shared samples are not beside this checkout: {SAMPLES}")
    lines = SAMPLES.read_text(encoding="utf-8").splitlines()
    return {number: json.loads(line) for number, line in enumerate(lines, 1) if line.strip()}


def hear(decoder, topic, payload, retain=False):
    return decoder.decode(Message(None, topic, payload, RECEIVED, qos=0, retain=retain))


def proposed(sample):
    decoder = Decoder(Registry.build(), SETTINGS)
    return hear(decoder, sample["topic"], sample["payload"].encode(), sample.get("retain", False))


@pytest.mark.allowed_skip("samples")
def test_every_line_is_in_the_table(samples):
    assert sorted(samples) == sorted(EXPECTED)


@pytest.mark.allowed_skip("samples")
@pytest.mark.parametrize("number", EXPECTED)
def test_a_config_of_the_wild_proposes_what_the_table_says(samples, number):
    found = proposed(samples[number])
    if EXPECTED[number] == IGNORED:
        assert isinstance(found, Ignored)
        return
    address, kind, states, wills = EXPECTED[number]
    assert isinstance(found, Parts), found
    [one] = found.announced
    assert (one.address, one.kind) == (address, kind)
    assert "cannot be approved" not in one.note
    assert [entity["state_topic"] for entity in one.document["entities"].values()] == list(states)
    assert all(metric in one.note for metric in states.values())
    assert [way["topic"] for way in one.document.get("availability", [])] == wills


@pytest.mark.allowed_skip("samples")
@pytest.mark.parametrize(("number", "body", "expected"), SAID)
def test_once_approved_its_topic_says_what_the_table_says(samples, number, body, expected):
    [one] = proposed(samples[number]).announced
    device = Device("it", one.kind or "climate", "campus", dialect="homeassistant", address=one.address)
    registry = Registry.build([], [], [device], {"homeassistant": {one.address: one.document}})
    payload = samples[3]["payload"] if body is None else json.dumps(body)
    found = hear(Decoder(registry, SETTINGS), next(iter(EXPECTED[number][2])), payload.encode())
    assert isinstance(found, Decoded), found
    assert {reading.metric: reading.value for reading in found.readings} == expected


def test_the_approval_shown_on_the_page_is_accepted():
    page = Path(__file__).resolve().parents[2] / "docs" / "dialects" / "homeassistant.md"
    [shown] = re.findall(r"```yaml\n(.*?)\n```", page.read_text(encoding="utf-8"), re.DOTALL)
    [approval] = yaml.safe_load(shown)["approvals"]
    assert homeassistant.define(approval["id"], approval).topics == ["z/7", "z/7/lwt"]
