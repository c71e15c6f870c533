"""Thinks. Text that others typed, made fit to pass on: visible, on one line, and no more than text."""

import unicodedata
from functools import lru_cache

ELLIPSIS = "…"

# What could pass for our own words (prefixes, quotation marks), or be acted on by a chat (markup, mentions).
_DISARM = str.maketrans(
    {"【": "(", "】": ")", "[": "(", "]": ")", "「": "'", "」": "'", "“": "'", "”": "'", '"': "'", "`": "'",
     "<": "‹", ">": "›", "*": "·", "_": "-", "~": "-", "|": "/", "\\": "/", "@": "＠", "#": "＃", "&": "+"}
)  # fmt: skip


@lru_cache(maxsize=4096)  # the same names of places and devices come again and again
def clean(text: str, longest: int = 200) -> str:
    """One line of visible characters: no control, direction or private-use character, no runs of spaces."""
    seen = (" " if _blank(character) else character for character in text if not _hidden(character))
    return cut(" ".join("".join(seen).split()), longest)


def quoted(text: str, language: str = "zh", longest: int = 200) -> str:
    """Foreign text between quotation marks it cannot contain, with nothing in it that a chat would act on."""
    washed = clean(text.translate(_DISARM).replace("://", ": //"), longest)
    return f"“{washed}”" if language == "en" else f"「{washed}」"


def size(text: str) -> int:
    """UTF-16 units: what an SMS counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def cut(text: str, longest: int) -> str:
    """At most `longest` units; a text that was cut ends in an ellipsis, in ASCII where it is ASCII itself:
    one other character would more than halve what an SMS holds."""
    if size(text) <= longest:
        return text
    if longest < 1:
        return ""
    mark = "..." if text.isascii() and longest > 3 else ELLIPSIS
    room = longest - len(mark)
    kept = text[:room]
    while size(kept) > room:
        kept = kept[:-1]
    return kept.rstrip() + mark


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in ("Cf", "Cs", "Co", "Cn")


def _blank(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Zl", "Zp", "Zs")
