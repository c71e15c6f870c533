"""Touches. Uses an installed Tocsin as a stranger would: version, check, and a start without a broker."""

import importlib
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOMS = ("ingest", "rules", "alerts", "dashboard", "tocsin")
TOCSIN = str(Path(sys.executable).parent / "tocsin")


def every_module() -> int:
    """Imports all there is of the rooms, from where the wheel put them."""
    count = 0
    for room in ROOMS:
        package = importlib.import_module(room)
        where = Path(str(package.__file__))
        assert "site-packages" in where.parts, f"{room} came from {where}, not from the wheel"
        for module in pkgutil.walk_packages(package.__path__, room + "."):
            if not module.name.endswith("__main__") and ".migrations." not in module.name:
                importlib.import_module(module.name)
                count += 1
    return count


def said(*arguments: str) -> str:
    done = subprocess.run(
        [TOCSIN, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60
    )
    assert done.returncode == 0, (
        f"tocsin {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
    )
    return done.stdout.strip()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_without_a_broker(config: Path, port: int) -> None:
    """It starts though its broker is not there, serves the dashboard, and ends when asked to."""
    log = config.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [TOCSIN, "run", "-c", str(config)], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        end = time.monotonic() + 60
        while not answers(port):
            assert process.poll() is None, f"tocsin run ended by itself:\n{log.read_text()}"
            assert time.monotonic() < end, f"the dashboard never answered:\n{log.read_text()}"
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, f"tocsin run ended badly:\n{log.read_text()}"
    finally:
        process.kill()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/healthy", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def main() -> None:
    print(said("--version"))
    print(f"{every_module()} modules imported")
    with tempfile.TemporaryDirectory() as folder:
        config, port = Path(folder) / "tocsin.yaml", free_port()
        nothing = free_port()
        config.write_text(
            f"data: {folder}/data\nbroker: {{host: 127.0.0.1, port: {nothing}}}\n"
            f"dashboard: {{listen: '127.0.0.1:{port}'}}\n"
        )
        said("check", "-c", str(config))
        print("check: accepted")
        run_without_a_broker(config, port)
        print("run: started without a broker, served, ended")
    assert os.getcwd() == "/"


if __name__ == "__main__":
    main()
