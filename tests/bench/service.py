"""Touches. The real service as a process of its own, for benchmarks and crash harnesses."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.servers import Server, free_port, unwatch, wait_for, watch

BROKER = (  # the shipped configuration's limits, without its log and with nothing that a bench would measure
    "allow_anonymous true",
    "autosave_interval 1",
    "max_queued_messages 0",
    "max_inflight_messages 0",
    "queue_qos0_messages true",
    "upgrade_outgoing_qos true",
    "set_tcp_nodelay true",
    "log_type error",
)


def campus(devices: int, channel: str = "hook") -> dict[str, Any]:
    """A campus file of `devices` devices: every fifth a smoke detector, the rest climate sensors."""
    places = [{"id": "campus", "zh": "试验校园", "en": "Bench campus"}]
    places += [
        {"id": f"b{n}", "zh": f"{n}号楼", "en": f"Building {n}", "parent": "campus"} for n in range(10)
    ]
    things = [
        {
            "id": f"d{n}",
            "kind": "smoke_detector" if n % 5 == 0 else "climate",
            "place": f"b{n % 10}",
            "owner": "li-wei",
            "interval": 0,
        }
        for n in range(devices)
    ]
    person = {
        "id": "li-wei",
        "zh": "李伟",
        "en": "Li Wei",
        "contacts": [{"channel": channel, "address": "1"}],
    }
    return {
        "places": places,
        "devices": things,
        "persons": [person],
        "posts": [{"id": "duty", "zh": "值班室", "en": "Security office", "order": ["li-wei"]}],
        "policies": [
            {
                "id": "all",
                "match": {},
                "steps": [{"after": "0s", "notify": [{"post": "duty"}]}],
                "repeat": {"every": "1h"},
            }
        ],
    }


class Service:
    """`tocsin run` on a folder. `hook` is the URL that the channel of the same name calls."""

    def __init__(self, folder: Path, broker: Server, hook: str, extra: dict[str, Any] | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = folder / "tocsin.yaml"
        self.process: subprocess.Popen[bytes] | None = None
        settings: dict[str, Any] = {
            "data": str(folder / "data"),
            "broker": {"host": broker.host, "port": broker.port, "receive_maximum": 5000},
            "dashboard": {"listen": f"127.0.0.1:{self.port}"},
            "channels": {"hook": {"kind": "webhook", "url": hook, "secret": "a-bench-" * 5}},
        }
        self.config.write_text(json.dumps(settings | (extra or {})))

    def tocsin(self, *arguments: str) -> str:
        """Run one command of the product to its end; raises with what it printed when it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "tocsin", *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"tocsin {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def apply(self, parts: dict[str, Any]) -> None:
        path = self.folder / "campus.yaml"
        path.write_text(json.dumps(parts, ensure_ascii=False))
        self.tocsin("apply", str(path), "-c", str(self.config), "--yes")

    def start(self) -> float:
        """Start it; seconds until it says that it is ready."""
        began = time.monotonic()
        self.launch()
        self.wait_until_ready()
        return time.monotonic() - began

    def launch(self, program: Sequence[str] = ("tocsin",)) -> None:
        """Begin to start it, or a program that becomes it, and wait for nothing."""
        with (self.folder / "service.log").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *program, "run", "-c", str(self.config)],
                env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        watch(self.process.pid)

    def wait_until_ready(self) -> None:
        wait_for("tocsin is ready", self._ready)

    def _ready(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError(f"tocsin did not start:\n{self.log()[-3000:]}")
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def status(self) -> dict[str, Any]:
        """What the running service says of itself over its control socket."""
        answer: dict[str, Any] = self._ask("status")
        return answer

    def token(self) -> str:
        """What `tocsin token` prints: the key to the first account."""
        return str(self._ask("token"))

    def _ask(self, what: str) -> Any:
        from tocsin.control import ask

        return ask(self.folder / "data" / "control.sock", do=what)

    def rows(self, query: str, *values: Any) -> list[Any]:
        """What its state database holds, read beside it; also while it is dead."""
        state = f"file:{self.folder}/data/state.db?mode=ro"
        with contextlib.closing(sqlite3.connect(state, uri=True)) as conn:
            conn.row_factory = sqlite3.Row
            return conn.execute(query, values).fetchall()

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(30)
            unwatch(self.process.pid)
            self.process = None

    def memory(self) -> int:
        """Resident memory in bytes."""
        assert self.process is not None
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def log(self) -> str:
        return (self.folder / "service.log").read_text(errors="replace")
