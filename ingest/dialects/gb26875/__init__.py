"""Thinks. GB/T 26875.3: user information transmitters (用户信息传输装置) over MQTT, or by our own listener.

`<base>/<transmitter>` and `…/up` carry frames: bytes, hex text or base64, several stuck together, or broken.
Who speaks is the transmitter of the topic, which the broker guards; below it a panel is
`<transmitter>/<system>.<number>` and a component `<transmitter>/<system>.<number>.<type>.<zone>-<point>`.
A transmitter repeats what was not confirmed: over MQTT the answer goes to `<base>/<transmitter>/down`.
"""

import re
from collections.abc import Iterable

from ingest.dialects.dialect import (
    IGNORED,
    SAMPLE_BYTES,
    Known,
    Result,
    Said,
    link,
    malformed,
    no_definitions,
)
from ingest.dialects.gb26875 import data
from ingest.dialects.gb26875.fields import stamp, when
from ingest.dialects.gb26875.frame import CONFIRM, DENY, RESPONSE, SEND, Frame, Piece, answer, whole, written
from ingest.guard import check_size
from ingest.reading import Parts, Reason, Rejected, TimeQuality

NAME = "gb26875"
BASES = ("gb26875",)
INTERVAL = {
    "": 0,
    "gateway": 3600,
}  # only the transmitter speaks by itself, and the standard says not how often
define = no_definitions

_ADDRESS = re.compile(r"([^/]+)(?:/\d{1,3}\.\d{1,3}(?:\.\d{1,3}\.\d{1,5}-\d{1,5})?)?")
_UP, _DOWN, _LINK = "up", "down", ("link", "status")
_VENDOR = 128  # commands and types of data from here on are each maker's own


def topics(known: Known) -> list[str]:
    return ["+", "+/up", "+/link", "+/status"]


def filters(address: str, known: Known) -> list[str]:
    found = _ADDRESS.fullmatch(address)
    return [found[1], f"{found[1]}/{_UP}"] if found else []


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    transmitter, _, what = rest.partition("/")
    if not transmitter or what not in ("", _UP, _DOWN, *_LINK):
        return None
    if what in _LINK:
        return (transmitter,)
    return () if what == _DOWN else (transmitter, "")


def guard(rest: str, payload: bytes) -> tuple[Reason, str] | None:
    return check_size(payload)


def decode(said: Said) -> Result:
    transmitter, _, what = said.rest.partition("/")
    if what in _LINK:
        return link(said) if said.payload else IGNORED
    if not said.payload.strip():
        return IGNORED if said.retained else malformed("empty payload", said)
    found, form = whole(said.payload)
    if all(piece.frame is None for piece in found) and len(found) < 2 and what != _UP:
        return malformed(found[0].why if found else "blanks only", said)
    parts = Parts()
    hearing = data.Hearing(said, transmitter)
    for piece in found:
        _hear(piece, hearing, parts)
        if what == _UP and not said.retained and (reply := confirmation(piece, said.received)):
            parts.replies.append((_down(said), written(reply, form)))
    parts.heard = hearing.heard()
    parts.announced = list(hearing.announced.values())
    parts.learned = hearing.learned
    return parts


def confirmation(piece: Piece, now: int) -> bytes:
    """What the transmitter waits for once the piece is stored; b"" for nothing."""
    frame = piece.frame or piece.denied
    if frame is None or frame.command != SEND:
        return b""
    return answer(frame, CONFIRM if piece.frame else DENY, stamp(now, frame.sent))


def _down(said: Said) -> str:
    return f"{said.topic.removesuffix(_UP)}{_DOWN}"


def _hear(piece: Piece, hearing: data.Hearing, parts: Parts) -> None:
    said, frame = hearing.said, piece.frame
    if frame is None:
        parts.rejected.append(_because(Reason.MALFORMED, piece.why, piece, said))
        return
    if (other := _impostor(frame, hearing)) is not None:
        detail = f"the topic is of {hearing.transmitter!r}, the frame says {other!r}"
        parts.rejected.append(_because(Reason.IDENTITY, detail, piece, said))
        return
    moment, quality = when(frame.sent, said.received, said.retained)
    # Only with a clock that goes right is (time, number) never used again: many always send the number 0.
    hearing.begin(moment if quality is TimeQuality.DEVICE else None, frame.number)
    if frame.command in (SEND, RESPONSE):
        troubles: Iterable[str] = data.unit(frame.unit, hearing)
    else:
        troubles = (f"command {frame.command} is the maker's own",) if frame.command >= _VENDOR else ()
    parts.rejected += [_because(Reason.MALFORMED, trouble, piece, said) for trouble in troubles]


def _impostor(frame: Frame, hearing: data.Hearing) -> str | None:
    """The address in the frame, if it is that of another registered transmitter than the topic's."""
    sender = frame.sender
    if not sender or sender == hearing.transmitter:
        return None
    other = hearing.said.known.registered(sender)
    return sender if other is not None and other.id != hearing.device("").id else None


def _because(reason: Reason, detail: str, piece: Piece, said: Said) -> Rejected:
    return Rejected(reason, detail, said.topic, piece.raw[:SAMPLE_BYTES], said.received, said.device.id)
