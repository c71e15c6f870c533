"""Thinks. The text of an expression cut up, and what is refused of it before the engine sees it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from rules.askable import FIELDS, LABELS
from rules.section import meant

LONGEST = 1000  # characters
DEEPEST = 20  # brackets and conditions inside one another
MOST_CHAINED = 200  # pieces of a text
_FUNCTIONS = ("size", "int", "double", "string", "timestamp", "duration")
_METHODS = (
    "contains", "startsWith", "endsWith", "size", "getFullYear", "getMonth", "getDate", "getDayOfMonth",
    "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes", "getSeconds",
)  # fmt: skip
_REFUSED = {
    **dict.fromkeys(
        ("all", "exists", "exists_one", "map", "filter"),
        "it goes through a list, and nothing may run for long: write it out with && and ||",
    ),
    "has": "leave it out: a label that a device does not have is ''",
    "matches": "its pattern would be read anew at each reading: use contains, startsWith or endsWith",
}
_WORDS = ("true", "false", "in")
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    |(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?u?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>&&|\|\||[=!<>]=|[-+*/%<>!?:.,()\[\]])""",
    re.VERBOSE,
)


class Piece(NamedTuple):
    kind: str
    text: str
    at: int  # characters from the beginning


class Fault(NamedTuple):
    """A mistake in a text: the piece that is wrong, where it begins (from 1), and what to do."""

    got: str
    at: int
    hint: str


def cut(text: str) -> list[Piece] | Fault:
    """The text cut up, or the first character that is none of the language."""
    found: list[Piece] = []
    at = depth = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return Fault(text[at : at + 10], at + 1, "not part of an expression")
        kind = str(match.lastgroup)
        if kind != "space":
            found.append(Piece(kind, match[0], at))
        depth += {"(": 1, "[": 1, "?": 1, ")": -1, "]": -1, ":": -1}.get(match[0], 0)
        if depth > DEEPEST or len(found) > MOST_CHAINED:
            return Fault(match[0], at + 1, "too long or too deep: write two rules")
        at = match.end()
    return found


def mistakes(pieces: list[Piece]) -> Iterator[Fault]:
    """Every name that means nothing here, and everything that could run for long."""
    for place, piece in enumerate(pieces):
        before = pieces[place - 1] if place else Piece("", "", 0)
        after = pieces[place + 1] if place + 1 < len(pieces) else Piece("", "", 0)
        if piece.kind == "text" and (before.kind in ("text", "name") and before.text not in _WORDS):
            yield Fault(piece.text, piece.at + 1, "write a text in one pair of quotes, without a prefix")
        elif piece.kind == "name" and after.text == "(":
            yield from _called(piece, before.text == ".")
        elif piece.kind == "name" and before.text != "." and piece.text not in _WORDS:
            yield from _named(pieces, place)
        elif piece.text == "." and not (after.kind == "name" and before.kind in ("name", "text", "sign")):
            yield Fault(piece.text, piece.at + 1, "expected a name before and after it")
        elif piece.text == "." and before.text not in (")", "]") and before.kind == "sign":
            yield Fault(piece.text, piece.at + 1, "expected a name before it")
        elif piece.kind == "name" and before.text == "." and not _is_field(pieces, place):
            yield Fault(piece.text, piece.at + 1, "a field stands right after its variable, as device.kind")
        elif piece.text == "[" and _is_value(before) and not _is_label(pieces, place):
            yield Fault(piece.text, piece.at + 1, "only a label is looked up so: device.labels['store']")


def _called(piece: Piece, method: bool) -> Iterator[Fault]:
    known = _METHODS if method else _FUNCTIONS
    if piece.text not in known:
        hint = _REFUSED.get(piece.text) or meant(piece.text, known)
        yield Fault(piece.text, piece.at + 1, hint)


def _named(pieces: list[Piece], place: int) -> Iterator[Fault]:
    """The mistake in a variable and the field after it."""
    root = pieces[place]
    if root.text == "now":
        return
    roots = {path.partition(".")[0] for path in FIELDS}
    if root.text not in roots:
        yield Fault(root.text, root.at + 1, meant(root.text, roots))
        return
    known = [path.partition(".")[2] for path in FIELDS if path.startswith(f"{root.text}.")]
    field = pieces[place + 2] if _follows(pieces, place + 1, ".") and place + 2 < len(pieces) else None
    if field is None or field.kind != "name":
        yield Fault(root.text, root.at + 1, f"expected one of its fields: {', '.join(sorted(known))}")
    elif field.text not in known:
        yield Fault(field.text, field.at + 1, f"{root.text} has no such field; {meant(field.text, known)}")
    elif f"{root.text}.{field.text}" == LABELS and not _label(pieces, place + 2):
        yield Fault(field.text, field.at + 1, "expected a label: device.labels.store")


def asked(pieces: list[Piece]) -> Iterator[tuple[str, str]]:
    """Each field that is asked for, and which label of `device.labels`."""
    for place, piece in enumerate(pieces):
        if piece.kind != "name" or (place and pieces[place - 1].text == "."):
            continue
        if piece.text == "now":
            yield "now", ""
        elif _follows(pieces, place + 1, ".") and not _follows(pieces, place + 1, "("):
            path = f"{piece.text}.{pieces[place + 2].text}"
            if path in FIELDS:
                yield path, _label(pieces, place + 2) if path == LABELS else ""


def _label(pieces: list[Piece], place: int) -> str:
    """The label that is asked for after the piece `labels`; "" where there is none."""
    after = pieces[place + 1 : place + 4]
    if len(after) > 1 and after[0].text == "." and after[1].kind == "name":
        return after[1].text
    if len(after) == 3 and (after[0].text, after[1].kind, after[2].text) == ("[", "text", "]"):
        return after[1].text[1:-1]
    return ""


def _is_field(pieces: list[Piece], place: int) -> bool:
    """Whether this name after a dot is a field of a variable, or a label."""
    path = ".".join(piece.text for piece in pieces[max(0, place - 2) : place + 1 : 2])
    return (path in FIELDS and _begins(pieces, place - 2)) or _is_label(pieces, place - 1)


def _is_label(pieces: list[Piece], place: int) -> bool:
    """Whether a label is looked up by this dot or bracket."""
    path = [piece.text for piece in pieces[max(0, place - 3) : place]]
    return (
        path == ["device", ".", "labels"] and _begins(pieces, place - 3) and bool(_label(pieces, place - 1))
    )


def _begins(pieces: list[Piece], place: int) -> bool:
    return place == 0 or (place > 0 and pieces[place - 1].text != ".")


def _is_value(piece: Piece) -> bool:
    return (
        piece.kind in ("text", "number")
        or piece.text in (")", "]")
        or (piece.kind == "name" and piece.text != "in")
    )


def _follows(pieces: list[Piece], place: int, text: str) -> bool:
    return place < len(pieces) and pieces[place].text == text
