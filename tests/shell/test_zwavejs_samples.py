"""Touches. zwave-js-ui as it really sends: each line of the shared samples, where they are beside us."""

import json
from pathlib import Path

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Parts, TimeQuality
from ingest.settings import BrokerSettings

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "zwavejs_ui.jsonl"
RECEIVED = 1_795_305_600_000
# line → device, its readings, whose time, whether it lives: line 1 is years old, like a cache replayed
EXPECTED = {
    1: ("smoke", [("smoke", "test")], TimeQuality.IMPLAUSIBLE, False),
    2: ("gateway", [("link", "offline")], TimeQuality.RECEIVED, False),
}
DEVICES = [
    Device("smoke", "smoke_detector", "campus", dialect="zwavejs", address="Washok/Sensor"),
    Device("gateway", "gateway", "campus", dialect="zwavejs", address="ZWAVE_GATEWAY-office"),
]


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
def test_a_message_of_a_real_gateway_says_what_the_table_says(samples, number):
    decoder = Decoder(Registry.build([], [], DEVICES), BrokerSettings(dialects={"zwavejs": None}))
    sample = samples[number]
    payload, retain = sample["payload"].encode(), sample.get("retain", False)
    found = decoder.decode(Message(None, sample["topic"], payload, RECEIVED, qos=0, retain=retain))
    [one] = found.heard if isinstance(found, Parts) else [found]
    device, readings, quality, alive = EXPECTED[number]
    assert one.device == device
    assert [(r.metric, r.value) for r in one.readings] == readings
    assert {r.time_quality for r in one.readings} == {quality}
    assert one.alive is alive
