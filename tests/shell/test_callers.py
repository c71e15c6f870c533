"""Who telephoned: shown to who may call back, erased by a button, and the log is whole afterwards."""

from pathlib import Path

import pytest
from sqlalchemy import select

from alerts import audit
from alerts.tables import alert_log, caller
from tests.fakes.browser import PAGE, signed_in
from tests.fakes.machine import beside, machine, token
from tests.fakes.service import FakeHouse

CALL = {"place": "lab", "what": "Smell of gas", "caller": "Mrs Zhou", "callback": "+8613912345678"}


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path)


def test_who_telephoned_is_erased_for_good_and_the_log_says_by_whom(house: FakeHouse) -> None:
    with machine(house, role="manager", person="principal") as manager:
        guard = beside(manager, token(house, "guard", person="li-wei", name="g"))
        number = guard.post("/api/v1/alerts", json=CALL).json()["alert"]
        path = f"/api/v1/alerts/{number}"
        assert guard.get(path).json()["caller"] == {"name": "Mrs Zhou", "callback": "+8613912345678"}
        for name, role, person in (("v", "viewer", ""), ("n", "guard", "")):  # nobody who could call back
            assert (
                beside(manager, token(house, role, person=person, name=name)).get(path).json()["caller"]
                is None
            )
        assert guard.post(f"{path}/erase-caller").status_code == 403
        assert manager.post(f"{path}/erase-caller").status_code == 200
        assert manager.post(f"{path}/erase-caller").status_code == 409
        assert manager.post("/api/v1/alerts/99/erase-caller").status_code == 404
        assert guard.get(path).json()["caller"] is None
    with house.read() as conn:
        assert conn.execute(select(caller)).all() == []
        lines = conn.execute(select(alert_log.c.fact, alert_log.c.by, alert_log.c.detail)).all()
        assert ("caller_erased", "principal") in [(line.fact, line.by) for line in lines]
        assert "13912345678" not in str(lines)
        assert list(audit.problems(conn)) == []


def test_the_button_is_shown_to_who_may_press_it_and_works(house: FakeHouse) -> None:
    with signed_in(house, "manager") as manager:
        number = (
            manager.post("/api/v1/alerts", data=CALL, headers=PAGE).headers["location"].rpartition("/")[2]
        )
        page = manager.get(f"/alerts/{number}", headers=PAGE).text
        assert f"/api/v1/alerts/{number}/erase-caller" in page
        assert "+8613912345678" in page
        done = manager.post(f"/api/v1/alerts/{number}/erase-caller", data={}, headers=PAGE)
        assert done.status_code == 303
        page = manager.get(f"/alerts/{number}", headers=PAGE).text
        assert "+8613912345678" not in page
        assert "erase-caller" not in page
        assert "来电人信息已删除" in page
