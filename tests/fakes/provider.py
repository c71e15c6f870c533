"""Touches. An HTTP server on 127.0.0.1 that answers as a subclass says, or goes wrong as `trick` says."""

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Request:
    method: str
    path: str  # with its query
    headers: dict[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes


class Provider:
    """`trick`: see the subclasses. `headers` go with every answer; `requests` is all that came."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.trick: str | int = ""
        self.headers: dict[str, str] = {}
        self.closed = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, request: Request) -> Reply:
        raise NotImplementedError

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()


def _handler(far: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, body)
            far.requests.append(request)
            if far.trick == "hang":
                far.closed.wait(30)
            elif isinstance(far.trick, int):
                self._send(far.trick, b"<html>not now</html>")
            elif far.trick == "html":
                self._send(200, b"<html>Please sign in to the campus network</html>")
            else:
                self._answer(far.answer(request))

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815

        def _answer(self, reply: Reply) -> None:
            half = reply.body[: len(reply.body) // 2]
            if far.trick == "close":
                self._send(reply.status, half, len(reply.body))
                self.close_connection = True
            else:
                self._send(reply.status, half if far.trick == "truncate" else reply.body)

        def _send(self, status: int, body: bytes, promised: int | None = None) -> None:
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body) if promised is None else promised))
            for name, value in far.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
