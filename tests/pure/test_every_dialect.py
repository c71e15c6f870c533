"""Thinks. What every dialect promises, on its own messages and on what becomes of them on the way."""

import json
from itertools import product

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import address_of
from ingest.campus.kinds import UNREGISTERED
from ingest.dialects import DIALECTS
from ingest.dialects.hazard import CALM, HAZARDS
from ingest.filters import Filters
from ingest.reading import Parts, Rejected
from tests.fakes.messages import TALKS, decoder, hear, heard, registered, words
from tests.fakes.talk import js
from tests.fuzz.judge import EVENTS, impure, wrong

EVERY = sorted(DIALECTS)
MESSAGES = [(name, *message) for name, talk in TALKS.items() for message in talk.messages]
UNDER_TEST = {name: (decoder(name), decoder(name, strangers=True)) for name in TALKS}
ALARMS = ("alarm", "prealarm", "test")

# Of a stranger these are no hazard, and why a fire is heard all the same. A zone that opens is every door of
# a house, a bare input as often a light switch: were each a fire, nobody would come to the first real one.
_PANEL = "an open zone may be any door; the panel itself tells the alarm of it"
_INPUT = "nothing says that it is an alarm; what a contact senses, only its registration says"
OPEN = {  # topic → why, and the message by which the same dialect tells the fire of a stranger
    "dsc/Get/Zone3": (_PANEL, "dsc/Get/Fire1", b"1"),
    "paradox/states/zones/K/open": (_PANEL, "paradox/states/zones/K/generated_alarm", b"True"),
    "texecom2mqtt/zone/a": (_PANEL, "texecom2mqtt/log", b'{"type": "Fire"}'),
    "lab/binary_sensor/input_3/state": (_INPUT, "lab/binary_sensor/alarm_3/state", b"ON"),
    "tele/stairs/SENSOR": (
        _INPUT, "tele/stairs/SENSOR",
        js(ZbReceived={"0x12": {"Name": "S", "ZoneStatus": 1, "ZoneType": 40}}),
    ),
    "axis/cam1/event/tns:onvif/Device/tns:axis/IO/Port/$source/port/2": (_INPUT, "", b""),
}  # fmt: skip


def said(found):
    return [(one.device, r.metric, r.value) for one in heard(found) for r in one.readings]


def test_every_dialect_has_its_messages():
    assert sorted(TALKS) == EVERY, "write its messages into tests/fakes/messages.py"
    assert all(len(talk.messages) >= 2 for talk in TALKS.values())


@pytest.mark.parametrize(("name", "topic", "payload", "word"), MESSAGES)
def test_a_message_says_what_it_means(name, topic, payload, word):
    found = hear(decoder(name), topic, payload)
    assert not isinstance(found, Rejected), found
    assert word in words(found), found
    assert wrong(found) is None


@pytest.mark.parametrize(("name", "topic", "payload", "word"), MESSAGES)
def test_a_message_that_the_broker_repeats_rings_nobody_and_is_no_sign_of_life(name, topic, payload, word):
    found = hear(decoder(name), topic, payload, retain=True)
    assert wrong(found, retain=True) is None
    if name != "tocsin":  # there the rules judge a press by the time that its device gave it
        assert not [metric for _, metric, _ in said(found) if metric in EVENTS]


@pytest.mark.parametrize(("name", "topic", "payload", "word"), MESSAGES)
def test_what_a_stranger_says_is_heard_with_the_same_hazards(name, topic, payload, word):
    alarms = {one[1:] for one in said(hear(decoder(name), topic, payload)) if one[1] in HAZARDS}
    found = hear(decoder(name, strangers=True), topic, payload)
    assert all(device.startswith(UNREGISTERED) for device, *_ in said(found))
    told = {(metric, value) for _, metric, value in said(found)}
    for metric, value in alarms:
        if value in ALARMS and topic not in OPEN:  # a bare bit is a fire until somebody says what it is
            assert {(metric, value), ("fire", value)} & told, f"{metric} {value} is not among {told}"


def test_what_is_excepted_of_strangers_is_still_needed_and_is_told_as_a_fire_where_its_dialect_says_so():
    names = {topic: name for name, topic, *_ in MESSAGES if topic in OPEN}
    assert names.keys() == OPEN.keys(), "an exception that nothing needs"
    for topic, (why, other, payload) in OPEN.items():
        assert why
        if other:
            told = said(hear(decoder(names[topic], strangers=True), other, payload))
            assert {(metric in HAZARDS, value) for _, metric, value in told} & {(True, "alarm")}, other


@pytest.mark.parametrize(
    ("name", "topic"),
    [("homie", "homie/lab/input/alarm"), ("homie", "homie/5/lab/in/alarm-state"),
     ("wirenboard", "/devices/relay/controls/Alarm 1"), ("esphome", "lab/binary_sensor/alarm_1/state")],
)  # fmt: skip
def test_a_bare_alarm_of_a_stranger_is_a_fire_until_somebody_says_what_it_is(name, topic):
    for word in ("1", "0"):
        told = said(hear(decoder(name, strangers=True), topic, word.encode()))
        assert [one[1:] for one in told] == [("fire", "alarm" if word == "1" else "normal")]
    silent = topic.replace("alarm", "alarm-armed").replace("Alarm", "Alarm armed")
    assert said(hear(decoder(name, strangers=True), silent, b"1")) == []


