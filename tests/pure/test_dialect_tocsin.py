"""Thinks. Tocsin's own dialect, as docs/dialects/tocsin.md promises it."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, Ignored, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings

RECEIVED = 1_795_305_600_000
DEVICES = [
    Device("lab-smoke", "smoke_detector", "campus"),
    Device("dorm.button:1", "panic_button", "campus"),
    Device("east-door", "door", "campus", address="0815"),
]
DECODER = Decoder(Registry.build([], [], DEVICES), BrokerSettings())


class Nowhere:
    name = "test"

    def settle(self, messages: Sequence[Message]) -> None:
        """Nobody waits for it."""


def say(body, device="lab-smoke", what="reading", retain=False):
    payload = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return DECODER.decode(Message(Nowhere(), f"campus/{device}/{what}", payload, RECEIVED, retain=retain))


def values(decoded):
    assert isinstance(decoded, Decoded), decoded
    return {reading.metric: reading.value for reading in decoded.readings}


def test_a_reading_carries_all_that_the_message_said():
    decoded = say(
        {"boot": 3, "seq": 1234, "time": RECEIVED - 40, "values": {"smoke": "alarm", "battery": 87}}
    )
    assert (decoded.device, decoded.boot, decoded.sequence, decoded.alive) == ("lab-smoke", 3, 1234, True)
    smoke, battery = decoded.readings
    assert (smoke.device, smoke.metric, smoke.value) == ("lab-smoke", "smoke", "alarm")
    assert (smoke.received, smoke.event_time, smoke.time_quality) == (
        RECEIVED,
        RECEIVED - 40,
        TimeQuality.DEVICE,
    )
    assert (smoke.retained, smoke.note) == (False, "")
    assert (battery.metric, battery.value) == ("battery", 87.0)
    assert type(battery.value) is float


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"values": {}}, {}),  # a heartbeat
        ({"values": {"smoke": True}}, {"smoke": "alarm"}),
        ({"values": {"smoke": "OFF", "battery": "99.5"}}, {"smoke": "normal", "battery": 99.5}),
        ({"values": {"smoke": None, "battery": None}}, {"smoke": "unknown"}),
        ({"values": {"smoke": ""}}, {"smoke": "unknown"}),
        ({"values": {"smoke": {"state": "alarm"}}}, {"smoke": "unknown"}),
        ({"values": {"smoke": "alarm", "temperature": "nan"}}, {"smoke": "alarm", "temperature": "unknown"}),
        ({"values": {"smoke": "alarm", "temperature": 65535}}, {"smoke": "alarm", "temperature": "unknown"}),
        ({"values": {"smoke": "alarm"}, "boot": "three", "seq": -1, "time": "soon"}, {"smoke": "alarm"}),
        ({"values": {"smoke": "alarm"}, "firmware": {"version": "1.2:3"}}, {"smoke": "alarm"}),
        ({"values": {"smoke": "alarm"}, "device": "lab-smoke"}, {"smoke": "alarm"}),
        ({"values": {"smoke": "alarm"}, "device": None}, {"smoke": "alarm"}),
        ({"values": {"heat": "alarm", "co": "normal"}}, {"heat": "alarm", "co": "normal"}),  # a combined one
    ],
)
def test_what_is_said_is_read_and_what_is_not_said_is_nothing(body, expected):
    assert values(say(body)) == expected


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        (b"", Reason.MALFORMED, "empty payload"),
        (b"alarm", Reason.MALFORMED, "JSON"),
        (b"[]", Reason.MALFORMED, "object"),
        (b"{}", Reason.MALFORMED, "values"),
        (b'{"values": null}', Reason.MALFORMED, "values"),
        (b'{"values": ["smoke"]}', Reason.MALFORMED, "values"),
        (b'{"smoke": "alarm"}', Reason.MALFORMED, "values"),
        (b'{"values": {"smoke": "\\ud800"}}', Reason.MALFORMED, "JSON|truncated|surrogate"),
        (b'{"values": {"smoke": "alarm", "smoke": "normal"}}', Reason.MALFORMED, "'smoke' is given twice"),
        (b'{"values": {"smoke": "alarm"}, "values": {}}', Reason.MALFORMED, "twice"),
        (b'{"values": {"smoke": "alarm"}, "seq": 1, "seq": 2}', Reason.MALFORMED, "twice"),
        (b'{"values": {"smoke": "alarm", "x": "12:30", "smoke": "normal"}}', Reason.MALFORMED, "twice"),
        (b'{"values": ' + b'{"a":' * 100 + b"1" + b"}" * 101, Reason.TOO_DEEP, "16"),
        (b'{"values": {"smoke": "alarm"}}' + b" " * 65536, Reason.OVERSIZE, "65536"),
        (b'{"values": {"smok": "alarm"}}', Reason.MALFORMED, "did you mean 'smoke'"),
        (b'{"values": {"supervision": "reporting"}}', Reason.MALFORMED, "no metric"),
        (b'{"values": {"commit": "fault"}}', Reason.MALFORMED, "no metric"),
        (b'{"values": {"loop": "alarm"}}', Reason.MALFORMED, "no metric"),
        (b'{"values": {"smoke": "alarm"}, "device": "other"}', Reason.IDENTITY, "'other'"),
        (b'{"values": {"smoke": "alarm"}, "device": 5}', Reason.IDENTITY, "5"),
        (b'{"values": {"smoke": "alarm"}, "device": {"id": "lab-smoke"}}', Reason.IDENTITY, "object"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_the_reason_and_the_first_bytes(body, reason, words):
    rejected = say(body)
    assert isinstance(rejected, Rejected)
    assert rejected.reason is reason
    assert any(word in rejected.detail for word in words.split("|")), rejected.detail
    assert (rejected.topic, rejected.received) == ("campus/lab-smoke/reading", RECEIVED)
    assert rejected.sample == body[:512]


def test_a_misspelt_metric_beside_a_good_one_costs_nothing_and_is_told():
    decoded = say({"values": {"smok": True, "smoke": "alarm", "battery": 5}})
    assert values(decoded) == {"smoke": "alarm", "battery": 5.0}
    assert decoded.readings[0].note == "not a metric: 'smok'"


def test_a_thousand_invented_metrics_make_no_more_series_than_there_are_metrics():
    decoded = say({"values": {"smoke": "alarm", **{f"m{n}": n for n in range(1000)}}})
    assert values(decoded) == {"smoke": "alarm"}
    assert len(decoded.readings[0].note) < 300


@pytest.mark.parametrize("boot", [None, "3", True, -1, 2**63, 1.5])
def test_a_sequence_number_without_a_good_boot_number_is_no_identity(boot):
    decoded = say({"boot": boot, "seq": 7, "values": {"smoke": "normal"}})
    assert (decoded.boot, decoded.sequence) == (None, None)


def test_an_implausible_clock_is_told_and_the_moment_of_receipt_kept():
    reading = say({"time": 12, "values": {"smoke": "alarm"}}).readings[0]
    assert (reading.event_time, reading.time_quality) == (RECEIVED, TimeQuality.IMPLAUSIBLE)


def test_a_retained_reading_restores_state_and_is_no_sign_of_life():
    decoded = say({"values": {"smoke": "alarm"}}, retain=True)
    assert decoded.alive is False
    assert decoded.readings[0].retained is True


def test_a_cleared_retained_message_means_nothing():
    assert isinstance(say(b"", retain=True), Ignored)
    assert isinstance(say(b"", what="link"), Ignored)


@pytest.mark.parametrize(
    ("payload", "word"),
    [(b"online", "online"), (b"offline", "offline"), (b'"offline"', "offline"), (b" Offline\n", "offline")],
)
@pytest.mark.parametrize("retain", [True, False])
def test_the_link_says_whether_the_connection_stands_and_is_never_a_sign_of_life(payload, word, retain):
    decoded = say(payload, what="link", retain=retain)
    assert values(decoded) == {"link": word}
    assert decoded.alive is False
    assert decoded.readings[0].retained is retain


@pytest.mark.parametrize("payload", [b"maybe", b"{}", b"\xff\xfe", b"null", b"x" * 60_000])
def test_another_word_on_the_link_topic_is_rejected(payload):
    rejected = say(payload, what="link")
    assert (rejected.reason, "online or offline" in rejected.detail) == (Reason.MALFORMED, True)
    assert len(rejected.detail) < 200


def test_a_command_is_not_for_us():
    assert isinstance(say(b"\xff", what="command"), Ignored)
    assert isinstance(say({"self_test": True}, device="nobody", what="command"), Ignored)


def test_the_loop_message_is_all_that_may_be_said_in_the_name_of_the_service():
    assert values(say({"values": {"loop": "alarm"}}, device="tocsin")) == {"loop": "alarm"}
    assert say({"values": {"commit": "normal"}}, device="tocsin").reason is Reason.MALFORMED
    assert say({"values": {"smoke": "alarm"}}, device="tocsin").reason is Reason.MALFORMED


def test_an_address_stands_for_the_id_in_topic_and_payload():
    assert say({"values": {"contact": True}, "device": "0815"}, device="0815").device == "east-door"
    assert values(say({"values": {"contact": False}, "device": "east-door"}, device="0815")) == {
        "contact": "open"
    }
    assert say({"values": {"contact": True}}, device="east-door").device.startswith("unregistered.east-door.")


@pytest.mark.parametrize(
    "topic",
    [
        "campus/lab smoke/reading",
        "campus/../reading",
        "campus//reading",
        "campus/lab-smoke",
        "campus/lab-smoke/reading/more",
        "campus/lab-smoke/readings",
        "campus/a/b/reading",
        "campus/烟感/reading",
        "campus/lab-smoke\u202e/reading",
        "campus/%2e%2e/reading",
        f"campus/{'x' * 65}/reading",
        "other/lab-smoke/reading",
        "campus",
        "/campus/lab-smoke/reading",
        "$SYS/broker/uptime",
        "",
        "\0",
        "\ud800",
        "a/" * 30_000,
    ],
)
def test_a_topic_outside_the_allowed_letters_is_a_bad_topic(topic):
    found = DECODER.decode(Message(Nowhere(), topic, b'{"values": {"smoke": "alarm"}}', RECEIVED))
    if ".." in topic:
        assert found.device.startswith("unregistered.--.")  # two dots are letters like others: never a path
    else:
        assert found.reason is Reason.BAD_TOPIC
        assert len(found.detail) < 700


def test_an_unregistered_device_is_read_like_any_other_under_an_id_of_its_own():
    first = say({"values": {"smoke": "alarm"}}, device="new-smoke")
    again = say({"values": {"smoke": "normal"}}, device="new-smoke")
    other = say({"values": {"smoke": "alarm"}}, device="new-smoke-2")
    assert values(first) == {"smoke": "alarm"}
    assert first.device == again.device != other.device


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
metrics = st.sampled_from(
    ["smoke", "battery", "press", "contact", "link", "temperature", "smok", "supervision"]
)
bodies = st.fixed_dictionaries(
    {"values": st.dictionaries(metrics, json_values, max_size=4) | json_values},
    optional={"boot": json_values, "seq": json_values, "time": json_values, "device": json_values},
)


@given(bodies | json_values, st.sampled_from(["reading", "link", "command"]), st.booleans())
def test_any_json_becomes_one_of_the_three_results_and_never_our_own_failure(body, what, retain):
    found = say(body, what=what, retain=retain)
    assert isinstance(found, Decoded | Rejected | Ignored)
    assert not isinstance(found, Rejected) or found.reason is not Reason.FAILED, found.detail


@given(st.binary(max_size=200), st.text(max_size=30), st.booleans())
def test_any_bytes_on_any_topic_become_one_of_the_three_results(payload, topic, retain):
    for one in (topic, f"campus/{topic}/reading", "campus/lab-smoke/reading", "campus/lab-smoke/link"):
        found = DECODER.decode(Message(Nowhere(), one, payload, RECEIVED, retain=retain))
        assert isinstance(found, Decoded | Rejected | Ignored)
        assert not isinstance(found, Rejected) or found.reason is not Reason.FAILED, found.detail
