"""Thinks. How a mistake in a person's file is told: where it is, what stands there, what was meant."""

import difflib
from collections.abc import Iterable
from typing import NamedTuple

KeyPath = tuple[str | int, ...]


class Position(NamedTuple):
    """Where something stands in a file, or in a sheet of a workbook; line and column count from 1."""

    file: str
    line: int
    column: int
    sheet: str = ""

    def __str__(self) -> str:
        if self.sheet:
            return f"{self.file} {self.sheet}!{_letters(self.column)}{self.line}"
        return f"{self.file}:{self.line}:{self.column}"


class Failed(Exception):
    """The command could not be done; the message is one sentence for the person."""


class Mistakes(Exception):
    """What is wrong with a person's files: one line a mistake, all of them at once."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = list(lines)
        super().__init__("\n".join(self.lines))


def told(position: Position | str, path: KeyPath | str, *sentences: str) -> str:
    """One mistake as one line: `file:line:col  path  got …  did you mean …?`."""
    place = path if isinstance(path, str) else path_text(path)
    return "  ".join(part for part in (str(position), place, *sentences) if part)


def path_text(path: KeyPath) -> str:
    """`("channels", "duty", "steps", 2)` as `channels.duty.steps[2]`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def did_you_mean(word: object, choices: Iterable[str]) -> str:
    """A question when one choice is near, the choices when they are few, else nothing."""
    known = list(choices)
    near = difflib.get_close_matches(str(word), known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"one of: {', '.join(known)}" if 0 < len(known) <= 12 else ""


def _letters(column: int) -> str:
    """1 is A, 27 is AA, as a spreadsheet names its columns."""
    text = ""
    while column > 0:
        column, letter = divmod(column - 1, 26)
        text = chr(ord("A") + letter) + text
    return text
