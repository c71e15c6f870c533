"""Touches. This machine: the disk under the data, who may read the secrets, the dashboard's address."""

import os
import socket
import stat
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cryptography import x509

from alerts.delivery import links
from dashboard.settings import DashboardSettings
from tocsin import lastgood
from tocsin.config import Settings
from tocsin.doctor import judge
from tocsin.doctor.finding import Finding, found
from tocsin.doctor.reach import names_in
from tocsin.watch import DISK_RESERVE

SYNCS = 30
PAGE = os.urandom(4096)
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "glusterfs", "ceph")
_MEMORY = ("tmpfs", "ramfs")
ENVIRONMENT = Path("/etc/tocsin/environment")  # of deploy/systemd


def look_at_disk(folder: Path) -> list[Finding]:
    if not folder.is_dir():
        return [found("folder_absent", folder=str(folder))]
    room = os.statvfs(folder)
    size, free = room.f_blocks * room.f_frsize, room.f_bavail * room.f_frsize
    findings = judge.disk(free, size, room.f_favail, room.f_files, DISK_RESERVE)
    kind = _file_system(folder)
    if kind in _NETWORK:
        findings.append(found("disk_network", folder=str(folder), kind=kind))
    if kind in _MEMORY:
        findings.append(found("disk_memory", folder=str(folder), kind=kind))
    return [*findings, _fsync(folder)]


def _file_system(folder: Path) -> str:
    """The kind of file system a folder lies on, as the kernel calls it; "" where it does not say."""
    inside = folder.resolve()
    best, kind = Path("/"), ""
    try:
        lines = Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        _, where, which, *_ = line.split(" ")
        mounted = Path(where.replace("\\040", " "))
        if inside.is_relative_to(mounted) and len(mounted.parts) >= len(best.parts):
            best, kind = mounted, which
    return kind


def _fsync(folder: Path) -> Finding:
    """How long a commit waits for this disk."""
    took = []
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            for _ in range(SYNCS):
                file.write(PAGE)
                file.flush()
                began = time.perf_counter()
                os.fsync(file.fileno())
                took.append((time.perf_counter() - began) * 1000)
    except PermissionError:
        return found("folder_not_mine", folder=str(folder))
    except OSError as error:
        return found("folder_unwritable", folder=str(folder), why=error.strerror or str(error))
    return judge.fsync(took)


def look_at_zone(settings: Settings, now: int) -> list[Finding]:
    """The configuration names a zone that exists; whether its data say anything is seen by using it."""
    here = datetime.fromtimestamp(now / 1000, ZoneInfo(settings.zone))
    return [found("zone_good", zone=settings.zone, time=f"{here:%Y-%m-%d %H:%M %z}")]


def look_at_secrets(settings: Settings) -> list[Finding]:
    """Whether somebody else on this machine may read what must stay secret, or write what we believe."""
    findings, open_to_all = [], []
    for path, secret in _watched(settings):
        try:
            mode = path.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            findings.append(found("secret_unclear", path=str(path), why=error.strerror or str(error)))
            continue
        if secret and mode & stat.S_IROTH and _reachable(path):
            open_to_all.append(str(path))
        elif mode & stat.S_IWOTH and _reachable(path):
            findings.append(found("file_writable", path=str(path)))
    if open_to_all:
        paths, command = ", ".join(open_to_all), " ".join(open_to_all)
        findings.append(found("secret_readable", paths=paths, command=command))
    return findings or [found("secrets_good")]


def _reachable(path: Path) -> bool:
    """Whether others can come as far as this file: a closed folder keeps what lies in it."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def _watched(settings: Settings) -> Iterator[tuple[Path, bool]]:
    """(file, whether it holds secrets)"""
    folder = settings.folder
    if settings.source:
        source = Path(settings.source)
        yield source, _holds_secrets(source)
        yield source.parent / "secrets.yaml", True
    yield folder, False
    for name in (lastgood.NAME, "state.db", "state.db-wal", "control.sock", links.FILE):
        yield folder / name, True
    keys = [settings.dashboard.key, settings.broker.tls.key if settings.broker.tls else None]
    for key in filter(None, keys):
        yield Path(key), True
        yield Path(key).parent / "ca.key", True
    yield ENVIRONMENT, True


def _holds_secrets(source: Path) -> bool:
    """Whether a password stands in the file itself, and not as ${NAME} or !secret."""
    try:
        lines = source.read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    words = ("password", "token", "secret:")
    plain = [line.split("#")[0] for line in lines if any(word in line.lower() for word in words)]
    return any("${" not in line and "!secret" not in line and line.strip() for line in plain)


def look_at_dashboard(settings: Settings, running: bool, now: datetime) -> list[Finding]:
    dashboard = settings.dashboard
    findings = [_address(dashboard.host, dashboard.port, running)]
    if dashboard.cert is not None:
        try:
            read = x509.load_pem_x509_certificate(Path(dashboard.cert).read_bytes())
        except (OSError, ValueError) as error:
            return [*findings, found("dashboard_certificate_unclear", path=dashboard.cert, why=str(error))]
        ends, begins = read.not_valid_after_utc, read.not_valid_before_utc
        findings += _links(dashboard, names_in(read))
        return [*findings, judge.certificate("dashboard", ends, begins, now, names_in(read))]
    findings += _links(dashboard, None)
    if dashboard.host not in ("127.0.0.1", "::1", "localhost"):
        plain = "dashboard_in_the_clear" if dashboard.insecure_http else "dashboard_closed"
        return [*findings, found(plain, listen=dashboard.listen)]
    return [*findings, found("dashboard_here_only", listen=dashboard.listen)]


def _links(dashboard: DashboardSettings, names: Sequence[str] | None) -> list[Finding]:
    """`names` of our own certificate, where there is one. (A proxy before us may have another.)"""
    address, host = dashboard.address, urlsplit(dashboard.address).hostname or ""
    if not address:
        return [found("links_none")]
    if host in ("127.0.0.1", "::1", "localhost"):
        return [found("links_here_only", address=address)]
    if names is not None and not {host, f"*.{host.partition('.')[2]}"} & set(names):
        return [found("links_name_missing", address=address, host=host)]
    return [found("links_good", address=address, hours=f"{dashboard.link_hours:g}")]


def _address(host: str, port: int, running: bool) -> Finding:
    """A running service answers at its address; one that is not running must find it free."""
    here = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        with socket.create_connection((here, port), 3):
            answers = True
    except OSError:
        answers = False
    if running:
        return found("dashboard_answers" if answers else "dashboard_silent", host=host, port=port)
    return found("port_taken" if answers else "port_free", host=host, port=port)
