"""Touches. Shelly devices as they really send: each line of the shared samples, where they are beside us."""

import json
from pathlib import Path

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, Parts, TimeQuality
from ingest.settings import BrokerSettings

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "shelly.jsonl"
RECEIVED = 1_795_305_600_000
LIVE, WRONG = TimeQuality.RECEIVED, TimeQuality.IMPLAUSIBLE

# line → its kind, the time of its readings, and what it must say: metric, value, part of the note
EXPECTED = {
    1: (  # woken by its button; its time is four seconds after it woke
        "smoke_detector",
        LIVE,
        [
            ("rssi", -64.0, ""),
            ("smoke", "test", "button"),
            ("battery", 100.0, ""),
            ("voltage", 3.0, ""),
            ("smoke", "normal", "told once"),
        ],
    ),
    2: (  # 0 % of a battery that is not there
        "climate",
        WRONG,
        [("power", "mains", ""), ("humidity", 42.2, ""), ("temperature", 19.8, "")],
    ),
    3: ("module", WRONG, []),  # a switch: a sign of life
    4: ("smoke_detector", LIVE, [("smoke", "alarm", "")]),
    5: ("smoke_detector", LIVE, [("link", "online", "")]),
    6: ("smoke_detector", LIVE, [("smoke", "alarm", "")]),
    7: ("gas_detector", LIVE, [("gas", "alarm", "heavy")]),
    8: (
        "smoke_detector",
        LIVE,
        [
            ("smoke", "test", "button"),
            ("temperature", 25.0625, ""),
            ("battery", 71.0, ""),
            ("voltage", 2.74, ""),
            ("rssi", -70.0, ""),
            ("smoke", "normal", "told once"),
        ],
    ),
    9: ("gas_detector", WRONG, [("gas", "normal", ""), ("fault", "normal", ""), ("rssi", -62.0, "")]),
}
NO_LIFE = {5}


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
    kind, quality, expected = EXPECTED[number]
    topic, payload = samples[number]["topic"], samples[number]["payload"].encode()
    name = topic.removeprefix("shellies/").partition("/")[0].lower()  # the registry's way of writing it
    device = Device("it", kind, "campus", dialect="shelly", address=name)
    decoder = Decoder(Registry.build([], [], [device]), BrokerSettings(dialects={"shelly": None}))
    found = decoder.decode(Message(None, topic, payload, RECEIVED, qos=0))
    one = found.heard[0] if isinstance(found, Parts) else found
    assert isinstance(one, Decoded), found
    assert one.device == "it"
    assert [(r.metric, r.value) for r in one.readings] == [row[:2] for row in expected]
    assert all(part in r.note for r, (_, _, part) in zip(one.readings, expected, strict=True))
    assert {r.time_quality for r in one.readings} <= {quality}
    assert one.alive is (number not in NO_LIFE)
