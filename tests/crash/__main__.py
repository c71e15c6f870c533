"""Touches. `make crash`: kill -9 against a real Mosquitto and a slow webhook.

At any moment, and at each point between the claim of a notice and its recorded outcome (tests/crash/doomed).

Detectors say alarm, buttons are pressed without a number, a guard takes alerts, steps fall due. Whatever was
said must end in an alert and in every notice that is owed for it; a notice may come once more for each kill.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.load import Publisher
from tests.bench.service import BROKER, Service
from tests.crash.campaign import Campaign
from tests.crash.devices import Devices, school
from tests.crash.evidence import gather, heard, pending, ringing
from tests.crash.figures import figures
from tests.crash.judge import Evidence, breaches
from tests.fakes.webhook import WebhookSink
from tests.servers import Mosquitto, running, wait_for

PATIENCE = 300  # seconds for all that is owed after the last kill
EXAMPLES = 5  # of each breach


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--delay", type=float, default=0.5, help="seconds the webhook takes to answer")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="tocsin-crash-"))
    print(f"data and log in {folder}, removed when every promise was kept", flush=True)
    with running(Mosquitto(BROKER)) as broker, WebhookSink(delay=options.delay) as sink:
        service = Service(folder, broker, sink.url)
        try:
            evidence = _run(service, broker, sink, options.kills, random.Random(options.seed))
        finally:
            service.kill()
    print("\n".join(figures(evidence, options.delay)))
    code = _verdict(evidence)
    if code == 0:
        shutil.rmtree(folder)
    return code


def _run(
    service: Service, broker: Mosquitto, sink: WebhookSink, kills: int, chance: random.Random
) -> Evidence:
    began, detectors = time.monotonic(), 200 + kills * 6
    service.apply(school(detectors))
    publisher = Publisher(broker.host, broker.port)
    devices = Devices(publisher, detectors, chance)
    campaign = Campaign(service, devices, chance)
    campaign.begin()
    for number in range(1, kills + 1):
        campaign.live_and_die()
        if number % 10 == 0 or number == kills:
            said = f"{len(devices.alarms)} alarms, {devices.pressed.total()} presses"
            took = time.monotonic() - began
            print(f"{took:4.0f} s: {number} kills, {said}, {len(sink.calls)} calls", flush=True)
    for point, reached in campaign.points.items():
        print(f"{reached:4} kills at: {point}", flush=True)
    print(f"{campaign.at_start} kills fell into a start; now it lives until nothing is owed", flush=True)
    service.start()
    try:
        wait_for("nothing is owed any more", lambda: _quiet(service, campaign), PATIENCE)
    except TimeoutError as error:
        print(f"{error}; the judge says what is missing")
    publisher.close()
    return gather(service, sink, devices, campaign)


def _quiet(service: Service, campaign: Campaign) -> bool:
    """A button rings until somebody takes its alert."""
    if ringing(service):
        campaign.guard_takes_all()
    return heard(service) and not pending(service)


def _verdict(evidence: Evidence) -> int:
    judged = breaches(evidence)
    for name, found in judged.items():
        print(f"{len(found):4} {name}")
        for sentence in found[:EXAMPLES]:
            print(f"       {sentence}")
    failed = sum(bool(found) for found in judged.values())
    print(f"{len(judged) - failed} promises kept, {failed} broken")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
