"""Touches. The Things Stack as it really speaks: each line of the shared samples, where they are with us."""

import json
from pathlib import Path

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Parts, Reason, Rejected
from ingest.settings import BrokerSettings

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "ttn_v3.jsonl"
RECEIVED = 1_795_305_600_000
NETVOX = {"voltage": 3.0, "battery_low": "normal", "rssi": -35.0}

# line → the kind it is registered as, and what it must say or why it is refused
EXPECTED = {
    1: ("climate", Reason.MALFORMED),  # the published example lacks a comma
    2: ("climate", {"link": "online"}),  # join
    3: ("climate", {"fault": "fault", "rssi": -35.0}),  # frm_payload and no decoded_payload
    4: ("smoke_detector", {"smoke": "alarm", "heat": "alarm", "temperature": 120.0} | NETVOX),
    5: ("panic_button", {"press": "alarm"} | NETVOX),
    6: ("water_leak", {"leak": "alarm"} | NETVOX),  # the second channel
    7: ("door", {"contact": "closed", "voltage": 2.952, "rssi": -35.0}),  # ALARM 0 is no hazard's
    8: ("panic_button", {"press": "alarm", "rssi": -35.0}),
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
def test_a_message_of_a_real_stack_says_what_the_table_says(samples, number):
    kind, expected = EXPECTED[number]
    sample = samples[number]
    device = Device(
        "it", kind, "campus", dialect="thethings", address=f"app1/{sample['topic'].split('/')[3]}"
    )
    decoder = Decoder(Registry.build([], [], [device]), BrokerSettings(dialects={"thethings": None}))
    found = decoder.decode(Message(None, sample["topic"], sample["payload"].encode(), RECEIVED))
    if isinstance(expected, Reason):
        assert isinstance(found, Rejected)
        assert found.reason is expected
        return
    decoded = found.heard[0] if isinstance(found, Parts) else found
    assert decoded.device == "it"
    assert {reading.metric: reading.value for reading in decoded.readings} == expected
    assert decoded.alive
