"""Touches. Sparkplug B as real nodes send it: each line of the shared samples, where they are beside us."""

import base64
import json
from pathlib import Path

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects.sparkplug.payload import read
from ingest.message import Message
from ingest.reading import Ignored, Parts
from ingest.settings import BrokerSettings

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "sparkplug_b.jsonl"
RECEIVED = 1_795_305_600_000
IGNORED = "ignored"
ASKED, QUIET = True, False

# line, heard as the first of its node → its readings, and whether the node is asked for a rebirth
EXPECTED = {
    1: ({}, ASKED),  # an alias before the birth: what it means is not known
    2: ({"link": "offline"}, QUIET),  # no birth to compare its bdSeq with
    3: ({}, ASKED),
    4: ({}, ASKED),
    5: ({"link": "online"}, QUIET),  # a hundred metrics whose names say nothing
    6: IGNORED,  # the state of a host, version 3
    7: IGNORED,  # the same, version 2
}
# the lines in an order in which a node may send them → line, readings, asked (each a minute after the last)
STORY = [
    (1, {}, ASKED),  # late: we know nothing yet
    (5, {"link": "online"}, QUIET),  # it answers
    (1, {}, QUIET),  # 1 follows 0
    (1, {}, QUIET),  # the same number twice
    (3, {"sequence_gap": 3.0}, ASKED),  # 5 after 1
    (5, {"link": "online"}, QUIET),
    (4, {}, QUIET),  # 0 again
    (2, IGNORED, QUIET),  # bdSeq 0: not of this connection, which is 88
]


@pytest.fixture(scope="module")
def samples():
    if not SAMPLES.exists():
        pytest.skip(f"the shared samples are not beside this checkout: {SAMPLES}")
    lines = SAMPLES.read_text(encoding="utf-8").splitlines()
    return {number: json.loads(line) for number, line in enumerate(lines, 1) if line.strip()}


def a_decoder():
    node = Device("it", "gateway", "campus", dialect="sparkplug", address="Group/Edge")
    return Decoder(Registry.build([], [], [node]), BrokerSettings(dialects={"sparkplug": None}))


def payload_of(sample):
    return base64.b64decode(sample["payload_b64"]) if "payload_b64" in sample else sample["payload"].encode()


def said(found):
    if isinstance(found, Ignored):
        return IGNORED, QUIET
    assert isinstance(found, Parts), found
    return {r.metric: r.value for one in found.heard for r in one.readings}, bool(found.replies)


@pytest.mark.allowed_skip("samples")
def test_every_line_is_in_the_table(samples):
    assert sorted(samples) == sorted(EXPECTED)


@pytest.mark.allowed_skip("samples")
@pytest.mark.parametrize("number", EXPECTED)
def test_a_message_of_a_real_node_says_what_the_table_says(samples, number):
    sample = samples[number]
    found = a_decoder().decode(Message(None, sample["topic"], payload_of(sample), RECEIVED))
    expected = EXPECTED[number]
    assert said(found) == ((IGNORED, QUIET) if expected == IGNORED else expected)


@pytest.mark.allowed_skip("samples")
def test_the_messages_of_a_node_in_their_order_say_what_the_story_says(samples):
    decoder, told = a_decoder(), []
    for minute, (number, _, _) in enumerate(STORY):
        sample, at = samples[number], RECEIVED + minute * 60_000
        told.append(said(decoder.decode(Message(None, sample["topic"], payload_of(sample), at))))
    assert told == [(readings, asked) for _, readings, asked in STORY]


@pytest.mark.allowed_skip("samples")
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_the_reader_finds_what_its_publisher_says_is_in_it(samples, number):
    told, found = samples[number]["decoded"], read(payload_of(samples[number]))
    assert (found.timestamp, found.seq) == (told["timestamp"], told["seq"])
    [metric], [expected] = found.metrics, told["metrics"]
    value = next(value for key, value in expected.items() if key.endswith("_value"))
    assert (metric.alias, metric.datatype, metric.value) == (expected["alias"], expected["datatype"], value)
    assert metric.name == expected.get("name", "")


@pytest.mark.allowed_skip("samples")
def test_the_names_of_a_large_birth_are_listed_and_its_last_metric_is_read(samples):
    found = read(payload_of(samples[5]))
    assert len(found.metrics) == 102
    assert (found.metrics[-1].alias, found.metrics[-1].value) == (100, 150.0)
    heard = a_decoder().decode(Message(None, samples[5]["topic"], payload_of(samples[5]), RECEIVED))
    assert "(+97)" in heard.heard[0].readings[0].note
