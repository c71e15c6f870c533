"""Touches. `tocsin doctor`: its arguments, what it prints, its exit code."""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import sys
import textwrap
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tocsin import clock, lastgood
from tocsin.config import Settings, load
from tocsin.doctor.arguments import PASSWORD
from tocsin.doctor.catalogue import level, said, word
from tocsin.doctor.finding import LANGUAGES, Finding, Level, exit_code, found, language_of
from tocsin.doctor.installation import configuration_lines
from tocsin.doctor.link import Login
from tocsin.doctor.visit import Options, Visit
from tocsin.mistake import Mistakes

_MOST, _WIDEST = 1_000_000, 110
_PIECES = re.compile(r" ?[!-~]+| |[^ -~]")  # words between blanks, and Chinese characters one by one
_CLOSING = "，。：；、）"  # never begin a line


def run(args: argparse.Namespace) -> int:
    """0 all is well, 1 warnings, 2 problems."""
    if not 1 <= args.queue <= _MOST:
        raise Mistakes([f"--queue {args.queue}: from 1 to {_MOST}"])
    if args.as_device and PASSWORD not in os.environ:
        raise Mistakes(
            [f"--as-device {args.as_device}: its password must stand in the environment: {PASSWORD}"]
        )
    language = args.language or language_of(os.environ)
    show = _Json() if args.json else _Lines(language, args.config)
    settings, findings = _settings(Path(args.config))
    show.add("installation", findings)
    if settings is not None:
        visit = Visit(settings, _options(args, language), clock.now())
        with _ended_gently(visit, language):
            for section, more in visit.all():
                show.add(section, more)
    return show.end()


def _settings(path: Path) -> tuple[Settings | None, list[Finding]]:
    """The configuration, or the last good one as the service would take it."""
    if not path.exists():
        return None, [
            found("configuration_mistake", where=f"{path}: there is no such file; give one with -c")
        ]
    try:
        settings = load(path, os.environ)
    except Mistakes as error:
        findings = configuration_lines(path, error.lines)
        recalled = lastgood.recall(path, os.environ, error.lines)
        return recalled, findings + ([found("last_good_used", path=str(path))] if recalled else [])
    return settings, configuration_lines(path, [])


def _options(args: argparse.Namespace, language: str) -> Options:
    def tell() -> None:
        print(word("restart_now", language), file=sys.stderr, flush=True)

    device = Login(args.as_device, os.environ[PASSWORD]) if args.as_device else None
    return Options(args.queue, args.plain_port, device, args.broker_file, tell if args.restart else None)


@contextlib.contextmanager
def _ended_gently(visit: Visit, language: str) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the visit, and the probes are removed all the same."""
    here = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler) if here else None
    try:
        yield
    except KeyboardInterrupt:
        gone = visit.clean()
        print("\n" + word("interrupted" if gone else "interrupted_left", language), file=sys.stderr)
        raise
    finally:
        if here:
            signal.signal(signal.SIGTERM, before)


class _Lines:
    """For a person, a line as soon as it is known."""

    def __init__(self, language: str, source: str) -> None:
        self._language = language
        self._section = ""
        self._counts: Counter[Level] = Counter()
        self._width = min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns)
        print(word("heading", language, source=source))

    def add(self, section: str, findings: list[Finding]) -> None:
        for finding in findings:
            if section != self._section:
                self._section = section
                print(f"\n{word(section, self._language)}", flush=True)
            how = level(finding)
            self._counts[how] += 1
            label = word(how, self._language)
            head = f"  {label}{' ' * (9 - _wide(label))}"
            print(
                head + f"\n{' ' * 11}".join(_wrapped(said(finding, self._language), self._width - 11)),
                flush=True,
            )

    def end(self) -> int:
        counts = {each.value: self._counts[each] for each in Level}
        print("\n" + word("sum", self._language, **counts))
        return exit_code(self._counts)


class _Json:
    """For a machine, all at once."""

    def __init__(self) -> None:
        self._findings: list[dict[str, Any]] = []

    def add(self, section: str, findings: list[Finding]) -> None:
        for finding in findings:
            told = {language: said(finding, language) for language in LANGUAGES}
            of = {"section": section, "name": finding.name, "level": str(level(finding))}
            self._findings.append(of | told | {"values": dict(finding.values)})

    def end(self) -> int:
        code = exit_code(Level(each["level"]) for each in self._findings)
        print(json.dumps({"exit": code, "findings": self._findings}, ensure_ascii=False, indent=1))
        return code


def _wide(text: str) -> int:
    """Columns on a terminal: Chinese characters have two."""
    return sum(2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in text)


def _wrapped(text: str, width: int) -> list[str]:
    if _wide(text) == len(text):
        return textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False) or [""]
    lines = [""]
    for piece in _PIECES.findall(text):
        if _wide(lines[-1] + piece) > width and piece not in _CLOSING:
            lines.append("")
        lines[-1] += piece
    return lines
