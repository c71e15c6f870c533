"""Thinks. Paths into a payload: a small part of JSONPath, compiled once, without anything that can run away.

`$` is the whole message, and what has no `$` starts at the device's own part of it. Steps: `.name`,
`["a name with blanks"]`, `[0]`, `[-1]`, and `[name=word]`: the first object of a list in which `name` is
`word`. `[*]`, every entry of a list or an object, is only for `each`.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

MISSING: Any = object()  # the payload has no such thing: it says nothing, which is not "no"
MOST_STEPS = 12
_MOST_TEXT = 1000  # of a longer text only the beginning is compared with words

_NAME = r"""[^\s.\[\]"'=*$]+"""
_STEP = re.compile(
    rf"""\.(?P<name>{_NAME})
      | \[(?P<index>-?\d{{1,4}})\]
      | \[(?P<q>["'])(?P<quoted>[^"']*)(?P=q)\]
      | (?P<every>\[\*\])
      | \[\s*(?P<key>{_NAME}|"[^"]*")\s*=\s*(?P<word>[^\]"'\[]+?|"[^"]*")\s*\]""",
    re.VERBOSE,
)


class Every:
    """The step `[*]`."""


class Where(msgspec.Struct, frozen=True):
    """The step `[name=word]`."""

    key: str
    word: str


Step = str | int | Where | type[Every]


class Path(msgspec.Struct, frozen=True):
    """`whole`: it starts at the message, else at the part of it that `each` has found."""

    text: str
    whole: bool
    steps: tuple[Step, ...]
    get: Callable[[Any], Any]  # the value there, or MISSING

    @property
    def searches(self) -> bool:
        """Whether it walks through a list of the whole message: once a message, not for every entry of it."""
        return self.whole and any(type(step) is Where for step in self.steps)


def path(text: Any, every: bool = False) -> Path:
    """Compiles a path. Raises ValueError in words."""
    if not isinstance(text, str) or not text or len(text) > 200:
        raise ValueError(f"{text!r} is no path such as $.data.smoke")
    whole = text.startswith("$")
    rest = text[1:] if whole else text if text.startswith("[") else f".{text}"
    steps = tuple(_steps(rest, text))
    if len(steps) > MOST_STEPS:
        raise ValueError(f"{text!r} has more than {MOST_STEPS} steps")
    if Every in steps and not every:
        raise ValueError(f"{text!r}: [*] is for `each`, which then reads a device from every entry")
    return Path(text, whole, steps, _getter(steps))


def _steps(rest: str, text: str) -> Iterator[Step]:
    at = 0
    while at < len(rest):
        found = _STEP.match(rest, at)
        if found is None:
            near = rest[at : at + 20]
            raise ValueError(
                f"{text!r} cannot be read at {near!r}; a path is like $.a.b[0].c, with "
                '["…"] around a name that has blanks or dots'
            )
        at = found.end()
        yield _step(found)


def _step(found: re.Match[str]) -> Step:
    if found["index"]:
        return int(found["index"])
    if found["every"]:
        return Every
    if found["key"]:
        return Where(found["key"].strip('"'), plain(found["word"].strip('"')))
    return found["name"] or found["quoted"] or ""


def _getter(steps: tuple[Step, ...]) -> Callable[[Any], Any]:
    if len(steps) == 1 and type(steps[0]) is str:
        [key] = steps
        return lambda value: value.get(key, MISSING) if type(value) is dict else MISSING

    def get(value: Any) -> Any:
        for step in steps:
            value = _stepped(value, step)
            if value is MISSING:
                break
        return value

    return get


def _stepped(value: Any, step: Step) -> Any:
    if type(value) is dict:
        return value.get(step, MISSING) if type(step) is str else MISSING
    if type(value) is not list:
        return MISSING
    if type(step) is int:
        return value[step] if -len(value) <= step < len(value) else MISSING
    if type(step) is Where:
        key, word = step.key, step.word
        for entry in value:
            if type(entry) is dict and key in entry and plain(entry[key]) == word:
                return entry
    return MISSING


def walk(value: Any, steps: tuple[Step, ...], key: Any = "") -> Iterator[tuple[Any, Any]]:
    """What `each` finds: (the key or number of the innermost `[*]`, the entry)."""
    for at, step in enumerate(steps):
        if step is Every:
            inner = value.items() if type(value) is dict else enumerate(value) if type(value) is list else ()
            for name, entry in inner:
                yield from walk(entry, steps[at + 1 :], name)
            return
        value = _stepped(value, step)
        if value is MISSING:
            return
    yield key, value


def plain(raw: Any) -> str:
    """A raw value as words are compared: 1, 1.0 and "1" are one, and so are true, "True" and "TRUE"."""
    kind = type(raw)
    if kind is str:
        return str(raw[:_MOST_TEXT]).strip().casefold()
    if kind is int:
        return str(raw) if -1e15 < raw < 1e15 else ""
    if kind is bool:
        return "true" if raw else "false"
    if kind is float and -1e15 < raw < 1e15:
        return str(int(raw)) if raw == int(raw) else str(raw)
    return "null" if raw is None else ""
