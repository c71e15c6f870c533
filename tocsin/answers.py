"""Touches. Listens for what people answer, on every channel that brings answers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from alerts.delivery.answering import Ear, Listeners
from alerts.desk import AnyFact, Outcome
from tocsin.hand_over import apply_facts

if TYPE_CHECKING:
    from tocsin.run import Tocsin

WORDLESS = frozenset({"aliyun", "aliyun-voice", "tencent", "tencent-voice", "twilio-voice", "mqtt", "null"})


def ear(running: "Tocsin") -> Ear:
    house, now = running.house, running.now

    def apply(tx: Connection, facts: Sequence[AnyFact]) -> Outcome:
        try:
            return apply_facts(house, tx, facts, now())
        except Exception:
            house.desk_due = 0  # it may have been moved before the act was undone: look again
            raise

    wordless = {name for name, one in running.settings.channels.items() if one.kind in WORDLESS} | {"null"}
    return Ear(lambda: house.directory, apply, now, wordless)


def listeners(running: "Tocsin") -> Listeners:
    def report(metric: str, word: str, note: str) -> None:
        running.own.report_part("answers", metric, word, note)

    return Listeners(running.channels, ear(running), running.writer.act, report, running.now)
