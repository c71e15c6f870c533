"""Touches. The rules in force: read at the start, changed while running, and never lost to a broken file.

Files are read and checked on the thread that asks; only a set without a mistake is handed to the writer. It
exchanges the set in one transaction with the memory that must fit it, the record of what changed, and the
files to fall back on.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from alerts.desk import Outcome
from rules import record
from rules.changes import Change, changes
from rules.evaluate import Failure, arm
from rules.load import Loaded, RuleErrors, Texts, build, marks, read
from rules.memory import Memories, Memory
from rules.present import Newly, fresh, present
from rules.ruleset import RuleSet
from rules.shadow import Kept, NotPromoted, in_service, obstacles, undecided
from rules.vanish import reconcile
from rules.verdict import Verdict
from tocsin.hand_over import apply_facts

if TYPE_CHECKING:
    from tocsin.house import House
    from tocsin.writer import Writer

log = structlog.get_logger("tocsin.rulebook")

Report = Callable[[list[str]], None]
TAKES = 120  # seconds a person waits for the exchange


class Rulebook:
    """`refused` has every mistake of the files on disk while an older set is in force; else it is empty."""

    def __init__(self, paths: list[str], standard: bool, now: Callable[[], int]) -> None:
        self.refused: list[str] = []
        self._paths, self._standard, self._now = [Path(path) for path in paths], standard, now
        self._tried: Any = None  # the marks of the files that were read last
        self._seen: Any = None  # the marks at the last look
        self._fallen_back = False
        self._recorded = False  # what the start has loaded
        self._lock = threading.Lock()  # one load at a time
        self.loaded, self.texts = Loaded(RuleSet(), {}), Texts({}, {})
        self.promoted: frozenset[Kept] = frozenset()

    def open(self, kept: Mapping[str, str], promoted: frozenset[Kept] = frozenset()) -> RuleSet:
        """The rules of a start: the files; with a mistake in them the last good ones, else the standard pack
        alone. Never nothing. `promoted`: what a person took out of its shadow."""
        self.promoted = promoted
        self._tried = self._seen = marks(self._paths)
        texts = read(self._paths, self._standard)
        try:
            self.loaded, self.texts = self._build(texts), texts
        except RuleErrors as error:
            self.refused = error.mistakes
            self._fallen_back = True
            self._fall_back(texts, kept)
        return self.loaded.rules

    def _fall_back(self, texts: Texts, kept: Mapping[str, str]) -> None:
        log.error("rules refused", errors="\n".join(self.refused))
        try:
            self.texts = Texts(texts.standard, kept)
            self.loaded = self._build(self.texts if kept else read())
        except RuleErrors as error:
            log.error("the last good rules do not load; the standard pack is in force", errors=str(error))
            self.loaded = build(read())

    def _build(self, texts: Texts) -> Loaded:
        """As the files say, and out of their shadow what was promoted."""
        loaded = _build(texts)
        return Loaded(in_service(loaded.rules, self.promoted), loaded.said)

    def record(self, tx: Connection) -> list[Change]:
        """Write what is in force, and what is different from what was written before."""
        found = changes(record.past(tx), self.loaded.rules, self.loaded.said)
        record.keep(tx, found, self._now(), self.loaded.rules.version)
        record.keep_files(tx, self.texts.own)
        return found

    def watch(self, house: "House", writer: "Writer", report: Report) -> None:
        """What a reload needs; called once, when all is put together. `report` hears every mistake."""
        self._house, self._writer, self._report = house, writer, report

    def undecided(self, conn: Connection, zone: str) -> list[str]:
        """The rules whose time in shadow is over: only a person ends it."""
        since = {name: one.moment for name, one in record.newest(conn).items()}
        return undecided(self.loaded.rules.rules, since, self._now(), ZoneInfo(zone))

    def look(self) -> None:
        """Every 2 s: load what has changed and then stood still for one look, so that a file that is being
        saved is not read by halves."""
        if not self._recorded:
            self._writer.transact(self.record).result(TAKES)
            self._recorded = True
        found = marks(self._paths)
        still, self._seen = found == self._seen, found
        if still and found != self._tried:
            with suppress(RuleErrors):  # which is said
                self.reload()

    def reload(self) -> list[Change]:
        """Read the files and exchange the rules. Raises RuleErrors; then nothing has changed."""
        with self._lock:
            found = marks(self._paths)
            texts = read(self._paths, self._standard)
            try:
                loaded = self._build(texts)
            except RuleErrors as error:
                self._tried = found
                self._say(error.mistakes)
                raise
            made = self._exchange(loaded, texts)
            self._tried = found  # only now: what could not be written is tried again at the next look
            self._say([])
            return made

    def _say(self, mistakes: list[str]) -> None:
        self.refused = mistakes
        if mistakes:
            log.error("rules refused; the last good ones stay in force", errors="\n".join(mistakes))
        self._report(mistakes)

    def _exchange(self, loaded: Loaded, texts: Texts) -> list[Change]:
        if texts == self.texts and not self._fallen_back:
            return []
        return self._take(loaded, texts)

    def promote(self, name: str, version: str, by: str, reason: str) -> None:
        """Put a rule in shadow into service, in this very version. Raises NotPromoted."""
        with self._lock:
            rules, said = self.loaded
            rule = rules.by_id.get(name)
            if rule is None or rule.shadow is None or rule.version != version:
                raise NotPromoted("promote_changed")
            if names := obstacles(rules, name):
                raise NotPromoted("promote_first", ", ".join(names))
            loaded = Loaded(in_service(rules, {(name, version)}), said)
            body, source = dict(said[name].body), said[name].source
            change = Change(name, "promoted", version, version, (), body, source, by, reason)
            self._take(loaded, self.texts, [change])

    def _take(self, loaded: Loaded, texts: Texts, promoted: Sequence[Change] = ()) -> list[Change]:
        """Exchange the set on the writer; what it changes. `promoted` is recorded with it."""
        before, made = (self.loaded, self.texts, self._fallen_back, self.promoted), list[Change]()

        def exchange(tx: Connection) -> Outcome:
            house, old, now = self._house, before[0].rules, self._now()  # it may be tried more than once
            self.loaded, self.texts, self._fallen_back = loaded, texts, False
            made[:] = self.record(tx)
            record.keep(tx, promoted, now, loaded.rules.version)
            self.promoted = before[3] | {(one.rule, one.version) for one in promoted}
            remembered = list(house.memories)
            try:
                verdicts = reconcile(old, loaded.rules, house.memories, house.registry, now)
                house.rules = loaded.rules
                arm(house.rules, house.memories, house.registry, now)
                known = {rule.id: rule.version for rule in old.rules}
                verdicts += standing(house, fresh(house.rules, known), now)
                return apply_facts(house, tx, verdicts, now)
            except Exception:  # the act alone is undone, and with it goes what it did to the memory
                _restore(house.memories, remembered)
                raise

        def undo(future: Any) -> None:
            if future.exception() is not None:  # on the writer's thread, before it judges anything else
                self.loaded, self.texts, self._fallen_back, self.promoted = before
                self._house.rules = self.loaded.rules

        future = self._writer.act(exchange)
        future.add_done_callback(undo)
        future.result(TAKES)
        log.info("rules loaded", version=loaded.rules.version, changed=[one.rule for one in made])
        return made


def standing(house: "House", newly: Newly | None, now: int) -> list[Verdict]:
    """What rules say of what stands already, of devices that they look at from now on."""
    if newly is None:
        return []
    failures: list[Failure] = []
    rules, memories, registry = house.rules, house.memories, house.registry
    points, baselines = house.latest.points, house.baselines
    found = present(rules, newly, memories, registry, points, now, failures, baselines)
    for one in failures:
        log.error("a rule failed on what stands", rule=one.rule, point=one.point, exc_info=one.error)
    return found


def _restore(memories: Memories, rows: list[Memory]) -> None:
    for row in memories:
        memories.drop(row)
    for row in rows:
        memories.put(row)


def _build(texts: Texts) -> Loaded:
    """Our own failure on a file is a mistake in it like any other: it stops no start and no service."""
    try:
        return build(texts)
    except RuleErrors:
        raise
    except Exception as error:
        log.exception("the rule files could not be read")
        raise RuleErrors([f"rules  a failure of Tocsin itself on these files: {error!r}"]) from error
