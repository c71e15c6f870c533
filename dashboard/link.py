"""Touches. The page of a one-tap link: to look at it does nothing; a press of one of its buttons answers.

Nobody is signed in here: whoever holds the link acts for the person it was sent to, on one alert, for a time.
"""

from collections.abc import Sequence
from typing import Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from alerts import naming
from alerts.alert import Alert, Verification
from alerts.delivery import unheard
from alerts.delivery.answers import LABELS, Meant
from alerts.delivery.linked import DOOR, Pressed, Seen, look, others
from alerts.delivery.links import PATH, Flaw, Link
from alerts.duty.people import Person
from dashboard.doorkeeper import doorkeeper
from dashboard.fields import Fields, Sent, take
from dashboard.gate import Public, encrypted_enough, service_of, source_of
from dashboard.page import answer, render
from rules.verdict import Text

router = APIRouter(include_in_schema=False)
STATUS = {Flaw.FORGED: 403, Flaw.EXPIRED: 410, Flaw.MOVED: 410}
_CHECKED = (Meant.CONFIRMED, Meant.FALSE)


class Press(Sent):
    act: Literal["take", "cannot", "arrived", "false", "confirmed"]


@router.get(PATH + "{token}")
def page(request: Request, token: str, _: Public) -> Response:
    link = _read(request, token)
    return _page(request, link) if isinstance(link, Link) else link


@router.post(PATH + "{token}")
def press(request: Request, token: str, fields: Fields, _: Public) -> Response:
    link, form = _read(request, token), take(Press, fields)
    if not isinstance(link, Link):
        return link
    if not doorkeeper(request).allow_press(link.notice, service_of(request).now()):
        return answer(request, 429, "link_often")
    pressed = service_of(request).press(link, Meant(form.act))
    return _flawed(request, pressed) if isinstance(pressed, Flaw) else _page(request, link, pressed)


def _read(request: Request, token: str) -> Link | Response:
    """The link, or the answer to one that does nothing. Only wrong ones count against whoever opens them."""
    if not encrypted_enough(request):
        return answer(request, 403, "sign_in_plain")
    service = service_of(request)
    now = service.now()
    link = service.links.read(token, now)
    if link is Flaw.FORGED and not doorkeeper(request).allow_link(request, now):
        return answer(request, 429, "link_often")
    if link is Flaw.FORGED:
        service.transact(lambda tx: unheard.keep_forged(tx, source_of(request), DOOR, now))
    return _flawed(request, link) if isinstance(link, Flaw) else link


def _flawed(request: Request, flaw: Flaw) -> Response:
    return answer(request, STATUS[flaw], f"link_{flaw.value}")


def _page(request: Request, link: Link, pressed: Pressed | None = None) -> Response:
    service = service_of(request)
    with service.read() as conn:
        seen = look(conn, link, service.directory(), service.now())
        if isinstance(seen, Flaw):
            return _flawed(request, seen)
        more = others(conn, seen, link.until - 2 * service.links.lasts)
    request.state.reader = seen.person.language
    registry, alert = service.registry(), seen.alert

    def title(one: Alert) -> Text:
        return naming.title(one.title, registry.device(one.device), registry)

    refused = pressed is not None and pressed.result in ("refused", "late")
    return render(
        request,
        "link.html",
        409 if refused else 200,
        alert=alert,
        title=title(alert),
        person=seen.person,
        persons=service.directory().persons,
        state=_state(alert, seen.person),
        asked=[act for act in _asked(seen) if act in link.acts],
        checked=[act for act in _CHECKED if act in link.acts and _unverified(alert)],
        labels=LABELS,
        pressed=pressed,
        refused=refused,
        others=[
            (service.links.path(row, link.until), one, title(one), _state(one, seen.person))
            for row, one in more
        ],
    )


def _state(alert: Alert, person: Person) -> str:
    """Which sentence says how it stands for this person."""
    if not alert.open:
        return "link_closed"
    if not alert.acknowledged:
        return "link_nobodys"
    return "link_yours" if alert.owner == person.id else "link_others"


def _asked(seen: Seen) -> Sequence[Meant]:
    """What is worth a large button now. The desk decides all the same: the press may come later."""
    alert, me = seen.alert, seen.person.id
    if not alert.open:
        return ()
    if alert.acknowledge_needed or alert.offered_to == me:
        return (Meant.TAKE, Meant.CANNOT)
    return (Meant.ARRIVED,) if alert.arrived_at is None else ()


def _unverified(alert: Alert) -> bool:
    return alert.open and alert.verification is Verification.PENDING
