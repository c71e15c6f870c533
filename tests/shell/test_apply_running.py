"""Touches. `tocsin apply` on a service that runs: it takes over what is written, and says who is missing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from paho.mqtt import publish

from tests.bench.service import Service, campus
from tests.fakes.webhook import WebhookSink
from tests.servers import Mosquitto, wait_for

STANDING = "SELECT * FROM alert WHERE rule LIKE '%own-registry' AND activity = 'active'"


@pytest.fixture
def service(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Service]:
    """`tocsin run` on a campus of ten devices, all of which li-wei answers for."""
    with WebhookSink() as sink:
        made = Service(tmp_path, mosquitto, sink.url)
        made.apply(campus(10))
        made.start()
        yield made
        made.stop()


def test_a_workbook_changes_a_running_service_and_devices_without_an_owner_are_its_fault(
    service: Service, tmp_path: Path
) -> None:
    path, config = tmp_path / "campus.xlsx", ("-c", str(service.config))
    assert "registry" not in service.status()["faults"]
    service.tocsin("export", str(path), *config)
    assert service.tocsin("apply", str(path), *config) == "nothing to change\n"

    book = load_workbook(path)
    sheet = book["devices"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    assert sheet.cell(2, columns["id"]).value == "d0"
    sheet.cell(2, columns["owner"]).value = "li-wie"
    sheet.append(["new", "door", "b1"])
    book.save(path)
    told = service.tocsin("apply", str(path), "--yes", *config)
    assert "~ devices d0  owner: 'li-wei' → 'li-wie'" in told
    assert "devices: 1 added, 1 changed, 0 of 10 removed" in told
    assert service.status()["devices"] == 12  # with the service itself
    assert service.status()["faults"]["registry"] == "fault"
    wait_for("it is raised", lambda: service.rows(STANDING))
    (alert,) = service.rows(STANDING)
    reason = "2: device 'd0': owner 'li-wie' is neither a person nor a team; device 'new': has no owner"
    assert reason in alert["evidence"]

    sheet.cell(2, columns["owner"]).value = "li-wei"
    sheet.delete_rows(12)
    book.save(path)
    with pytest.raises(RuntimeError, match="add --remove to remove 1"):
        service.tocsin("apply", str(path), "--yes", *config)
    assert service.status()["devices"] == 12
    service.tocsin("apply", str(path), "--yes", "--remove", *config)
    assert service.status()["devices"] == 11
    assert "registry" not in service.status()["faults"]
    wait_for("it is over", lambda: not service.rows(STANDING))


DOOR = """\
rules:
  - id: exam-door
    title: {zh: 考试期间开门, en: Opened while exams run}
    for: {kind: door}
    when: {metric: contact, is: [open]}
    during: {period: exam}
    class: trouble
  - id: shut-door
    title: {zh: 应常闭的门, en: To be kept shut}
    for: {kind: door, label: {shut: always}}
    when: {metric: contact, is: [open]}
    class: trouble
"""
STORE = {"id": "store", "kind": "door", "place": "b1", "owner": "li-wei"}


def test_an_exam_in_the_calendar_and_a_rule_that_comes_to_a_device_raise_at_once_what_holds_already(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    (tmp_path / "mine.yaml").write_text(DOOR, encoding="utf-8")
    with WebhookSink() as sink:
        made = Service(tmp_path, mosquitto, sink.url, {"rules": [str(tmp_path / "mine.yaml")]})
        made.apply({**campus(1), "devices": [STORE]})
        made.start()
        try:
            _in_an_exam(made, mosquitto, tmp_path)
            _under_another_rule(made, tmp_path)
        finally:
            made.stop()


def _in_an_exam(service: Service, mosquitto: Mosquitto, folder: Path) -> None:
    standing, config = "SELECT * FROM alert WHERE rule = 'exam-door'", ("-c", str(service.config))
    said = "SELECT * FROM rule_memory WHERE rule = 'exam-door' AND withheld = 'yes'"
    values = '{"values": {"contact": "open"}}'
    publish.single("campus/store/reading", values, 1, hostname=mosquitto.host, port=mosquitto.port)
    wait_for("it is withheld", lambda: service.rows(said))
    assert not service.rows(standing)
    assert "not raised: outside its schedule" in service.tocsin("why", "store", *config)
    path = folder / "exam.yaml"
    path.write_text("calendar: [{id: finals, what: exam, first: 2020-01-01, last: 2099-12-31}]", "utf-8")
    assert "+ calendar finals" in service.tocsin("apply", str(path), "--yes", *config)
    wait_for("it is raised", lambda: service.rows(f"{standing} AND activity = 'active'"))
    path.write_text("calendar: []", "utf-8")
    service.tocsin("apply", str(path), "--yes", *config)
    wait_for("it is over", lambda: service.rows(f"{standing} AND activity = 'normal'"))


def _under_another_rule(service: Service, folder: Path) -> None:
    standing, path = "SELECT * FROM alert WHERE rule = 'shut-door'", folder / "store.yaml"
    assert not service.rows(standing)
    path.write_text(json.dumps({"devices": [{**STORE, "labels": {"shut": "always"}}]}), "utf-8")
    assert "labels" in service.tocsin("apply", str(path), "--yes", "-c", str(service.config))
    wait_for("it is raised", lambda: service.rows(f"{standing} AND activity = 'active'"))
