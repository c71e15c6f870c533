"""Thinks. Devices whose clocks are wrong: a real alarm among them is raised at once all the same."""

import json
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.gaps import Gaps
from ingest.message import Message
from ingest.moment import AHEAD, BEHIND
from ingest.reading import Parts, TimeQuality
from ingest.settings import BrokerSettings
from rules.evaluate import due, evaluate
from rules.load import load
from rules.memory import Memories
from tests.fakes.gb26875 import FIRE, NORMAL, component, frame, stamp, unit
from tests.fakes.sparkplug import BOOLEAN, metric, payload

NOW = 1_795_305_600_000
HOUR, S = 3_600_000, 1000
RULES = load()


def own(fire, clock, number):
    return "campus/own/reading", json.dumps(
        {"boot": 1, "seq": number, "time": clock, "values": {"smoke": "alarm" if fire else "normal"}}
    ).encode()


def zigbee(fire, clock, number):
    return "zigbee2mqtt/zigbee", json.dumps({"smoke": fire, "last_seen": clock}).encode()


def transmitter(fire, clock, number):
    clock = max(clock, 946_684_800_000)  # its years begin at 2000
    at = stamp(clock)
    return "gb26875/889", frame(unit(2, component(FIRE if fire else NORMAL) + at), at, number=number % 65536)


def alink(fire, clock, number):
    body = {"params": {"SmokeSensorState": {"value": int(fire), "time": clock}}}
    return "/sys/pk/dn/thing/event/property/post", json.dumps(body).encode()


def mapped(fire, clock, number):
    return "plant/1", json.dumps({"smoke": fire, "at": clock}).encode()


def node(fire, clock, number):
    made = payload([metric("Smoke", fire, BOOLEAN, time=max(clock, 0))], number % 256, max(clock, 0))
    return "spBv1.0/g/DDATA/n/d", made


SPEAK = {
    "own": own,
    "zigbee": zigbee,
    "transmitter": transmitter,
    "alink": alink,
    "mapped": mapped,
    "node": node,
}
WHO = {"own": ("tocsin", "own"), "zigbee": ("zigbee2mqtt", "zigbee"), "alink": ("alink", "pk/dn"),
       "transmitter": ("gb26875", "889/1.1.42.2-1"), "mapped": ("mapping", "p/1"),
       "node": ("sparkplug", "g/n/d")}  # fmt: skip
MAPPING = {"topic": "plant/{device}", "fields": {"smoke": "smoke"}, "time": {"path": "at", "format": "ms"},
           "historic": {"older": 3600}}  # fmt: skip
CAMPUS = Registry.build(
    devices=[Device(name, "smoke_detector", "campus", dialect=d, address=a) for name, (d, a) in WHO.items()],
    definitions={"mapping": {"p": MAPPING}},
)
DIALECTS = BrokerSettings(dialects={d: None for d, _ in WHO.values() if d not in ("tocsin", "mapping")})


class House:
    def __init__(self):
        self.decoder, self.memories, self.gaps = Decoder(CAMPUS, DIALECTS), Memories(), Gaps()

    def say(self, who, fire, clock, at, number):
        topic, body = SPEAK[who](fire, clock, number)
        found = self.decoder.decode(Message(None, topic, body, at))
        heard = found.heard if isinstance(found, Parts) else [found]
        self.readings = [r for one in heard if one.device == who for r in one.readings if r.metric == "smoke"]
        assert self.readings, found
        verdicts = due(RULES, self.memories, at, CAMPUS)
        for reading in self.readings:
            verdicts += evaluate(RULES, self.memories, reading, CAMPUS.devices[who], CAMPUS)
        return [(v.rule, v.holds.value) for v in verdicts if v.subject.startswith(who)]


RAISED = ("smoke-alarm", "yes")
CLOCKS = {
    "right": (0, 0), "an hour behind, as where summer time was forgotten": (-HOUR, -HOUR),
    "jumps an hour back when summer time ends": (0, -HOUR), "jumps an hour on": (-HOUR, 0),
    "eight hours ahead, as a local time called UTC": (8 * HOUR, 8 * HOUR),
    "jumps eight hours back": (0, -8 * HOUR),
    "corrected from ahead": (8 * HOUR, 0), "two days behind": (-48 * HOUR, -48 * HOUR),
    "1970 after a power cut": (0, -NOW), "1970 always": (-NOW, -NOW + 5 * S),
    "before 1970": (-NOW, -NOW - HOUR),
    "the year 2100": (74 * 8766 * HOUR, 74 * 8766 * HOUR),
}  # fmt: skip
OLD_ON_PURPOSE = {  # the mapping above calls past what is over an hour old, and that can be believed
    "an hour behind, as where summer time was forgotten", "jumps eight hours back", "two days behind",
}  # fmt: skip


@pytest.mark.parametrize(
    ("who", "clock"),
    [one for one in product(SPEAK, CLOCKS) if one[0] != "mapped" or one[1] not in OLD_ON_PURPOSE],
)
def test_an_alarm_is_raised_at_once_whatever_the_clock_of_its_device_says(who, clock):
    house, (before, after) = House(), CLOCKS[clock]
    for number in range(3):
        at = NOW + number * 10 * S
        assert house.say(who, False, at + before, at, number) == []
    at = NOW + 60 * S
    assert RAISED in house.say(who, True, at + after, at, 9)
    [alarm] = house.readings
    assert alarm.time_quality is not TimeQuality.HISTORIC
    assert (alarm.received, alarm.value) == (at, "alarm")
    assert at - BEHIND <= alarm.event_time <= at + AHEAD, "what is not plausible is not shown as its time"


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([who for who in SPEAK if who != "mapped"]),
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([0, -HOUR, -5 * HOUR, HOUR, -NOW, 30 * S])), max_size=8
    ),
    st.sampled_from([0, -HOUR, -23 * HOUR, 4 * 60 * S, -NOW, 9 * HOUR]),
)
def test_no_jump_of_a_clock_leaves_a_fire_that_stands_without_its_alert(who, before, last):
    house, open_ = House(), False
    for number, (fire, error) in enumerate([*before, (True, last)]):
        at = NOW + number * 30 * S
        for rule, holds in house.say(who, fire, at + error, at, number):
            if rule == "smoke-alarm":
                open_ = holds == "yes"
        assert open_ or not fire
