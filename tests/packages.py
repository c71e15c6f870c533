"""Touches. Finds a server's program on this machine, or unpacks it from its Debian package into a cache.

Nothing is installed: `apt-get download` and `dpkg -x` into `.cache/servers`, with the shared libraries the
machine lacks. Only Chromium must be installed (`install_chromium`), and only by root.
"""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOBODY = 65534
CHROMIUM_PACKAGES = ("chromium", "fonts-noto-cjk")


class Missing(Exception):
    """A program is neither here nor to be had: says what is missing and the one line that mends it."""


@dataclass(frozen=True)
class Program:
    """A program that can be run: the path of it, and the environment its own libraries need."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)


def am_root() -> bool:
    return os.geteuid() == 0


def mosquitto() -> Program:
    """The Mosquitto broker, installed or unpacked."""
    return _installed("mosquitto") or _unpacked("mosquitto", "usr/sbin/mosquitto")


def mosquitto_passwd() -> Program:
    """The tool that writes Mosquitto's password files; it comes in the same package."""
    return _installed("mosquitto_passwd") or _unpacked("mosquitto", "usr/bin/mosquitto_passwd")


def victoria_metrics() -> Program:
    """VictoriaMetrics in one process, installed or unpacked."""
    return _installed("victoria-metrics") or _unpacked("victoria-metrics", "usr/bin/victoria-metrics")


def gammu_smsd() -> Program:
    """The daemon between a GSM modem and its folders; it brings a modem that only pretends."""
    return _installed("gammu-smsd") or _unpacked("gammu-smsd", "usr/bin/gammu-smsd")


def postgres() -> Program:
    """The `postgres` program, version 15 or newer; `initdb` lies beside it."""
    if not _unpacking_wanted():
        for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True):
            if _version(folder) >= 15 and (folder / "initdb").exists():
                return Program(folder / "postgres")
    package = _postgres_package()
    return _unpacked(package, f"usr/lib/postgresql/{package.rpartition('-')[2]}/bin/postgres")


