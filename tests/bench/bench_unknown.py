"""Touches. N1: a gateway that hangs. How long after the first attempt began is the next contact told?

The whole service on the real clock. One person for each way to hang, whose second contact is a webhook that
works. The promise is 15 s; a life-safety alarm goes to every contact at once and waits for none of this.
"""

import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.bench.load import Publisher, publish_packet
from tests.bench.service import BROKER, Service
from tests.fakes.webhook import Reply, WebhookSink
from tests.servers import Mosquitto, free_port, running, wait_for
from tocsin.clock import now

ROUNDS = 3
WAYS = {"hang": "reads and never answers", "trickle": "answers a byte a second"}
HOLE = "hole"
PROMISE = 15.0
LONGEST = 200.0  # seconds that are waited for


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(running(Mosquitto(BROKER)))
        good = stack.enter_context(WebhookSink())
        bad = {
            way: stack.enter_context(WebhookSink(reply=Reply(trick=way)))  # type: ignore[arg-type]
            for way in WAYS
        }
        urls = {way: sink.url for way, sink in bad.items()} | {HOLE: stack.enter_context(_black_hole())}
        service = Service(folder, broker, good.url, _settings(urls, good.url))
        service.apply(_campus([*urls]))
        service.start()
        try:
            publisher = Publisher(broker.host, broker.port)
            _measure(service, publisher, good)
            _killed(service, publisher, good, bad["hang"])
            _unreached(service, publisher, good)
        finally:
            service.kill()


def _settings(urls: dict[str, str], good: str) -> dict[str, Any]:
    hook = {"kind": "webhook", "secret": "a-bench-" * 5}
    return {"channels": {name: hook | {"url": url} for name, url in {**urls, "good": good}.items()}}


def _campus(ways: list[str]) -> dict[str, Any]:
    persons = [
        {
            "id": way, "zh": way, "en": way,
            "contacts": [{"channel": way, "address": way}, {"channel": "good", "address": way}],
        }
        for way in ways
    ]  # fmt: skip
    devices = [{"id": f"d{n}", "kind": "smoke_detector", "place": "campus", "interval": 0} for n in range(20)]
    return {
        "places": [{"id": "campus", "zh": "试验校园", "en": "Bench campus"}],
        "devices": devices,
        "persons": persons,
        "policies": [
            {
                "id": "all", "match": {}, "repeat": {"every": "1h"},
                "steps": [{"after": "0s", "notify": [{"person": way} for way in ways]}],
            }
        ],
    }  # fmt: skip


@contextmanager
def _black_hole() -> Iterator[str]:
    """A port that answers no SYN: its short queue is full, and nobody takes from it."""
    server = socket.socket()
    server.bind(("127.0.0.1", free_port()))
    server.listen(0)
    held = []
    for _ in range(4):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(server.getsockname())
        held.append(one)
    yield f"http://127.0.0.1:{server.getsockname()[1]}/hook"
    for one in (*held, server):
        one.close()


def _measure(service: Service, publisher: Publisher, good: WebhookSink) -> None:
    took: dict[str, list[float]] = {way: [] for way in WAYS}
    for number in range(ROUNDS):
        alert = _raised(service, publisher, number)
        for way in WAYS:
            took[way].append(_next_contact(service, good, alert, way))
    for way, seconds in took.items():
        kept = "kept" if max(seconds) <= PROMISE else "LATER THAN THE PROMISE"
        print(
            f"a gateway that {WAYS[way]}: the next contact after {statistics.median(seconds):.2f} s"
            f" (median of {len(seconds)}), {max(seconds):.2f} s (longest); promise {PROMISE:g} s: {kept}",
            flush=True,
        )


def _raised(service: Service, publisher: Publisher, number: int) -> int:
    said = b'{"values":{"smoke":"prealarm"}}'
    publisher.send(publish_packet(f"campus/d{number}/reading", said, 1))
    query = "SELECT id FROM alert WHERE device = ? AND alert_class = 'supervisory'"
    wait_for("the alert", lambda: bool(service.rows(query, f"d{number}")))
    return int(service.rows(query, f"d{number}")[0]["id"])


def _next_contact(service: Service, good: WebhookSink, alert: int, way: str) -> float:
    """Seconds from the moment its first notice was owed, and handed on, to the call at the one that works."""
    offset = now() - time.monotonic_ns() // 1_000_000

    def calls() -> list[int]:
        found = [call for call in list(good.calls) if call.json["key"].startswith(f"{alert}/")]
        return [call.received // 1_000_000 + offset for call in found if call.json["person"] == way]

    wait_for(f"the next contact of {way}", lambda: bool(calls()), LONGEST)
    owed = "SELECT owed_at FROM notification WHERE alert = ? AND channel = ? ORDER BY id LIMIT 1"
    return (calls()[0] - int(service.rows(owed, alert, way)[0]["owed_at"])) / 1000


def _killed(service: Service, publisher: Publisher, good: WebhookSink, hung: WebhookSink) -> None:
    before = len(hung.calls)
    alert = _raised(service, publisher, ROUNDS)
    wait_for("the first attempt", lambda: len(hung.calls) > before)
    service.kill()
    began = time.monotonic()
    service.start()
    restart = time.monotonic() - began
    seconds = _next_contact(service, good, alert, "hang")
    print(
        f"killed in the middle of the first attempt: the next contact after {seconds:.2f} s, "
        f"{restart:.2f} s of them the restart",
        flush=True,
    )


def _unreached(service: Service, publisher: Publisher, good: WebhookSink) -> None:
    """Here nothing is unknown: nothing has left. So it is tried again, and the policy's time counts."""
    seconds = _next_contact(service, good, _raised(service, publisher, ROUNDS + 1), HOLE)
    print(f"a gateway that answers no SYN, so that nothing leaves: the next contact after {seconds:.2f} s")
