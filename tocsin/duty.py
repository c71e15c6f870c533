"""Thinks. `tocsin duty`: who is on duty now, until when, who comes next, and what is amiss."""

from collections.abc import Iterable
from datetime import datetime

from alerts.duty.people import Directory, Post
from alerts.duty.routing import problems
from ingest.campus.registry import Registry


def on_duty(directory: Directory, registry: Registry, now: int) -> list[str]:
    """A line for each post, then one for each thing that keeps an alert from its people."""
    lines = [_line(directory, post, now) for post in directory.posts.values()]
    return [*(lines or ["there are no posts"]), *(f"! {one}" for one in problems(directory, registry, now))]


def _line(directory: Directory, post: Post, now: int) -> str:
    duty = directory.duty(post.id, now)
    said = f"{post.id}  {_names(directory, duty.who)}"
    if duty.until is None:
        return said
    until = datetime.fromtimestamp(duty.until / 1000, directory.clock).strftime("%Y-%m-%d %H:%M")
    return f"{said}  until {until}, then {_names(directory, duty.then)}"


def _names(directory: Directory, ids: Iterable[str]) -> str:
    return ", ".join(directory.name(one) for one in ids) or "nobody"
