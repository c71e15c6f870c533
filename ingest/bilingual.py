"""Thinks. A text in both languages at once: what Tocsin itself notes of a reading, for whoever reads it.

It is one plain string, so it is stored and travels like any other note; where nobody says a language,
both are read ("首次 / first"). What a device has said bears no marks and passes as it is.
"""

import re

_MARK = "\u2063"  # invisible, and shown by nothing
_SPAN = re.compile(f"{_MARK}([^{_MARK}]*){_MARK} / ([^{_MARK}]*){_MARK}")


def both(zh: str, en: str) -> str:
    """May be joined with any other text, but not put into another such text."""
    return f"{_MARK}{zh.replace(_MARK, '')}{_MARK} / {en.replace(_MARK, '')}{_MARK}"


def told(text: str, language: str) -> str:
    """The text for a reader of "zh" or "en"."""
    return _SPAN.sub(r"\1" if language == "zh" else r"\2", text) if _MARK in text else text


def plain(text: str) -> str:
    """For programs: both languages, without the marks."""
    return text.replace(_MARK, "")
