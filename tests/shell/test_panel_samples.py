"""Touches. Alarm panels, Ring and ESPHome as their bridges publish: each line of the shared samples."""

import json
from pathlib import Path

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, Parts
from ingest.settings import BrokerSettings

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "samples"
FILES = ("alarm_panels", "ring_mqtt", "esphome")
RECEIVED = 1_795_305_600_000
NAMES = ("alarmo", "dsc", "esphome", "paradox", "ring", "texecom", "ws2mqtt")
SETTINGS = BrokerSettings(dialects=dict.fromkeys(NAMES))

# file, line, dialect, address, kind it is registered as, what it says, and whether it is a sign of life
EXPECTED = [
    ("alarm_panels", 1, "texecom", "zone/front_door", "door",
     "contact open, tamper normal, fault normal", True),
    ("alarm_panels", 2, "texecom", "panel", "gateway", "voltage 13.42, current 0.423", True),  # mA
    ("alarm_panels", 3, "texecom", "panel", "gateway", "", True),  # that arming failed is no alarm
    ("alarm_panels", 4, "texecom", "panel", "gateway", "link online", False),
    ("alarm_panels", 5, "alarmo", "panel", "perimeter", "intrusion normal", False),
    ("alarm_panels", 6, "alarmo", "panel", "perimeter", "", True),  # an entry delay, no alarm yet
    ("alarm_panels", 7, "paradox", "zones/Kitchen", "smoke_detector", "smoke alarm", False),  # retained
    ("alarm_panels", 8, "paradox", "partitions/Area_1", "fire_panel", "fire normal", False),
    ("alarm_panels", 9, "paradox", "panel", "gateway", "link offline", False),
    ("alarm_panels", 10, "dsc", "Partition1", "fire_panel", "fire alarm", True),
    ("alarm_panels", 11, "dsc", "Zone10", "smoke_detector", "smoke alarm", True),  # it opens
    ("alarm_panels", 12, "dsc", "panel", "gateway", "fault fault", True),
    ("alarm_panels", 13, "dsc", "panel", "gateway", "link online", False),
    ("alarm_panels", 14, "ws2mqtt", "bridge_0a1b2c3d", "gateway", "fire alarm, fire normal", True),
    ("alarm_panels", 15, "ws2mqtt", "123456", "smoke_detector", "smoke alarm, smoke normal", True),
    # its last update is of the day it was caught: what the cloud remembers
    ("ring_mqtt", 1, "ring", "04725673-0c82-48c6-b8ef-b884a24b90b1", "smoke_detector",
     "battery 92, battery_low normal, tamper normal, fault normal", False),
    ("ring_mqtt", 2, "ring", "<device>", "smoke_detector", "smoke alarm", True),
    ("ring_mqtt", 3, "ring", "<device>", "smoke_detector", "link offline", False),
    ("esphome", 1, "esphome", "livingroom", "smoke_detector", "link online", False),
    ("esphome", 2, "esphome", "livingroom", "smoke_detector", "link offline", False),
    ("esphome", 3, "esphome", "livingroom", "smoke_detector", "smoke alarm", True),
    ("esphome", 4, "esphome", "livingroom", "smoke_detector", "co_ppm unknown", True),  # nan
    ("esphome", 5, "esphome", "livingroom", "gateway", "link online", False),  # not ON/OFF
]  # fmt: skip
NOTES = {("alarm_panels", 14): "test button", ("alarm_panels", 15): "end", ("esphome", 4): "nan"}


@pytest.fixture(scope="module")
def samples():
    if not FOLDER.exists():
        pytest.skip(f"the shared samples are not beside this checkout: {FOLDER}")
    texts = {name: (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines() for name in FILES}
    return {(name, n): json.loads(line) for name in FILES for n, line in enumerate(texts[name], 1) if line}


@pytest.mark.allowed_skip("samples")
def test_every_line_is_in_the_table(samples):
    assert sorted(samples) == sorted(row[:2] for row in EXPECTED)


@pytest.mark.allowed_skip("samples")
@pytest.mark.parametrize(("file", "line", "dialect", "address", "kind", "expected", "alive"), EXPECTED)
def test_a_message_of_a_real_bridge_says_what_the_table_says(
    samples, file, line, dialect, address, kind, expected, alive
):
    sample = samples[file, line]
    device = Device("it", kind, "campus", dialect=dialect, address=address)
    decoder = Decoder(Registry.build([], [], [device]), SETTINGS)
    payload, retain = sample["payload"].encode(), sample.get("retain", False)
    found = decoder.decode(Message(None, sample["topic"], payload, RECEIVED, qos=0, retain=retain))
    [one] = found.heard if isinstance(found, Parts) else [found]
    assert isinstance(one, Decoded), one
    said = [(r.metric, f"{r.value:g}" if type(r.value) is float else r.value) for r in one.readings]
    assert ", ".join(f"{metric} {value}" for metric, value in said) == expected
    assert (one.device, one.alive) == ("it", alive)
    assert NOTES.get((file, line), "") in " ".join(reading.note for reading in one.readings)
