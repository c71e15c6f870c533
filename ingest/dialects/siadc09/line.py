"""Thinks. The line of SIA DC-09: found in a stream, checked, taken apart, and written.

    LF | sum 4 | length 4 | "id" number 4 [Rreceiver] [Lline] [#account] [ data ] [extra]… _time | CR

The sum is CRC-16/ARC over all from the first quote to before CR, the length that of the same. Of an encrypted
line (`"*id"`) everything behind the first bracket is hex text.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

SUPERVISION, SIA, CONTACT_ID, HEARTBEAT = "NULL", "SIA-DCS", "ADM-CID", "OH"
WRONG = -1  # no moment at all: the clock of the panel is wrong

_END = re.compile(rb"[\r\n\x14]")
_BEGIN = re.compile(rb"[^\0\r\n\x14\t ]")
_HEAD = re.compile(rb'([0-9A-Fa-f]{4})([0-9A-Fa-f]{4})"')
_BLANK = b"\0\r\n\x14\t "
_LINE = re.compile(
    rb'(?:<x0A>)?([0-9A-Fa-f]{4})([0-9A-Fa-f]{4})("(\*?)([A-Z0-9-]{2,12})"(\d{4})'
    rb"(R[0-9A-Fa-f]{1,6})?(L[0-9A-Fa-f]{1,6})?#?([0-9A-Fa-f]{1,16})?\[(.*))",
    re.DOTALL,
)
_HEARTBEAT = re.compile(rb"SR\d{4}L\d{4}\s+([0-9A-Fa-f]{1,16})X*\s+\[[^\]]*\]")  # supervision of another age
_DATA = re.compile(r"((?:\^[^^]*+\^|[^\]])*+)\](.*)", re.DOTALL)  # possessive: it never looks back
_TIME = re.compile(r"_(\d\d):(\d\d):(\d\d),(\d\d)-(\d\d)-(\d{1,4})\s*$")
_STAMP = re.compile(rb"_[\d:]{8},[\d-]{5}-\d{4}$")
_HEX = re.compile(r"[0-9A-Fa-f]+")


class Line(msgspec.Struct, frozen=True):
    """`receiver`, `line` and `said` (the account) as they stand; `rest` is what follows the first bracket."""

    body: bytes
    token: str
    starred: bool
    number: str
    receiver: str
    line: str
    said: str
    rest: str
    good_sum: bool = True
    good_length: bool = True

    @property
    def account(self) -> str:
        return self.said.upper()

    @property
    def encrypted(self) -> bool:
        return self.starred and _HEX.fullmatch(self.rest) is not None

    @property
    def data(self) -> tuple[str, int | None] | None:
        """What stands in the first brackets, and the time (ms; WRONG, None without one); None if cut off."""
        found = _DATA.match(self.rest)
        return (found[1], _moment(found[2])) if found else None


def pieces(data: bytes) -> tuple[list[bytes], bytes]:
    """What stands in a stream, in order, and the rest that may become a line with the bytes to come."""
    found: list[bytes] = []
    at = 0
    while begin := _BEGIN.search(data, at):
        at = begin.start()
        mark = found_end.start() if (found_end := _END.search(data, at)) else len(data) + 1
        end = _whole(data, at, mark) or mark
        if end > len(data):
            return found, data[at:]
        found.append(data[at:end])
        at = end
    return found, b""


def _whole(data: bytes, at: int, mark: int) -> int | None:
    """Where a line ends, before the mark that ends lines, that is complete by its length and its sum and that
    nothing can follow: some panels send no CR. Without the time in it only the CR tells."""
    head = _HEAD.match(data, at)
    if head is None:
        return None
    end = at + 8 + int(head[2], 16)
    if end > len(data) or end >= mark:
        return None
    body = data[at + 8 : end]
    timed = body[1:2] == b"*" or _STAMP.search(body)
    return end if timed and checksum(body) == int(head[1], 16) else None


def read(raw: bytes) -> Line | str:
    """A piece of the stream as a line, or why it is none."""
    raw = raw.strip(_BLANK)
    found = _LINE.match(raw)
    if found is None:
        beat = _HEARTBEAT.match(raw)
        if beat is not None:
            return Line(raw, HEARTBEAT, False, "0000", "", "", beat[1].decode(), "]")
        return _why(raw)
    total, length, body, star, token, number, receiver, line, account, rest = found.groups(b"")
    claimed, size = int(total, 16), int(length, 16)
    good = checksum(body) == claimed
    if not good and body[size : size + 1] == b"_" and checksum(body[:size]) == claimed:
        good, size = True, len(body)  # some makers count the time to neither of them
    return Line(
        body,
        token.decode(),
        bool(star),
        number.decode(),
        receiver.decode(),
        line.decode(),
        account.decode(),
        rest.decode("utf-8", "replace"),
        good,
        len(body) == size,
    )


def _why(raw: bytes) -> str:
    if raw[:1] in (b"{", b"[") and raw[-1:] in (b"}", b"]"):
        return "JSON, not a line of SIA DC-09: let the gateway pass on the line unchanged, or use a mapping"
    return 'no line of SIA DC-09 in it (CRC and length, "SIA-DCS" or "ADM-CID", number, #account, [data])'


def written(body: str) -> bytes:
    plain = body.encode("utf-8", "replace")
    return b"\n%04X%04X%b\r" % (checksum(plain), len(plain), plain)


def _arc(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_ARC = [_arc(byte) for byte in range(256)]


def checksum(body: bytes) -> int:
    total, table = 0, _ARC
    for byte in body:
        total = table[(total ^ byte) & 0xFF] ^ total >> 8
    return total


def _moment(tail: str) -> int | None:
    found = _TIME.search(tail)
    if found is None:
        return None
    hour, minute, second, month, day, year = map(int, found.groups())
    try:
        return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1000
    except ValueError:
        return WRONG


class Event(msgspec.Struct, frozen=True):
    """`code`: two letters of SIA, or a qualifier and three digits of Contact ID. `area` and `zone` are "" for
    none; `text` is what the panel calls the place."""

    code: str
    area: str = ""
    zone: str = ""
    text: str = ""


_ACCOUNT = re.compile(r"#([0-9A-Fa-f]{1,16})")
_CONTACT = re.compile(r"\s*([1-9])\s?([0-9A-Fa-f]{3})\s([0-9A-Fa-f]{2})\s([0-9A-Fa-f]{3})\b")
_MARKED = re.compile(r"[NO](?=[a-z]{2}\d|[A-Z]{2})")  # a new event, an old one
_BARE = re.compile(r"(?:[a-z]{2}\d[\d:.\-]*/?)*[A-Z]{2}\d")
_PARTS = re.compile(r"(?:\^[^^]*+\^?|[^/^])+")  # a text may hold the mark that parts the rest
_PART = re.compile(r"((?:[a-z]{2}\d[\d:.\-]*)*)(?:([A-Z]{2})(\d{0,6})(.*))?", re.DOTALL)
_AREA = re.compile(r"ri(\d{1,6})")


def events(token: str, data: str) -> tuple[str, list[Event]]:
    """The account within the brackets ("" where it is missing), and the events.

    Bars part the blocks. Before the first stand the account, the padding of a line that was encrypted, or
    nothing; but some panels leave out the bar, and some the letter that begins an event.
    """
    blocks = data.split("|")
    account = next((found[1] for one in blocks if (found := _ACCOUNT.fullmatch(one.strip()))), "")
    behind, every = blocks[1:], [*blocks[1:], blocks[0]]
    ways = (
        [(_contact, every)] if token == CONTACT_ID else [(_marked, behind), (_marked, every), (_bare, every)]
    )
    tried = ([event for block in some for event in read_block(block)] for read_block, some in ways)
    return account.upper(), next(filter(None, tried), [])


def _contact(block: str) -> Iterator[Event]:
    if found := _CONTACT.match(block):
        qualifier, code, area, zone = found.groups()
        yield Event(qualifier + code.upper(), _plain(area), _plain(zone))


def _marked(block: str) -> Iterator[Event]:
    return _sia(block[1:]) if _MARKED.match(block) else iter(())


def _bare(block: str) -> Iterator[Event]:
    return _sia(block) if _BARE.match(block) else iter(())


def _sia(block: str) -> Iterator[Event]:
    area = ""
    for part in _PARTS.findall(block):
        found = _PART.match(part)
        if found is None:
            continue
        if said := _AREA.search(found[1]):
            area = _plain(said[1])
        if found[2]:
            zone = _plain(found[3])
            # Without a number of its own the event is of the zone that some makers put where the area stands.
            yield Event(found[2], area if zone else "", zone or area, _text(found[4]))


def _plain(number: str) -> str:
    return number.lstrip("0").upper()


def _text(said: str) -> str:
    return "".join(mark for mark in said if mark.isprintable()).strip("^*|\"'’ ")[:60]
