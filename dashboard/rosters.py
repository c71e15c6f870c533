"""Touches. The posts: who is on duty and who comes next, the grid of shifts, exceptions, what is amiss."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.duty import roster
from alerts.duty.hours import local_day, moment
from alerts.duty.people import Directory, Post
from alerts.duty.routing import problems
from alerts.duty.shift import Override, Shift
from alerts.duty.staffing import gaps
from dashboard import duty, words
from dashboard.accounts import Account, digest
from dashboard.fields import Fields, Sent, take
from dashboard.gate import Manager, Viewer, language_of, service_of
from dashboard.page import answer, render
from dashboard.service import Service

router = APIRouter()
DAYS_SHOWN = 14
DAY = 86_400_000


Change = Callable[[Post, Directory], Post]


class Unfit(Exception):
    """A roster cannot be changed so. `said`: why, in the reader's language."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status, self.said = status, said


class ShiftForm(Sent):
    row: str = ""  # the number of the shift; "" for a new one
    version: str
    days: str = "daily"
    start: str = "00:00"
    end: str = "00:00"
    who: str = ""
    turn: Literal["", "day", "week"] = ""
    since: str = ""
    term: Literal["", "yes", "no"] = ""
    remove: str = ""


class OverrideForm(Sent):
    row: str = ""
    version: str
    day: str = ""
    to: str = ""
    who: str = ""
    instead_of: str = ""
    remove: str = ""


@router.get("/posts")
def posts_page(request: Request, who: Viewer) -> Response:
    service = service_of(request)
    directory, now = service.directory(), service.now()
    return render(
        request,
        "posts.html",
        rows=duty.now_and_next(directory, now),
        persons=directory.persons,
        problems=problems(directory, service.registry(), now),
    )


@router.get("/posts/{post}")
def post_page(request: Request, post: str, who: Viewer) -> Response:
    known = service_of(request).directory().posts.get(post)
    return answer(request, 404, "error_404") if known is None else shown(request, known, who)


def shown(
    request: Request, post: Post, who: Account, said: str = "", status: int = 200, feed: str = ""
) -> Response:
    """The page of a post; `said` is why the last act was refused, `feed` an address that is shown once."""
    service = service_of(request)
    directory, now = service.directory(), service.now()
    rota = directory.rotas[post.id]
    start = moment(local_day(now, directory.clock), 0, directory.clock)
    return render(
        request,
        "post.html",
        status,
        post=post,
        line=duty.line(directory, post, now),
        days=_days(service, post),
        gaps=gaps(directory, post.id, now, now + 7 * DAY) if rota.shifted else (),
        swaps=[
            swap for swap in directory.swaps if swap.post == post.id and _current(swap.day, start, service)
        ],
        persons=directory.persons,
        mine=who.person,
        who_text=duty.who_text,
        version=version(post),
        said=said,
        feed=feed,
        shifted=rota.shifted,
    )


def _current(day: str, start: int, service: Service) -> bool:
    return day >= local_day(start, service.directory().clock).isoformat()


def _days(service: Service, post: Post) -> list[dict[str, Any]]:
    """The next days, each with its stretches of duty."""
    directory = service.directory()
    rota, zone = directory.rotas[post.id], directory.clock
    today = local_day(service.now(), zone)
    found = []
    for day in (today + timedelta(days=n) for n in range(DAYS_SHOWN if rota.shifted else 0)):
        start, end = moment(day, 0, zone), moment(day + timedelta(days=1), 0, zone)
        parts = [
            {"from": _clock(w.start, service), "to": _clock(w.end, service), "who": w.who}
            for w in rota.watches(start, end)
        ]
        found.append({"day": day, "holiday": directory.calendar.is_holiday(day), "parts": parts})
    return found


def _clock(at: int, service: Service) -> str:
    return datetime.fromtimestamp(at / 1000, service.directory().clock).strftime("%H:%M")


def version(post: Post) -> str:
    """Changes with anything of the roster, so that nobody overwrites what they have not seen."""
    return digest(msgspec.json.encode(post).decode())[:16]


@router.post("/posts/{post}/shifts")
def change_shift(request: Request, post: str, fields: Fields, who: Manager) -> Response:
    form = take(ShiftForm, fields)
    return _changed(request, post, form.version, who, with_shift(form))


@router.post("/posts/{post}/overrides")
def change_override(request: Request, post: str, fields: Fields, who: Manager) -> Response:
    form = take(OverrideForm, fields)
    return _changed(request, post, form.version, who, with_override(form))


def with_shift(form: ShiftForm) -> Change:
    def change(post: Post, directory: Directory) -> Post:
        made = None
        if not form.remove:
            staff = duty.who_of(form.who, directory)
            term = {"": None, "yes": True, "no": False}[form.term]
            made = Shift(staff, form.days, form.start, form.end, form.turn or None, form.since, term)
        return msgspec.structs.replace(post, shifts=_placed(post.shifts, form.row, made))

    return change


def with_override(form: OverrideForm) -> Change:
    def change(post: Post, directory: Directory) -> Post:
        made = None
        if not form.remove:
            staff = duty.persons_of(form.who, directory)
            instead = duty.persons_of(form.instead_of, directory)
            made = Override(form.day, staff, form.to, instead[0] if instead else "")
        return msgspec.structs.replace(post, overrides=_placed(post.overrides, form.row, made))

    return change


def _placed(rows: tuple[Any, ...], row: str, made: Any) -> tuple[Any, ...]:
    """The rows with this one put in its place, added, or (None) taken out."""
    if not row:
        return (*rows, made) if made is not None else rows
    number = int(row)
    if not 0 <= number < len(rows):
        raise ValueError(f"there is no row {number}")
    return (*rows[:number], *((made,) if made is not None else ()), *rows[number + 1 :])


def change(service: Service, old: Post, seen: str, by: str, language: str, change: Change) -> None:
    """Writes what `change` makes of the post, if that is still as it was when it was `seen`. Raises Unfit."""
    if seen != version(old):
        raise Unfit(409, words.say("roster_changed", language))
    try:
        new = change(old, service.directory())
    except duty.Unknown as name:
        raise Unfit(422, words.say("roster_unknown", language, name=name)) from None
    except (ValueError, OverflowError) as problem:
        raise Unfit(422, words.say("roster_wrong", language, why=problem)) from None

    def act(tx: Connection) -> bool:
        return roster.replace_post(tx, old, new)

    if not service.change_people(act, by):
        raise Unfit(409, words.say("roster_changed", language))


def _changed(request: Request, post: str, seen: str, who: Account, made: Change) -> Response:
    service = service_of(request)
    old = service.directory().posts.get(post)
    if old is None:
        return answer(request, 404, "error_404")
    try:
        change(service, old, seen, who.person, language_of(request), made)
    except Unfit as problem:
        return shown(request, old, who, problem.said, problem.status)
    return RedirectResponse(f"/posts/{post}", 303)
