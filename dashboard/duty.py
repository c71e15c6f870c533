"""Thinks. Who is on duty now and who comes next, as screens show it; and shifts as a person types them."""

from typing import Any

from alerts.duty.people import Directory, Post
from alerts.duty.shift import Shift, Who

Plain = dict[str, Any]


class Unknown(ValueError):
    """A name that nobody has."""


def now_and_next(directory: Directory, now: int) -> list[Plain]:
    """A line for each post: persons by their ids, until when, and who then."""
    return [line(directory, post, now) for post in directory.posts.values()]


def line(directory: Directory, post: Post, now: int) -> Plain:
    duty = directory.duty(post.id, now)
    return {
        "post": post.id,
        "zh": post.zh,
        "en": post.en,
        "who": list(duty.who),
        "until": duty.until,
        "then": list(duty.then),
    }


def who_text(who: Who) -> str:
    """`li-wei+wang-fang, zhang-qiang`: commas between, and + in those who take a turn together."""
    return ", ".join(entry if isinstance(entry, str) else "+".join(entry) for entry in who)


def who_of(text: str, directory: Directory) -> Who:
    """What somebody typed, by ids or names. Raises Unknown."""
    entries = [part for part in text.replace("，", ",").replace("、", ",").split(",") if part.strip()]
    made: list[str | tuple[str, ...]] = []
    for entry in entries:
        members = tuple(_person(name, directory) for name in entry.split("+") if name.strip())
        made.append(members[0] if len(members) == 1 else members)
    return tuple(made)


def persons_of(text: str, directory: Directory) -> tuple[str, ...]:
    return Shift(who_of(text, directory)).members


def _person(name: str, directory: Directory) -> str:
    found = directory.called.get(name.strip().lower())
    if found is None:
        raise Unknown(name.strip())
    return found
