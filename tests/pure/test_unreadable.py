"""Thinks. A life-safety device whose message cannot be read has a fault, until it is understood again."""

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.reading import Reason, Rejected
from ingest.unreadable import Unreadable

T = 1_795_305_600_000
REGISTRY = Registry.build(
    devices=[
        Device("gw", "gateway", "campus"),
        Device("smoke", "smoke_detector", "campus", gateway="gw"),
        Device("lonely", "gateway", "campus"),
        Device("door", "door", "campus", gateway="lonely"),
    ]
)


def bad(device, sample=b"{"):
    return Rejected(Reason.MALFORMED, "it breaks at byte 1", "some/topic", sample, T, device)


def words(readings):
    return [(one.device, one.metric, one.value) for one in readings]


def test_it_is_told_once_with_the_reason_until_the_device_is_understood_again():
    unreadable = Unreadable()
    (told,) = unreadable.refused(bad("smoke"), REGISTRY)
    assert (told.device, told.metric, told.value, told.note) == (
        "smoke", "unreadable", "fault", "it breaks at byte 1",
    )  # fmt: skip
    assert unreadable.refused(bad("smoke"), REGISTRY) == []
    assert words(unreadable.understood("smoke", REGISTRY, T)) == [("smoke", "unreadable", "normal")]
    assert unreadable.understood("smoke", REGISTRY, T) == []
    assert words(unreadable.refused(bad("smoke"), REGISTRY)) == [("smoke", "unreadable", "fault")]


def test_a_gateway_of_life_safety_devices_is_one_too_and_what_speaks_through_it_shows_that_it_is_understood():
    unreadable = Unreadable()
    assert words(unreadable.refused(bad("gw"), REGISTRY)) == [("gw", "unreadable", "fault")]
    assert words(unreadable.understood("smoke", REGISTRY, T)) == [("gw", "unreadable", "normal")]


@pytest.mark.parametrize("device", ["door", "lonely", "nobody", ""])
def test_other_devices_and_strangers_wait_in_the_quarantine_alone(device):
    assert Unreadable().refused(bad(device), REGISTRY) == []


def test_an_empty_message_hides_nothing():
    assert Unreadable().refused(bad("smoke", sample=b""), REGISTRY) == []


def test_a_restart_does_not_forget_it():
    assert words(Unreadable(["smoke"]).understood("smoke", REGISTRY, T)) == [
        ("smoke", "unreadable", "normal")
    ]
