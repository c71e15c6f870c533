"""Touches. One-tap links of this installation: the key they are signed with, and what a press of one does."""

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection

from alerts.delivery import linked
from alerts.delivery.answers import Meant
from alerts.delivery.linked import Pressed
from alerts.delivery.links import FILE, KEY, Flaw, Link, Links
from alerts.desk import Outcome
from dashboard.service import WAIT
from tocsin import answers
from tocsin.config import Settings

if TYPE_CHECKING:
    from tocsin.run import Tocsin

log = structlog.get_logger("tocsin.links")


def links(settings: Settings) -> Links:
    dashboard = settings.dashboard
    key = kept_key(settings.folder) if dashboard.address else secrets.token_bytes(KEY)
    return Links(key, dashboard.address, int(dashboard.link_hours * 3_600_000))


def kept_key(folder: Path) -> bytes:
    """The key of this data folder, made where there is none. Without a disk to keep it on, links last until
    the next start."""
    try:
        known = (folder / FILE).read_bytes()
    except OSError:
        known = b""
    if len(known) == KEY:
        return known
    made = secrets.token_bytes(KEY)
    try:
        _write(folder / FILE, made)
    except OSError as error:
        log.error("the key of one-tap links is not kept: they last until the next start", why=str(error))
    return made


def _write(path: Path, key: bytes) -> None:
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def press(running: "Tocsin", link: Link, meant: Meant) -> Pressed | Flaw:
    """In one transaction, as any other answer; delivery and the screens hear of it after the commit."""
    heard: list[Pressed | Flaw] = []
    ear = answers.ear(running)

    def act(tx: Connection) -> Outcome:
        outcome, said = linked.press(ear, tx, link, meant, running.now())
        heard.append(said)
        return outcome

    running.writer.act(act).result(WAIT)
    return heard[-1]
