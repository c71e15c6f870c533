"""Touches. Sounds at once what cannot be written, and goes on escalating: 未记录 / NOT RECORDED (P6).

A full disk or a broken database must not silence a fire. While commits fail, what life safety is about sounds
here; and it and every alert that was open before climb their ladders in memory
(alerts/delivery/unrecorded.py). The batch itself is held by the writer and goes through the real desk as
soon as a commit succeeds, which then does the same steps, late: one notice too many for each person.

What the desk fails on although commits work sounds and climbs here too, and is offered to the desk again and
again, until it is written or its cause is over.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec
import structlog
from msgspec.structs import replace

from alerts import record
from alerts.alert import Activity, Alert, Effect
from alerts.code import ALPHABET
from alerts.delivery import unrecorded
from alerts.delivery.message import Purpose
from alerts.delivery.notification import Notification
from alerts.duty.people import LOOP, Directory
from alerts.placing import placed
from ingest.campus.registry import Registry
from rules.verdict import Holds, Verdict

log = structlog.get_logger("alerts.delivery.emergency")

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
    missed: Verdict | None = None  # the desk failed on it: that commits work does not end it
    offer_at: int = 0  # when the desk is next asked to write it after all
    known: tuple[int, int] = (0, 0)  # id and activations of the record when it was missed
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
            self._written(alert)
            if alert.open and alert.policy != LOOP:
                self._recorded[alert.id] = alert
            else:
                self._recorded.pop(alert.id, None)

    def sound(self, verdicts: Iterable[Verdict], now: int) -> list[UnrecordedAlert]:
        """Commits fail: tell people of these verdicts, however often they come. What is about an open alert
        of the record befalls that alert; of the rest each (rule, subject) has one ladder in an outage.
        Returns what is new."""
        recorded = {_key(shadow.alert): shadow for shadow in self._in_outage(now) if shadow.alert.open}
        new: list[Key] = []
        for verdict in verdicts:
            key = _key(verdict)
            known = self._sounded_here(key) or recorded.get(key)
            if known is not None:
                self._hear(known, verdict, now)
            elif verdict.holds is Holds.YES:
                self._fresh[key] = self._born(verdict, now)
                new.append(key)
        if new:
            self._sounded()
        return [_shown(self._fresh[key]) for key in new]

    def judged(self, verdicts: Iterable[Verdict], missed: Collection[Verdict], now: int) -> None:
        """A commit has worked, but on these `missed` ones of its verdicts the desk failed."""
        if not (missed or self._fresh):
            return
        for verdict in verdicts:
            if verdict.holds is Holds.NO:
                self._end(_key(verdict))
            elif verdict in missed:
                self._miss(verdict, now)

    def pass_time(self, now: int) -> None:
        """Commits still fail: tell what has come due, of what sounded here and of what was open before."""
        self._in_outage(now)
        self.climb(now)

    def climb(self, now: int) -> None:
        """Tell what has come due of what is in memory: while commits work, of what the desk failed on."""
        due = [one for one in (*self._fresh.values(), *(self._shadows or {}).values()) if _due(one, now)]
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

    def to_offer(self, now: int) -> list[Verdict]:
        """What the desk failed on, and should be asked to write again by now."""
        found: list[Verdict] = []
        for entry in self._fresh.values():
            if entry.missed is not None and entry.offer_at <= now:
                entry.offer_at = now + AGAIN
                found.append(entry.missed)
        return found

    def open(self) -> list[UnrecordedAlert]:
        """What is sounded and not yet written, in the order it came. From any thread."""
        return [_shown(entry) for entry in list(self._fresh.values())]

    def clear(self) -> None:
        """Commits work again: everything is written by now, or is about to be, and the real desk tells whom
        the policy tells. It knows nothing of the sirens started here: nobody else would turn them off."""
        had = len(self._fresh)
        self._fresh = {key: entry for key, entry in self._fresh.items() if entry.missed is not None}
        self._shadows = None
        sounding = {entry.siren for entry in self._fresh.values()}
        self._written_again(self._silenced({code for _, code in self._sirens} - sounding))
        if had > len(self._fresh):
            self._sounded()

    def _in_outage(self, now: int) -> Iterable[_Entry]:
        """The alerts of the record, as they stand by now though nothing of it is written."""
        if self._shadows is None:
            self._shadows = {id: _Entry(alert, self._code(now)) for id, alert in self._recorded.items()}
        return self._shadows.values()

    def _sounded_here(self, key: Key) -> _Entry | None:
        known = self._fresh.get(key)
        return known if known is not None and known.alert.open else None

    def _miss(self, verdict: Verdict, now: int) -> None:
        key = _key(verdict)
        recorded = next((alert for alert in self._recorded.values() if _key(alert) == key), None)
        known = self._sounded_here(key)
        if known is not None:
            self._hear(known, verdict, now)
        elif verdict.holds is not Holds.YES or (recorded is not None and _says_nothing(recorded, verdict)):
            return
        else:
            known = self._fresh[key] = self._born(verdict, now)
            self._sounded()
        if known.missed is None:
            known.missed, known.offer_at = verdict, now + AGAIN
            known.known = (0, 0) if recorded is None else (recorded.id, recorded.activations)

    def _written(self, alert: Alert) -> None:
        """The record may have by now what the desk failed on before. After an outage `clear` follows."""
        entry = self._fresh.get(_key(alert))
        if entry is None or (alert.id, alert.activations) <= entry.known:
            return
        entry.missed = None
        if self._shadows is None:
            self._end(_key(alert))

    def _end(self, key: Key) -> None:
        entry = self._fresh.pop(key, None)
        if entry is not None:
            self._send(self._silenced({entry.siren}))
            self._sounded()

    def _silenced(self, codes: Collection[str]) -> list[Notification]:
        """The all-clears for the sirens that were started under these codes."""
        ended = [key for key in self._sirens if key[1] in codes]
        return [replace(self._sirens.pop(key), purpose=Purpose.CLEAR) for key in ended]

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
        if now < entry.again_at:
            return
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


def _key(about: Alert | Verdict) -> Key:
    return about.rule, about.subject


def _says_nothing(recorded: Alert, verdict: Verdict) -> bool:
    """Whether people have been told of it, or are being told by the desk's own ladder."""
    waits = recorded.acknowledge_needed or recorded.inhibited
    return recorded.activity is Activity.ACTIVE and (waits or not verdict.again)


def _due(entry: _Entry, now: int) -> bool:
    due = entry.alert.due_at
    return due is not None and max(due, entry.again_at) <= now


def _shown(entry: _Entry) -> UnrecordedAlert:
    alert = entry.alert
    return UnrecordedAlert(
        alert.rule, alert.subject, alert.device, alert.place, alert.raised_at, alert.title.zh, alert.title.en,
        alert.alert_class.value, alert.code, len(entry.told), alert.activity is not Activity.NORMAL,
    )  # fmt: skip
