"""Touches. Mosquitto's own configuration, where it lies on this machine: what no probe sees from outside."""

from pathlib import Path

from tocsin.doctor.finding import Finding, found

USUAL = Path("/etc/mosquitto/mosquitto.conf")
OFTEN = 60  # seconds between two saves
_DEPTH = 3


def look_at_file(path: Path) -> list[Finding]:
    """Whether sessions, queues and retained states outlive the broker."""
    try:
        said = _settings(path, _DEPTH)
    except (OSError, UnicodeDecodeError) as error:
        return [found("restart_unknown", path=str(path), why=str(error))]
    if said.get("persistence", "false").lower() != "true":
        return [found("persistence_off", path=str(path))]
    seconds = said.get("autosave_interval", "1800")
    if not seconds.isdigit() or not 0 < int(seconds) <= OFTEN or said.get("autosave_on_changes") == "true":
        return [found("saved_seldom", path=str(path), seconds=seconds)]
    return [found("persistence_on", path=str(path), seconds=seconds)]


def _settings(path: Path, depth: int) -> dict[str, str]:
    said: dict[str, str] = {}
    for line in path.read_text("utf-8").splitlines():
        name, _, value = line.strip().partition(" ")
        if name == "include_dir" and depth:
            for file in sorted(Path(value.strip()).glob("*.conf")):
                said |= _settings(file, depth - 1)
        elif name and not name.startswith("#"):
            said[name] = value.strip()
    return said
