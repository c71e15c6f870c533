"""Touches. SIA DC-09 as real panels send it: each line of the shared samples, where they are."""

import json
from pathlib import Path

import pytest

from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.listeners.siadc09 import speech
from ingest.message import Message
from ingest.reading import Parts, Rejected, TimeQuality
from ingest.settings import BrokerSettings, SiaSettings
from tests.fakes.siadc09 import answers

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "sia_dc09.jsonl"
RECEIVED = 1_789_799_405_000
WRONG_SUM = "the checksum is wrong, so only an alarm or a fault would count"
SEALED = "encrypted, and there is no key for {} that fits"

# line → the panel and whether it is alive, and what is said: address, metric, word, part of the note;
# or a part of why the line is refused. Their clocks are years old: the moment of receipt counts.
EXPECTED = {
    1: WRONG_SUM,  # the end of a heat alarm
    2: (("12345A", True), ("12345A/129", "fire", "alarm", "")),
    3: (("12345A", True), ("12345A/129", "fire", "alarm", "")),
    4: (("4F39", True),),  # closing
    5: (("AAA", True),),  # tries of user codes are over
    6: (("AAA", True),),  # closing
    7: SEALED.format("AAA"),
    8: (("006969", True),),  # a heartbeat
    9: WRONG_SUM,  # opening
    10: SEALED.format("AAAB"),
    11: (("AAA", False), ("AAA/1", "leak", "alarm", "the checksum is wrong")),
    12: WRONG_SUM,  # closing
    13: WRONG_SUM,  # opening
    14: (("AAA", False), ("AAA/1", "leak", "alarm", "the checksum is wrong")),
    15: SEALED.format("EA1984"),
}
# The keys of the encrypted lines. Line 7 is damaged: its key opens all but its first 17 bytes.
KEYS = {"AAAB": "A" * 16, "EA1984": "3BD7E66AA9E2F190", "AAA": "3BD7E66AA9E2F190"}
MOMENTS = {10: 1_593_973_492_000, 15: 1_597_165_040_000}  # their times: 2020-07-05 18:24:52, 08-11 16:57:20
# line → what the listener answers it in its time (line 8 is answered "ACK", which is no line)
ANSWERED = {1: "NAK", 2: "ACK", 3: "ACK", 4: "NAK", 5: "NAK", 6: "NAK", 7: "DUH", 9: "NAK", 10: "*ACK",
            11: "NAK", 12: "NAK", 13: "NAK", 14: "NAK", 15: "*ACK"}  # fmt: skip


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
def test_a_line_of_a_real_panel_says_what_the_table_says(samples, number):
    decoder = Decoder(Registry.build([], [], []), BrokerSettings(dialects={"siadc09": None}))
    payload = samples[number]["payload"].encode()
    found = decoder.decode(Message(None, "siadc09/gateway", payload, RECEIVED, qos=0))
    expected = EXPECTED[number]
    if isinstance(expected, str):
        assert isinstance(found, Rejected)
        assert expected in found.detail
        return
    assert isinstance(found, Parts)
    assert not found.rejected
    address = {name: one.address for name, one in decoder.strangers.items()}
    assert (address[found.heard[0].device], found.heard[0].alive) == expected[0]
    readings = [one for decoded in found.heard for one in decoded.readings]
    assert [(address[one.device], one.metric, one.value, one.note) for one in readings] == [*expected[1:]]
    assert {one.time_quality for one in readings} <= {TimeQuality.IMPLAUSIBLE}


@pytest.mark.allowed_skip("samples")
@pytest.mark.parametrize("number", ANSWERED)
def test_a_line_of_a_real_panel_is_answered_as_the_table_says(samples, number):
    moment = MOMENTS.get(number, RECEIVED)
    keys = KEYS if samples[number]["payload"][8:10] == '"*' else {}
    listening = speech(SiaSettings(port=0, allow=["127.0.0.1"], keys=keys))
    [piece] = listening.last(samples[number]["payload"].encode(), moment)
    assert [word for word, _, _ in answers(piece.answer)] == [ANSWERED[number]]


@pytest.mark.allowed_skip("samples")
@pytest.mark.parametrize(("number", "account"), [(10, "AAAB"), (15, "EA1984")])
def test_an_encrypted_line_is_opened_by_the_listener_and_is_a_sign_of_life(samples, number, account):
    listening = speech(SiaSettings(port=0, allow=["127.0.0.1"], keys=KEYS))
    [piece] = listening.last(samples[number]["payload"].encode(), MOMENTS[number])
    decoder = Decoder(Registry.build([], [], []), BrokerSettings())
    source = type("Source", (), {"name": "listen-siadc09"})()
    message = Message(source, f"listen:siadc09/{piece.who}", piece.payload, MOMENTS[number], qos=0)
    found = decoder.decode(message)
    assert isinstance(found, Parts)
    assert not found.rejected
    [heard] = found.heard
    assert (decoder.strangers[heard.device].address, heard.readings, heard.alive) == (account, [], True)
