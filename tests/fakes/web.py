"""Touches. The dashboard of a fake house on a real port of 127.0.0.1, for browsers."""

import threading
import time

import uvicorn

from dashboard.app import make_app
from tests.fakes.service import FakeHouse
from tests.servers import free_port


class WebServer:
    """`start()` returns when it answers; `stop()` breaks off every connection, as a killed server does."""

    def __init__(self, house: FakeHouse) -> None:
        self.house = house
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        config = uvicorn.Config(
            make_app(self.house.service),
            "127.0.0.1",
            self.port,
            log_level="error",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="web-under-test", daemon=True)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the web server ended instead of starting"
            time.sleep(0.02)

    def stop(self) -> None:
        self.house.live.close()
        self._server.should_exit = True
        self._thread.join(20)
