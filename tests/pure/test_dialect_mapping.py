"""Thinks. The mapping dialect: what a person declares, every mistake in it, and what messages then say."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.registry import Registry, RegistryError
from ingest.decode import Decoder
from ingest.dialects import mapping
from ingest.message import Message
from ingest.reading import Decoded, Ignored, Parts, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings

RECEIVED = 1_795_305_600_000  # 2026-11-22 08:00 in Shanghai
HOUR = 3_600_000


def device(name, kind, address):
    return Device(name, kind, "campus", dialect="mapping", address=address)


def decoder(definitions, *devices):
    told = json.loads(json.dumps(definitions))  # as the database keeps them
    return Decoder(Registry.build([], [], devices, {"mapping": told}), BrokerSettings())


def say(reader, topic, body, retain=False):
    payload = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return reader.decode(Message(None, topic, payload, RECEIVED, retain=retain))


def of_field(field, **more):
    """What one field `v` of one smoke detector makes of a raw value."""
    reader = decoder({"m": {"topic": "t/{d}", "fields": {"v": field}, **more}}, SMOKE)

    def values(body, retain=False):
        found = say(reader, "t/s", body, retain)
        assert isinstance(found, Decoded), found
        return {reading.metric: reading.value for reading in found.readings}

    return values


SMOKE = device("smoke", "smoke_detector", "m/s")
WORDS = {
    "metric": "smoke",
    "words": {0: "normal", 1: "alarm", 2: "test", "ALARM*": "alarm", "*fault*": "fault"},
}

RAW = [
    # field, raw value, word or number
    ("smoke", True, "alarm"),
    ("smoke", "正常", "normal"),
    ("smoke", "xyz", "unknown"),
    ("smoke", None, "unknown"),
    ("smoke", "", "unknown"),
    ({"metric": "smoke", "empty": "nothing"}, None, None),
    ({"metric": "temperature", "empty": "unknown"}, None, "unknown"),
    ("temperature", None, None),
    (WORDS, 1, "alarm"),
    (WORDS, 1.0, "alarm"),
    (WORDS, "1", "alarm"),
    (WORDS, " alarm zone 3", "alarm"),
    (WORDS, "sensor FAULT 7", "fault"),
    (WORDS, 2, "test"),
    (WORDS, 3, "unknown"),
    (WORDS, True, "unknown"),  # of the words declared none is true
    (WORDS, None, "unknown"),
    (WORDS, [1], "unknown"),
    (WORDS, 10**400, "unknown"),
    ({"metric": "smoke", "words": {"ok": "normal", "hello": "nothing"}}, "Hello", None),
    ({"metric": "smoke", "words": {"ok": "normal", "*": "fault"}}, "E12", "fault"),
    ({"metric": "contact", "invert": True}, True, "open"),
    ({"metric": "contact", "invert": True}, "0", "closed"),
    ({"metric": "contact", "invert": True}, "maybe", "unknown"),
    ({"metric": "smoke", "bit": 3}, 8, "alarm"),
    ({"metric": "smoke", "bit": 3}, "0x07", "normal"),
    ({"metric": "smoke", "bit": 3}, -1, "unknown"),
    ({"metric": "smoke", "bit": 3}, 1.5, "unknown"),
    ({"metric": "smoke", "bit": 0, "words": {0: "test", 1: "nothing"}}, 2, "test"),
    ({"metric": "battery", "sentinels": [255]}, "255", "unknown"),
    ({"metric": "battery", "sentinels": [255]}, 25, 25.0),
    ({"metric": "battery", "unit": "ratio"}, 0.5, 50.0),
    ({"metric": "battery", "words": {"full": 100}}, "Full", 100.0),
    ({"metric": "battery", "words": {"full": 100}}, 40, 40.0),
    ({"metric": "battery", "words": {"full": 100}}, "half", "unknown"),
    ({"metric": "pressure", "unit": "kPa"}, 350, 0.35),
    ({"metric": "pressure", "unit": "bar"}, "4.2 bar", 0.42),
    ({"metric": "pressure", "scale": 0.001, "offset": -0.1}, 600, 0.5),
    ({"metric": "pressure", "unit": "kPa"}, True, "unknown"),
    ({"metric": "pressure", "unit": "kPa"}, "nan", "unknown"),
    ({"metric": "pressure", "unit": "kPa"}, 10**400, "unknown"),
    ({"metric": "temperature", "unit": "K"}, 293.15, 20.0),
    ({"metric": "voltage", "unit": "mV"}, 3055, 3.055),
    ({"metric": "hazard"}, 1, "alarm"),
]


@pytest.mark.parametrize(("field", "raw", "expected"), RAW)
def test_a_field_means_what_was_declared_and_nothing_is_guessed(field, raw, expected):
    [*found] = of_field(field)({"v": raw}).values()
    assert found == ([] if expected is None else [expected])


def test_a_key_that_is_missing_says_nothing():
    assert of_field("smoke")({"w": 1}) == {}


def test_of_two_fields_about_one_metric_the_gravest_word_stands():
    both = {"a": WORDS, "b": WORDS}
    reader = decoder({"m": {"topic": "t/{d}", "fields": both}}, SMOKE)
    for first, second, expected in ((1, 2, "alarm"), (2, 1, "alarm"), (0, 2, "test"), (0, 9, "unknown")):
        [reading] = say(reader, "t/s", {"a": first, "b": second}).readings
        assert reading.value == expected


def test_an_alarm_in_a_mode_nobody_thought_of_is_still_an_alarm():
    values = of_field([
        {"metric": "smoke", "unless": {"mode": ["drill", "service"]}},
        {"metric": "smoke", "when": {"mode": ["drill", "service"]}, "words": {1: "test", 0: "normal"}},
    ])  # fmt: skip
    assert values({"v": 1, "mode": "Drill"}) == {"smoke": "test"}
    assert values({"v": 1, "mode": "night"}) == {"smoke": "alarm"}
    assert values({"v": 1}) == {"smoke": "alarm"}


def test_a_read_that_failed_is_unknown_whatever_stands_beside_it():
    values = of_field({"metric": "smoke", "error": "e"})
    assert values({"e": 2014}) == {"smoke": "unknown"}
    assert values({"e": 2014, "v": 0}) == {"smoke": "unknown"}
    assert values({"e": 0, "v": 0}) == {"smoke": "normal"}


PATHS = [
    ("$.a.b[0].c", {"a": {"b": [{"c": 1}]}}),
    ("a.b[-1]", {"a": {"b": [0, 1]}}),
    ('["a key.with dots"]', {"a key.with dots": 1}),
    ("$['烟 感']", {"烟 感": 1}),
    ("烟感.状态", {"烟感": {"状态": 1}}),
    ("tags[name=x y].value", {"tags": [{"name": "w", "value": 0}, {"name": "X Y", "value": 1}]}),
    ('[code="7"].value', [{"code": 7, "value": 1}]),
    ("[1]", [0, 1]),
    ("$[3]", [0, 0, 0, 1]),
]


@pytest.mark.parametrize(("path", "body"), PATHS)
def test_a_path_finds_its_value(path, body):
    reader = decoder({"m": {"topic": "t/{d}", "fields": {path: "smoke"}}}, SMOKE)
    [reading] = say(reader, "t/s", body).readings
    assert reading.value == "alarm"
    for other in ({}, [], {"a": {"b": []}}, {"a": 3}, {"tags": [7, {}]}, [{"code": 8}]):
        assert say(reader, "t/s", other).readings == []


TIMES = [
    ({"path": "t", "format": "ms"}, RECEIVED - 5000),
    ({"path": "t", "format": "ms"}, str(RECEIVED - 5000)),
    ({"path": "t", "format": "s"}, (RECEIVED - 5000) / 1000),
    ({"path": "t", "format": "us"}, (RECEIVED - 5000) * 1000),
    ({"path": "t", "format": "iso"}, "2026-11-22T07:59:55+08:00"),
    ({"path": "t", "format": "iso", "zone": "+08:00"}, "2026-11-22 07:59:55"),
    ({"path": "t", "format": "%Y/%m/%d %H:%M:%S", "zone": "Asia/Shanghai"}, "2026/11/22 07:59:55"),
    ({"path": "t", "format": "%I:%M:%S%p %d%m%y %a", "zone": "+0800"}, "07:59:55A 221126 周日"),
]


@pytest.mark.parametrize(("time", "told"), TIMES)
def test_a_time_is_read_as_it_was_declared(time, told):
    reader = decoder({"m": {"topic": "t/{d}", "fields": {"v": "smoke"}, "time": time}}, SMOKE)
    [reading] = say(reader, "t/s", {"v": 1, "t": told}).readings
    assert (reading.event_time, reading.time_quality) == (RECEIVED - 5000, TimeQuality.DEVICE)
    for wrong in ("1970-01-01 00:00:00", "x", {}, True, 2.46, 1e300):
        [reading] = say(reader, "t/s", {"v": 1, "t": wrong}).readings
        assert (reading.event_time, reading.time_quality) == (RECEIVED, TimeQuality.IMPLAUSIBLE)
    for missing in ({"v": 1}, {"v": 1, "t": None}):
        assert say(reader, "t/s", missing).readings[0].time_quality is TimeQuality.RECEIVED


@pytest.mark.parametrize("past", [{"path": "cached"}, {"older": 600}])
def test_what_is_of_the_past_is_history_and_an_alarm_in_it_is_told_as_late(past):
    time = {"path": "t", "format": "ms"}
    reader = decoder(
        {"m": {"topic": "t/{d}", "fields": {"v": "smoke"}, "time": time, "historic": past}}, SMOKE
    )
    found = say(reader, "t/s", {"v": 1, "t": RECEIVED - 48 * HOUR, "cached": 1})
    assert not found.alive
    old, late = found.readings
    assert (old.metric, old.value, old.time_quality) == ("smoke", "alarm", TimeQuality.HISTORIC)
    assert old.event_time == RECEIVED - 48 * HOUR
    assert (late.metric, late.value, late.event_time) == ("late_alarm", "alarm", RECEIVED)
    assert "2026-11-20 00:00:00 UTC" in late.note
    assert say(reader, "t/s", {"v": 1, "t": RECEIVED, "cached": 0}).alive


def test_boot_and_sequence_tell_a_copy():
    values = {"topic": "t/{d}", "fields": {"v": "smoke"}, "boot": "b", "sequence": "n"}
    reader = decoder({"m": values}, SMOKE)
    found = say(reader, "t/s", {"v": 1, "b": 3, "n": 9})
    assert (found.boot, found.sequence) == (3, 9)
    found = say(reader, "t/s", {"v": 1, "n": 9})
    assert (found.boot, found.sequence) == (None, None)


def test_the_payload_must_not_name_another_device_than_the_topic():
    reader = decoder({"m": {"topic": "t/{d}", "fields": {"v": "smoke"}, "identity": "id"}}, SMOKE)
    assert isinstance(say(reader, "t/s", {"v": 1, "id": "S"}), Decoded)
    assert isinstance(say(reader, "t/s", {"v": 1}), Decoded)
    found = say(reader, "t/s", {"v": 1, "id": "other"})
    assert found.reason is Reason.IDENTITY


def test_a_retained_message_is_no_life_its_events_are_dropped_and_an_empty_one_is_a_deletion():
    reader = decoder({"m": {"topic": "t/{d}", "fields": {"v": ["smoke", "press"]}}}, SMOKE)
    assert {r.metric for r in say(reader, "t/s", {"v": 1}).readings} == {"smoke", "press"}
    found = say(reader, "t/s", {"v": 1}, retain=True)
    assert not found.alive
    assert [(r.metric, r.retained) for r in found.readings] == [("smoke", True)]
    assert isinstance(say(reader, "t/s", b"", retain=True), Ignored)
    assert say(reader, "t/s", b"").reason is Reason.MALFORMED


GATEWAY = {
    "topic": "gw/{g}/r",
    "each": "devs[*]",
    "device": "id",
    "kind": "gas_detector",
    "fields": {"a": "hazard", "on": "link"},
    "online": {"topic": "gw/{g}/s", "path": "state", "words": {1: "online", 0: "offline"}},
}
OF_GATEWAY = (
    device("gw", "gateway", "gw/1"),
    device("leak", "water_leak", "gw/1/L/7"),
    device("lamp", "emergency_light", "gw/1/9"),
)


def test_one_message_of_many_devices_is_taken_apart_and_one_bad_entry_hides_no_other():
    reader = decoder({"gw": GATEWAY}, *OF_GATEWAY)
    names = [{"id": "L/7", "a": 1}, {"id": 9, "a": 1}, {"id": "new", "a": 1}]
    wrong = [{"a": 1}, {"id": {}}, {"id": "x\u0000y"}, {"id": ""}, 7]
    found = say(reader, "gw/1/r", {"devs": [*wrong, *names]})
    assert isinstance(found, Parts)
    said = [(one.device.split(".")[0], r.metric, r.value) for one in found.heard for r in one.readings]
    assert said == [("leak", "leak", "alarm"), ("lamp", "fault", "fault"), ("unregistered", "gas", "alarm")]
    assert found.heard[0] == Decoded("gw", [], alive=True)
    assert [one.reason for one in found.rejected] == [Reason.MALFORMED] * len(wrong)
    assert [(one.address, one.kind) for one in found.announced] == [("gw/1/new", "gas_detector")]


def test_a_gateway_that_only_says_online_of_a_device_has_not_heard_it():
    reader = decoder({"gw": GATEWAY}, *OF_GATEWAY)
    for entry, alive in (({"on": True}, False), ({"on": False, "a": 0}, False), ({"on": True, "a": 0}, True)):
        found = say(reader, "gw/1/r", {"devs": [{"id": "L/7", **entry}]})
        assert found.heard[1].alive is alive


def test_a_last_will_is_a_link_and_no_life():
    reader = decoder({"gw": GATEWAY}, *OF_GATEWAY)
    found = say(reader, "gw/1/s", {"state": 0})
    assert (found.device, found.readings[0].value, found.alive) == ("gw", "offline", False)
    for body in ({"state": 5}, {}, [], b"{"):
        assert say(reader, "gw/1/s", body).reason is Reason.MALFORMED


def test_the_key_of_an_object_may_name_the_device():
    reader = decoder({"m": {"topic": "t", "each": "$[*]", "device": "@key", "fields": {"v": "smoke"}}}, SMOKE)
    found = say(reader, "t", {"s": {"v": 1}, "x": {"v": 0}})
    assert [(one.device.split(".")[0], one.readings[0].value) for one in found.heard] == [
        ("smoke", "alarm"),
        ("unregistered", "normal"),
    ]


def test_a_batch_of_records_of_one_device_is_read_record_by_record():
    reader = decoder({"m": {"topic": "t/{d}", "each": "$[*]", "fields": {"v": "temperature"}}}, SMOKE)
    found = say(reader, "t/s", [{"v": 1}, {"v": 2}])
    assert [(one.device, one.readings[0].value) for one in found.heard] == [("smoke", 1.0), ("smoke", 2.0)]


def test_more_entries_than_a_message_may_have_are_refused_at_once():
    reader = decoder({"m": {"topic": "t/{d}", "each": "$[*]", "fields": {"@": "smoke", "$": "smoke"}}}, SMOKE)
    assert say(reader, "t/s", [1] * 1001).reason is Reason.MALFORMED


def test_life_hears_exactly_the_topics_of_its_device():
    reader = decoder(
        {"gw": GATEWAY, "m": {"messages": [
            {"topic": "a/{room}/smoke-{nr}/+", "fields": {"v": "smoke"}},
            {"topic": "b/{room}", "fields": {"v": "smoke"}},
        ]}},
        device("s", "smoke_detector", "m/r1/7"),
        device("g", "gas_detector", "gw/1/5"),
    )  # fmt: skip
    assert reader.life_filters() == [
        "a/r1/smoke-7/+",
        "campus/tocsin/link",
        "campus/tocsin/reading",
        "gw/1/r",
    ]
    assert reader.all_filters()[:4] == ["a/+/+/+", "b/+", "gw/+/r", "gw/+/s"]
    assert say(reader, "a/r1/smoke-7/x", {"v": 1}).device == "s"
    assert say(reader, "a/r1/7/x", {"v": 1}).reason is Reason.BAD_TOPIC


def test_a_registered_address_that_no_mapping_can_carry_is_a_mistake():
    for address in ("m/s/more", "n/s", "m"):
        with pytest.raises(RegistryError, match="no topic of dialect mapping can carry"):
            decoder({"m": {"topic": "t/{d}", "fields": {"v": "smoke"}}}, device("x", "door", address))


TEXTS = [
    ({"format": "text"}, "$", "报警".encode(), "alarm"),
    ({"format": "text", "encoding": "gb18030"}, "$", "报警".encode("gb18030"), "alarm"),
    ({"format": "text", "split": ","}, "[1]", b"7, alarm ,x", "alarm"),
    ({"format": "text", "split": "  "}, "[1]", b"zone 3      alarm   12:00", "alarm"),
    ({"format": "text", "split": ";", "pairs": "="}, "st", b"id=7;st=alarm;;x", "alarm"),
    ({"format": "json", "encoding": "gb18030"}, "状态", '{"状态":"报警"}'.encode("gb18030"), "alarm"),
]


@pytest.mark.parametrize(("form", "path", "payload", "expected"), TEXTS)
def test_a_text_is_read_in_its_encoding_and_its_columns(form, path, payload, expected):
    reader = decoder({"m": {"topic": "t/{d}", "fields": {path: "smoke"}, **form}}, SMOKE)
    [reading] = say(reader, "t/s", payload).readings
    assert reading.value == expected


AMBIGUOUS = [b'[{"v":1,"v":0}]', b'{"v":1}{"v":0}', b'1,"x":2', b"\xff\xfe", b"NaN", b"", b"[" * 40]


@pytest.mark.parametrize("payload", AMBIGUOUS)
def test_a_payload_that_means_two_things_or_nothing_is_refused(payload):
    reader = decoder({"m": {"topic": "t/{d}", "fields": {"[0].v": "smoke"}}}, SMOKE)
    assert say(reader, "t/s", payload).reason in (Reason.MALFORMED, Reason.TOO_DEEP)


OK = {"topic": "t/{d}", "fields": {"v": "smoke"}}
MISTAKES = [
    # document, what the sentence begins with, what it says
    ({}, "messages:", "`topic` and `fields`"),
    ({**OK, "messages": [OK]}, "messages:", "or a list"),
    ({**OK, "feilds": {}}, "feilds:", "'fields'"),
    ({**OK, "kind": "smoke_detektor"}, "kind:", "'smoke_detector'"),
    ({**OK, "format": "xml"}, "format:", "json or text"),
    ({**OK, "encoding": "gbk"}, "encoding:", "gb18030"),
    ({**OK, "split": ","}, "split:", "text"),
    ({**OK, "each": "a.b[*"}, "each:", "cannot be read at"),
    ({**OK, "device": "a[*].id"}, "device:", "`each`"),
    ({**OK, "device": "@key"}, "device:", "`each`"),
    ({**OK, "each": "a[*]", "fields": {"$.b[c=d].e": "smoke"}}, "each:", "for every entry"),
    ({**OK, "each": "a[*]", "time": {"path": "$[c=d]", "format": "s"}}, "each:", "for every entry"),
    ({**OK, "sequence": "n"}, "sequence:", "one another"),
    ({**OK, "time": {"path": "t"}}, "time.format:", "ms, s, us, iso"),
    ({**OK, "time": {"path": "t", "format": "%Y-%m-%d %H"}}, "time.format:", "zone"),
    ({**OK, "time": {"path": "t", "format": "%Y-%q", "zone": "+08:00"}}, "time.format:", "%q"),
    ({**OK, "time": {"path": "t", "format": "iso", "zone": "Asia/Shangai"}}, "time.format:", "+08:00"),
    ({**OK, "time": {"format": "ms"}}, "time.path:", "missing"),
    ({**OK, "historic": {"older": 60}}, "historic:", "`time`"),
    ({**OK, "historic": {}}, "historic.path:", "`older`"),
    ({**OK, "topic": "#"}, "topic:", "#"),
    ({**OK, "topic": "a/#/b"}, "topic:", "#"),
    ({**OK, "topic": "a/b+"}, "topic:", "alone"),
    ({**OK, "topic": "a/{x}/{x}"}, "topic:", "twice"),
    ({**OK, "topic": ["a/{x}/{y}", "b/{y}"]}, "topic:", "order"),
    ({**OK, "topic": "t", "identity": "id"}, "identity:", "compare"),
    ({**OK, "fields": {}}, "fields:", "at least one"),
    ({**OK, "fields": {"v": "smok"}}, "fields[v].metric:", "'smoke'"),
    ({**OK, "fields": {"v": "supervision"}}, "fields[v].metric:", "no metric of a device"),
    ({**OK, "fields": {"v": 5}}, "fields[v]:", "mapping"),
    ({**OK, "fields": {"a b": "smoke"}}, "fields[a b]:", "cannot be read at"),
    ({**OK, "fields": {"v[*]": "smoke"}}, "fields[v[*]]:", "`each`"),
    ({**OK, "fields": {"v": {"metric": "smoke", "words": {"1": "alram"}}}}, "fields[v].words:", "'alarm'"),
    ({**OK, "fields": {"v": {"metric": "smoke", "words": {"*": "normal"}}}}, "fields[v].words:", "never"),
    ({**OK, "fields": {"v": {"metric": "smoke", "words": {"": "normal"}}}}, "fields[v].words:", "never"),
    ({**OK, "fields": {"v": {"metric": "smoke", "words": {"null": "normal"}}}}, "fields[v].words:", "never"),
    ({**OK, "fields": {"v": {"metric": "smoke", "words": {"a*b": "alarm"}}}}, "fields[v].words:", "middle"),
    ({**OK, "fields": {"v": {"metric": "battery", "words": {"full": 200}}}}, "fields[v].words:", "0 to 100"),
    ({**OK, "fields": {"v": {"metric": "battery", "words": {"*": 100}}}}, "fields[v].words:", "no word"),
    ({**OK, "fields": {"v": {"metric": "smoke", "unit": "%"}}}, "fields[v].unit:", "no number"),
    ({**OK, "fields": {"v": {"metric": "pressure", "unit": "kpa"}}}, "fields[v].unit:", "'kPa'"),
    ({**OK, "fields": {"v": {"metric": "link_quality", "unit": "%"}}}, "fields[v].unit:", "no units"),
    ({**OK, "fields": {"v": {"metric": "battery", "invert": True}}}, "fields[v].invert:", "yes or no"),
    ({**OK, "fields": {"v": {"metric": "smoke", "bit": 64}}}, "fields[v].bit:", "0 to 63"),
    ({**OK, "fields": {"v": {"metric": "smoke", "bit": "1"}}}, "fields[v].bit:", "whole number"),
    ({**OK, "fields": {"v": {"metric": "smoke", "empty": "normal"}}}, "fields[v].empty:", "never normal"),
    ({**OK, "fields": {"v": {"metric": "smoke", "when": {"a[": 1}}}}, "fields[v].when:", "cannot be read"),
    ({**OK, "fields": {"v": {"metric": "smoke", "error": "a["}}}, "fields[v].error:", "cannot be read"),
    ({"messages": [OK, {**OK, "topc": "x"}]}, "messages[1].topc:", "'topic'"),
    ({**OK, "online": {"topic": "s/{d}", "words": {"1": "on"}}}, "online.words:", "no word of 'link'"),
    ({**OK, "online": "s/{e}"}, "topic:", "order"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "where", "says"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_what_to_do(document, where, says):
    with pytest.raises(ValueError) as told:  # noqa: PT011 - the sentence is what is looked at
        mapping.define("m", document)
    sentence = str(told.value)
    assert sentence.startswith(where), sentence
    assert says in sentence
    assert "\n" not in sentence


def test_an_id_must_not_have_what_ends_it_in_an_address():
    with pytest.raises(ValueError, match="id: 'a/b'"):
        mapping.define("a/b", OK)


NAMES = ("topic", "fields", "format", "each", "device", "time", "messages", "online", "kind", "historic",
         "words", "metric", "path", "unit", "bit", "when", "split", "sentinels", "v", "*")  # fmt: skip
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(
    ("t/{d}", "smoke", "json", "$[*]", "@key", "%Y%m%d%H", "+08:00", "battery", "%")
)  # fmt: skip
DOCUMENTS = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=15,
)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(NAMES), DOCUMENTS, max_size=6))
def test_whatever_is_declared_is_accepted_or_refused_in_words(document):
    for told in (document, {**OK, **document}, {**OK, "fields": {"v": document}}):
        with contextlib.suppress(ValueError):
            assert mapping.define("m", told).messages


ALL = decoder(
    {
        "m": {
            "topic": "t/{d}",
            "time": {"path": "t", "format": "%Y-%m-%d %H:%M:%S", "zone": "Asia/Shanghai"},
            "historic": {"path": "h"},
            "boot": "b",
            "sequence": "n",
            "identity": "id",
            "fields": {
                "v": [WORDS, {"metric": "battery", "unit": "ratio", "sentinels": [255]}],
                "n": {"metric": "fault", "bit": 2},
                "w[name=x].v": {"metric": "hazard", "error": "e", "unless": {"$.mode": ["*"]}},
                "c": {"metric": "contact", "invert": True},
            },
        },
        "gw": GATEWAY,
        "text": {"topic": "x/{d}", "format": "text", "split": ";", "pairs": "=", "fields": {"v": "smoke"}},
    },
    SMOKE,
)  # fmt: skip
KEYS = st.sampled_from(("v", "w", "c", "t", "h", "b", "n", "name", "devs", "id", "a", "on", "e"))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(KEYS, inner),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=200)
@given(st.sampled_from(("t/s", "t/new", "gw/1/r", "gw/1/s", "x/1")), st.binary() | VALUES, st.booleans())
def test_no_payload_breaks_it(topic, body, retain):
    found = say(ALL, topic, body, retain)
    assert not (isinstance(found, Rejected) and found.reason is Reason.FAILED), found
