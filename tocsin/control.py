"""Touches. The control socket: how a command on this machine asks the running service to do something.

The running service is the only one that may write its database, so `tocsin apply` and the like hand their
request over here: a Unix socket in the data folder that only its owner can open. One JSON object a line.
"""

import json
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger("tocsin.control")
Handler = Callable[[dict[str, Any]], Any]


class Control:
    """Serves requests `{"do": name, …}` with `{"ok": answer}` or `{"error": sentence}`. Where no socket can
    be made, nobody is served, and alarms go on."""

    def __init__(self, path: Path, handlers: Mapping[str, Handler]) -> None:
        self.path = path
        self._server: socketserver.ThreadingUnixStreamServer | None = None

        class Request(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                line = self.rfile.readline(64 * 1024 * 1024)
                self.wfile.write(json.dumps(_answer(handlers, line), ensure_ascii=False).encode() + b"\n")

        before = os.umask(0o177)
        try:
            path.unlink(missing_ok=True)
            self._server = socketserver.ThreadingUnixStreamServer(str(path), Request)
            self._server.daemon_threads = True
        except OSError as error:
            log.error("no command can reach this service", socket=str(path), error=str(error))
        finally:
            os.umask(before)

    def start(self) -> None:
        if self._server is not None:
            threading.Thread(target=self._server.serve_forever, name="control", daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self.path.unlink(missing_ok=True)


def _answer(handlers: Mapping[str, Handler], line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
        handler = handlers[request["do"]]
    except (ValueError, KeyError, TypeError) as error:
        return {"error": f"not a request this version knows: {error}"}
    try:
        return {"ok": handler(request)}
    except ValueError as error:  # the caller's mistake, and told to the caller
        return {"error": str(error)}
    except Exception as error:
        log.exception("a control request failed", do=request["do"])
        return {"error": str(error) or type(error).__name__}


class NotRunning(Exception):
    """No service listens on this data folder's control socket."""


def ask(path: Path, **request: Any) -> Any:
    """Send one request to the running service; its answer. Raises NotRunning, or RuntimeError in words."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as conn:
        conn.settimeout(120)
        try:
            conn.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            raise NotRunning from None
        conn.sendall(json.dumps(request).encode() + b"\n")
        with conn.makefile("rb") as stream:
            answer = json.loads(stream.readline())
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer["ok"]
