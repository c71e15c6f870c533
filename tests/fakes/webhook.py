"""Touches. A webhook receiver that records its calls, and answers as well or as badly as it is told.

    with WebhookSink(delay=0.0) as sink:
        …                                  # something POSTs to sink.url
        calls = sink.wait_for(3, timeout=10)

As a process of its own: `python -m tests.fakes.webhook [--port N] [--delay S] [--log FILE]` prints its URL,
and writes one JSON line a call: {"received": monotonic ns, "headers": {…}, "body": {…}}.
"""

import argparse
import contextlib
import hashlib
import hmac
import json
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TextIO

# What a test server does instead of answering properly.
Trick = Literal["", "hang", "close", "half status", "half headers", "half body", "endless", "trickle"]


@dataclass(frozen=True)
class Call:
    """`received` is time.monotonic_ns() when the request was complete: comparable between processes."""

    received: int
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def signed_with(self, secret: str) -> bool:
        """Whether it comes from somebody who knows the secret, and is as it was sent."""
        signed = self.headers["x-tocsin-timestamp"].encode() + b"." + self.body
        expected = "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        return hmac.compare_digest(self.headers["x-tocsin-signature"], expected)


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    trick: Trick = ""
    delay: float = 0.0


class Careful:
    """A receiver as docs/channels/webhook.md asks for one: answers calls that are not signed, too old or from
    the future with 401, and acts once on each key, however often it comes. `clock` is in ms."""

    WINDOW = 300_000

    def __init__(self, secret: str, clock: Callable[[], int]) -> None:
        self.acted: list[Call] = []
        self._secret, self._clock = secret, clock
        self._known: set[str] = set()

    def __call__(self, call: Call) -> Reply:
        stamp = call.headers.get("x-tocsin-timestamp", "")
        if not stamp.isdigit() or "x-tocsin-signature" not in call.headers:
            return Reply(401, b"not signed")
        if not call.signed_with(self._secret):
            return Reply(401, b"the signature does not match")
        if abs(self._clock() - int(stamp)) > self.WINDOW:
            return Reply(401, b"too old, or a replay")
        if call.json["key"] not in self._known:
            self._known.add(call.json["key"])
            self.acted.append(call)
        return Reply(200, b'{"id": "r-1"}')


class WebhookSink:
    """`reply` answers each call: one Reply for all, or a function of the call. `delay` is in seconds."""

    def __init__(
        self,
        delay: float = 0.0,
        reply: Reply | Callable[[Call], Reply] | None = None,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.calls: list[Call] = []
        self.log: TextIO | None = None
        self.delay = delay
        self.reply: Reply | Callable[[Call], Reply] = reply or Reply()
        self._some = threading.Condition()
        self._open: set[socket.socket] = set()
        self._closed = threading.Event()
        self._server = socket.create_server(("127.0.0.1", port), backlog=512)
        self.port: int = self._server.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/hook"
        self._tls = tls

    def __enter__(self) -> "WebhookSink":
        threading.Thread(target=self._accept, name="webhook-sink", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._closed.set()
        for sock in (self._server, *list(self._open)):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def wait_for(self, number: int, timeout: float = 20.0) -> list[Call]:
        """The calls so far as soon as there are `number` of them; raises TimeoutError otherwise."""
        with self._some:
            if not self._some.wait_for(lambda: len(self.calls) >= number, timeout):
                raise TimeoutError(f"{len(self.calls)} of {number} calls after {timeout} s")
            return list(self.calls)

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                sock, _ = self._server.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), self._wrapped(sock) as sock, sock.makefile("rb") as stream:
            while (call := _read(stream)) is not None:
                self._record(call)
                reply = self.reply(call) if callable(self.reply) else self.reply
                if self._closed.wait(self.delay + reply.delay) if self.delay + reply.delay else False:
                    return
                if not self._answer(sock, reply):
                    return
        self._open.discard(sock)

    def _wrapped(self, sock: socket.socket) -> socket.socket:
        if self._tls is None:
            return sock
        self._open.discard(sock)
        sock = self._tls.wrap_socket(sock, server_side=True)
        self._open.add(sock)
        return sock

    def _record(self, call: Call) -> None:
        with self._some:
            self.calls.append(call)
            if self.log is not None:
                line = {"received": call.received, "headers": call.headers, "body": call.json}
                self.log.write(json.dumps(line, ensure_ascii=False) + "\n")
                self.log.flush()
            self._some.notify_all()

    def _answer(self, sock: socket.socket, reply: Reply) -> bool:
        """False when the connection is over."""
        head = f"HTTP/1.1 {reply.status} X\r\nContent-Length: {len(reply.body)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items()) + "\r\n"
        match reply.trick:
            case "hang":
                self._closed.wait()
            case "half status":
                sock.sendall(head.encode()[:10])
            case "half headers":
                sock.sendall(head.encode()[:20])
            case "half body":
                sock.sendall(head.encode() + reply.body[: len(reply.body) // 2])
            case "trickle":
                for byte in head.encode():
                    sock.sendall(bytes([byte]))
                    if self._closed.wait(1):
                        break
            case "endless":
                sock.sendall(f"HTTP/1.1 {reply.status} X\r\n\r\n".encode())
                while not self._closed.is_set():
                    sock.sendall(b"x" * 65536)
            case "":
                sock.sendall(head.encode() + reply.body)
                return True
        return False


def _read(stream: Any) -> Call | None:
    """One request with a Content-Length; None at the end of the connection, also in the middle of one."""
    first = stream.readline()
    if not first:
        return None
    headers: dict[str, str] = {}
    while (line := stream.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    body = stream.read(length)
    if not line or len(body) < length:
        return None
    return Call(time.monotonic_ns(), first.split()[1].decode("latin-1"), headers, body)


def main() -> None:
    parser = argparse.ArgumentParser(description="a webhook receiver that records its calls")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()
    with WebhookSink(delay=options.delay, port=options.port) as sink:
        if options.log:
            sink.log = options.log.open("a", encoding="utf-8")
        print(sink.url, flush=True)
        sys.stdin.read()  # until whoever started it goes away


if __name__ == "__main__":
    main()
