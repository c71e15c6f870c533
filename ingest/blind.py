"""Thinks. When Tocsin itself could see nothing, and what was found changed afterwards.

Blind is from the last batch before a stop to the first message after the start, and while a session with the
broker is lost. Once it sees again it gathers for a while what every point says first. Both ends are readings
of the own point `blind`: "unknown" when it sees again, so that a restart meanwhile forgets nothing, and
"alarm" when the account is complete: the standard pack makes a status alert of it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from ingest.bilingual import both
from ingest.campus.device import OWN
from ingest.campus.kinds import METRICS, Form
from ingest.reading import Reading
from ingest.supervision import LINES, START_GRACE

LEAST = 5_000  # ms: a shorter span is not worth a word
GRACE = START_GRACE  # ms after seeing again in which what is said may have changed meanwhile
NAMED = 20  # changes named in the account; all are counted
WORDS = 4  # of one point
_STATES = {name for name, metric in METRICS.items() if metric.form is Form.STATE and name != "supervision"}


class Blind:
    """`open` says whether `look` wants to see readings: nearly always it does not."""

    def __init__(self, zone: str, since: int | None = None, told: Reading | None = None) -> None:
        """`since`: until when the process before this one saw; `told`: the latest reading of `blind`."""
        self._zone = ZoneInfo(zone)
        if told is not None and told.value == "unknown" and since is not None:
            since = min(since, told.event_time)  # it stopped again before its account was complete
        self._since = since
        self._lost = {"start"} if since is not None else set()
        self._end = 0
        self._until: int | None = None
        self._seen: dict[str, list[str]] = {}
        self._heard: dict[str, int] = {}
        self.open = since is not None

    def hear(self, line: str, moment: int) -> Sequence[Reading]:
        """A message came by this session ("life" or "all"). Call it once a batch is enough."""
        self._heard[line] = moment
        return self._found("start", moment) if "start" in self._lost else ()

    def lines(self, reports: Iterable[Reading]) -> list[Reading]:
        """What Tocsin says of its sessions with the broker."""
        said: list[Reading] = []
        for report in reports:
            if report.metric in LINES and report.value == "fault":
                said += self._lose(report.metric, report.received)
            elif report.metric in LINES:
                said += self._found(report.metric, report.received)
        return said

    def look(self, readings: Iterable[Reading], known: Callable[[str, str], float | str | None]) -> None:
        """What was said while `open`; `known(device, metric)` is what was known before."""
        for reading in readings:
            if reading.metric not in _STATES or reading.device == OWN:
                continue
            words = self._seen.get(reading.point)
            if words is None:
                before = known(reading.device, reading.metric)
                words = self._seen[reading.point] = [] if before is None else [str(before)]
            if words and words[-1] != reading.value and len(words) < WORDS:
                words.append(str(reading.value))

    def due(self, now: int) -> Sequence[Reading]:
        """The account, once its time has come."""
        return self._account(now) if self._until is not None and now >= self._until else ()

    def _lose(self, line: str, moment: int) -> Sequence[Reading]:
        said = self._account(moment) if self._until is not None else ()
        if self._since is None:
            heard = self._heard.get(line.removeprefix("broker_"), moment)
            self._since, self.open, self._seen = min(heard, moment), True, {}
        self._lost.add(line)
        return said

    def _found(self, line: str, moment: int) -> Sequence[Reading]:
        if line not in self._lost:
            return ()
        self._lost.discard(line)
        if self._lost or self._since is None:
            return ()
        if moment - self._since < LEAST:
            self._forget()
            return ()
        self._end, self._until = moment, moment + GRACE
        note = f"{self._span()}; {both('正在汇总期间的变化', 'what changed is being gathered')}"
        return (Reading(OWN, "blind", "unknown", moment, self._since, note=note),)

    def _account(self, now: int) -> Sequence[Reading]:
        changes = [(point, words) for point, words in sorted(self._seen.items()) if len(words) > 1]
        named = "; ".join(f"{point}: {' → '.join(words)}" for point, words in changes[:NAMED])
        more = f"; +{len(changes) - NAMED}" if len(changes) > NAMED else ""
        found = both(f"事后发现期间变化 {len(changes)} 处", f"{len(changes)} changes found afterwards")
        note = f"{self._span()}; {found}{': ' if changes else ''}{named}{more}"
        self._forget()
        return (Reading(OWN, "blind", "alarm", now, now, note=note),)

    def _forget(self) -> None:
        self._since = self._until = None
        self._seen, self.open = {}, False

    def _span(self) -> str:
        assert self._since is not None
        begin, end = (datetime.fromtimestamp(at / 1000, self._zone) for at in (self._since, self._end))
        last = f"{end:%H:%M:%S}" if begin.date() == end.date() else f"{end:%Y-%m-%d %H:%M:%S}"
        return f"{both('收不到消息', 'blind')} {begin:%Y-%m-%d %H:%M:%S} – {last}"
