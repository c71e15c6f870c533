"""Touches. A broker of its own for `tocsin demo`: `mosquitto` where there is one, else embedded amqtt.

Both run as a process of their own that ends with ours, however ours ends.

amqtt speaks MQTT 3.1.1 only (an MQTT 5 client gets no answer at all) and is good for a demo's pace;
tocsin/demo_amqtt.py says what it cannot do.
"""

import base64
import hashlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import structlog

log = structlog.get_logger("demo_broker")

HOST = "127.0.0.1"
USERNAME = "tocsin"
_READY = 15.0  # seconds within which a broker must answer
_SBIN = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")  # often not on the PATH of a user

# Ends its child when our end of its standard input closes: also when we are killed.
_KEEPER = """
import os, subprocess, sys, threading
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
threading.Thread(target=lambda: (os.read(0, 1), child.terminate()), daemon=True).start()
sys.exit(child.wait())
"""

_MOSQUITTO = """# Written by `tocsin demo` at every start.
listener {port} {host}
allow_anonymous false
password_file {folder}/passwords
persistence true
persistence_location {folder}/
autosave_interval 5
max_queued_messages 100000
max_queued_bytes 0
max_inflight_messages 2000
queue_qos0_messages true
upgrade_outgoing_qos true
set_tcp_nodelay true
log_dest file {folder}/mosquitto.log
log_type error
log_type warning
{user}
"""


Kind = Literal["mosquitto", "amqtt"]


class BrokerFailed(Exception):
    """No broker could be started; the message says what it said."""


class DemoBroker:
    """A running broker. `kind` says which; only mosquitto keeps its sessions over `restart`."""

    host = HOST
    username = USERNAME

    def __init__(
        self,
        folder: Path,
        kind: Kind,
        command: list[str],
        port: int,
        password: str,
        now: Callable[[], int],
    ) -> None:
        self.kind = kind
        self.port = port
        self.password = password
        self.started = 0
        self._folder = folder
        self._command = command
        self._now = now
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Start and wait until it answers. Raises BrokerFailed."""
        with (self._folder / "broker.log").open("wb") as output:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started = self._now()
        deadline = time.monotonic() + _READY
        while not _answers(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                said = (self._folder / "broker.log").read_text(errors="replace").strip()
                raise BrokerFailed(f"{self.kind} does not answer on port {self.port}. {said[-500:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it and wait for that; mosquitto saves its state first."""
        if self._process is None:
            return
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def restart(self, clean: bool = False, away: float = 0.0) -> None:
        """An outage: stop, stay away for so many seconds, start on the same port. Blocks meanwhile.

        `clean` forgets every session, queue and retained message; amqtt always does. Raises BrokerFailed.
        """
        self.stop()
        if clean:
            (self._folder / "mosquitto.db").unlink(missing_ok=True)
        time.sleep(away)
        self.run()


def start(folder: Path, now: Callable[[], int], prefer: Kind = "mosquitto") -> DemoBroker:
    """Start a broker on a free port of 127.0.0.1 that keeps its things in `folder`. Raises BrokerFailed."""
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    password = _password(folder)
    program = shutil.which("mosquitto", path=os.pathsep.join((os.environ.get("PATH", ""), *_SBIN)))
    if program and prefer == "mosquitto":
        try:
            return _mosquitto(folder, program, password, now)
        except BrokerFailed as error:
            log.warning("mosquitto_unusable", error=str(error), instead="amqtt")
    return _amqtt(folder, password, now)


def _mosquitto(folder: Path, program: str, password: str, now: Callable[[], int]) -> DemoBroker:
    port = _free_port()
    # Started by root it would become the user mosquitto, who may not write into the demo's folder.
    user = "user root" if os.geteuid() == 0 else ""
    config = folder / "mosquitto.conf"
    config.write_text(_MOSQUITTO.format(port=port, host=HOST, folder=folder, user=user))
    _private(folder / "passwords", f"{USERNAME}:{mosquitto_hash(password)}\n")
    command = [sys.executable, "-c", _KEEPER, program, "-c", str(config)]
    broker = DemoBroker(folder, "mosquitto", command, port, password, now)
    broker.run()
    return broker


def _amqtt(folder: Path, password: str, now: Callable[[], int]) -> DemoBroker:
    from argon2 import PasswordHasher

    port = _free_port()
    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)  # only this machine can ask
    passwords = folder / "amqtt-passwords"
    _private(passwords, f"{USERNAME}:{cheap.hash(password)}\n")
    command = [sys.executable, "-m", "tocsin.demo_amqtt", str(port), str(passwords)]
    broker = DemoBroker(folder, "amqtt", command, port, password, now)
    broker.run()
    return broker


def _password(folder: Path) -> str:
    """The demo's password, made once: whoever can read the folder may look on with any MQTT client."""
    path = folder / "broker-password"
    if not path.exists():
        _private(path, secrets.token_hex(16))
    return path.read_text().strip()


def _private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def mosquitto_hash(password: str) -> str:
    """A line of a mosquitto password file, which `mosquitto_passwd` is not always there to write."""
    salt = secrets.token_bytes(12)
    hashed = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return f"$7$101${base64.b64encode(salt).decode()}${base64.b64encode(hashed).decode()}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
