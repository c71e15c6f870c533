"""Thinks. Sparkplug B: what the metrics of a birth and of data say; names once, then aliases."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects import sparkplug
from ingest.dialects.sparkplug.node import ROOM
from ingest.dialects.sparkplug.payload import MOST_METRICS, signed
from ingest.message import Message
from ingest.reading import Ignored, Parts, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings
from tests.fakes.sparkplug import (
    ALARM,
    BOOLEAN,
    DOUBLE,
    FLOAT,
    GATEWAY,
    INT8,
    INT32,
    INT64,
    NOW,
    SMOKE,
    STRING,
    TEMPERATURE,
    House,
    field,
    metric,
    payload,
    readings,
    values,
)


@pytest.fixture
def house():
    found = House()
    found.birth()
    found.born(ALARM, TEMPERATURE)
    return found


# ---- births, names, aliases ------------------------------------------------------------------------------


def test_a_birth_tells_names_and_states_and_data_bears_the_alias_alone(house):
    found = house.data(metric(alias=1, value=True), metric(alias=2, value=22.0))
    assert values(found) == {"smoke": "alarm", "temperature": 22.0}
    assert found.heard[0].alive
    assert found.replies == []


def test_a_birth_is_a_sign_of_life_and_says_how_everything_stands():
    house = House()
    assert values(house.birth(), "gw") == {"link": "online"}
    found = house.born(ALARM, TEMPERATURE)
    assert values(found) == {"link": "online", "smoke": "normal", "temperature": 21.5}
    assert found.heard[0].alive


def test_names_and_counts_survive_a_restart(house):
    learned = house.decoder.news
    after = House(learned=learned)
    found = after.data(metric(alias=1, value=True))
    assert values(found) == {"smoke": "alarm"}
    assert found.replies == []


def test_what_the_protocol_says_of_itself_is_no_reading(house):
    found = house.birth(
        8, metric("Node Control/Alarm", True, BOOLEAN), metric("Device Control/Alarm", True, 11)
    )
    assert values(found, "gw") == {"link": "online"}


def test_aliases_are_those_of_the_device_not_of_its_neighbour():
    other = Device("leak", "water_leak", "campus", dialect="sparkplug", address="school/edge/d2")
    house = House(GATEWAY, SMOKE, other)
    house.birth()
    house.born(ALARM)
    house.born(metric("Leak", False, BOOLEAN, alias=1), seq=2, name="d2")
    assert values(house.data(metric(alias=1, value=True), seq=3, name="d2"), "leak") == {"leak": "alarm"}


def test_names_that_mean_nothing_are_listed_once_where_a_stranger_is_announced():
    house = House(GATEWAY)
    found = house.born(metric("Frobnication", 1, INT32, alias=4), ALARM)
    [one] = found.announced
    assert (one.address, one.kind, one.name) == ("school/edge/d1", "smoke_detector", "d1")
    assert one.note == "not understood: Frobnication"
    assert house.data(metric(alias=4, value=2)).announced == []


def test_a_registered_device_tells_with_its_birth_what_is_not_understood(house):
    found = house.born(metric("Frobnication", 1, INT32, alias=4), seq=2)
    assert readings(found, "link")[0].note == "not understood: Frobnication"


def test_a_stranger_raises_its_alarm_under_its_own_address():
    house = House(GATEWAY)
    house.birth()
    house.born(ALARM)
    [one] = house.data(metric(alias=1, value=True)).heard
    assert house.decoder.strangers[one.device].address == "school/edge/d1"
    assert [(r.metric, r.value) for r in one.readings] == [("smoke", "alarm")]


@pytest.mark.parametrize(
    ("name", "value", "datatype", "expected"),
    [
        ("Hall 2/Smoke/Alarm", True, BOOLEAN, {"smoke": "alarm"}),
        ("Inputs/smoke_alarm", 1, INT32, {"smoke": "alarm"}),
        ("Alarm", True, BOOLEAN, {"smoke": "alarm"}),  # of the registered kind
        ("Smoke", "eh", STRING, {"smoke": "unknown"}),
        ("Temperature", -5, INT8, {"temperature": -5.0}),
        ("Temperature", -5, INT32, {"temperature": -5.0}),
        ("Temperature", -5, INT64, {"temperature": -5.0}),
        ("Temperature", 22.1, FLOAT, {"temperature": 22.1}),
        ("Temperature", float("nan"), DOUBLE, {"temperature": "unknown"}),
        ("Battery", 200, 5, {"battery": "unknown"}),
        ("Battery", "87", STRING, {"battery": 87.0}),
        ("Fault", True, BOOLEAN, {"fault": "fault"}),
        ("Tamper", True, BOOLEAN, {"tamper": "tamper"}),
        ("Test", True, BOOLEAN, {"smoke": "test"}),
        ("Pressure", 0.5, DOUBLE, {}),  # in which unit?
        ("bdSeq", 1, INT64, {}),
    ],
)
def test_a_name_means(name, value, datatype, expected):
    house = House()
    house.birth()
    assert values(house.data(metric(name, value, datatype), seq=1)) == expected


@pytest.mark.parametrize(
    ("raw", "datatype", "expected"),
    [(255, 1, -1), (2**32 - 1, 1, -1), (127, 1, 127), (65_535, 2, -1), (2**32 - 5, 3, -5), (2**64 - 5, 4, -5),
     (255, 5, 255), (65_535, 6, 65_535), (2**64 - 1, 8, 2**64 - 1), (1, 11, True), (7, 0, 7)],
)  # fmt: skip
def test_integers_are_read_by_their_data_type(raw, datatype, expected):
    assert signed(raw, datatype) is expected or signed(raw, datatype) == expected


def test_the_data_type_of_the_birth_counts_where_the_data_has_none():
    house = House()
    house.birth()
    house.born(metric("Temperature", 5, INT8, alias=2))
    assert values(house.data(metric(alias=2, value=251))) == {"temperature": -5.0}


def test_what_is_null_is_unknown_and_never_calm(house):
    found = house.data(metric(alias=1, datatype=BOOLEAN, null=True), metric(alias=2, null=True))
    assert values(found) == {"smoke": "unknown", "temperature": "unknown"}


def test_a_value_of_bad_quality_is_unknown(house):
    def quality(code):
        return field(9, field(1, b"Quality") + field(2, field(1, INT32) + field(3, code)))

    assert values(house.data(metric(alias=2, value=22.0, more=quality(192)))) == {"temperature": 22.0}
    assert values(house.data(metric(alias=2, value=22.0, more=quality(500)), seq=3)) == {
        "temperature": "unknown"
    }


def test_data_sets_templates_and_files_are_stepped_over(house):
    more = field(17, b"\xff" * 30) + field(18, b"\x0a\xff") + field(16, b"\0" * 9) + field(99, b"new")
    found = house.data(metric(alias=1, value=True, more=more), metric("Smoke", more=field(18, b"x")))
    assert values(found) == {"smoke": "alarm"}


# ---- several metrics that mean the same ------------------------------------------------------------------


def test_the_calm_of_one_metric_does_not_end_the_alarm_of_another():
    house = House()
    house.birth()
    house.born(
        metric("Hall 1/Alarm", False, BOOLEAN, alias=1), metric("Hall 2/Alarm", False, BOOLEAN, alias=2)
    )
    assert values(house.data(metric(alias=1, value=True))) == {"smoke": "alarm"}
    assert values(house.data(metric(alias=2, value=True), seq=3)) == {"smoke": "alarm"}
    assert values(house.data(metric(alias=1, value=False), seq=4)) == {"smoke": "alarm"}
    assert values(house.data(metric(alias=2, value=False), seq=5)) == {"smoke": "normal"}


def test_a_test_ends_when_its_bit_ends_and_never_hides_an_alarm(house):
    house.born(ALARM, metric("Test", False, BOOLEAN, alias=3), seq=2)
    assert values(house.data(metric(alias=3, value=True), seq=3)) == {"smoke": "test"}
    assert values(house.data(metric(alias=1, value=True), seq=4)) == {"smoke": "alarm"}
    assert values(house.data(metric(alias=1, value=False), seq=5)) == {"smoke": "test"}
    assert values(house.data(metric(alias=3, value=False), seq=6)) == {"smoke": "normal"}


def test_a_birth_forgets_the_states_of_before(house):
    house.data(metric("Old/Alarm", True, BOOLEAN))
    house.born(ALARM, seq=3)
    assert values(house.data(metric(alias=1, value=False), seq=4)) == {"smoke": "normal"}


def test_of_two_thermometers_of_one_device_none_is_taken_for_the_other():
    house = House(GATEWAY)
    found = house.born(
        metric("Room 1/Temperature", 20.0, DOUBLE, alias=1),
        metric("Room 2/Temperature", 30.0, DOUBLE, alias=2),
    )
    assert "temperature" not in {r.metric for r in found.heard[0].readings}
    assert "several tell: temperature" in found.announced[0].note
    assert house.data(metric(alias=2, value=31.0)).heard[0].readings == []


# ---- time ------------------------------------------------------------------------------------------------


def test_the_time_of_the_metric_counts_before_that_of_the_message(house):
    at = NOW - 5000
    [found] = readings(house.data(metric(alias=1, value=True, time=at)), "smoke")
    assert (found.event_time, found.time_quality) == (at, TimeQuality.DEVICE)


@pytest.mark.parametrize(
    ("told", "quality"),
    [
        (NOW // 1000, TimeQuality.DEVICE),  # a sloppy sender's seconds
        (NOW, TimeQuality.DEVICE),
        (NOW - 10**9, TimeQuality.IMPLAUSIBLE),
        (0, TimeQuality.RECEIVED),
        (None, TimeQuality.RECEIVED),
        (2**64 - 1, TimeQuality.IMPLAUSIBLE),
    ],
)
def test_a_time_is_taken_where_it_is_plausible(house, told, quality):
    body = payload([metric(alias=1, value=True)], 2, told)
    [found] = readings(house.hear("school/DDATA/edge/d1", body), "smoke")
    assert (found.event_time, found.time_quality) == (NOW, quality)


def test_what_the_node_kept_goes_to_the_history_and_its_alarm_is_told_as_late(house):
    at = NOW - 7 * 86_400_000
    found = house.data(metric(alias=1, value=True, time=at, historical=True))
    [past] = readings(found, "smoke")
    assert (past.value, past.event_time, past.time_quality) == ("alarm", at, TimeQuality.HISTORIC)
    [late] = readings(found, "late_alarm")
    assert (late.value, late.event_time) == ("alarm", NOW)
    assert not found.heard[0].alive
    assert values(house.data(metric(alias=1, value=False), seq=3)) == {"smoke": "normal"}


# ---- what is not for us ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "body"),
    [("spBv1.0/STATE/host", b'{"online":true,"timestamp":1}'), ("STATE/host", b"OFFLINE"),
     ("spBv1.0/school/NCMD/edge", b"x"), ("spBv1.0/school/DCMD/edge/d1", b"x")],
)  # fmt: skip
def test_host_states_and_commands_are_ignored(topic, body):
    decoder = Decoder(Registry.build([], [], [GATEWAY]), BrokerSettings(dialects={"sparkplug": None}))
    assert isinstance(decoder.decode(Message(None, topic, body, NOW)), Ignored)


@pytest.mark.parametrize(
    "rest", ["school/NDATA", "school/NDATA/", "NDATA/edge", "school/DDATA/edge", "school/NBIRTH/edge/d1", "x"]
)
def test_topics_that_are_none_of_the_protocol_are_refused(rest):
    found = House().hear(rest, payload([]))
    assert isinstance(found, Rejected)
    assert found.reason is Reason.BAD_TOPIC


def test_a_press_in_a_birth_rings_nobody_again():
    button = Device("sos", "panic_button", "campus", dialect="sparkplug", address="school/edge/d1")
    house = House(GATEWAY, button)
    house.birth()
    [told] = readings(house.born(metric("SOS", True, BOOLEAN, alias=1)), "press", "sos")
    assert told.retained
    [pressed] = readings(house.data(metric(alias=1, value=True)), "press", "sos")
    assert not pressed.retained


def test_what_the_broker_kept_is_a_state_of_before_and_changes_nothing_that_is_known(house):
    body = payload([metric("Smoke/Alarm", True, BOOLEAN, alias=2), metric("SOS", True, BOOLEAN)], 77)
    found = house.hear("school/DBIRTH/edge/d1", body, retain=True)
    [told] = readings(found, "smoke")
    assert told.retained
    assert readings(found, "press") == []
    assert not found.heard[0].alive
    assert found.learned == {}
    assert isinstance(house.hear("school/NDATA/edge", b"", retain=True), Ignored)
    assert values(house.data(metric(alias=1, value=True))) == {"smoke": "alarm"}


# ---- what an attacker or a broken device sends -----------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"\x12\x05\x0a",
        b"\x08",
        b"\xff" * 20,
        b"\x13",
        b"\x12\x02\x69\x00",
        b"{}",
        b"ONLINE",
        b"\x08" + b"\x80" * 11,
    ],
)
def test_what_is_no_payload_is_refused_with_the_reason(body):
    found = House().hear("school/NDATA/edge", body)
    assert isinstance(found, Rejected)
    assert found.reason is Reason.MALFORMED
    assert found.detail


def test_a_birth_may_be_large_and_has_its_bounds():
    house = House()
    many = [metric(f"Metric {number}", 1, INT32, alias=number) for number in range(3200)]
    assert len(payload(many)) > 64 * 1024
    assert isinstance(house.birth(7, *many), Parts)
    assert isinstance(house.hear("school/NDATA/edge", payload(many)), Rejected)
    assert house.hear("school/NBIRTH/edge", payload(many * 5)).reason is Reason.OVERSIZE
    assert house.hear("school/NBIRTH/edge", b"\x12\x00" * (MOST_METRICS + 9)).reason is Reason.MALFORMED


def test_ten_thousand_invented_nodes_fill_no_memory_and_who_is_registered_is_understood_all_the_same():
    house = House()
    asked = 0
    for number in range(3000):
        found = house.hear(f"school/NDATA/x{number}", payload([metric(alias=1, value=True)], 1))
        asked += len(found.replies)
    assert len(house.decoder.news) <= ROOM
    assert asked <= ROOM
    house.birth()
    house.born(ALARM)
    assert values(house.data(metric(alias=1, value=True))) == {"smoke": "alarm"}


def test_under_another_base_the_answer_goes_there():
    found = House(base="campus/spBv1.0").data(metric(alias=1, value=True))
    assert found.replies[0][0] == "campus/spBv1.0/school/NCMD/edge"


TYPES = ["NBIRTH/edge", "NDATA/edge", "NDEATH/edge", "DBIRTH/edge/d1", "DDATA/edge/d1", "DDEATH/edge/d1"]
NAMES = st.sampled_from(
    ["Smoke/Alarm", "Alarm", "Temperature", "Test", "bdSeq", "SOS", "Co", "", "Fault", "x/y"]
)
ONE = st.builds(
    metric,
    name=st.none() | NAMES,
    value=st.none() | st.booleans() | st.integers(0, 2**64 - 1) | st.floats(width=32) | st.text(max_size=8),
    datatype=st.none() | st.integers(0, 40),
    alias=st.none() | st.integers(0, 3) | st.integers(0, 2**64 - 1),
    time=st.none() | st.integers(0, 2**64 - 1),
    historical=st.booleans(),
    null=st.booleans(),
)
WHOLE = st.builds(
    payload, st.lists(ONE, max_size=6), st.none() | st.integers(0, 300), st.integers(0, 2**64 - 1)
)
BROKEN = st.builds(
    lambda body, cut, noise: body[:cut] + noise, WHOLE, st.integers(0, 60), st.binary(max_size=12)
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(TYPES), WHOLE | BROKEN | st.binary(max_size=80), st.booleans()), max_size=8
    )
)
def test_nothing_that_is_sent_is_a_mistake_of_ours(messages):
    house = House()
    for what, body, retain in messages:
        found = house.hear(f"school/{what}", body, retain=retain)
        assert not (isinstance(found, Rejected) and found.reason is Reason.FAILED), found


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([True, False]), min_size=2, max_size=12))
def test_a_level_is_always_the_last_that_was_told(levels):
    house = House()
    house.birth()
    house.born(ALARM)
    words = []
    for number, level in enumerate(levels, 2):
        words.append(values(house.data(metric(alias=1, value=level), seq=number))["smoke"])
    assert words == ["alarm" if level else "normal" for level in levels]
    assert all(a in ("alarm", "normal") for a, _ in pairwise(words))


def test_the_dialect_takes_no_definitions():
    with pytest.raises(ValueError, match="no definitions"):
        sparkplug.define("x", {})
