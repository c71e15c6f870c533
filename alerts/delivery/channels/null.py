"""Touches. The null channel: a notice ends here, and whoever sent the loop message hears of it."""

from collections.abc import Callable

from alerts.delivery.channels.channel import Notice, Receipt
from alerts.settings import NullSettings


class Null:
    """`returned` is called with the moment (ms) at which what the notice tells of began."""

    def __init__(self, name: str, settings: NullSettings, returned: Callable[[int], None]) -> None:
        self.name = name
        self.workers = settings.workers
        self._returned = returned

    def send(self, notice: Notice) -> Receipt:
        self._returned(int(notice.alert.get("since") or 0))
        return Receipt(accepted=False, detail="went nowhere, as asked", zh="按设置不发往任何地方")
