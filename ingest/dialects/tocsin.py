"""Thinks. Tocsin's own dialect: `<base>/<device>/reading` and `…/link`, as docs/dialects/tocsin.md says."""

import re
from difflib import get_close_matches
from typing import Any

import msgspec

from ingest.campus.kinds import KINDS, OURS
from ingest.dialects.dialect import (
    IGNORED,
    Known,
    Result,
    Said,
    json_guard,
    link,
    malformed,
    no_definitions,
    rejected,
)
from ingest.guard import Malformed, no_key_twice
from ingest.moment import event_time
from ingest.reading import Decoded, Reading, Reason
from ingest.value import READERS, Reader, Value, shown

NAME = "tocsin"
BASES = ("campus",)
INTERVAL: dict[str, int] = {}
guard, define = json_guard, no_definitions

_LEVEL = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_MOST = 2**63 - 1


def _canary(raw: Any) -> Value:
    """Whom it is for, as our own message says it; the desk understands it."""
    return "alarm", raw if isinstance(raw, str) and len(raw) <= 200 else ""


_SERVICE: dict[str, Reader] = {"loop": READERS["loop"], "canary_call": _canary}
_OTHERS: dict[str, Reader] = {name: read for name, read in READERS.items() if name not in OURS}
_READERS_OF = {kind: _SERVICE if kind == "service" else _OTHERS for kind in KINDS}


def topics(known: Known) -> list[str]:
    return ["+/reading", "+/link"]


def filters(address: str, known: Known) -> list[str]:
    return [f"{address}/reading", f"{address}/link"]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    name, _, what = rest.partition("/")
    if not _LEVEL.fullmatch(name) or what not in ("reading", "link", "command"):
        return None
    return () if what == "command" else (name,)


def decode(said: Said) -> Result:
    payload = said.payload
    if said.rest.endswith("/link"):
        return link(said) if payload else IGNORED
    if not payload and said.retained:
        return IGNORED
    try:
        return _reading(said)
    except Malformed as error:
        empty = "empty payload (a retained message that was cleared looks like this)"
        return malformed(error if payload else empty, said)
    except _Impostor as error:
        return rejected(Reason.IDENTITY, str(error), said)


class _Impostor(Exception):
    """The payload names another device than the topic."""


class _Body(msgspec.Struct, gc=False, omit_defaults=True):
    """The JSON of a reading. Only `values` must be right: a wrong number or time must not cost an alarm."""

    values: dict[str, Any]
    boot: Any = None
    seq: Any = None
    time: Any = None
    device: Any = None


_decode_body = msgspec.json.Decoder(_Body).decode


def _body(payload: bytes) -> _Body:
    try:
        body = _decode_body(payload)
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from None
    keys = 5 + len(body.values) - (body.boot, body.seq, body.time, body.device).count(None)
    colons = payload.count(b":")
    if keys != colons:
        no_key_twice(payload, colons, body)
    return body


def _reading(said: Said) -> Decoded:
    body, device, received, retained = _body(said.payload), said.device, said.received, said.retained
    values, named = body.values, body.device
    if named is not None and named != device.id and named != said.address:
        raise _Impostor(f"the topic is of device {device.id!r}, the payload says {shown(named)}")
    moment, quality = event_time(body.time, received, retained)
    readers = _READERS_OF[device.kind]
    readings: list[Reading] = []
    strange: list[str] = []
    name = device.id
    for metric, raw in values.items():
        read = readers.get(metric)
        if read is None:
            strange.append(metric)
            continue
        value = read(raw)
        if value is not None:
            readings.append(Reading(name, metric, value[0], received, moment, quality, retained, value[1]))
    if strange:
        _tell(strange, values, readings, readers)
    boot, sequence = body.boot, body.seq
    for number in (boot, sequence):  # a sequence number alone starts again at every boot: no identity
        if type(number) is not int or not 0 <= number <= _MOST:
            return Decoded(name, readings, alive=not retained)
    return Decoded(name, readings, boot, sequence, not retained)


def _tell(
    strange: list[str], values: dict[str, Any], readings: list[Reading], readers: dict[str, Reader]
) -> None:
    """A misspelt metric must not vanish: refuse a message of such only, else say so on its first reading."""
    names = ", ".join(repr(name[:60]) for name in strange[:3])
    if len(strange) == len(values):
        close = get_close_matches(strange[0], readers, n=1) if len(strange[0]) <= 60 else []
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise Malformed(f"no metric of this kind of device: {names}{hint}")
    if readings:
        first = readings[0]
        note = f"{first.note}; not a metric: {names}".lstrip("; ")
        readings[0] = msgspec.structs.replace(first, note=note)
