"""Touches. The web server on a thread of its own, and the bundle of doors the dashboard gets."""

import socket
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
import uvicorn
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from alerts.delivery.channels.channel import CalledBack
from alerts.incidents.photos import Photos
from dashboard import accounts
from dashboard.service import WAIT, Push, RulesInfo, Service
from tocsin import links
from tocsin.campus import reload_people

if TYPE_CHECKING:
    from tocsin.run import Tocsin

T = TypeVar("T")
log = structlog.get_logger("tocsin.web")
VERSION = "0.1.0"
AGAIN = 5.0  # seconds until an address that was refused is asked for again


class Web:
    """Serves the dashboard. A web server that cannot start is reported and stops no alarm."""

    def __init__(self, tocsin: "Tocsin") -> None:
        self._tocsin = tocsin
        self._settings = tocsin.settings.dashboard
        self._server: uvicorn.Server | None = None
        self._stopped = threading.Event()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    @property
    def address(self) -> str:
        scheme = "https" if self._settings.https else "http"
        return f"{scheme}://{self._settings.listen}"

    def start(self) -> None:
        self._listen()
        self._thread.start()

    def _listen(self) -> None:
        """Take the address, or say that it cannot be had."""
        host, port = self._settings.host, self._settings.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family, backlog=1024)
        except OSError as error:
            note = f"{self.address}: {error.strerror or error}"
            log.error("the dashboard cannot be reached", why=note)
            self._tocsin.own.report("dashboard", "fault", note)
        else:
            self._tocsin.own.report("dashboard", "normal")

    def stop(self) -> None:
        self._stopped.set()
        self._tocsin.live.close()
        if self._server is not None:
            self._server.should_exit = True
        self._thread.join(10)

    def _run(self) -> None:
        """Whatever ends the server but `stop` is told, and it is tried again: nobody restarts it at night."""
        while not self._stopped.is_set():
            try:
                self._serve()
            except (Exception, SystemExit) as error:
                if not self._stopped.is_set():
                    log.exception("the dashboard ended", address=self.address)
                    self._tocsin.own.report("dashboard", "fault", f"{self.address}: {error!r}"[:500])
            if self._socket is not None:
                self._socket.close()
                self._socket = None
            self._stopped.wait(AGAIN)

    def _serve(self) -> None:
        from dashboard.app import make_app  # half a second that no alarm should wait for at a start

        settings = self._settings
        config = uvicorn.Config(
            make_app(self.service()),
            host=settings.host,
            port=settings.port,
            ssl_certfile=settings.cert,
            ssl_keyfile=settings.key,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=3,
            limit_concurrency=1000,
        )
        self._server = uvicorn.Server(config)
        while self._socket is None and not self._stopped.is_set():
            self._listen()
            if self._socket is None:
                self._stopped.wait(AGAIN)
        if self._socket is not None and not self._stopped.is_set():
            self._server.run([self._socket])

    def service(self) -> Service:
        t = self._tocsin
        return Service(
            read=t.database.read,
            transact=t.writer.transact,
            apply=t.apply,
            change_people=self._change_people,
            now=t.now,
            registry=lambda: t.house.registry,
            directory=lambda: t.house.directory,
            latest=t.house.latest,
            history=t.history,
            rules=self._rules,
            emergency_open=t.emergency.open,
            live=t.live,
            settings=self._settings,
            status=t.status,
            limits=lambda: t.house.limits,
            zone=t.settings.zone,
            version=VERSION,
            demo=self._play if t.demo.play else None,
            scenarios=t.demo.scenarios,
            backtests=t.backtests,
            promote=t.rulebook.promote,
            photos=Photos(t.settings.folder),
            rung=lambda: t.delivery.gateways.rung,
            push=self._push,
            called_back=self._called_back,
            links=t.links,
            press=lambda link, meant: links.press(t, link, meant),
            send=lambda rows: t.delivery.send(rows),
        )

    def _push(self) -> Push | None:
        found = (
            Push(name, self._tocsin.channels[name].public_key)  # type: ignore[attr-defined]
            for name, one in self._tocsin.settings.channels.items()
            if one.kind == "webpush"
        )
        return next(found, None)

    def _called_back(self, channel: str, form: Mapping[str, str], signature: str) -> bool:
        door = self._tocsin.channels.get(channel)
        return isinstance(door, CalledBack) and door.called_back(form, signature)

    def _change_people(self, act: Callable[[Connection], T], by: str) -> T:
        made = self._tocsin.writer.transact(act).result(WAIT)
        reload_people(self._tocsin, by)
        return made

    def _rules(self) -> RulesInfo:
        book = self._tocsin.rulebook
        rules, refused = book.loaded.rules, "\n".join(book.refused)
        return RulesInfo(rules.version, len(rules.rules), refused, book.loaded)

    def _play(self, name: str) -> None:
        if self._tocsin.demo.play is not None:
            self._tocsin.demo.play(self._tocsin, name)

    def new_token(self) -> str | None:
        """A one-time token for the first administrator; None once there is an account."""

        def make(tx: Connection) -> str | None:
            return accounts.first_token(tx, self._tocsin.now())

        made: Any = self._tocsin.writer.transact(make).result(30)
        return None if made is None else str(made)

    def welcome(self) -> str:
        """What the administrator reads in the terminal when the service is up."""
        lines = [f"Tocsin is running. Dashboard: {self.address}/"]
        if self._socket is None:
            lines = [f"Tocsin is running, but something else has the dashboard's address: {self.address}"]
        try:
            token = self.new_token()
        except (SQLAlchemyError, OSError) as error:
            log.error("nothing can be written", error=str(error))
            return f"{lines[0]}\nNothing can be written now; alarms sound all the same, marked NOT RECORDED."
        if token:
            lines.append(f"Make the first administrator here, once:  {self.address}/setup?token={token}")
        return "\n".join(lines)
