"""Touches. A start whose database answers nothing more: fire alarms are heard and sound all the same."""

import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection
from starlette.applications import Starlette

from dashboard import app
from dashboard import service as dashboard_service
from tests.bench.load import Publisher, publish_packet
from tests.bench.service import Service, campus
from tests.fakes.webhook import WebhookSink
from tests.servers import Mosquitto, wait_for
from tocsin import config
from tocsin.run import Tocsin


@pytest.fixture
def tocsin(tmp_path: Path, mosquitto: Mosquitto, sink: WebhookSink) -> Iterator[Tocsin]:
    """The service on a campus of ten detectors. Not started yet."""
    service = Service(tmp_path, mosquitto, sink.url)
    service.apply(campus(10))
    made = Tocsin(config.load(service.config, {}))
    yield made
    made.stop()


@pytest.fixture
def sink() -> Iterator[WebhookSink]:
    with WebhookSink() as made:
        yield made


def test_a_database_that_hangs_at_the_start_keeps_no_fire_from_being_heard_and_told(
    tocsin: Tocsin, mosquitto: Mosquitto, sink: WebhookSink
) -> None:
    thawed, working = threading.Event(), tocsin.database.transaction

    @contextmanager
    def hanging() -> Iterator[Connection]:
        with working() as tx:
            yield tx
            thawed.wait(60)

    tocsin.database.transaction = hanging  # type: ignore[method-assign]
    starting = threading.Thread(target=tocsin.start)
    starting.start()
    try:
        assert tocsin.life.ever_granted.wait(20)
        press = b'{"boot":1,"seq":1,"values":{"smoke":"alarm"}}'
        Publisher(mosquitto.host, mosquitto.port).send(publish_packet("campus/d0/reading", press, 1))
        wait_for("the notice that cannot be written", lambda: "未记录" in str([c.json for c in sink.calls]))
        assert not thawed.is_set()
    finally:
        thawed.set()
        starting.join(30)
    wait_for("it is recorded", lambda: not tocsin.writer.failing and not tocsin.emergency.open())


def test_an_address_that_something_else_has_is_said_and_taken_as_soon_as_it_is_free(
    tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.web.AGAIN", 0.05)
    settings = tocsin.settings.dashboard
    with socket.create_server((settings.host, settings.port)):
        tocsin.start()
        assert "dashboard" in tocsin.own.faults()
        assert "something else has" in tocsin.web.welcome()
    wait_for("the dashboard answers", lambda: _answers(tocsin))
    assert "dashboard" not in tocsin.own.faults()


def test_a_dashboard_that_breaks_while_it_starts_is_said_and_tried_again(
    tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.web.AGAIN", 0.05)
    working, broken = app.make_app, threading.Event()
    broken.set()

    def make_app(service: dashboard_service.Service) -> Starlette:
        if broken.is_set():
            raise ImportError("a package was replaced underneath")
        return working(service)

    monkeypatch.setattr(app, "make_app", make_app)
    tocsin.start()
    wait_for("it is said", lambda: "dashboard" in tocsin.own.faults())
    broken.clear()
    wait_for("the dashboard answers", lambda: _answers(tocsin))
    wait_for("and is well", lambda: "dashboard" not in tocsin.own.faults())


def _answers(tocsin: Tocsin) -> bool:
    try:
        with urllib.request.urlopen(f"{tocsin.web.address}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_a_start_does_not_wait_for_what_only_the_dashboard_or_an_imported_calendar_needs() -> None:
    names = (
        "import sys, tocsin.run; print(*{'fastapi', 'icalendar', 'recurring_ical_events'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", names], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
