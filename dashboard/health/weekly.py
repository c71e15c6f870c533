"""Touches. The weekly report: made when it is due, sent to each recipient once, tried again when that fails.

What is due stands in the database; `look` is called now and then and does what is due by now. A kill between
a server's answer and the commit may send one letter twice; nothing loses one.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

import structlog

from alerts.clean import clean
from alerts.delivery.channels.channel import ChannelError, Receipt
from alerts.delivery.channels.email import Letter as Mail
from dashboard.health import ledger, schedule
from dashboard.health.changes import Changes, compare, snapshot
from dashboard.health.gather import gather
from dashboard.health.ledger import Letter
from dashboard.health.letter import compose
from dashboard.health.owners import Recipient, recipients
from dashboard.health.report import Report, narrow
from dashboard.health.settings import HealthSettings
from dashboard.reach import EVERYWHERE
from dashboard.service import Service

log = structlog.get_logger("dashboard.health")

WAIT = 30.0  # seconds for a commit


class Post(Protocol):
    """An e-mail channel."""

    def post(self, letter: Mail) -> Receipt: ...


class Weekly:
    """`mail`: the e-mail channels by name. `report` hears "delivery" "fault" once one failed for a day."""

    def __init__(
        self,
        service: Service,
        settings: HealthSettings,
        mail: Mapping[str, Post],
        report: Callable[[str, str, str], None],
    ) -> None:
        self._service = service
        self._settings = settings
        self._mail = mail
        self._report = report
        self._unrecorded: dict[tuple[int, str, str], tuple[Letter, dict[str, Any]]] = {}

    def look(self) -> None:
        """Do what is due. Called on one thread only."""
        now = self._service.now()
        self._record()
        self._make_what_is_due(now)
        self._send_what_is_due(now)
        with self._service.read() as conn:
            found = ledger.troubles(conn, self._service.now())
        note = clean(f"the weekly health report does not arrive: {'; '.join(found)}", 400) if found else ""
        self._report("delivery", "fault" if found else "normal", note)

    def _make_what_is_due(self, now: int) -> None:
        with self._service.read() as conn:
            planned = ledger.planned(conn)
        wanted = schedule.following(self._settings.weekly, self._service.zone, now)
        if planned is not None and planned <= now:
            report = gather(self._service, EVERYWHERE)
            told = self._recipients(report)
            findings = snapshot(report)
            due_at = planned

            def make(tx: Any) -> None:
                ledger.make(tx, due_at, findings, told, now)
                ledger.plan(tx, wanted)

            self._service.transact(make).result(WAIT)
            log.info("weekly health report", letters=len(told), findings=len(findings))
        elif planned != wanted:
            self._service.transact(lambda tx: ledger.plan(tx, wanted)).result(WAIT)

    def _recipients(self, report: Report) -> list[Recipient]:
        owners = [group.key for group in report.owners if group.key]
        return recipients(owners, self._settings.to, self._service.directory(), self._mail)

    def _send_what_is_due(self, now: int) -> None:
        with self._service.read() as conn:
            letters = ledger.due(conn, now)
        if not letters:
            return
        report = gather(self._service, EVERYWHERE)
        told = {(one.person.id, one.scope): one for one in self._recipients(report)}
        for letter in letters:
            known = told.get((letter.person, letter.scope))
            self._unrecorded[letter.key] = letter, self._outcome(letter, known, report, now)
            self._record()

    def _outcome(self, letter: Letter, known: Recipient | None, report: Report, now: int) -> dict[str, Any]:
        over = {"due_at": None, "settled_at": now, "note": ""}
        if known is None or known.contact is None:
            return {**over, "state": "no_address", "note": "owns nothing any more, or has no e-mail address"}
        try:
            self._mail[known.contact.channel].post(self._letter(letter, known, report))
        except ChannelError as error:
            log.warning("health report not sent", person=letter.person, reason=error.reason)
            if error.permanent:
                return {**over, "state": "failed", "note": clean(error.reason, 300)}
            again = schedule.again(letter.attempts + 1, now)
            return {
                **over,
                "state": "queued",
                "due_at": again,
                "settled_at": None,
                "note": clean(error.reason, 300),
            }
        return {**over, "state": "sent"}

    def _letter(self, letter: Letter, known: Recipient, report: Report) -> Mail:
        part = narrow(report, owners=known.owners)
        with self._service.read() as conn:
            before = ledger.past(conn, letter.week)
        changes = None if before is None else self._changes(before, part, known)
        assert known.contact is not None
        return compose(self._service, part, changes, known, "/".join(map(str, letter.key)))

    def _changes(self, before: ledger.Past, part: Report, known: Recipient) -> Changes:
        return compare(before.moment, before.findings, part, removed=known.owners is None)

    def _record(self) -> None:
        """What came of letters that were sent: kept until it is stored, so that none is sent again for it."""
        for key, (letter, outcome) in list(self._unrecorded.items()):
            self._service.transact(partial(ledger.settle, letter=letter, **outcome)).result(WAIT)
            del self._unrecorded[key]
