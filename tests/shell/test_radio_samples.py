"""Touches. Radio, Homie, Wiren Board and DALI as they really send: each line of four files of the samples.

A DALI answer without a topic is read as the control of a lamp on a Wiren Board.
"""

import json
from pathlib import Path

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, Ignored, Parts, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
RECEIVED = 1_795_305_600_000
FILES = {
    "rtl_433": ["rtl433"],
    "openmqttgateway_theengs": ["openmqttgateway"],
    "homie": ["homie"],
    "dali_wirenboard": ["wirenboard"],
}
NOTHING: list[tuple[str, object, str]] = []

# file, line → kind, address; the readings: metric, value, part of a note; or why there are none
EXPECTED = {
    ("rtl_433", 1): (
        "smoke_detector",
        "DSC-Security/5175788",
        [("smoke", "normal", ""), ("battery_low", "normal", ""), ("tamper", "normal", "")],
    ),
    ("rtl_433", 2): (  # `state` says closed, and is wrong: loop 2 is the one in use
        "door",
        "Honeywell_Door_Window_Sensor/183889",
        [("contact", "open", "loop 2"), ("tamper", "normal", ""), ("battery_low", "normal", "")],
    ),
    ("rtl_433", 3): (  # 72: the cover is open, and the battery bit is set
        "door",
        "Honeywell_Door_Window_Sensor/183888",
        [("contact", "closed", ""), ("tamper", "tamper", ""), ("battery_low", "low", "")],
    ),
    ("rtl_433", 4): (
        "smoke_detector",
        "Smoke-GS558/25612",
        [("smoke", "alarm", "received at all"), ("smoke", "normal", "never tells its end")],
    ),
    ("rtl_433", 5): (
        "climate",
        "Nexus-TH/42",
        [("battery_low", "normal", ""), ("temperature", 20.5, ""), ("humidity", 83.0, "")],
    ),
    ("rtl_433", 6): (
        "smoke_detector",
        "Cavius-Security/12345",
        [("smoke", "alarm", ""), ("battery_low", "normal", ""), ("smoke", "normal", "never tells its end")],
    ),
    ("openmqttgateway_theengs", 1): (
        "panic_button",
        "433/1315156",
        [("press", "alarm", "code 1315156")],
    ),
    ("openmqttgateway_theengs", 2): ("climate", "45:e1:74:12:6e:00", [("rssi", -89.0, "")]),
    ("openmqttgateway_theengs", 3): (
        "climate",
        "4C33A6603C79",
        [("humidity", 52.6, ""), ("temperature", 19.2, "")],
    ),
    ("openmqttgateway_theengs", 4): ("climate", "4C33A6603C79", None),  # raw pulses say nothing
    ("openmqttgateway_theengs", 5): ("gateway", "OpenMQTTGateway", [("link", "offline", "")]),
    ("openmqttgateway_theengs", 6): (  # `cont` is no contact
        "door",
        "AABBCCDDEEFF",
        [("battery", 100.0, ""), ("contact", "open", "")],
    ),
    ("openmqttgateway_theengs", 7): (
        "door",
        "3C2EF5AABBCC",
        [("battery", 100.0, ""), ("contact", "open", "")],
    ),
    ("openmqttgateway_theengs", 8): (
        "door",
        "3C2EF5AABBCC",
        [("battery", 100.0, ""), ("contact", "closed", "")],
    ),
    ("openmqttgateway_theengs", 9): (
        "panic_button",
        "BC:02:6E:AA:BB:CC",
        [("battery", 100.0, ""), ("press", "alarm", "button 1")],
    ),
    **{
        ("openmqttgateway_theengs", line): (
            "panic_button",
            "AABBCCDDEEFF",
            [("battery", 100.0, ""), ("press", "alarm", f"button {button}")],
        )
        for line, button in ((10, 1), (11, 2), (12, 3), (13, 9))
    },
    ("openmqttgateway_theengs", 14): (
        "climate",
        "AABBCCDDEEFF",
        [("humidity", 20.5, ""), ("temperature", 26.3, ""), ("voltage", 2.899, "")],
    ),
    ("openmqttgateway_theengs", 15): (
        "climate",
        "AABBCCDDEEFF",
        [
            ("humidity", 0.0, ""),
            ("temperature", "unknown", "no measurement"),
            ("voltage", "unknown", "no measurement"),
        ],
    ),
    ("homie", 1): ("climate", "super-car", [("temperature", 21.5, "")]),
    ("homie", 2): ("smoke_detector", "smoke-12", [("link", "offline", "lost")]),
    ("homie", 3): ("smoke_detector", "smoke-12", [("link", "offline", "removed")]),
    ("homie", 4): ("smoke_detector", "smoke-12", [("link", "online", "sleeping")]),
    ("homie", 5): ("climate", "super-car", NOTHING),  # learned; announced where it is not registered
    ("dali_wirenboard", 1): ("module", "room_light", NOTHING),  # a wall switch is no metric of ours
    ("dali_wirenboard", 2): ("module", "room_light", [("fault", "fault", "switch: read error")]),
    ("dali_wirenboard", 3): ("emergency_light", "lamp", [("power", "mains", "")]),
    ("dali_wirenboard", 4): ("emergency_light", "lamp", [("power", "battery", "emergency mode")]),
    ("dali_wirenboard", 5): ("emergency_light", "lamp", [("power", "mains", "function test running")]),
    ("dali_wirenboard", 6): ("emergency_light", "lamp", [("power", "mains", "duration test running")]),
    ("dali_wirenboard", 7): (
        "emergency_light",
        "lamp",
        [("lamp", "normal", ""), ("fault", "fault", "battery failure; function test failed")],
    ),
    ("dali_wirenboard", 8): (
        "emergency_light",
        "lamp",
        [("lamp", "normal", ""), ("fault", "fault", "function test overdue; duration test overdue")],
    ),
    # the first answer: that test is over, and nobody knows since when, so it is no event
    ("dali_wirenboard", 9): ("emergency_light", "lamp", [("battery", 100.0, "fully charged")]),
    ("dali_wirenboard", 10): ("emergency_light", "lamp", [("battery", 100.0, "")]),
    ("dali_wirenboard", 11): ("emergency_light", "lamp", NOTHING),  # 180 min: the note of the test's event
}
NOT_ALIVE = {("homie", line) for line in (2, 3, 4)}
CACHED_CLOCK = {("rtl_433", line) for line in (1, 2, 3, 5, 6)}  # local time without a zone


