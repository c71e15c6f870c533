"""Touches. Fixtures that every test may ask for, and the law about skips.

A test is skipped only loudly: the summary names every skip. With TOCSIN_REQUIRE_ALL=1 a skip fails the run,
unless the test bears `@pytest.mark.allowed_skip("samples")` or another name in ALLOWED_SKIPS.
"""

import os
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests import packages
from tests.servers import Mosquitto, Postgres, S, VictoriaMetrics, running

if TYPE_CHECKING:
    from tocsin.database import Database

ALLOWED_SKIPS = {
    "samples": "the shared samples of real devices are not beside this checkout",
    "containers": "there is no container engine on this machine",
    "systemd": "there is no systemd-analyze on this machine",
}
_refused: list[str] = []

# Each run looks elsewhere; who needs more says so. No deadline: a busy machine proves nothing.
settings.register_profile("suite", max_examples=60, deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """As the service's own: the coloured tracebacks of a terminal take seconds each."""
    from tocsin import logs

    logs.configure()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL server for the run; tests share it and each has a database of its own."""
    with _or_skip(Postgres) as server:
        yield server


@pytest.fixture(scope="session")
def state_in_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], "Database"]:
    """Makes the same state database empty again, with its tables: one of its own for each test would have to
    compose every statement anew, and that takes longer than most tests."""
    from tocsin.database import Database

    file = tmp_path_factory.mktemp("state") / "state.db"
    database = Database.open(f"sqlite:///{file}")
    database.create_all()
    database.close()
    template = file.read_bytes()

    def empty() -> Database:
        for each in file.parent.iterdir():
            each.unlink()
        file.write_bytes(template)
        return database

    return empty


@pytest.fixture(scope="session")
def state_in_postgres(postgres: Postgres) -> Callable[[], "Database"]:
    """The same on PostgreSQL."""
    from tocsin.database import Database

    name = f"test_{uuid.uuid4().hex}"
    database = Database.open(postgres.create(name))
    database.create_all()

    def empty() -> Database:
        database.close()
        postgres.empty(name)
        return database

    return empty


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Iterator["Database"]:
    """An empty state database with its tables, once on SQLite and once on PostgreSQL."""
    opened = request.getfixturevalue(f"state_in_{request.param}")()
    yield opened
    opened.close()


@pytest.fixture
def mosquitto() -> Iterator[Mosquitto]:
    """A Mosquitto of its own: .host .port .config .start() .stop() .restart(clean=) .kill() .save()."""
    with _or_skip(Mosquitto) as server:
        yield server


@pytest.fixture
def victoria_metrics() -> Iterator[VictoriaMetrics]:
    """A VictoriaMetrics of its own: .url .start() .stop() .kill()."""
    with _or_skip(VictoriaMetrics) as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The path of Chromium."""
    try:
        return packages.chromium()
    except packages.Missing as missing:
        pytest.skip(str(missing))


@contextmanager
def _or_skip(kind: Callable[[], S]) -> Iterator[S]:
    try:
        server = kind()
    except packages.Missing as missing:
        pytest.skip(str(missing))
    with running(server):
        yield server


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"allowed_skip(name): may be skipped in CI; name is one of {', '.join(ALLOWED_SKIPS)}"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and not _may_skip(item):
        report.refused = f"{item.nodeid}: {_reason(report)}"
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if refused := getattr(report, "refused", None):  # comes from a worker where tests run side by side
        _refused.append(refused)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _refused.append(f"{report.nodeid}: the whole file")


def _reason(report: pytest.TestReport) -> str:
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)


def _may_skip(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("allowed_skip")
    return marker is not None and bool(marker.args) and marker.args[0] in ALLOWED_SKIPS


def _all_required() -> bool:
    return os.environ.get("TOCSIN_REQUIRE_ALL") == "1"


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _refused and _all_required() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _refused:
        return
    verdict = "FAILED: no skip is allowed" if _all_required() else "NOT TESTED on this machine"
    terminalreporter.section(verdict, sep="!", red=True, bold=True)
    for line in _refused:
        terminalreporter.line(line)
