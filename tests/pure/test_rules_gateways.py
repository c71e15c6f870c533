"""Thinks. What the standard pack makes of an outage of a gateway: one alert, and none is closed by it."""

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.supervision import Supervision
from rules.evaluate import due, evaluate
from rules.load import load
from rules.memory import Memories
from tests.fakes.words import english

RULES = load()
START = 1_795_305_600_000


class Site:
    """Supervision under the standard pack: what is raised, cleared and lost, as (rule, device, holds)."""

    def __init__(self, *devices):
        self.registry = Registry.build(devices=devices)
        self.watch, self.memories = Supervision(self.registry, START, {}), Memories()
        self.verdicts = []

    def judge(self, readings):
        found = []
        for reading in readings:
            device = self.registry.devices[reading.device]
            found += due(RULES, self.memories, reading.received, self.registry)
            found += evaluate(RULES, self.memories, reading, device, self.registry)
        self.verdicts += found
        return [(v.rule, v.device, v.holds.value) for v in found]

    def hear(self, device, second):
        moment = START + second * 1000
        return self.judge([*self.watch.due(moment), *self.watch.hear(device, moment)])

    def will(self, device, second):
        moment = START + second * 1000
        return self.judge([*self.watch.due(moment), *self.watch.link(device, "offline", moment)])


def child(name, kind, behind="gw"):
    return Device(name, kind, "campus", gateway=behind, interval=600)


@pytest.mark.parametrize(
    ("kind", "children", "rule", "priority"),
    [
        ("gateway", ["smoke_detector", "door"], "gateway-unprotected", 1),
        ("gateway", ["door", "climate"], "gateway-silent-others", 2),
        ("gateway", [], "gateway-silent", 1),
        ("fire_panel", ["smoke_detector"], "gateway-unprotected", 1),
        ("fire_panel", ["module"], "life-safety-silent", 1),
        ("camera", ["panic_button"], "gateway-unprotected", 1),
        ("camera", ["camera"], "camera-silent", 2),
        ("climate", ["smoke_detector"], "gateway-unprotected", 1),
        ("climate", ["climate"], "device-silent", 3),
    ],
)
def test_an_outage_is_one_alert_by_the_rule_that_fits_what_is_lost(kind, children, rule, priority):
    site = Site(Device("gw", kind, "campus"), *(child(f"c{n}", one) for n, one in enumerate(children)))
    assert site.will("gw", 1) == [(rule, "gw", "yes")]
    assert (site.verdicts[0].alert_class.value, site.verdicts[0].priority) == ("trouble", priority)
    assert [one[1:] for one in site.hear("gw", 2000)] == [("gw", "no")]


def test_the_alert_of_a_gateway_names_who_is_unprotected_in_its_evidence():
    site = Site(Device("gw", "gateway", "campus"), child("s1", "smoke_detector"), child("d1", "door"))
    site.will("gw", 1)
    (evidence,) = site.verdicts[0].evidence
    assert english(evidence.note) == (
        "1 life-safety point unprotected: s1; its connection was lost (last will)"
    )


def test_the_alert_of_a_child_that_was_silent_before_becomes_unknown_and_rings_nobody_anew():
    site = Site(Device("gw", "gateway", "campus"), child("s1", "smoke_detector"), child("d1", "door"))
    site.will("s1", 1)
    assert site.hear("d1", 2) == [("life-safety-silent", "s1", "yes")]
    assert site.will("gw", 3) == [
        ("gateway-unprotected", "gw", "yes"),
        ("life-safety-silent", "s1", "unknown"),
    ]
    back = site.hear("d1", 4)
    assert back == [("gateway-unprotected", "gw", "no"), ("life-safety-silent", "s1", "yes")]
    assert not site.verdicts[-1].again
    assert site.hear("s1", 5) == [("life-safety-silent", "s1", "no")]


def test_three_hundred_children_of_a_dead_gateway_raise_nothing():
    children = [child(f"s{n}", "smoke_detector") for n in range(300)]
    site = Site(Device("gw", "gateway", "campus", interval=180), *children)
    site.hear("s0", 1)
    raised = site.judge(site.watch.due(START + 10**8))
    assert raised == [("gateway-unprotected", "gw", "yes")]
    assert english(site.verdicts[0].evidence[0].note).startswith("300 life-safety points unprotected: s0")
