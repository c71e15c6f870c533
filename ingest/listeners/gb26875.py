"""Thinks. GB/T 26875.3 over TCP and UDP: what is stored is confirmed (command 3) or denied (6).

Who speaks is the address in its frames, else that of its connection: only the allow-list guards it.
"""

from ingest.dialects.gb26875 import NAME, confirmation
from ingest.dialects.gb26875.frame import Piece as Found
from ingest.dialects.gb26875.frame import pieces, unread
from ingest.listeners.listening import Piece, Speech


def cut(data: bytes, now: int) -> tuple[list[Piece], bytes]:
    found, rest = pieces(data)
    return [_piece(one, now) for one in found], rest


def last(data: bytes, now: int) -> list[Piece]:
    found, rest = cut(data, now)
    return [*found, *(_piece(one, now) for one in unread(rest))]


def _piece(found: Found, now: int) -> Piece:
    frame = found.frame or found.denied
    who = frame.sender if frame else ""
    return Piece(found.raw, who, confirmation(found, now), found.frame is not None)


SPEECH = Speech(NAME, cut, last)
