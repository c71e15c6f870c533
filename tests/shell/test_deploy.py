"""Touches. The unit, the image and the compose file that we ship, checked without running them."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.packages import ROOT

DEPLOY = ROOT / "deploy"
SECRET = re.compile(r"(?i)(password|token|secret|key)[\"']?\s*[:=]\s*[\"']?([^\s\"'#]+)")


def _compose() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(DEPLOY / "compose.yaml")
    return loaded


def _instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions: (word, rest), continued lines joined."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def _last_stage() -> list[tuple[str, str]]:
    instructions = _instructions()
    last = max(index for index, (word, _) in enumerate(instructions) if word == "FROM")
    return instructions[last:]


def _unit() -> str:
    return (DEPLOY / "systemd" / "tocsin.service").read_text()


@pytest.fixture
def runnable_unit(tmp_path: Path) -> Path:
    """The unit with a program that this machine has."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here. Run: apt-get install systemd")
    path = tmp_path / "tocsin.service"
    path.write_text(_unit().replace("/opt/tocsin/.venv/bin/tocsin", "/bin/true"))
    return path


@pytest.mark.allowed_skip("systemd")
def test_systemd_finds_nothing_wrong_with_the_unit(runnable_unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(runnable_unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "tocsin" in line]
    assert not ours


@pytest.mark.allowed_skip("systemd")
def test_the_unit_exposes_little_of_the_machine(runnable_unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(runnable_unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-200:]


def test_the_unit_never_gives_up_restarting() -> None:
    assert "\nRestart=always\n" in _unit()
    assert "\nStartLimitIntervalSec=0\n" in _unit()


def test_the_image_has_every_room_and_nothing_that_does_not_exist() -> None:
    sources = {
        source
        for word, rest in _instructions()
        if word == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= sources
    assert all((ROOT / source).exists() for source in sources)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {f"!{source}" for source in sources} <= set(ignored)


def test_the_image_runs_without_root() -> None:
    users = [rest for word, rest in _last_stage() if word == "USER"]
    assert users
    assert all(re.fullmatch(r"[1-9]\d*:[1-9]\d*", user) for user in users)


def test_the_images_health_check_is_a_program_that_compiles() -> None:
    check = next(rest for word, rest in _last_stage() if word == "HEALTHCHECK")
    code = YAML(typ="safe").load(check[check.index("[") :])[2]
    compile(code, "HEALTHCHECK", "exec")


def test_the_image_is_built_from_named_versions_and_packages_only() -> None:
    bases = [rest for word, rest in _instructions() if word == "FROM"]
    assert all(re.match(r"[\w./-]+:\d", base) for base in bases)
    assert not [rest for word, rest in _instructions() if word == "ADD" or "curl " in rest or "wget " in rest]


def test_every_compose_service_comes_back_by_itself_and_has_a_named_version() -> None:
    for name, service in _compose()["services"].items():
        assert service["restart"] == "always", name
        assert re.search(r":(\d|local$)", service["image"]), name
        assert "no-new-privileges:true" in service["security_opt"], name


def test_every_compose_volume_is_declared_and_every_mounted_file_exists() -> None:
    compose = _compose()
    sources = {mount.split(":")[0] for each in compose["services"].values() for mount in each["volumes"]}
    files = {source for source in sources if source.startswith(".")}
    assert sources - files == set(compose["volumes"])
    assert all((DEPLOY / source).exists() for source in files)
    build = compose["services"]["tocsin"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).exists()


def test_the_compose_services_keep_what_must_survive_in_volumes() -> None:
    services = _compose()["services"]
    assert "broker-state:/var/lib/mosquitto" in services["mosquitto"]["volumes"]
    assert "tocsin-data:/var/lib/tocsin" in services["tocsin"]["volumes"]


def test_the_brokers_start_commands_are_a_valid_shell_script() -> None:
    script = _compose()["services"]["mosquitto"]["command"][0].replace("$$", "$")
    subprocess.run(["sh", "-n", "-c", script], check=True)


@pytest.mark.parametrize("script", ["deploy/venv.sh", "deploy/systemd/tocsin", ".ci/run", ".ci/smoke"])
def test_a_shell_script_is_executable_and_parses(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", str(ROOT / script)], check=True)


def test_nothing_that_we_ship_holds_a_secret() -> None:
    found = []
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.suffix != ".md":
            for number, line in enumerate(path.read_text().splitlines(), 1):
                value = SECRET.search(line)
                if value and not re.match(r"[$/{]|\./", value[2]):
                    found.append(f"{path.name}:{number}: {line.strip()}")
    assert not found


def test_the_shipped_settings_are_accepted(tmp_path: Path) -> None:
    from tocsin.config import load

    text = (DEPLOY / "tocsin.yaml").read_text().replace("/var/lib/tocsin", str(tmp_path))
    (tmp_path / "tocsin.yaml").write_text(text)
    (tmp_path / "tls").mkdir()
    for name in ("server.pem", "server.key"):
        (tmp_path / "tls" / name).touch()
    settings = load(tmp_path / "tocsin.yaml", {"TOCSIN_MQTT_PASSWORD": "a", "TOCSIN_MQTT_HOST": "mosquitto"})
    assert (settings.broker.host, settings.broker.password) == ("mosquitto", "a")
    assert settings.folder == tmp_path


def test_the_python_of_the_image_is_one_that_the_project_supports() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lowest = tuple(int(part) for part in project["project"]["requires-python"].removeprefix(">=").split("."))
    for word, rest in _instructions():
        if word == "FROM":
            image = re.search(r"python:(\d+)\.(\d+)", rest)
            assert image is not None
            assert (int(image[1]), int(image[2])) >= lowest
    assert sys.version_info >= lowest
