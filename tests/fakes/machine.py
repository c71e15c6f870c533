"""Touches. A machine at the API: a client with a token; and people of a role and a scope."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from starlette.testclient import TestClient

from alerts.duty.people import Directory
from dashboard import tokens
from tests.fakes.browser import HOST, web
from tests.fakes.service import FakeHouse


def token(
    house: FakeHouse,
    role: str = "guard",
    scope: Sequence[str] = (),
    person: str = "",
    name: str = "m",
    days: int = 1,
) -> str:
    now = house.now()
    return house.transact(lambda tx: tokens.make(tx, now, name, role, days, "boss", scope, person)).result()


def bearer(secret: str, **more: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}", **more}


@contextmanager
def machine(house: FakeHouse, **how: Any) -> Iterator[TestClient]:
    """A program with a token, that was never signed in."""
    secret = token(house, **how)
    with web(house) as client:
        client.headers.update(bearer(secret))
        yield client


def beside(client: TestClient, secret: str) -> TestClient:
    """Another program at the same application."""
    return TestClient(
        client.app,
        base_url=f"http://{HOST}",
        client=("127.0.0.1", 50001),
        headers=bearer(secret),
        follow_redirects=False,
    )


def limits(house: FakeHouse, person: str, scope: Sequence[str] = (), role: str | None = None) -> None:
    """The campus file says what a person may do, and where."""
    known = house.directory
    persons = [
        msgspec.structs.replace(one, scope=tuple(scope), role=role) if one.id == person else one
        for one in known.persons.values()
    ]
    house.directory = Directory(
        persons, known.teams.values(), known.posts.values(), known.policies, known.channels
    )
