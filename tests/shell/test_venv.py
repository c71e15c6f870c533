"""Touches. deploy/venv.sh on a machine where Python cannot make virtual environments yet."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packages import ROOT


@pytest.fixture
def bare() -> Iterator[Path]:
    """A checkout in a folder that anybody may enter, beside a `bin` whose python3 lacks ensurepip."""
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    (folder / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "venv.sh", folder / "deploy")
    shutil.copy(ROOT / "pyproject.toml", folder)
    hidden = folder / "hidden"
    hidden.mkdir()
    (hidden / "ensurepip.py").write_text("raise ImportError('ensurepip is not available')\n")
    python = f'#!/bin/sh\nPYTHONPATH={hidden} exec "{os.path.realpath(sys.executable)}" "$@"\n'
    _program(folder / "bin" / "python3", python)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def _program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _prepare(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs the script without a network: what comes after the environment is made fails at once."""
    path = {"PATH": f"{folder}/bin:/usr/bin:/bin", "PYTHON": "python3", "HOME": str(folder)}
    return subprocess.run(
        [str(folder / "deploy" / "venv.sh")],
        env=path | {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_ensurepip_the_one_line_that_mends_it_is_printed(bare: Path) -> None:
    _program(bare / "bin" / "id", "#!/bin/sh\necho 1000\n")
    done = _prepare(bare)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "tocsin:   sudo apt-get install -y python3-venv"
    assert "Traceback" not in done.stderr + done.stdout
    assert not (bare / ".venv").exists()


def test_without_ensurepip_root_has_it_installed(bare: Path) -> None:
    _program(bare / "bin" / "id", "#!/bin/sh\necho 0\n")
    _program(
        bare / "bin" / "apt-get", f'#!/bin/sh\necho "$@" >> {bare}/asked\nrm -f {bare}/hidden/ensurepip.py\n'
    )
    done = _prepare(bare)
    assert (bare / "asked").read_text().splitlines() == ["-qq update", "-qq install -y python3-venv"], (
        done.stderr
    )
    assert (bare / ".venv" / "bin" / "python").exists()


def test_an_old_python_is_named_with_what_to_do(bare: Path) -> None:
    _program(bare / "bin" / "python3", "#!/bin/sh\nexit 1\n")
    done = _prepare(bare)
    assert done.returncode == 1
    assert "no Python 3.11 or newer" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr


def test_an_environment_that_is_up_to_date_is_left_alone(bare: Path) -> None:
    (bare / ".venv" / "bin").mkdir(parents=True)
    _program(bare / ".venv" / "bin" / "python", "#!/bin/sh\nexit 0\n")
    (bare / ".venv" / ".installed-runtime").touch()
    os.utime(bare / "pyproject.toml", (1, 1))
    done = _prepare(bare)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
