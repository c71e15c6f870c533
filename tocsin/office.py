"""Touches. What a command does to an installation, running or at rest."""

from typing import Any

import msgspec
from sqlalchemy import Connection

from alerts import roster
from dashboard import accounts
from ingest import pending
from ingest.campus import store
from ingest.latest import Latest
from rules.record import kept_files
from tocsin import apply as applying
from tocsin import clock, schema
from tocsin.apply import Difference
from tocsin.campusfile import Parts
from tocsin.config import Settings
from tocsin.control import NotRunning, ask
from tocsin.database import Database
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
        names = list(self._settings.channels)
        made = self._do(
            lambda tx: msgspec.to_builtins(applying.apply(tx, parts, not dry, names, agreed, add)),
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

    def send_test(self, target: str) -> Any:
        """(worked, sentence) for each try. Raises ValueError for a name nobody has."""

        def at_rest(tx: Connection) -> Any:
            known, directory = channels_at_rest(self._settings), roster.load(tx)
            return [[tested.ok, tested.said] for tested in attempt(target, known, directory)]

        return self._do(at_rest, do="send-test", target=target)

    def status(self) -> Any:
        return self._ask(do="status")

    def rules_reload(self) -> Any:
        """Raises Mistakes with every mistake of the files, and then nothing has changed."""
        return self._ask(do="rules-reload")

    def why(self, target: str, at: str) -> list[str]:
        """Lines. Raises ValueError at rest, and RuntimeError where a service answers, both in words."""

        def at_rest(tx: Connection) -> list[str]:
            book = Rulebook(self._settings.rules, self._settings.standard_rules, clock.now)
            rules, latest, registry = book.open(kept_files(tx)), Latest(), store.load(tx)
            latest.load(tx)
            known = Known(tx, registry, rules, latest.points, None, self._settings.zone, clock.now())
            return answer(known, target, at)

        told: list[str] = self._do(at_rest, do="why", target=target, at=at)
        return told

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
            raise Mistakes([f"{self._settings.folder}: a service runs on it and does not answer"]) from None
        database = Database.open(self._settings.database_url)
        try:
            schema.upgrade(database)
            with database.transaction() as tx:
                return act(tx)
        finally:
            database.close()
            lock.release()
