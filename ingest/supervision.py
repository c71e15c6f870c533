"""Thinks. Supervision: which devices report as they should, which are late, and which have fallen silent.

A device is late when nothing was heard for its interval and a grace, silent after one and a half intervals,
or when its last will says that it is gone. What is found are readings of the metric `supervision`, for the
rules to judge like any other. Moments are ms; an interval of 0 means: only the last will counts.

A dead gateway is one trouble: whatever speaks through it is `unknown` until it is back, and then has its
whole interval again. For this a device is told silent only when its gateway is known to live: at the next
message through it. Until then it is *held*, at most for its patience: nothing hides it for longer. What is
heard of a device is life of every gateway above it: it has come through them, and were they called dead,
hundreds of devices would be called unprotected that are not.
"""

import heapq
from collections.abc import Mapping, Sequence

from ingest.campus.registry import Registry
from ingest.interval import Intervals
from ingest.reading import Reading
from ingest.topology import below, gateways, unprotected
from ingest.unheard import SILENT_BEFORE, WILL, back, behind, unheard, was, was_silent

REPORTING, LATE, SILENT, UNKNOWN = "reporting", "late", "silent", "unknown"
START_GRACE = 120_000  # after our own start nobody is late for so long: they could not be heard before
MOST_GRACE = 60_000  # the grace is a tenth of the interval, and at most this
SET_BACK = 60_000  # a moment so far before the last one: our own clock was set back
PATIENCE = 300_000  # a silent device is held for one and a half intervals, and at least for this
TOGETHER = 10_000  # the same where no gateway above has an interval: last wills of one outage come together
LINES = ("broker_life", "broker_all")  # our own points that say whether devices can be heard at all
HEARS_ALL = "broker_all"  # while it stands, nobody is silent because of us


