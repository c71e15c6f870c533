"""Touches. `make crash`: kill -9 at random moments against a real Mosquitto and a slow webhook.

Every published alarm must end in an alert and a webhook call, with at most one extra call a kill.
"""

import argparse
import bisect
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

from tests.bench.load import Publisher, publish_packet
from tests.bench.service import BROKER, Service, campus
from tests.bench.whole_path import payload
from tests.fakes.webhook import WebhookSink
from tests.servers import Mosquitto, running, wait_for

DETECTORS = 2000


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--delay", type=float, default=0.5, help="seconds the webhook takes to answer")
    options = parser.parse_args(arguments)
    chance = random.Random(options.seed)
    with (
        running(Mosquitto(BROKER)) as broker,
        WebhookSink(delay=options.delay) as sink,
        tempfile.TemporaryDirectory() as folder,
    ):
        service = Service(Path(folder), broker, sink.url)
        service.apply(campus(DETECTORS * 5))
        service.start()
        published, kills = _kill_again_and_again(service, broker, chance, options.kills)
        service.start()
        ok = _judge(service, sink, published, kills)
        service.stop()
    print("1 passed, 0 failed" if ok else "0 passed, 1 failed")
    return 0 if ok else 1


def _kill_again_and_again(
    service: Service, broker: Mosquitto, chance: random.Random, kills: int
) -> tuple[list[str], list[int]]:
    publisher = Publisher(broker.host, broker.port)
    boot = int(time.time())  # noqa: TID251 - the devices' own clock
    published: list[str] = []
    killed: list[int] = []
    for kill in range(kills):
        if service.process is None:
            service.start()
        deadline = time.monotonic() + chance.uniform(0.0, 0.6)
        while time.monotonic() < deadline:
            device = len(published) % DETECTORS * 5
            if len(published) < DETECTORS:
                published.append(f"d{device}")
                number = len(published)
                packet = publish_packet(
                    f"campus/d{device}/reading", payload(device, number, boot, "alarm"), number
                )
                publisher.send(packet)
            time.sleep(chance.uniform(0.0, 0.05))
        service.kill()
        killed.append(time.monotonic_ns())
        if kill % 20 == 19:
            print(f"{kill + 1} kills, {len(published)} alarms published", flush=True)
    publisher.close()
    return published, killed


def _judge(service: Service, sink: WebhookSink, published: list[str], kills: list[int]) -> bool:
    try:
        wait_for("every alarm's webhook", lambda: set(published) <= set(_called(sink)), 120)
    except TimeoutError as error:
        print(error)
    counted = _called(sink)
    lost = [device for device in published if device not in counted]
    extra = sum(len(moments) - 1 for moments in counted.values())
    repeated = [device for device, moments in counted.items() if _in_one_life(moments, kills)]
    alerts = _alerts(service)
    unraised = [device for device in published if alerts[device] == 0]
    doubled = [device for device in published if alerts[device] > 1]
    print(f"{len(kills)} kills, {len(published)} alarms: {len(lost)} notices lost,", end=" ")
    print(f"{len(unraised)} alerts missing,")
    print(f"  {len(doubled)} alerts doubled, {extra} extra calls in all; {len(repeated)} notices came twice")
    print("  without a kill in between (each notice may come once more for each kill)")
    return not (lost or unraised or doubled or repeated)


def _in_one_life(moments: list[int], kills: list[int]) -> bool:
    lives = [bisect.bisect(kills, moment) for moment in moments]
    return len(set(lives)) < len(lives)


def _called(sink: WebhookSink) -> dict[str, list[int]]:
    """When each device's first notice came; a call that a kill cut off in the middle brought nothing."""
    found: dict[str, list[int]] = defaultdict(list)
    for call in list(sink.calls):
        if call.body.endswith(b"}}") and call.json["purpose"] == "raise":
            found[call.json["alert"]["device"]].append(call.received)
    return found


def _alerts(service: Service) -> Counter[str]:
    with sqlite3.connect(f"file:{service.folder}/data/state.db?mode=ro", uri=True) as conn:
        found = conn.execute("SELECT device FROM alert WHERE rule = 'smoke-alarm'")
        return Counter(device for (device,) in found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
