"""Thinks. The guard before every decoder: size and depth of a payload, and JSON that means one thing only.

What it keeps out: payloads over 64 KB, nesting that exhausts the stack, NaN and infinities, numbers of
thousands of digits, text that is not UTF-8, lone surrogates, and keys given twice (of `"smoke":"alarm"`
and `"smoke":"normal"` in one object every reader would pick another).
"""

import json
import math
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
_DIGITS = 18  # longer ones are no measurement, and not every reader takes them
_encode = msgspec.json.Encoder().encode


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
    colons = payload.count(b":")
    if colons != len(found):  # neither flat nor without colons in its texts
        no_key_twice(payload, colons, found)
    return found


def no_key_twice(payload: bytes, colons: int, found: Any) -> None:
    """Raises Malformed if an object in the payload has a key twice. `colons` are the payload's, `found` is
    what decoding found in it.

    Every key has a colon, which is missing when `found` is written again without it. Only an escaped colon
    could make up for that.
    """
    if colons != _encode(found).count(b":") or (payload.find(b"\\") >= 0 and b"\\u003" in payload):
        look_closely(payload)


def escaped(payload: bytes) -> bool:
    """Whether there is a backslash in it. (`in` and `count` would cost many times as much.)"""
    return payload.find(b"\\") >= 0


def look_closely(payload: bytes) -> None:
    """The same for what was not decoded as a whole. It costs far more than decoding."""
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


def mended(payload: bytes) -> bytes | None:
    """The payload with the mistakes mended that concern one field alone: NaN, infinities and numbers too
    great for anybody become texts, which no metric understands; of a key given twice alike one stays. None
    where that was not all that is wrong, or nothing was."""
    if len(payload) > MAX_BYTES or payload.lstrip()[:1] != b"{" or _depth(payload) > MAX_DEPTH:
        return None
    marks: list[str] = []

    def text(number: str) -> str:
        marks.append(number)
        return number[:40]

    def pairs(some: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in some:
            if key in found and _encode(found[key]) != _encode(value):
                raise Malformed(key)
            marks.extend([key] * (key in found))
            found[key] = value
        return found

    try:
        body = json.loads(
            payload.decode(),
            parse_constant=text,
            parse_int=lambda number: int(number) if len(number) < _DIGITS else text(number),
            parse_float=lambda number: float(number) if math.isfinite(float(number)) else text(number),
            object_pairs_hook=pairs,
        )
        return _encode(body) if marks else None
    except (ValueError, RecursionError):  # also what msgspec says of a lone surrogate
        return None


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


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(f"the key {twice[:60]!r} is given twice; which one is meant cannot be known")
    return found
