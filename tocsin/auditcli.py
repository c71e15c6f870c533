"""Touches. `tocsin audit`: whether the record of alerts is as it was written, and its head to be noted."""

import argparse
import re
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from alerts import audit, log
from alerts.incidents import photolines
from alerts.incidents.photos import Photos
from tocsin.config import Settings
from tocsin.database import Database
from tocsin.mistake import Mistakes

HEAD = re.compile(r"(\d+):([0-9a-f]{8,64})")
SHOWN = 100  # of a record that was damaged as a whole nobody reads more


def add_audit_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    verify = acts.add_parser("verify", help="find every line that was altered, taken out, put in or moved")
    verify.add_argument("--head", metavar="LINE:HASH", help="a head that was noted: must still be there")
    head = acts.add_parser("head", help="number and hash of the last line, to be noted elsewhere")
    verify.set_defaults(act=_verify)
    head.set_defaults(act=_head)
    for one in (verify, head):
        one.add_argument("-c", "--config", default="tocsin.yaml", help="the configuration (tocsin.yaml)")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Reads beside a running service: it needs no lock and can change nothing."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        raise Mistakes([f"{url.database}: there is no such database; has the service run already?"])
    database = Database.open(settings.database_url)
    try:
        with database.read() as conn:
            code: int = args.act(args, conn, Photos(settings.folder))
            return code
    finally:
        database.close()


def _verify(args: argparse.Namespace, conn: Connection, photos: Photos) -> int:
    noted = HEAD.fullmatch(args.head) if args.head else None
    if args.head and noted is None:
        raise Mistakes(
            [f"--head {args.head}: must be a line's number and its hash, as `tocsin audit head` prints"]
        )
    found = list(audit.problems(conn, (int(noted[1]), noted[2]) if noted else None))
    found += photolines.problems(conn, photos)
    last, _ = log.head(conn)
    print("\n".join(found[:SHOWN]), end="\n" if found else "")
    if len(found) > SHOWN:
        print(f"… and {len(found) - SHOWN} more")
    print(f"{last} lines: " + (f"{len(found)} problems" if found else "all are as they were written"))
    return 1 if found else 0


def _head(_args: argparse.Namespace, conn: Connection, _photos: Photos) -> int:
    seq, digest = log.head(conn)
    print(f"{seq}:{digest}")
    return 0
