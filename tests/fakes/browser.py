"""Touches. The dashboard as a program sees it: a client that is signed in and posts as our pages do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.testclient import TestClient

from dashboard import accounts
from dashboard.app import make_app
from dashboard.passwords import Passwords
from dashboard.tables import ACCOUNT
from tests.fakes.service import FakeHouse

PASSWORD = "correct horse battery"
HOST = "wall.test"
OURS = {"origin": f"http://{HOST}"}
PAGE = {"accept": "text/html", **OURS}


@contextmanager
def web(house: FakeHouse, address: str = "127.0.0.1", scheme: str = "http") -> Iterator[TestClient]:
    """A browser at `address` that nobody has signed in."""
    app = make_app(house.service)
    with TestClient(
        app, base_url=f"{scheme}://{HOST}", client=(address, 50000), follow_redirects=False
    ) as made:
        yield made


@contextmanager
def signed_in(
    house: FakeHouse, role: str = "administrator", person: str = "li-wei", **how: Any
) -> Iterator[TestClient]:
    with web(house, **how) as client:
        sign_in(house, client, role, person)
        yield client


def sign_in(
    house: FakeHouse, client: TestClient, role: str = "administrator", person: str = "li-wei"
) -> None:
    """A session without a password, since hashing one is slow on purpose."""
    now = house.now()
    account = house.transact(lambda tx: _account(tx, role, person=person)).result()
    secret = house.transact(lambda tx: accounts.open_session(tx, account, now, "test")).result()
    name = "__Host-tocsin" if client.base_url.scheme == "https" else "tocsin"
    client.cookies.set(name, secret, domain=HOST)


def make_account(house: FakeHouse, name: str = "li-wei", role: str = "administrator") -> None:
    hashed = Passwords().hash(PASSWORD)
    house.transact(lambda tx: _account(tx, role, name, hashed)).result()


def _account(tx: Any, role: str, name: str = "", password: str = "", person: str = "li-wei") -> int:
    values = {
        "name": name or f"{role}-{len(tx.execute(ACCOUNT.select()).all())}",
        "person": person,
        "role": role,
        "password": password,
        "language": "zh",
        "theme": "auto",
        "disabled": False,
        "created": 0,
    }
    return int(tx.execute(ACCOUNT.insert().values(values)).inserted_primary_key[0])
