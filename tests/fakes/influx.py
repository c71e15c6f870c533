"""Touches. A strict `/api/v2/write`: reads line protocol with a parser of its own, and refuses on command."""

import gzip
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

_PIECE = r"(?:[^,= \\\n]|\\[,= ])+"
_NAME = r"(?:[^, \\\n]|\\[, ])+"
_LINE = re.compile(rf"({_NAME})((?:,{_PIECE}={_PIECE})*) value=([-+0-9.e]+) (\d+)")
_TAG = re.compile(rf",({_PIECE})=({_PIECE})")


class Point(NamedTuple):
    name: str
    tags: tuple[tuple[str, str], ...]
    value: float
    at: int


class BadLine(Exception):
    """A line that is not line protocol, or not in the portable schema."""


def parse(line: str) -> Point:
    """One line. Raises BadLine, also where tags are not in order or a float looks like an integer."""
    found = _LINE.fullmatch(line)
    if found is None or not any(mark in found[3] for mark in ".e"):
        raise BadLine(f"unable to parse {line!r}")
    tags = tuple((_plain(key), _plain(value)) for key, value in _TAG.findall(found[2]))
    if list(tags) != sorted(set(tags)):
        raise BadLine(f"tags are not sorted: {line!r}")
    return Point(_plain(found[1]), tags, float(found[3]), int(found[4]))


def _plain(text: str) -> str:
    return re.sub(r"\\([,= ])", r"\1", text)


class FakeInflux:
    """`answers` are given to the next requests instead of judging them: a status, or "hang up". `refuses`
    says of a point whether it is refused with 400; `most` lines make 413. `points` are those taken."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.answers: list[int | str] = []
        self.refuses: Callable[[Point], bool] = lambda point: False
        self.most = 10_000
        self.token = ""
        self.requests = 0
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                fake._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, name="fake influx", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        self.requests += 1
        body = request.rfile.read(int(request.headers["Content-Length"]))
        if self.answers:
            answer = self.answers.pop(0)
            if answer == "hang up":
                request.close_connection = True
                return
            status, said = int(answer), "as told"
        else:
            status, said = self._judge(request, body)
        request.send_response(status)
        request.send_header("Content-Length", str(len(said)))
        request.end_headers()
        request.wfile.write(said.encode())

    def _judge(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str]:
        asked = urlsplit(request.path)
        given = parse_qs(asked.query)
        if (
            asked.path != "/api/v2/write"
            or given.get("precision") != ["ms"]
            or given.get("bucket") != ["tocsin"]
        ):
            return 404, f"nothing at {request.path}"
        if (request.headers["Authorization"] or "").removeprefix("Token").strip() != self.token:
            return 401, "unauthorized"
        if request.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        lines = body.decode("utf-8").split("\n")
        if len(lines) > self.most:
            return 413, "too large"
        try:
            points = [parse(line) for line in lines]
        except BadLine as error:
            return 400, str(error)
        if any(self.refuses(point) for point in points):
            return 422, "partial write: field type conflict"
        self.points += points
        return 204, ""
