"""Touches. Real servers for tests, benchmarks and crash harnesses.

Mosquitto, PostgreSQL and VictoriaMetrics: each runs on a private port of 127.0.0.1 as an unprivileged
user, in a folder of its own, and is ended with the process that started it, however that one ends.
"""

import atexit
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psycopg

from tests import packages

HOST = "127.0.0.1"
DEADLINE = 30.0  # generous: only a server that never answers reaches it
REAPER = """
import os, shutil, signal, sys
pids, folders = set(), set()
for line in sys.stdin:
    known = folders if line[1] == "/" else pids
    (known.add if line[0] == "+" else known.discard)(line[1:].strip())
for pid in pids:
    try:
        os.kill(int(pid), signal.SIGKILL)
    except OSError:
        pass
for folder in folders:
    shutil.rmtree(folder, ignore_errors=True)
"""
_reaper: subprocess.Popen[str] | None = None


def watch(pid: int) -> None:
    """Lets `pid` die with this process, even when this one is killed and can do nothing more."""
    _start_reaper()
    _tell_reaper(f"+{pid}\n")


def _start_reaper() -> None:
    global _reaper
    if _reaper is None:
        _reaper = subprocess.Popen(
            [sys.executable, "-c", REAPER],
            stdin=subprocess.PIPE,
            text=True,
            bufsize=1,
            start_new_session=True,
        )
        atexit.register(_reaper.stdin.close)  # type: ignore[union-attr]


def unwatch(pid: int) -> None:
    """Says that `pid` has ended: the number may be another process's tomorrow."""
    _tell_reaper(f"-{pid}\n")


def _tell_reaper(line: str) -> None:
    if _reaper is not None and _reaper.stdin is not None and not _reaper.stdin.closed:
        _reaper.stdin.write(line)


def free_port() -> int:
    """A free port below the range that outgoing connections take theirs from."""
    for _ in range(1000):
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                continue
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port on 127.0.0.1 between 20000 and 32000")


def wait_for(what: str, true: Callable[[], bool], deadline: float = DEADLINE) -> None:
    """Polls until `true()`; raises TimeoutError that names what never came."""
    end = time.monotonic() + deadline
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {deadline:g} s")
        time.sleep(0.01)


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def own_folder(name: str) -> Path:
    """A new folder that the unprivileged user may write."""
    folder = Path(tempfile.mkdtemp(prefix=f"tocsin-{name}-"))
    hand_over(folder)
    _start_reaper()
    _tell_reaper(f"+{folder}\n")
    return folder


def hand_over(path: Path) -> None:
    """Gives a file or folder to the user that the servers run as."""
    path.chmod(0o755 if path.is_dir() else 0o644)
    if packages.am_root():
        os.chown(path, packages.NOBODY, packages.NOBODY)


def run_as_nobody(program: packages.Program, *arguments: str) -> None:
    """Runs a tool to its end as the unprivileged user; raises RuntimeError with what it said."""
    done = subprocess.run(
        [str(program.path), *arguments],
        capture_output=True,
        text=True,
        **_unprivileged(program),  # type: ignore[call-overload]
    )
    if done.returncode != 0:
        raise RuntimeError(f"{program.path.name} failed: {done.stderr or done.stdout}")


def _unprivileged(program: packages.Program) -> dict[str, object]:
    options: dict[str, object] = {
        "stdin": subprocess.DEVNULL,
        "env": os.environ | {"LC_ALL": "C.UTF-8"} | program.environment,
        "cwd": "/",
    }
    if packages.am_root():
        options |= {"user": packages.NOBODY, "group": packages.NOBODY, "extra_groups": []}
    return options


