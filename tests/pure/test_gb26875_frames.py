"""Thinks. GB/T 26875.3 frames: wrapped, stuck together, broken, longer than they should be, and cut up."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dialects.gb26875.frame import pieces
from ingest.reading import Ignored, Reason, Rejected
from tests.fakes.gb26875 import FIRE, NORMAL, component, frame, unit
from tests.pure.test_dialect_gb26875 import NOW, decode, said, states

GOOD = states(component(FIRE))


@pytest.mark.parametrize(
    "payload",
    [
        GOOD,
        GOOD.hex().encode(),
        GOOD.hex(" ").upper().encode() + b"\r\n",
        base64.b64encode(GOOD),
        base64.b64encode(GOOD).rstrip(b"=") + b"\n",
        b"\0\xff@noise@" + GOOD + b"\r\n",
        b"ERR " + GOOD.hex().encode(),
        states(component(FIRE), end=b"55"),
    ],
    ids=["bytes", "hex", "spaced-hex", "base64", "unpadded", "noise", "noise-hex", "decimal-end"],
)
def test_a_frame_is_found_however_it_is_wrapped(payload):
    assert said(decode(payload), "smoke")["smoke"] == "alarm"


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (states(component(NORMAL), error=1), "wrong checksum"),
        (states(component(NORMAL), end=b"#\x13"), "not 2323"),
        (GOOD[:-20], "half a frame"),
        (GOOD[:12], "half a frame"),
        (GOOD[:24] + b"\xff\xff" + GOOD[26:], "the most is 1024"),
    ],
    ids=["checksum", "end", "half", "stump", "length"],
)
def test_a_broken_frame_is_told_and_the_good_one_beside_it_is_heard(broken, why):
    alone = decode(broken)
    assert isinstance(alone, Rejected)
    assert why in alone.detail
    for payload in (broken + GOOD, GOOD + broken, GOOD + broken + GOOD):
        found = decode(payload)
        assert said(found, "smoke")["smoke"] == "alarm"
        assert [one.reason for one in found.rejected] == [Reason.MALFORMED]


def test_sticky_frames_are_all_heard():
    found = decode(states(component(FIRE)) + states(component(FIRE, type=23, point=2), number=2))
    assert said(found, "smoke")["smoke"] == "alarm"
    assert said(found, "call")["call_point"] == "alarm"


def test_the_0x68_variant_is_recognised_and_told():
    variant = bytes.fromhex("68 0500 01 02 0304 0a 16")
    for payload in (variant, variant.hex().encode()):
        found = decode(payload)
        assert isinstance(found, Rejected)
        assert "0x68" in found.detail


def test_json_and_blank_payloads_are_told():
    assert "JSON" in decode(b'{"data": 1}').detail
    assert isinstance(decode(b"  "), Rejected)
    assert isinstance(decode(b"", retain=True), Ignored)


def test_longer_objects_are_split_equally_and_missing_ones_are_told():
    longer = component(FIRE) + NOW + b"own", component(FIRE, type=23, point=2) + NOW + b"own"
    found = decode(frame(unit(2, *longer), NOW))
    assert said(found, "smoke")["smoke"] == said(found, "call")["call_point"] == "alarm"
    found = decode(frame(b"\2\3" + component(FIRE) + NOW + b"rest", NOW))
    assert said(found, "smoke")["smoke"] == "alarm"
    assert [one.detail for one in found.rejected] == ["3 objects are announced and 1 are there"]


def test_more_objects_than_the_count_says_are_heard_if_each_has_its_time():
    body = component(NORMAL) + NOW + component(FIRE, type=23, point=2) + NOW
    assert said(decode(frame(b"\2\1" + body, NOW)), "call")["call_point"] == "alarm"


@pytest.mark.parametrize("data", [b"\2", b"\2\1", b"\2\0", b"\4\2\3", b"\6\1\1\1\5\1", b"\xfe\1", b"\x50\1a"])
def test_data_that_cannot_be_understood_is_told_and_is_a_sign_of_life(data):
    found = decode(frame(data, NOW))
    assert len(found.rejected) == 1
    assert [one.device for one in found.heard if one.alive] == ["gw"]


@pytest.mark.parametrize("command", [1, 3, 4, 6])
def test_what_is_no_data_is_a_sign_of_life_only(command):
    found = decode(frame(b"", NOW, command=command))
    assert [(one.device, one.readings) for one in found.heard] == [("gw", [])]
    assert not found.rejected


# ---- whatever comes ------------------------------------------------------------------------------------

UNITS = st.builds(bytes.__add__, st.binary(min_size=2, max_size=2), st.binary(max_size=120))


def _fine(found):
    refused = [found] if isinstance(found, Rejected) else getattr(found, "rejected", [])
    assert all(one.reason is not Reason.FAILED for one in refused), refused


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["", "/up"]))
def test_no_bytes_make_it_fail(payload, below):
    _fine(decode(payload, topic=f"gb26875/889{below}"))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 40), UNITS, st.binary(min_size=6, max_size=6), st.integers(0, 255))
def test_no_data_of_a_whole_frame_makes_it_fail(kind, data, sent, command):
    for one in (data, bytes((kind,)) + data[1:]):
        _fine(decode(frame(one, sent, command=2)))
        _fine(decode(frame(one, sent, command=command)))


STREAMS = st.lists(
    st.one_of(
        st.builds(frame, UNITS, st.just(NOW), number=st.integers(0, 65535), error=st.sampled_from([0, 0, 1])),
        st.builds(lambda data: frame(data, NOW).hex().encode(), UNITS),
        st.binary(max_size=40),
        st.just(GOOD[:40]),
        st.just(b"@@"),
    ),
    max_size=6,
).map(b"".join)


@settings(max_examples=200, deadline=None)
@given(STREAMS, st.lists(st.integers(1, 90), min_size=1, max_size=20))
def test_however_a_stream_is_cut_up_the_same_pieces_are_found(stream, sizes):
    whole = pieces(stream)
    found, rest, at, turn = [], b"", 0, 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        new, rest = pieces(rest + stream[at : at + size])
        found += new
        at, turn = at + size, turn + 1
    assert (found, rest) == whole
