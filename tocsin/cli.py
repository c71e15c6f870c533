"""Touches. The command line. Exit codes: 0 done, 1 it failed, 2 the person's input has a mistake."""

import argparse
import os
import select
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ruamel.yaml import YAML
from sqlalchemy.exc import SQLAlchemyError

from ingest.bilingual import told
from tocsin import auditcli, logs
from tocsin.config import Settings, load
from tocsin.control import NotRunning
from tocsin.doctor.arguments import add_arguments as add_doctor_arguments
from tocsin.doctor.finding import language_of
from tocsin.mistake import Failed, Mistakes
from tocsin.rulescli import add_rules_arguments, rules
from tocsin.simulate.cli import add_arguments as add_simulate_arguments
from tocsin.tokencli import add_token_arguments, token

VERSION = "0.1.0"
FORMATS = ("yaml", "csv", "xlsx")


def main(arguments: Sequence[str] | None = None) -> int:
    logs.configure()
    parser = _parser()
    args = parser.parse_args(arguments)
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except Mistakes as error:
        print("\n".join(error.lines), file=sys.stderr)
        return 2
    except NotRunning:
        print(f"tocsin {args.command}: no service is running with this configuration", file=sys.stderr)
        return 1
    except (Failed, OSError, SQLAlchemyError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and args.command in ("run", "demo"):
            raise  # our own bug: whoever mends it needs to see where
        if isinstance(error, BrokenPipeError) and _nobody_reads():
            return 0
        print(
            f"tocsin {args.command}: {(str(error) or type(error).__name__).splitlines()[0]}", file=sys.stderr
        )
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _nobody_reads() -> bool:
    """Whether it was standard output that broke: `| head` has seen enough, and that is no failure."""
    out, look = sys.stdout.fileno(), select.poll()
    look.register(out, 0)
    if not any(event & select.POLLERR for _, event in look.poll(0)):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), out)  # or Python complains at its end
    return True


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
    check = configured("check", "check the configuration and the rules; every mistake at once", _check)
    check.add_argument("--schema", action="store_true", help="write the JSON Schema of the configuration")
    apply = configured("apply", "show what a campus file changes, and write it", _apply)
    apply.add_argument(
        "file", help="campus file (YAML), places … (XLSX), devices (CSV), or a post's roster (POST.ics)"
    )
    apply.add_argument("--yes", action="store_true", help="write without asking")
    apply.add_argument(
        "--remove", action="store_true", help="with --yes: also remove what a spreadsheet omits"
    )
    apply.add_argument("--dry-run", action="store_true", help="only show the difference")
    apply.add_argument("--add", action="store_true", help="add and change only: what the file omits stays")
    pending = configured("pending", "the devices that speak and are not registered", _pending)
    pending.add_argument("--yaml", action="store_true", help="as a campus file to complete and `apply --add`")
    pending.add_argument("--forget", metavar="ID", help="drop one first; it comes back when it speaks again")
    export = configured("export", "write the stored campus as a campus file", _export)
    export.add_argument("file", nargs="?", help="where to (default: standard output)")
    export.add_argument("--format", choices=FORMATS, help="default: as the file is called, else yaml")
    add_token_arguments(
        configured("token", "a one-time token for the first administrator, or one for a machine", _token)
    )
    configured("status", "what the running service says of itself", _status)
    configured("duty", "who is on duty now, and who comes next", _duty)
    cert = command("cert", "make or renew the dashboard's certificate, with a campus authority", _cert)
    cert.add_argument("names", nargs="*", help="host names and addresses; default: as before")
    cert.add_argument("--folder", default="tls", help="where to (default: tls)")
    decode = configured("decode", "what a message would say, in readings", _decode)
    decode.add_argument("topic")
    decode.add_argument("payload", help="the payload, or - for standard input")
    send = configured("send-test", "send a test notice and say in words what is wrong", _send_test)
    send.add_argument("target", metavar="PERSON|CHANNEL", help="a person's id or a channel's name")
    templates = command("templates", "the SMS and voice texts to apply for at a provider", _templates)
    templates.add_argument("provider", choices=("aliyun", "tencent"))
    add_rules_arguments(command("rules", "test, reload and describe the rules", rules))
    why = configured("why", "why an alert was raised, or why rules did or did not fire for a device", _why)
    why.add_argument("target", metavar="CODE|DEVICE", help="the code of an alert, or the id of a device")
    why.add_argument("--language", choices=("zh", "en"), help="default: the terminal's")
    why.add_argument("--at", default="", metavar="TIME", help="of a device: at 14:05, or '2026-11-22 14:05'")
    auditcli.add_audit_arguments(command("audit", "whether the record of alerts can be believed", _audit))
    doctor = configured("doctor", "look at the broker as an outsider would, and at this machine", _doctor)
    add_doctor_arguments(doctor)
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
    from tocsin.serve import serve

    settings = _settings_or_last_good(args)
    try:
        return serve(settings)
    except Taken as error:
        raise Failed(str(error)) from None