@pytest.mark.parametrize(("name", "topic", "payload", "word"), MESSAGES)
def test_decoding_changes_nothing_and_says_the_same_twice(monkeypatch, name, topic, payload, word):
    looked = []

    def twice(message):
        looked.append(impure(decode, message))
        return decode(message)

    decode = DIALECTS[name].decode
    monkeypatch.setattr(DIALECTS[name], "decode", twice)
    by = decoder(name)
    for _ in range(2):
        hear(by, topic, payload)
        hear(by, topic, payload, retain=True)
    assert looked == [None] * 4


@pytest.mark.parametrize("name", TALKS)
def test_what_is_learned_means_the_same_after_a_restart(name):
    running, talk = decoder(name), TALKS[name]
    for _ in range(2):
        for topic, payload, _ in talk.messages:
            stored = {key: json.loads(json.dumps(value)) for key, value in running.news.items() if value}
            restarted = decoder(name, learned=stored)
            assert hear(restarted, topic, payload) == hear(running, topic, payload)


@pytest.mark.parametrize("name", TALKS)
def test_a_topic_of_a_device_is_read_back_as_its_own_and_heard_by_both_sessions(name):
    by = decoder(name)
    for device in registered(name):
        read, unheard = [], []
        for base, dialect, known in by._doors_of(device, address_of(device)):
            address = address_of(device).removeprefix(base + "/") if base else address_of(device)
            filters = dialect.filters(address, known)
            topics = [one.replace("+", "x").replace("#", "x/y") for one in filters]
            read += [{address} & {*found} or "" in found for one in (*filters, *topics)
                     if (found := dialect.addresses(one, known))]  # fmt: skip
            wide = Filters(dialect.topics(known))
            unheard += [topic for topic in topics if not wide.match(topic)]
        assert any(read), f"no topic leads to {device.address!r}"
        assert not unheard, f"`all` does not hear them; strangers there stay unknown: {unheard}"


@pytest.mark.parametrize(("name", "topic", "payload", "word"), MESSAGES)
def test_the_session_life_hears_what_a_life_safety_device_says(name, topic, payload, word):
    by = decoder(name)
    safety = {device.id for device in registered(name) if device.life_safety}
    if safety & {one.device for one in heard(hear(by, topic, payload))}:
        assert by.owned_by_life(topic)
    assert Filters(by.all_filters()).match(topic) or not heard(hear(by, topic, payload))


@pytest.mark.parametrize(("name", "topic", "payload", "word"), MESSAGES)
def test_a_topic_with_an_empty_level_or_an_endless_one_is_of_no_device_without_a_name(
    name, topic, payload, word
):
    levels = topic.split("/")
    for at, strange in product(range(len(levels)), ("", "x" * 20_000, "a/" * 10_000, "\u202e", "*", "$")):
        for by in UNDER_TEST[name]:
            found = hear(by, "/".join([*levels[:at], strange, *levels[at + 1 :]]), payload)
            assert wrong(found) is None, (at, strange[:9])


@pytest.mark.parametrize(("name", "topic", "payload", "word"), MESSAGES)
def test_invented_names_in_a_topic_do_not_make_what_is_learned_grow(name, topic, payload, word):
    levels = topic.split("/")
    for at in range(len(levels)):
        by = decoder(name)
        for number in range(120):
            named = "/".join([*levels[:at], f"{levels[at]}{number}_smoke", *levels[at + 1 :]])
            found = hear(by, named, payload)
            learned = found.learned.values() if isinstance(found, Parts) else ()
            assert all(len(json.dumps(value)) < 12_000 for value in learned), f"level {at}"


