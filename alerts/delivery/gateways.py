"""Touches. Whether anything that reaches people works, from how attempts end; said as soon as it changes."""

import threading
from collections.abc import Callable, Collection

from alerts.delivery.channels.channel import Receipt
from alerts.delivery.notification import Failed, Notification, Outcome
from alerts.delivery.rungs import Rung, Rungs
from ingest.bilingual import both
from rules.verdict import Class

NONE_WORKS = both(
    "所有通知渠道都不通：只剩警笛和值班墙，请派人通知",
    "no channel that reaches people works: only sirens and the wall are left, so send somebody",
)


class Gateways:
    """`report` hears "gateways" "fault" when none works that reaches a person, and "normal" when one does
    again. `local` are the channels that need no Internet, `used` those on which people can be told."""

    def __init__(
        self,
        report: Callable[[str, str, str], None],
        now: Callable[[], int],
        local: Collection[str],
        used: Callable[[], Collection[str]],
    ) -> None:
        self._report = report
        self._now = now
        self._used = used
        self._lock = threading.Lock()
        self._rungs = Rungs(local)
        self.rung = Rung.GATEWAYS

    def tried(self, row: Notification, outcome: Outcome, took: int) -> None:
        """How an attempt of `took` ms ended. That one number does not exist, or has had its share, is not its
        gateway's fault."""
        with self._lock:
            match outcome:
                case Receipt():
                    self._rungs.worked(row.channel, row.alert if row.person else None)
                case Failed(dead=False, personal=False):
                    sure = outcome.unknown or outcome.retry_at is None
                    vital = row.person and (row.life_safety or row.facts.get("class") == Class.ALARM)
                    self._rungs.failed(row.channel, sure, row.alert if vital else 0, self._now() - took)

    def look(self) -> bool:
        """Now and then; whether we stand on another rung than at the last look."""
        used = self._used()
        with self._lock:
            before, self.rung = self.rung, self._rungs.rung(used, self._now())
        if Rung.SCREEN in (before, self.rung) and before is not self.rung:
            lost = self.rung is Rung.SCREEN
            self._report("gateways", "fault" if lost else "normal", NONE_WORKS if lost else "")
        return before is not self.rung
