"""Touches. `tocsin simulate`: its arguments, and running it until it is stopped."""

import argparse
import asyncio
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from tocsin.clock import now
from tocsin.simulate.campus import build, campus_file
from tocsin.simulate.line import Login
from tocsin.simulate.player import Settings, ask_for, running_already, simulate
from tocsin.simulate.scenarios import SCENARIOS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    broker = parser.add_argument_group("broker")
    broker.add_argument("--host", default="127.0.0.1")
    broker.add_argument("--port", type=int, default=1883)
    broker.add_argument("--username")
    broker.add_argument(
        "--password",
        default=os.environ.get("TOCSIN_SIMULATE_PASSWORD"),
        help="better in the environment: TOCSIN_SIMULATE_PASSWORD",
    )
    broker.add_argument("--ca", metavar="FILE", help="speak TLS, trusting the certificates in FILE")
    broker.add_argument("--base", default="campus", help="base topic of Tocsin's own dialect")
    broker.add_argument("--z2m", default="zigbee2mqtt", help="base topic of the simulated Zigbee2MQTT")
    parser.add_argument("--end-with-parent", action="store_true", help=argparse.SUPPRESS)  # stdin is a pipe
    campus = parser.add_argument_group("campus")
    campus.add_argument("--seed", type=int, default=7, help="same seed, same campus and same story")
    campus.add_argument("--devices", type=int, default=300)
    campus.add_argument("--rate", type=float, default=1.0, help="heartbeats this many times as often")
    campus.add_argument(
        "--write-campus", metavar="FILE", help="write the campus file for `tocsin apply` and end"
    )
    story = parser.add_argument_group("scenarios")
    story.add_argument(
        "--scenario", metavar="NAME", help="play it at once; a simulator that runs already plays it"
    )
    story.add_argument("--list", action="store_true", help="list the scenarios and end")


def run(args: argparse.Namespace) -> int:
    """0 when it ended as asked, 2 for a mistake in the arguments, 1 when the broker refuses us."""
    if args.list:
        for scenario in SCENARIOS.values():
            print(f"{scenario.name:16} {scenario.en} / {scenario.zh}")
        return 0
    mistake = _mistake(args)
    if mistake:
        print(f"tocsin simulate: {mistake}", file=sys.stderr)
        return 2
    try:
        if args.write_campus:
            write_campus(Path(args.write_campus), campus_file(args.seed, args.devices))
            return 0
        return asyncio.run(_run(_settings(args), args.end_with_parent))
    except OSError as error:
        print(f"tocsin simulate: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0


def _mistake(args: argparse.Namespace) -> str | None:
    if args.rate <= 0:
        return f"--rate {args.rate}: a rate is more than 0 (1 is the demo's pace)"
    if args.scenario and args.scenario not in SCENARIOS:
        return f"--scenario {args.scenario}: there is none of that name; there are: {', '.join(SCENARIOS)}"
    try:
        build(args.seed, args.devices)
    except ValueError as error:
        return str(error)
    return None


def _settings(args: argparse.Namespace) -> Settings:
    login = Login(args.host, args.port, args.username, args.password, args.ca)
    return Settings(login, args.base, args.z2m, args.seed, args.devices, args.rate, args.scenario)


async def _run(settings: Settings, end_with_parent: bool) -> int:
    login, where = settings.login, f"{settings.login.host}:{settings.login.port}"
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if end_with_parent:
        threading.Thread(target=_orphaned, args=(loop, stop), daemon=True).start()
    try:
        if await running_already(login, settings.base):
            if not settings.scenario:
                print(f"tocsin simulate: a simulator runs on {where} already", file=sys.stderr)
                return 1
            await ask_for(login, settings.base, settings.scenario)
            print(f"{settings.scenario}: the simulator on {where} plays it")
            return 0
    except MqttConnectError as error:
        print(f"tocsin simulate: the broker {where} refuses us: {error}", file=sys.stderr)
        return 1
    except aiomqtt.MqttError as error:
        print(f"tocsin simulate: no broker at {where} yet ({error}); waiting for it", file=sys.stderr)
    under = f"under {settings.base}/ and {settings.z2m}/"
    print(f"Simulating {settings.devices} devices on {where} {under}; Ctrl-C ends", flush=True)
    await simulate(settings, now, stop)
    return 0


def _orphaned(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when our standard input closes, as it does however our parent ends."""
    while os.read(0, 4096):  # not sys.stdin: its lock, held here, would abort the interpreter's end
        pass
    loop.call_soon_threadsafe(stop.set)


def write_campus(file: Path, campus: dict[str, Any]) -> None:
    """Write a campus file as YAML, one thing a line. `-` is standard output."""
    yaml = YAML()
    yaml.width = 4096
    yaml.allow_unicode = True
    sections = CommentedMap()
    for name, rows in campus.items():
        lines = [_policy(row) if name == "policies" else _one_line(row) for row in rows]
        sections[name] = CommentedSeq(lines)
    if str(file) == "-":
        yaml.dump(sections, sys.stdout)
    else:
        with file.open("w", encoding="utf-8") as out:
            yaml.dump(sections, out)


def _policy(row: dict[str, Any]) -> CommentedMap:
    policy = CommentedMap(row)
    policy["match"] = _one_line(row["match"])
    policy["steps"] = CommentedSeq([_one_line(step) for step in row["steps"]])
    policy["repeat"] = _one_line(row["repeat"])
    return policy


def _one_line(row: dict[str, Any]) -> CommentedMap:
    line = CommentedMap(row)
    line.fa.set_flow_style()
    return line
