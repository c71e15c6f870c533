"""Touches. The devices of the campaign: detectors that say alarm once, buttons pressed again and again."""

import json
import random
import time
from collections import Counter
from typing import Any

from tests.bench.load import Publisher, publish_packet
from tests.bench.service import campus
from tests.bench.whole_path import payload

BUTTONS = {  # few, so that their presses, which all look alike, come close upon one another
    **{f"panic-{number}": "panic_button" for number in range(4)},
    **{f"call-{number}": "call_point" for number in range(4)},
}
PRESSED = ("panic-alarm", "call-point-alarm")  # what is pressed too often raises other alerts too
DUTY = ("li-wei",)
LEADERS = ("wang-fang", "zhang-qiang")
LADDER = (DUTY, LEADERS)
STEPS = [{"after": "0s", "notify": [{"post": "duty"}]}, {"after": "3s", "notify": [{"team": "leaders"}]}]


def school(detectors: int) -> dict[str, Any]:
    """The bench campus with buttons, leaders and a second step. Who has pressed a button is told again and
    again; detectors are too many for that."""
    parts = campus(detectors * 5)
    parts["devices"] += [
        {"id": name, "kind": kind, "place": "b0", "owner": "li-wei", "interval": 0}
        for name, kind in BUTTONS.items()
    ]
    parts["persons"] += [
        {"id": name, "zh": name, "en": name, "contacts": [{"channel": "hook", "address": "2"}]}
        for name in LEADERS
    ]
    parts["teams"] = [{"id": "leaders", "zh": "负责人", "en": "Leaders", "members": list(LEADERS)}]
    pressed = {"id": "pressed", "match": {"kind": sorted(set(BUTTONS.values()))}, "repeat": {"every": "10s"}}
    parts["policies"] = [pressed | {"steps": STEPS}, parts["policies"][0] | {"steps": STEPS}]
    return parts


class Devices:
    """Speaks for all of them over one connection; whatever was said the broker has acknowledged. `taken`:
    buttons whose alert somebody has; `must_ring`: those of them that were pressed since."""

    def __init__(self, publisher: Publisher, detectors: int, chance: random.Random) -> None:
        self.alarms: list[str] = []
        self.pressed: Counter[str] = Counter()
        self.taken: set[str] = set()
        self.must_ring: set[str] = set()
        self._publisher = publisher
        self._detectors = detectors
        self._chance = chance
        self._boot = int(time.time())  # noqa: TID251 - the devices' own clock
        self._down: set[str] = set()

    def speak(self, times: int, within: float) -> None:
        """So many things happen, with pauses of up to `within` seconds after each."""
        for _ in range(times):
            if len(self.alarms) < self._detectors and self._chance.random() < 0.4:
                self.alarm()
            else:
                self._press(self._chance.choice(sorted(self.taken) or list(BUTTONS)))
            time.sleep(self._chance.uniform(0, within))

    def alarm(self) -> str:
        """The next detector says alarm, once and for all, with its number."""
        number = len(self.alarms)
        device = number * 5
        self._publish(f"d{device}", payload(device, number, self._boot, "alarm"))
        self.alarms.append(f"d{device}")
        return self.alarms[-1]

    def _press(self, button: str) -> None:
        """A call point that is down is put back first; a panic button springs back by itself."""
        if BUTTONS[button] == "panic_button":
            self._say(button, press="alarm")
        else:
            if button in self._down:
                self._say(button, call_point="normal")
            self._down.add(button)
            self._say(button, call_point="alarm")
        self.pressed[button] += 1
        if button in self.taken:
            self.taken.discard(button)
            self.must_ring.add(button)

    def _say(self, device: str, **values: str) -> None:
        self._publish(device, json.dumps({"values": values}).encode())

    def _publish(self, device: str, said: bytes) -> None:
        mid = 1 + self._publisher.sent % 60000
        self._publisher.send(publish_packet(f"campus/{device}/reading", said, mid))