class Supervision:
    """Who was heard when. `hear` is called for every message, so it mostly only notes the moment.

    Deadlines wait in a heap and are looked at again when they come up: whoever was heard in between goes
    back into it with the new one. Of a device only the entry named in `_queued` is valid.
    """

    def __init__(
        self,
        registry: Registry,
        started: int,
        heard: Mapping[str, int],
        last: int | None = None,
        stated: Mapping[str, int] | None = None,
    ) -> None:
        """`started`: since when this process listens. `heard`: when each device was last heard, as stored;
        a device that never was counts from `started`. `last`: until when the process before it listened.
        `stated`: the intervals (seconds) that devices have stated themselves."""
        devices = registry.devices.values()
        self._registry = registry
        self._started = started
        self._base = started if last is not None and started - last > START_GRACE else 0
        self._intervals = Intervals(devices, stated or {})
        self._sleepy = {d.id for d in devices if d.sleepy}
        self._above = {d.id: gateways(registry, d.id) for d in devices if d.gateway is not None}
        self._gateways = {gateway for above in self._above.values() for gateway in above}
        # a stored moment in the future (our clock was wrong then) must not make us wait for it
        self._heard = {device: min(heard.get(device, started), started) for device in self._intervals}
        for device, above in self._above.items():
            for gateway in above if device in heard else ():
                self._heard[gateway] = max(self._heard[gateway], self._heard[device])
        self._own: dict[str, str] = {}  # late or silent by itself, whatever its gateways do
        self._told: dict[str, str] = {}  # the last word, of all who are not simply reporting or need a look
        self._held: dict[str, int] = {}  # silent, and not told before its gateway lives, or until then
        self._waiting: dict[str, set[str]] = {}  # gateway → who is held for it
        self._gone: dict[str, int] = {}  # whose last will has come, when, and was not told yet
        self._back: dict[str, int] = {}  # gateway → when it was last back after having been late
        self._blind: dict[str, int] = {}  # our own lines to the broker that are down, and since when
        self._unaligned = False
        self._queue_all()

    def restore(self, stored: Mapping[str, Reading], links: Mapping[str, Reading] | None = None) -> None:
        """The last reading of each device's supervision and link before a restart: nothing is said twice, and
        a last will that was not told is not forgotten."""
        for device, reading in stored.items():
            if device in self._intervals:
                self._restore(device, reading)
        for device, reading in (links or {}).items():
            known = device in self._heard and reading.received >= self._heard[device]
            if known and reading.value == "offline":
                self.link(device, "offline", self._started)
        self._unaligned = True
        self._queue_all()

    def _restore(self, device: str, reading: Reading) -> None:
        if reading.value == REPORTING:
            self._back[device] = reading.received
        elif reading.value in (LATE, SILENT, UNKNOWN):
            word = self._told[device] = str(reading.value)
            if word == UNKNOWN and was_silent(reading.note):
                self._own[device] = SILENT
            elif word != UNKNOWN:
                self._own[device] = word

    def replace(self, registry: Registry, now: int) -> "Supervision":
        """The same knowledge for a changed registry; a device that is new in it has its interval from now."""
        new = Supervision(registry, self._started, {}, stated=self._intervals.stated)
        known = new._intervals
        new._heard = {device: self._heard.get(device, now) for device in known}
        new._base, new._blind, new._unaligned = self._base, dict(self._blind), True
        new._own = {device: word for device, word in self._own.items() if device in known}
        new._told = {device: word for device, word in self._told.items() if device in known}
        new._back = {device: moment for device, moment in self._back.items() if device in known}
        for device in (device for device in self._gone if device in known):
            new._gone[device] = self._gone[device]
            new._hold(device, now)
        new._queue_all()
        return new

    # ---- what is heard -----------------------------------------------------------------------------------

    def hear(self, device: str, moment: int) -> Sequence[Reading]:
        """A sign of life; what is news by it: "reporting" of the device, of its gateways, and so on."""
        last = self._heard.get(device)
        if last is None:
            return ()  # not registered: its name may be invented, and is not remembered
        if device in self._told or moment < last:
            return self._hear_again(device, moment)
        self._heard[device] = moment
        for gateway in self._above.get(device, ()):
            if gateway in self._told:
                return self._hear_again(device, moment)
            self._heard[gateway] = moment
        return ()

    def expect(self, device: str, seconds: int, moment: int) -> Sequence[Reading]:
        """A device states how often it speaks."""
        if not self._intervals.state(device, seconds):
            return ()
        self._queue(device)
        return [Reading(device, "interval", float(seconds), moment, moment)]

    def link(self, device: str, word: float | str, moment: int) -> Sequence[Reading]:
        """A last will, or that it is withdrawn; neither is a sign of life. It is silent as soon as its
        gateway is known to live, unless it disconnects on purpose or is silent already."""
        if device not in self._intervals or device in self._sleepy:
            return ()
        if word == "online":
            return self._withdraw(device)
        if word != "offline" or self._own.get(device) == SILENT or device in self._gone:
            return ()
        if not self._above.get(device):
            return self._silence(device, moment, WILL)
        self._gone[device] = moment
        if not self._dead_above(device):
            self._hold(device, moment)
            self._queue(device)
        return ()

    def lines(self, reports: Sequence[Reading]) -> None:
        """What Tocsin says of itself: while a line to the broker is down no device can be called silent."""
        for report in reports:
            if report.metric == HEARS_ALL and report.value == "normal":
                self._sighted(report.metric, report.received)
            elif report.metric == HEARS_ALL:
                self._blind.setdefault(report.metric, report.received)

    # ---- what time alone makes true ----------------------------------------------------------------------

    def due(self, until: int) -> Sequence[Reading]:
        """Who became late or silent up to this moment, in order of time, each with its own moment."""
        if self._unaligned:
            return self._align(until)
        if self._blind or not self._heap or self._heap[0][0] > until:
            return ()
        found: list[Reading] = []
        while self._heap and self._heap[0][0] <= until:
            moment, device = heapq.heappop(self._heap)
            if self._queued.get(device) != moment:
                continue
            del self._queued[device]
            if self._deadline(device) == moment:
                found += self._worsen(device, moment)
            self._queue(device)  # also whoever was heard since, or fell silent: its place was out of date
        return found

    def next_due(self) -> int | None:
        """When to call `due` next; None while nothing is waited for. By then it may find that all is well."""
        return self._heap[0][0] if self._heap and not self._blind else None

    def _align(self, moment: int) -> list[Reading]:
        """After a start or a change of the registry: who hangs on a dead gateway and was not told so."""
        self._unaligned = False
        found: list[Reading] = []
        for gateway in sorted(self._gateways):
            if self._own.get(gateway) == SILENT:
                found += self._cover(gateway, moment)
        self._queue_all()
        return found + list(self.due(moment))

    def _worsen(self, device: str, moment: int) -> list[Reading]:
        late, why = self._own.get(device) == LATE, unheard(moment - self._heard[device])
        if device in self._held:  # its patience is over
            return self._silence(device, moment, WILL if device in self._gone else why)
        if late or moment >= self._silent_at(device):
            return [] if self._hold(device, moment) else self._silence(device, moment, why)
        self._own[device] = LATE
        return [self._say(device, LATE, moment, why)]

    def _deadline(self, device: str) -> int | None:
        interval, word = self._intervals[device], self._own.get(device)
        if word == SILENT or self._dead_above(device):
            return None
        if device in self._held:
            return self._held[device]
        if interval == 0:
            return None
        if word == LATE:
            return self._silent_at(device)
        return self._not_at_start(device, self._since(device) + interval + _grace(interval))

    def _silent_at(self, device: str) -> int:
        return self._not_at_start(device, self._since(device) + self._intervals[device] * 3 // 2)

    def _not_at_start(self, device: str, moment: int) -> int:
        return max(moment, self._started + min(self._intervals[device], START_GRACE))

    def _since(self, device: str) -> int:
        """From when its interval counts: nobody is heard before his gateways and we ourselves are back."""
        back = (self._back.get(gateway, 0) for gateway in self._above.get(device, ()))
        return max(self._heard[device], self._base, *back)

    # ---- gateways ----------------------------------------------------------------------------------------

    def _dead_above(self, device: str) -> str | None:
        """The outermost gateway above it that is silent."""
        for gateway in reversed(self._above.get(device, ())):
            if self._own.get(gateway) == SILENT:
                return gateway
        return None

    def _keeper(self, device: str) -> str | None:
        """The gateway whose life proves that its silence is its own: the nearest that has an interval."""
        above = self._above.get(device, ())
        return next((gateway for gateway in above if self._intervals[gateway]), above[0] if above else None)

    def _hold(self, device: str, moment: int) -> bool:
        """Wait for a word of its gateway before it is told silent; False where it has none."""
        keeper = self._keeper(device)
        if keeper is None:
            return False
        patience = max(self._intervals[device] * 3 // 2, PATIENCE) if self._intervals[keeper] else TOGETHER
        self._held[device] = min(moment + patience, self._held.get(device, moment + patience))
        self._waiting.setdefault(keeper, set()).add(device)
        for one in (device, keeper):
            self._told.setdefault(one, REPORTING)  # so that `hear` looks at them
        return True

    def _silence(self, device: str, moment: int, note: str) -> list[Reading]:
        self._own[device] = SILENT
        self._held.pop(device, None)
        self._gone.pop(device, None)
        if device not in self._gateways:
            return [self._say(device, SILENT, moment, note)]
        count, names = unprotected(self._registry, device)
        found = [self._say(device, SILENT, moment, f"{names}; {note}" if names else note)]
        if count:
            found.append(Reading(device, "unprotected", float(count), moment, moment, note=names))
        return found + self._cover(device, moment)

    def _cover(self, gateway: str, moment: int) -> list[Reading]:
        """A gateway is dead: nothing is known of whatever speaks through it."""
        found = []
        for child in below(self._registry, gateway):
            device = child.id
            self._held.pop(device, None)
            if self._own.get(device) == LATE:
                del self._own[device]
            if self._told.get(device) != UNKNOWN:
                before = SILENT_BEFORE if device in self._own else ""
                found.append(self._say(device, UNKNOWN, moment, behind(gateway) + before))
        return found

    def _uncover(self, gateway: str, moment: int) -> list[Reading]:
        """It is back: who was silent before still is, the others have their whole interval again."""
        found = []
        if any(child.life_safety for child in below(self._registry, gateway)):
            found.append(Reading(gateway, "unprotected", 0.0, moment, moment))
        for child in below(self._registry, gateway):
            device = child.id
            if self._dead_above(device):
                continue
            note = back(gateway)
            if self._own.get(device) == SILENT:
                found.append(self._say(device, SILENT, moment, note + SILENT_BEFORE))
            elif device in self._gone:
                self._hold_anew(device, moment)
            elif self._fresh(device, moment) and self._told.get(device) == UNKNOWN:
                found.append(self._say(device, REPORTING, moment, note))
            self._queue(device)
        return found

    def _hold_anew(self, device: str, moment: int) -> None:
        """Its last will came while its gateway was dead: it has a while to connect again."""
        self._held[device] = moment + PATIENCE
        self._told.setdefault(device, REPORTING)

    def _fresh(self, device: str, moment: int) -> bool:
        """Whether it would be reporting had its gateway never been away."""
        interval = self._intervals[device]
        return not interval or self._heard[device] + interval + _grace(interval) > moment

    # ---- heard again -------------------------------------------------------------------------------------

    def _hear_again(self, device: str, moment: int) -> list[Reading]:
        self._held.pop(device, None)  # before its gateways, who would tell what it was until now
        if device not in self._gateways:
            self._own.pop(device, None)
        found: list[Reading] = []
        for alive in (*reversed(self._above.get(device, ())), device):
            found += self._alive(alive, moment)
        return found

    def _alive(self, device: str, moment: int) -> list[Reading]:
        last = self._heard[device]
        if moment > last or last - moment > SET_BACK:
            self._heard[device] = moment
        own, told = self._own.pop(device, None), self._told.pop(device, REPORTING)
        self._held.pop(device, None)
        self._gone.pop(device, None)
        found = [] if told == REPORTING else [self._say(device, REPORTING, moment, was(told))]
        if own is not None and device in self._gateways:
            self._back[device] = moment
        if own == SILENT and device in self._gateways:
            found += self._uncover(device, moment)
        found += self._release(device, moment)
        self._queue(device)
        return found

    def _release(self, gateway: str, moment: int) -> list[Reading]:
        """Whoever was held for this gateway: it lives. If it was never away, the silence is their own."""
        found: list[Reading] = []
        for device in sorted(self._waiting.pop(gateway, ())):
            if device not in self._held or self._dead_above(device):
                continue
            del self._held[device]
            will = self._gone.get(device)
            if will is not None and self._since(device) > will:
                self._hold_anew(device, moment)
            elif will is not None:
                found += self._silence(device, moment, WILL)
            elif self._silent_at(device) <= moment:
                found += self._silence(device, moment, unheard(moment - self._heard[device], gateway))
            self._queue(device)
        return found

    def _withdraw(self, device: str) -> Sequence[Reading]:
        if self._gone.pop(device, None) is not None:
            self._held.pop(device, None)
            self._queue(device)
        return ()

    def _sighted(self, line: str, moment: int) -> None:
        since = self._blind.pop(line, None)
        if since is None or moment - since <= START_GRACE:
            return
        self._base = moment
        for device in list(self._held):
            del self._held[device]
            if device in self._gone:
                self._hold_anew(device, moment)
        self._queue_all()

    # ---- words and deadlines -----------------------------------------------------------------------------

    def _say(self, device: str, word: str, moment: int, note: str) -> Reading:
        if word == REPORTING:
            self._told.pop(device, None)
        else:
            self._told[device] = word
        return Reading(device, "supervision", word, moment, moment, note=note)

    def _queue(self, device: str) -> None:
        """Put a device's deadline into the heap, unless an entry that comes up no later is there already."""
        deadline = self._deadline(device)
        if deadline is not None and deadline < self._queued.get(device, deadline + 1):
            self._queued[device] = deadline
            heapq.heappush(self._heap, (deadline, device))

    def _queue_all(self) -> None:
        self._heap: list[tuple[int, str]] = []
        self._queued: dict[str, int] = {}
        for device in self._intervals:
            self._queue(device)


def _grace(interval: int) -> int:
    return min(interval // 10, MOST_GRACE)
