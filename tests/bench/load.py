"""Touches. A load generator: MQTT 3.1.1 at QoS 1 over a bare socket, cheap enough to share two cores.

Packets are made before the clock starts. `blast` sends them as fast as the broker takes them or at a steady
rate, with a bounded number unacknowledged.
"""

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Sequence

WINDOW = 2000  # publishes in flight


def _length(size: int) -> bytes:
    out = bytearray()
    while True:
        size, digit = divmod(size, 128)
        out.append(digit | (0x80 if size else 0))
        if not size:
            return bytes(out)


def publish_packet(topic: str, payload: bytes, mid: int, retain: bool = False) -> bytes:
    name = topic.encode()
    body = struct.pack("!H", len(name)) + name + struct.pack("!H", mid) + payload
    return bytes((0x32 | retain,)) + _length(len(body)) + body


class Publisher:
    """One connection. `acknowledged` counts PUBACKs: what the broker says it has."""

    def __init__(self, host: str, port: int, client_id: str = "load") -> None:
        self.acknowledged = 0
        self.sent = 0
        self._rest = b""
        self._socket = socket.create_connection((host, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = client_id.encode()
        head = b"\x00\x04MQTT\x04\x02\x00\x00" + struct.pack("!H", len(name)) + name
        self._socket.sendall(b"\x10" + _length(len(head)) + head)
        answer = self._socket.recv(4)
        if answer[:1] != b"\x20" or answer[3:4] != b"\x00":
            raise ConnectionError(f"the broker refused the load generator: {answer!r}")
        self._socket.settimeout(30)

    def blast(self, packets: Sequence[bytes], rate: float | None = None, group: int = 50) -> float:
        """Send all and wait for every PUBACK; seconds from the first byte to the last PUBACK.

        `rate` is messages a second, kept by sending `group` at a time; None is as fast as it goes.
        """
        began = time.monotonic()
        goal = self.acknowledged + len(packets)
        base = self.sent
        for at in range(0, len(packets), group):
            if rate is not None:
                pause = began + (self.sent - base) / rate - time.monotonic()
                if pause > 0:
                    time.sleep(pause)
            chunk = packets[at : at + group]
            self._socket.sendall(b"".join(chunk))
            self.sent += len(chunk)
            self._collect(lambda: self.sent - self.acknowledged <= WINDOW)
        self._collect(lambda: self.acknowledged >= goal)
        return time.monotonic() - began

    def send(self, packet: bytes) -> None:
        """One message; waits for its PUBACK."""
        self.blast([packet])

    def _collect(self, enough: Callable[[], bool]) -> None:
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            self._take()
        self._socket.settimeout(30)
        while not enough():
            self._take()

    def _take(self) -> None:
        data = self._rest + self._socket.recv(65536)
        whole = len(data) // 4
        self.acknowledged += whole
        self._rest = data[whole * 4 :]

    def close(self) -> None:
        self._socket.sendall(b"\xe0\x00")
        self._socket.close()
