"""Touches. `make bench`: every number the project promises, measured. ARGS names some of them."""

import sys
from collections.abc import Callable

from tests.bench import (
    bench_desk,
    bench_dialects,
    bench_ladder,
    bench_outbox,
    bench_replay,
    bench_rules,
    bench_unknown,
    whole_path,
)

BENCHES: dict[str, Callable[[], None]] = {
    "throughput": whole_path.throughput,
    "latency-1000": lambda: whole_path.latency(1000),
    "latency-5000": lambda: whole_path.latency(5000),
    "backlog": whole_path.drain,
    "flood": whole_path.flood,
    "reconnect": whole_path.reconnect,
    "rules": bench_rules.main,
    "desk": bench_desk.desk_costs,
    "ladder": bench_ladder.ladder,
    "outbox": bench_outbox.outbox,
    "next-contact": bench_unknown.main,
    "dialects": bench_dialects.dialects,
    "replay": bench_replay.replay,
    "memory": whole_path.memory_and_start,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
        return 2
    for name in names or list(BENCHES):
        print(f"== {name}", flush=True)
        BENCHES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
