"""Touches. Tokens of machines: made, shown once, limited, revoked; and what a wrong one is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from dashboard import tokens
from dashboard.attempts import BURST
from dashboard.tables import API_TOKEN
from tests.fakes.browser import OURS, PAGE, PASSWORD, make_account, sign_in, signed_in, web
from tests.fakes.machine import bearer, beside, limits, machine, token
from tests.fakes.service import FakeHouse
from tocsin.cli import main

SMOKE = "dorm-2-305-smoke"
NEW = {"name": "dashboard-of-city", "role": "guard", "days": "30"}


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path)


@pytest.fixture
def stranger(house: FakeHouse) -> Iterator[TestClient]:
    with web(house) as client:
        yield client


def _me(client: TestClient, secret: str, **headers: str) -> tuple[int, str]:
    answer = client.get("/api/v1/me", headers=bearer(secret, **headers))
    return answer.status_code, answer.json().get("type", answer.json().get("role"))


def test_a_token_is_shown_once_and_only_its_hash_is_stored(house: FakeHouse) -> None:
    with signed_in(house) as boss:
        page = boss.post("/tokens", data={**NEW, "scope": "lab"}, headers=PAGE)
        secret = page.text.split('<code class="token">')[1].split("<")[0]
        assert secret not in boss.get("/tokens", headers=PAGE).text
        with house.read() as conn:
            assert secret not in repr(conn.execute(select(API_TOKEN)).all())
        found = beside(boss, secret).get("/api/v1/me").json()
        assert (found["role"], found["scope"], found["name"]) == ("guard", ["lab"], NEW["name"])
        assert "刚刚" in boss.get("/tokens", headers=PAGE).text, "when it was last used"


@pytest.mark.parametrize(
    "changes", [{"scope": "nowhere"}, {"role": "king"}, {"days": "0"}, {"name": "a b"}, {"person": "nobody"}]
)
def test_a_token_that_cannot_be_made_is_refused_in_words(house: FakeHouse, changes: dict[str, str]) -> None:
    with signed_in(house) as boss:
        page = boss.post("/tokens", data={**NEW, **changes}, headers=PAGE)
        assert page.status_code == 422
        assert 'role="alert"' in page.text


def test_only_an_administrator_of_the_whole_campus_makes_tokens(house: FakeHouse) -> None:
    with signed_in(house, "manager") as manager:
        assert manager.post("/tokens", data=NEW, headers=PAGE).status_code == 403
    limits(house, "li-wei", ("lab",))
    with signed_in(house) as limited:
        for path in ("/tokens", "/accounts"):
            assert limited.get(path, headers=PAGE).status_code == 403


def test_an_expired_and_a_revoked_token_are_worth_nothing(house: FakeHouse, stranger: TestClient) -> None:
    secret, other = token(house, name="a", days=1), token(house, name="b", days=2)
    assert _me(stranger, secret) == (200, "guard")
    house.now.moment += tokens.DAY
    assert _me(stranger, secret)[0] == 401
    assert _me(stranger, other)[0] == 200
    sign_in(house, stranger)
    with house.read() as conn:
        number = conn.execute(select(API_TOKEN.c.id).where(API_TOKEN.c.name == "b")).scalar()
    assert stranger.post(f"/tokens/{number}/revoke", headers=PAGE).status_code == 303
    answer = stranger.get("/api/v1/me", headers=bearer(other, **{"accept-language": "en"}))
    assert answer.status_code == 401
    assert "revoked" in answer.json()["detail"]
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert token(house, name="b"), "the name is free again"


def test_wrong_tokens_are_slowed_down_by_network_and_lock_out_no_right_one(
    house: FakeHouse, stranger: TestClient
) -> None:
    right = token(house)
    make_account(house)
    answers = [_me(stranger, f"tocsin_guess-{n}")[0] for n in range(BURST + 3)]
    assert answers == [401] * BURST + [429] * 3
    assert stranger.get("/api/v1/me", headers=bearer("x")).headers["retry-after"] == "60"
    assert _me(stranger, right)[0] == 200
    entered = stranger.post("/login", data={"name": "li-wei", "password": PASSWORD}, headers=PAGE)
    assert entered.status_code == 303


def test_a_token_needs_no_origin_and_never_borrows_a_session(house: FakeHouse) -> None:
    number = house.fires(SMOKE)
    with signed_in(house, "administrator") as browser:
        path = f"/api/v1/alerts/{number}/acknowledge"
        evil = {"origin": "https://evil.test", "sec-fetch-site": "cross-site"}
        assert browser.post(path, json={}, headers=bearer("guessed", **evil)).status_code == 401
        assert browser.post(path, json={}, headers={"authorization": "Basic eDp4", **evil}).status_code == 403
        secret = token(house, person="wang-fang")
        assert browser.post(path, json={}, headers=bearer(secret)).status_code == 200
        card = browser.get(f"/api/v1/alerts/{number}").json()
        assert card["owner"] == "wang-fang"


def test_tokens_open_no_page(house: FakeHouse) -> None:
    with machine(house, role="administrator", person="li-wei") as client:
        for path in ("/", "/accounts", "/tokens", "/alerts"):
            assert client.get(path, headers=PAGE).status_code == 403


def test_a_token_is_worth_nothing_over_plain_http_from_another_machine(house: FakeHouse) -> None:
    secret = token(house)
    with web(house, address="10.0.0.7") as far:
        assert _me(far, secret) == (403, "urn:tocsin:problem:sign_in_plain")


def test_a_machine_in_nobodys_name_reads_and_comments_and_promises_nothing(house: FakeHouse) -> None:
    number = house.fires(SMOKE)
    with machine(house, role="administrator", name="city") as client:
        for act in ("acknowledge", "arrived", "reset", "close"):
            refused = client.post(f"/api/v1/alerts/{number}/{act}", json={})
            assert refused.json()["type"] == "urn:tocsin:problem:error_nameless", act
        assert client.post(f"/api/v1/alerts/{number}/comment", json={"note": "seen"}).status_code == 200
        log = client.get(f"/api/v1/alerts/{number}/log").json()["log"]
        assert log[-1]["by"] == "api:city"


def test_a_token_of_a_person_may_never_more_than_the_person(house: FakeHouse, stranger: TestClient) -> None:
    secret = token(house, role="administrator", scope=("dorm-1", "lab"), person="li-wei")
    limits(house, "li-wei", ("lab",), "guard")
    found = beside(stranger, secret).get("/api/v1/me").json()
    assert (found["role"], found["scope"]) == ("guard", ["lab"])
    limits(house, "li-wei", ("dorm-2",), "guard")
    assert beside(stranger, secret).get("/api/v1/devices").json()["devices"] == []
    house.directory.persons.pop("li-wei")
    assert beside(stranger, secret).get("/api/v1/me").status_code == 403


def test_the_account_of_a_person_who_is_no_longer_registered_does_nothing(house: FakeHouse) -> None:
    with signed_in(house, "manager", "wang-fang") as browser:
        assert browser.get("/api/v1/me").json()["role"] == "manager"
        limits(house, "wang-fang", (), "viewer")
        assert browser.get("/api/v1/me").json()["role"] == "viewer"
        house.directory.persons.pop("wang-fang")
        assert browser.get("/api/v1/me").status_code == 403
    with signed_in(house, "administrator", "wang-fang") as boss:
        assert boss.get("/accounts", headers=PAGE).status_code == 200, "somebody must be able to mend it"


def test_a_token_cannot_be_passed_in_an_address(house: FakeHouse, stranger: TestClient) -> None:
    secret = token(house)
    assert stranger.get("/api/v1/me", params={"access_token": secret}, headers=OURS).status_code == 401


def test_a_token_is_made_on_the_command_line_and_mistakes_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "tocsin.yaml"
    config.write_text("data: data\n")
    base = ["token", "-c", str(config), "--api"]
    assert main([*base, "city", "--role", "viewer", "--scope", "campus"]) == 0
    assert capsys.readouterr().out.strip().startswith("tocsin_")
    for more, said in (
        (["city"], "taken"),
        (["other", "--scope", "nowhere"], "no such place"),
        (["other", "--person", "nobody"], "no such person"),
        (["other", "--days", "0"], "days"),
    ):
        assert main([*base, *more]) == 2
        assert said in capsys.readouterr().err
