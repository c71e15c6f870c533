"""Thinks. One section of a mapping as a person wrote it, and a sentence for what should not be in it."""

from difflib import get_close_matches
from typing import Any

_SHOWN = {str: "text", int: "a whole number", dict: "a mapping", list: "a list", bool: "true or false"}


class Section:
    """Takes the entries out of a mapping one by one; what is left in the end was misspelt."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise ValueError(f"{where or 'a mapping'}: must be a mapping such as {{metric: smoke}}")
        self._left = dict(value)
        self._known: list[str] = []
        self.where = where

    def take(self, name: str, *kinds: type, default: Any = None) -> Any:
        self._known.append(name)
        value = self._left.pop(name, None)
        if value is None:
            return default
        if kinds and not (isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))):
            self.wrong(name, f"{_got(value)} must be {' or '.join(_SHOWN.get(k, 'a number') for k in kinds)}")
        return value

    def wrong(self, name: str, sentence: object) -> None:
        raise ValueError(f"{self.at(name)}: {sentence}")

    def at(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    def done(self) -> None:
        for name in self._left:
            raise ValueError(f"{self.at(str(name))}: is not known here{close(str(name), self._known)}")


def close(wrong: str, known: list[str] | tuple[str, ...], say: str = "known are") -> str:
    """`; did you mean …?`, or what there is."""
    near = get_close_matches(wrong[:60], known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; {say} {', '.join(known)}"


def _got(value: Any) -> str:
    return repr(value) if isinstance(value, str | int | float) else f"a {type(value).__name__}"
