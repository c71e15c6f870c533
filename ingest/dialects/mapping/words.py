"""Thinks. The word list of a field: which word of the device is which word of the metric."""

from typing import Any

import msgspec

from ingest.campus.kinds import Form, Metric
from ingest.dialects.hazard import CALM
from ingest.dialects.mapping.path import plain
from ingest.dialects.mapping.section import Section, close
from ingest.value import UNKNOWN

NOTHING = "nothing"  # a word that says nothing of this metric
MOST, MOST_OPEN = 500, 100  # words, and those of them with a *


class Words(msgspec.Struct, frozen=True):
    """`ALARM*` begins so, `*ALARM*` has it somewhere; of several that fit the longest counts."""

    exact: dict[str, str | float]
    parts: tuple[tuple[str, bool, bool, str | float], ...]  # the text, open before it, open after it, meant

    def find(self, text: str) -> str | float | None:
        word = self.exact.get(text)
        if word is not None or not self.parts:
            return word
        for part, before, after, meant in self.parts:
            if (before and after and part in text) or (before and not after and text.endswith(part)):
                return meant
            if after and not before and text.startswith(part):
                return meant
        return None


def words(told: dict[Any, Any], metric: Metric, section: Section) -> Words:
    """Compiles a word list. Raises ValueError in words."""
    if len(told) > MOST:
        section.wrong("words", f"has more than {MOST} words")
    exact: dict[str, str | float] = {}
    parts = []
    for raw, meant in told.items():
        text, word = plain(raw), _meant(raw, meant, metric, section)
        part = text.strip("*")
        if "*" in part:
            section.wrong("words", f"{raw!r} has a * in the middle; it may only begin or end a word")
        if part == text:
            exact[text] = word
        else:
            parts.append((part, text.startswith("*"), text.endswith("*"), word))
    if len(parts) > MOST_OPEN:
        section.wrong("words", f"has more than {MOST_OPEN} words with a *")
    return Words(exact, tuple(sorted(parts, key=lambda entry: -len(entry[0]))))


def _meant(raw: Any, meant: Any, metric: Metric, section: Section) -> str | float:
    if metric.form is Form.NUMBER and type(meant) in (int, float) and plain(raw).strip("*"):
        if not metric.low <= meant <= metric.high:
            section.wrong("words", f"{meant} is not within {metric.low:g} to {metric.high:g} {metric.unit}")
        return float(meant)
    known = (*metric.words, UNKNOWN, NOTHING)
    if not isinstance(meant, str) or meant not in known:
        hint = close(str(meant), known, "its words are")
        section.wrong("words", f"{str(meant)!r} is no word of {metric.name!r}{hint}")
    if meant in CALM and plain(raw).strip("*") in ("null", ""):
        section.wrong("words", f"{str(raw)!r} is not understood or says nothing, which is never {meant!r}")
    return str(meant)