def chromium() -> Path:
    """An installed Chromium or Chrome. Raises Missing."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        found = shutil.which(name)
        if found:
            return Path(found)
    line = f"sudo apt-get install {' '.join(CHROMIUM_PACKAGES)} (Ubuntu: snap install chromium)"
    raise Missing(f"Chromium is not installed. Run: {line}")


def install_chromium() -> Path:
    """Chromium with fonts that can show Chinese; installed when this is root and it lacks. Raises Missing."""
    have_font = any(Path("/usr/share/fonts").glob("**/NotoSansCJK*"))
    if am_root() and shutil.which("apt-get") and not (have_font and _has(chromium)):
        wanted = ["install", "-y", "--no-install-recommends", *CHROMIUM_PACKAGES]
        said = _apt(*wanted, where=ROOT)
        if said and not _has(chromium):
            raise Missing(f"Chromium could not be installed: {said}")
    return chromium()


def reachable(path: Path) -> bool:
    """Whether an unprivileged user could come to `path`: a checkout under /root cannot be entered."""
    folders = [path, *path.parents]
    return all(folder.stat().st_mode & 0o001 for folder in folders if folder.exists())


def cache() -> Path:
    """Where the unpacked servers lie: in the checkout, unless the user who runs them could not enter it."""
    inside = ROOT / ".cache" / "servers"
    return inside if not am_root() or reachable(inside) else Path("/var/tmp/tocsin-servers")


def _installed(name: str) -> Program | None:
    if _unpacking_wanted():
        return None
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/usr/bin")
    return Program(Path(found)) if found and (not am_root() or reachable(Path(found))) else None


def _unpacking_wanted() -> bool:
    return os.environ.get("TOCSIN_TEST_SERVERS") == "unpacked"


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _has(find: Callable[[], Path]) -> bool:
    try:
        find()
    except Missing:
        return False
    return True


def _postgres_package() -> str:
    """`postgresql-15` on Debian 12, `postgresql-16` on Ubuntu 24.04, and so on."""
    unpacked = [tree.name for tree in _trees().glob("postgresql-*") if (tree / ".complete").exists()]
    if unpacked:
        return max(unpacked)
    listing = _output("apt-cache", "depends", "postgresql")
    if am_root() and not listing:
        _apt("update", where=ROOT)
        listing = _output("apt-cache", "depends", "postgresql")
    found = re.search(r"Depends: (postgresql-(\d+))", listing)
    if not found or int(found[2]) < 15:
        raise Missing("PostgreSQL 15 or newer cannot be fetched. Run: sudo apt-get update")
    return found[1]


def _trees() -> Path:
    """One folder a distribution, so that a cache moved to another one is not used there."""
    lines = Path("/etc/os-release").read_text().splitlines() if Path("/etc/os-release").exists() else []
    release = dict(line.split("=", 1) for line in lines if "=" in line)
    name = release.get("ID", "linux") + release.get("VERSION_ID", "") + "-" + os.uname().machine
    return cache() / name.replace('"', "")


def _unpacked(package: str, program: str) -> Program:
    tree = _trees() / package
    with _only_one(tree):
        if not (tree / ".complete").exists():
            shutil.rmtree(tree, ignore_errors=True)
            _unpack(package, tree)
            _fetch_libraries(package, tree, tree / program)
            shutil.rmtree(tree / ".packages")
            (tree / ".complete").touch()
    return Program(tree / program, {"LD_LIBRARY_PATH": _library_path(tree)})


@contextmanager
def _only_one(tree: Path) -> Iterator[None]:
    """Two test runs in one checkout must not unpack into one another."""
    tree.parent.mkdir(parents=True, exist_ok=True)
    with (tree.parent / f".{tree.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _unpack(package: str, tree: Path) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise Missing(f"{package} is not installed, and this is no Debian or Ubuntu. Install {package}.")
    downloads = tree / ".packages"
    downloads.mkdir(parents=True, exist_ok=True)
    said = _apt("download", package, where=downloads)
    for archive in downloads.glob(f"{package}_*.deb"):
        subprocess.run(["dpkg", "-x", str(archive), str(tree)], check=True, stdin=subprocess.DEVNULL)
        return
    raise Missing(f"{package} cannot be fetched ({said}). Run: sudo apt-get update")


def _fetch_libraries(package: str, tree: Path, program: Path) -> None:
    """Unpacks what the program links to and the machine lacks, one level of dependencies at a time."""
    seen = {package}
    level = [package]
    while _lacking(program, tree):
        level = [name for parent in level for name in _libraries(tree, parent) if name not in seen]
        if not level:
            raise Missing(
                f"{program.name} lacks {_lacking(program, tree)}. Run: sudo apt-get install {package}"
            )
        for name in dict.fromkeys(level):
            _unpack(name, tree)
        seen.update(level)


def _lacking(program: Path, tree: Path) -> str:
    programs = [program, *program.parent.glob("initdb")]
    said = "".join(_output("ldd", str(each), LD_LIBRARY_PATH=_library_path(tree)) for each in programs)
    return " ".join(sorted({line.split()[0] for line in said.splitlines() if "not found" in line}))


def _libraries(tree: Path, package: str) -> list[str]:
    """The libraries a downloaded package depends on that are not installed."""
    archive = next((tree / ".packages").glob(f"{package}_*.deb"))
    depends = _output("dpkg-deb", "-f", str(archive), "Depends")
    names = [re.split(r"[\s:(|]", part.strip())[0] for part in depends.split(",")]
    return [name for name in names if name.startswith("lib") and not _is_installed(name)]


def _is_installed(package: str) -> bool:
    return "install ok installed" in _output("dpkg-query", "-W", "-f", "${Status}", package)


def _library_path(tree: Path) -> str:
    """Most packages keep their libraries in a folder of the architecture, gammu's straight in usr/lib."""
    tops = (tree / "usr/lib", tree / "lib")
    return ":".join(str(folder) for top in tops for folder in (*top.glob("*-linux-gnu*"), top))


def _apt(*arguments: str, where: Path) -> str:
    """Runs apt-get; when root and it fails, refreshes the lists and tries once more. Returns what it said."""
    said = _apt_once(arguments, where)
    if said and am_root() and arguments != ("update",):
        _apt_once(("update",), where)
        said = _apt_once(arguments, where)
    return said


def _apt_once(arguments: tuple[str, ...], where: Path) -> str:
    done = subprocess.run(
        ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", *arguments],
        cwd=where,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"},
        check=False,
    )
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["apt-get failed."])[-1]


def _output(*command: str, **environment: str) -> str:
    if not shutil.which(command[0]):
        return ""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=os.environ | {"LC_ALL": "C.UTF-8"} | environment,
        check=False,
    )
    return done.stdout
