"""Thinks. One SMS as gammu-smsd reads it from its outbox: the file's name, and its parts with their coding.

Names: gammu-smsd-files(7). Content: gammu-smsbackup(5), which names the coding of each part. A plain text
file would not do: unless its settings say otherwise, Debian's 1.42 sends it in seven bits, without Chinese.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from alerts.clean import size

ONE_UNICODE, MANY_UNICODE = 70, 67  # UTF-16 units of a message on its own, and of one part of several
ONE_PLAIN = 160  # septets
MOST = 10  # parts of one message: more is no SMS any more
_TWO_SEPTETS = frozenset("[]{}^~\\|")
_CHUNK = 200  # hexadecimal digits a line


def file_name(number: str, since: int, urgent: bool, mark: str) -> str:
    """gammu-smsd sends in the order of the names: A before C, then what began first."""
    began = datetime.fromtimestamp(since / 1000, UTC).strftime("%Y%m%d_%H%M%S")
    return f"OUT{'A' if urgent else 'C'}{began}_00_{number}_{mark}.smsbackup"


def content(text: str, number: str, flash: bool, reference: int) -> str:
    """`reference` (0 to 255) ties the parts of a long message together on the phone."""
    coding, parts = _parts(text)
    return "\n".join(
        _section(place, part, coding, number, flash, _header(reference, len(parts), place))
        for place, part in enumerate(parts)
    )


def pieces(text: str) -> int:
    """How many messages the network will count."""
    return len(_parts(text)[1])


def _parts(text: str) -> tuple[str, list[str]]:
    if text.isascii() and "`" not in text and len(text) + sum(c in _TWO_SEPTETS for c in text) <= ONE_PLAIN:
        return "Default_No_Compression", [text]
    if size(text) <= ONE_UNICODE:
        return "Unicode_No_Compression", [text]
    return "Unicode_No_Compression", list(_split(text))[:MOST]


def _split(text: str) -> Iterator[str]:
    """Never inside a character of two units."""
    part = ""
    for character in text:
        if size(part) + size(character) > MANY_UNICODE:
            yield part
            part = ""
        part += character
    yield part


def _header(reference: int, parts: int, place: int) -> str:
    """3GPP TS 23.040 §9.2.3.24.1: concatenated short messages, reference of eight bits."""
    return "" if parts == 1 else f"050003{reference:02X}{parts:02X}{place + 1:02X}"


def _section(place: int, text: str, coding: str, number: str, flash: bool, header: str) -> str:
    coded = _hex(text)
    lines = [
        f"Text{line:02d} = {coded[at : at + _CHUNK]}" for line, at in enumerate(range(0, len(coded), _CHUNK))
    ]
    return "\n".join(
        [
            f"[SMSBackup{place:03d}]",
            "PDU = Submit",
            "State = UnSent",
            f'Number = "{number}"',
            f"NumberUnicode = {_hex(number)}",
            *([f"UDH = {header}"] if header else []),
            *lines,
            f"Coding = {coding}",
            f"Length = {size(text)}",
            f"Class = {0 if flash else -1}",
            "",
        ]
    )


def _hex(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()
