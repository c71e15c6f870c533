"""Touches. What a command does to an installation, running or at rest."""

from typing import Any

import msgspec
from sqlalchemy import Connection

from alerts.duty import roster
from dashboard import accounts
from ingest import pending
from ingest.campus import store
from ingest.history.recorded import export
from ingest.history.today import open_today
from ingest.latest import Latest
from rules.record import kept_files, promoted
from tocsin import apply as applying
from tocsin import clock, schema, tokencli
from tocsin.apply import Difference
from tocsin.backtest import Source, source, sourced
from tocsin.campusfile import Parts
from tocsin.config import Settings
from tocsin.control import NotRunning, ask
from tocsin.database import Database
from tocsin.duty import on_duty
from tocsin.lock import FolderLock, Taken
from tocsin.mistake import Mistakes
from tocsin.rulebook import Rulebook
from tocsin.trial import attempt, channels_at_rest
from tocsin.why import Known, answer


class Office:
    """The same acts whether the service runs or not: only one process ever writes its database."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def apply(
        self, parts: Parts, dry: bool, agreed: list[str] | None = None, add: bool = False
    ) -> Difference:
        """The difference; written unless `dry`, and only if it is the one `agreed` to. `add`: what the parts
        leave out stays. Raises Mistakes."""
        names, broker = self._settings.kinds, self._settings.broker

        def at_rest(tx: Connection) -> Any:
            where, limits = self._settings.where, self._settings.alerts.limits()
            before = roster.load(tx, names, where[0], store.load(tx, *where).calendar)
            made = applying.apply(tx, parts, not dry, names, agreed, add, broker)
            applying.befall(tx, before, names, where, limits, clock.now())
            return msgspec.to_builtins(made)

        made = self._do(
            at_rest,
            do="apply",
            parts=applying.encode(parts),
            dry=dry,
            agreed=agreed,
            add=add,
        )
        return msgspec.convert(made, Difference)

    def export(self) -> Any:
        return self._do(applying.export, do="export")

    def pending(self, forget: str = "") -> list[dict[str, Any]]:
        """The devices that nobody registered; one of them forgotten first."""

        def at_rest(tx: Connection) -> Any:
            tray = pending.load(tx)
            tray.forget(forget)
            pending.save(tx, tray)
            return pending.rows(tx)

        found: list[dict[str, Any]] = self._do(at_rest, do="pending", forget=forget)
        return found

    def token(self) -> Any:
        return self._do(lambda tx: accounts.first_token(tx, clock.now()), do="token")

    def api_token(self, wanted: dict[str, Any]) -> str:
        """A token for a machine. Raises ValueError at rest, and RuntimeError where a service answers."""
        made: str = self._do(lambda tx: tokencli.make(tx, wanted, clock.now()), do="api-token", wanted=wanted)
        return made

    def send_test(self, target: str) -> Any:
        """(worked, sentence) for each try. Raises ValueError for a name nobody has."""

        def at_rest(tx: Connection) -> Any:
            known, directory = channels_at_rest(self._settings), roster.load(tx)
            return [[tested.ok, tested.said] for tested in attempt(target, known, directory)]

        return self._do(at_rest, do="send-test", target=target)

    def status(self) -> Any:
        return self._ask(do="status")

    def duty(self) -> list[str]:
        """A line for each post, and what is amiss with people and policies."""

        def at_rest(tx: Connection) -> list[str]:
            settings = self._settings
            registry = store.load(tx, *settings.where)
            directory = roster.load(tx, settings.kinds, settings.zone, registry.calendar)
            return on_duty(directory, registry, clock.now())

        told: list[str] = self._do(at_rest, do="duty")
        return told

    def rules_reload(self) -> Any:
        """Raises Mistakes with every mistake of the files, and then nothing has changed."""
        return self._ask(do="rules-reload")

    def why(self, target: str, at: str) -> list[str]:
        """Lines. Raises ValueError at rest, and RuntimeError where a service answers, both in words."""

        def at_rest(tx: Connection) -> list[str]:
            book = Rulebook(self._settings.rules, self._settings.standard_rules, clock.now)
            registry = store.load(tx, *self._settings.where)
            rules, latest = book.open(kept_files(tx), promoted(tx)), Latest()
            latest.load(tx)
            known = Known(tx, registry, rules, latest.points, None, self._settings.zone, clock.now())
            return answer(known, target, at)

        told: list[str] = self._do(at_rest, do="why", target=target, at=at)
        return told

    def replay(self, start: int, end: int) -> Source:
        """What a backtest of what was received between two moments needs."""

        def at_rest(tx: Connection) -> Any:
            settings = self._settings
            book = Rulebook(settings.rules, settings.standard_rules, clock.now)
            book.open(kept_files(tx), promoted(tx))
            registry, folder = store.load(tx, settings.zone, settings.country), settings.folder / "history"
            today, _ = open_today(folder.absolute(), settings.history.memory, clock.now())
            try:
                files = export(today, folder.absolute(), start, end)
            finally:
                today.close()
            return source(tx, files, registry, book.texts).plain()

        return sourced(self._do(at_rest, do="replay", start=start, end=end))

    def _do(self, act: Any, **request: Any) -> Any:
        try:
            return self._ask(**request)
        except NotRunning:
            return self._at_rest(act)

    def _ask(self, **request: Any) -> Any:
        answer = ask(self._settings.folder / "control.sock", **request)
        if isinstance(answer, dict) and "mistakes" in answer:
            raise Mistakes(answer["mistakes"])
        return answer

    def _at_rest(self, act: Any) -> Any:
        try:
            lock = FolderLock(self._settings.folder)
        except Taken:
            why = "a service or another command has it and does not answer: try again"
            raise Mistakes([f"{self._settings.folder}: {why}"]) from None
        database = Database.open(self._settings.database_url)
        try:
            schema.upgrade(database)
            with database.transaction() as tx:
                return act(tx)
        finally:
            database.close()
            lock.release()
