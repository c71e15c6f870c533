"""Touches. Swaps of shifts, which both persons sign; and the roster as a calendar to subscribe to."""

import secrets
from collections.abc import Callable
from typing import Literal

from fastapi import APIRouter
from sqlalchemy import Connection, delete, insert, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.duty import icalfile, swaps
from alerts.duty.hours import day_of
from alerts.duty.people import Post
from alerts.duty.shift import Swap
from alerts.duty.swaps import SwapRefused
from dashboard import words
from dashboard.accounts import Account, digest
from dashboard.fields import Fields, Number, Sent, take
from dashboard.gate import Actor, Manager, Public, language_of, service_of
from dashboard.page import answer
from dashboard.rosters import DAY, Unfit, shown
from dashboard.service import WAIT
from dashboard.tables import POST_FEED

router = APIRouter()
PAST, AHEAD = 7 * DAY, 90 * DAY  # ms of the roster that a calendar shows


Word = Literal["accepted", "declined", "withdrawn"]


class Offer(Sent):
    """`day`: a shift of one's own that `taker` is to have; `back`: one of theirs in return."""

    day: str
    taker: str
    back: str = ""


@router.post("/posts/{post}/swaps")
def offer(request: Request, post: str, fields: Fields, who: Actor) -> Response:
    """Whoever is signed in offers their shifts of a day; it counts when the other has accepted."""
    form = take(Offer, fields)
    known = service_of(request).directory().posts.get(post)
    if known is None:
        return answer(request, 404, "error_404")
    return _signed(request, known, who, lambda: offered(request, post, form, who))


def offered(request: Request, post: str, form: Offer, who: Account) -> None:
    """Raises Unfit."""
    service = service_of(request)
    try:
        for day in (form.day, form.back) if form.back else (form.day,):
            day_of(day)
    except ValueError as problem:
        raise Unfit(422, words.say("roster_wrong", language_of(request), why=problem)) from None
    wanted = Swap(0, post, form.day, who.person, form.taker, service.now(), form.back)
    _write(request, who, lambda tx: swaps.offer(tx, wanted, service.directory()))


@router.post("/swaps/{number}/{word}")
def sign(request: Request, number: Number, word: Word, who: Actor) -> Response:
    post = post_of(request, number)
    if post is None:
        return answer(request, 404, "error_404")
    return _signed(request, post, who, lambda: signed(request, number, word, who))


def post_of(request: Request, number: int) -> Post | None:
    """The post in which a swap was offered."""
    directory = service_of(request).directory()
    known = next((swap for swap in directory.swaps if swap.id == number), None)
    return directory.posts.get(known.post) if known else None


def signed(request: Request, number: int, word: Word, who: Account) -> None:
    """Raises Unfit."""
    now = service_of(request).now()
    _write(request, who, lambda tx: swaps.answer(tx, number, who.person, word, now))


def _write(request: Request, who: Account, act: swaps.Act) -> None:
    service, language = service_of(request), language_of(request)
    try:
        service.change_people(act, who.person)
    except SwapRefused as refused:
        name = service.directory().name(refused.person, language) if refused.person else ""
        text = refused.said.en if language == "en" else refused.said.zh
        raise Unfit(409, text.format(person=name)) from None


def _signed(request: Request, post: Post, who: Account, act: Callable[[], None]) -> Response:
    try:
        act()
    except Unfit as problem:
        return shown(request, post, who, problem.said, problem.status)
    return RedirectResponse(f"/posts/{post.id}#swaps", 303)


@router.post("/posts/{post}/feed")
def make_feed(request: Request, post: str, who: Manager) -> Response:
    """A new secret address; the one before it ends."""
    service = service_of(request)
    known = service.directory().posts.get(post)
    if known is None:
        return answer(request, 404, "error_404")
    token, now = secrets.token_urlsafe(24), service.now()

    def act(tx: Connection) -> None:
        tx.execute(delete(POST_FEED).where(POST_FEED.c.post == post))
        row = {"post": post, "token": digest(token), "made_by": who.person, "made_at": now}
        tx.execute(insert(POST_FEED).values(row))

    service.transact(act).result(WAIT)
    return shown(
        request,
        known,
        who,
        feed=f"{request.url.scheme}://{request.url.netloc}/feeds/{post}.ics?token={token}",
    )


@router.get("/feeds/{post}.ics", include_in_schema=False)
def feed(request: Request, post: str, _: Public, token: str = "") -> Response:
    """For a calendar program, which cannot sign in: who has this secret address may read this roster."""
    service = service_of(request)
    directory, now = service.directory(), service.now()
    with service.read() as conn:
        found = conn.execute(select(POST_FEED.c.token).where(POST_FEED.c.post == post)).scalar()
    known = directory.posts.get(post)
    if known is None or not token or found is None or not secrets.compare_digest(found, digest(token)):
        return answer(request, 404, "error_404")
    called = {person: directory.name(person) for person in directory.persons}
    title = known.zh or known.en
    watches = directory.rotas[post].watches(now - PAST, now + AHEAD)
    return Response(
        icalfile.feed(post, title, watches, called, now), media_type="text/calendar; charset=utf-8"
    )
