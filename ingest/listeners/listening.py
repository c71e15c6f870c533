"""Thinks. What a listener must know of its protocol, and the words for it.

A listener is one `Speech`: the name of its dialect and two functions that think and never raise.

    def cut(data: bytes, now: int) -> tuple[list[Piece], bytes]
    def last(data: bytes, now: int) -> list[Piece]

`cut` finds in the bytes of a connection what is whole. It is called each time some have come, with all of
them since the last whole piece, and returns the pieces in their order and the rest. What is whole must not
depend on how the bytes were cut up. `last` leaves no rest: for a datagram, and for what a connection that
ends has left.

The server (server.py) makes a Message of each piece: its topic is `listen:<name>/<who>`, with the address of
the peer where `who` is "". It sends `answer` after the commit of this message, never before, in the order of
arrival on each connection. One that has ended by then gets none: the device repeats what was not confirmed.

A new listener: a file with a function from its settings to a Speech, its line in
`ingest/listeners/__init__.py`, its field in `ListenersSettings` (ingest/settings.py), and its dialect's name
in LISTENED (ingest/decode.py).
"""

from collections.abc import Callable

import msgspec


class Piece(msgspec.Struct, frozen=True):
    """A whole frame, or a stretch that is none (`good` is False): that goes to the decoder too, and is told.

    `payload` is what the dialect decodes, `answer` what the sender waits for (b"": nothing).
    """

    payload: bytes
    who: str = ""
    answer: bytes = b""
    good: bool = True


Cut = Callable[[bytes, int], tuple[list[Piece], bytes]]


class Speech(msgspec.Struct, frozen=True):
    """A protocol. `name` is its dialect's; `last` makes pieces of what nothing is added to any more."""

    name: str
    cut: Cut
    last: Callable[[bytes, int], list[Piece]]
