"""Touches. The whole path measured: Mosquitto, the service, the load and the webhook on the same cores.

Everything is real: QoS 1, fsync, the standard rule pack, the history, 10,000 registered devices.
"""

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.disk import Bystander
from tests.bench.load import Publisher, publish_packet
from tests.bench.service import BROKER, Service, campus
from tests.fakes.webhook import WebhookSink
from tests.servers import Mosquitto, running, wait_for

DEVICES = 10_000
SUSTAINED = 15_000  # messages a second
BACKLOG = 100_000
COPIES = 1.2  # the session `life` receives its own copy of every fifth message


def payload(device: int, number: int, boot: int, smoke: str = "normal") -> bytes:
    """One message of some 150 bytes, as devices of the bench campus send it."""
    head = f'{{"boot":{boot},"seq":{number},"time":{boot * 1000 + number % 1000},"values":'
    n = number % 9
    if device % 5 == 0:
        values = f'{{"smoke":"{smoke}","smoke_density":0.0{n},"temperature":2{n}.5,"battery":87}}'
    else:
        values = f'{{"temperature":2{n}.{n}1,"humidity":4{n}.5,"battery":87,"rssi":-67}}'
    return (head + values + "}").encode()


def ordinary(count: int, first: int, boot: int) -> list[bytes]:
    """Packets in which nothing happens, over all devices."""
    packets = []
    for number in range(first, first + count):
        device = number * 7 % DEVICES
        topic = f"campus/d{device}/reading"
        packets.append(publish_packet(topic, payload(device, number, boot), 1 + number % 60000))
    return packets


@dataclass
class Bench:
    broker: Mosquitto
    service: Service
    sink: WebhookSink
    boot: int
    ready_after: float = 0.0
    numbers: int = 1

    def packets(self, count: int) -> list[bytes]:
        made = ordinary(count, self.numbers, self.boot)
        self.numbers += count
        return made

    def committed(self) -> int:
        return int(self.service.status()["messages"])


@contextmanager
def bench(delay: float = 0.0, devices: int = DEVICES) -> Iterator[Bench]:
    with (
        running(Mosquitto(BROKER)) as broker,
        WebhookSink(delay=delay) as sink,
        tempfile.TemporaryDirectory() as folder,
    ):
        service = Service(Path(folder), broker, sink.url)
        service.apply(campus(devices))
        try:
            ready = service.start()
            yield Bench(broker, service, sink, int(time.time()), ready)  # noqa: TID251 - devices' own clock
        finally:
            service.stop()


def memory_and_start() -> None:
    with bench() as b:
        print(f"start to ready with {DEVICES} devices: {b.ready_after:.2f} s")
        publisher = Publisher(b.broker.host, b.broker.port)
        publisher.blast(b.packets(60_000), rate=5000)
        wait_for("all committed", lambda: settled(b, 60_000), 120)
        time.sleep(5)
        print(f"resident after 60,000 messages: {b.service.memory() / 1e6:.0f} MB")


def settled(b: Bench, total: int) -> bool:
    status = b.service.status()
    return status["messages"] >= total and not any(status["waiting"].values())


def throughput(seconds: int = 20) -> None:
    """A steady rate with no growing queue, and then as fast as it drains."""
    with bench() as b:
        warm = b.packets(20_000)
        Publisher(b.broker.host, b.broker.port, "warm").blast(warm)
        time.sleep(2)
        wait_for("warm", lambda: settled(b, int(20_000 * COPIES)), 60)
        start, cpu = b.committed(), b.service.cpu()
        packets = b.packets(SUSTAINED * seconds)
        lags: list[int] = []
        publisher = Publisher(b.broker.host, b.broker.port)
        for second in range(seconds):
            part = packets[second * SUSTAINED : (second + 1) * SUSTAINED]
            publisher.blast(part, rate=SUSTAINED)
            lags.append(int((second + 1) * SUSTAINED * COPIES) - (b.committed() - start))
        ended = time.monotonic()
        wait_for("the queue is empty", lambda: settled(b, int(start + len(packets) * COPIES)), 120)
        lag = time.monotonic() - ended
        used = (b.service.cpu() - cpu) / len(packets) * 1e6
        print(f"sustained {SUSTAINED}/s for {seconds} s: queue empty {lag:.2f} s after the last publish;")
        print(f"  behind at each second: {lags}")
        print(f"  processor time of the service: {used:.0f} us a message")


def drain(count: int = BACKLOG) -> None:
    """A backlog from an outage of ours, and an alarm while it drains."""
    with bench() as b:
        b.service.stop()
        packets = b.packets(count)
        publisher = Publisher(b.broker.host, b.broker.port)
        publisher.blast(packets)
        b.service.start()
        began, before = time.monotonic(), len(b.sink.calls)
        alarm = payload(0, 99_000_000, b.boot, "alarm")
        at = time.monotonic()
        publisher.send(publish_packet("campus/d0/reading", alarm, 1))
        wait_for("the alarm's webhook", lambda: len(b.sink.calls) > before, 60)
        alarm_after = time.monotonic() - at
        left = b.service.status()["waiting"]
        wait_for("the backlog is drained", lambda: b.committed() >= count, 120)
        took = time.monotonic() - began
        print(
            f"backlog of {count}: drained {count / took:.0f}/s in {took:.1f} s; a life-safety alarm published"
        )
        print(
            f"  while it drained reached the webhook after {alarm_after * 1000:.0f} ms (waiting then: {left})"
        )


