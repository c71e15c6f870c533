"""Touches. Draws the life cycle from its own tables: `python -m alerts.drawing docs/lifecycle.md`.

Only main() touches; a test compares the page with drawing().
"""

import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path

from alerts.alert import Acknowledgement, Activity, Latch, Origin, Pair, Verification
from alerts.lifecycle import AFRESH, BECOMES, MOVES, SAME, WORDS
from rules.verdict import Text

BEGIN, END = "<!-- drawn from alerts/lifecycle.py: do not edit -->", "<!-- end of the drawing -->"

# The words an alert may be raised with, where it is not only the first of its axis.
FIRST: dict[str, tuple[StrEnum, ...]] = {
    "activity": (Activity.ACTIVE,),
    "acknowledgement": (Acknowledgement.NO, Acknowledgement.NOT_NEEDED),
    "verification": (Verification.PENDING, Verification.NOT_NEEDED),
    "pair": (Pair.NOT_NEEDED, Pair.IF_CONFIRMED),
    "latch": (Latch.FREE, Latch.HELD),
    "origin": (Origin.RULE, Origin.PERSON),
}


def drawing() -> str:
    """The two tables as Markdown: a diagram an axis, what is refused, and what a joint state becomes."""
    lines = [part for axis in MOVES for part in _axis(axis)]
    return "\n".join([*lines, *_refusals(), *_becomes()])


def redrawn(page: str) -> str:
    """The page with a new drawing between its marks."""
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{drawing()}\n{END}{after}"


def _axis(axis: str) -> Iterator[str]:
    yield f"### {axis}"
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield "    direction LR"
    for word in FIRST.get(axis, WORDS[axis][:1]):
        yield f"    [*] --> {word}"
    for (old, new), facts in _edges(axis).items():
        yield f"    {old} --> {new}: {', '.join(facts)}"
    yield "```"
    yield ""


def _edges(axis: str) -> dict[tuple[str, str], list[str]]:
    edges: dict[tuple[str, str], list[str]] = {}
    for fact, row in MOVES[axis].items():
        for word, cell in zip(WORDS[axis], row, strict=True):
            for new in _targets(axis, word, cell):
                edges.setdefault((word, new), []).append(fact)
    for pattern, words in BECOMES:
        for word in pattern.get(axis, ()) if axis in words else ():
            known = edges.setdefault((word, words[axis]), [])
            known += [cause] if (cause := _conditions(pattern, axis)) not in known else []
    return edges


def _targets(axis: str, word: str, cell: object) -> tuple[str, ...]:
    if cell is AFRESH:
        return tuple(new for new in FIRST[axis] if new != word)
    return () if cell is SAME or isinstance(cell, Text) else (str(cell),)


def _conditions(pattern: Mapping[str, tuple[StrEnum, ...]], axis: str) -> str:
    names = [f"{name} {'/'.join(words)}" for name, words in pattern.items() if name != axis]
    return f"({' and '.join(names)})" if len(names) < 3 else "(see the last table)"


def _refusals() -> Iterator[str]:
    yield "### What is refused, and what the guard reads"
    yield ""
    yield "| facts | while | 中文 | English |"
    yield "|---|---|---|---|"
    refused: dict[tuple[str, str, Text], list[str]] = {}
    for axis, rows in MOVES.items():
        for fact, row in rows.items():
            for text in dict.fromkeys(cell for cell in row if isinstance(cell, Text)):
                words = [word for word, cell in zip(WORDS[axis], row, strict=True) if cell == text]
                refused.setdefault((axis, " / ".join(words), text), []).append(fact)
    for (axis, where, text), facts in refused.items():
        yield f"| {', '.join(facts)} | {axis} {where} | {text.zh} | {text.en} |"
    yield ""


def _becomes() -> Iterator[str]:
    yield "### What a joint state becomes at once"
    yield ""
    yield "| while all of these hold | it becomes |"
    yield "|---|---|"
    for pattern, words in BECOMES:
        conditions = "; ".join(f"{axis} {' / '.join(allowed)}" for axis, allowed in pattern.items())
        yield f"| {conditions} | {'; '.join(f'{axis} {word}' for axis, word in words.items())} |"
    yield ""


def main() -> None:
    page = Path(sys.argv[1])
    page.write_text(redrawn(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
