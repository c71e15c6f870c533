"""Thinks. One mapping of a rule file: its values by type, every mistake noted with line and column."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNIT = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_LONGEST = 366 * _UNIT["d"]


def parse_duration(text: str) -> int | None:
    """A duration such as 90s, 10m, 2h, 1d or 1.5h in ms; None where it is none or above 366 days."""
    match = _DURATION.fullmatch(text)
    length = round(float(match[1]) * _UNIT[match[2]]) if match else None
    return length if length is not None and length <= _LONGEST else None


def meant(got: object, known: Iterable[str]) -> str:
    """The hint for a name that is not known: the nearest one, or all of them."""
    names = sorted(known)
    near = get_close_matches(str(got), names, 1)
    return f"did you mean '{near[0]}'?" if near else f"expected one of: {', '.join(names)}"


class Section:
    """A mapping as the YAML reader gave it (ruamel.yaml round-trip, so that each key knows its line).

    Every accessor notes a mistake instead of raising and returns something harmless.
    """

    def __init__(self, node: object, file: str, path: str, mistakes: list[str]) -> None:
        self.node: dict[str, object] = node if isinstance(node, dict) else {}
        self.file = file
        self.path = path
        self.mistakes = mistakes
        self._lines = getattr(node, "lc", None)

    @property
    def line(self) -> int:
        return 1 if self._lines is None else int(self._lines.line) + 1

    def has(self, key: str) -> bool:
        return key in self.node

    def wrong(self, key: str, hint: str, item: int | None = None, got: str | None = None) -> None:
        """Note a mistake in the value of `key` (of its list entry `item`); `got`: the part of it that is."""
        value = self.node.get(key) if got is None else got
        if item is not None and isinstance(value, list):
            value = value[item]
        self.mistakes.append(f"{self.where(key, item)}  got {_shown(value)}  {hint}")

    def where(self, key: str, item: int | None = None) -> str:
        """The place of the value of `key` (of its list entry `item`), as a mistake would name it."""
        line, column = self._place(key)
        path = f"{self.path}.{key}" if self.path else key
        listed = self.node.get(key)
        if item is not None and isinstance(listed, list):
            path = f"{path}[{item}]"
            line, column = item_place(listed, item) or (line, column)
        return f"{self.file}:{line + 1}:{column + 1}  {path}"

    def only(self, allowed: Iterable[str]) -> None:
        """Every key that is not one of `allowed` is a mistake."""
        names = list(allowed)
        for key in self.node:
            if key not in names:
                line, column = self._place(key, of_key=True)
                path = f"{self.path}.{key}" if self.path else f"{key}"
                hint = f"unknown key; {meant(key, names)}"
                self.mistakes.append(f"{self.file}:{line + 1}:{column + 1}  {path}  got {key!r}  {hint}")

    def section(self, key: str, what: str) -> "Section | None":
        """The mapping under `key`; None where there is none. `what` says what it should be."""
        node = self.node.get(key)
        if isinstance(node, dict):
            path = f"{self.path}.{key}" if self.path else key
            return Section(node, self.file, path, self.mistakes)
        self.wrong(key, f"expected {what}")
        return None

    def each(self, key: str, what: str) -> "list[Section]":
        """The mappings under `key`: one, or a list of them. `what` says what each should be."""
        node = self.node.get(key)
        if not isinstance(node, list):
            one = self.section(key, what)
            return [] if one is None else [one]
        path = f"{self.path}.{key}" if self.path else key
        found = []
        for place, item in enumerate(node):
            if isinstance(item, dict):
                found.append(Section(item, self.file, f"{path}[{place}]", self.mistakes))
            else:
                self.wrong(key, f"expected {what}", place)
        return found

    def text(self, key: str, what: str) -> str:
        value = self.node.get(key)
        if isinstance(value, str) and value.strip():
            return str(value)
        self.wrong(key, f"expected {what}")
        return ""

    def one_of(self, key: str, names: Sequence[str], default: str) -> str:
        value = self.node.get(key, default)
        if isinstance(value, str) and value in names:
            return str(value)
        self.wrong(key, meant(value, names))
        return default

    def some(self, key: str, names: Iterable[str] | None, what: str) -> tuple[str, ...]:
        """One word or a list of words, each of `names` (None: any). Without repeats, in the order given."""
        value = self.node.get(key)
        if isinstance(value, list) and value:
            good = [word for place, word in enumerate(value) if self._word(key, word, names, what, place)]
            return tuple(dict.fromkeys(map(str, good)))
        if isinstance(value, list) or value is None:
            self.wrong(key, f"expected {what}")
            return ()
        return (str(value),) if self._word(key, value, names, what) else ()

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float | None:
        value = self.node.get(key, default)
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        self.wrong(key, f"expected a number from {low:g} to {high:g}")
        return None

    def whole(self, key: str, low: int, high: int, default: int) -> int:
        value = self.node.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return int(value)
        self.wrong(key, f"expected a whole number from {low} to {high}")
        return default

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.node.get(key, default)
        if isinstance(value, bool):
            return value
        self.wrong(key, "expected true or false")
        return default

    def duration(self, key: str, default: int = 0) -> int:
        """Milliseconds."""
        if key not in self.node:
            return default
        value = self.node[key]
        length = parse_duration(value) if isinstance(value, str) else None
        if length is None:
            self.wrong(key, "expected a duration like 10s, 5m, 2h or 1d, at most 366d")
            return default
        return length

    def _word(
        self, key: str, word: object, names: Iterable[str] | None, what: str, item: int | None = None
    ) -> bool:
        if not isinstance(word, str) or not word:
            self.wrong(key, f"expected {what}", item)
            return False
        if names is not None and word not in names:
            self.wrong(key, meant(word, names), item)
            return False
        return True

    def _place(self, key: str, of_key: bool = False) -> tuple[int, int]:
        """Line and column, from 0, of a key or of its value; of the mapping where the key is absent."""
        if self._lines is None:
            return 0, 0
        if key not in self.node or self._lines.data is None or key not in self._lines.data:
            return int(self._lines.line), int(self._lines.col)
        line, column = self._lines.key(key) if of_key else self._lines.value(key)
        return int(line), int(column)


def item_place(listed: object, item: int) -> tuple[int, int] | None:
    """Line and column, from 0, of an entry of a list; None where the reader noted none (a tagged list)."""
    lines = getattr(listed, "lc", None)
    if lines is None or not lines.data or item not in lines.data:
        return None
    line, column = lines.item(item)
    return int(line), int(column)


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(str(value)) if isinstance(value, str) else str(value)
