"""Touches. ChirpStack as it really speaks: each line of the shared samples, where they are beside us."""

import json
from pathlib import Path

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Ignored, Parts
from ingest.settings import BrokerSettings

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "chirpstack.jsonl"
RECEIVED = 1_795_305_600_000
IGNORED = "ignored"

# line → the kind it is registered as, what it must say, and a part of the note of its first reading
EXPECTED = {
    1: ("climate", {"fault": "fault", "rssi": -36.0}, "payload not decoded"),  # data and no object
    2: ("climate", {"link": "online"}, "restarted"),  # join
    3: ("climate", IGNORED, ""),  # ack of a downlink
    4: ("climate", IGNORED, ""),  # txack
    5: ("climate", {"fault": "fault"}, "UPLINK_MIC"),  # log: the device cannot be heard
    6: ("climate", IGNORED, ""),  # location
    7: ("climate", {"temperature": 25.0, "humidity": 32.0, "rssi": -48.0}, ""),  # v3: base64, objectJSON
    8: ("climate", {"battery": 75.5}, ""),  # v3 status
    9: ("climate", {"link": "online"}, "restarted"),  # v3 join
    10: ("climate", {"fault": "fault"}, "UPLINK_CODEC"),  # v3 error
    11: ("climate", IGNORED, ""),  # UPLINK_FCNT_RETRANSMISSION
    12: ("water_leak", {"leak": "alarm", "battery": 100.0, "rssi": -36.0}, ""),
    13: ("gateway", {"link": "online"}, ""),
}
NO_LIFE = {5, 10, 13}  # the server's words about a device, and a retained state


@pytest.fixture(scope="module")
def samples():
    if not SAMPLES.exists():
        pytest.skip(f"the shared samples are not beside this checkout: {SAMPLES}")
    lines = SAMPLES.read_text(encoding="utf-8").splitlines()
    return {number: json.loads(line) for number, line in enumerate(lines, 1) if line.strip()}


def decode(sample, kind):
    levels = sample["topic"].split("/")
    device = Device(
        "it", kind, "campus", dialect="chirpstack", address=levels[-3 if kind == "gateway" else 3]
    )
    decoder = Decoder(Registry.build([], [], [device]), BrokerSettings(dialects={"chirpstack": None}))
    payload, retain = sample["payload"].encode(), sample.get("retain", False)
    return decoder.decode(Message(None, sample["topic"], payload, RECEIVED, qos=0, retain=retain))


@pytest.mark.allowed_skip("samples")
def test_every_line_is_in_the_table(samples):
    assert sorted(samples) == sorted(EXPECTED)


@pytest.mark.allowed_skip("samples")
@pytest.mark.parametrize("number", EXPECTED)
def test_a_message_of_a_real_server_says_what_the_table_says(samples, number):
    kind, expected, note = EXPECTED[number]
    found = decode(samples[number], kind)
    if expected == IGNORED:
        assert isinstance(found, Ignored)
        return
    decoded = found.heard[0] if isinstance(found, Parts) else found
    assert {reading.metric: reading.value for reading in decoded.readings} == expected
    assert note in decoded.readings[0].note
    assert decoded.alive is (number not in NO_LIFE)