def _settings_or_last_good(args: argparse.Namespace) -> Settings:
    """With a mistake in the file: the last good configuration, and a fault that says so. Raises Mistakes."""
    from tocsin import lastgood

    try:
        settings = settings_of(args)
    except Mistakes as error:
        found = lastgood.recall(Path(args.config), os.environ, error.lines)
        if found is None:
            raise
        print("\n".join([*error.lines, "starting with the last good configuration"]), file=sys.stderr)
        return found
    lastgood.keep(settings)
    return settings


def _demo(args: argparse.Namespace) -> int:
    from tocsin.demo import main as demo

    return demo(args)


def _simulate(args: argparse.Namespace) -> int:
    from tocsin.simulate.cli import run

    return run(args)


def _check(args: argparse.Namespace) -> int:
    from rules.load import RuleErrors
    from rules.load import load as load_rules
    from tocsin import checking, clock
    from tocsin.shape import schema

    if args.schema:
        print(schema(Settings), end="")
        return 0
    settings = settings_of(args)
    try:
        rules = load_rules(settings.rules, settings.standard_rules)
    except RuleErrors as error:
        raise Mistakes(str(error).splitlines()) from None
    print(f"{args.config}: no mistakes. {len(rules.rules)} rules, {len(settings.channels)} channels.")
    for found in checking.amiss(settings, rules, clock.now()):
        print(f"! {found}")
    return 0


def _apply(args: argparse.Namespace) -> int:
    from tocsin import campuscli

    settings = settings_of(args)
    return campuscli.apply(args, settings, _office(settings))


def _pending(args: argparse.Namespace) -> int:
    from tocsin import campuscli

    return campuscli.pending(args, _office(settings_of(args)))


def _export(args: argparse.Namespace) -> int:
    from tocsin import campuscli

    return campuscli.export(args, _office(settings_of(args)))


def _duty(args: argparse.Namespace) -> int:
    settings = settings_of(args)
    print("\n".join(_office(settings).duty()))
    return 0


def _cert(args: argparse.Namespace) -> int:
    from tocsin import cert, clock

    try:
        made = cert.make(Path(args.folder), args.names, clock.now())
    except (cert.CertError, OSError) as error:
        raise Failed(str(error)) from None
    print(f"{made.cert} and {made.key}, until {made.until:%Y-%m-%d}, for {', '.join(made.names)}")
    if made.new_authority:
        print(f"A new authority: give {made.ca} to every browser that is to trust the dashboard.")
    print(f"dashboard: {{cert: {made.cert.absolute()}, key: {made.key.absolute()}}}")
    return 0


def _decode(args: argparse.Namespace) -> int:
    from tocsin import campusfile, clock
    from tocsin.document import Document
    from tocsin.saying import said

    settings, document = settings_of(args), Document()
    document.value = _office(settings).export()
    registry, _ = campusfile.whole(campusfile.parse(document))
    payload = sys.stdin.buffer.read() if args.payload == "-" else os.fsencode(args.payload)
    print("\n".join(said(registry, settings.broker, args.topic, payload, clock.now())))
    return 0


def _send_test(args: argparse.Namespace) -> int:
    try:
        tries = _office(settings_of(args)).send_test(args.target)
    except (ValueError, RuntimeError) as error:
        raise Mistakes([f"send-test: {error}"]) from None
    for _, said in tries:
        print(said)
    return 0 if all(worked for worked, _ in tries) else 1


def _templates(args: argparse.Namespace) -> int:
    from alerts.delivery.templates import applications

    print("\n".join(applications(args.provider)))
    return 0


def _why(args: argparse.Namespace) -> int:
    try:
        lines = _office(settings_of(args)).why(args.target, args.at)
        print(told("\n".join(lines), args.language or language_of(os.environ)))
    except (ValueError, RuntimeError) as error:
        raise Mistakes([f"why: {error}"]) from None
    return 0


def _audit(args: argparse.Namespace) -> int:
    return auditcli.run(args, settings_of(args))


def _doctor(args: argparse.Namespace) -> int:
    from tocsin.doctor.command import run

    return run(args)


def _token(args: argparse.Namespace) -> int:
    return token(args, _office(settings_of(args)))


def _status(args: argparse.Namespace) -> int:
    YAML().dump(_office(settings_of(args)).status(), sys.stdout)
    return 0


def _office(settings: Settings):  # type: ignore[no-untyped-def]
    from tocsin.office import Office

    return Office(settings)
