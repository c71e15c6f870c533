"""Touches. `tocsin demo`: the product with a broker, a simulated campus and a phone beside it.

Nothing here takes part in the service: it gets a configuration and a campus file like any other installation.
"""

import argparse
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import alerts
from tocsin import campusfile, clock, config, demo_broker
from tocsin.demo_broker import BrokerFailed, DemoBroker
from tocsin.demo_phone import DemoPhone
from tocsin.document import Document
from tocsin.office import Office
from tocsin.run import Demo, Tocsin
from tocsin.serve import serve
from tocsin.simulate.campus import campus_file
from tocsin.simulate.scenarios import BROKER_OUTAGE, SCENARIOS

PLANS = Path(alerts.__file__).parent / "standard" / "plans.yaml"
OUTAGE = 20.0  # seconds the broker stays away in the scenario


def main(args: argparse.Namespace) -> int:
    folder = Path(args.data).absolute()
    print("Starting a broker, a simulated campus and the service …", flush=True)
    try:
        broker = demo_broker.start(folder / "broker", clock.now)
    except BrokerFailed as error:
        print(f"tocsin demo: {error}", file=sys.stderr)
        return 1
    phone = DemoPhone()
    simulators: list[subprocess.Popen[bytes]] = []

    def ready(service: Tocsin) -> None:
        simulators.append(_simulate(broker, args))
        print(
            f"Broker: {broker.kind} on {broker.host}:{broker.port}. Notices appear here as ☎. Ctrl-C ends it."
        )

    try:
        settings = config.build(_settings(args, broker, phone, folder), "")
        office = Office(settings)
        if not office.export()["devices"]:
            document = Document()
            document.value = campus_file(args.seed, args.devices)
            office.apply(campusfile.parse(document), dry=False)
            office.apply(campusfile.parse(campusfile.read(PLANS, {})), dry=False)
        return serve(settings, ready, _demo(broker))
    finally:
        for simulator in simulators:
            simulator.terminate()
            simulator.wait(10)
        phone.stop()
        broker.stop()


def _settings(args: argparse.Namespace, broker: DemoBroker, phone: DemoPhone, folder: Path) -> dict[str, Any]:
    return {
        "data": str(folder),
        "broker": {
            "host": broker.host,
            "port": broker.port,
            "username": broker.username,
            "password": broker.password,
            "protocol": "auto" if broker.kind == "mosquitto" else "3.1.1",
        },
        "dashboard": {"listen": args.listen},
        "channels": {
            "phone": {"kind": "webhook", "url": phone.url, "secret": broker.password},
            "siren": {"kind": "mqtt", "topics": ["campus/siren-1/command"]},
        },
    }


def _simulate(broker: DemoBroker, args: argparse.Namespace) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tocsin", "simulate", "--host", broker.host, "--port", str(broker.port)]
    command += ["--username", broker.username, "--seed", str(args.seed)]
    command += ["--devices", str(args.devices), "--rate", str(args.rate), "--end-with-parent"]
    environment = os.environ | {"TOCSIN_SIMULATE_PASSWORD": broker.password}
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)


def _demo(broker: DemoBroker) -> Demo:
    scenarios = [*SCENARIOS.values()]
    scenarios += [BROKER_OUTAGE] if broker.kind == "mosquitto" else []

    def play(service: Tocsin, name: str) -> None:
        if name == BROKER_OUTAGE.name:
            _in_background(lambda: broker.restart(away=OUTAGE))
        else:
            topic = f"{service.settings.broker.base}-simulator/scenario"
            service.all.publish(topic, name.encode())

    return Demo(tuple((s.name, s.zh, s.en) for s in scenarios), play)


def _in_background(act: Callable[[], None]) -> None:
    threading.Thread(target=act, name="demo-outage", daemon=True).start()
