"""Thinks. The campus as rows of a campus file: what `tocsin export` writes and `tocsin apply` reads back."""

from typing import Any

import msgspec

from alerts.duty.people import Directory, Match, Policy, Step, Target
from alerts.plan import Plan
from ingest.campus.registry import Registry
from tocsin import duration
from tocsin.campusreader import DEFINED


def plain(registry: Registry, directory: Directory) -> dict[str, Any]:
    """The campus as the file says it: what `tocsin export` writes and `tocsin apply` reads back."""
    own = registry.devices["tocsin"]
    devices = [d for d in registry.devices.values() if d != own]
    return {
        "places": [_row(p) for p in registry.places.values()],
        "zones": [_row(z) for z in registry.zones.values()],
        "devices": [_row(d) for d in devices],
        "persons": [_row(p) for p in directory.persons.values()],
        "teams": [_row(t) for t in directory.teams.values()],
        "posts": [_row(p) for p in directory.posts.values()],
        "policies": [_policy_row(p) for p in directory.policies],
        "plans": [_plan_row(p) for p in directory.plans],
        **definition_rows(registry),
        "calendar": [_row(span) for span in registry.calendar.spans],
        "hours": [_row(hours) for hours in registry.calendar.own_hours],
    }


def definition_rows(registry: Registry) -> dict[str, list[dict[str, Any]]]:
    """The sections of definitions: mappings and approvals."""
    return {
        section: [{"id": name, **doc} for name, doc in registry.definitions.get(dialect, {}).items()]
        for section, dialect in DEFINED.items()
    }


def _row(record: msgspec.Struct) -> dict[str, Any]:
    """A record without what it has by default."""
    fields = msgspec.structs.fields(record)
    made = {f.name: getattr(record, f.name) for f in fields}
    kept = {f.name: made[f.name] for f in fields if f.required or made[f.name] != f.default}
    text = msgspec.json.encode({k: v for k, v in kept.items() if v not in ((), {})})
    built: dict[str, Any] = msgspec.json.decode(text)  # lists where the record has tuples, as a file has
    return built


def _policy_row(policy: Policy) -> dict[str, Any]:
    made: dict[str, Any] = {"id": policy.id, "match": _match_row(policy.match)}
    made["steps"] = [_step_row(step) for step in policy.steps]
    if policy.repeat is not None:
        made["repeat"] = {"every": duration.text(policy.repeat)}
    for key in ("promise", "receipt"):
        if (told := getattr(policy, key)) is not None:
            made[key] = duration.text(told)
    return made


def _match_row(match: Match) -> dict[str, Any]:
    lists = {"class": match.classes, "kind": match.kinds, "place": match.places, "rule": match.rules}
    made: dict[str, Any] = {key: [str(one) for one in values] for key, values in lists.items() if values}
    if match.hours:
        made["hours"] = list(msgspec.to_builtins(match.hours))
    return made


def _plan_row(plan: Plan) -> dict[str, Any]:
    row = _row(plan)
    return {key: _match_row(plan.match) if key == "match" else value for key, value in row.items()}


def _step_row(step: Step) -> dict[str, Any]:
    row: dict[str, Any] = {"after": duration.text(step.after)}
    if step.notify:
        row["notify"] = [_target_row(target) for target in step.notify]
    if step.channels:
        row["channels"] = list(step.channels)
    if step.until != "acknowledged":
        row["until"] = step.until
    return row


def _target_row(target: Target) -> Any:
    if target.kind == "everyone":
        return "everyone"
    row: dict[str, str] = {target.kind: target.id}
    if target.how != "all":
        row["how"] = target.how.replace("_", " ")
    if target.every:
        row["every"] = duration.text(target.every)
    return row
