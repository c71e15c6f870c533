"""Touches. Accounts: who gets in, who does not, and what a stolen database would be worth."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from dashboard import accounts
from dashboard.accounts import HOUR, AccountError
from dashboard.attempts import BURST, Attempts
from dashboard.passwords import Busy, Passwords, weakness
from dashboard.tables import ACCOUNT, SESSION, SETUP_TOKEN
from tests.fakes.browser import HOST, PAGE, PASSWORD, make_account, sign_in, signed_in, web
from tests.fakes.machine import limits
from tests.fakes.service import START, FakeHouse
from tocsin.database import Database

NEW = {"name": "Li-Wei", "password": PASSWORD, "again": PASSWORD}


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path)


@pytest.fixture
def browser(house: FakeHouse) -> Iterator[TestClient]:
    with web(house) as client:
        yield client


def _login(browser: TestClient, name: str = "li-wei", password: str = PASSWORD, **more: str) -> Any:
    return browser.post("/login", data={"name": name, "password": password, **more}, headers=PAGE)


# ---- in the database, SQLite and PostgreSQL


def test_a_fresh_installation_gives_one_token_and_the_newest_is_the_only_one(database: Database) -> None:
    with database.transaction() as tx:
        first = accounts.first_token(tx, START)
        second = accounts.first_token(tx, START)
        assert first is not None
        assert second is not None
        with pytest.raises(AccountError, match="token_wrong"):
            accounts.redeem(tx, first, "a", "hash", "zh", START)
        accounts.redeem(tx, second, "a", "hash", "zh", START)
        assert accounts.first_token(tx, START) is None


def test_a_token_works_once_and_for_a_day(database: Database) -> None:
    with database.transaction() as tx:
        used, late = accounts.invite(tx, START, "guard"), accounts.invite(tx, START, "guard")
        accounts.redeem(tx, used, "a", "hash", "zh", START)
        for token, moment in ((used, START), (late, START + 25 * HOUR)):
            with pytest.raises(AccountError, match="token_wrong"):
                accounts.redeem(tx, token, "b", "hash", "zh", moment)


def test_the_database_holds_neither_tokens_nor_session_secrets(database: Database) -> None:
    with database.transaction() as tx:
        token = accounts.invite(tx, START, "guard")
        account = accounts.redeem(tx, accounts.invite(tx, START, "guard"), "a", "hash", "zh", START)
        secret = accounts.open_session(tx, account, START, "127.0.0.1")
        stored = [*tx.execute(select(SETUP_TOKEN)).all(), *tx.execute(select(SESSION)).all()]
    assert token not in repr(stored)
    assert secret not in repr(stored)


def test_a_session_ends_at_its_hour_and_at_sign_out(database: Database) -> None:
    with database.transaction() as tx:
        account = accounts.redeem(tx, accounts.invite(tx, START, "guard"), "a", "hash", "zh", START)
        secret = accounts.open_session(tx, account, START, "127.0.0.1")
        found = accounts.find_session(tx, secret, START + accounts.SESSION_LASTS)
        assert found is not None
        assert accounts.find_session(tx, secret, START + accounts.SESSION_LASTS + 1) is None
        accounts.close_session(tx, found.session)
        assert accounts.find_session(tx, secret, START) is None


def test_a_disabled_account_has_no_session_left(database: Database) -> None:
    with database.transaction() as tx:
        accounts.redeem(tx, accounts.invite(tx, START, "administrator"), "boss", "hash", "zh", START)
        account = accounts.redeem(tx, accounts.invite(tx, START, "guard"), "a", "hash", "zh", START)
        secret = accounts.open_session(tx, account, START, "127.0.0.1")
        assert accounts.set_disabled(tx, account, True) == [accounts.digest(secret)]
        assert accounts.find_session(tx, secret, START) is None
        assert accounts.stored_password(tx, "a") is None


def test_the_last_administrator_cannot_be_shut_out(database: Database) -> None:
    with database.transaction() as tx:
        account = accounts.redeem(tx, accounts.invite(tx, START, "administrator"), "a", "hash", "zh", START)
        with pytest.raises(AccountError, match="last_administrator"):
            accounts.set_disabled(tx, account, True)


def test_a_name_is_given_once_whatever_its_case(database: Database) -> None:
    with database.transaction() as tx:
        accounts.redeem(tx, accounts.invite(tx, START, "guard"), "Wang", "hash", "zh", START)
    with pytest.raises(AccountError, match="name_taken"), database.transaction() as tx:
        accounts.redeem(tx, accounts.invite(tx, START, "guard"), "wang", "hash", "zh", START)


def test_nobody_signs_in_as_a_person_who_was_not_invited(database: Database) -> None:
    with database.transaction() as tx:
        stranger, principal = accounts.invite(tx, START, "guard"), accounts.invite(tx, START, "guard", "wang")
    with pytest.raises(AccountError, match="name_of_a_person"), database.transaction() as tx:
        accounts.redeem(tx, stranger, "Wang", "hash", "zh", START, {"wang"})
    with database.transaction() as tx:
        accounts.redeem(tx, stranger, "chen", "hash", "zh", START, {"wang"})
        accounts.redeem(tx, principal, "wang", "hash", "zh", START, {"wang"})


# ---- at the door


def test_the_first_start_leads_to_setup_and_the_token_makes_an_administrator(
    house: FakeHouse, browser: TestClient
) -> None:
    assert browser.get("/", headers=PAGE).headers["location"] == "/login"
    assert browser.get("/login", headers=PAGE).headers["location"].startswith("/setup")
    made = browser.post("/setup", data={"token": house.token(), **NEW}, headers=PAGE)
    assert made.status_code == 303
    assert browser.get("/accounts", headers=PAGE).status_code == 200
    assert _login(browser, name="LI-WEI").status_code == 303


def test_a_wrong_token_makes_no_account(house: FakeHouse, browser: TestClient) -> None:
    house.token()
    refused = browser.post("/setup", data={"token": "guessed", **NEW}, headers=PAGE)
    assert refused.status_code == 403
    with house.read() as conn:
        assert conn.execute(select(ACCOUNT)).all() == []


def test_a_weak_password_does_not_use_up_the_token(house: FakeHouse, browser: TestClient) -> None:
    token = house.token()
    for password in ("short", "password1", "li-wei", "x" * 300):
        sent = {**NEW, "token": token, "password": password, "again": password}
        assert browser.post("/setup", data=sent, headers=PAGE).status_code == 422
    assert browser.post("/setup", data={"token": token, **NEW}, headers=PAGE).status_code == 303


def test_an_unknown_name_and_a_wrong_password_read_the_same(house: FakeHouse, browser: TestClient) -> None:
    make_account(house)
    unknown = _login(browser, name="zz-unknown", password=PASSWORD)
    wrong = _login(browser, name="li-wei", password="not the password")
    assert unknown.status_code == wrong.status_code == 401
    assert unknown.text.replace("zz-unknown", "") == wrong.text.replace("li-wei", "")


def test_a_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    house: FakeHouse, browser: TestClient
) -> None:
    make_account(house)
    cookie = _login(browser).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "max-age" not in cookie
    assert "max-age" in _login(browser, wall="on").headers["set-cookie"].lower()


def test_over_https_the_cookie_is_secure_and_bound_to_the_host(house: FakeHouse) -> None:
    make_account(house)
    with web(house, scheme="https", address="10.0.0.7") as browser:
        headers = {**PAGE, "origin": f"https://{HOST}"}
        entered = browser.post("/login", data={"name": "li-wei", "password": PASSWORD}, headers=headers)
        assert entered.headers["set-cookie"].startswith("__Host-tocsin=")
        assert "secure" in entered.headers["set-cookie"].lower()
        assert "strict-transport-security" in entered.headers


def test_nobody_signs_in_over_plain_http_from_another_machine(tmp_path: Path) -> None:
    house = FakeHouse(tmp_path)
    make_account(house)
    with web(house, address="10.0.0.7") as browser:
        assert _login(browser).status_code == 403
        assert browser.post("/setup", data={"token": "x", **NEW}, headers=PAGE).status_code == 403


def test_a_session_is_worth_nothing_over_plain_http_from_another_machine(house: FakeHouse) -> None:
    with signed_in(house, address="10.0.0.7") as browser:
        assert browser.get("/api/v1/me").status_code == 401


def test_the_administrator_may_allow_plain_http(tmp_path: Path) -> None:
    house = FakeHouse(tmp_path, insecure_http=True)
    make_account(house)
    with web(house, address="10.0.0.7") as browser:
        assert _login(browser).status_code == 303


def test_guessing_is_slowed_down_by_network_and_the_guard_elsewhere_gets_in(house: FakeHouse) -> None:
    make_account(house)
    with web(house) as guesser:
        answers = [_login(guesser, password="a wrong guess").status_code for _ in range(BURST + 3)]
        assert answers == [401] * BURST + [429] * 3
        guard = TestClient(guesser.app, base_url=f"http://{HOST}", client=("::1", 1), follow_redirects=False)
        assert _login(guard).status_code == 303


def test_ten_thousand_guesses_a_minute_become_at_most_twenty_hashes() -> None:
    attempts = Attempts()
    allowed = sum(attempts.allow("203.0.113.9", START + guess * 6) for guess in range(10_000))
    assert allowed <= 20


def test_one_ipv6_network_counts_as_one_source() -> None:
    attempts = Attempts()
    allowed = sum(attempts.allow(f"2001:db8:1:2::{number:x}", START) for number in range(100))
    assert allowed == BURST


def test_a_flood_of_sign_ins_is_refused_rather_than_queued_without_end() -> None:
    passwords = Passwords(workers=1)
    with ThreadPoolExecutor(40) as crowd:
        tries = [crowd.submit(passwords.verify, None, "a guess") for _ in range(40)]
    assert any(isinstance(one.exception(), Busy) for one in tries)
    assert passwords.verify(None, "later") is False


def test_a_password_is_judged_by_length_and_commonness_alone() -> None:
    assert weakness("一二三四五六七八", "li-wei") is None
    assert weakness("a sentence with words", "li-wei") is None
    assert weakness("12345678", "li-wei") == "password_common"
    assert weakness("administrator", "Administrator") == "password_common"


def test_signing_out_ends_the_session(house: FakeHouse) -> None:
    with signed_in(house) as browser:
        assert browser.get("/api/v1/me").status_code == 200
        kept = dict(browser.cookies)
        assert browser.post("/logout", headers=PAGE).status_code == 303
        for name, value in kept.items():
            browser.cookies.set(name, value, domain=HOST)
        assert browser.get("/api/v1/me").status_code == 401


def test_a_new_password_signs_out_every_other_screen(house: FakeHouse, browser: TestClient) -> None:
    make_account(house)
    _login(browser)
    wall = TestClient(browser.app, base_url=f"http://{HOST}", client=("127.0.0.1", 2), follow_redirects=False)
    _login(wall)
    sent = {"old": PASSWORD, "password": "another good sentence", "again": "another good sentence"}
    assert browser.post("/account/password", data=sent, headers=PAGE).status_code == 303
    assert browser.get("/api/v1/me").status_code == 200
    assert wall.get("/api/v1/me").status_code == 401


def test_a_session_in_use_is_renewed_and_an_idle_one_ends(house: FakeHouse) -> None:
    with signed_in(house) as browser:
        for _ in range(4):
            house.now.moment += accounts.SESSION_LASTS * 2 // 3
            assert browser.get("/api/v1/me").status_code == 200
        house.now.moment += accounts.SESSION_LASTS + 1
        assert browser.get("/api/v1/me").status_code == 401


def test_an_invitation_makes_an_account_of_its_role_for_its_person(house: FakeHouse) -> None:
    with signed_in(house) as boss:
        page = boss.post("/accounts/invite", data={"role": "guard", "person": "wang-fang"}, headers=PAGE)
        token = page.text.split('<code class="token">')[1].split("<")[0]
        guest = TestClient(
            boss.app, base_url=f"http://{HOST}", client=("127.0.0.1", 3), follow_redirects=False
        )
        guest.post("/setup", data={"token": token, **NEW, "name": "wf"}, headers=PAGE)
        assert guest.get("/api/v1/me").json()["person"] == "wang-fang"
        assert guest.get("/accounts", headers=PAGE).status_code == 403


def test_the_role_of_an_account_is_changed_and_holds_from_the_next_request_on(house: FakeHouse) -> None:
    with signed_in(house, "administrator") as boss:
        made = house.transact(
            lambda tx: accounts.redeem(
                tx, accounts.invite(tx, house.now(), "guard", "wang-fang"), "li", "hash", "zh", house.now()
            )
        ).result()
        assert f'action="/accounts/{made}/role"' in boss.get("/accounts", headers=PAGE).text
        assert boss.post(f"/accounts/{made}/role", data={"role": "duty"}, headers=PAGE).status_code == 303
        with house.read() as conn:
            roles = {row.id: row.role for row in accounts.listing(conn)}
        assert roles[made] == "duty"
        [mine] = [number for number, role in roles.items() if role == "administrator"]
        shut = boss.post(f"/accounts/{mine}/role", data={"role": "viewer"}, headers=PAGE)
        assert shut.status_code == 409  # the last administrator
        assert boss.post(f"/accounts/{made}/role", data={"role": "king"}, headers=PAGE).status_code == 422
        limits(house, "wang-fang", role="manager")
        page = boss.get("/accounts", headers=PAGE).text
        assert f'action="/accounts/{made}/role"' not in page  # the role of the person holds
        assert boss.get("/accounts", headers=PAGE).status_code == 200
    with signed_in(house, "manager") as manager:
        assert (
            manager.post(f"/accounts/{made}/role", data={"role": "viewer"}, headers=PAGE).status_code == 403
        )


def test_language_and_appearance_stay_with_the_account(house: FakeHouse) -> None:
    with signed_in(house) as browser:
        browser.post("/preferences", data={"language": "en", "theme": "dark"}, headers=PAGE)
        page = browser.get("/", headers=PAGE).text
        assert '<html lang="en" data-theme="dark">' in page
        assert "All is well" in page


@pytest.mark.parametrize(
    ("accepted", "shown"), [("zh-TW,en;q=0.5", "zh-CN"), ("en-GB", "en"), ("fr", "zh-CN"), (None, "zh-CN")]
)
def test_before_signing_in_the_browsers_language_is_spoken_else_that_of_the_settings(
    browser: TestClient, accepted: str | None, shown: str
) -> None:
    assert f'<html lang="{shown}"' in _setup(browser, accepted)


def test_a_language_chosen_before_signing_in_is_remembered_and_given_to_the_new_account(
    house: FakeHouse, browser: TestClient
) -> None:
    token = house.token()
    button = f'href="?token={token}&amp;language=en"'
    assert button in _setup(browser, "zh-CN", token=token), "the token stays in the field"
    assert '<html lang="en"' in _setup(browser, "zh-CN", token=token, language="en")
    assert '<html lang="en"' in _setup(browser, "zh-CN")
    browser.post("/setup", data={"token": token, **NEW}, headers={**PAGE, "accept-language": "zh-CN"})
    assert '<html lang="en"' in browser.get("/", headers=PAGE).text


def _setup(browser: TestClient, accepted: str | None, **query: str) -> str:
    browser.headers.pop("accept-language", None)
    language = {} if accepted is None else {"accept-language": accepted}
    return browser.get("/setup", params=query, headers={**PAGE, **language}).text


def test_after_signing_in_nobody_is_sent_to_another_site(house: FakeHouse, browser: TestClient) -> None:
    make_account(house)
    for onward in ("https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:alert(1)"):
        assert _login(browser, next=onward).headers["location"] == "/"
        sign_in(house, browser)
        assert browser.get("/login", params={"next": onward}).headers["location"] == "/"
        browser.cookies.clear()
