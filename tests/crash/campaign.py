"""Touches. The campaign: the service is killed again and again while devices speak and a guard acts."""

import contextlib
import itertools
import random
import signal
import threading
import time
from collections import Counter

import httpx

from tests.bench.service import Service
from tests.crash.devices import BUTTONS, PRESSED, Devices
from tests.crash.doomed import POINTS
from tests.crash.judge import Look
from tests.fakes.guard import Guard
from tests.servers import wait_for

AT_A_POINT = 0.6  # of the kills fall at a point of a notice's way, and not at any moment
PASSES = 3  # the one of so many passes of the point at which it is killed
DOOMED = 4.0  # seconds beyond its start that it is given to come there
AT_START = 0.25  # of the others fall into a start
GUARD_ACTS = 0.4  # of the lives that are not killed at their start
LIFE = 1.5  # seconds that a life lasts at most beyond its start
LONG_LIVES = 0.1  # of them last so much longer that a session's second copies are settled unread
LONGER = 3.5
CLOSE = 0.03  # seconds: kills fall upon messages that are this near
READ = 0.05  # seconds in which the webhook has read what the dead one had sent


class Campaign:
    """`kills` are moments of time.monotonic_ns(); `takes`: alert → takes of it that were answered."""

    def __init__(self, service: Service, devices: Devices, chance: random.Random) -> None:
        self.kills: list[int] = []
        self.at_start = 0
        self.points: Counter[str] = Counter()  # point → kills there
        self._turns = itertools.cycle(POINTS)
        self.takes: Counter[int] = Counter()
        self.looks: list[Look] = []
        self._service = service
        self._devices = devices
        self._chance = chance
        self._guard = Guard(service.url)
        self._start = 0.0

    def begin(self) -> None:
        """One undisturbed start, which says how long a start takes; and the guard gets an account."""
        self._start = self._service.start()
        self._guard.makes_the_first_account(self._service.token())
        self._guard.signs_in()
        self._service.kill()

    def live_and_die(self) -> None:
        self._devices.speak(self._chance.randrange(3), 0)  # while nobody listens
        if self._chance.random() < AT_A_POINT:
            self._die_at(next(self._turns))
        else:
            self._die_at_any_moment()

    def _die_at(self, point: str) -> None:
        """Each point has its turn. One that is not reached is a kill at any moment."""
        passes = 1 if POINTS[point].once else self._chance.randint(1, PASSES)
        self._service.launch(("tests.crash.doomed", point, str(passes)))
        end = time.monotonic() + self._start + DOOMED
        while self._alive() and time.monotonic() < end:
            self._devices.speak(1, 0)
            time.sleep(self._chance.uniform(0, 0.4))
        self.points[point] += not self._alive()
        self._bury()

    def _die_at_any_moment(self) -> None:
        self._service.launch()
        if self._chance.random() < AT_START:
            self.at_start += 1
            self._speak_for(self._chance.uniform(0, self._start))
            acting = None
        else:
            self._service.wait_until_ready()
            long = self._chance.random() < LONG_LIVES
            self._speak_for(self._chance.uniform(0, LIFE) + LONGER * long)
            acting = self._guard_acts()
        self._devices.speak(1 + self._chance.randrange(3), CLOSE)
        self._kill()
        if acting:
            acting.join()

    def _speak_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._devices.speak(1, 0)
            time.sleep(min(left, self._chance.uniform(0, 0.6)))

    def _guard_acts(self) -> threading.Thread | None:
        if self._chance.random() > GUARD_ACTS:
            return None
        thread = threading.Thread(target=self._take, args=[self._look()])
        thread.start()
        time.sleep(self._chance.uniform(0, 2 * CLOSE))
        return thread

    def guard_takes_all(self) -> None:
        self._take(self._look())

    def _look(self) -> dict[int, str]:
        """The alerts of buttons that nobody has, once the service has heard all that was said before; "" for
        one that is not of a press."""
        last = self._devices.alarm()
        wait_for("the last alarm is recorded", lambda: self._recorded(last))
        cards = [card for card in self._guard.wall() if card["acknowledgement"] == "no"]
        ringing = {
            card["id"]: card["device"] if card["rule"] in PRESSED else ""
            for card in cards
            if card["device"] in BUTTONS
        }
        devices = set(ringing.values()) - {""}
        self.looks += [Look(button, button in devices) for button in self._devices.must_ring]
        self._devices.must_ring.clear()
        self._devices.taken -= devices
        return ringing

    def _recorded(self, device: str) -> bool:
        return bool(self._service.rows("SELECT id FROM alert WHERE device = ?", device))

    def _take(self, ringing: dict[int, str]) -> None:
        with contextlib.suppress(httpx.HTTPError):  # killed meanwhile: what is not answered may not be done
            for number in self._guard.takes(list(ringing)) if ringing else ():
                if ringing[number]:
                    self.takes[number] += 1
                    self._devices.taken.add(ringing[number])

    def _alive(self) -> bool:
        process = self._service.process
        return process is not None and process.poll() is None

    def _kill(self) -> None:
        if not self._alive():
            raise RuntimeError(f"it ended before it was killed:\n{self._service.log()[-3000:]}")
        self._bury()

    def _bury(self) -> None:
        process = self._service.process
        if process is not None and process.poll() not in (None, -signal.SIGKILL):
            raise RuntimeError(f"it ended by itself:\n{self._service.log()[-3000:]}")
        self._service.kill()
        time.sleep(READ)
        self.kills.append(time.monotonic_ns())
