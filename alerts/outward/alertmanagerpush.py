"""Touches. Tells an Alertmanager of our alerts, again and again while they stand: its routing can be used.

Nothing is kept on disk: after a restart whatever is open is told again, and what ended meanwhile ends there
by itself, since each message says for how long to believe it.
"""

from collections import deque
from collections.abc import Callable, Sequence

import msgspec
import structlog

from alerts.alert import Alert
from alerts.delivery.channels.channel import ChannelError
from alerts.delivery.channels.webhook import Poster
from alerts.outward.alertmanager import Standing
from alerts.outward.receiver import Receiver, Report
from alerts.outward.settings import AlertmanagerSettings
from ingest.campus.registry import Registry

log = structlog.get_logger("alerts.outward")

MOST = 100  # alerts in one call
NAME = "alertmanager"


class AlertmanagerPush(Receiver):
    """`follow` may be called from any thread."""

    def __init__(
        self,
        settings: AlertmanagerSettings,
        registry: Callable[[], Registry],
        now: Callable[[], int],
        report: Report,
        patience: float = 1.0,
    ) -> None:
        self._registry = registry
        self._now = now
        self._news: deque[Alert] = deque()
        self._standing = Standing(settings.labels, settings.resend)
        poster = Poster(f"{settings.url.rstrip('/')}/api/v2/alerts", settings, now)
        super().__init__(NAME, poster, report, patience)

    def follow(self, alerts: Sequence[Alert]) -> None:
        self._news.extend(alerts)
        self.wake()

    def _step(self) -> float:
        registry, now = self._registry(), self._now()
        news = [self._news.popleft() for _ in range(len(self._news))]
        self._standing.follow(news, registry, now)
        posts, ids = self._standing.due(registry, now, MOST)
        if not posts:
            return self._standing.next_due(now)
        try:
            self.post(msgspec.json.encode(posts), f"{NAME}-{now}")
        except ChannelError as error:
            if error.status != 400:  # then it has taken those that it could read
                self.failed(error)
                return 0.0
            log.error("some alerts were refused", receiver=NAME, reason=error.reason)
            self._report(NAME, "fault", f"{NAME}: {error.reason}"[:250])
        self._standing.taken(ids, now)
        return 0.0
