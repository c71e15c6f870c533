"""Touches. Prepares what the tests need beyond Python: `python -m tests.setup`, which `make test` calls.

Says in a line each what is here and what is not. What is not here only skips its tests, unless
TOCSIN_REQUIRE_ALL=1.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from tests import packages

WANTED: dict[str, Callable[[], Path]] = {
    "Mosquitto": lambda: packages.mosquitto().path,
    "PostgreSQL": lambda: packages.postgres().path,
    "VictoriaMetrics": lambda: packages.victoria_metrics().path,
    "gammu-smsd": lambda: packages.gammu_smsd().path,
    "Chromium": packages.install_chromium,
}


def main(names: list[str]) -> int:
    """Prepares those of `names`, or all."""
    missing = 0
    for name in names or WANTED:
        try:
            print(f"{name:16}{_short(WANTED[name]())}", flush=True)
        except packages.Missing as error:
            missing += 1
            print(f"{name:16}MISSING, its tests are skipped: {error}", flush=True)
    return 1 if missing and os.environ.get("TOCSIN_REQUIRE_ALL") == "1" else 0


def _short(path: Path) -> str:
    return str(path.relative_to(packages.ROOT)) if path.is_relative_to(packages.ROOT) else str(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
