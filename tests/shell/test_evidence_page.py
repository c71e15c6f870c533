"""Touches. What Tocsin says of a reading, where people read it: each in his language, programs in both."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from ingest.bilingual import both
from ingest.campus.device import OWN
from ingest.reading import Reading
from rules.verdict import Evidence
from tests.fakes.browser import PAGE, signed_in
from tests.fakes.campus import SMOKE
from tests.fakes.service import FakeHouse

COMPARED = both("高于 30，回差 2", "above 30, deadband 2")
NOTE = f"{both('所属网关 gw 失联', 'its gateway gw is silent')}; Fühler 3 <b>"


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path)


def page(client: TestClient, language: str, path: str) -> str:
    client.post("/preferences", data={"language": language, "next": "/"}, headers=PAGE)
    return str(client.get(path, headers=PAGE).text)


def test_the_evidence_of_an_alert_is_in_the_readers_language_and_what_a_device_said_as_it_said_it(
    house: FakeHouse,
) -> None:
    now = house.now()
    number = house.fires(SMOKE, evidence=(Evidence("temperature", 31.0, now, now, COMPARED, NOTE),))
    with signed_in(house, "guard") as client:
        english, chinese = (page(client, language, f"/alerts/{number}") for language in ("en", "zh"))
        told = client.get(f"/api/v1/alerts/{number}").json()["evidence"][0]
    assert "above 30, deadband 2" in english
    assert "its gateway gw is silent; Fühler 3 &lt;b&gt;" in english
    assert "高于 30" not in english
    assert "高于 30，回差 2" in chinese
    assert "所属网关 gw 失联; Fühler 3" in chinese
    assert "deadband 2" not in chinese
    assert told["compared"] == "高于 30，回差 2 / above 30, deadband 2"


def test_so_are_the_notes_of_our_own_points_and_of_a_device(house: FakeHouse) -> None:
    now = house.now()
    house.latest.note(
        [
            Reading(OWN, "undecided", "fault", now, now, note=NOTE),
            Reading(SMOKE, "battery", 9.0, now, now, note=NOTE),
        ]
    )
    with signed_in(house, "guard") as client:
        for path in ("/system", f"/devices/{SMOKE}"):
            assert "its gateway gw is silent; Fühler 3" in page(client, "en", path)
            assert "所属网关 gw 失联; Fühler 3" in page(client, "zh", path)
