"""Thinks. The values of a YAML file together with where each of them stood."""

from typing import Any

from tocsin.mistake import KeyPath, Position


class Document:
    """The values of a file and of all it includes, as dict, list, str, int, float, bool and None."""

    def __init__(self) -> None:
        self.value: Any = None
        self.first = Position("", 1, 1)
        self.values_at: dict[KeyPath, Position] = {}
        self.keys_at: dict[KeyPath, Position] = {}
        self.written_at: dict[KeyPath, str] = {}
        self.columns: dict[str, frozenset[str]] = {}  # of a table: section → the columns that it has

    def at(self, path: KeyPath) -> Position:
        """Where the value at a path stands, or the nearest thing around it that exists."""
        while path and path not in self.values_at:
            path = path[:-1]
        return self.values_at.get(path, self.first)

    def key_at(self, path: KeyPath) -> Position:
        """Where the key of a path stands (for a list item: the item)."""
        return self.keys_at.get(path) or self.at(path)

    def written(self, path: KeyPath) -> str | None:
        """A single value as the person wrote it: never a secret, never what the environment says."""
        return self.written_at.get(path)

    def got(self, path: KeyPath, value: object) -> str:
        """`got …` for an error line. It shows what was written, so secrets stay out of the log."""
        text = self.written_at.get(path)
        if text is None:
            text = repr(value) if isinstance(value, str | int | float | bool) else _form(value)
        elif isinstance(value, str) and text == value:
            text = repr(text)
        return f"got {text if len(text) <= 80 else text[:77] + '…'}"


def _form(value: object) -> str:
    names = {dict: "a mapping", list: "a list", type(None): "nothing"}
    return names.get(type(value), type(value).__name__)
