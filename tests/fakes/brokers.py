"""Touches. What may stand at a broker's address and is none: it hangs, hangs up, or speaks something else."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Literal

Trick = Literal["hang", "hang up", "reset", "http", "noise", "half", "huge"]
CONNACK = b"\x20\x09\x00\x00\x06\x21\x00\x14\x22\x00\x0a"  # MQTT 5, accepted
_ANSWERS: dict[str, bytes] = {
    "http": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "noise": bytes(range(255, 0, -1)) * 4,
    "half": CONNACK[:5],
    "huge": b"\x20\xff\xff\xff\x7f" + b"\0" * 1000,  # a CONNACK of 256 MB
}


@contextlib.contextmanager
def bad_broker(trick: Trick) -> Iterator[int]:
    """The port at which it answers so."""
    listener = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                came, _ = listener.accept()
            except OSError:
                return
            _answer(came, trick)
            held.append(came)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        for each in held:
            each.close()


def _answer(came: socket.socket, trick: Trick) -> None:
    with contextlib.suppress(OSError):
        if trick == "hang":
            return
        came.recv(4096)
        if trick in _ANSWERS:
            came.sendall(_ANSWERS[trick])
        if trick == "reset":
            came.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        if trick in ("hang up", "reset", "http"):
            came.close()
