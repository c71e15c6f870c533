"""Thinks. A device must have an owner who can be told; one without is named with the reason."""

import pytest

from alerts.duty.people import Contact, Directory, Person, Team
from alerts.owners import NAMED, members, told, unanswered
from ingest.campus.device import Device
from ingest.campus.registry import Registry

PEOPLE = [
    Person("li", "李", "Li", contacts=(Contact("sms", "101"),)),
    Person("wang", "王", "Wang", contacts=(Contact("fax", "102"),)),
    Person("zhao", "赵", "Zhao"),
]
TEAMS = [
    Team("guards", "保安", "Guards", ("wang", "li")),
    Team("cooks", "厨师", "Cooks", ("wang", "zhao")),
    Team("empty", "空", "Empty"),
]
DIRECTORY = Directory(PEOPLE, TEAMS, channels=["sms"])


def device(owner: str | None) -> Device:
    return Device("d", "door", "campus", owner=owner)


@pytest.mark.parametrize("owner", ["li", "guards"])
def test_a_person_or_a_team_with_one_who_can_be_told_answers_for_a_device(owner: str) -> None:
    assert unanswered({"d": device(owner)}, DIRECTORY) == {}


@pytest.mark.parametrize(
    ("owner", "reason"),
    [
        (None, "has no owner"),
        ("nobody", "owner 'nobody' is neither a person nor a team"),
        ("wang", "owner 'wang' has no contact on a configured channel"),
        ("zhao", "owner 'zhao' has no contact on a configured channel"),
        ("cooks", "owner 'cooks' has no contact on a configured channel"),
        ("empty", "owner 'empty' is a team with nobody in it"),
    ],
)
def test_a_device_that_nobody_answers_for_is_named_with_the_reason(owner: str | None, reason: str) -> None:
    assert unanswered({"d": device(owner)}, DIRECTORY) == {"d": reason}


def test_the_service_itself_needs_no_owner() -> None:
    assert unanswered(Registry.build().devices, DIRECTORY) == {}


def test_the_owners_of_a_device_are_persons() -> None:
    people = {owner: members(owner, DIRECTORY) for owner in ("li", "guards", "nobody", None)}
    ids = {owner: found and [person.id for person in found] for owner, found in people.items()}
    assert ids == {"li": ["li"], "guards": ["wang", "li"], "nobody": None, None: None}


def test_of_many_devices_the_first_are_named_and_the_rest_counted() -> None:
    lines = told({f"d{n}": "has no owner" for n in range(300)})
    assert len(lines) == NAMED + 1
    assert lines[0] == "device 'd0': has no owner"
    assert lines[-1].startswith("and 280 more devices")
