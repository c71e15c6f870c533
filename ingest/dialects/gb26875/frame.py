"""Thinks. GB/T 26875.3 frames: found in a stream of bytes or of hex text, checked, and answered.

    @@ | number 2 | version 2 | time 6 | source 6 | target 6 | length 2 | command | unit | sum | ##

The frame that ends first wins, whatever stands around it: what is found never depends on how the stream is
cut up, and neither noise nor a frame that claims to be longer than it is can keep back the good one behind.
"""

import base64
import binascii
import re
from collections.abc import Iterator

import msgspec

START, END = b"@@", b"##"
ODD_END = b"55"  # some take the 35 of the standard (decimal) for hexadecimal
LEAST, MOST_UNIT = 30, 1024
MOST = LEAST + MOST_UNIT
SEND, CONFIRM, RESPONSE, DENY = 2, 3, 5, 6
BINARY, HEX, BASE64 = "binary", "hex", "base64"

_HEAD = LEAST - 3  # bytes before the unit
_HEX = re.compile(rb"[0-9A-Fa-f\s]*")
_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]+=*\s*")
# How a frame begins, with a length that it may have: of 64 KB of @ hardly a place is looked at closely.
_BEGINS = re.compile(rb"@@(?=.{22}.[\x00-\x04].{4})", re.DOTALL)
_BEGINS_HEX = re.compile(rb"4040(?=.{44}..0[0-4].{8})", re.DOTALL)
_BLANK = b"\0\r\n\t "


class Frame(msgspec.Struct, frozen=True):
    """`sent`, `source` and `target` are its bytes as they stand; `form` is how it was written."""

    number: int
    version: bytes
    sent: bytes
    source: bytes
    target: bytes
    command: int
    unit: bytes
    form: str = BINARY

    @property
    def sender(self) -> str:
        """The address of the transmitter as a number, "" where none is set."""
        return str(int.from_bytes(self.source, "little") or "")


class Piece(msgspec.Struct, frozen=True):
    """A stretch of the stream: a frame, or why it is none. `denied` is the frame whose sum is wrong."""

    raw: bytes
    frame: Frame | None = None
    why: str = ""
    denied: Frame | None = None


class _Found(msgspec.Struct, frozen=True):
    """A stretch with the head, the length and the end of a frame."""

    start: int
    end: int
    body: bytes
    form: str
    good: bool


def pieces(data: bytes) -> tuple[list[Piece], bytes]:
    """What stands in a stream, in order, and the rest that may become a frame with the bytes to come."""
    found: list[Piece] = []
    at = 0
    while (one := _next(data, at)) is not None:
        found += unread(data[at : one.start])
        found.append(_piece(one, data[one.start : one.end]))
        at = one.end
    return found, data[at:]


def whole(payload: bytes) -> tuple[list[Piece], str]:
    """What stands in a payload to which nothing is added any more, and how it is written."""
    data, form = _plain(payload)
    found, rest = pieces(data)
    return [*found, *unread(rest)], form


def unread(rest: bytes) -> list[Piece]:
    """What is no frame, as one piece; blanks between frames are nothing."""
    return [Piece(rest, why=_why(rest))] if rest.strip(_BLANK) else []


def answer(frame: Frame, command: int, now: bytes) -> bytes:
    """CONFIRM or DENY, written as the frame was. `now`: the six bytes of the time."""
    number = frame.number.to_bytes(2, "little")
    middle = number + frame.version + now + frame.target + frame.source + b"\0\0" + bytes((command,))
    return written(START + middle + bytes((sum(middle) & 0xFF,)) + END, frame.form)


def written(data: bytes, form: str) -> bytes:
    if form == HEX:
        return data.hex().upper().encode()
    return base64.b64encode(data) if form == BASE64 else data


