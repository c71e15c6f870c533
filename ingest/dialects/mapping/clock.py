"""Thinks. The clock of a mapping: how a device writes the time, as the person who mapped it has told."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from ingest.moment import milliseconds
from ingest.value import parsed

Moment = int | str | None  # ms since 1970; a text where it is no time, which is then told as implausible
NO_TIME = "no time"

_NUMBERS = {"ms": 1, "s": 1000, "us": 0.001}
_PARTS = {
    "%Y": r"(?P<Y>\d{4})",
    "%y": r"(?P<y>\d{2})",
    "%m": r"(?P<m>\d{1,2})",
    "%d": r"(?P<d>\d{1,2})",
    "%H": r"(?P<H>\d{1,2})",
    "%I": r"(?P<I>\d{1,2})",
    "%M": r"(?P<M>\d{2})",
    "%S": r"(?P<S>\d{2})",
    "%f": r"(?P<f>\d{1,9})",
    "%p": r"(?P<p>[AaPp])[Mm]?",
    "%a": r"[^\W\d]{1,20}",
}
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")


def clock(form: str, zone: str | None) -> Callable[[Any], Moment]:
    """How a time is read: `form` is ms, s, us, iso, or a pattern. Raises ValueError in words."""
    if form in _NUMBERS:
        return _number(_NUMBERS[form])
    if form == "iso":
        return _iso(_zone(zone) if zone else None)
    if "%" not in form:
        raise ValueError(f"{form!r} is not one of ms, s, us, iso or a pattern such as '%Y-%m-%d %H:%M:%S'")
    if zone is None:
        raise ValueError(f"{form!r} needs a `zone` beside it, such as '+08:00': the text does not say it")
    return _pattern(form, _zone(zone))


def _zone(name: str) -> tzinfo:
    found = _OFFSET.fullmatch(name)
    if found:
        span = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return timezone(-span if found[1] == "-" else span)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"{name!r} is no zone such as '+08:00' or Asia/Shanghai") from None


def _number(factor: float) -> Callable[[Any], Moment]:
    def read(raw: Any) -> Moment:
        number = raw if type(raw) in (int, float) else parsed(raw)
        return int(number * factor) if number is not None and abs(number) < 1e17 else NO_TIME

    return read


def _iso(zone: tzinfo | None) -> Callable[[Any], Moment]:
    def read(raw: Any) -> Moment:
        if not isinstance(raw, str) or len(raw) > 40:
            return NO_TIME
        try:
            moment = datetime.fromisoformat(raw.strip())
        except ValueError:
            return NO_TIME
        return _ms(moment if moment.tzinfo or zone is None else moment.replace(tzinfo=zone))

    return read


def _pattern(form: str, zone: tzinfo) -> Callable[[Any], Moment]:
    pieces = re.split(r"(%[A-Za-z])", form)
    strange = next((piece for piece in pieces if piece[:1] == "%" and piece not in _PARTS), None)
    if strange is not None:
        raise ValueError(f"{strange!r} in {form!r} is not one of {' '.join(_PARTS)}")
    if any(pieces.count(part) > 1 for part in _PARTS):
        raise ValueError(f"{form!r} has one part twice")
    there = set(pieces)
    if not ({"%Y", "%y"} & there and {"%m", "%d"} <= there and {"%H", "%I"} & there):
        raise ValueError(f"{form!r} must have year, month, day and hour")
    if ("%I" in there) != ("%p" in there):
        raise ValueError(f"{form!r}: %I (1 to 12) and %p (A or P) belong together")
    match = re.compile("".join(_PARTS.get(piece) or re.escape(piece) for piece in pieces)).fullmatch

    def read(raw: Any) -> Moment:
        found = match(raw.strip()) if isinstance(raw, str) and len(raw) <= 80 else None
        return _made(found.groupdict(), zone) if found else NO_TIME

    return read


def _made(part: dict[str, str], zone: tzinfo) -> Moment:
    year = int(part["Y"]) if "Y" in part else 2000 + int(part["y"])
    hour = int(part.get("H") or part["I"])
    if "I" in part:
        hour = hour % 12 + 12 * (part["p"] in "Pp")
    micro = int(part.get("f", "0").ljust(6, "0")[:6])
    minute, second = int(part.get("M", 0)), int(part.get("S", 0))
    try:
        return _ms(datetime(year, int(part["m"]), int(part["d"]), hour, minute, second, micro, zone))
    except ValueError:
        return NO_TIME


def _ms(moment: datetime) -> Moment:
    found = milliseconds(moment.isoformat())
    return NO_TIME if found is None else found
