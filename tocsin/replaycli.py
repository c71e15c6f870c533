"""Touches. `tocsin rules replay`: what rules would have raised over the recorded history, in words."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ingest.bilingual import told
from ingest.campus.registry import Registry
from rules.firing import CHATTER, WITHIN, Difference, Firing, Tally
from rules.load import Texts, build, read
from rules.replay import Answer
from rules.section import parse_duration
from tocsin import backtest, clock
from tocsin.backtest import BEFORE, MOST, Job, Source
from tocsin.config import Settings
from tocsin.mistake import Failed, Mistakes
from tocsin.office import Office
from tocsin.why import moment_of

LINES = 20  # activations of a rule that are listed one by one
_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"))
CAVEAT = """Not in the history: what a device repeated while it flooded; the campus and calendar as they were
(they are as of now); the order of what came in the same millisecond. Rules with `past` compare with the weeks
before that are recorded."""


def replay(args: argparse.Namespace, settings: Settings) -> int:
    now = clock.now()
    until = moment(args.until, settings.zone, now) if args.until else now
    since = moment(args.since, settings.zone, now)
    if not 0 < until - since <= MOST:
        raise Mistakes([f"--since {args.since}: expected before the end, at most {MOST // 86_400_000} d"])
    proposed = _proposed(args.rules, settings)
    found = Office(settings).replay(since - BEFORE, until)
    _check(args, found, proposed)
    with Bar("replaying") as bar:
        try:
            answer = backtest.run(Job(since, until, found, proposed, args.rule), bar.show)
        except duckdb.Error as error:
            raise Failed(f"the history changed meanwhile, try again ({str(error).splitlines()[0]})") from None
    words = Words(settings.zone, found.campus.registry(), set(args.device), None if args.all else LINES)
    print("\n".join(words.told(answer, proposed is not None)))
    return 0


def moment(text: str, zone: str, now: int) -> int:
    """A length of time ago, or a moment. Raises Mistakes."""
    length = parse_duration(text)
    if length is not None:
        return now - length
    try:
        return moment_of(text, zone, now)
    except ValueError as error:
        raise Mistakes([f"{error}; or how long ago, such as 30d"]) from None


def _proposed(paths: Sequence[Path] | None, settings: Settings) -> Texts | None:
    """The rule files that stand in place of the configured ones. Raises Mistakes and RuleErrors."""
    missing = [f"{path}: there is no such file or folder" for path in paths or () if not path.exists()]
    if missing:
        raise Mistakes(missing)
    return read(paths, settings.standard_rules) if paths else None


def _check(args: argparse.Namespace, found: Source, proposed: Texts | None) -> None:
    rules = {name for texts in (found.present, proposed) if texts for name in build(texts).rules.by_id}
    devices = {device.id for device in found.campus.devices}
    wrong = [
        f"--{what} {name}: there is no such {what}{_near(name, known)}"
        for what, names, known in (("rule", args.rule, rules), ("device", args.device, devices))
        for name in names
        if name not in known
    ]
    if wrong:
        raise Mistakes(wrong)


def _near(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, [*known], 1)
    return f"; did you mean '{near[0]}'?" if near else ""


class Bar:
    """One line of progress on a terminal; nothing where nobody looks."""

    def __init__(self, what: str) -> None:
        self._what, self._shown = what, sys.stderr.isatty()

    def __enter__(self) -> "Bar":
        return self

    def show(self, share: float) -> None:
        if self._shown:
            filled = round(share * 30)
            sys.stderr.write(f"\r{self._what} [{'#' * filled}{'.' * (30 - filled)}] {share:4.0%}")
            sys.stderr.flush()

    def __exit__(self, *_: object) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


class Words:
    """An answer in sentences. `devices`: only what is raised on these (empty: all); `most` lines a rule."""

    def __init__(self, zone: str, registry: Registry, devices: set[str], most: int | None) -> None:
        self._zone, self._registry = ZoneInfo(zone), registry
        self._devices, self._most = devices, most

    def told(self, answer: Answer, proposed: bool) -> Iterator[str]:
        yield (
            f"{self._at(answer.since)} – {self._at(answer.until)}: {answer.recorded:,} readings recorded, "
            f"{answer.played:,} could mean something to these rules (judged from {self._at(answer.begin)} on)"
        )
        if proposed:
            yield from self._compared(answer.differences)
        else:
            yield from self._present(answer.now.values())
        yield from answer.failures
        yield CAVEAT

    def _present(self, tallies: Iterable[Tally]) -> Iterator[str]:
        ranked = sorted(tallies, key=lambda one: (-one.count, one.rule))
        for tally in ranked:
            if tally.count or tally.standing:
                yield f"{tally.rule}  {self._counted(tally)}"
                yield from self._listed(tally.firings, " ")
        if not any(tally.count for tally in ranked):
            yield "no rule would have fired"

    def _compared(self, found: Sequence[Difference]) -> Iterator[str]:
        for one in found:
            said = "" if one.what == "same" else f" ({one.what})"
            new, old = _times(one.new.count), _times(one.old.count)
            yield f"{one.rule}{said}  would have fired {new} instead of {old}"
            yield f"  now      {self._counted(one.old)}"
            yield f"  proposed {self._counted(one.new)}"
            yield f"  both {one.both}, only now {len(one.only_old)}, only proposed {len(one.only_new)}"
            yield from self._listed(one.only_old, "-")
            yield from self._listed(one.only_new, "+")
        if not found:
            yield "no difference: both sets would have raised the same"

    def _counted(self, tally: Tally) -> str:
        firings = self._of(tally.firings)
        count, chatter = tally.count, tally.chatter
        if self._devices:
            count, chatter = len(firings), sum(one.chatter for one in firings)
        said = f"would have fired {_times(count)}"
        if chatter:
            said += f", {chatter} of them chatter (≥ {CHATTER} activations in {WITHIN // 1000} s)"
        if count and not self._devices:
            said += f", on {tally.devices} device{'s' if tally.devices != 1 else ''}"
        if tally.suppressed:
            said += f", {tally.suppressed} suppressed by another rule"
        return said + (f"; {tally.standing} held already at the start" if tally.standing else "")

    def _of(self, firings: Iterable[Firing]) -> list[Firing]:
        return [one for one in firings if not self._devices or one.device in self._devices]

    def _listed(self, firings: Iterable[Firing], sign: str) -> Iterator[str]:
        mine = self._of(firings)
        for one in mine[: self._most]:
            lasted = "still holds" if one.until is None else f"for {lasting(one.until - one.moment)}"
            marks = ["chatter"] * one.chatter + [f"suppressed by {one.suppressed}"] * bool(one.suppressed)
            marked = f"  [{', '.join(marks)}]" if marks else ""
            where = f"{one.subject}, {self._place(one.device)}"
            yield (f"  {sign} {self._at(one.moment)}  {where}  {told(one.said, 'en')}  {lasted}{marked}")
        if len(mine) > len(mine[: self._most]):
            yield f"    … and {len(mine) - len(mine[: self._most])} more: --all lists them"

    def _place(self, device: str) -> str:
        known = self._registry.device(device)
        path = self._registry.path(known.place) if known is not None else ()
        return " › ".join(place.en or place.zh for place in path[1:] or path) or "?"

    def _at(self, moment: int) -> str:
        return datetime.fromtimestamp(moment / 1000, self._zone).strftime("%Y-%m-%d %H:%M:%S")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def lasting(length: int) -> str:
    """1 d 2 h, 12 min 5 s: the two largest units."""
    parts = []
    for size, unit in _UNITS:
        whole, length = divmod(length, size)
        if whole:
            parts.append(f"{whole} {unit}")
    return " ".join(parts[:2]) or "under 1 s"
