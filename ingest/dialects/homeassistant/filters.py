"""Thinks. The filters that a value template may use. Each takes a bounded time and makes a bounded text.

They are stricter than Home Assistant's: what is no number is `Unreadable` even where a default is given, and
a constant default for a missing key says nothing, for it is the template's word and not the device's.
"""

import math
from collections.abc import Callable
from typing import Any

from jinja2 import Undefined, UndefinedError

from ingest.value import FALSE, TRUE, affirmed, parsed, shown

MOST = 4096  # characters


class Unreadable(Exception):
    """What the device says cannot be read; the text says why."""


class Null:
    """JSON's null inside a template. It is neither true nor false nor equal to anything."""

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return "None"

    def __bool__(self) -> bool:
        raise Unreadable("null")

    def __eq__(self, other: object) -> bool:
        raise Unreadable("null")


def _text(value: Any) -> str:
    if type(value) is Null or value is None:
        raise Unreadable("null")
    text = value if type(value) is str else str(value)
    if len(text) > MOST:
        raise Unreadable(f"a text of {len(text)} characters")
    return text


def _number(value: Any, *_default: Any, **_other: Any) -> float:
    kind = type(value)
    number = float(value) if kind in (int, float, bool) else parsed(value.strip()) if kind is str else None
    if number is None or not math.isfinite(number):
        raise Unreadable(f"not a number: {'null' if kind is Null else shown(value)}")
    return number


def _whole(value: Any, *_default: Any, **_other: Any) -> int:
    return int(_number(value))


def _yes(value: Any, *_default: Any, **_other: Any) -> bool:
    if affirmed(value):
        return True
    if value is False or value == 0 or _text(value).strip().lower() in FALSE:
        return False
    raise Unreadable(f"neither yes nor no ({', '.join(TRUE + FALSE)}): {shown(value)}")


def _rounded(value: Any, precision: int = 0, method: str = "common", default: Any = None) -> float:
    places = max(0, min(int(_number(precision)), 12))
    number = _number(value)
    if abs(number) > 1e15:
        return number
    if method in ("floor", "ceil"):
        scale = 10.0**places
        return float((math.floor if method == "floor" else math.ceil)(number * scale) / scale)
    return float(round(number, places)) if places else round(number)


def _replaced(value: Any, old: str, new: str) -> str:
    text, old, new = _text(value), _text(old), _text(new)
    if not old or len(text) + text.count(old) * len(new) > MOST:
        raise Unreadable("replace makes too long a text")
    return text.replace(old, new)


def _default(value: Any, fallback: Any, _falsy: bool = False) -> Any:
    """Another key where this one is missing (a constant is refused its effect before: see the template)."""
    return fallback if isinstance(value, Undefined) else value


def _picked(value: Any, yes: Any = True, no: Any = False, none: Any = None) -> Any:
    if type(value) is Null or value is None:
        raise Unreadable("null")
    return yes if value else no


def _end(value: Any, at: int) -> Any:
    if type(value) not in (str, list, tuple):
        raise Unreadable(f"no list: {shown(value)}")
    if not value:
        raise UndefinedError
    return Null() if value[at] is None else value[at]


def _length(value: Any) -> int:
    if type(value) not in (str, list, tuple, dict):
        raise Unreadable(f"has no length: {shown(value)}")
    return len(value)


def _present(read: Callable[..., Any]) -> Callable[..., Any]:
    """A missing key says nothing, whatever would be made of it."""

    def filtered(value: Any, *given: Any, **named: Any) -> Any:
        if isinstance(value, Undefined) or any(isinstance(one, Undefined) for one in given):
            raise UndefinedError
        return read(value, *given, **named)

    return filtered


_OF_A_PRESENT_VALUE: dict[str, Callable[..., Any]] = {
    "is_defined": lambda value: value,
    "float": _number,
    "int": _whole,
    "bool": _yes,
    "round": _rounded,
    "abs": lambda value: abs(_number(value)),
    "add": lambda value, other, default=None: _number(value) + _number(other),
    "multiply": lambda value, other, default=None: _number(value) * _number(other),
    "bitwise_and": lambda value, other: _whole(value) & _whole(other),
    "bitwise_or": lambda value, other: _whole(value) | _whole(other),
    "string": _text,
    "lower": lambda value: _text(value).lower(),
    "upper": lambda value: _text(value).upper(),
    "trim": lambda value: _text(value).strip(),
    "replace": _replaced,
    "iif": _picked,
    "first": lambda value: _end(value, 0),
    "last": lambda value: _end(value, -1),
    "length": _length,
    "count": _length,
}
FILTERS: dict[str, Callable[..., Any]] = {name: _present(read) for name, read in _OF_A_PRESENT_VALUE.items()}
FILTERS |= {"default": _default, "d": _default}
