"""Thinks. Homie 3, 4 and 5: names that say what a property is, `$state`, and the tree of devices."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.kinds import KINDS
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Ignored, Parts, Reason, Rejected
from ingest.settings import BrokerSettings

RECEIVED = 1_795_305_600_000
SETTINGS = BrokerSettings(dialects={"homie": None})


def decoder_with(**devices):
    made = [
        Device(name, kind, "campus", dialect="homie", address=address)
        for name, (kind, address) in devices.items()
    ]
    return Decoder(Registry.build([], [], made), SETTINGS)


def hear(decoder, rest, payload, retain=False):
    raw = payload if isinstance(payload, bytes) else payload.encode()
    return decoder.decode(Message(None, f"homie/{rest}", raw, RECEIVED, qos=1, retain=retain))


def heard(found):
    assert not isinstance(found, Rejected | Ignored), found
    return found.heard if isinstance(found, Parts) else [found]


def values(found):
    return ", ".join(
        f"{one.metric} {one.value:g}" if isinstance(one.value, float) else f"{one.metric} {one.value}"
        for one in (heard(found)[0].readings if heard(found) else [])
    )


def links(found):
    return [(one.device, r.value) for one in heard(found) for r in one.readings if r.metric == "link"]


def described(nodes, **more):
    return json.dumps({"homie": "5.0", "version": 1, "name": "Hall", "nodes": nodes, **more})


PROPERTIES = [
    # kind, node/property, unit, datatype, format, payload, readings
    ("smoke_detector", "sensor/smoke", "", "boolean", "", "true", "smoke alarm"),
    ("smoke_detector", "sensor/smoke", "", "", "", "false", "smoke normal"),
    ("smoke_detector", "smoke/state", "", "enum", "ok,alarm,fault", "fault", "smoke fault"),
    ("smoke_detector", "sensor/smoke", "", "enum", "", "purple", "smoke unknown"),
    ("smoke_detector", "sensor/alarm", "", "boolean", "", "true", "smoke alarm"),
    ("smoke_detector", "sensor/smoke-test", "", "boolean", "", "true", "smoke test, smoke normal"),
    ("smoke_detector", "sensor/mute", "", "boolean", "", "true", ""),
    ("smoke_detector", "sensor/battery-low", "", "boolean", "", "true", "battery_low low"),
    ("smoke_detector", "sensor/batteryLevel", "%", "integer", "", "87", "battery 87"),
    ("heat_detector", "sensor/heat", "", "boolean", "", "true", "heat alarm"),
    ("climate", "thermostat/heat", "", "boolean", "", "true", ""),
    ("climate", "room/temperature", "°F", "float", "", "68", "temperature 20"),
    ("climate", "room/temperature", "°C", "float", "", "nan", "temperature unknown"),
    ("climate", "room/co2", "ppm", "integer", "", "612", "co2 612"),
    ("climate", "room/supply-voltage", "mV", "integer", "", "3100", "voltage 3.1"),
    ("climate", "room/uptime", "s", "integer", "", "9", ""),
    ("door", "front/door", "", "boolean", "", "true", "contact open"),
    ("door", "front/contact", "", "boolean", "", "true", "contact closed"),
    ("door", "front/contact", "", "boolean", "closed,open", "true", "contact open"),
    ("door", "front/door", "", "boolean", "offen,zu", "true", "contact unknown"),
    ("door", "front/motion", "", "boolean", "", "true", ""),
    ("perimeter", "front/motion", "", "boolean", "", "true", "intrusion alarm"),
    ("panic_button", "desk/button", "", "enum", "pressed,released", "pressed", "press alarm"),
    ("door", "desk/button", "", "enum", "", "pressed", ""),
    ("gateway", "desk/panic", "", "enum", "", "panic", ""),
    ("water_leak", "floor/leak", "", "boolean", "", "true", "leak alarm"),
]


@pytest.mark.parametrize(("kind", "path", "unit", "datatype", "format_", "payload", "expected"), PROPERTIES)
def test_a_property_says_what_its_name_means(kind, path, unit, datatype, format_, payload, expected):
    decoder = decoder_with(it=(kind, "dev"))
    node, name = path.split("/")
    about = {"unit": unit, "datatype": datatype, "format": format_}
    hear(decoder, "5/dev/$description", described({node: {"properties": {name: about}}}))
    assert values(hear(decoder, f"5/dev/{path}", payload)) == expected


def test_homie_4_tells_units_and_labels_on_topics_of_their_own():
    decoder = decoder_with(it=("climate", "dev"))
    for attribute, text in (("$unit", "°F"), ("$datatype", "float")):
        hear(decoder, f"dev/room/temperature/{attribute}", text, retain=True)
    assert values(hear(decoder, "dev/room/temperature", "68")) == "temperature 20"


def test_a_node_can_be_a_device_of_its_own_and_is_lost_with_it():
    decoder = decoder_with(all=("gateway", "dev"), node=("smoke_detector", "dev/kitchen"))
    hear(decoder, "5/dev/$description", described({"kitchen": {"properties": {"state": {}}}}))
    found = hear(decoder, "5/dev/kitchen/state", "true")
    assert [(r.device, r.metric, r.value) for r in heard(found)[0].readings] == [("node", "smoke", "alarm")]
    assert links(hear(decoder, "5/dev/$state", "lost")) == [("all", "offline"), ("node", "offline")]


STATES = [
    ("ready", "online"),
    ("init", "online"),
    ("sleeping", "online"),  # a battery device between two reports
    ("disconnected", "offline"),
    ("lost", "offline"),
    ("", "offline"),  # removed
]


@pytest.mark.parametrize(("state", "word"), STATES)
@pytest.mark.parametrize("base", ["", "5/"])
def test_a_state_is_the_link_and_never_a_sign_of_life(base, state, word):
    found = hear(decoder_with(it=("smoke_detector", "dev")), f"{base}dev/$state", state)
    assert (links(found), heard(found)[0].alive) == ([("it", word)], False)


def test_an_alert_of_homie_4_is_a_fault_until_the_device_is_ready():
    decoder = decoder_with(it=("smoke_detector", "dev"))
    assert values(hear(decoder, "dev/$state", "alert")) == "fault fault, link online"
    assert values(hear(decoder, "dev/$state", "ready")) == "fault normal, link online"
    assert values(hear(decoder, "dev/$state", "ready")) == "link online"


def test_an_alert_of_homie_5_stands_until_it_is_cleared():
    decoder = decoder_with(it=("smoke_detector", "dev"))
    [first] = heard(hear(decoder, "5/dev/$alert/chamber", "clean the chamber"))[0].readings
    assert (first.metric, first.value, first.note) == ("fault", "fault", "clean the chamber")
    assert values(hear(decoder, "5/dev/$alert/battery", "low")) == "fault fault"
    assert values(hear(decoder, "5/dev/$alert/battery", b"")) == "fault fault"
    assert values(hear(decoder, "5/dev/$alert/chamber", b"")) == "fault normal"


def family():
    decoder = decoder_with(
        root=("gateway", "root"), child=("smoke_detector", "child"), grandchild=("door", "grandchild")
    )
    hear(decoder, "5/root/$description", described({}, children=["child"]))
    hear(decoder, "5/child/$description", described({}, root="root", parent="root", children=["grandchild"]))
    hear(decoder, "5/grandchild/$description", described({}, root="root", parent="child"))
    return decoder


def test_children_are_lost_with_their_root_and_back_with_it():
    decoder = family()
    hear(decoder, "5/child/$state", "sleeping")
    lost = links(hear(decoder, "5/root/$state", "lost"))
    assert lost == [("root", "offline"), ("child", "offline"), ("grandchild", "offline")]
    assert links(hear(decoder, "5/root/$state", "ready")) == [(one, "online") for one, _ in lost]


def test_a_child_that_is_lost_by_itself_stays_lost_when_its_root_is_ready():
    decoder = family()
    hear(decoder, "5/child/$state", "lost")
    assert links(hear(decoder, "5/root/$state", "ready")) == [
        ("root", "online"),
        ("child", "offline"),
        ("grandchild", "offline"),
    ]


def test_what_the_broker_kept_of_a_child_does_not_bring_it_back_while_its_root_is_lost():
    decoder = family()
    hear(decoder, "5/root/$state", "lost", retain=True)
    assert links(hear(decoder, "5/child/$state", "ready", retain=True))[0] == ("child", "offline")


def test_a_tree_that_bites_its_tail_ends():
    decoder = decoder_with(a=("gateway", "a"), b=("door", "b"))
    hear(decoder, "5/a/$description", described({}, children=["b", "a"]))
    hear(decoder, "5/b/$description", described({}, children=["a"]))
    assert links(hear(decoder, "5/a/$state", "lost")) == [("a", "offline"), ("b", "offline")]


def test_a_retained_property_is_marked_and_a_retained_press_is_nothing():
    decoder = decoder_with(it=("smoke_detector", "dev"), key=("panic_button", "key"))
    [one] = heard(hear(decoder, "5/dev/sensor/smoke", "true", retain=True))
    assert ([r.retained for r in one.readings], one.alive) == ([True], False)
    assert values(hear(decoder, "5/key/desk/button", "pressed", retain=True)) == ""


def test_one_property_that_is_calm_does_not_end_what_another_raised():
    decoder = decoder_with(it=("smoke_detector", "dev"))
    assert values(hear(decoder, "5/dev/a/smoke", "true")) == "smoke alarm"
    assert values(hear(decoder, "5/dev/b/smoke", "false")) == "smoke alarm"
    assert values(hear(decoder, "5/dev/a/smoke", "false")) == "smoke normal"


def test_a_device_nobody_registered_is_announced_with_what_it_may_be():
    nodes = {"sensor": {"properties": {"smoke": {"datatype": "boolean"}}}}
    [one] = hear(decoder_with(), "5/dev/$description", described(nodes)).announced
    assert (one.address, one.kind, one.name) == ("dev", "smoke_detector", "Hall")
    assert hear(decoder_with(it=("door", "dev")), "5/dev/$description", described(nodes)).announced == []


TALK = ["5/$broadcast/alert", "$broadcast/x", "dev/$homie", "dev/$localip", "dev/node/$properties",
        "dev/node/prop/set", "5/dev/node/prop/$target", "5/dev/$log/warn", "dev/node/prop/$name"]  # fmt: skip


@pytest.mark.parametrize("rest", TALK)
def test_commands_logs_and_attributes_are_passed_over(rest):
    assert isinstance(hear(decoder_with(it=("door", "dev")), rest, "true"), Ignored)


def test_a_state_that_is_none_of_homies_is_refused():
    found = hear(decoder_with(it=("door", "dev")), "5/dev/$state", "fine")
    assert (found.reason, "'fine'" in found.detail) == (Reason.MALFORMED, True)


@pytest.mark.parametrize("rest", ["5/dev/$state", "dev/$state", "5/dev/sensor/smoke", "dev/sensor/smoke"])
def test_the_session_life_hears_every_topic_of_a_device(rest):
    for kind in ("smoke_detector", "door"):
        assert decoder_with(it=(kind, "dev")).owned_by_life(f"homie/{rest}") is KINDS[kind].life_safety


RESTS = ["5/dev/$state", "dev/$state", "5/dev/$description", "dev/$nodes", "dev/$stats/uptime", "//",
         "dev/n/temperature/$unit", "5/dev/n/smoke", "dev/n/button", "5/dev/n/contact", "dev/$name",
         "5/dev/n/temperature", "5/dev/$alert/x", "5//$state", "dev", "5/5/5/5"]  # fmt: skip
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["nodes", "properties", "n", "smoke", "children", "root", "unit", "datatype"]),
            inner,
        )
    ),
    max_leaves=12,
).map(lambda one: json.dumps(one).encode())
PAYLOADS = (
    st.binary(max_size=20) | JSONS | st.sampled_from([b"true", b"lost", b"ready", b"1e400", b"a,b[]", b""])
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(RESTS), PAYLOADS, st.booleans()), max_size=5),
    st.sampled_from(sorted({*KINDS} - {"service"})),
)
def test_whatever_arrives_is_never_our_failure(messages, kind):
    decoder = decoder_with(it=(kind, "dev"))
    for rest, payload, retain in messages:
        found = hear(decoder, rest, payload, retain)
        assert not (isinstance(found, Rejected) and found.reason is Reason.FAILED), found
