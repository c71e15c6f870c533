"""Thinks. Cursors: where a page of a list ended, as one opaque word. New entries shift no page."""

import base64
import binascii
import json


class BadCursor(Exception):
    """Not one that this list gave."""


def given(kind: str, last: str | int | None) -> str | None:
    """The cursor after `last` (a number, or an id); None when there is no more."""
    if last is None:
        return None
    return base64.urlsafe_b64encode(json.dumps([kind, last]).encode()).decode().rstrip("=")


def number(kind: str, cursor: str) -> int | None:
    found = _taken(kind, cursor)
    if found is not None and (
        not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < 2**63
    ):
        raise BadCursor
    return found


def name(kind: str, cursor: str) -> str | None:
    found = _taken(kind, cursor)
    if found is not None and not isinstance(found, str):
        raise BadCursor
    return found


def _taken(kind: str, cursor: str) -> object:
    if not cursor:
        return None
    try:
        found = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise BadCursor from None
    if not isinstance(found, list) or len(found) != 2 or found[0] != kind:
        raise BadCursor
    return found[1]
