"""Thinks. The desk in memory, for when nothing can be written (P6): what is to be told by now, of one alert.

It is the same life cycle and the same ladder as at the desk, on an alert that is only in memory. What was
told is on that alert (its step and its round), so nothing is told twice and nobody keeps a list. Nobody can
take it meanwhile: the ladder climbs on, and its last step repeats, until commits work again.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from alerts.alert import Alert, Effect
from alerts.case import Case
from alerts.deadlines import elapsed
from alerts.delivery.message import Purpose
from alerts.delivery.notices import notices
from alerts.delivery.notification import Notification
from alerts.duty.escalation import Call
from alerts.duty.people import Directory
from alerts.lifecycle import step
from alerts.placing import placed
from ingest.campus.registry import Registry
from rules.verdict import Text, Verdict

Told = tuple[Alert, list[Notification]]
"""An alert as it stands now, and what is to be sent of it; nothing of either is written."""


def heard(
    alert: Alert | None, verdict: Verdict, code: str, now: int, directory: Directory, registry: Registry
) -> Told | None:
    """What a verdict makes of an alert in memory, or of none: then it is called `code`. None where there is
    nothing to tell and nothing to remember."""
    after, effects = step(alert, verdict, now)
    if after is None:
        return None
    if alert is None:
        after = replace(placed(after, registry), code=code)
    case = Case(alert, after)
    case.befall(verdict, after, effects, directory, registry, now)
    if Effect.RAISED in effects:
        case.calls += [(case.alert, call) for call in _other_sirens(case, directory, registry)]
    return case.alert, _worded(case, code, now, directory, registry)


def passed(alert: Alert, siren: str, now: int, directory: Directory, registry: Registry) -> Told:
    """What has come due of an alert in memory: steps, a promise that ran out, a shelf that ended. `siren` is
    the code by which sirens know it."""
    case = Case(alert)
    for fact in elapsed([alert], now):
        after, effects = step(case.alert, fact, now)
        assert after is not None
        case.befall(fact, after, effects, directory, registry, now)
    return case.alert, _worded(case, siren, now, directory, registry)


def _other_sirens(case: Case, directory: Directory, registry: Registry) -> Iterator[Call]:
    """Those of later steps: who hears of a fire that is not even written down should be everybody near it."""
    policy = directory.policy_for(case.alert, registry)
    told = {call.channel for _, call in case.calls}
    for channel in sorted({channel for rung in policy.steps for channel in rung.channels} - told):
        if directory.usable(channel):
            yield Call(0, 0, Purpose.RAISE, channel, Text("", ""))


def _worded(case: Case, siren: str, now: int, directory: Directory, registry: Registry) -> list[Notification]:
    """The notices of a case, each once. For a siren it is another alert than the recorded one, so that ending
    it ends nothing that the record has started."""
    made: dict[str, Notification] = {}
    for row in notices(case, (), directory, registry, recorded=False):
        row = replace(row, alert=0, owed_at=now)
        if not row.person:
            row = replace(row, code=siren, facts={**row.facts, "id": 0, "code": siren})
        made.setdefault(row.key, row)
    return list(made.values())
