"""Thinks. The language of expressions (CEL): a text into what can be judged, and judging it.

The engine has no time limit, so a text may hold no loop, and is short. Every name in it is looked up in the
table of rules/askable.py: a field that nothing has is found when the rules are loaded, not at night.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from rules.askable import FIELDS, LABELS, Here
from rules.celtext import LONGEST, Fault, asked, cut, mistakes


class Parsed(NamedTuple):
    """A text without a mistake. `fields`: those of FIELDS that it asks for; `labels`: of the device; `words`:
    the texts in it. `timed`: the passing of time alone can change what it says."""

    text: str
    fields: tuple[str, ...]
    labels: tuple[str, ...]
    words: frozenset[str]
    timed: bool


@lru_cache(maxsize=1024)
def parsed(text: str) -> Parsed | Fault:
    """The text, or the first mistake in it."""
    if len(text) > LONGEST:
        return Fault(f"{len(text)} characters", 1, f"expected at most {LONGEST}")
    pieces = cut(text)
    if isinstance(pieces, Fault):
        return pieces
    wrong = next(mistakes(pieces), None)
    if wrong is not None:
        return wrong
    try:
        _compiled(text)
    except ValueError as error:
        return _refused(text, str(error))
    fields = dict.fromkeys(path for path, _ in asked(pieces))
    labels = dict.fromkeys(label for _, label in asked(pieces) if label)
    words = frozenset(piece.text[1:-1] for piece in pieces if piece.kind == "text")
    timed = any(map(_passes, fields))
    return Parsed(text, tuple(fields), tuple(labels), words, timed)


def judge(known: Parsed, here: Here) -> bool:
    """What the expression says. Raises whatever the engine makes of values that it cannot work with."""
    given: dict[str, Any] = {}
    for path in known.fields:
        root, _, field = path.partition(".")
        value = FIELDS[path](here)
        if path == LABELS:
            value = {label: value.get(label, "") for label in known.labels}
        if field:
            given.setdefault(root, {})[field] = value
        else:
            given[root] = value
    said = _ran(known.text, given)
    if not isinstance(said, bool):
        raise TypeError(f"it said {said!r}, which is neither true nor false")
    return said


def fixed(known: Parsed, here: Here) -> tuple[object, ...]:
    """What it is told that the passing of time alone does not change."""
    found: list[object] = []
    for path in known.fields:
        if path == LABELS:
            found += [here.device.labels.get(label, "") for label in known.labels]
        elif not _passes(path):
            value = FIELDS[path](here)
            found.append(tuple(value) if isinstance(value, list) else value)
    return tuple(found)


def _passes(path: str) -> bool:
    return path == "now" or path.startswith("calendar.")


def shown(known: Parsed, here: Here) -> str:
    """What it was told besides the value of the reading, for a person."""
    parts = []
    for path in known.fields:
        if path == LABELS:
            parts += [f"label {label} = {here.device.labels.get(label, '')!r}" for label in known.labels]
        elif path not in ("reading.value", "reading.metric", "device.id"):
            value = FIELDS[path](here)
            parts.append(f"{path} = {value.isoformat(' ') if isinstance(value, datetime) else value}")
    return ", ".join(parts)


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Any:
    import cel  # it brings a terminal of its own along: only where an expression is used

    return _safely(lambda: cel.compile(text))


def _ran(text: str, given: dict[str, Any]) -> object:
    return _safely(lambda: _compiled(text).execute(given))


def _safely(act: Callable[[], Any]) -> Any:
    """A panic of the engine is no Exception, and would end the writer's turn: here it becomes one."""
    try:
        return act()
    except (Exception, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise ValueError(f"the engine of expressions failed: {error}") from None


def _refused(text: str, said: str) -> Fault:
    """The first complaint of the engine about how the text is built."""
    match = re.search(r"<input>:(\d+):(\d+): (?:Syntax error: )?([^\n]*)", said)
    if match is None:
        return Fault(text[:20], 1, said[:160])
    lines = text.splitlines(keepends=True)[: int(match[1]) - 1]
    at = sum(map(len, lines)) + int(match[2])
    return Fault(text[at : at + 10] or "the end", at + 1, f"cannot be read there: {match[3][:100]}")