def leaves(value, path=()):
    """The paths of everything in a JSON value that is no object and no list."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from leaves(value[key], (*path, key))
    else:
        yield path


def changed(value, path, to):
    copy = json.loads(json.dumps(value))
    if not path:
        return to
    here = copy
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = to
    return copy


def parsed(payload):
    try:
        return msgspec.json.decode(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")


STRANGE = ("zzqx", "NaN", None, -12345, 10**30, 10**400, [], {}, "正常吗", "not alarm", "")


@pytest.mark.parametrize(("name", "topic", "payload", "word"), MESSAGES)
def test_a_word_that_is_not_known_never_becomes_normal(name, topic, payload, word):
    body = parsed(payload)
    before = {(device, metric): value for device, metric, value in said(hear(decoder(name), topic, payload))}
    for path, strange in product(leaves(body), STRANGE):
        if not path and not strange:
            continue  # of a bare word it is a deletion, or none
        now = changed(body, path, strange)
        told = now.encode() if isinstance(now, str) else json.dumps(now).encode()
        for device, metric, value in said(hear(decoder(name), topic, told)):
            was = before.get((device, metric), value)
            # a test is told beside the state of the hazard, which then still says itself that it is calm
            fine = value not in CALM or was in (*CALM, "test")
            assert fine, f"{path} {strange!r}: {metric} is {value}, was {was}"


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["nan", "alarm", "ON", "", "\ud800", 10**400, 2**63, -(2**63) - 1, 1e308, {}, [], [[]]]),
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3),
    st.integers(1, 40).map(lambda depth: json.loads("[" * depth + "]" * depth)),
)


@st.composite
def damaged(draw):
    """A message of a dialect, and what became of it on its way."""
    name, topic, payload, _ = draw(st.sampled_from(MESSAGES))
    body = parsed(payload)
    how = draw(st.sampled_from(("cut", "bits", "bytes", "value", "value", "value", "key", "twice", "topic")))
    if how == "cut":
        at, to = sorted(draw(st.tuples(st.integers(0, len(payload)), st.integers(0, len(payload)))))
        payload = payload[:at] + payload[to:]
    elif how == "bits":
        whole = bytearray(payload)
        for _ in range(draw(st.integers(1, 3))):
            whole[draw(st.integers(0, len(payload) - 1))] ^= 1 << draw(st.integers(0, 7))
        payload = bytes(whole)
    elif how == "bytes":
        payload = draw(st.binary(max_size=100))
    elif how == "topic":
        levels = topic.split("/")
        levels[draw(st.integers(0, len(levels) - 1))] = draw(st.text(max_size=8) | st.just("a/b"))
        topic = "/".join(levels).encode("utf-8", "replace").decode()
    else:
        payload = _json_damaged(draw, body, how, payload)
    return name, topic, payload


def _json_damaged(draw, body, how, payload):
    paths = list(leaves(body))
    if not paths:
        return payload
    path = draw(st.sampled_from(paths))
    path = path[: draw(st.integers(0, len(path)))] if draw(st.booleans()) else path
    if how == "value" or not path:
        return json.dumps(changed(body, path, draw(VALUES))).encode()
    if how == "twice" and isinstance(path[-1], str):
        again = json.dumps(path[-1]).encode() + b":" + json.dumps(draw(VALUES)).encode() + b","
        return payload.replace(json.dumps(path[-1], ensure_ascii=False).encode(), again, 1)
    return json.dumps(body).replace(str(path[-1]), draw(st.text(max_size=5))).encode()


@settings(max_examples=200, deadline=None)
@given(st.lists(damaged(), min_size=1, max_size=4), st.booleans(), st.booleans())
def test_whatever_becomes_of_messages_on_the_way_is_never_our_failure(messages, retain, stranger):
    for name, topic, payload in messages:
        found = hear(UNDER_TEST[name][stranger], topic, payload, retain)
        assert wrong(found, retain) is None, (name, topic, payload, found)


FOUND = [  # by the fuzzer and the stall messages of tests/fuzz: dialect, topic, payload
    ("texecom", "texecom2mqtt/area/h", b'{"status": ["triggered"]}'),
    ("texecom", "texecom2mqtt/power", b'{"panel_current": 1%b}' % (b"0" * 400)),
    ("ring", "ring/loc/alarmhub//fire/state", b"ON"),
    ("ws2mqtt", "ws2mqtt//alarm/state", b"ON"),
    ("rtl433", "rtl_433/host/devices/temperature_C", b"21.5"),
    ("tasmota", "tasmota/discovery/tele/stairs/LWT", b"Offline"),
    ("siadc09", "siadc09//link", b"offline"),
    ("gb26875", "gb26875/new\u202ename", TALKS["gb26875"].messages[0][1]),
    ("zigbee2mqtt", "zigbee2mqtt/bridge/devices",
     b'[{"ieee_address": "%b", "friendly_name": "x"}]' % (b"9" * 30_000)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "topic", "payload"), FOUND)
def test_what_the_fuzzer_found_stays_mended(name, topic, payload):
    for by in UNDER_TEST[name]:
        assert wrong(hear(by, topic, payload)) is None


def test_an_alarm_in_output_mode_attribute_of_a_stranger_is_heard():
    found = hear(UNDER_TEST["zigbee2mqtt"][1], "zigbee2mqtt/cellar/smoke", b"true")
    assert [one[1:] for one in said(found)] == [("smoke", "alarm")]


def test_a_state_of_a_panel_that_is_not_known_ends_no_fire():
    found = hear(decoder("ring"), "ring/loc/alarm/hub/info/state", b'{"alarmState": "hydrogen-alarm"}')
    told = {one[1:] for one in said(found)}
    assert told == {("intrusion", "alarm"), ("fire", "unknown"), ("co", "unknown")}


def test_a_device_of_a_platform_may_have_a_slash_in_its_name():
    found = hear(decoder("thingsboard"), "v1/devices/Hall 烟感/1/telemetry", b'{"smoke": 1}')
    assert [one[1:] for one in said(found)] == [("smoke", "alarm")]
    assert Filters(decoder("thingsboard").all_filters()).match("v1/devices/Hall 烟感/1/telemetry")
