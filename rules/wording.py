"""Thinks. What rules look for, in both languages: the pieces that several conditions share."""

from collections.abc import Iterable

from ingest.campus.kinds import WORD_NAMES
from rules.verdict import Text


def either(words: Iterable[str], otherwise: Text | None = None) -> Text:
    """One of these words; in English as they are written in a rule file."""
    found = list(words)
    if not found and otherwise is not None:
        return otherwise
    return Text("或".join(WORD_NAMES.get(word, (word,))[0] for word in found), " or ".join(found))


def limit(above: float | None, below: float | None) -> Text:
    """Of two limits the one that is given."""
    if above is not None:
        return Text(f"高于 {above:g}", f"above {above:g}")
    return Text(f"低于 {below:g}", f"below {below:g}")


def lasting(ms: int) -> Text:
    return Text(f"{ms / 1000:g} 秒", f"{ms / 1000:g} s")