class Server:
    """One server process: start it, stop it, kill it, start it again on the same port and folder."""

    host = HOST
    gentle = signal.SIGTERM

    def __init__(self, program: packages.Program, name: str, port: int | None = None) -> None:
        self.program = program
        self.name = name
        self.port = port or free_port()
        self.folder = own_folder(name)
        self.process: subprocess.Popen[bytes] | None = None

    def arguments(self) -> list[str]:
        raise NotImplementedError

    def ready(self) -> bool:
        return listening(self.port)

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.name} is not running"
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Starts it and returns when it answers."""
        assert not self.running, f"{self.name} is running already"
        with (self.folder / "output.log").open("ab") as output:
            self.process = subprocess.Popen(
                [str(self.program.path), *self.arguments()],
                stdout=output,
                stderr=subprocess.STDOUT,
                **_unprivileged(self.program),  # type: ignore[call-overload]
            )
        watch(self.process.pid)
        wait_for(f"{self.name} answers on port {self.port}", self._answers_or_died)

    def _answers_or_died(self) -> bool:
        if not self.running:
            raise RuntimeError(f"{self.name} did not start:\n{self.log()[-2000:]}")
        return self.ready()

    def stop(self) -> None:
        """Asks it to end, and waits."""
        self._end(self.gentle)

    def kill(self) -> None:
        """kill -9: nothing is saved."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(DEADLINE)
        unwatch(self.process.pid)
        self.process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def log(self) -> str:
        """All that it has said so far."""
        return (self.folder / "output.log").read_text(errors="replace")

    def close(self) -> None:
        """Ends it and removes its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        _tell_reaper(f"-{self.folder}\n")


class Mosquitto(Server):
    """A broker. `config` holds its lines beside listener and persistence: change them, then restart()."""

    CONFIG = (
        "allow_anonymous true",
        "autosave_interval 1",
        "max_queued_messages 0",
        "max_inflight_messages 2000",
        "queue_qos0_messages true",
        "upgrade_outgoing_qos true",
        "set_tcp_nodelay true",
        "sys_interval 1",
    )

    def __init__(self, config: Sequence[str] = CONFIG, port: int | None = None) -> None:
        super().__init__(packages.mosquitto(), "mosquitto", port)
        self.config = list(config)

    @property
    def saved_state(self) -> Path:
        return self.folder / "mosquitto.db"

    def arguments(self) -> list[str]:
        path = self.folder / "mosquitto.conf"
        own = [f"listener {self.port} {HOST}", "persistence true", f"persistence_location {self.folder}/"]
        path.write_text("\n".join([*own, "log_dest stdout", "log_type all", *self.config, ""]))
        hand_over(path)
        return ["-c", str(path)]

    def restart(self, clean: bool = False) -> None:
        """Stops and starts. `clean`: every session, queue and retained message is lost in between."""
        self.stop()
        if clean:
            self.forget()
        self.start()

    def forget(self) -> None:
        """Removes what a stopped broker had saved."""
        self.saved_state.unlink(missing_ok=True)

    def save(self) -> None:
        """Makes it save its state now, and waits: what it holds survives a kill() after this."""
        before = self.written()
        os.kill(self.pid, signal.SIGUSR1)
        wait_for("mosquitto saves its state", lambda: self.written() != before)

    def written(self) -> tuple[int, int]:
        """Which writing of its state lies on disk: it changes with each save."""
        if not self.saved_state.exists():
            return (0, 0)
        state = self.saved_state.stat()
        return (state.st_ino, state.st_mtime_ns)


_PUT_OUT = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""
_EMPTY = """DO $$
DECLARE name text;
BEGIN
    SET LOCAL session_replication_role = replica;  -- foreign keys do not matter where no row stays
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    FOR name IN
        SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
    LOOP
        EXECUTE format('ALTER SEQUENCE %I RESTART', name);
    END LOOP;
END $$"""


class Postgres(Server):
    """A PostgreSQL server without fsync: fast, and its data is not meant to outlive the machine."""

    gentle = signal.SIGINT  # "fast shutdown": does not wait for clients
    SETTINGS = ("fsync=off", "full_page_writes=off", "jit=off", "max_connections=200", "timezone=UTC")

    def __init__(self, port: int | None = None) -> None:
        super().__init__(packages.postgres(), "postgres", port)
        self.data = self.folder / "data"
        initdb = packages.Program(self.program.path.parent / "initdb", self.program.environment)
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        run_as_nobody(initdb, f"--pgdata={self.data}", *options)

    def arguments(self) -> list[str]:
        settings = [f"listen_addresses={HOST}", f"port={self.port}", "unix_socket_directories="]
        return ["-D", str(self.data), *(f"-c{setting}" for setting in (*settings, *self.SETTINGS))]

    def ready(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self, name: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=HOST, port=self.port, user="postgres", dbname=name, autocommit=True, connect_timeout=5
        )

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://postgres@{HOST}:{self.port}/{name}"

    def create(self, name: str) -> str:
        """Creates an empty database and returns its URL."""
        with self._connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def empty(self, name: str) -> None:
        """As when its tables were made: whoever is connected is put out, no row stays, ids begin at 1."""
        with self._connect(name) as connection:
            connection.execute(_PUT_OUT)
            connection.execute(_EMPTY)

    def drop(self, name: str) -> None:
        with self._connect() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class VictoriaMetrics(Server):
    """VictoriaMetrics: takes InfluxDB writes on `url`; keeps what it took over a stop() and start()."""

    def __init__(self, port: int | None = None) -> None:
        super().__init__(packages.victoria_metrics(), "victoria-metrics", port)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def arguments(self) -> list[str]:
        data = self.folder / "data"
        return [f"-httpListenAddr={HOST}:{self.port}", f"-storageDataPath={data}", "-retentionPeriod=100y"]


S = TypeVar("S", bound=Server)


@contextmanager
def running(server: S) -> Iterator[S]:
    """Starts a server and closes it at the end: `with running(Mosquitto()) as broker:`."""
    try:
        server.start()
        yield server
    finally:
        server.close()
