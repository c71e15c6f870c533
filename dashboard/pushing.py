"""Touches. Web Push: a person switches notifications on for a device, and off; devices call back."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.clean import clean
from alerts.delivery import subscriptions
from alerts.delivery.channels.channel import Subscription
from dashboard.fields import BadInput, Fields, Number, Sent, own_path, take
from dashboard.gate import Public, Viewer, service_of
from dashboard.service import WAIT
from dashboard.shield import CALLBACKS

router = APIRouter(include_in_schema=False)
_HERE = re.compile(r"(127\.0\.0\.1|localhost)")
Key = Annotated[str, Field(min_length=8, max_length=200, pattern=r"^[A-Za-z0-9_=-]+$")]


class Device(Sent):
    """What the browser's own subscription says. The keys are base64url."""

    endpoint: Annotated[str, Field(max_length=2000)]
    p256dh: Key
    auth: Key
    device: str = ""


class Said(Sent):
    """What a device tells of a message that it got."""

    mark: Annotated[str, Field(max_length=64)]
    what: Literal["shown", "opened"]


@router.post("/account/push")
def subscribe(request: Request, fields: Fields, who: Viewer) -> Response:
    form, service = take(Device, fields), service_of(request)
    if not who.person or service.push() is None:
        raise BadInput("this account cannot be pushed to", "push_not_here")
    where = urlsplit(form.endpoint)
    local = where.scheme == "http" and _HERE.fullmatch(where.hostname or "")
    if not (where.scheme == "https" or local) or not where.hostname:
        raise BadInput("a push service is reached by https", "push_not_https")
    one = Subscription(who.person, form.endpoint, form.p256dh, form.auth, clean(form.device, 60))
    service.transact(lambda tx: subscriptions.add(tx, one, service.now())).result(WAIT)
    return Response(status_code=204)


@router.post("/account/push/{number}/remove")
def unsubscribe(request: Request, number: Number, fields: Fields, who: Viewer) -> Response:
    form, service = take(Sent, fields), service_of(request)
    service.transact(lambda tx: subscriptions.remove(tx, who.person, number)).result(WAIT)
    return RedirectResponse(own_path(form.next or "/account"), 303)


@router.post(CALLBACKS + "webpush/{channel}")
def said(request: Request, channel: str, fields: Fields, _: Public) -> Response:
    """The service worker tells that a message was shown or opened. It knows the mark of that message: nobody
    else does but its sender."""
    form = take(Said, fields)
    known = service_of(request).called_back(channel, {"mark": form.mark, "what": form.what}, "")
    return Response(status_code=204 if known else 403)
