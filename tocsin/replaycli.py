"""Touches. `tocsin rules replay`: what rules would have raised over the recorded history, in words."""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ingest.bilingual import both, told
from ingest.campus.registry import Registry
from rules.firing import CHATTER, WITHIN, Difference, Firing, Tally
from rules.load import Texts, build, read
from rules.replay import Answer
from rules.section import parse_duration
from tocsin import backtest, clock
from tocsin.backtest import BEFORE, MOST, Job, Source
from tocsin.config import Settings
from tocsin.doctor.finding import language_of
from tocsin.mistake import Failed, Mistakes
from tocsin.office import Office
from tocsin.why import moment_of

LINES = 20  # activations of a rule that are listed one by one
_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"))
CAVEAT = both(
    """历史中没有的：设备刷屏时重复的内容；当时的校园与校历（用的是现在的）；同一毫秒内到达的先后。带 `past`
的规则与有记录的前几周比较。""",
    """Not in the history: what a device repeated while it flooded; the campus and calendar as they were
(they are as of now); the order of what came in the same millisecond. Rules with `past` compare with the weeks
before that are recorded.""",
)
_WORD = {"added": "新增", "removed": "已删除", "changed": "已修改"}


def replay(args: argparse.Namespace, settings: Settings) -> int:
    now = clock.now()
    until = moment(args.until, settings.zone, now) if args.until else now
    since = moment(args.since, settings.zone, now)
    if not 0 < until - since <= MOST:
        raise Mistakes([f"--since {args.since}: expected before the end, at most {MOST // 86_400_000} d"])
    proposed = _proposed(args.rules, settings)
    found = Office(settings).replay(since - BEFORE, until)
    _check(args, found, proposed)
    with Bar("回放中" if language_of(os.environ) == "zh" else "replaying") as bar:
        try:
            answer = backtest.run(Job(since, until, found, proposed, args.rule), bar.show)
        except duckdb.Error as error:
            raise Failed(f"the history changed meanwhile, try again ({str(error).splitlines()[0]})") from None
    most, language = None if args.all else LINES, language_of(os.environ)
    words = Words(settings.zone, found.campus.registry(), set(args.device), most, language)
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
    """An answer in sentences, "zh" or "en". `devices`: only what is raised on these (empty: all); `most`
    lines a rule."""

    def __init__(
        self, zone: str, registry: Registry, devices: set[str], most: int | None, language: str
    ) -> None:
        self._zone, self._registry = ZoneInfo(zone), registry
        self._devices, self._most, self._language = devices, most, language

    def _say(self, zh: str, en: str) -> str:
        return zh if self._language == "zh" else en

    def told(self, answer: Answer, proposed: bool) -> Iterator[str]:
        since, until, begin = (self._at(one) for one in (answer.since, answer.until, answer.begin))
        recorded, played = f"{answer.recorded:,}", f"{answer.played:,}"
        yield self._say(
            f"{since} – {until}：记录了 {recorded} 条读数，其中 {played} 条可能与这些规则有关"
            f"（自 {begin} 起判断）",
            f"{since} – {until}: {recorded} readings recorded, {played} could mean something to these rules "
            f"(judged from {begin} on)",
        )
        if proposed:
            yield from self._compared(answer.differences)
        else:
            yield from self._present(answer.now.values())
        yield from answer.failures
        yield told(CAVEAT, self._language)

    def _present(self, tallies: Iterable[Tally]) -> Iterator[str]:
        ranked = sorted(tallies, key=lambda one: (-one.count, one.rule))
        for tally in ranked:
            if tally.count or tally.standing:
                yield f"{tally.rule}  {self._counted(tally)}"
                yield from self._listed(tally.firings, " ")
        if not any(tally.count for tally in ranked):
            yield self._say("没有规则会触发", "no rule would have fired")

    def _compared(self, found: Sequence[Difference]) -> Iterator[str]:
        for one in found:
            what = self._say(_WORD.get(one.what, one.what), one.what)
            said = "" if one.what == "same" else f" ({what})"
            new, old, now, then = one.new.count, one.old.count, len(one.only_old), len(one.only_new)
            yield f"{one.rule}{said}  " + self._say(
                f"会触发 {new} 次，现行为 {old} 次",
                f"would have fired {_times(new)} instead of {_times(old)}",
            )
            yield f"  {self._say('现行', 'now     ')} {self._counted(one.old)}"
            yield f"  {self._say('拟议', 'proposed')} {self._counted(one.new)}"
            yield self._say(
                f"  两者都有 {one.both}，仅现行 {now}，仅拟议 {then}",
                f"  both {one.both}, only now {now}, only proposed {then}",
            )
            yield from self._listed(one.only_old, "-")
            yield from self._listed(one.only_new, "+")
        if not found:
            yield self._say(
                "没有差别：两套规则会触发同样的警情", "no difference: both sets would have raised the same"
            )

    def _counted(self, tally: Tally) -> str:
        firings = self._of(tally.firings)
        count, chatter = tally.count, tally.chatter
        if self._devices:
            count, chatter = len(firings), sum(one.chatter for one in firings)
        seconds, devices = WITHIN // 1000, f"{tally.devices} device{'s' if tally.devices != 1 else ''}"
        said = self._say(f"会触发 {count} 次", f"would have fired {_times(count)}")
        if chatter:
            said += self._say(
                f"，其中 {chatter} 次为抖动（{seconds} 秒内 ≥ {CHATTER} 次）",
                f", {chatter} of them chatter (≥ {CHATTER} activations in {seconds} s)",
            )
        if count and not self._devices:
            said += self._say(f"，涉及 {tally.devices} 台设备", f", on {devices}")
        if tally.suppressed:
            said += self._say(
                f"，{tally.suppressed} 次被其他规则抑制", f", {tally.suppressed} suppressed by another rule"
            )
        standing = self._say(
            f"；{tally.standing} 处开始时已成立", f"; {tally.standing} held already at the start"
        )
        return said + (standing if tally.standing else "")

    def _of(self, firings: Iterable[Firing]) -> list[Firing]:
        return [one for one in firings if not self._devices or one.device in self._devices]

    def _listed(self, firings: Iterable[Firing], sign: str) -> Iterator[str]:
        mine = self._of(firings)
        for one in mine[: self._most]:
            lasted = self._lasted(one)
            marks = [self._say("抖动", "chatter")] * one.chatter
            if one.suppressed:
                marks.append(self._say(f"被 {one.suppressed} 抑制", f"suppressed by {one.suppressed}"))
            marked = f"  [{', '.join(marks)}]" if marks else ""
            where = f"{one.subject}, {self._place(one.device)}"
            said = told(one.said, self._language)
            yield f"  {sign} {self._at(one.moment)}  {where}  {said}  {lasted}{marked}"
        if more := len(mine) - len(mine[: self._most]):
            yield self._say(
                f"    … 另有 {more} 条：--all 全部列出", f"    … and {more} more: --all lists them"
            )

    def _lasted(self, one: Firing) -> str:
        if one.until is None:
            return self._say("仍成立", "still holds")
        length = lasting(one.until - one.moment)
        return self._say(f"持续 {length}", f"for {length}")

    def _place(self, device: str) -> str:
        known = self._registry.device(device)
        path = self._registry.path(known.place) if known is not None else ()
        names = ((place.zh, place.en) for place in path[1:] or path)
        return " › ".join(self._say(zh or en, en or zh) for zh, en in names) or "?"

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
