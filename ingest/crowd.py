"""Thinks. Strangers in alarm without a place among the few: together they are one state, counted.

It stands until each of them is clear, registered, forgotten or given a place, or a person has verified the
alert of them all. Whoever joins rings anew: the state goes and comes in one moment.
"""

from collections.abc import Callable, Iterator

import msgspec

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.campus.kinds import METRICS, UNREGISTERED, Form
from ingest.reading import Reading

# It is a life-safety device like each of them: its alarm latches, is verified and hidden by nothing.
CROWD = Device(f"{UNREGISTERED}.others", UNREGISTERED, "", zh="其余未登记设备", en="the others", interval=0)
METRIC = "strangers"
MOST = 10_000
TELL = 10_000  # ms at least between two readings that tell of more
NOT_CLEAR = ("alarm", "fault", "disabled", "unknown")
_NAMED = 5


class Waiting(msgspec.Struct):
    """One of them: its stand-in, since when, and the alarms that it has not taken back."""

    device: Device
    since: int
    alarms: list[Reading]
    looked: bool = False  # a person has seen to it: it counts again when it was clear and alarms anew

    def hear(self, readings: list[Reading]) -> None:
        """A detector that burns through goes from alarm to fault: that is not clear. A press is never."""
        clear = {
            reading.metric
            for reading in readings
            if reading.value not in NOT_CLEAR and METRICS[reading.metric].form is not Form.EVENT
        }
        again = [reading for reading in readings if reading.value == "alarm"]
        clear.update(reading.metric for reading in again)
        self.alarms = [*(one for one in self.alarms if one.metric not in clear), *again]


class Crowd:
    def __init__(self) -> None:
        self.rows: dict[str, Waiting] = {}
        self.stands = False  # what was told last
        self._count = 0  # of those that nobody has looked at
        self._joined: dict[str, str] = {}  # those nobody was told of yet, as they are called
        self._told = 0

    def join(self, row: Waiting, name: str = "") -> bool:
        """It is in alarm. Without a name it is no news: everybody knows since before a restart."""
        if len(self.rows) >= MOST:
            return False
        self.rows[row.device.id] = row
        self._count += not row.looked
        if name:
            self._joined[row.device.id] = name
        return True

    def hear(self, device: str, readings: list[Reading]) -> None:
        """What one of them says further."""
        row = self.rows[device]
        row.hear(readings)
        if not row.alarms:
            name = self._joined.get(device)
            self.drop(device)
            if name:  # nobody was told of it yet: it rings all the same
                self._joined[device] = name

    def drop(self, device: str) -> bool:
        """It is clear, or has an alert of its own, or is no stranger any more."""
        row = self.rows.pop(device, None)
        self._joined.pop(device, None)
        self._count -= row is not None and not row.looked
        return row is not None

    def look(self, moment: int) -> list[str]:
        """A person has verified their alert at this moment: who that settles. Not those who joined later."""
        if moment < self._told:
            return []
        seen = [row for name, row in self.rows.items() if not row.looked and name not in self._joined]
        for row in seen:
            row.looked = True
        self._count -= len(seen)
        return [row.device.id for row in seen]

    def fitting(self, room: Callable[[Device], bool]) -> Iterator[Waiting]:
        """Those who can have a place of their own now, the longest waiting first; they leave."""
        for row in list(self.rows.values()):
            if not row.looked and room(row.device):
                self.drop(row.device.id)
                yield row

    def tell(self, now: int) -> list[Reading]:
        over = not self._count and self.stands and not self._joined
        if not over and (not self._joined or now - self._told < TELL):
            return []
        found = [self._reading("normal", now)] if self.stands else []
        if self._joined:
            found.append(self._reading("alarm", now, self._note()))
            self._joined, self._told = {}, now
            found += [] if self._count else [self._reading("normal", now)]
        self.stands = self._count > 0
        return found

    def _note(self) -> str:
        names = list(self._joined.values())
        more = f" +{len(names) - _NAMED}" if len(names) > _NAMED else ""
        listed = ", ".join(name[:60] for name in names[:_NAMED])
        count = max(self._count, len(names))
        return f"{both(f'共{count}个：', f'{count} in all: ')}{listed}{more}"

    def _reading(self, word: str, now: int, note: str = "") -> Reading:
        return Reading(CROWD.id, METRIC, word, now, now, note=note)
