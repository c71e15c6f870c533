"""Thinks. Which MQTT topics drive a sounder or a lamp, and which something that Tocsin never operates."""

import pytest

from alerts.delivery.driven import forbidden


@pytest.mark.parametrize(
    "topic",
    [
        "campus/gate/siren",
        "campus/gate/siren/command",
        "campus/door-3-alarm/set",
        "campus/siren_gate_2/set",
        "campus/valve-room/siren",
        "campus/sprinkler-room/lamp/set",
        "campus/north-gate/tower/2",
        "campus/block-3/hooter/relay1",
        "campus/clock-tower/unit",
        "campus/open-day/horn",
        "zigbee2mqtt/gateSiren/set",
        "校园/北门/声光警报器",
    ],
)
def test_a_sounder_may_stand_beside_whatever_it_stands_beside(topic: str) -> None:
    assert forbidden(topic) == ""


@pytest.mark.parametrize(
    ("topic", "word"),
    [
        ("campus/lab-lock/command", "lock"),
        ("zigbee2mqtt/front LOCK/set", "lock"),
        ("zigbee2mqtt/frontDoorLock/set", "lock"),
        ("campus/doorlock/x", "doorlock"),
        ("campus/smart_lock", "lock"),
        ("campus/alarm-lock/set", "lock"),
        ("campus/siren/unlock", "unlock"),
        ("homeassistant/lock/main/set", "lock"),
        ("campus/locks/7/on", "locks"),
        ("x/gas_valve", "valve"),
        ("campus/sprinklers/set", "sprinklers"),
        ("campus/extinguisher-2/release", "release"),
        ("campus/door/set", "door"),
        ("campus/gate/open", "open"),
        ("campus/north-gate/2", "gate"),
        ("campus/gate/relay1", "gate"),
        ("cmnd/gate/POWER", "gate"),
        ("校园/北门/门锁", "锁"),
        ("校园/北门/启动", "门"),
        ("校园/气体灭火/启动", "灭火"),
    ],
)
def test_what_tocsin_never_operates_is_found_by_the_word_that_names_it(topic: str, word: str) -> None:
    assert forbidden(topic) == word
