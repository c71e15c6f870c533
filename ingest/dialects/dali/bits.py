"""Thinks. The status bytes of DALI emergency lighting (IEC 62386-202, device type 1), bit by bit.

A lamp that does not answer is off-line: no answer is None and never the byte 0.
"""

from functools import lru_cache
from typing import Any

from ingest.value import UNKNOWN, Value, parsed, shown

MASK = 255  # "unknown", or beyond what the byte can count

_MODE = ("rest mode", "normal mode", "emergency mode", "extended emergency mode", "function test",
         "duration test", "hardwired inhibit active", "hardwired switch on")  # fmt: skip
_FAILURES = ("circuit failure", "battery duration failure", "battery failure", "emergency lamp failure",
             "function test overdue", "duration test overdue", "function test failed",
             "duration test failed")  # fmt: skip
_NO_ANSWER = ("", "none", "null", "no answer", "no response", "timeout", "offline", "n/a")

REST, NORMAL, EMERGENCY, EXTENDED, FUNCTION_TEST, DURATION_TEST = (1 << bit for bit in range(6))
FUNCTION_FAILED, DURATION_FAILED = 0x40, 0x80
FUNCTION_DONE, DURATION_DONE, CHARGED = 0x02, 0x04, 0x08
_LAMP = 0x08


def answered(raw: Any) -> bool:
    return not (raw is None or (isinstance(raw, str) and raw.strip().lower() in _NO_ANSWER))


def byte_of(raw: Any) -> int | None:
    """The byte in `2`, "2", "0x02" or 2.0; None for what is none."""
    if type(raw) is int:
        return raw if 0 <= raw <= 255 else None
    if isinstance(raw, str) and raw[:2].lower() == "0x" and 2 < len(raw) <= 4:
        try:
            return int(raw, 16)
        except ValueError:
            return None
    number = raw if type(raw) is float else parsed(raw)
    if number is None or not 0 <= number <= 255 or number != int(number):
        return None
    return int(number)


def not_read(raw: Any) -> Value:
    return UNKNOWN, f"MASK, or no DALI status byte: {shown(raw)}"


@lru_cache(256)
def power(mode: int) -> Value:
    """Where the light comes from. In a test the mains are there; a lamp at rest stays dark without them."""
    note = "; ".join(named(mode & ~(NORMAL | EMERGENCY | EXTENDED), _MODE))
    if mode & (EMERGENCY | EXTENDED | REST):
        words = [one for one in named(mode, _MODE) if one not in ("normal mode",)]
        return "battery", "; ".join(words)
    if mode & (NORMAL | FUNCTION_TEST | DURATION_TEST):
        return "mains", f"{note} running" if mode & (FUNCTION_TEST | DURATION_TEST) else note
    return UNKNOWN, f"no mode: {shown(mode)}"


def lamp(failures: int) -> Value:
    return ("fault", "emergency lamp failure") if failures & _LAMP else ("normal", "")


@lru_cache(1000)
def fault(failures: int | None, mode: int | None = None, status: int | None = None) -> Value:
    """Everything that is wrong, by the bytes that are known. An inhibited light stays dark without mains."""
    notes = named(failures or 0, _FAILURES)
    if mode is not None and mode & 0x40:
        notes.append("hardwired inhibit")
    if status is not None and status & 0x01:
        notes.append("inhibited for up to 15 minutes")
    return ("fault", "; ".join(notes)) if notes else ("normal", "")


def charge(raw: int) -> Value:
    return (UNKNOWN, "MASK: the charge is not known") if raw == MASK else (round(raw / 254 * 100, 1), "")


def minutes(raw: int) -> int | None:
    """Of a duration test, or of the rated duration; None where it is longer than the byte can count."""
    return None if raw == MASK else raw * 2


def named(byte: int, names: tuple[str, ...]) -> list[str]:
    return [name for bit, name in enumerate(names) if byte >> bit & 1]


def result(status: int | None, failures: int | None, done: int, failed: int) -> str | None:
    """The result of a test as far as the two bytes are known: it is valid once it is done."""
    if failures is not None and failures & failed:
        return "failed"
    return "passed" if status is not None and status & done and failures is not None else None
