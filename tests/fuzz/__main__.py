"""Touches. `make fuzz`: looks for messages that crash or stall a dialect. ARGS="seconds dialect …".

Every dialect is fuzzed in a process of its own (tests/fuzz/engine.py), the seconds shared among them. What
was found to reach new code is kept under .cache/fuzz and is where the next run begins.
"""

import subprocess
import sys
from pathlib import Path

from tests.fakes.messages import TALKS
from tests.fuzz.target import DEAREST, MOST_BYTES, WORK, seeds

SECONDS = 300


def main(args: list[str]) -> int:
    seconds = int(args.pop(0)) if args and args[0].isdigit() else SECONDS
    unknown = [name for name in args if name not in TALKS]
    if unknown:
        print(f"no such dialect: {', '.join(unknown)}; there are {', '.join(TALKS)}")
        return 2
    names = args or list(TALKS)
    failed = [name for name in names if not _fuzz(name, max(5, seconds // len(names)))]
    print(f"== {len(names)} dialects, {len(failed)} with findings {', '.join(failed)}".rstrip())
    return 1 if failed else 0


def _fuzz(name: str, seconds: int) -> bool:
    corpus, findings = WORK / name / "corpus", WORK / name / "findings"
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
    print(f"== {name}, {seconds} s", flush=True)
    done = subprocess.run(
        [
            sys.executable, "-m", "tests.fuzz.engine", name, str(corpus), f"-max_total_time={seconds}",
            f"-max_len={MOST_BYTES}", "-timeout=10", "-rss_limit_mb=2000", "-verbosity=0",
            f"-artifact_prefix={findings}/", "-print_final_stats=1",
        ],
        cwd=Path(__file__).parents[2], check=False, capture_output=True, text=True,
    )  # fmt: skip
    said = done.stdout.splitlines()
    told = [line for line in said if not line.startswith(DEAREST)]
    told += [line for line in said if line.startswith(DEAREST)][-1:]
    print("\n".join([*told, *filter(_worth, done.stderr.splitlines())]), flush=True)
    return done.returncode == 0


def _worth(line: str) -> bool:
    begins = ("stat::number_of_executed", "stat::new_units", "==", "SUMMARY")
    return line.startswith(begins) or "written to" in line


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
