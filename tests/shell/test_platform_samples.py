"""Touches. Platforms, gateways and panels as they really send: each line of four files of the shared samples.

What has no dialect of its own is read by the mappings of docs/dialects/mapping.md.
"""

import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, Parts, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT.parent / "shared" / "samples"
PAGE = (ROOT / "docs" / "dialects" / "mapping.md").read_text(encoding="utf-8")
MAPPINGS = {
    one["id"]: {key: value for key, value in one.items() if key != "id"}
    for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    for one in YAML(typ="safe", pure=True).load(text)["mappings"]
}
RECEIVED = 1_795_305_600_000
LIVE, PAST, WRONG = TimeQuality.RECEIVED, TimeQuality.HISTORIC, TimeQuality.IMPLAUSIBLE
ELSEWHERE = {("cn_platforms", 4): "hex text of a terminal: the table of GB/T 26875"}

# id → dialect, kind, address
DEVICES = {
    "alink": ("alink", "smoke_detector", "${productKey}/${deviceName}"),
    "lookalike": ("alink", "smoke_detector", "{product_id}/{device_id}"),
    "jetlinks": ("jetlinks", "climate", "{productId}/{deviceId}"),
    "office": ("mapping", "climate", "office/Data-It_XzOffice/TH001"),
    "campus-smoke": ("mapping", "smoke_detector", "campusfire/<name>"),
    "tuya": ("mapping", "smoke_detector", "tuya/lab"),
    "hall": ("mapping", "climate", "plc/hall"),
    "cellar": ("mapping", "smoke_detector", "plc/cellar"),
    "a": ("thingsboard", "climate", "Device A"),
    "b": ("thingsboard", "climate", "Device B"),
    "panel": ("mapping", "fire_panel", "panel/east"),
}
# file, line → the topic where the sample has none; the readings: device, metric, value, time, part of a note
EXPECTED = {
    ("cn_platforms", 1): (None, []),  # nothing of ours, but a sign of life
    ("cn_platforms", 2): (None, []),
    ("cn_platforms", 3): (None, [("jetlinks", "temperature", 38.5, LIVE, "")]),
    ("cn_platforms", 5): (
        None,
        [("office", "heat", "prealarm", WRONG, ""), ("office", "temperature", 35.8, WRONG, "")],
    ),
    ("cn_platforms", 6): (None, [("campus-smoke", "smoke", "alarm", WRONG, "")]),
    ("tuya", 1): (
        "tuya/lab/status",
        [
            ("tuya", "smoke", "alarm", LIVE, ""),  # whatever the density says
            ("tuya", "battery_low", "low", LIVE, ""),
            ("tuya", "battery", 84.0, LIVE, ""),
        ],
    ),
    ("tuya", 2): (
        "tuya/lab/status",
        [("tuya", "smoke", "normal", LIVE, ""), ("tuya", "battery_low", "normal", LIVE, "")],
    ),
    ("tuya", 3): ("tuya/lab/status", [("tuya", "battery_low", "normal", LIVE, "")]),  # nothing of smoke
    ("iot_gateways", 1): (
        None,
        [("hall", "temperature", 123.0, WRONG, ""), ("cellar", "smoke", "unknown", WRONG, "error 2014")],
    ),
    ("iot_gateways", 2): (
        None,
        [
            ("a", "temperature", 43.0, WRONG, ""),
            ("a", "humidity", 82.0, WRONG, ""),
            ("a", "temperature", 42.0, PAST, ""),
            ("a", "humidity", 80.0, PAST, ""),
            ("b", "temperature", 42.0, WRONG, ""),
            ("b", "humidity", 80.0, WRONG, ""),
        ],
    ),
    ("iot_gateways", 3): (None, Reason.BAD_TOPIC),  # it carries no identity
    ("fire_panel_mqtt", 1): (
        "firepanel/east/event",
        [("panel", "fire", "unknown", WRONG, "not understood")],
    ),
    ("fire_panel_mqtt", 2): ("firepanel/east/line", [("panel", "fire", "alarm", WRONG, "")]),
}


@pytest.fixture(scope="module")
def samples():
    found = {}
    for name in sorted({name for name, _ in EXPECTED}):
        file = SAMPLES / f"{name}.jsonl"
        if not file.exists():
            pytest.skip(f"the shared samples are not beside this checkout: {SAMPLES}")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if line.strip():
                found[name, number] = json.loads(line)
    return found


@pytest.fixture(scope="module")
def decoder():
    devices = [
        Device(name, kind, "campus", dialect=dialect, address=address)
        for name, (dialect, kind, address) in DEVICES.items()
    ]
    settings = BrokerSettings(dialects={"alink": None, "jetlinks": None, "thingsboard": None})
    return Decoder(Registry.build([], [], devices, {"mapping": MAPPINGS}), settings)


@pytest.mark.allowed_skip("samples")
def test_every_line_is_in_a_table(samples):
    assert sorted(samples) == sorted([*EXPECTED, *ELSEWHERE])


@pytest.mark.allowed_skip("samples")
@pytest.mark.parametrize(("file", "number"), EXPECTED)
def test_a_real_message_says_what_the_table_says(samples, decoder, file, number):
    sample = samples[file, number]
    topic, expected = EXPECTED[file, number]
    found = decoder.decode(Message(None, sample["topic"] or topic, sample["payload"].encode(), RECEIVED))
    if isinstance(expected, Reason):
        assert isinstance(found, Rejected)
        assert found.reason is expected
        return
    decoded = found.heard if isinstance(found, Parts) else [found]
    assert all(isinstance(one, Decoded) and one.alive for one in decoded), found
    readings = [reading for one in decoded for reading in one.readings]
    assert [(r.device, r.metric, r.value, r.time_quality) for r in readings] == [row[:4] for row in expected]
    assert all(row[4] in r.note for r, row in zip(readings, expected, strict=True))
