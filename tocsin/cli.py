"""Touches. The command line. Exit codes: 0 done, 1 it failed, 2 the person's input has a mistake."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ruamel.yaml import YAML

from tocsin import logs
from tocsin.config import Settings, load
from tocsin.mistake import Mistakes
from tocsin.simulate.cli import add_arguments as add_simulate_arguments

VERSION = "0.1.0"


class Failed(Exception):
    """The command could not be done; the message is one sentence for the person."""


def main(arguments: Sequence[str] | None = None) -> int:
    logs.configure()
    parser = _parser()
    args = parser.parse_args(arguments)
    try:
        code: int = args.run(args)
    except Mistakes as error:
        print("\n".join(error.lines), file=sys.stderr)
        return 2
    except (Failed, BrokenPipeError) as error:
        print(f"tocsin {args.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tocsin", description="Alarm monitoring for a campus.")
    parser.add_argument("--version", action="version", version=f"tocsin {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, help: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help, description=help)
        made.set_defaults(run=run)
        return made

    def configured(name: str, help: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        made = command(name, help, run)
        made.add_argument("-c", "--config", default="tocsin.yaml", help="the configuration (tocsin.yaml)")
        return made

    configured("run", "run the service", _run)
    configured("check", "check the configuration and the rules; every mistake at once", _check)
    apply = configured("apply", "show what a campus file changes, and write it", _apply)
    apply.add_argument("file", help="campus file (YAML), or devices (CSV)")
    apply.add_argument("--yes", action="store_true", help="write without asking")
    apply.add_argument("--dry-run", action="store_true", help="only show the difference")
    export = configured("export", "write the stored campus as a campus file", _export)
    export.add_argument("file", nargs="?", help="where to (default: standard output)")
    configured("token", "a one-time token for the first administrator", _token)
    configured("status", "what the running service says of itself", _status)
    send = configured("send-test", "send a test notice and say in words what is wrong", _send_test)
    send.add_argument("target", metavar="PERSON|CHANNEL", help="a person's id or a channel's name")
    _demo_arguments(command("demo", "the product with a broker and a simulated campus", _demo))
    add_simulate_arguments(command("simulate", "a simulated campus for any broker", _simulate))
    return parser


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", default="demo-data", help="folder the demo keeps its things in")
    parser.add_argument("--listen", default="127.0.0.1:8470", help="host:port of the dashboard")
    parser.add_argument("--devices", type=int, default=300)
    parser.add_argument("--rate", type=float, default=1.0, help="heartbeats this many times as often")
    parser.add_argument("--seed", type=int, default=7)


def settings_of(args: argparse.Namespace) -> Settings:
    """The configuration a command names. Raises Mistakes."""
    path = Path(args.config)
    if not path.exists():
        raise Mistakes([f"{path}: there is no such file. Give one with -c, or start with `tocsin demo`"])
    return load(path, os.environ)


def _run(args: argparse.Namespace) -> int:
    from tocsin.lock import Taken
    from tocsin.run import serve

    try:
        return serve(settings_of(args))
    except Taken as error:
        raise Failed(str(error)) from None


def _demo(args: argparse.Namespace) -> int:
    from tocsin.demo import main as demo

    return demo(args)


def _simulate(args: argparse.Namespace) -> int:
    from tocsin.simulate.cli import run

    return run(args)


def _check(args: argparse.Namespace) -> int:
    from rules.load import RuleErrors
    from rules.load import load as load_rules

    settings = settings_of(args)
    try:
        rules = load_rules(settings.rules, settings.standard_rules)
    except RuleErrors as error:
        raise Mistakes(str(error).splitlines()) from None
    print(f"{args.config}: no mistakes. {len(rules.rules)} rules, {len(settings.channels)} channels.")
    return 0


def _apply(args: argparse.Namespace) -> int:
    from tocsin import campusfile

    parts = campusfile.read(Path(args.file), os.environ)
    office = _office(settings_of(args))
    lines = office.apply(parts, dry=True)
    print("\n".join(lines) if lines else "nothing to change")
    if not lines or args.dry_run:
        return 0
    if not args.yes and input(f"Write these {len(lines)} changes? [y/N] ").strip().lower() not in (
        "y",
        "yes",
    ):
        print("nothing was written")
        return 0
    office.apply(parts, dry=False)
    print(f"{len(lines)} changes written")
    return 0


def _export(args: argparse.Namespace) -> int:
    values = _office(settings_of(args)).export()
    yaml = YAML()
    yaml.width = 120
    if args.file:
        with Path(args.file).open("w", encoding="utf-8") as stream:
            yaml.dump(values, stream)
    else:
        yaml.dump(values, sys.stdout)
    return 0


def _send_test(args: argparse.Namespace) -> int:
    try:
        tries = _office(settings_of(args)).send_test(args.target)
    except (ValueError, RuntimeError) as error:
        raise Mistakes([f"send-test: {error}"]) from None
    for _, said in tries:
        print(said)
    return 0 if all(worked for worked, _ in tries) else 1


def _token(args: argparse.Namespace) -> int:
    token = _office(settings_of(args)).token()
    print(token or "there is an account already: ask its administrator for an invitation")
    return 0


def _status(args: argparse.Namespace) -> int:
    YAML().dump(_office(settings_of(args)).status(), sys.stdout)
    return 0


def _office(settings: Settings):  # type: ignore[no-untyped-def]
    from tocsin.office import Office

    return Office(settings)
