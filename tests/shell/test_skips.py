"""Touches. The law about skips: loud always, and a failure where everything is required."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packages import ROOT

SKIPPED = "import pytest\n{mark}def test_it() -> None:\n    pytest.skip('there is no such server')\n"


def _run(folder: Path, source: str, require_all: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_one.py").write_text(source)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-c", os.devnull, str(folder)],
        cwd=ROOT,
        env=os.environ | {"TOCSIN_REQUIRE_ALL": require_all, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_skip_is_named_with_its_reason(tmp_path: Path) -> None:
    done = _run(tmp_path, SKIPPED.format(mark=""), "")
    assert done.returncode == 0
    assert "NOT TESTED on this machine" in done.stdout
    assert "there is no such server" in done.stdout


def test_a_skip_fails_the_run_where_everything_is_required(tmp_path: Path) -> None:
    assert _run(tmp_path, SKIPPED.format(mark=""), "1").returncode == pytest.ExitCode.TESTS_FAILED


def test_a_whole_file_that_is_skipped_fails_the_run_where_everything_is_required(tmp_path: Path) -> None:
    source = "import pytest\npytest.importorskip('no_such_module')\ndef test_it() -> None: ...\n"
    assert _run(tmp_path, source, "1").returncode != 0


def test_a_skip_of_the_short_list_is_allowed(tmp_path: Path) -> None:
    allowed = SKIPPED.format(mark="@pytest.mark.allowed_skip('samples')\n")
    assert _run(tmp_path, allowed, "1").returncode == 0


def test_a_skip_of_no_list_is_not_allowed(tmp_path: Path) -> None:
    invented = SKIPPED.format(mark="@pytest.mark.allowed_skip('too slow')\n")
    assert _run(tmp_path, invented, "1").returncode == pytest.ExitCode.TESTS_FAILED
