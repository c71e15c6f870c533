"""Touches. What a backtest costs: readings of a recorded month judged anew in a second of one core.

The promise is ≥ 100,000 readings a second. A quiet month under the whole standard pack; the same with rules
of a user on every temperature; and the worst there is: rules that every single reading means something to.
"""

import tempfile
import time
from pathlib import Path

from ingest.history.recorded import Files
from ingest.history.sealed import DAY
from rules.load import Texts, read
from tests.fakes.month import START, campus, record
from tocsin.backtest import Job, Source, campus_of, run

DAYS, DEVICES, EVERY = 30, 400, 300_000  # a heartbeat of three points every five minutes: 10 million readings
OWN = """rules:
  - {id: warm, title: {zh: 热, en: W}, when: {metric: temperature, above: 24.5, deadband: 1}, class: status}
"""
EVERYTHING = """rules:
  - {id: quiet, title: {zh: 静, en: Q}, when: {metric: temperature, silent_for: 30m}, class: trouble}
  - {id: rising, title: {zh: 升, en: R}, when: {metric: battery, rises: 50, within: 10m}, class: trouble}
  - {id: stuck, title: {zh: 卡, en: S}, when: {metric: battery, same_for: 90d}, class: trouble}
  - {id: changed, title: {zh: 变, en: C}, when: {metric: smoke, changes: {to: fault}}, class: trouble}
"""


def replay() -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = Files(record(Path(folder), DAYS, DEVICES, EVERY), "")
        pack = read()
        for name, own, days, rules in (
            ("the standard pack", "", DAYS, []),
            ("and a rule that often holds", OWN, DAYS, []),
            ("only that rule", OWN, DAYS, ["warm"]),
            ("every reading means something", EVERYTHING, 2, ["quiet", "rising", "stuck", "changed"]),
        ):
            texts = Texts(pack.standard, {"own.yaml": own} if own else {})
            _one(name, Source(files, campus_of(campus(DEVICES)), texts, []), days, rules)


def _one(name: str, source: Source, days: int, rules: list[str]) -> None:
    since, until = START + (DAYS - days) * DAY, START + DAYS * DAY
    began, wall = time.process_time(), time.monotonic()
    answer = run(Job(since, until, source, names=rules))
    spent, passed = time.process_time() - began, time.monotonic() - wall
    read = answer.recorded + (answer.recorded // days if days < DAYS else 0)  # the day before was judged too
    print(
        f"{name}: {read:,} readings, {answer.played:,} judged, {spent:.1f} s of one core"
        f" ({passed:.1f} s passed): {read / spent:,.0f} readings a second"
    )