@pytest.fixture(scope="module")
def samples():
    found = {}
    for name in FILES:
        file = SAMPLES / f"{name}.jsonl"
        if not file.exists():
            pytest.skip(f"the shared samples are not beside this checkout: {SAMPLES}")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if line.strip():
                found[name, number] = json.loads(line)
    return found


def decode(sample, file, kind, address):
    dialects = dict.fromkeys(FILES[file])
    devices = []
    if kind is not None:
        devices = [Device("it", kind, "campus", dialect=FILES[file][0], address=address)]
    decoder = Decoder(Registry.build([], [], devices), BrokerSettings(dialects=dialects))
    topic, payload = sample["topic"], sample.get("payload", "").encode()
    if topic is None:
        topic = f"/devices/lamp/controls/{sample['query']}"
        payload = str(int(sample["payload_hex"], 16)).encode()
    return decoder.decode(Message(None, topic, payload, RECEIVED, retain=sample.get("retain", False)))


@pytest.mark.allowed_skip("samples")
def test_every_line_is_in_the_table(samples):
    assert sorted(samples) == sorted(EXPECTED)


@pytest.mark.allowed_skip("samples")
@pytest.mark.parametrize(("file", "number"), EXPECTED)
def test_a_real_message_says_what_the_table_says(samples, file, number):
    kind, address, expected = EXPECTED[file, number]
    sample = samples[file, number]
    found = decode(sample, file, kind, address)
    if expected is None:
        assert isinstance(found, Ignored)
        return
    decoded = found.heard if isinstance(found, Parts) else [found]
    readings = [reading for one in decoded for reading in one.readings]
    assert [(r.device, r.metric, r.value) for r in readings] == [("it", *row[:2]) for row in expected]
    assert [r.note for r in readings if not r.note] == [row[2] for row in expected if not row[2]]
    assert all(row[2] in r.note for r, row in zip(readings, expected, strict=True))
    assert all(r.retained is sample.get("retain", False) for r in readings)
    lively = (file, number) not in NOT_ALIVE and not sample.get("retain")
    assert all(isinstance(one, Decoded) and one.alive is lively for one in decoded)
    if (file, number) in CACHED_CLOCK:
        assert {r.time_quality for r in readings} == {TimeQuality.RECEIVED}


@pytest.mark.allowed_skip("samples")
def test_a_code_that_nobody_mapped_is_refused_with_the_reason(samples):
    found = decode(samples["openmqttgateway_theengs", 1], "openmqttgateway_theengs", None, "")
    assert isinstance(found, Rejected)
    assert found.reason is Reason.MALFORMED
    assert "register a device as 433/" in found.detail


@pytest.mark.allowed_skip("samples")
def test_a_device_that_describes_itself_waits_in_the_tray(samples):
    [one] = decode(samples["homie", 5], "homie", None, "").announced
    assert (one.address, one.kind, one.name) == ("super-car", "climate", "Supercar")
