"""Thinks. The fields of GB/T 26875.3 that every maker writes in his own way: times, texts, objects."""

import codecs
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from ingest.moment import event_time
from ingest.reading import TimeQuality

CHINA = timezone(timedelta(hours=8))  # the standard's times have no zone; there is no summer time
TIME = 6  # bytes
WRONG = -1  # no moment at all: the clock of the device is wrong

# type of data → bytes of one object without its time, and of the time behind it
LAYOUT: dict[int, tuple[int, int]] = {
    1: (4, TIME),
    2: (40, TIME),
    3: (10, TIME),
    4: (4, TIME),
    5: (4, 0),
    7: (38, 0),
    8: (2, TIME),
    21: (1, TIME),
    24: (2, TIME),
    25: (2, 0),
    28: (0, TIME),
}

Object = tuple[bytes, bytes]  # the body and the bytes of its time (none: b"")


def moment(raw: bytes, received: int) -> int:
    """Six bytes s m h D M Y as ms: plain binary, or BCD where only that gives a plausible time."""
    binary = _moment(raw)
    if not _plausible(binary, received) and is_bcd(raw):
        other = _moment(bytes(10 * (one >> 4) + (one & 15) for one in raw))
        return other if _plausible(other, received) else binary
    return binary


def when(raw: bytes, received: int, retained: bool) -> tuple[int, TimeQuality]:
    return event_time(moment(raw, received) if raw else None, received, retained)


def is_bcd(raw: bytes) -> bool:
    return all(one >> 4 < 10 and one & 15 < 10 for one in raw)


def stamp(now: int, like: bytes) -> bytes:
    """A moment as six bytes, in the way in which `like` is written."""
    plain = _stamp(now // 1000)
    if not _plausible(_moment(like), now) and is_bcd(like) and _plausible(moment(like, now), now):
        return bytes(one // 10 << 4 | one % 10 for one in plain)
    return plain


@lru_cache(maxsize=512)
def _moment(raw: bytes) -> int:
    second, minute, hour, day, month, year = raw
    try:
        return int(datetime(2000 + year, month, day, hour, minute, second, tzinfo=CHINA).timestamp()) * 1000
    except ValueError:
        return WRONG


@lru_cache(maxsize=8)
def _stamp(second: int) -> bytes:
    at = datetime.fromtimestamp(second, UTC).astimezone(CHINA)
    return bytes((at.second, at.minute, at.hour, at.day, at.month, at.year % 100))


def _plausible(said: int, received: int) -> bool:
    return event_time(said, received)[1] is TimeQuality.DEVICE


def text(raw: bytes) -> str:
    """GB 18030, padded with NUL or blanks; a character that was cut at the end is left out."""
    decoder = codecs.getincrementaldecoder("gb18030")("replace")
    said = decoder.decode(raw.partition(b"\0")[0])
    return "".join(mark for mark in said if mark.isprintable()).strip()


def objects(unit: bytes) -> tuple[list[Object], str]:
    """The objects of an application data unit of a type in LAYOUT, and what is wrong with it ("" mostly)."""
    body, time = LAYOUT[unit[0]]
    count, data = unit[1], unit[2:]
    size = body + time
    if not count or len(data) < size:
        return (
            [],
            f"data of type {unit[0]} is too short: {count} objects of {size} bytes in {len(data)} bytes",
        )
    there, over = divmod(len(data), size)
    if there < count:
        return _cut(data, size, there, body, time), f"{count} objects are announced and {there} are there"
    if not over and there > count and time:  # the number is wrong, not the objects, if each has its time
        every = _cut(data, size, there, body, time)
        if all(_moment(stamp) != WRONG for _, stamp in every):
            return every, ""
    longer = len(data) // count if len(data) % count == 0 else size  # a maker's own bytes behind each object
    return _cut(data, longer, count, body, time), ""


def _cut(data: bytes, stride: int, count: int, body: int, time: int) -> list[Object]:
    found = []
    for at in range(0, stride * count, stride):
        one = data[at : at + stride]
        raw = one[body : body + time]
        if stride > body + time and time and _moment(raw) == WRONG and _moment(one[-time:]) != WRONG:
            raw = one[-time:]
        found.append((one[:body], raw))
    return found
