"""Touches. Raw frames around fire panels: each line of the shared samples, where they are beside us."""

import json
from pathlib import Path

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Rejected, TimeQuality
from ingest.settings import BrokerSettings

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "fire_panel_raw.jsonl"
RECEIVED = 1_561_945_790_000  # a moment after the first frame says that it was sent
ID = "SHMK19060013"

# line → what is said now and how many records go to the history, or a part of why it is refused
EXPECTED = {
    1: (
        {"battery": 100.0, "battery_low": "normal", "rssi": -56.0, "pressure": 0.538, "fault": "fault"},
        [0.537, 0.538, 0.534, 0.536, 0.536, 0.531, 0.542, 0.54, 0.541, 0.541],
    ),
    2: "wrong checksum",
    3: "printer of a fire panel",
}


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
def test_a_raw_frame_says_what_the_table_says(samples, number):
    device = Device("it", "hydrant", "campus", dialect="hextext", address=ID)
    decoder = Decoder(Registry.build([], [], [device]), BrokerSettings(dialects={"hextext": None}))
    payload = samples[number]["payload_hex"].encode()
    found = decoder.decode(Message(None, f"GIOT-GW/UL/{ID}", payload, RECEIVED, qos=0))
    expected = EXPECTED[number]
    if isinstance(expected, str):
        assert isinstance(found, Rejected)
        assert expected in found.detail
        return
    now, records = expected
    [heard] = found.heard
    live = [one for one in heard.readings if one.time_quality is TimeQuality.DEVICE]
    assert {one.metric: one.value for one in live} == now
    assert [one.note for one in live if one.metric == "fault"] == ["high alarm"]
    historic = [one for one in heard.readings if one.time_quality is TimeQuality.HISTORIC]
    assert [one.value for one in historic] == records
    assert [one.event_time for one in historic][-2:] == [1_561_945_722_000, 1_561_945_782_000]
