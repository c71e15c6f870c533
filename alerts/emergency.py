"""Touches. Sounds at once what cannot be written, and goes on escalating: 未记录 / NOT RECORDED (P6).

A full disk or a broken database must not silence a fire. While commits fail, what life safety is about sounds
here; and it and every alert that was open before climb their ladders in memory (alerts/unrecorded.py). The
batch itself is held by the writer and goes through the real desk as soon as a commit succeeds, which then
does the same steps, late: one notice too many for each person.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec
import structlog
from msgspec.structs import replace

from alerts import record, unrecorded
from alerts.alert import Activity, Alert, Effect
from alerts.code import ALPHABET
from alerts.message import Purpose
from alerts.notification import Notification
from alerts.people import LOOP, Directory
from alerts.placing import placed
from ingest.campus.registry import Registry
from rules.verdict import Holds, Verdict

log = structlog.get_logger("alerts.emergency")

AGAIN = 10_000  # ms after which what our own code failed on is tried again

Key = tuple[str, str]  # rule and subject


class UnrecordedAlert(msgspec.Struct, frozen=True):
    """An alert that was sounded and is not yet written. `active` is False once its rule no longer holds."""

    rule: str
    subject: str
    device: str
    place: str
    moment: int
    zh: str
    en: str
    alert_class: str
    code: str
    told: int  # how many people and sirens
    active: bool = True


class _Entry(msgspec.Struct):
    """An alert as it would stand by now. `siren` is the code by which sirens know it."""

    alert: Alert
    siren: str
    again_at: int = 0  # our own code failed on it: not before this moment
    told: set[tuple[str, str, str]] = msgspec.field(default_factory=set)


class Emergency:
    """`send` takes notices that have no row in the outbox, and `written_again` the all-clears for sirens once
    commits work; `directory` and `registry` are asked anew each time; `sounded` hears that the list has
    changed. All but `open` is called by one thread at a time; nothing here waits, and nothing raises."""

    def __init__(
        self,
        send: Callable[[Sequence[Notification]], None],
        written_again: Callable[[Sequence[Notification]], None],
        directory: Callable[[], Directory],
        registry: Callable[[], Registry],
        sounded: Callable[[], None] = lambda: None,
    ) -> None:
        self._send = send
        self._written_again = written_again
        self._directory = directory
        self._registry = registry
        self._sounded = sounded
        self._recorded: dict[int, Alert] = {}  # the open alerts, as they were last committed
        self._fresh: dict[Key, _Entry] = {}  # sounded here, and nowhere written
        self._shadows: dict[int, _Entry] | None = None  # the recorded ones by now; None while commits work
        self._sirens: dict[tuple[str, str], Notification] = {}
        self._codes = 0

    def follow(self, alerts: Iterable[Alert]) -> None:
        """These alerts are committed as they are. In an outage even reading may fail: so they are kept."""
        for alert in alerts:
            if alert.open and alert.policy != LOOP:
                self._recorded[alert.id] = alert
            else:
                self._recorded.pop(alert.id, None)

    def sound(self, verdicts: Iterable[Verdict], now: int) -> list[UnrecordedAlert]:
        """Tell people of these verdicts, however often they come: each (rule, subject) has one ladder in an
        outage. Returns what is new."""
        new: list[Key] = []
        for verdict in verdicts:
            key = (verdict.rule, verdict.subject)
            known = self._fresh.get(key)
            if known is not None and known.alert.open:
                self._hear(known, verdict, now)
            elif verdict.holds is Holds.YES:
                self._fresh[key] = self._born(verdict, now)
                new.append(key)
        if new:
            self._sounded()
        return [_shown(self._fresh[key]) for key in new]

    def pass_time(self, now: int) -> None:
        """Commits still fail: tell what has come due, of what sounded here and of what was open before."""
        if self._shadows is None:
            self._shadows = {id: _Entry(alert, self._code(now)) for id, alert in self._recorded.items()}
        due = [one for one in (*self._fresh.values(), *self._shadows.values()) if _due(one, now)]
        for entry in due:
            try:
                people, campus = self._directory(), self._registry()
                told = unrecorded.passed(entry.alert, entry.siren, now, people, campus)
            except Exception:
                self._stumbled(entry, now)
            else:
                self._tell(entry, *told)
        if due:
            self._sounded()

    def open(self) -> list[UnrecordedAlert]:
        """What is sounded and not yet written, in the order it came. From any thread."""
        return [_shown(entry) for entry in list(self._fresh.values())]

    def clear(self) -> None:
        """Commits work again: everything is written by now, or is about to be, and the real desk tells whom
        the policy tells. It knows nothing of the sirens started here: nobody else would turn them off."""
        had = bool(self._fresh)
        self._written_again([replace(row, purpose=Purpose.CLEAR) for row in self._sirens.values()])
        self._fresh, self._shadows, self._sirens = {}, None, {}
        if had:
            self._sounded()

    def _born(self, verdict: Verdict, now: int) -> _Entry:
        code = self._code(now)
        alert = placed(record.of_verdict(verdict), self._registry())
        first = {"code": code, "sounded_at": now, "sound_reason": Effect.RAISED.value, "step_due_at": now}
        entry = _Entry(replace(alert, **first), code)
        log.error(
            "alert not recorded; sounding at once", rule=verdict.rule, subject=verdict.subject, code=code
        )
        self._hear(entry, verdict, now, born=True)
        return entry

    def _hear(self, entry: _Entry, verdict: Verdict, now: int, born: bool = False) -> None:
        known = None if born else entry.alert
        try:
            people, campus = self._directory(), self._registry()
            told = unrecorded.heard(known, verdict, entry.siren, now, people, campus)
        except Exception:
            self._stumbled(entry, now)
        else:
            if told is not None:
                self._tell(entry, *told)

    def _tell(self, entry: _Entry, alert: Alert, rows: Sequence[Notification]) -> None:
        entry.alert = alert
        entry.told |= {(row.person, row.channel, row.address) for row in rows}
        self._sirens |= {(row.channel, row.code): row for row in rows if not row.person}
        if rows:
            self._send(rows)

    def _stumbled(self, entry: _Entry, now: int) -> None:
        """Whatever is wrong with people or policies: the wall must still show it, and it is tried again."""
        log.exception("nobody could be told of an unrecorded alert", rule=entry.alert.rule)
        entry.again_at = now + AGAIN

    def _code(self, now: int) -> str:
        """A code that no alert of the database has (it has six letters), and no other outage."""
        self._codes += 1
        number = now // 100 * 32 + self._codes
        return "U" + "".join(ALPHABET[number >> (5 * place) & 31] for place in range(5))


def _due(entry: _Entry, now: int) -> bool:
    due = entry.alert.due_at
    return due is not None and max(due, entry.again_at) <= now


def _shown(entry: _Entry) -> UnrecordedAlert:
    alert = entry.alert
    return UnrecordedAlert(
        alert.rule, alert.subject, alert.device, alert.place, alert.raised_at, alert.title.zh, alert.title.en,
        alert.alert_class.value, alert.code, len(entry.told), alert.activity is not Activity.NORMAL,
    )  # fmt: skip
