"""Touches. The door for an Alertmanager's webhook: what Prometheus raises goes through the desk."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from alerts import store
from alerts.outward.prometheus import RULE, Heard, Webhook, heard
from dashboard.account import Account
from dashboard.actions import perform
from dashboard.fields import Fields, sends, take
from dashboard.gate import Allow, NotAllowed, service_of
from dashboard.shield import ALERTMANAGER

router = APIRouter(tags=["integrations"])
Raiser = Annotated[Account, Depends(Allow("raise"))]


class Taken(BaseModel):
    """How many of the alerts fared how."""

    firing: int
    resolved: int
    ignored: int
    no_room: int


@router.post(ALERTMANAGER, responses={200: {"model": Taken}})
@sends(Webhook)
def alertmanager(request: Request, fields: Fields, who: Raiser) -> Response:
    """An Alertmanager's webhook (version 4): `firing` raises an alert for each fingerprint, or is a repeat of
    it; `resolved` makes it normal. The label `place` says where, `class` or `severity` how grave. Never life
    safety, and at most 200 at once: more of them are one alert that says so."""
    said = take(Webhook, fields)
    found = _heard(request, said, who)
    fared = {name: getattr(found, name) for name in Taken.model_fields}
    return Response(perform(request, found.verdicts, lambda *_: fared), media_type="application/json")


def _heard(request: Request, said: Webhook, who: Account) -> Heard:
    service = service_of(request)
    registry = service.registry()
    places = who.reach.places(registry)
    if not places:
        raise NotAllowed("error_scope")
    home = registry.root.id if who.reach.everywhere else places[0]
    with service.read() as conn:
        standing = [alert.subject for alert in store.open_with(conn, rule=RULE)]
    return heard(said, standing, service.now(), places, home)
