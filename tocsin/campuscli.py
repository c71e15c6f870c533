"""Touches. `tocsin apply` and `tocsin export`: a campus file and the person who applies it."""

import argparse
import os
import re
import sys
from io import StringIO
from pathlib import Path
from typing import Any

from ingest.campus.kinds import guessed
from tocsin import adding, campusfile
from tocsin.apply import Difference
from tocsin.config import Settings
from tocsin.csvfile import write_devices
from tocsin.icsfile import read_roster
from tocsin.located import located
from tocsin.mistake import Failed, Mistakes
from tocsin.office import Office
from tocsin.xlsxfile import write_workbook
from tocsin.yamlfile import dump

_SHEETS = (".csv", ".xlsx", ".xlsm")


def apply(args: argparse.Namespace, settings: Settings, office: Office) -> int:
    """Show the difference, ask, and write. Raises Mistakes, or Failed when there is nobody to be asked."""
    path = Path(args.file)
    roster = path.suffix.lower() == ".ics"
    document = read_roster(path, office.export()) if roster else campusfile.read(path, os.environ)
    args.add = args.add or roster
    if args.add and not roster:
        adding.complete(document, office.export())
    parts = campusfile.parse(document, settings.channels)
    try:
        found = office.apply(parts, dry=True, add=args.add)
    except Mistakes as error:
        raise Mistakes(located(error.lines, document)) from None
    for line in located(found.warnings, document):
        print(f"warning: {line}", file=sys.stderr)
    removed = sum(count.removed for count in found.counts) if path.suffix.lower() in _SHEETS else 0
    print("\n".join(_shown(found, removed)) if found.lines else "nothing to change")
    if not found.lines or args.dry_run:
        return 0
    if not _agreed(args, len(found.lines), removed):
        print("nothing was written")
        return 0
    office.apply(parts, dry=False, agreed=found.lines, add=args.add)
    print(f"{len(found.lines)} changes written")
    for line in office.duty():
        if line.startswith("! "):
            print(f"warning: {line[2:]}", file=sys.stderr)
    return 0


def _shown(found: Difference, removed: int) -> list[str]:
    lines = [*found.lines, ""]
    for count in found.counts:
        what = f"{count.added} added, {count.changed} changed, {count.removed} of {count.before} removed"
        lines.append(f"{count.section}: {what}")
    if removed:
        lines.append(f"\nTHIS FILE REMOVES {removed} THAT ARE STORED: a spreadsheet lists all there are.")
    return lines


def _agreed(args: argparse.Namespace, changes: int, removed: int) -> bool:
    if args.yes and (args.remove or not removed):
        return True
    if args.yes:
        raise Failed(f"nothing was written: --yes alone removes nothing; add --remove to remove {removed}")
    question = f"Write these {changes} changes{f' and remove {removed}' if removed else ''}? [y/N] "
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        raise Failed("nothing was written: nobody is here to be asked; add --yes") from None


def export(args: argparse.Namespace, office: Office) -> int:
    """The stored campus as a file that `apply` reads back."""
    values, path = office.export(), Path(args.file) if args.file else None
    form = args.format or (
        path.suffix.lower().lstrip(".") if path and path.suffix.lower() in _SHEETS else "yaml"
    )
    if form in ("xlsx", "xlsm"):
        if path is None:
            raise Failed("a workbook needs a file to be written to: tocsin export campus.xlsx")
        with path.open("wb") as binary:
            write_workbook(binary, values)
        return 0
    text = _csv(values) if form == "csv" else dump(values)
    if path is None:
        sys.stdout.write(text)
    else:  # spreadsheets know UTF-8 by its mark alone
        path.write_text(text, encoding="utf-8-sig" if form == "csv" else "utf-8", newline="")
    return 0


def pending(args: argparse.Namespace, office: Office) -> int:
    """The devices that nobody registered, for a person or as a campus file to be completed."""
    rows = office.pending(args.forget or "")
    if args.yaml:
        sys.stdout.write(dump(_to_register(rows)))
        return 0
    for row in rows:
        name = f"  {row['name']}" if row["name"] else ""
        alarm = "  IN ALARM" if row["alarm"] else ""
        print(f"{row['device']}  {row['dialect']} {row['address']}{name}{alarm}")
        print(f"    {_said(row)}")
    changed = sum(row["changed"] for row in rows)
    anew = f", {changed} approvals are proposed otherwise by now" if changed else ""
    more = "; --yaml makes a campus file of them" if rows else ""
    print(f"{len(rows) - changed} devices are not registered{anew}{more}")
    return 0


def _said(row: dict[str, Any]) -> str:
    if row["changed"]:
        return f"{row['said']}: {row['note']}"
    return f"{row['count']} messages; {row['said'] or 'announced, not heard'}"


def _to_register(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A campus file with what is known of them; kind and place are for a person to complete."""
    devices, approvals = [], []
    for row in rows:
        address = row["address"]
        if row["document"]:
            approvals.append({"id": address, **row["document"]})
        if row["changed"]:  # it is registered
            continue
        devices.append(
            {
                "id": _as_id(row["name"]) or _as_id(address) or row["device"],
                "kind": row["kind"] or guessed(row["said"]) or "KIND",
                "place": "PLACE",
                "owner": "PERSON",
                "dialect": row["dialect"],
                "address": address,
                **({"zh": row["name"], "en": row["name"]} if row["name"] else {}),
            }
        )
    return {
        **({"devices": devices} if devices or not approvals else {}),
        **({"approvals": approvals} if approvals else {}),
    }


def _as_id(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.:-]+", "-", text).strip("-")[:64]


def _csv(values: dict[str, Any]) -> str:
    stream = StringIO(newline="")
    write_devices(stream, values["devices"])
    return stream.getvalue()
