"""Thinks. Home Assistant discovery: what is proposed, within bounds, and used only when approved."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.definition import definition_problems
from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects import homeassistant
from ingest.message import Message
from ingest.reading import Ignored, Reason, Rejected
from ingest.settings import BrokerSettings
from ingest.tray import CHANGED, Tray

RECEIVED = 1_795_305_600_000
SETTINGS = BrokerSettings(dialects={"homeassistant": None})


def bare_decoder():
    return Decoder(Registry.build(), SETTINGS)


def hear(decoder, topic, body, retain=False):
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decoder.decode(Message(None, topic, payload, RECEIVED, qos=0, retain=retain))


def propose(decoder, ids, body):
    return hear(decoder, f"homeassistant/{ids}/config", body, retain=True)


SMOKE = {
    "device_class": "smoke",
    "state_topic": "z/1",
    "unique_id": "u1",
    "value_template": "{{ value_json.smoke }}",
    "payload_on": True,
    "payload_off": False,
    "device": {"identifiers": ["node 7"], "name": "Library", "manufacturer": "Maker", "model": "S1"},
    "json_attributes_topic": "z/1",
    "whatever": {"x": 1},
}


def test_the_entities_of_one_device_become_one_proposal():
    decoder = bare_decoder()
    first = propose(decoder, "binary_sensor/z1/smoke", SMOKE)
    second = propose(
        decoder, "sensor/z1/battery", {**SMOKE, "device_class": "battery", "unit_of_measurement": "%"}
    )
    [one], [whole] = first.announced, second.announced
    assert one.address == whole.address
    assert (whole.kind, whole.name, whole.model) == ("smoke_detector", "Library", "Maker S1")
    assert set(one.document["entities"]) == {"binary_sensor/z1/smoke"}
    assert set(whole.document["entities"]) == {"binary_sensor/z1/smoke", "sensor/z1/battery"}
    assert "whatever" not in str(whole.document)
    homeassistant.define(whole.address, whole.document)


def test_a_proposal_is_nothing_until_it_is_approved():
    decoder = bare_decoder()
    propose(decoder, "binary_sensor/z1/smoke", SMOKE)
    assert hear(decoder, "z/1", {"smoke": True}).reason is Reason.BAD_TOPIC
    assert decoder.life_filters() == ["campus/tocsin/link", "campus/tocsin/reading"]


def test_abbreviations_and_the_base_topic_are_written_out():
    short = {"~": "z/1", "dev_cla": "gas", "stat_t": "~/state", "uniq_id": "g",
             "val_tpl": "{{ value_json.g }}", "pl_on": 1, "pl_off": 0, "exp_aft": 60,
             "dev": {"ids": "g7", "mf": "M", "mdl": "G"},
             "avty": [{"t": "~/lwt", "pl_avail": "up", "pl_not_avail": "down"}, {"t": "lwt/~"}],
             "avty_mode": "all"}  # fmt: skip
    [found] = propose(bare_decoder(), "binary_sensor/g/config1", short).announced
    assert found.address == "g7"
    assert found.document["entities"]["binary_sensor/g/config1"] == {
        "platform": "binary_sensor", "state_topic": "z/1/state", "device_class": "gas",
        "value_template": "{{ value_json.g }}", "payload_on": 1, "payload_off": 0, "expire_after": 60.0,
    }  # fmt: skip
    assert found.document["availability"] == [
        {"topic": "z/1/lwt", "available": "up", "not_available": "down"},
        {"topic": "lwt/z/1"},
    ]
    assert found.document["availability_mode"] == "all"
    assert next(iter(found.document["entities"].values()))["expire_after"] == 60.0
    homeassistant.define("g7", found.document)


def test_one_availability_topic_is_a_list_of_one():
    config = {**SMOKE, "availability_topic": "z/lwt", "availability_template": "{{ value_json.s }}",
              "payload_available": "yes", "payload_not_available": "no"}  # fmt: skip
    [found] = propose(bare_decoder(), "binary_sensor/a", config).announced
    assert found.document["availability"] == [
        {"topic": "z/lwt", "template": "{{ value_json.s }}", "available": "yes", "not_available": "no"}
    ]


WHOLE = {"dev": {"ids": "d1", "name": "Cellar"}, "o": {"name": "maker"}, "stat_t": "cellar/state",
         "cmps": {"leak": {"p": "binary_sensor", "dev_cla": "moisture", "val_tpl": "{{ value_json.l }}"},
                  "t": {"p": "sensor", "dev_cla": "temperature", "~": "own", "stat_t": "~/t"},
                  "gone": {"p": "sensor"}, "light": {"p": "light"}, "odd": 7}}  # fmt: skip


def test_a_device_is_proposed_with_all_its_components_at_once():
    decoder = bare_decoder()
    [found] = propose(decoder, "device/d1", WHOLE).announced
    assert {name: one["state_topic"] for name, one in found.document["entities"].items()} == {
        "device/d1/leak": "cellar/state",
        "device/d1/t": "own/t",
    }
    assert (found.address, found.kind, found.name) == ("d1", "water_leak", "Cellar")
    fewer = {**WHOLE, "cmps": {"leak": WHOLE["cmps"]["leak"], "t": {"p": "sensor"}}}
    [found] = propose(decoder, "device/d1", fewer).announced
    assert set(found.document["entities"]) == {"device/d1/leak"}


def test_an_empty_config_takes_its_entity_back():
    decoder = bare_decoder()
    propose(decoder, "binary_sensor/z1/smoke", SMOKE)
    propose(decoder, "binary_sensor/z1/tamper", {**SMOKE, "device_class": "tamper"})
    [left] = propose(decoder, "binary_sensor/z1/smoke", b"").announced
    assert set(left.document["entities"]) == {"binary_sensor/z1/tamper"}
    assert propose(decoder, "binary_sensor/z1/tamper", b"").announced == []
    assert isinstance(propose(decoder, "binary_sensor/z1/tamper", b""), Ignored)


@pytest.mark.parametrize(
    ("config", "address"),
    [
        ({}, "a/b"),
        ({"unique_id": "u-1"}, "u-1"),
        ({"device": {"identifiers": ["i", "j"]}}, "i"),
        ({"device": {"ids": "i"}}, "i"),
        ({"device": {"connections": [["mac", "AA:BB"]]}}, "AA:BB"),
    ],
)
def test_a_device_is_called_after_its_identifier(config, address):
    plain = {"device_class": "smoke", "state_topic": "s"}
    [found] = propose(bare_decoder(), "binary_sensor/a/b", {**plain, **config}).announced
    assert found.address == address


def test_two_strange_identifiers_stay_two_names_that_the_campus_file_can_hold():
    names = set()
    for strange in ("烟感 1", "烟感 2", "x" * 400, "x" * 401):
        config = {**SMOKE, "device": {"ids": strange}}
        [found] = propose(bare_decoder(), "binary_sensor/a", config).announced
        assert not [*definition_problems({"homeassistant": {found.address: found.document}})]
        names.add(found.address)
    assert len(names) == 4


def test_what_cannot_be_approved_says_so_in_the_tray():
    config = {**SMOKE, "value_template": "{% for i in value %}{% endfor %}"}
    [found] = propose(bare_decoder(), "binary_sensor/a", config).announced
    assert "cannot be approved" in found.note
    assert "a loop" in found.note


@pytest.mark.parametrize(
    ("ids", "config"),
    [
        ("switch/a", SMOKE),
        ("device_automation/a/b", SMOKE),
        ("binary_sensor/a", {"state_topic": "s"}),
        ("binary_sensor/a", {"device_class": "smoke"}),
        ("binary_sensor/a", {"device_class": "smoke", "state_topic": 7}),
        ("binary_sensor/a", {"device_class": "plug", "state_topic": "s"}),
        ("sensor/a", {"device_class": "smoke", "state_topic": "s"}),
        ("binary_sensor/a", {"device_class": "smoke", "state_topic": "s", "payload_on": {}}),
        ("device/a", {"cmps": []}),
    ],
)
def test_what_says_nothing_of_ours_is_passed_over(ids, config):
    assert isinstance(propose(bare_decoder(), ids, config), Ignored)


def test_the_birth_of_home_assistant_is_ignored():
    assert isinstance(hear(bare_decoder(), "homeassistant/status", b"online"), Ignored)


def test_broken_proposals_are_quarantined():
    assert propose(bare_decoder(), "binary_sensor/a", b"{").reason is Reason.MALFORMED
    assert propose(bare_decoder(), "binary_sensor/a b", SMOKE).reason is Reason.BAD_TOPIC


def test_a_flood_of_proposals_fills_neither_memory_nor_database():
    decoder = bare_decoder()
    for number in range(700):
        assert propose(
            decoder, f"binary_sensor/a{number}", {**SMOKE, "device": {"ids": f"d{number}"}}
        ).announced
    assert len(decoder.news) == 500
    for number in range(40):
        propose(decoder, f"binary_sensor/b{number}", {**SMOKE, "device": {"ids": "d1"}})
    [found] = propose(decoder, "binary_sensor/b41", {**SMOKE, "device": {"ids": "d1"}}).announced
    assert len(found.document["entities"]) == 32


CONFIG_KEYS = ["~", "device_class", "dev_cla", "state_topic", "stat_t", "val_tpl", "pl_on", "avty",
               "availability_topic", "avty_mode", "dev", "device", "ids", "cns", "cmps", "p", "t", "o",
               "unit_of_meas", "exp_aft"]  # fmt: skip
CONFIGS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["smoke", "a/~", "~/b", "sensor", "binary_sensor", ""]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(CONFIG_KEYS), inner, max_size=8)
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["binary_sensor/a", "sensor/a/b", "device/a"]),
    st.binary(max_size=60) | st.dictionaries(st.sampled_from(CONFIG_KEYS), CONFIGS, max_size=10),
)
def test_whatever_is_proposed_is_never_our_failure(ids, body):
    decoder = bare_decoder()
    for _ in range(2):
        found = propose(decoder, ids, body)
        assert not (isinstance(found, Rejected) and found.reason is Reason.FAILED), found
    for one in getattr(found, "announced", []):
        json.dumps(one.document)


APPROVED_SMOKE = {"platform": "binary_sensor", "device_class": "smoke", "state_topic": "z/1",
                  "value_template": "{{ value_json.smoke }}", "payload_on": True,
                  "payload_off": False}  # fmt: skip


def approved_decoder(**more):
    [one] = propose(bare_decoder(), "binary_sensor/z1/smoke", SMOKE).announced
    name = one.address
    document = {"entities": {"binary_sensor/z1/smoke": {**APPROVED_SMOKE, **more}}}
    device = Device("lib", "smoke_detector", "campus", dialect="homeassistant", address=name)
    return Decoder(Registry.build([], [], [device], {"homeassistant": {name: document}}), SETTINGS)


def waiting(decoder, tray, *messages):
    for ids, body in messages:
        for one in propose(decoder, ids, body).announced:
            tray.announce(one, RECEIVED)
    return [(row.said, row.note) for row in tray.rows.values()]


def test_a_proposal_that_changed_since_it_was_approved_waits_to_be_looked_at_and_the_approved_one_stays():
    decoder, tray = approved_decoder(), Tray()
    assert waiting(decoder, tray, ("binary_sensor/z1/smoke", SMOKE)) == []
    changed = {**SMOKE, "payload_on": 2, "state_topic": "z/other"}
    [(said, note)] = waiting(decoder, tray, ("binary_sensor/z1/smoke", changed))
    assert said == CHANGED
    for words in ("state_topic was 'z/1', now 'z/other'", "payload_on was True, now 2"):
        assert words in note
    [row] = tray.rows.values()
    assert row.document["entities"]["binary_sensor/z1/smoke"]["payload_on"] == 2
    [reading] = hear(decoder, "z/1", {"smoke": True}).readings
    assert (reading.device, reading.value) == ("lib", "alarm")
    assert isinstance(hear(decoder, "z/other", {"smoke": True}), Rejected)
    assert waiting(decoder, tray, ("binary_sensor/z1/smoke", SMOKE)) == [], "it is as it was approved again"


def test_an_approved_entity_that_is_proposed_no_more_is_told():
    decoder, tray = approved_decoder(), Tray()
    battery = {**SMOKE, "device_class": "battery", "unit_of_measurement": "%"}
    propose(decoder, "sensor/z1/battery", battery)
    waiting(decoder, tray, ("binary_sensor/z1/smoke", SMOKE))
    [(said, note)] = waiting(decoder, tray, ("binary_sensor/z1/smoke", b""))
    assert (said, "proposed no more" in note) == (CHANGED, True)


def test_what_a_person_left_out_or_gave_a_metric_is_no_change():
    decoder, tray = approved_decoder(metric="heat", device_class=""), Tray()
    battery = {**SMOKE, "device_class": "battery", "unit_of_measurement": "%"}
    assert waiting(decoder, tray, ("binary_sensor/z1/smoke", SMOKE), ("sensor/z1/battery", battery)) == []
