"""Touches. What a command on this machine asks of the running service, over the control socket."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from ingest import pending
from rules.load import RuleErrors
from tocsin import apply as applying
from tocsin import tokencli
from tocsin.backtest import source
from tocsin.campus import reload
from tocsin.duty import on_duty
from tocsin.mistake import Mistakes
from tocsin.trial import followed
from tocsin.why import Known, answer

if TYPE_CHECKING:
    from tocsin.run import Tocsin

Request = dict[str, Any]


def handlers(tocsin: "Tocsin") -> dict[str, Callable[[Request], Any]]:
    def apply(request: Request) -> Any:
        try:
            return reload(tocsin, request["parts"], request["dry"], request["agreed"], request["add"])
        except Mistakes as error:
            return {"mistakes": error.lines}

    def send_test(request: Request) -> list[tuple[bool, str]]:
        return [(tested.ok, tested.said) for tested in followed(tocsin, request["target"])]

    def waiting(request: Request) -> list[dict[str, Any]]:
        def forget(tx: Any) -> list[dict[str, Any]]:
            if request["forget"]:
                tocsin.house.tray.forget(request["forget"])
                tocsin.house.admit()
            pending.save(tx, tocsin.house.tray)
            return pending.rows(tx)

        return tocsin.writer.transact(forget).result(60)

    def rules_reload(request: Request) -> Any:
        try:
            made = tocsin.rulebook.reload()
        except RuleErrors as error:
            return {"mistakes": error.mistakes}
        strangers = tocsin.house.rules.strangers(tocsin.house.registry)
        return {
            "version": tocsin.house.rules.version,
            "changes": msgspec.to_builtins(made),
            "strangers": strangers,
        }

    def why(request: Request) -> list[str]:
        house, latest = tocsin.house, tocsin.house.latest.points
        with tocsin.database.read() as conn:
            known = Known(
                conn, house.registry, house.rules, latest, tocsin.history, tocsin.settings.zone, tocsin.now()
            )
            return answer(known, request["target"], request["at"])

    def replay(request: Request) -> Any:
        files = tocsin.history.recorded(request["start"], request["end"])
        with tocsin.database.read() as conn:
            return source(conn, files, tocsin.house.registry, tocsin.rulebook.texts).plain()

    def api_token(request: Request) -> str:
        wanted, now = request["wanted"], tocsin.now()
        return tocsin.writer.transact(lambda tx: tokencli.make(tx, wanted, now)).result(60)

    return {
        "status": lambda _: tocsin.status(),
        "apply": apply,
        "export": lambda _: tocsin.writer.transact(applying.export).result(60),
        "duty": lambda _: on_duty(tocsin.house.directory, tocsin.house.registry, tocsin.now()),
        "send-test": send_test,
        "token": lambda _: tocsin.web.new_token(),
        "api-token": api_token,
        "pending": waiting,
        "rules-reload": rules_reload,
        "why": why,
        "replay": replay,
    }
