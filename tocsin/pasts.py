"""Touches. Keeps the baselines: once an hour, what points said at this hour of the weeks before.

Only of points that a rule compares with their past, for the hour that runs and the next one; the last one is
kept for readings that come late. They are handed to the rules when they are on disk.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from ingest.history.history import History
from rules import usual
from rules.baseline import HOUR, Baselines, Slot, Week

if TYPE_CHECKING:
    from tocsin.house import House
    from tocsin.writer import Writer

TAKES = 120  # seconds the writer may need
Wanted = Mapping[tuple[str, str], int]  # point -> how many weeks of it


class Pasts:
    """`look` is called every minute, and nearly always finds nothing to do."""

    def __init__(self, house: "House", writer: "Writer", history: History, now: Callable[[], int]) -> None:
        self._house, self._writer, self._history, self._now = house, writer, history, now
        self._done: tuple[int, Wanted] | None = None

    def look(self) -> None:
        hour = self._now() // HOUR
        wanted = self._house.rules.pasts(self._house.registry)
        if self._done == (hour, wanted) or (not wanted and not self._house.baselines):
            return
        kept = {slot: weeks for slot, weeks in self._house.baselines.items() if slot.hour == hour - 1}
        coming = baselines(self._history, wanted, (hour, hour + 1))
        if coming is None:
            return  # the history cannot answer now; what is known stays, and it is asked again
        found = {slot: weeks for slot, weeks in {**kept, **coming}.items() if slot[:2] in wanted}

        def keep(tx: Connection) -> None:
            usual.save(tx, found)

        self._writer.transact(keep).result(TAKES)
        self._house.baselines = found
        self._done = hour, wanted


def baselines(history: History, wanted: Wanted, hours: tuple[int, ...]) -> Baselines | None:
    """What these points said at these hours of the weeks before; None where the history cannot answer."""
    found: dict[Slot, tuple[Week, ...]] = {}
    back = max(wanted.values(), default=0)
    for hour in hours if wanted else ():
        figures = history.weeks(tuple(wanted), hour, back)
        if figures is None:
            return None
        for device, metric, ago, mean, spread in figures:
            slot = Slot(device, metric, hour)
            found[slot] = (*found.get(slot, ()), Week(ago, mean, spread))
    return found
