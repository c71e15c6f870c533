"""Touches. Tasmota devices as they really send: each line of the shared samples, where they are beside us."""

import json
from pathlib import Path

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Parts, TimeQuality
from ingest.settings import BrokerSettings

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "tasmota.jsonl"
RECEIVED = 1_795_305_600_000

DEVICES = {  # id → kind, address
    "tasmota": ("call_point", "tasmota"),
    "bridge": ("gateway", "%topic%"),
    "first": ("climate", "%topic%/LYWSD03-52680f"),
    "fence": ("perimeter", "%topic%/0x128F"),
    "reader": ("gateway", "ibeacon"),
    "tag": ("extinguisher", "ibeacon/A4C1387FC1E1"),
    "wemos": ("climate", "wemos2"),
    "plug": ("module", "tasmota_XXXXXX"),
    "cellar": ("water_leak", "/SonoffZigbeeBridge/0x898E"),
}
ZONE = [("tamper", "normal"), ("battery_low", "normal"), ("fault", "normal")]

# line → what each device is heard to say ("?": one that nobody has registered)
EXPECTED = {
    1: [("tasmota", [("voltage", 3.423)])],  # Wi-Fi tells a percentage only; POWER is a relay
    2: [
        ("bridge", []),
        ("first", [("temperature", 21.1), ("humidity", 58.0), ("battery", 100.0)]),
        ("?", [("temperature", 21.4), ("humidity", 57.0), ("battery", 2.0)]),
        ("?", [("temperature", 21.4), ("humidity", 54.6)]),
    ],
    3: [("reader", []), ("tag", [("presence", "present"), ("rssi", -56.0)])],
    4: [("reader", []), ("tag", [("presence", "missing"), ("rssi", -56.0)])],
    5: [("tasmota", [("call_point", "alarm")])],
    6: [("tasmota", [("call_point", "alarm")])],
    7: [("wemos", [])],
    8: [("wemos", [])],
    9: [("wemos", [])],
    10: [("bridge", [])],  # a device has joined: it is announced
    11: [("bridge", []), ("fence", [("link_quality", 158.0)])],
    12: [("bridge", []), ("fence", [("link_quality", 153.0)])],
    13: [("plug", [("link", "online")])],
    14: [("plug", [("link", "offline")])],
    15: [("cellar", [("leak", "alarm"), *ZONE, ("link_quality", 110.0)])],
}
NO_LIFE = {(4, "tag"), (13, "plug"), (14, "plug")}
ANNOUNCED = {10: ["%topic%/0x00158D00036B50AE"]}


@pytest.fixture(scope="module")
def samples():
    if not SAMPLES.exists():
        pytest.skip(f"the shared samples are not beside this checkout: {SAMPLES}")
    lines = SAMPLES.read_text(encoding="utf-8").splitlines()
    return {number: json.loads(line) for number, line in enumerate(lines, 1) if line.strip()}


@pytest.mark.allowed_skip("samples")
def test_every_line_is_in_the_table(samples):
    assert sorted(samples) == sorted(EXPECTED)


@pytest.mark.allowed_skip("samples")
@pytest.mark.parametrize("number", EXPECTED)
def test_a_message_of_a_real_device_says_what_the_table_says(samples, number):
    devices = [
        Device(name, kind, "campus", dialect="tasmota", address=address)
        for name, (kind, address) in DEVICES.items()
    ]
    decoder = Decoder(Registry.build([], [], devices), BrokerSettings(dialects={"tasmota": None}))
    sample = samples[number]
    payload, retain = sample["payload"].encode(), sample.get("retain", False)
    found = decoder.decode(Message(None, sample["topic"], payload, RECEIVED, qos=0, retain=retain))
    heard = found.heard if isinstance(found, Parts) else [found]
    said = [
        (one.device if one.device in DEVICES else "?", [(r.metric, r.value) for r in one.readings])
        for one in heard
    ]
    assert said == EXPECTED[number]
    for one in heard:
        assert one.alive is ((number, one.device) not in NO_LIFE)
        assert {r.time_quality for r in one.readings} <= {TimeQuality.RECEIVED}  # local time has no zone
    announced = found.announced if isinstance(found, Parts) else []
    assert [one.address for one in announced] == ANNOUNCED.get(number, [])
