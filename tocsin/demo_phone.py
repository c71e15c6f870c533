"""Touches. The demo's phone: shows in the terminal what people would get on theirs."""

import http.server
import json
import threading
from typing import Any


class DemoPhone:
    """Listens on a free port of 127.0.0.1 and prints each notice as one line."""

    def __init__(self) -> None:
        class Receive(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                _show(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing: the notice itself is what is shown."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receive)
        self._thread = threading.Thread(target=self._server.serve_forever, name="demo-phone", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _show(notice: dict[str, Any]) -> None:
    print(f"  ☎ {notice['person'] or notice['channel']:12} {notice['short']}", flush=True)
