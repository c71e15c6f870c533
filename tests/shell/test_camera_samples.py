"""Touches. Frigate and Axis as they really speak: each line of the shared samples, where they are with us."""

import json
from pathlib import Path

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, Ignored, Parts, Reason, Rejected
from ingest.settings import BrokerSettings

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
RECEIVED = 1_795_305_600_000
IGNORED = "ignored"

# file, line → the kind it is registered as, and the readings in order, or why there are none
EXPECTED = {
    ("frigate", 1): ("camera", IGNORED),  # what it sees; the example is no JSON either
    ("frigate", 2): ("camera", IGNORED),
    ("frigate", 3): ("camera", IGNORED),
    ("frigate", 4): ("camera", IGNORED),
    ("frigate", 5): ("camera", IGNORED),
    ("frigate", 6): ("camera", IGNORED),
    ("frigate", 7): ("gateway", ["link online"]),
    ("frigate", 8): ("gateway", ["link offline"]),
    ("frigate", 9): ("gateway", ["link offline: stopped on purpose"]),
    ("frigate", 10): ("camera", ["video fault: detect"]),
    ("frigate", 11): ("camera", ["video unknown: detect switched off"]),
    ("frigate", 12): ("camera", ["alarm_sound alarm: fire_alarm"]),
    ("frigate", 13): ("camera", IGNORED),  # motion
    ("axis_onvif", 1): ("perimeter", ["intrusion alarm"]),
    ("axis_onvif", 2): ("perimeter", ["intrusion normal"]),
    ("axis_onvif", 3): ("camera", []),  # what it sees: a sign of life and no more
    ("axis_onvif", 4): ("door", ["contact closed"]),
    ("axis_onvif", 5): (
        "camera",
        [
            "tamper tamper: videosource/tampering 1",
            "tamper normal: over as far as is known: the camera does not tell its end",
        ],
    ),
    ("axis_onvif", 6): ("camera", Reason.BAD_TOPIC),  # any topic and text of the installer's
    ("axis_onvif", 7): ("camera", ["storage fault: storage/alert SD_DISK"]),
}
# where the publisher has no topic: one without the event, which is then told by the payload
TOPIC = "axis/ACCC8E000001/event"


@pytest.fixture(scope="module")
def samples():
    found = {}
    for name in ("frigate", "axis_onvif"):
        file = SAMPLES / f"{name}.jsonl"
        if not file.exists():
            pytest.skip(f"the shared samples are not beside this checkout: {file}")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            found |= {(name, number): json.loads(line)} if line.strip() else {}
    return found


@pytest.mark.allowed_skip("samples")
def test_every_line_is_in_the_table(samples):
    assert sorted(samples) == sorted(EXPECTED)


@pytest.mark.allowed_skip("samples")
@pytest.mark.parametrize("line", EXPECTED, ids=lambda line: f"{line[0]}-{line[1]}")
def test_a_message_of_a_real_camera_says_what_the_table_says(samples, line):
    (kind, expected), sample = EXPECTED[line], samples[line]
    topic = sample["topic"] or TOPIC
    dialect = "frigate" if line[0] == "frigate" else "axis"
    device = Device("it", kind, "campus", dialect=dialect, address=address_in(topic, kind))
    dialects = BrokerSettings(dialects={"frigate": None, "axis": ["axis", ""]})
    decoder = Decoder(Registry.build([], [], [device]), dialects)
    found = decoder.decode(Message(None, topic, sample["payload"].encode(), RECEIVED))
    if expected == IGNORED:
        assert isinstance(found, Ignored)
    elif isinstance(expected, Reason):
        assert isinstance(found, Rejected)
        assert found.reason is expected
    else:
        assert told(found) == expected


def address_in(topic, kind):
    if topic.startswith("frigate/"):
        return "frigate" if kind == "gateway" else topic.split("/")[1]
    camera = topic.partition("/event")[0].removeprefix("axis/")
    return f"{camera}/port/1" if kind == "door" else camera


def told(found):
    parts = found.heard if isinstance(found, Parts) else [found]
    assert all(isinstance(one, Decoded) for one in parts), found
    mine = [reading for one in parts if one.device == "it" for reading in one.readings]
    return [f"{r.metric} {r.value}" + (f": {r.note}" if r.note else "") for r in mine]
