"""Touches. Fetches the calendars of posts from their addresses. The last good one stays in force.

What an address answers is a stranger's text: it is read to a limit, in a limited time, from outside of our
network only, and refused whole when it is more than a roster needs (icalbounds.py).
"""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import msgspec
import urllib3
from sqlalchemy import Connection

from alerts import outside
from alerts.clean import clean
from alerts.duty import icalfile, postcalendars
from alerts.duty.fetched import Fetched
from alerts.duty.people import Directory

TIMEOUT, CONNECT = 20.0, 5.0  # seconds
MOST = 2_000_000  # bytes


class Hands(NamedTuple):
    """What it is handed: `keep(fn)` runs `fn` in a transaction and waits; `changed()` hears that rosters are
    others now; `report(post, word, note)` of what is wrong."""

    read: Callable[[], AbstractContextManager[Connection]]
    keep: Callable[[Callable[[Connection], None]], None]
    directory: Callable[[], Directory]
    changed: Callable[[], None]
    report: Callable[[str, str, str], None]
    now: Callable[[], int]


class Calendars:
    """`inside`: whether addresses in our own network may be asked."""

    def __init__(self, hands: Hands, inside: bool, ca: str | None = None) -> None:
        self._hands = hands
        timeout = urllib3.Timeout(total=TIMEOUT, connect=CONNECT)
        self._http = outside.manager(inside, num_pools=4, timeout=timeout, retries=False, ca_certs=ca)
        self._told: set[str] = set()

    def look(self) -> None:
        """Fetch what is due. Called on one thread only; each address may take its time."""
        wanted = {post.id: post.calendar for post in self._hands.directory().posts.values() if post.calendar}
        if not wanted and not self._told:
            return
        with self._hands.read() as conn:
            known = postcalendars.load(conn)
        for post in self._told - wanted.keys():
            self._say(post, "")
        for post, address in wanted.items():
            before = known.get(post)
            if before is None or before.address != address:
                before = Fetched(address)
            if before.due(self._hands.now()):
                self._fetch(post, before, wanted)
            elif before.problem:
                self._say(post, before.problem)

    def _fetch(self, post: str, before: Fetched, wanted: Mapping[str, str]) -> None:
        now = self._hands.now()
        try:
            text = icalfile.cleaned(self._text(before.address))
            wrong = icalfile.problems(text, self._hands.directory().called)
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            text, wrong = "", [clean(_said(error), 200)]
        if wrong:
            problem = "; ".join(wrong[:3])
            after = msgspec.structs.replace(before, tried_at=now, problem=problem)
        else:
            after = Fetched(before.address, text, good_at=now, tried_at=now)

        def keep(tx: Connection) -> None:
            postcalendars.keep(tx, post, after)
            postcalendars.forget_others(tx, wanted.keys())

        self._hands.keep(keep)
        if after.ics != before.ics:
            self._hands.changed()
        self._say(post, after.problem)

    def _say(self, post: str, problem: str) -> None:
        if problem:
            self._told.add(post)
            note = f"post {post}: its calendar cannot be taken, the last good one counts: {problem}"
            self._hands.report(post, "fault", note[:400])
        elif post in self._told:
            self._told.discard(post)
            self._hands.report(post, "normal", "")

    def _text(self, address: str) -> str:
        """Raises HTTPError or ValueError."""
        until = time.monotonic() + TIMEOUT
        headers = {"User-Agent": "tocsin", "Accept": "text/calendar"}
        response = self._http.request(
            "GET", address, headers=headers, redirect=False, preload_content=False
        )  # fmt: skip
        try:
            if response.status != 200:
                raise ValueError(f"the address answered {response.status}{_hint(response.status)}")
            return _body(response, until).decode("utf-8")
        finally:
            response.close()


def _body(response: Any, until: float) -> bytes:
    found = b""
    while piece := response.read1(65_536, decode_content=True):
        found += piece
        if len(found) > MOST:
            raise ValueError(f"the address answered more than {MOST} bytes")
        if time.monotonic() > until:
            raise ValueError(f"the address did not finish its answer in {TIMEOUT:.0f} s")
    return found


def _hint(status: int) -> str:
    return ", a redirect, which is not followed: write the final address" if 300 <= status < 400 else ""


def _said(error: Exception) -> str:
    """Without the repr of the connection that urllib3 puts before."""
    return str(error).rsplit("object at 0x", 1)[-1].partition(">: ")[2] or str(error)