def _plain(payload: bytes) -> tuple[bytes, str]:
    """The bytes that a text stands for; neither alphabet has the @ with which a frame begins."""
    if _HEX.fullmatch(payload):
        try:
            return bytes.fromhex(payload.decode()), HEX
        except ValueError:
            return payload, BINARY  # an odd number of digits: what is whole in it is found all the same
    if _BASE64.fullmatch(payload):
        try:
            data = base64.b64decode(b"".join(payload.split()) + b"==")
        except binascii.Error:
            return payload, BINARY
        if START in data:  # else it only looks like base64, as many a word does
            return data, BASE64
    return payload, BINARY


def _next(data: bytes, at: int) -> _Found | None:
    best: _Found | None = None
    for begins, form in ((_BEGINS, BINARY), (_BEGINS_HEX, HEX)):
        most = best.end if best else len(data)
        mark = begins.search(data, at, most)
        while mark is not None:
            one = _at(data, mark.start(), form)
            if one is not None and (best is None or (one.end, not one.good) < (best.end, not best.good)):
                best, most = one, one.end
            mark = begins.search(data, mark.start() + 1, most)
    return best


def _at(data: bytes, start: int, form: str) -> _Found | None:
    wide = 2 if form == HEX else 1
    head = _bytes(data[start : start + _HEAD * wide], form)
    if len(head) < _HEAD:
        return None
    length = int.from_bytes(head[24:26], "little")
    end = start + (LEAST + length) * wide
    if length > MOST_UNIT or end > len(data):
        return None
    body = _bytes(data[start:end], form)
    if len(body) != LEAST + length or body[-2:] not in (END, ODD_END):
        return None
    good = sum(body[2:-3]) & 0xFF == body[-3]
    return _Found(start, end, body, form, good) if good or body[-2:] == END else None


def _bytes(data: bytes, form: str) -> bytes:
    """The bytes that a stretch stands for; none where it is no hex text."""
    if form == BINARY:
        return data
    try:
        return binascii.unhexlify(data)
    except binascii.Error:
        return b""


def _piece(found: _Found, raw: bytes) -> Piece:
    body = found.body
    frame = Frame(
        int.from_bytes(body[2:4], "little"),
        body[4:6],
        body[6:12],
        body[12:18],
        body[18:24],
        body[26],
        body[27:-3],
        found.form,
    )
    if found.good:
        return Piece(raw, frame)
    why = f"wrong checksum {body[-3]:02x}, the bytes make {sum(body[2:-3]) & 0xFF:02x}: a broken frame"
    return Piece(raw, None, why, frame)


def _why(data: bytes) -> str:
    start = data.find(START)
    if start < 0:
        return _other(data)
    head = data[start : start + _HEAD]
    if len(head) < _HEAD:
        return f"half a frame: {len(data) - start} bytes, the least is {LEAST}"
    length = int.from_bytes(head[24:26], "little")
    if length > MOST_UNIT:
        return f"a broken frame: it claims {length} bytes of data, the most is {MOST_UNIT}"
    end = start + LEAST + length
    if end > len(data):
        return f"half a frame: {len(data) - start} of the {LEAST + length} bytes that it claims"
    tail = data[end - 2 : end].hex()
    return f"a broken frame: behind the {length} bytes of data that it claims stands {tail}, not 2323"


def _other(data: bytes) -> str:
    if _variant(data):
        return (
            "a frame of the 0x68 … 0x16 variant (FSCN8001 and its like), which is sold as GB 26875 and is "
            "another protocol: set the transmitter to GB/T 26875.3-2011, or use its MQTT or JSON output"
        )
    if data.lstrip()[:1] in (b"{", b"["):
        return "JSON, not a frame of GB/T 26875.3: set the gateway to transparent transmission"
    return "no frame of GB/T 26875.3 in it (@@ … ##)"


def _variant(data: bytes) -> bool:
    return any(one[:1] == b"\x68" and one[-1:] == b"\x16" for one in _readings_of(data.strip(b"\r\n\t ")))


def _readings_of(data: bytes) -> Iterator[bytes]:
    """The bytes as they are, and as hex text of others."""
    yield data
    yield _bytes(data, HEX)
