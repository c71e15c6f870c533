"""Thinks. A dead gateway is one trouble, and hides nobody: whatever the order of words, wills and time."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device, Place
from ingest.campus.registry import Registry
from ingest.interval import expected_interval
from ingest.reading import Reading
from ingest.supervision import PATIENCE, START_GRACE, TOGETHER, Supervision
from ingest.topology import NAMED, carries, gateways, unprotected
from tests.fakes.words import english

START = 1_795_305_600_000
SECOND = 1000
PLACES = [
    Place("campus", "校园", "Campus"),
    Place("dorm", "宿舍", "Dormitory", "campus"),
    Place("lab", "实验楼", "Laboratory", "campus"),
]


def gateway(name="gw", interval=180, **more):
    return Device(name, "gateway", "campus", interval=interval, **more)


def child(name, interval=600, kind="door", behind="gw", place="dorm", **more):
    return Device(name, kind, place, interval=interval, gateway=behind, **more)


class House:
    """Supervision, and everything it has said: (device, word, second)."""

    def __init__(self, *devices):
        self.registry = Registry.build(PLACES, [], devices)
        self.watch = Supervision(self.registry, START, {})
        self.said = []
        self.found = []

    def take(self, readings):
        self.found += readings
        words = [r for r in readings if r.metric == "supervision"]
        self.said += [(r.device, r.value, (r.received - START) / SECOND) for r in words]

    def pass_time(self, second):
        self.take(self.watch.due(START + int(second * SECOND)))

    def hear(self, device, second):
        self.pass_time(second)
        self.take(self.watch.hear(device, START + int(second * SECOND)))

    def will(self, device, second, word="offline"):
        self.pass_time(second)
        self.take(self.watch.link(device, word, START + int(second * SECOND)))

    def online(self, device, second):
        self.will(device, second, "online")

    def words(self):
        return {device: word for device, word, _ in self.said}

    def since(self, device, metric="supervision"):
        return [r for r in self.found if r.device == device and r.metric == metric][-1]

    def new(self):
        """What was said since the last look."""
        said, self.said = self.said, []
        return said

    def look(self, _, second):
        self.pass_time(second)

    def restart(self, _, second):
        """As after a kill: only the latest readings come back."""
        heard = dict(self.watch._heard)
        self.watch = Supervision(self.registry, START + second * SECOND, heard, START + (second - 1) * SECOND)
        self.watch.restore({r.device: r for r in self.found if r.metric == "supervision"})


def test_what_speaks_through_a_dead_gateway_is_unknown_and_nobody_is_told_silent_but_the_gateway():
    house = House(gateway(), child("a"), child("b", interval=30))
    house.will("gw", 100)
    assert house.new()[-3:] == [("gw", "silent", 100), ("a", "unknown", 100), ("b", "unknown", 100)]
    assert english(house.since("a").note) == "its gateway gw is silent"
    house.pass_time(100_000)
    assert house.new() == []


def test_a_child_faster_than_its_gateway_waits_until_the_gateway_is_found_dead():
    house = House(gateway(interval=180), child("a", interval=60))
    house.hear("a", 10)
    house.pass_time(10_000)
    assert house.new() == [
        ("a", "late", 76), ("gw", "late", 208), ("gw", "silent", 280), ("a", "unknown", 280),
    ]  # fmt: skip


def test_a_child_that_is_silent_while_its_gateway_lives_is_told_with_the_next_word_through_the_gateway():
    house = House(gateway(), child("a"), child("b"))
    for second in range(50, 1200, 100):
        house.hear("gw", second)
    assert [one for one in house.new() if one[0] == "a"] == [("a", "late", 660), ("a", "silent", 950)]
    assert english(house.since("a").note) == "nothing heard for 15 min, its gateway gw lives"


def test_a_child_is_never_held_for_longer_than_its_patience():
    house = House(gateway(interval=90_000), child("a", interval=600))
    house.hear("gw", 1)
    house.pass_time(80_000)
    assert house.new() == [("a", "late", 660), ("a", "silent", 900 + 900)]


def test_a_last_will_of_a_child_is_told_with_the_next_word_through_its_gateway():
    house = House(gateway(), child("a"), child("b"))
    house.hear("a", 10)
    house.will("a", 20)
    assert house.new() == []
    house.hear("b", 25)
    assert house.new() == [("a", "silent", 25)]
    assert english(house.since("a").note) == "its connection was lost (last will)"


def test_a_last_will_that_is_withdrawn_before_it_was_told_says_nothing():
    house = House(gateway(), child("a"), child("b"))
    house.will("a", 20)
    house.will("a", 22, "online")
    house.hear("b", 25)
    house.pass_time(120)
    assert house.new() == []


def test_last_wills_of_one_outage_in_any_order_are_one_trouble():
    house = House(gateway(), child("a"), child("b"))
    house.will("a", 20)
    house.will("b", 20.1)
    house.will("gw", 21)
    assert house.new() == [("gw", "silent", 21), ("a", "unknown", 21), ("b", "unknown", 21)]


def test_where_no_gateway_has_an_interval_last_wills_are_waited_for_a_few_seconds_only():
    house = House(gateway(interval=0), child("a"), child("b"))
    house.will("a", 20)
    house.pass_time(60)
    assert house.new() == [("a", "silent", 20 + TOGETHER / SECOND)]


def test_when_the_gateway_returns_its_children_have_their_whole_interval_again():
    house = House(gateway(), child("a"), child("b"))
    house.will("gw", 100)
    house.new()
    house.hear("gw", 5000)
    assert house.new() == [("gw", "reporting", 5000)]
    for second in range(5100, 7000, 100):
        house.hear("gw", second)
        if second == 5500:
            house.hear("b", second)
    assert house.new()[0] == ("b", "reporting", 5500)
    assert [one for one in house.said if one[0] == "a"] == []


def test_a_child_that_stays_away_after_its_gateway_is_back_is_late_and_then_silent():
    house = House(gateway(), child("a"), child("b"))
    house.will("gw", 100)
    for second in range(5000, 7000, 100):
        house.hear("gw", second)
    mine = [one for one in house.said if one[0] == "a"]
    assert mine == [("a", "unknown", 100), ("a", "late", 5660), ("a", "silent", 5900)]


def test_after_a_short_outage_who_is_still_within_its_interval_is_reporting_again_at_once():
    house = House(gateway(), child("a", interval=90_000))
    house.hear("a", 10)
    house.will("gw", 100)
    house.hear("gw", 400)
    assert house.new()[-2:] == [("gw", "reporting", 400), ("a", "reporting", 400)]
    assert english(house.since("a").note) == "its gateway gw is back"


def test_a_child_that_was_silent_before_is_unknown_meanwhile_and_silent_again_afterwards():
    house = House(gateway(), child("a"), child("b"))
    for second in range(0, 1200, 100):
        house.hear("gw", second)
        house.hear("b", second)
    house.will("gw", 1201)
    house.hear("gw", 9000)
    mine = [one for one in house.said if one[0] == "a"]
    assert mine[1:] == [("a", "silent", 900), ("a", "unknown", 1201), ("a", "silent", 9000)]
    house.new()
    house.hear("a", 9001)
    assert house.new() == [("a", "reporting", 9001)]


def test_a_child_that_was_silent_before_and_brings_its_gateway_back_by_speaking_is_not_called_silent():
    house = House(gateway(), child("a"), child("b"))
    for second in range(0, 1200, 100):
        house.hear("gw", second)
    house.will("gw", 1201)
    house.new()
    house.hear("a", 1300)
    assert [one for one in house.new() if one[0] == "a"] == [("a", "reporting", 1300)]


def test_a_word_of_a_child_is_life_of_every_gateway_above_it():
    house = House(gateway("top"), gateway("mid", gateway="top"), child("a", behind="mid"))
    house.will("top", 10)
    assert house.words() == {"top": "silent", "mid": "unknown", "a": "unknown"}
    house.hear("a", 20)
    assert house.words() == {"top": "reporting", "mid": "reporting", "a": "reporting"}
    for second in range(100, 5000, 100):
        house.hear("a", second)
    assert set(house.words().values()) == {"reporting"}


def test_a_last_will_is_no_life_of_the_gateway_it_came_through():
    house = House(gateway(), child("a"))
    house.will("gw", 10)
    house.new()
    house.will("gw", 20, "online")
    house.will("a", 21, "online")
    assert house.new() == []


def test_a_child_whose_last_will_came_with_the_outage_has_a_while_to_connect_again():
    house = House(gateway(), child("a", interval=0), child("b", interval=0))
    house.will("gw", 10)
    house.will("a", 11)
    house.will("b", 12)
    house.hear("gw", 100)
    house.will("b", 105, "online")
    for second in range(200, 1000, 100):
        house.hear("gw", second)
    assert [one for one in house.said if one[0] == "a"][-1] == ("a", "silent", 100 + PATIENCE / SECOND)
    assert "silent" not in [word for device, word, _ in house.said if device == "b"]


def test_under_two_dead_gateways_the_inner_one_is_told_again_when_the_outer_is_back():
    house = House(gateway("top"), gateway("mid", gateway="top"), child("a", behind="mid"))
    house.will("mid", 10)
    house.hear("top", 11)
    house.will("top", 12)
    house.hear("top", 100)
    assert house.words() == {"top": "reporting", "mid": "silent", "a": "unknown"}
    house.hear("mid", 101)
    assert house.words()["mid"] == "reporting"


# ---- unprotected


def test_the_life_safety_points_under_a_dead_gateway_are_counted_and_the_first_named_by_place():
    detectors = [child(f"s-{n}", kind="smoke_detector", place="lab" if n > 4 else "dorm") for n in range(7)]
    house = House(gateway(), child("door-1"), *detectors)
    house.will("gw", 10)
    names = "实验楼 s-5, 实验楼 s-6, 宿舍 s-0, 宿舍 s-1, 宿舍 s-2 +2"
    assert english(house.since("gw").note) == (
        f"7 life-safety points unprotected: {names}; its connection was lost (last will)"
    )
    assert house.since("gw", "unprotected").value == 7
    assert house.found.index(house.since("gw")) == 0, "the gateway before its children"
    house.hear("gw", 20)
    assert house.since("gw", "unprotected").value == 0


def test_a_gateway_without_life_safety_says_nothing_of_protection():
    house = House(gateway(), child("door-1"))
    house.will("gw", 10)
    assert english(house.since("gw").note) == "its connection was lost (last will)"
    assert not [r for r in house.found if r.metric == "unprotected"]


def test_topology_counts_what_hangs_on_what_hangs_on_a_gateway():
    far = [child(f"s-{n}", kind="smoke_detector", behind="mid") for n in range(NAMED)]
    registry = House(gateway("top"), gateway("mid", gateway="top"), child("d", behind="top"), *far).registry
    assert gateways(registry, "s-0") == ("mid", "top")
    assert gateways(registry, "top") == gateways(registry, "nobody") == ()
    count, names = unprotected(registry, "top")
    assert count == NAMED
    assert "+" not in names
    assert [carries(registry, name) for name in ("top", "mid", "s-0")] == [
        "life_safety",
        "life_safety",
        "nothing",
    ]
    assert carries(House(gateway(), child("a")).registry, "gw") == "others"


# ---- our own restart and the broker's


def test_a_restart_within_an_outage_changes_nothing_of_what_it_means():
    house = House(gateway(), child("a"), child("b"))
    for second in range(0, 1200, 100):
        house.hear("gw", second)
        house.hear("b", second)
    house.will("gw", 1201)
    house.new()
    house.restart("", 1300)
    house.pass_time(9000)
    assert house.new() == []
    house.hear("gw", 9000)
    assert house.new() == [("gw", "reporting", 9000), ("a", "silent", 9000)]
    house.restart("", 9100)
    for second in range(9100, 9800, 100):
        house.hear("gw", second)
    assert house.new() == [("b", "late", 9660)]


def test_a_last_will_that_was_not_told_is_told_after_a_restart():
    house = House(gateway(), child("a", interval=0), child("b"))
    links = {"a": Reading("a", "link", "offline", START + 5000, START + 5000)}
    house.watch.restore({}, links)
    house.hear("b", 10)
    assert house.new() == [("a", "silent", 10)]
    heard_since = House(gateway(), child("a", interval=0), child("b"))
    heard_since.watch._heard["a"] = START + 6000
    heard_since.watch.restore({}, links)
    heard_since.hear("b", 10)
    assert heard_since.new() == []


def test_a_device_registered_under_a_dead_gateway_is_unknown_too():
    house = House(gateway(), child("a"))
    house.will("gw", 10)
    house.new()
    house.registry = Registry.build(PLACES, [], [gateway(), child("a"), child("b")])
    house.watch = house.watch.replace(house.registry, START + 20 * SECOND)
    house.pass_time(5000)
    assert house.new() == [("b", "unknown", 5000)]


def test_when_we_were_away_for_long_everybody_has_his_whole_interval_again():
    registry = Registry.build(PLACES, [], [child("a", interval=3600, behind=None)])
    heard = {"a": START - 7200 * SECOND}
    short = Supervision(registry, START, heard, START - START_GRACE)
    assert [r.value for r in short.due(START + START_GRACE)] == ["silent"]
    long = Supervision(registry, START, heard, START - START_GRACE - 1)
    assert [(r.value, r.received - START) for r in long.due(START + 10**9)] == [
        ("late", 3660 * SECOND),
        ("silent", 5400 * SECOND),
    ]


def own(metric, word, second):
    return Reading("tocsin", metric, word, START + second * SECOND, START + second * SECOND)


def test_while_the_broker_is_away_nobody_is_called_silent_and_then_everybody_has_his_interval_again():
    house = House(gateway(), child("a", interval=600))
    house.watch.lines(
        [own("broker_life", "fault", 10), own("broker_all", "fault", 11), own("disk", "normal", 11)]
    )
    assert house.watch.next_due() is None
    house.pass_time(5000)
    house.watch.lines([own("broker_life", "normal", 5000)])
    house.pass_time(5001)
    assert house.new() == []
    house.watch.lines([own("broker_all", "normal", 5002), own("broker_all", "normal", 5002)])
    house.pass_time(6100)
    assert house.new() == [
        ("gw", "late", 5200), ("gw", "silent", 5272), ("a", "unknown", 5272),
    ]  # fmt: skip


def test_while_only_the_line_for_life_safety_is_away_the_silent_are_told_as_ever():
    house = House(gateway(), child("a", interval=600))
    house.watch.lines([own("broker_life", "fault", 10)])
    house.pass_time(5000)
    assert [word for _, word, _ in house.new()] == ["late", "silent", "unknown"]


def test_a_last_will_that_was_not_told_before_an_outage_of_the_broker_is_told_after_it():
    house = House(gateway(), child("a", interval=0), child("b"))
    house.will("a", 10)
    house.watch.lines([own("broker_all", "fault", 11)])
    house.watch.lines([own("broker_all", "normal", 1000)])
    for second in range(1000, 1700, 100):
        house.hear("gw", second)
    assert [one for one in house.said if one[0] == "a"] == [("a", "silent", 1000 + PATIENCE / SECOND)]


# ---- intervals


def test_the_interval_is_the_registered_one_else_the_dialects_else_the_kinds(monkeypatch):
    from ingest.dialects import DIALECTS

    monkeypatch.setattr(DIALECTS["tocsin"], "INTERVAL", {"door": 70, "": 50})
    assert expected_interval(child("a", interval=5)) == 5
    assert expected_interval(child("a", interval=0)) == 0
    assert expected_interval(child("a", interval=None)) == 70
    assert expected_interval(child("a", interval=None, kind="smoke_detector")) == 50
    assert expected_interval(Device("tocsin", "service", "campus")) == 0
    monkeypatch.setattr(DIALECTS["tocsin"], "INTERVAL", {})
    assert expected_interval(child("a", interval=None, kind="camera")) == 300


def test_an_extinguisher_that_nothing_connects_is_not_waited_for():
    assert expected_interval(Device("e", "extinguisher", "campus")) == 0
    for way in ({"gateway": "gw"}, {"dialect": "shelly"}, {"address": "e7"}, {"interval": 90000}):
        assert expected_interval(Device("e", "extinguisher", "campus", **way)) >= 90000
    assert expected_interval(Device("s", "smoke_detector", "campus")) == 3600


# ---- any history


@st.composite
def worlds(draw):
    """A gateway (perhaps nested), its children, one outage, one death. Everybody keeps its interval."""
    interval = draw(st.sampled_from([60, 180, 200, 600]))
    children = draw(st.lists(st.sampled_from([60, 130, 600, 900]), min_size=1, max_size=4))
    fast = max(interval, 0)
    children = [max(one, fast) if fast > 200 else one for one in children]
    began = draw(st.integers(700, 1500))
    return {
        "gateway": interval,
        "nested": draw(st.booleans()),
        "children": children,
        "began": began,
        "ended": began + draw(st.integers(interval * 6 // 5, 4000)),
        "gateway_will": draw(st.none() | st.integers(0, 60)),
        "wills": draw(st.lists(st.none() | st.integers(0, 60), min_size=4, max_size=4)),
        "phases": draw(st.lists(st.integers(0, 59), min_size=6, max_size=6)),
        "dead": draw(st.none() | st.integers(0, len(children) - 1)),
        "restart": draw(st.none() | st.integers(1, 8000)),
    }


def play(world, looks=()):
    nested, names = world["nested"], [f"c{n}" for n in range(len(world["children"]))]
    speakers = {"gw": world["gateway"], **dict(zip(names, world["children"], strict=True))}
    devices = [gateway("top", interval=world["gateway"])] if nested else []
    devices.append(gateway("gw", interval=world["gateway"], gateway="top" if nested else None))
    devices += [child(name, interval=speakers[name], kind="smoke_detector") for name in names]
    if nested:
        speakers = {"top": world["gateway"], **speakers}
    house, outer = House(*devices), "top" if nested else "gw"
    began, ended = world["began"], world["ended"]
    dead = None if world["dead"] is None else names[world["dead"]]
    events = []
    for n, (name, interval) in enumerate(speakers.items()):
        for second in range(world["phases"][n] % interval, ended + 6000, interval):
            if not began <= second < ended and not (name == dead and second >= began):
                events.append((second, "hear", name))
    if world["gateway_will"] is not None:
        events.append((began + world["gateway_will"], "will", outer))
    events += [
        (began + will, "will", name)
        for name, will in zip(names, world["wills"], strict=False)
        if will is not None
    ]
    events += [(ended + 60 + n, "online", name) for n, name in enumerate(names) if name != dead]
    if world["restart"] is not None:
        events.append((world["restart"], "restart", ""))
    events += [(second, "look", "") for second in looks if second < ended + 6000]
    for second, what, name in sorted(events):
        if what == "restart":
            house.pass_time(min(second, ended + 6000))  # as a service does that runs
        getattr(house, what)(name, second)
    house.pass_time(ended + 6000)
    return house, outer, dead


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_an_outage_of_a_gateway_is_one_silence_in_any_order_of_words_wills_and_time(world):
    house, outer, dead = play(world)
    silences = [device for device, word, _ in house.said if word == "silent"]
    long = world["gateway_will"] is not None or world["ended"] - world["began"] > 2 * world["gateway"]
    assert silences.count(outer) in ((1,) if long else (0, 1)), "a short outage is no trouble at all"
    others = [device for device in silences if device != outer]
    assert others == ([dead] if dead else []), "who is silent by itself is found after the gateway is back"
    expected = dict.fromkeys(house.words(), "reporting") | ({dead: "silent"} if dead else {})
    assert house.words() == expected
    told_at = [second for device, word, second in house.said if (device, word) == (dead, "silent")]
    assert all(second >= world["ended"] for second in told_at)


@settings(max_examples=100, deadline=None)
@given(worlds(), st.lists(st.integers(0, 9000), max_size=10))
def test_it_means_the_same_however_time_is_cut_into_pieces(world, looks):
    world["restart"] = None
    whole, cut = play(world)[0], play(world, looks)[0]
    end = world["ended"] + 6000
    assert [one for one in cut.said if one[2] <= end] == whole.said
