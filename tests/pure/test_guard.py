"""Thinks. The guard: what must never reach a decoder, and JSON that means one thing only."""

import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.guard import MAX_BYTES, MAX_DEPTH, Malformed, check, json_object, json_scalar, mended
from ingest.reading import Reason


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", None),
        (b"x", None),
        (b"x" * MAX_BYTES, None),
        (b"x" * (MAX_BYTES + 1), Reason.OVERSIZE),
        (b"x" * 2_000_000, Reason.OVERSIZE),
        (nested(MAX_DEPTH), None),
        (nested(MAX_DEPTH + 1), Reason.TOO_DEEP),
        (b"[" * 60_000, Reason.TOO_DEEP),
        (b'{"a":' * 10_000, Reason.TOO_DEEP),
        (b'{"a":"' + b"{" * 1000 + b'"}', None),
        (b'{"a":"\\"' + b"[" * 1000 + b'"}', None),
        (b"[" + b"{}," * 1000 + b"{}]", None),
    ],
)
def test_size_and_depth_are_limited_and_brackets_inside_texts_are_not_depth(payload, reason):
    refused = check(payload)
    assert (refused[0] if refused else None) == reason


def test_a_text_that_is_never_closed_costs_one_look_at_each_byte():
    assert check(b"{" * 20 + b'"' + b'\\"' * 32_000 + b"\\") == (
        Reason.TOO_DEEP,
        "nested deeper than 16 levels",
    )
    assert check(b"{}" * 20 + b'"' + b'\\"' * 32_000 + b"\\") is None


POISON = {
    "nothing": b"",
    "blanks": b"  ",
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "a number too great for a float": b'{"a": 1e999}',
    "an int of 5000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "a lone surrogate, escaped": b'{"a": "\\ud800"}',
    "a lone surrogate before text": b'{"a": "\\ud800 and more"}',
    "a lone low surrogate": b'{"a": "\\udc00"}',
    "a lone surrogate in a key": b'{"\\ud800": 1}',
    "a lone surrogate, encoded": b'{"a": "\xed\xa0\x80"}',
    "not UTF-8": b'{"a": "\xff"}',
    "Latin-1": '{"a": "é"}'.encode("latin-1"),
    "GB 18030": '{"a": "烟感"}'.encode("gb18030"),
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "two documents": b'{"a": 1}\n{"a": 2}',
    "cut off": b'{"a": 1',
    "a comment": b'{"a": 1} // ok',
    "a trailing comma": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "an array": b"[1]",
    "a text": b'"a"',
    "null": b"null",
    "a number": b"1",
    "a raw NUL in a text": b'{"a": "\x00"}',
    "JPEG": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "gzip": b"\x1f\x8b\x08\x00",
    "CBOR": b"\xa1\x61a\x01",
}


@pytest.mark.parametrize("payload", POISON.values(), ids=POISON.keys())
def test_poison_is_refused_with_a_reason(payload):
    with pytest.raises(Malformed) as refused:
        json_object(payload)
    assert str(refused.value)


@pytest.mark.parametrize(
    "payload",
    [
        b'{"smoke":"alarm","smoke":"normal"}',
        b'{"smoke" : "alarm" , "smoke":"normal"}',
        b'{"smoke":"alarm","sm\\u006fke":"normal"}',
        b'{"time":"12:30","smoke":"alarm","smoke":"normal"}',
        b'{"values":{"smoke":"alarm","smoke":"normal"}}',
        b'{"values":{"smoke":"alarm"},"values":{"smoke":"normal"}}',
        b'{"list":[{"smoke":"alarm","smoke":"normal"}]}',
        b'{"a\\u003a":"\\u003a","smoke":"alarm","smoke":"normal"}',
        b'{"a":":","smoke":"alarm","smoke":"normal"}',
        b'{"in":{"a":"\\u003a","smoke":"alarm","smoke":"normal"}}',
        b'{"in":{"a\\u003A":1,"smoke":"alarm","smoke":"normal"}}',
        b'{"in":[{"smoke":"a:b","smoke":{"x":1}}]}',
    ],
)
def test_a_key_given_twice_is_refused_since_readers_would_pick_different_ones(payload):
    with pytest.raises(Malformed, match="twice"):
        json_object(payload)


@pytest.mark.parametrize(
    "payload",
    [
        b"{}",
        b'{"a":1}',
        b' {"a" : {"b" : [1, {"c": ":::"}]} } ',
        b'{"time":"2026-11-22T08:00:00+08:00","a:b":"c:d"}',
        b'{"quote":"\\":","x":1}',
        '{"名称":"烟感：一号"}'.encode(),
        b'{"in":{"a":"\\u6f0f\\u003a","b:":"\\u003c"}}',
        b'{"n": 999999999999999999999999999999}',
    ],
)
def test_honest_objects_pass_with_blanks_colons_escapes_and_any_script(payload):
    assert json_object(payload) == json.loads(payload)


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        (b"true", True),
        (b"87", 87),
        (b'"ON"', "ON"),
        (b"ON", "ON"),
        (b"null", None),
        (b"NaN", "NaN"),
        (b"", ""),
    ],
)
def test_a_bare_value_is_json_or_the_text_itself(payload, value):
    assert json_scalar(payload) == value or json_scalar(payload) is value


def test_a_bare_value_that_is_no_text_is_refused():
    with pytest.raises(Malformed):
        json_scalar(b"\xff\xfe")


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False)
    .filter(math.isfinite) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), plain), st.booleans())
def test_no_honest_object_is_ever_taken_for_one_with_a_repeated_key(body, escaped):
    payload = json.dumps(body, ensure_ascii=escaped).encode()
    if check(payload) is None:
        assert json_object(payload).keys() == body.keys()


@given(st.binary(max_size=300))
def test_no_bytes_get_past_the_guard_as_an_error_of_another_kind(payload):
    check(payload)
    mended(payload)
    for read in (json_object, json_scalar):
        with contextlib.suppress(Malformed):
            read(payload)


@pytest.mark.parametrize(
    ("payload", "whole"),
    [
        (b'{"smoke":"alarm","battery":NaN}', {"smoke": "alarm", "battery": "NaN"}),
        (b'{"a":{"b":[-Infinity, 1e999]}}', {"a": {"b": ["-Infinity", "1e999"]}}),
        (b'{"n":' + b"9" * 5000 + b"}", {"n": "9" * 40}),
        (b'{"smoke":"alarm","smoke":"alarm"}', {"smoke": "alarm"}),
        (b'{"v":{"a":1,"a":1},"v":{"a":1}}', {"v": {"a": 1}}),
    ],
)
def test_a_mistake_of_one_field_alone_is_mended(payload, whole):
    assert json.loads(mended(payload)) == whole


@pytest.mark.parametrize(
    "payload",
    [
        b'{"smoke":"alarm","smoke":"normal"}',
        b'{"smoke":true,"smoke":1}',
        b'{"smoke":"alarm"}',
        b'{"smoke":"alarm","battery":NaN',
        b'{"smoke":"\\ud800","battery":NaN}',
        b"[NaN]",
        b"NaN",
        b"",
        b'{"a":' * 17 + b"NaN" + b"}" * 17,
        b'{"a":' * 9000 + b"NaN",
        b'{"a":NaN,"b":"' + b"x" * MAX_BYTES + b'"}',
    ],
)
def test_what_contradicts_itself_is_broken_or_needs_no_mending_is_left_as_it_is(payload):
    assert mended(payload) is None
