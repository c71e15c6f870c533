"""Touches. A socket that is read and written in large pieces, for an MQTT client that asks byte by byte.

paho reads the first byte of a packet, then each byte of its length, then its body: four system calls a
message, each of which gives the interpreter lock away and then waits for it while the writer thinks.
Served from a buffer they cost nothing, and acknowledgements leave in one piece.
"""

import contextlib
import socket
import ssl


class BufferedSocket:
    """Wraps a non-blocking socket in the shape paho wants (`recv`, `send`, `fileno`, `close`).

    `buffer` from `at` is what has arrived and was not read yet; the client may read as far as `until`, since
    paho reads packets by the handful, and what stands behind its own is not for it.
    """

    CHUNK = 256 * 1024

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.buffer = bytearray()
        self.at = 0
        self.until: int | None = None  # None: as far as there is anything
        self._out = bytearray()
        self.ended = False  # the other side has closed

    def fill(self) -> int:
        """Take in what the network has; how many bytes that were."""
        if self.at:
            del self.buffer[: self.at]
            self.at = 0
        try:
            data = self._sock.recv(self.CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError):
            return 0
        self.buffer += data
        self.ended = not data
        return len(data)

    def recv(self, size: int) -> bytes:
        end = len(self.buffer) if self.until is None else self.until
        data = bytes(self.buffer[self.at : min(self.at + size, end)])
        if not data and not (self.ended and self.until is None):
            raise BlockingIOError
        self.at += len(data)
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

    def ssl_pending(self) -> int:
        """Bytes that TLS has decrypted already: `select` does not see them."""
        return self._sock.pending() if isinstance(self._sock, ssl.SSLSocket) else 0

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.flush()  # a DISCONNECT may still wait here
        self._sock.close()

    def fileno(self) -> int:
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        self._sock.setblocking(flag)
