"""Touches. An iCalendar file as the roster of a post: `duty.ics` is that of the post `duty`."""

from pathlib import Path
from typing import Any

from alerts.duty.icalfile import LONGEST, cleaned
from tocsin.document import Document
from tocsin.mistake import Mistakes, Position, did_you_mean, told


def read_roster(path: Path, stored: dict[str, Any]) -> Document:
    """The post as it is stored, with this calendar: to be applied as an addition. Raises Mistakes."""
    posts = {row["id"]: row for row in stored["posts"]}
    if path.stem not in posts:
        near = did_you_mean(path.stem, posts)
        said = f"there is no post {path.stem!r}: the file is called after its post"
        raise Mistakes([told(str(path), "", said, near)])
    document = Document()
    document.first = Position(str(path), 1, 1)
    document.value = {"posts": [{**posts[path.stem], "ics": _text(path)}]}
    return document


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > 4 * LONGEST:
            raise Mistakes([told(str(path), "", f"is over {4 * LONGEST // 1_000_000} MB")])
        return cleaned(path.read_text("utf-8-sig"))
    except OSError as error:
        raise Mistakes([told(str(path), "", f"cannot be read: {error.strerror or error}")]) from None
    except UnicodeDecodeError:
        raise Mistakes([told(str(path), "", "is not text in UTF-8")]) from None
