"""Touches. `tocsin token`: the first administrator's one-time token, or the API token of a machine."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from alerts.duty import roster
from dashboard import tokens, words
from dashboard.accounts import AccountError
from dashboard.permissions import Role
from ingest.campus import store
from tocsin.mistake import Mistakes, did_you_mean

if TYPE_CHECKING:
    from tocsin.office import Office

BY = "command-line"  # who made it: whoever may read the data folder


def add_token_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--api", metavar="NAME", help="make a token for a machine of this name")
    parser.add_argument("--role", choices=tuple(Role), default="viewer", help="with --api (default: viewer)")
    parser.add_argument(
        "--scope", action="append", default=[], metavar="PLACE", help="only this place; may be repeated"
    )
    parser.add_argument("--person", default="", metavar="ID", help="in whose name it acts")
    parser.add_argument("--days", type=int, default=90, help="how long it is good for (default: 90)")


def token(args: argparse.Namespace, office: "Office") -> int:
    if args.api is None:
        print(office.token() or "there is an account already: ask its administrator for an invitation")
        return 0
    wanted = {
        "name": args.api,
        "role": args.role,
        "scope": args.scope,
        "person": args.person,
        "days": args.days,
    }
    try:
        made = office.api_token(wanted)
    except (ValueError, RuntimeError) as error:
        raise Mistakes([f"token: {error}"]) from None
    print(made)
    print("shown only now: Authorization: Bearer …, at /api/v1/", file=sys.stderr)
    return 0


def make(tx: Connection, wanted: dict[str, Any], now: int) -> str:
    """A token as a command asks for it. Raises ValueError in words."""
    places, persons = store.load(tx).places, roster.load(tx).persons
    for place in wanted["scope"]:
        if place not in places:
            raise ValueError(f"--scope {place}: there is no such place {did_you_mean(place, places)}".strip())
    person = wanted["person"]
    if person and person not in persons:
        raise ValueError(
            f"--person {person}: there is no such person {did_you_mean(person, persons)}".strip()
        )
    try:
        return tokens.make(
            tx, now, wanted["name"], wanted["role"], wanted["days"], BY, wanted["scope"], person
        )
    except AccountError as problem:
        raise ValueError(words.say(problem.key, "en")) from None
