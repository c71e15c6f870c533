"""Touches. The backtests that the dashboard asks for: one at a time, in a process of their own.

It has the lowest priority, bounded memory and bounded time, and no lock in common with the pipeline: a month
judged anew costs no alarm a millisecond of the interpreter.
"""

import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import msgspec
import structlog

from dashboard.service import Backtest
from ingest.history.sealed import DAY
from tocsin.backtest import BEFORE, Job, Line, Source

log = structlog.get_logger("tocsin.backtests")

SPAN = 30 * DAY  # what is judged anew
LONGEST = 600.0  # seconds
MEMORY = 2 << 30  # bytes of address space; DuckDB itself is given 256 MB


class Backtests:
    """`source` gives what was received between two moments, and what judges it."""

    def __init__(self, source: Callable[[int, int], Source], now: Callable[[], int]) -> None:
        self._source, self._now = source, now
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self.last: Backtest | None = None

    def start(self, rule: str) -> bool:
        with self._lock:
            if self.last is not None and self.last.running:
                return False
            self.last = Backtest(rule, self._now())
            threading.Thread(target=self._run, args=(rule,), name="backtest", daemon=True).start()
        return True

    def stop(self) -> None:
        child = self._child
        if child is not None:
            with suppress(OSError):
                child.kill()

    def _run(self, rule: str) -> None:
        rest = ""
        try:
            until = self._now()
            source = self._source(until - SPAN - BEFORE, until)
            rest = source.files.rest
            self._watch(msgspec.json.encode(Job(until - SPAN, until, source, names=[rule])))
        except Exception as error:
            log.exception("a backtest failed", rule=rule)
            self._say(Line(problem=str(error)[:500] or type(error).__name__))
        finally:
            if rest:
                Path(rest).unlink(missing_ok=True)

    def _watch(self, job: bytes) -> None:
        """Start the process, and hear it to its end."""
        child = self._child = subprocess.Popen(
            [sys.executable, "-m", "tocsin.backtest"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        late = threading.Timer(LONGEST, child.kill)
        late.start()
        try:
            with suppress(OSError, ValueError, AttributeError):  # only Linux has it
                resource.prlimit(child.pid, resource.RLIMIT_AS, (MEMORY, MEMORY))
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(job)
            child.stdin.close()
            for line in child.stdout:
                self._say(msgspec.json.decode(line, type=Line))
        finally:
            child.wait()
            late.cancel()
            self._child = None
        if self.last is not None and self.last.running:
            self._say(Line(problem=f"it ended without an answer, after {LONGEST:g} s at most"))

    def _say(self, line: Line) -> None:
        if self.last is not None:
            self.last = replace(self.last, share=line.share, answer=line.answer, problem=line.problem)
