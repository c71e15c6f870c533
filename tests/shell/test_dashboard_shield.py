"""Touches. What holds for every route of the dashboard, read off the routes themselves."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from alerts.delivery.links import PATH as LINKS
from dashboard.app import ROUTES
from dashboard.gate import check_routes, declared
from dashboard.permissions import Permission, Role, may
from dashboard.shield import CALLBACKS, CSP, HEADERS, LARGEST_BODY
from tests.fakes.browser import HOST, OURS, PAGE, sign_in, signed_in, web
from tests.fakes.service import FakeHouse

FILLED = {
    "number": "1", "device": "dorm-2-305-smoke", "account": "1", "switch": "disable", "name": "gas",
    "post": "duty", "word": "accepted",
}  # fmt: skip
# see test_callbacks.py and test_link_page.py
SIGNED = [route for route in ROUTES if route.path.startswith((CALLBACKS, LINKS))]
CHANGING = [route for route in ROUTES if "POST" in (route.methods or ()) and route not in SIGNED]
READING = [route for route in ROUTES if "GET" in (route.methods or ()) and route.path != "/api/v1/events"]
CLOSED = [route for route in ROUTES if declared(route) is not Permission.PUBLIC]


def _path(route: APIRoute) -> str:
    return re.sub(r"{(\w+)(:\w+)?}", lambda found: FILLED.get(found[1], "1"), route.path)


def _named(route: APIRoute) -> str:
    return f"{min(route.methods or ())} {route.path}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> FakeHouse:
    house = FakeHouse(tmp_path_factory.mktemp("house"))
    house.fires("dorm-2-305-smoke")
    return house


@pytest.fixture(scope="module")
def stranger(house: FakeHouse) -> Iterator[TestClient]:
    with web(house) as client:
        yield client


@pytest.fixture
def administrator(house: FakeHouse, stranger: TestClient) -> Iterator[TestClient]:
    sign_in(house, stranger)
    yield stranger
    stranger.cookies.clear()


@pytest.mark.parametrize("route", READING, ids=_named)
def test_every_page_has_the_security_headers(route: APIRoute, administrator: TestClient) -> None:
    answer = administrator.get(_path(route), headers=PAGE)
    assert {key: answer.headers.get(key) for key in HEADERS} == HEADERS
    assert answer.headers["cache-control"] == "no-store"


def test_static_files_and_errors_have_them_too(administrator: TestClient) -> None:
    for path in ("/static/js/wall.js", "/static/nothing", "/nothing", "/alerts/99999", "/alerts/x"):
        answer = administrator.get(path, headers=PAGE)
        assert answer.headers["content-security-policy"] == CSP


def test_the_policy_allows_no_inline_script_and_no_frame() -> None:
    assert "unsafe" not in CSP
    for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in CSP


@pytest.mark.parametrize("route", CHANGING, ids=_named)
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": f"http://{HOST}:81"},
        {"sec-fetch-site": "cross-site", **OURS},
        {"sec-fetch-site": "same-site", **OURS},
        {},
    ],
    ids=["origin", "null", "port", "cross-site", "same-site", "none"],
)
def test_what_changes_something_must_come_from_our_own_page(
    route: APIRoute, headers: dict[str, str], administrator: TestClient
) -> None:
    answer = administrator.post(_path(route), json={}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:tocsin:problem:error_csrf"


@pytest.mark.parametrize("route", CHANGING, ids=_named)
def test_json_in_disguise_is_refused(route: APIRoute, administrator: TestClient) -> None:
    headers = {**OURS, "content-type": "text/plain"}
    answer = administrator.post(_path(route), content='{"note": "x"}', headers=headers)
    takes_nothing = route.path in (
        "/logout",
        "/accounts/{account}/{switch}",
        "/tokens/{number}/revoke",
        "/swaps/{number}/{word}",
        "/api/v1/swaps/{number}/{word}",
        "/posts/{post}/feed",
        "/api/v1/alerts/{number}/photos",  # a picture is judged by what is in it
        "/api/v1/hazards/{number}/photos",
    )
    assert answer.status_code == 422 or takes_nothing


@pytest.mark.parametrize("route", CLOSED, ids=_named)
def test_a_stranger_gets_nothing(route: APIRoute, stranger: TestClient) -> None:
    stranger.cookies.clear()
    method = min(route.methods or ())
    answer = stranger.request(method, _path(route), headers=OURS)
    assert answer.status_code == 401
    assert stranger.request(method, _path(route), headers=PAGE).status_code in (303, 401)


@pytest.mark.parametrize("role", [*Role, "invented"])
def test_a_role_reaches_what_its_permissions_say_and_nothing_else(role: str, tmp_path: Path) -> None:
    with signed_in(FakeHouse(tmp_path), role) as client:
        for route in CLOSED:
            permission = declared(route)
            assert permission is not None
            if not may(role, permission):
                answer = client.request(min(route.methods or ()), _path(route), headers=OURS)
                assert answer.status_code == 403, route.path
            elif route in READING:
                assert client.get(_path(route)).status_code not in (401, 403), route.path


def test_a_viewer_sees_and_does_not_act() -> None:
    assert may("viewer", Permission.SEE)
    assert not may("viewer", Permission.ACT)
    assert not may("guard", Permission.ADMINISTER)


def test_a_route_that_declares_no_permission_cannot_start() -> None:
    router = APIRouter()
    router.add_api_route("/forgotten", lambda: None)
    with pytest.raises(RuntimeError, match="/forgotten"):
        check_routes([route for route in router.routes if isinstance(route, APIRoute)])


def test_there_are_routes_to_check() -> None:
    assert len(ROUTES) > 30
    assert {"/", "/login", "/api/v1/events", "/api/v1/alerts/{number}/acknowledge"} <= {
        r.path for r in ROUTES
    }


def test_no_route_changes_anything_on_get() -> None:
    assert not [route.path for route in ROUTES if {"GET", "POST"} <= (route.methods or set())]


def test_a_huge_body_is_refused_whether_it_says_so_or_not(stranger: TestClient) -> None:
    body = b"x" * (LARGEST_BODY + 1)
    form = {**OURS, "content-type": "application/x-www-form-urlencoded"}
    assert stranger.post("/login", content=body, headers=form).status_code == 413
    assert stranger.post("/login", content=iter([body]), headers=form).status_code == 413


def test_a_mistake_of_ours_is_a_calm_page_without_details(tmp_path: Path) -> None:
    house = FakeHouse(tmp_path)
    house.latest.points = None  # type: ignore[assignment, method-assign]
    with signed_in(house) as client:
        answer = client.get("/system", headers=PAGE)
        assert answer.status_code == 500
        assert "报警不受影响" in answer.text
        assert "Traceback" not in answer.text
        assert answer.headers["content-security-policy"] == CSP


def test_a_database_that_is_away_is_said_and_not_shown_as_calm(tmp_path: Path) -> None:
    house = FakeHouse(tmp_path)
    with signed_in(house) as client:
        house.breaks_reading()
        answer = client.get("/api/v1/snapshot")
        assert answer.status_code == 503
        assert client.get("/-/healthy").status_code == 200
        assert client.get("/-/ready").status_code == 503
