"""Thinks. What memory promises: a row comes back as it was, and takes few bytes while nothing happens."""

import struct
import tracemalloc

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.reading import Reading, TimeQuality
from rules.evaluate import evaluate
from rules.memory import Memories, Memory, State
from rules.packed import Packer, squeezed, unsqueezed
from rules.verdict import Holds
from tests.fakes.engine import rule, rules_from

MOMENTS = st.integers(-(10**13), 10**13)
NEAR = st.integers(1_795_300_000_000, 1_795_400_000_000)
WORDS = st.text(max_size=12)
TRAILS = st.one_of(
    st.binary(max_size=80),
    st.lists(NEAR, max_size=22).map(lambda found: struct.pack(f">{len(found)}q", *found)),
    st.lists(
        st.tuples(NEAR, st.one_of(st.floats(), st.decimals(-500, 500, places=2).map(float))), max_size=10
    ).map(lambda found: b"".join(struct.pack(">qd", *one) for one in found)),
)
ROWS = st.builds(
    Memory,
    rule=st.just("r"),
    subject=st.sampled_from(["d-1/smoke", "d-1", "zone-3"]),
    device=st.sampled_from(["d-1", "d-2", ""]),
    state=st.sampled_from(State),
    told=st.sampled_from(Holds),
    since=st.one_of(st.just(0), NEAR, MOMENTS),
    due_at=st.one_of(st.none(), NEAR, MOMENTS),
    version=WORDS,
    value=st.one_of(st.floats(allow_nan=False), WORDS),
    event_time=st.one_of(NEAR, MOMENTS),
    received=st.one_of(NEAR, MOMENTS),
    retained=st.booleans(),
    note=st.text(max_size=200),
    trail=TRAILS,
    hidden=WORDS,
    withheld=st.sampled_from(["", "yes", "unknown"]),
)


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_a_row_is_the_same_after_it_was_packed(row):
    packer = Packer(Memory, tuple(State))
    data = packer.packed(row)
    back = packer.unpacked(row.rule, row.subject, data) if isinstance(data, bytes) else data
    assert msgspec.msgpack.encode(back) == msgspec.msgpack.encode(row)


@settings(max_examples=200, deadline=None)
@given(TRAILS)
def test_a_window_is_the_same_bit_by_bit_after_it_was_squeezed(trail):
    assert unsqueezed(squeezed(trail)) == trail


def test_a_window_of_ordinary_numbers_takes_half_the_room():
    samples = b"".join(struct.pack(">qd", 1_795_300_000_000 + n * 75_000, 20.0 + n / 10) for n in range(10))
    assert len(squeezed(samples)) <= 90


def test_a_word_too_many_for_the_table_and_a_text_that_is_none_are_kept_as_they_are():
    packer = Packer(Memory, tuple(State))
    row = Memory("r", "d/m", "d", State.ACTIVE, Holds.YES, 1, None, "v", 1.0, 1, 1)
    for number in range(2**16):
        packer.packed(msgspec.structs.replace(row, value=f"w{number}"))
    late = msgspec.structs.replace(row, value="one more")
    assert packer.packed(late) is late
    broken = msgspec.structs.replace(row, note="\ud800")
    assert packer.packed(broken) is broken


def test_a_deadline_that_was_taken_and_set_anew_is_not_lost_and_neither_are_stale_ones_kept():
    memories = Memories()
    row = Memory("r", "d/m", "d", State.ACTIVE, Holds.YES, 1, 10, "v", 1.0, 1, 1)
    memories.put(row)
    assert memories.take_due(10) == row
    memories.put(msgspec.structs.replace(row, due_at=30))
    assert (memories.take_due(29), memories.next_due()) == (None, 30)
    for number in range(20_000):  # it chatters: each time the deadline goes, and comes again
        memories.put(msgspec.structs.replace(row, due_at=None))
        memories.put(msgspec.structs.replace(row, due_at=40_000 + number))
    assert len(memories._heap) < 2000
    assert memories.next_due() == 59_999


@pytest.mark.parametrize(
    ("when", "metric", "kind", "values", "most"),
    [
        ("{metric: contact, is: [open]}", "contact", "door", ["open"], 300),
        ("{metric: press, happens: [alarm]}", "press", "panic_button", ["alarm"], 300),
        ("{metric: temperature, above: 5}", "temperature", "climate", [20.5], 300),
        ("{metric: temperature, silent_for: 30m}", "temperature", "climate", [20.5, 20.6, 20.7], 300),
        ("{metric: temperature, same_for: 6h}", "temperature", "climate", [20.5], 300),
        ("{metric: temperature, rises: 50, within: 10m}", "temperature", "climate",
         [20 + n / 10 for n in range(30)], 300),
        ("{metric: contact, is: [open], times: 3, within: 10m}", "contact", "door", ["open", "closed"] * 4,
         400),
    ],
)  # fmt: skip
def test_a_pair_that_is_not_at_rest_takes_at_most_300_bytes_and_400_while_it_chatters(
    when, metric, kind, values, most
):
    number, rules = 600, rules_from("rules:\n" + rule(when, "status"))
    registry = Registry.build(devices=[Device(f"d-{n:05}", kind, "campus") for n in range(number)])
    devices = [one for one in registry.devices.values() if one.kind == kind]

    def tell(memories: Memories) -> None:
        for place, value in enumerate(values):
            for n, device in enumerate(devices):
                at = 1_795_300_000_000 + place * 30_000 + n
                said = Reading(device.id, metric, value, at, at - 7, TimeQuality.DEVICE)
                evaluate(rules, memories, said, device, registry)
            memories.committed()

    def taken() -> float:
        memories = Memories()
        tracemalloc.start()
        try:
            tell(memories)
            return tracemalloc.get_traced_memory()[0] / number
        finally:
            tracemalloc.stop()
            assert len(memories) == number

    tell(Memories())  # what the interpreter keeps for itself is none of these
    # other threads of this process take memory now and then
    assert any(taken() <= most for _ in range(3))
