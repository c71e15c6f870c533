"""Thinks. The guard before every decoder: size and depth of a payload, and JSON that means one thing only.

What it keeps out: payloads over 64 KB, nesting that exhausts the stack, NaN and infinities, numbers of
thousands of digits, text that is not UTF-8, lone surrogates, and keys given twice (of `"smoke":"alarm"`
and `"smoke":"normal"` in one object every reader would pick another).
"""

import json
import re
from typing import Any

import msgspec

from ingest.reading import Reason

MAX_BYTES = 64 * 1024
MAX_DEPTH = 16
MAX_FIELDS = 4096

# Possessive and with an optional end: it never looks twice at a byte, whatever an attacker leaves open.
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.?)*+"?|[\[\]{}]', re.DOTALL)
_decode_object = msgspec.json.Decoder(dict[str, Any]).decode


class Malformed(ValueError):
    """A payload that is not JSON we can trust; its text says what and where."""


def check_size(payload: bytes, most: int = MAX_BYTES) -> tuple[Reason, str] | None:
    """The same for what is no JSON."""
    if len(payload) > most:
        return Reason.OVERSIZE, f"{len(payload)} bytes; the limit is {most}"
    return None


def check(payload: bytes, most: int = MAX_BYTES, fields: int = MAX_FIELDS) -> tuple[Reason, str] | None:
    """Why this payload must not be decoded at all, or None. One pass; nothing is parsed."""
    if len(payload) > most:
        return check_size(payload, most)
    if len(payload) > fields and payload.count(b":") + payload.count(b",") > fields:
        return Reason.TOO_DEEP, f"more than {fields} fields"
    # So few brackets cannot nest too deep: the careful look below is paid by almost no message.
    if payload.count(b"{") + payload.count(b"[") > MAX_DEPTH and _depth(payload) > MAX_DEPTH:
        return Reason.TOO_DEEP, f"nested deeper than {MAX_DEPTH} levels"
    return None


def json_object(payload: bytes) -> dict[str, Any]:
    """The JSON object in a payload that passed `check`. Raises Malformed with the reason."""
    try:
        found = _decode_object(payload)
    except (ValueError, RecursionError) as error:  # msgspec's own errors are ValueErrors
        raise Malformed(str(error)) from None
    if payload.count(b":") != len(found):  # neither flat nor without colons in its texts
        no_key_twice(payload, _keys(found), found)
    return found


def no_key_twice(payload: bytes, keys: int, found: dict[str, Any]) -> None:
    """Raises Malformed if an object in the payload has a key twice. `keys` are all the keys that decoding
    found; `found` is any part of it that may hold colons in its texts.

    Every key has one colon, so only a payload with more colons than keys needs a second look. An escaped
    character could feign a colon: with a backslash a text explains nothing.
    """
    extra = payload.count(b":") - keys
    if extra and (b"\\" in payload or extra != _colons_in_texts(found)):
        try:
            json.loads(payload, object_pairs_hook=_unique)
        except Malformed:
            raise
        except (ValueError, RecursionError) as error:
            raise Malformed(str(error)) from None


def json_scalar(payload: bytes) -> Any:
    """One JSON value, or the text itself where it is no JSON (`87`, `"ON"`, `ON`). Raises Malformed."""
    try:
        return msgspec.json.decode(payload)
    except (ValueError, RecursionError):
        try:
            return payload.decode()
        except UnicodeDecodeError as error:
            raise Malformed(str(error)) from None


def _depth(payload: bytes) -> int:
    """Of its deepest place, or of the first that is too deep."""
    depth = deepest = 0
    for token in _STRING_OR_BRACKET.finditer(payload):
        mark = token[0]
        if mark in (b"{", b"["):
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                break
        elif mark in (b"}", b"]"):
            depth -= 1
    return deepest


def _keys(found: Any) -> int:
    """How many keys the objects in a value have in all."""
    if type(found) is dict:
        total, values = len(found), found.values()
    else:
        total, values = 0, found
    for value in values:
        if type(value) is dict or type(value) is list:
            total += _keys(value)
    return total


def _colons_in_texts(found: Any) -> int:
    """Not those in keys: a payload with such is looked at again."""
    total = 0
    for value in found.values() if type(found) is dict else found:
        if type(value) is str:
            total += value.count(":")
        elif type(value) is dict or type(value) is list:
            total += _colons_in_texts(value)
    return total


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(f"the key {twice[:60]!r} is given twice; which one is meant cannot be known")
    return found