def flood(rate: int = 5000, seconds: int = 60) -> None:
    """One life-safety device gone mad, and alarms of others meanwhile: on the same session, so behind it."""
    with bench() as b, Bystander(b.service.folder) as disk:
        packets = [
            publish_packet(
                "campus/d5/reading", payload(5, n, b.boot, ["normal", "test"][n % 2]), 1 + n % 60000
            )
            for n in range(rate * seconds)
        ]
        load = multiprocessing.Process(
            target=_background, args=(b.broker.host, b.broker.port, packets, rate), daemon=True
        )
        load.start()
        time.sleep(2)
        alarms = (seconds - 4) * 10
        sent = _send_alarms(b, alarms, 0.1, first=10)
        load.join()
        wait_for("all committed", lambda: settled(b, len(packets)), 120)
        found = {c.json["alert"]["device"]: c.received / 1e9 for c in reversed(b.sink.calls)}
        spans = [found[name] - at for name, at in sent.items() if name in found]
        named = [c.json["alert"]["rule"] for c in b.sink.calls if c.json["alert"]["device"] == "d5"]
        print(f"one device at {rate}/s for {seconds} s: alarms of others {_figures(spans)};")
        print(
            f"  {len(sent) - len(spans)} not told, the disk stood still {len(disk.stalls)} times meanwhile;"
        )
        print(f"  of the device itself was told: {sorted(set(named))}")


def reconnect(alarms: int = 100) -> None:
    """Every device says at once that it is back, and a hundred of them are in alarm."""
    with bench() as b:
        links = [publish_packet(f"campus/d{n}/link", b"online", 1 + n) for n in range(DEVICES)]
        states = b.packets(DEVICES)
        publisher = Publisher(b.broker.host, b.broker.port)
        began = time.monotonic()
        publisher.blast([*links, *states])
        sent = _send_alarms(b, alarms, 0.0)
        wait_for("every webhook", lambda: len(b.sink.calls) >= alarms, 60)
        spans = {c.json["alert"]["device"]: c.received / 1e9 for c in b.sink.calls}
        wait_for("all committed", lambda: settled(b, 2 * DEVICES + alarms), 60)
        took = time.monotonic() - began
        print(f"{DEVICES} devices back at once, in order after {took:.1f} s; {alarms} alarms behind them:")
        print(f"  {_figures([spans[name] - at for name, at in sent.items()])}")


def _background(host: str, port: int, packets: Sequence[bytes], rate: float) -> None:
    Publisher(host, port, "background").blast(packets, rate=rate, group=max(1, int(rate / 500)))


def latency(rate: int, alarms: int = 400, every: float = 0.04) -> None:
    """publish → webhook, alarms of distinct detectors among ordinary messages at a rate."""
    with bench() as b, Bystander(b.service.folder) as disk:
        packets = b.packets(int(rate * (alarms * every + 2)))
        load = multiprocessing.Process(
            target=_background, args=(b.broker.host, b.broker.port, packets, rate), daemon=True
        )
        load.start()
        time.sleep(1.5)
        sent = _send_alarms(b, alarms, every)
        wait_for("every webhook", lambda: len(b.sink.calls) >= alarms, 60)
        load.join()
        firsts = [c.json["alert"]["device"] for c in b.sink.calls]
        spans = {
            d: (sent[d], c.received / 1e9) for d, c in zip(firsts, b.sink.calls, strict=True) if d in sent
        }
        all_of_them = [end - begin for begin, end in spans.values()]
        undisturbed = [end - begin for begin, end in spans.values() if not disk.stood_still(begin, end)]
        print(f"alarm latency at {rate}/s: {_figures(all_of_them)};")
        print(
            f"  the disk itself stood still {len(disk.stalls)} times meanwhile (fdatasync > 10 ms),", end=" "
        )
        print(f"the host took {disk.stolen():.0%} of the processors;")
        print(f"  alarms outside of that: {_figures(undisturbed)}")


def _send_alarms(b: Bench, alarms: int, every: float, first: int = 0) -> dict[str, float]:
    publisher = Publisher(b.broker.host, b.broker.port, "alarms")
    sent: dict[str, float] = {}
    for n in range(first // 5, first // 5 + alarms):
        name = f"d{n * 5}"
        alarm = payload(n * 5, 50_000_000 + n, b.boot, "alarm")
        sent[name] = time.monotonic()
        publisher.send(publish_packet(f"campus/{name}/reading", alarm, 1 + n))
        time.sleep(max(0.0, every - (time.monotonic() - sent[name])))
    return sent


def _figures(seconds: list[float]) -> str:
    took = sorted(value * 1000 for value in seconds)
    p99 = took[int(len(took) * 0.99)]
    return (
        f"{len(took)} alarms, p50 {statistics.median(took):.1f} ms, p99 {p99:.1f} ms, max {took[-1]:.1f} ms"
    )
