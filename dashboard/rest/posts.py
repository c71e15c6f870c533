"""Touches. The API of people and rosters: posts with their shifts, swaps, policies; and their changes."""

from collections.abc import Iterable
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from alerts.duty.hours import local_day, moment
from alerts.duty.people import Post
from alerts.duty.rota import Watch
from alerts.duty.routing import problems
from alerts.duty.staffing import gaps
from dashboard import duty, rosters, swaps
from dashboard.fields import Fields, Number, sends, take
from dashboard.gate import Actor, Manager, Viewer, language_of, service_of
from dashboard.page import answer
from dashboard.rest import records
from dashboard.rosters import DAY, DAYS_SHOWN, Change, OverrideForm, ShiftForm, Unfit
from dashboard.service import Service

router = APIRouter(tags=["people"])
ANSWERS: dict[int | str, dict[str, Any]] = {200: {"model": records.WholePost}}


@router.get("/api/v1/persons", responses={200: {"model": records.Persons}})
def persons(request: Request, who: Viewer) -> Response:
    """Everybody who can be told, by name. No numbers, no addresses."""
    directory = service_of(request).directory()
    told = [
        {
            "id": one.id,
            "zh": one.zh,
            "en": one.en,
            "teams": [team.id for team in directory.teams.values() if one.id in team.members],
        }
        for one in directory.persons.values()
    ]
    return JSONResponse({"persons": told})


@router.get("/api/v1/policies", responses={200: {"model": records.Policies}})
def policies(request: Request, who: Viewer) -> Response:
    """The escalation policies in the order in which they are looked through. Lengths in ms."""
    return JSONResponse({"policies": msgspec.to_builtins(service_of(request).directory().policies)})


@router.get("/api/v1/posts", responses={200: {"model": records.Posts}})
def posts(request: Request, who: Viewer) -> Response:
    """Who is on duty at each post and who comes next; and what keeps alerts from their people."""
    service = service_of(request)
    directory, now = service.directory(), service.now()
    found = problems(directory, service.registry(), now)
    return JSONResponse({"now": now, "posts": duty.now_and_next(directory, now), "problems": list(found)})


@router.get("/api/v1/posts/{post}", responses=ANSWERS)
def one_post(request: Request, post: str, who: Viewer) -> Response:
    """The roster of a post: its shifts and exceptions, who is on duty in the next two weeks, gaps, swaps."""
    known = service_of(request).directory().posts.get(post)
    return answer(request, 404, "error_404") if known is None else _told(service_of(request), known)


def _told(service: Service, post: Post) -> Response:
    directory, now = service.directory(), service.now()
    rota, today = directory.rotas[post.id], local_day(now, directory.clock)
    start = moment(today, 0, directory.clock)
    found: dict[str, Any] = {
        **duty.line(directory, post, now),
        "order": post.order,
        "shifts": post.shifts,
        "overrides": post.overrides,
        "fetched": bool(post.calendar),
        "version": rosters.version(post),
        "watches": _plain(rota.watches(start, start + DAYS_SHOWN * DAY)) if rota.shifted else [],
        "gaps": _plain(gaps(directory, post.id, now, now + 7 * DAY)) if rota.shifted else [],
        "swaps": [
            one for one in directory.swaps if one.post == post.id and one.day >= today.isoformat()
        ],
    }  # fmt: skip
    return JSONResponse(msgspec.to_builtins(found))


def _plain(watches: Iterable[Watch]) -> list[dict[str, Any]]:
    return [one._asdict() for one in watches]


# ---- acting ------------------------------------------------------------------------------------------------


@router.post("/api/v1/posts/{post}/shifts", responses=ANSWERS)
@sends(ShiftForm)
def change_shift(request: Request, post: str, fields: Fields, who: Manager) -> Response:
    """Add a shift, change the one of this `row` (from 0), or `remove` it ("1"). `version` is that of the
    roster as you have seen it. `who`: ids, with commas between and + in those who take a turn together."""
    form = take(ShiftForm, fields)
    return _change(request, post, form.version, who.person, rosters.with_shift(form))


@router.post("/api/v1/posts/{post}/overrides", responses=ANSWERS)
@sends(OverrideForm)
def change_override(request: Request, post: str, fields: Fields, who: Manager) -> Response:
    """Add an exception for a day, or for the days up to `to`; change it, or `remove` it, by its `row`."""
    form = take(OverrideForm, fields)
    return _change(request, post, form.version, who.person, rosters.with_override(form))


def _change(request: Request, post: str, seen: str, by: str, change: Change) -> Response:
    service = service_of(request)
    old = service.directory().posts.get(post)
    if old is None:
        return answer(request, 404, "error_404")
    try:
        rosters.change(service, old, seen, by, language_of(request), change)
    except Unfit as problem:
        return answer(request, problem.status, "refused", problem.said)
    return _told(service, service.directory().posts[post])


@router.post("/api/v1/posts/{post}/swaps", responses=ANSWERS)
@sends(swaps.Offer)
def offer_swap(request: Request, post: str, fields: Fields, who: Actor) -> Response:
    """Offer one's own shifts of a day to somebody: it counts when they have accepted."""
    form = take(swaps.Offer, fields)
    known = service_of(request).directory().posts.get(post)
    if known is None:
        return answer(request, 404, "error_404")
    try:
        swaps.offered(request, post, form, who)
    except Unfit as problem:
        return answer(request, problem.status, "refused", problem.said)
    return _told(service_of(request), known)


@router.post("/api/v1/swaps/{number}/{word}", responses=ANSWERS)
def sign_swap(request: Request, number: Number, word: swaps.Word, who: Actor) -> Response:
    """Accept or decline what one was offered; withdraw what one has offered."""
    known = swaps.post_of(request, number)
    if known is None:
        return answer(request, 404, "error_404")
    try:
        swaps.signed(request, number, word, who)
    except Unfit as problem:
        return answer(request, problem.status, "refused", problem.said)
    return _told(service_of(request), known)
