"""Touches. A socket that is read and written in large pieces, for an MQTT client that asks byte by byte.

paho reads the first byte of a packet, then each byte of its length, then its body: four system calls a
message, each of which gives the interpreter lock away and then waits for it while the writer thinks.
Served from a buffer they cost nothing, and acknowledgements leave in one piece.
"""

import contextlib
import socket
import ssl


class BufferedSocket:
    """Wraps a non-blocking socket in the shape paho wants (`recv`, `send`, `pending`, `fileno`, `close`)."""

    CHUNK = 256 * 1024

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._in = b""
        self._at = 0
        self._out = bytearray()
        self._ended = False

    def fill(self) -> int:
        """Read what the network has; the number of bytes now waiting."""
        if self._at == len(self._in) and not self._ended:
            self._at = 0
            try:
                self._in = self._sock.recv(self.CHUNK)
                self._ended = not self._in
            except (BlockingIOError, ssl.SSLWantReadError):
                self._in = b""
        return len(self._in) - self._at

    def pending(self) -> int:
        return len(self._in) - self._at

    def recv(self, size: int) -> bytes:
        at = self._at
        if at == len(self._in) and not self.fill():
            if self._ended:
                return b""
            raise BlockingIOError
        at = self._at
        data = self._in[at : at + size]
        self._at = at + len(data)
        return data

    def send(self, data: bytes | bytearray) -> int:
        self._out += data
        return len(data)

    def flush(self) -> bool:
        """Send what waits; True when nothing is left."""
        while self._out:
            try:
                sent = self._sock.send(self._out)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return False
            del self._out[:sent]
        return True

    @property
    def ended(self) -> bool:
        return self._ended and not self.pending()

    def ssl_pending(self) -> int:
        return self._sock.pending() if isinstance(self._sock, ssl.SSLSocket) else 0

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.flush()  # a DISCONNECT may still wait here
        self._sock.close()

    def fileno(self) -> int:
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        self._sock.setblocking(flag)
