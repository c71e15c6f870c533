"""Touches. What LoRaWAN codecs really decode, inside messages of both network servers: the shared vectors."""

import json
from pathlib import Path

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, TimeQuality
from ingest.settings import BrokerSettings

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "lorawan_codec_vectors.jsonl"
RECEIVED = 1_795_305_600_000
EUI = "24e124136b000001"
SETTINGS = BrokerSettings(dialects={"chirpstack": None, "thethings": None})

# line → the kind it is registered as, and what it must say
EXPECTED = {
    1: ("panic_button", {"press": "alarm", "voltage": 3.0, "battery_low": "normal"}),
    2: ("door", {"contact": "closed", "voltage": 2.952}),
    3: ("panic_button", {"press": "alarm"}),
    4: ("water_leak", {"leak": "normal", "battery": 92.0, "temperature": 30.8, "humidity": 50.5}),
    5: ("water_leak", {"late_alarm": "alarm"}),  # and what it stored, below
    6: ("water_leak", {"leak": "alarm", "battery": 100.0}),
    7: ("door", {"contact": "open", "tamper": "normal", "battery": 100.0}),
    8: ("panic_button", {"press": "alarm", "battery": 16.0}),
    9: ("panic_button", {"press": "alarm", "battery": 16.0}),
}
STORED = {5: {"leak": "alarm", "temperature": 27.2, "humidity": 46.5}}
STORED_AT = {5: 1_665_561_758_000}


@pytest.fixture(scope="module")
def samples():
    if not SAMPLES.exists():
        pytest.skip(f"the shared samples are not beside this checkout: {SAMPLES}")
    lines = SAMPLES.read_text(encoding="utf-8").splitlines()
    return {number: json.loads(line) for number, line in enumerate(lines, 1) if line.strip()}


def in_chirpstack(decoded):
    body = {
        "time": "2026-11-22T00:00:00Z",
        "deviceInfo": {"devEui": EUI},
        "fPort": 85,
        "data": "AQ==",
        "object": decoded,
    }
    return EUI, f"application/1/device/{EUI}/event/up", body


def in_the_things_stack(decoded):
    message = {"received_at": "2026-11-22T00:00:00Z", "frm_payload": "AQ==", "decoded_payload": decoded}
    ids = {"device_id": "dev1", "dev_eui": EUI, "application_ids": {"application_id": "app1"}}
    return "app1/dev1", "v3/app1@t/devices/dev1/up", {"end_device_ids": ids, "uplink_message": message}


@pytest.mark.allowed_skip("samples")
def test_every_line_is_in_the_table(samples):
    assert sorted(samples) == sorted(EXPECTED)


@pytest.mark.allowed_skip("samples")
@pytest.mark.parametrize("server", [in_chirpstack, in_the_things_stack])
@pytest.mark.parametrize("number", EXPECTED)
def test_what_a_real_codec_decodes_says_what_the_table_says(samples, number, server):
    kind, expected = EXPECTED[number]
    address, topic, body = server(samples[number]["decoded"])
    dialect = "chirpstack" if server is in_chirpstack else "thethings"
    device = Device("it", kind, "campus", dialect=dialect, address=address)
    decoder = Decoder(Registry.build([], [], [device]), SETTINGS)
    found = decoder.decode(Message(None, topic, json.dumps(body).encode(), RECEIVED))
    assert isinstance(found, Decoded), found
    stored = [r for r in found.readings if r.time_quality is TimeQuality.HISTORIC]
    assert {r.metric: r.value for r in found.readings if r not in stored} == expected
    assert {r.metric: r.value for r in stored} == STORED.get(number, {})
    assert {r.event_time for r in stored} == ({STORED_AT[number]} if number in STORED_AT else set())
    assert found.alive
