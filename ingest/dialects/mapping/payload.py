"""Thinks. The payload of a mapped message as plain values: JSON, or a text that may be split into columns."""

from collections.abc import Callable
from typing import Any

from ingest.dialects.mapping.section import Section
from ingest.guard import Malformed, json_object

_ENCODINGS = ("utf-8", "gb18030", "latin-1", "big5")
_MOST_COLUMNS = 200


def payload(section: Section) -> Callable[[bytes], Any]:
    """How the payload is read: it raises Malformed. Raises ValueError in words for what was told wrongly."""
    form = section.take("format", str, default="json")
    encoding = section.take("encoding", str, default="utf-8")
    split, pairs = section.take("split", str), section.take("pairs", str)
    if form not in ("json", "text"):
        section.wrong("format", f"{form!r} must be json or text; other formats need a dialect of their own")
    if encoding not in _ENCODINGS:
        section.wrong("encoding", f"{encoding!r} must be one of {', '.join(_ENCODINGS)}")
    if form == "json":
        if split or pairs:
            section.wrong("split", "`split` and `pairs` are for `format: text`")
        return json_value if encoding == "utf-8" else lambda raw: json_value(_text(raw, encoding).encode())
    if split == "" or pairs == "" or (pairs and not split):
        section.wrong("split", "must be what stands between the columns, such as ';'; `pairs` needs it too")
    return lambda raw: _columns(_text(raw, encoding).strip(), split, pairs)


def json_value(raw: bytes) -> Any:
    if raw[:1] == b"{":
        return json_object(raw)
    # a list or one value: within an object, so that a key given twice is found in it too
    found = json_object(b'{"":' + raw + b"}")
    if len(found) != 1:
        raise Malformed("more than one JSON value")
    return found[""]


def _text(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise Malformed(f"not {encoding}: {error.reason} at byte {error.start}") from None


def _columns(text: str, split: str | None, pairs: str | None) -> Any:
    if split is None:
        return text
    columns = [column.strip() for column in text.split(split, _MOST_COLUMNS)]
    if not split.strip():  # blanks align columns: how many there are means nothing
        columns = [column for column in columns if column]
    if pairs is None:
        return columns
    named: dict[str, str] = {}
    for column in columns:
        name, mark, value = column.partition(pairs)
        if mark:
            if name.strip() in named:
                raise Malformed(f"{name.strip()[:60]!r} is given twice")
            named[name.strip()] = value.strip()
    return named
