"""Thinks. From calls to notifications: each with its words in the reader's language and the reason for it."""

from collections.abc import Iterator, Sequence

import msgspec

from alerts import naming, why
from alerts.alert import Activity, Alert, Effect, Mode, Pair
from alerts.case import Case
from alerts.delivery.message import Plain, Purpose, Subject, Words, facts, words
from alerts.delivery.notification import Notification
from alerts.duty.canary import is_canary
from alerts.duty.escalation import Call
from alerts.duty.people import CANARY, Directory
from alerts.duty.policy import LEAST_RECEIPT, RECEIPT
from alerts.stranger import senses
from ingest.bilingual import both
from ingest.campus.registry import Registry
from rules.verdict import Text


def notices(
    case: Case,
    reached: Sequence[Notification],
    directory: Directory,
    registry: Registry,
    recorded: bool = True,
) -> Iterator[Notification]:
    """What is owed for a case that has its number: its calls, and the all-clear to those who were reached.
    With `recorded` False the words say that nothing of this could be written."""
    scribe = _Scribe(directory, registry, recorded)
    patience = _patience(case.alert, directory)
    for snapshot, call in case.calls:
        alert = msgspec.structs.replace(snapshot, id=case.alert.id, code=case.alert.code)
        yield scribe.worded(alert, _notice(alert, call, patience), call.late)
    if Effect.CLOSED in case.effects:
        for told in reached:
            yield scribe.worded(case.alert, _all_clear(case.alert, told))


def anew(row: Notification, alert: Alert, directory: Directory, registry: Registry, now: int) -> Notification:
    """A notice that was owed earlier, in words for now."""
    return _Scribe(directory, registry, recorded=True).worded(alert, row, max(0, now - row.owed_at))


class _Scribe:
    """Puts the words into a notification; those for several readers of one language are made once."""

    def __init__(self, directory: Directory, registry: Registry, recorded: bool) -> None:
        self.directory, self.registry, self.recorded = directory, registry, recorded
        self._made: dict[tuple[int, bool, Purpose, str, int], tuple[Words, dict[str, Plain]]] = {}

    def worded(self, alert: Alert, row: Notification, late: int = 0) -> Notification:
        key = (alert.occurrence, alert.activity is Activity.NORMAL, row.purpose, row.language, late)
        if key not in self._made:
            subject = _subject_of(alert, self.directory, self.registry, late, self.recorded)
            path = self.registry.path(alert.place)
            self._made[key] = (
                words(subject, row.purpose, path, row.language),
                facts(subject, row.purpose, path),
            )
        said, plain = self._made[key]
        return msgspec.structs.replace(row, short=said.short, title=said.title, body=said.body, facts=plain)


def _subject_of(alert: Alert, directory: Directory, registry: Registry, late: int, recorded: bool) -> Subject:
    """The alert in the plain values that alerts/delivery/message.py makes words of."""
    device, canary = registry.device(alert.device), is_canary(alert) and alert.mode is Mode.TEST
    return Subject(
        code=alert.code,
        title=naming.title(alert.title, device, registry),
        alert_class=alert.alert_class,
        moment=alert.active_at,
        zone=directory.zone,
        alert=alert.id,
        occurrence=alert.occurrence,
        place=alert.place,
        device=alert.device,
        device_name=naming.name(device) if device is not None else None,
        senses=senses(alert.device, alert.device_kind, alert.subject),
        rule=alert.rule,
        detail="" if canary else alert.note or next((item.note for item in alert.evidence if item.note), ""),
        todo=why.CANARY if canary else None,
        who=Text(directory.name(alert.owner, "zh"), directory.name(alert.owner, "en"))
        if alert.owner
        else None,
        late=late,
        returned=alert.activity is Activity.NORMAL,
        taken=alert.acknowledged,
        alone=alert.pair is Pair.WANTED,
        life_safety=alert.life_safety,
        mode=alert.mode.value,
        unrecorded=not recorded,
    )


def _patience(alert: Alert, directory: Directory) -> int:
    """How long a receipt is waited for, by the policy in use."""
    if alert.ladder == CANARY:
        return 0  # it tries this channel: another one's receipt would hide that it does not work
    told = next((policy.receipt for policy in directory.policies if policy.id == alert.ladder), None)
    return RECEIPT if told is None else max(told, LEAST_RECEIPT)


def _notice(alert: Alert, call: Call, patience: int) -> Notification:
    language = call.person.language if call.person else "zh"
    return Notification(
        alert=alert.id,
        occurrence=alert.occurrence,
        step=call.step,
        round=call.round,
        person=call.person.id if call.person else "",
        channel=call.channel,
        address=call.address,
        language=language,
        purpose=call.purpose,
        code=alert.code,
        short="",
        title="",
        body="",
        why=both(call.reason.zh, call.reason.en),
        life_safety=alert.life_safety,
        patience=patience if call.person else 0,
    )


def _all_clear(alert: Alert, told: Notification) -> Notification:
    reason = both(why.CLEARED.zh, why.CLEARED.en)
    return msgspec.structs.replace(
        told, id=None, occurrence=alert.occurrence, step=0, round=0, purpose=Purpose.CLEAR, why=reason,
        attempts=0, doubtful=0, patience=0,
    )  # fmt: skip
