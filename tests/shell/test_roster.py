"""The people in the database: what goes in comes out, and only what differs is written."""

from alerts.duty import roster
from alerts.duty.people import Contact, Match, Person, Policy, Post, Step, Target, Team
from rules.verdict import Class
from tests.fakes.campus import FIRE, persons
from tocsin.database import Database

TEAMS = [Team("security", "安保组", "Security", ("wang-fang", "li-wei"))]
POSTS = [Post("duty", "值班室", "Office", ("li-wei", "wang-fang"))]
POLICIES = [
    Policy(
        "lab",
        Match((Class.ALARM, Class.TROUBLE), ("gas_detector",), ("lab",), ("std.gas",)),
        (Step(0, (Target("team", "security"), Target("everyone")), ("siren",), "arrived"),),
    ),
    FIRE,
]


def test_people_come_back_as_they_were_stored(database: Database) -> None:
    with database.transaction() as tx:
        roster.replace(tx, persons(), TEAMS, POSTS, POLICIES)
    with database.read() as conn:
        people = roster.load(conn, ("sms",), "Asia/Urumqi")
    assert list(people.persons.values()) == persons()
    assert list(people.teams.values()) == TEAMS
    assert list(people.posts.values()) == POSTS
    assert list(people.policies) == POLICIES
    assert people.zone == "Asia/Urumqi"
    assert not people.usable("push")


def test_an_empty_database_gives_an_empty_directory(database: Database) -> None:
    with database.read() as conn:
        assert roster.load(conn).persons == {}


def test_only_what_differs_is_written(database: Database) -> None:
    with database.transaction() as tx:
        assert roster.replace(tx, persons(), TEAMS, POSTS, POLICIES) == 7
        assert roster.replace(tx, persons(), TEAMS, POSTS, POLICIES) == 0
        new = [*persons()[:2], Person("new", "新", "New", "en", (Contact("sms", "9"),))]
        assert roster.replace(tx, new, TEAMS, POSTS, POLICIES) == 2
        assert list(roster.load(tx).persons) == ["li-wei", "wang-fang", "new"]


def test_the_order_of_policies_is_kept_since_the_first_that_matches_wins(database: Database) -> None:
    with database.transaction() as tx:
        roster.replace(tx, persons(), TEAMS, POSTS, POLICIES)
        roster.replace(tx, persons(), TEAMS, POSTS, POLICIES[::-1])
        assert [policy.id for policy in roster.load(tx).policies] == ["fire", "lab"]
