"""Thinks. Which notices can never be delivered to a person, told of each address once an hour at most."""

from collections.abc import Iterable

from alerts.delivery.channels.channel import Arrival, Progress
from alerts.delivery.notification import Failed, Lost, Notification, Outcome

AGAIN = 3_600_000  # ms between two tidings that a person cannot be reached at an address


class Losses:
    def __init__(self) -> None:
        self._told: dict[tuple[str, str, str], int] = {}  # person, channel and address → when (ms)

    def new(self, ended: Iterable[tuple[Notification, Outcome]], now: int) -> list[Lost]:
        found = (_lost(row, outcome) for row, outcome in ended)
        return [lost for lost in found if lost is not None and self._is_news(lost, now)]

    def untold(self, losses: Iterable[Lost]) -> None:
        """Telling of them failed: each is news again."""
        for lost in losses:
            self._told.pop(_address(lost), None)

    def _is_news(self, lost: Lost, now: int) -> bool:
        address = _address(lost)
        since = now - self._told.get(address, -AGAIN)
        news = bool(lost.row.person) and not 0 <= since < AGAIN
        if news:
            self._told[address] = now
        return news


def _address(lost: Lost) -> tuple[str, str, str]:
    return lost.row.person, lost.row.channel, lost.row.address if lost.dead else ""


def _lost(row: Notification, outcome: Outcome) -> Lost | None:
    """Whether this can never be delivered. That a phone was off all day is nobody's mistake."""
    match outcome:
        case Failed(retry_at=None, reason=reason, dead=dead):
            return Lost(row, reason, dead)
        case Progress(arrival=Arrival.LOST, dead=True, detail=reason):
            return Lost(row, reason, True)
    return None
