"""Thinks. The decoder: topics to dialects and devices, the filters of both sessions, bounded memory."""

from collections.abc import Sequence

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects import DIALECTS
from ingest.message import Message
from ingest.reading import Decoded, Parts, Reason, Rejected
from ingest.settings import BrokerSettings
from tests.fakes.messages import TALKS

DEVICES = [
    Device("smoke-1", "smoke_detector", "campus"),
    Device("door-1", "door", "campus"),
    Device("z-smoke", "smoke_detector", "campus", dialect="zigbee2mqtt", address="lab/smoke"),
    Device("z-door", "door", "campus", dialect="zigbee2mqtt", address="lab/door"),
    Device("z-gw", "gateway", "campus", dialect="zigbee2mqtt", address="bridge"),
    Device("z-other", "gas_detector", "campus", dialect="zigbee2mqtt", address="campus/zigbee/kitchen"),
]
SETTINGS = BrokerSettings(base="campus", dialects={"zigbee2mqtt": ["zigbee2mqtt", "campus/zigbee"]})


class Nowhere:
    name = "test"

    def settle(self, messages: Sequence[Message]) -> None:
        """Nobody waits for it."""


@pytest.fixture
def decoder():
    return Decoder(Registry.build([], [], DEVICES), SETTINGS)


def say(decoder, topic, payload):
    return decoder.decode(Message(Nowhere(), topic, payload, 1_795_305_600_000))


def test_each_base_topic_belongs_to_its_dialect_also_one_below_another(decoder):
    assert say(decoder, "campus/smoke-1/reading", b'{"values":{"smoke":true}}').device == "smoke-1"
    assert say(decoder, "zigbee2mqtt/lab/smoke", b'{"smoke":true}').device == "z-smoke"
    assert say(decoder, "campus/zigbee/kitchen", b'{"gas":true}').device == "z-other"


def test_life_hears_life_safety_devices_and_the_loop_message_and_nothing_else(decoder):
    assert decoder.life_filters() == [
        "campus/smoke-1/link",
        "campus/smoke-1/reading",
        "campus/tocsin/link",
        "campus/tocsin/reading",
        "campus/zigbee/kitchen",
        "campus/zigbee/kitchen/+",
        "campus/zigbee/lab/smoke",
        "campus/zigbee/lab/smoke/+",
        "zigbee2mqtt/lab/smoke",
        "zigbee2mqtt/lab/smoke/+",
    ]


def test_all_hears_every_device_registered_or_not(decoder):
    assert decoder.all_filters() == ["campus/zigbee/#", "zigbee2mqtt/#", "campus/+/reading", "campus/+/link"]


@pytest.mark.parametrize(
    ("topic", "owned"),
    [
        ("campus/smoke-1/reading", True),
        ("campus/smoke-1/link", True),
        ("campus/tocsin/reading", True),
        ("campus/smoke-1/command", False),
        ("campus/door-1/reading", False),
        ("campus/smoke-10/reading", False),
        ("zigbee2mqtt/lab/smoke", True),
        ("zigbee2mqtt/lab/smoke/availability", True),
        ("zigbee2mqtt/lab/smoke/a/b", False),
        ("zigbee2mqtt/lab/smoke_2", False),
        ("zigbee2mqtt/lab/door", False),
        ("zigbee2mqtt/bridge/state", False),
        ("campus/zigbee/kitchen", True),
        ("zigbee2mqtt/campus/zigbee/kitchen", False),
        ("", False),
    ],
)
def test_what_life_owns_is_exactly_what_its_filters_match(decoder, topic, owned):
    assert decoder.owned_by_life(topic) is owned
    assert decoder.owned_by_life(topic) is owned
    assert any(matches(one.split("/"), topic.split("/")) for one in decoder.life_filters()) is owned


def matches(pattern, levels):
    """MQTT 4.7, written out on its own."""
    if not pattern or not levels:
        return pattern == levels or pattern == ["#"]
    if pattern[0] == "#":
        return True
    return pattern[0] in ("+", levels[0]) and matches(pattern[1:], levels[1:])


def test_filters_of_any_shape_are_matched_as_the_broker_matches_them(monkeypatch):
    below = ["a/+/c/+", "a/b/#", "x/+", "+/z", "q", "/lead", "+"]
    filters = [f"t/{one}" for one in below]
    registry = Registry.build()
    monkeypatch.setattr(DIALECTS["tocsin"], "filters", lambda address, known: below)
    decoder = Decoder(registry, BrokerSettings(base="t"))
    topics = [
        "a/1/c/2",
        "a/1/c",
        "a/1/c/2/3",
        "a/b",
        "a/b/c/d",
        "a",
        "x/1",
        "x",
        "x/1/2",
        "y/z",
        "z",
        "q",
        "q/1",
        "x/",
        "/lead",
        "/other",
        "",
    ]
    for topic in (f"t/{one}" for one in topics):
        expected = any(matches(one.split("/"), topic.split("/")) for one in filters)
        if topic == "t/a/b":
            expected = True  # "a/b/#" matches its parent too
        assert decoder.owned_by_life(topic) is expected, topic


