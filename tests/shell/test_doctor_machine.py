"""Touches. `tocsin doctor` on this machine: configuration, database, people, secrets, disk, the service."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import subscribe
from sqlalchemy import text

from tests.servers import free_port
from tests.shell.test_deployed_broker import Shipped
from tests.shell.test_deployed_broker import shipped as shipped  # a fixture
from tocsin import cert, clock
from tocsin.cli import main
from tocsin.control import Control
from tocsin.database import Database
from tocsin.doctor import machine
from tocsin.doctor.finding import Finding, found

Output = pytest.CaptureFixture[str]
CAMPUS = """
places: [{id: campus, zh: 校, en: C}]
devices:
  - {id: d, kind: smoke_detector, place: campus, owner: li}
  - {id: orphan, kind: door, place: campus}
  - {id: forlorn, kind: door, place: campus, owner: wu}
persons:
  - {id: li, zh: 李, en: Li, contacts: [{channel: phone, address: "1"}]}
  - {id: wu, zh: 吴, en: Wu}
posts: [{id: duty, zh: 值班, en: Duty, order: [li]}]
"""


class Site:
    """An installation in a folder of its own, whose broker is not there."""

    def __init__(self, folder: Path, capsys: Output) -> None:
        self.folder = folder
        self.capsys = capsys
        self.lines = ["channels: {phone: {kind: 'null'}, idle: {kind: 'null'}}"]
        self.listen = free_port()
        self.write()

    def write(self, *lines: str) -> None:
        path = self.folder / "tocsin.yaml"
        own = [f"broker: {{port: {free_port()}}}", f"dashboard: {{listen: '127.0.0.1:{self.listen}'}}"]
        path.write_text("\n".join([*(lines or own), *self.lines]))
        path.chmod(0o600)

    def apply(self, campus: str = CAMPUS) -> None:
        (self.folder / "campus.yaml").write_text(campus)
        assert main(["apply", "campus.yaml", "--yes"]) == 0
        os.chmod(self.folder / "data", 0o700)

    def examine(self) -> dict[str, dict[str, Any]]:
        self.capsys.readouterr()
        self.code = main(["doctor", "--json"])
        said = json.loads(self.capsys.readouterr().out)
        assert said["exit"] == self.code
        return {one["name"]: one for one in said["findings"]}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> Site:
    monkeypatch.chdir(tmp_path)
    return Site(tmp_path, capsys)


def test_a_configuration_with_mistakes_is_told_and_the_last_good_one_is_examined(site: Site) -> None:
    from tocsin import lastgood
    from tocsin.config import load

    lastgood.keep(load(site.folder / "tocsin.yaml", {}))
    site.write("brokr: {}")
    findings = site.examine()
    assert "brokr" in findings["configuration_mistake"]["values"]["where"]
    assert {"last_good_used", "broker_closed"} <= set(findings)
    assert site.code == 2
    (site.folder / "data" / lastgood.NAME).unlink()
    assert set(site.examine()) == {"configuration_mistake"}


def test_a_missing_configuration_is_one_finding(site: Site) -> None:
    (site.folder / "tocsin.yaml").unlink()
    assert set(site.examine()) == {"configuration_mistake"}


def test_rules_with_a_mistake_are_told(site: Site) -> None:
    site.lines.append("rules: [mine.yaml]")
    (site.folder / "mine.yaml").write_text("rules: [{id: x, knid: door}]\n")
    site.write()
    assert "mine.yaml:1:" in site.examine()["rule_mistake"]["values"]["where"]


def test_a_site_that_never_started_has_no_database_and_none_is_made(site: Site) -> None:
    findings = site.examine()
    assert {"database_absent", "folder_absent", "service_absent", "port_free"} <= set(findings)
    assert not (site.folder / "data").exists()


def test_who_cannot_be_told_and_what_nobody_owns_is_found(site: Site) -> None:
    site.apply()
    findings = site.examine()
    assert findings["owner_absent"]["values"]["names"] == "orphan"
    assert findings["owner_unreachable"]["values"]["names"] == "forlorn"
    assert findings["channel_idle"]["values"]["names"] == "idle"
    assert "wu" in findings["routing_gap"]["values"]["why"]


def test_a_team_with_somebody_in_it_can_own_a_device(site: Site) -> None:
    site.lines = ["channels: {phone: {kind: 'null'}}"]
    site.write()
    site.apply(
        CAMPUS.split("  - {id: orphan")[0].replace("owner: li", "owner: duty")
        + CAMPUS[CAMPUS.index("persons") :].replace("  - {id: wu, zh: 吴, en: Wu}\n", "")
    )
    findings = site.examine()
    assert {"devices_good", "people_good", "database_good"} <= set(findings)


def test_a_database_of_another_version_is_told_and_left_alone(site: Site) -> None:
    site.apply()
    database = Database.open(f"sqlite:///{site.folder / 'data' / 'state.db'}")
    for version, name in (("9999", "database_newer"), ("0001", "database_older")):
        with database.transaction() as tx:
            tx.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
        assert name in site.examine()
    database.close()


def test_a_database_that_is_broken_or_out_of_reach_is_told(site: Site) -> None:
    site.apply()
    (site.folder / "data" / "state.db-wal").unlink(missing_ok=True)
    (site.folder / "data" / "state.db").write_bytes(b"no database at all" * 1000)
    (site.folder / "data" / "state.db.corrupt.1").touch()
    findings = site.examine()
    assert {"database_unreachable", "moved_aside", "people_unknown"} <= set(findings)
    site.lines.append("database: postgresql://nobody@127.0.0.1:9/x")
    site.write()
    assert "database_unreachable" in site.examine()


def test_secrets_that_others_may_read_are_named_and_closed_folders_are_believed(site: Site) -> None:
    site.apply()
    path = site.folder / "tocsin.yaml"
    (site.folder / "secrets.yaml").write_text("mqtt: x")
    for folder in list(site.folder.parents)[:3]:
        if folder.stat().st_uid == os.getuid():
            folder.chmod(0o755 if folder != Path("/tmp") else 0o1777)
    site.folder.chmod(0o755)
    findings = site.examine()
    assert "secrets.yaml" in findings["secret_readable"]["values"]["paths"]
    assert "state.db" not in findings["secret_readable"]["values"]["paths"]
    path.chmod(0o602)
    assert "file_writable" in site.examine()
    site.folder.chmod(0o700)
    assert "secrets_good" in site.examine()


def test_a_port_that_another_program_has_is_told(site: Site) -> None:
    with socket.create_server(("127.0.0.1", site.listen)):
        assert "port_taken" in site.examine()


def test_the_dashboards_certificate_is_read(site: Site) -> None:
    ended = cert.make(site.folder / "tls", ["a"], clock.now() - 100 * 86_400_000, 90)
    pair = f"cert: '{ended.cert}', key: '{ended.key}'"
    site.write(f"dashboard: {{listen: '127.0.0.1:{site.listen}', {pair}}}")
    assert "dashboard_certificate_expired" in site.examine()
    site.write("dashboard: {listen: '0.0.0.0:8470'}")
    assert "dashboard_closed" in site.examine()


def test_links_that_no_telephone_can_open_are_told(site: Site) -> None:
    made = cert.make(site.folder / "tls", ["tocsin.example.edu"], clock.now(), 90)
    pair = f"cert: '{made.cert}', key: '{made.key}'"
    for address, finding in (
        ("", "links_none"),
        ("https://127.0.0.1:8470", "links_here_only"),
        ("https://other.example.edu", "links_name_missing"),
        ("https://tocsin.example.edu:8470/", "links_good"),
    ):
        site.write(f"dashboard: {{listen: '127.0.0.1:{site.listen}', {pair}, address: '{address}'}}")
        assert finding in site.examine()


class Running:
    """Answers at the control socket as a service does."""

    def __init__(self, folder: Path, status: Any) -> None:
        (folder / "data").mkdir(exist_ok=True)
        self.control = Control(folder / "data" / "control.sock", {"status": status})

    def __enter__(self) -> None:
        self.control.start()

    def __exit__(self, *_: object) -> None:
        self.control.stop()


def test_what_a_running_service_says_of_itself_is_told(site: Site) -> None:
    good = {"faults": {}, "failing": "", "devices": 3, "messages": 9, "broker": {"life": {"granted": True}}}
    with Running(site.folder, lambda _: good):
        findings = site.examine()
        assert {"service_good", "dashboard_silent"} <= set(findings)
        assert "service_settings_older" not in findings
    with Running(site.folder, lambda _: good | {"settings": "0badcafe"}):
        assert "service_settings_older" in site.examine()
    bad = good | {"faults": {"disk": "fault"}, "failing": "disk I/O error", "broker": {"life": {}}}
    with Running(site.folder, lambda _: bad):
        assert {"service_fault", "service_not_recording", "service_session"} <= set(site.examine())


def test_a_service_that_hangs_is_a_finding(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.doctor.visit.LOCAL", 5.0)  # the other checks need a second each
    over = threading.Event()
    with Running(site.folder, lambda _: over.wait(30)):
        findings = site.examine()
        over.set()
    assert findings["check_hung"]["values"]["check"] == "service"
    assert "rules_good" in findings


def test_a_check_that_fails_by_itself_stops_no_other(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[Finding]:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(machine, "look_at_secrets", broken)
    findings = site.examine()
    assert {"check_failed", "zone_good", "broker_closed"} <= set(findings)


def test_a_disk_in_memory_is_no_place_for_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for kind, name in (("tmpfs", "disk_memory"), ("nfs4", "disk_network")):
        monkeypatch.setattr(machine, "_file_system", lambda _, kind=kind: kind)
        assert name in {one.name for one in machine.look_at_disk(tmp_path)}


def test_a_disk_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(machine.tempfile, "TemporaryFile", full)
    assert found("folder_unwritable", folder=str(tmp_path), why="No space left on device") in (
        machine.look_at_disk(tmp_path)
    )


# ---- the command ------------------------------------------------------------------------------------


def test_a_person_is_answered_in_lines_and_in_the_language_asked_for(site: Site, capsys: Output) -> None:
    assert main(["doctor", "--language", "zh"]) == 2
    said = capsys.readouterr().out
    assert "问题 " in said.splitlines()[-1]
    assert "没有程序在监听" in said.replace("\n" + " " * 11, "")
    assert main(["doctor", "--language", "en"]) == 2
    said = capsys.readouterr().out
    assert "PROBLEM  Nothing listens at" in said
    assert all(len(line) <= 110 for line in said.splitlines() if str(site.folder) not in line)


def test_arguments_that_cannot_be_are_told(site: Site, capsys: Output) -> None:
    assert main(["doctor", "--queue", "0"]) == 2
    assert "--queue 0" in capsys.readouterr().err
    assert main(["doctor", "--as-device", "d"]) == 2
    assert "TOCSIN_DOCTOR_PASSWORD" in capsys.readouterr().err


def listening() -> None:
    """A shell starts what is in its background deaf to Ctrl-C, and so would be all that the tests start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_command_is_broken_off_with_its_probes_removed(site: Site, shipped: Shipped, how: int) -> None:
    site.write(f"broker: {{port: {shipped.port}, username: tocsin, password: tocsin}}")
    doctor = subprocess.Popen(
        [sys.executable, "-m", "tocsin", "doctor", "--queue", "200000", "--language", "en"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        preexec_fn=listening,
    )
    assert doctor.stdout is not None
    assert any("takes over" in line for line in doctor.stdout), "the last check before the queue is filled"
    own = {"username": "tocsin", "password": "tocsin"}
    subscribe.simple("#", msg_count=20, hostname="127.0.0.1", port=shipped.port, auth=own)
    doctor.send_signal(how)
    _, said = doctor.communicate(timeout=30)
    assert doctor.returncode == 130
    assert "Interrupted; the probes were removed." in said
    assert "Traceback" not in said
