"""Touches. The in-memory desk for when nothing can be written (P6): sounds at once, 未记录 / NOT RECORDED.

A full disk or a broken database must not silence a fire. What is sounded here is told to the sirens of its
policy and to the people of its first step, once in an outage; the batch itself is held by the writer and goes
through the real desk as soon as a commit succeeds, which tells the same people again: one notice too many.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import msgspec
import structlog

from alerts import record
from alerts.alert import Alert, Effect
from alerts.channels.channel import Channel, ChannelError, Notice
from alerts.code import ALPHABET
from alerts.escalation import Call, escalate
from alerts.message import Purpose, facts, words
from alerts.notices import subject_of
from alerts.notification import Notification
from alerts.people import Directory
from alerts.placing import placed
from ingest.campus.registry import Registry
from rules.verdict import Holds, Text, Verdict

log = structlog.get_logger("alerts.emergency")

TRIES = 3
PAUSE = 2.0  # seconds before another try
SENDERS = 8


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


class Emergency:
    """Sounds what could not be written. `directory` and `registry` are asked anew each time; `sounded` is
    called after the list has changed. Thread-safe; never waits for a channel and never raises."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        directory: Callable[[], Directory],
        registry: Callable[[], Registry],
        sounded: Callable[[], None] = lambda: None,
    ) -> None:
        self._channels = channels
        self._directory = directory
        self._registry = registry
        self._sounded = sounded
        self._open: dict[tuple[str, str], UnrecordedAlert] = {}
        self._borrowed: list[tuple[Channel, Notice]] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._senders: ThreadPoolExecutor | None = None

    def sound(self, verdicts: Iterable[Verdict], now: int) -> list[UnrecordedAlert]:
        """Tell people of these verdicts, each (rule, subject) once in an outage. Returns what is new."""
        new: list[UnrecordedAlert] = []
        for verdict in verdicts:
            key = (verdict.rule, verdict.subject)
            with self._lock:
                known = self._open.get(key)
                if known is not None:
                    active = verdict.holds is not Holds.NO
                    self._open[key] = msgspec.structs.replace(known, active=active)
            again = known is None or not known.active
            if again and verdict.holds is Holds.YES:
                new.append(self._raise(verdict, now))
        if new:
            self._sounded()
        return new

    def open(self) -> list[UnrecordedAlert]:
        """What is sounded and not yet written, in the order it came."""
        with self._lock:
            return list(self._open.values())

    def clear(self) -> None:
        """Commits work again: everything is written by now, or is about to be, and the real desk tells whom
        the policy tells. A siren of a later step was borrowed: nobody else would ever turn it off again."""
        with self._lock:
            had, self._open = bool(self._open), {}
            borrowed, self._borrowed = self._borrowed, []
        for channel, notice in borrowed:
            self._pool().submit(
                self._send, channel, msgspec.structs.replace(notice, purpose=str(Purpose.CLEAR))
            )
        if had:
            self._sounded()

    def stop(self) -> None:
        self._stopped.set()
        if self._senders is not None:
            self._senders.shutdown(wait=False, cancel_futures=True)

    def _raise(self, verdict: Verdict, now: int) -> UnrecordedAlert:
        registry = self._registry()
        alert = placed(record.of_verdict(verdict), registry)
        code = _code(now, len(self._open))
        alert = msgspec.structs.replace(alert, code=code)
        notices: list[tuple[Channel, Notice]] = []
        try:
            notices = list(self._notices(alert, registry, now))
        except Exception:  # whatever is wrong with people or policies, the wall must still show it
            log.exception(
                "nobody could be told of an unrecorded alert", rule=alert.rule, subject=alert.subject
            )
        entry = UnrecordedAlert(
            alert.rule, alert.subject, alert.device, alert.place, verdict.moment, alert.title.zh,
            alert.title.en, alert.alert_class.value, code, len(notices),
        )  # fmt: skip
        with self._lock:
            self._open[alert.rule, alert.subject] = entry
        log.error("alert not recorded; sounding at once", rule=alert.rule, subject=alert.subject, code=code)
        for channel, notice in notices:
            self._pool().submit(self._send, channel, notice)
        return entry

    def _notices(self, alert: Alert, registry: Registry, now: int) -> Iterator[tuple[Channel, Notice]]:
        directory = self._directory()
        policy = directory.policy_for(alert, registry)
        calls = list(escalate(alert, (Effect.RAISED,), policy, directory, now, now).calls)
        sirens = {channel for step in policy.steps for channel in step.channels}
        reason = Text("", "")
        borrowed = sirens - {call.channel for call in calls}
        calls = [Call(0, 0, Purpose.RAISE, siren, reason) for siren in sorted(borrowed)] + calls
        path = registry.path(alert.place)
        subject = msgspec.structs.replace(subject_of(alert, directory, registry), unrecorded=True)
        for call in sorted(calls, key=lambda call: call.person is not None):  # sirens first
            channel = self._channels.get(call.channel)
            if channel is None:
                continue
            language = call.person.language if call.person else "zh"
            said = words(subject, Purpose.RAISE, path, language)
            row = Notification(
                alert=0, occurrence=1, step=call.step, person=call.person.id if call.person else "",
                channel=call.channel, address=call.address, language=language, purpose=Purpose.RAISE,
                code=alert.code, short=said.short, title=said.title, body=said.body,
                facts=facts(subject, Purpose.RAISE, path), life_safety=alert.life_safety,
            )  # fmt: skip
            if call.person is None and call.channel in borrowed:
                self._borrowed.append((channel, row.notice()))
            yield channel, row.notice()

    def _pool(self) -> ThreadPoolExecutor:
        if self._senders is None:
            self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="emergency")
        return self._senders

    def _send(self, channel: Channel, notice: Notice) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                channel.send(notice)
            except ChannelError as error:
                log.error(
                    "unrecorded alert not delivered", channel=channel.name, attempt=attempt, why=error.reason
                )
                if error.permanent:
                    return
            except Exception:
                log.exception("a channel failed", channel=channel.name, attempt=attempt)
            else:
                return
            if attempt < TRIES and self._stopped.wait(PAUSE * attempt):
                return


def _code(now: int, nth: int) -> str:
    """A code that no alert of the database has (it has six letters), and no other outage."""
    number = (now // 100 * 32 + nth % 32) % 32**5
    return "U" + "".join(ALPHABET[number >> (5 * place) & 31] for place in range(5))
