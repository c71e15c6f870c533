"""Thinks. What must be true of whatever a dialect makes of any message at all."""

from collections.abc import Iterator
from typing import Any

import msgspec

from ingest.campus.kinds import METRICS, Form
from ingest.dialects.dialect import Known, Said
from ingest.reading import Announced, Decoded, Ignored, Parts, Reading, Reason, Rejected

EVENTS = frozenset(metric.name for metric in METRICS.values() if metric.form is Form.EVENT)
LONGEST_NOTE = 2000
_FROM, _TO = -(2**53), 2**53  # the moments that a reading may have


def wrong(found: Any, retain: bool = False) -> str | None:
    """What is wrong with a result, or None."""
    return next(_wrong(found, retain), None)


def _wrong(found: Any, retain: bool) -> Iterator[str]:
    if isinstance(found, Ignored):
        return
    parts = found if isinstance(found, Parts) else Parts()
    for one in [found] if isinstance(found, Decoded) else parts.heard:
        yield from _of_decoded(one, retain)
    for refused in [found] if isinstance(found, Rejected) else parts.rejected:
        if refused.reason is Reason.FAILED:
            yield f"our decoder failed: {refused.detail}"
        yield from _text("the reason of a refusal", refused.detail, LONGEST_NOTE)
    for announced in parts.announced:
        yield from _of_announced(announced)
    for topic, payload in parts.replies:
        if type(topic) is not str or type(payload) is not bytes:
            yield f"a reply of {type(topic).__name__} and {type(payload).__name__}"
    yield from _json("what is learned", parts.learned)


def _of_decoded(decoded: Decoded, retain: bool) -> Iterator[str]:
    if type(decoded.device) is not str or not decoded.device:
        yield f"readings of no device: {decoded.device!r}"
    if retain and decoded.alive:
        yield "a retained message counts as a sign of life"
    if (decoded.boot is None) != (decoded.sequence is None):
        yield "a boot number without a sequence number, or the other way round"
    for reading in decoded.readings:
        yield from _of_reading(reading, decoded.device)
        if retain and not reading.retained:
            yield "a reading of a retained message is not marked"


def _of_reading(reading: Reading, device: str) -> Iterator[str]:
    metric, value = METRICS.get(reading.metric), reading.value
    if reading.device != device:
        yield f"a reading of {reading.device!r} under {device!r}"
    if metric is None:
        yield f"no metric is called {reading.metric!r}"
    elif metric.form is Form.NUMBER and type(value) is float:
        if not metric.low <= value <= metric.high:
            yield f"{reading.metric} is {value}"
    elif value != "unknown" and value not in metric.words:
        yield f"{reading.metric} is {value!r}"
    if type(reading.event_time) is not int or not _FROM < reading.event_time < _TO:
        yield f"a moment {reading.event_time!r}"
    yield from _text("a note", reading.note, LONGEST_NOTE)


def _of_announced(announced: Announced) -> Iterator[str]:
    for text in (announced.address, announced.kind, announced.name, announced.model, announced.note):
        yield from _text("what is announced", text, LONGEST_NOTE)
    yield from _json("a proposal", announced.document)


def _text(what: str, text: Any, longest: int) -> Iterator[str]:
    if type(text) is not str:
        yield f"{what} is {type(text).__name__}"
        return
    if len(text) > longest:
        yield f"{what} has {len(text)} characters"
    try:
        text.encode()
    except UnicodeEncodeError:
        yield f"{what} cannot be stored: {text[:40]!r}"


def _json(what: str, value: Any) -> Iterator[str]:
    """It survives the way to the disk and back as it is."""
    try:
        if msgspec.json.decode(msgspec.json.encode(value)) != value:
            yield f"{what} comes back different: {value!r:.200}"
    except (TypeError, ValueError, RecursionError) as error:
        yield f"{what} cannot be stored: {error}"


def impure(decode: Any, said: Said) -> str | None:
    """Whether decoding twice differs, or changes what it was given."""
    known: Known = said.known
    learned = msgspec.json.encode(known.learned)
    before = msgspec.structs.astuple(said)
    first, second = decode(said), decode(said)
    if msgspec.structs.astuple(said) != before:
        return "decoding changed the message"
    if msgspec.json.encode(known.learned) != learned:
        return "decoding wrote into what is learned"
    return None if first == second else f"decoded twice: {first!r:.300} and {second!r:.300}"
