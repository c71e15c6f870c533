"""Touches. The outside heartbeat (dead-man's switch): a URL that is called while we are well, and falls
silent with us. Whoever watches it alarms when it does: we cannot say ourselves that we are dead.

`GET url` while all is well; `POST url/fail` with the reasons, once, when it is not (as healthchecks.io and
its like take them: https://healthchecks.io/docs/http_api/). Silence is what counts, the other is quicker.
"""

import threading
from typing import TYPE_CHECKING

import structlog
import urllib3
from urllib3.exceptions import HTTPError

from alerts.delivery import outbox
from alerts.delivery.pulse import Vitals, ailments
from ingest.bilingual import both, told
from tocsin.watch import Watch

if TYPE_CHECKING:
    from tocsin.run import Tocsin

log = structlog.get_logger("tocsin.heartbeat")
FIRST = 20.0  # seconds until the first: the escalation audit has run by then
CONNECT, TIMEOUT = 4.0, 10.0  # seconds
TOLD_AFTER = 3  # pulses in a row that did not arrive


class Heartbeat:
    """Beats on a thread of its own: when that hangs, nothing goes out, as it should be. The others tell it
    what they see."""

    def __init__(self, tocsin: "Tocsin") -> None:
        self._tocsin = tocsin
        self._settings = tocsin.settings.interfaces.heartbeat
        timeout = urllib3.Timeout(total=TIMEOUT, connect=CONNECT)
        ca = self._settings.ca if self._settings else None
        self._http = urllib3.PoolManager(num_pools=1, timeout=timeout, retries=False, ca_certs=ca)
        self._lock = threading.Lock()
        self._audited_at, self._broken = tocsin.now(), ""
        self._deaf_since: int | None = None
        self._failures, self._ailing = 0, False
        every = self._settings.every if self._settings else 0
        self._watch = Watch("heartbeat", [(FIRST, every, self.beat)] if every else [])

    def start(self) -> None:
        if self._settings is not None:
            self._watch.start()

    def stop(self) -> None:
        if self._settings is not None:
            self._watch.stop()

    def audited(self, broken: str) -> None:
        """The escalation audit has run and found this."""
        with self._lock:
            self._broken = broken
            if not broken:
                self._audited_at = self._tocsin.now()

    def ailments(self) -> list[str]:
        """Empty while all is well. It reads the database, which may hang: then no pulse goes either."""
        now, lines = self._tocsin.now(), (self._tocsin.life, self._tocsin.all)
        with self._lock:
            deaf = not all(line.connected and line.granted for line in lines)
            self._deaf_since = (self._deaf_since or now) if deaf else None
            seen = Vitals(self._audited_at, self._broken, self._tocsin.writer.failing, self._deaf_since)
        with self._tocsin.database.read() as conn:
            overdue = outbox.overdue(conn)
        return ailments(Vitals(seen.audited_at, seen.broken, seen.failing, seen.deaf_since, overdue), now)

    def beat(self) -> None:
        if self._settings is None:
            return
        reasons = self.ailments()
        if not reasons:
            self._ailing = False
            self._call("GET", self._settings.url)
        elif not self._ailing:
            self._ailing = True
            log.warning("the outside heartbeat stops", why=[told(one, "en") for one in reasons])
            if self._settings.fail:
                body = "\n".join(told(one, "en") for one in reasons).encode()
                self._call("POST", self._settings.url.rstrip("/") + "/fail", body)

    def _call(self, method: str, url: str, body: bytes | None = None) -> None:
        """What fails is told without the URL: whoever has it can keep us alive."""
        try:
            status = self._http.request(method, url, body=body, redirect=False).status
            wrong = "" if 200 <= status < 300 else f"HTTP {status}"
        except HTTPError as error:
            wrong = type(error).__name__
        self._failures = self._failures + 1 if wrong else 0
        note = both(f"外部心跳发不出去：{wrong}", f"the outside heartbeat does not arrive: {wrong}")
        if self._failures in (0, TOLD_AFTER):
            word = "fault" if wrong else "normal"
            self._tocsin.own.report_part("heartbeat", "interfaces", word, note if wrong else "")