def test_every_filter_of_life_is_read_back_as_a_topic_of_its_device(decoder):
    for topic in decoder.life_filters():
        found = say(decoder, topic.replace("/+", "/smoke"), b"{")
        assert isinstance(found, Decoded | Parts) or found.reason is Reason.MALFORMED, topic


def test_invented_topics_leave_nothing_in_memory(decoder):
    for number in range(30_000):
        stranger = say(decoder, f"campus/fake-{number}/reading", b'{"values":{"smoke":true}}')
        assert stranger.device.startswith(f"unregistered.fake-{number}.")
        say(decoder, f"zigbee2mqtt/lab/smoke/x{number}", b"1")
        decoder.owned_by_life(f"campus/fake-{number}/reading")
    assert len(decoder._routes) <= decoder._limit
    assert len(decoder._owned) <= decoder._limit
    assert say(decoder, "campus/smoke-1/reading", b'{"values":{"smoke":true}}').device == "smoke-1"


def test_the_size_and_the_depth_are_looked_at_before_any_decoding(decoder):
    assert say(decoder, "campus/smoke-1/reading", b"{" * 70_000).reason is Reason.OVERSIZE
    assert say(decoder, "campus/smoke-1/reading", b"[" * 60_000).reason is Reason.TOO_DEEP
    assert len(say(decoder, "campus/smoke-1/reading", b"[" * 60_000).sample) == 512


def test_our_own_failure_is_quarantined_and_never_stops_the_line(decoder, monkeypatch):
    def broken(said):
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(DIALECTS["tocsin"], "decode", broken)
    found = say(decoder, "campus/smoke-1/reading", b'{"values":{}}')
    assert isinstance(found, Rejected)
    assert (found.reason, found.detail) == (Reason.FAILED, "ZeroDivisionError: of all things")


@pytest.mark.parametrize(
    ("topic", "device"), [("campus/smoke-1/reading", "smoke-1"), ("zigbee2mqtt/lab/smoke", "z-smoke")]
)
@pytest.mark.parametrize(
    "wrong", ['"battery":NaN', '"battery":1e999', '"battery":-Infinity', '"smoke":ALARM', '"time":1e400']
)
def test_a_number_that_is_none_or_a_key_given_twice_alike_costs_no_alarm(decoder, topic, device, wrong):
    alarm = '"alarm"' if device == "smoke-1" else "true"
    body = f'{{"smoke":{alarm},{wrong.replace("ALARM", alarm)}}}'
    payload = (f'{{"values":{body}}}' if device == "smoke-1" else body).encode()
    found = say(decoder, topic, payload)
    assert {r.metric: r.value for r in found.readings}["smoke"] == "alarm"
    assert all(r.value == "unknown" and r.note for r in found.readings if r.metric == "battery")


def test_a_key_given_twice_with_different_words_is_refused_and_says_whose_message_it_was(decoder):
    found = say(decoder, "campus/smoke-1/reading", b'{"values":{"smoke":"alarm","smoke":"normal"}}')
    assert (found.reason, found.device) == (Reason.MALFORMED, "smoke-1")
    assert say(decoder, "zigbee2mqtt/lab/smoke", b"x" * 70_000).device == "z-smoke"


def test_what_speaks_through_a_registered_gateway_or_below_its_address_is_vouched_for():
    devices = [
        Device("tx", "gateway", "campus", dialect="gb26875", address="889"),
        Device("hall", "gateway", "campus", dialect="zigbee2mqtt", address="hall"),
    ]
    settings = BrokerSettings(dialects={"zigbee2mqtt": None, "gb26875": None})
    decoder = Decoder(Registry.build([], [], devices), settings)
    say(decoder, "zigbee2mqtt/hall/new", b'{"smoke":true}')
    say(decoder, "zigbee2mqtt/invented", b'{"smoke":true}')
    for topic, payload, _ in TALKS["gb26875"].messages:
        say(decoder, topic.replace(topic.split("/")[1], "889"), payload)
    through = {one.address: one.gateway for one in decoder.strangers.values()}
    assert through.pop("hall/new") == "hall"
    assert through.pop("invented") is None
    assert through
    assert set(through.values()) == {"tx"}
