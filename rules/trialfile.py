"""Thinks. The text of one file of tests beside rules into trials, with every mistake in it noted.

campus:                                  # optional; without it a device is of the kind it is named after
  places: {canteen: campus}              # place: the place it is in
  devices: {cold-1: {kind: climate, place: canteen}}
tests:
  - name: a cold store that stays too warm is raised after ten minutes
    alert: {class: supervisory, priority: 2}
    steps:
      - {at: 0s, cold-1/temperature: 8.1}
      - {at: 10m, raises: cold-store-warm on cold-1/temperature}
"""

from collections.abc import Collection, Iterator, Mapping

from ingest.campus.calendar import Calendar
from ingest.campus.device import OWN, Device, Place, Zone
from ingest.campus.kinds import KINDS, METRICS, Form
from ingest.campus.registry import Registry, RegistryError, own_device
from ingest.reading import Reading, TimeQuality
from rules.baseline import Week
from rules.conditions.past import MOST
from rules.parse import entries, whole
from rules.rule import UNKNOWN, reportable
from rules.section import Section, item_place, meant
from rules.trial import ALERT, SAYS, START, Expected, Row, Trial, parse_moment
from rules.trialcalendar import calendar_of
from rules.verdict import Class

_ROW = ("at", "restored", "measured", *SAYS)
_DEVICE = ("kind", "place", "zone", "gateway", "labels")
_ROOT = Place("campus", "校园", "Campus")
_MOMENT = "expected a moment like 0s, 90s, 10m or 9m59s"


def parse_trials(text: str, name: str, rules: Collection[str], mistakes: list[str]) -> list[Trial]:
    """The file's tests; `rules` are the ids that a row may name."""
    top = whole(text, name, "tests", mistakes)
    if top is None:
        return []
    top.only(("campus", "tests"))
    campus = _Campus(top)
    trials = [_trial(section, campus, rules) for section in entries(top, "tests", "name and steps")]
    return [] if mistakes else [trial for trial in trials if trial is not None]


class _Campus:
    """The devices of a file: those it declares, and those that are named after their kind."""

    def __init__(self, top: Section) -> None:
        self._top = top
        self._places = {_ROOT.id: _ROOT}
        self.devices: dict[str, Device] = {}
        self._calendar = Calendar()
        campus = _optional(top, "campus", "places and devices")
        if campus is not None:
            campus.only(("places", "devices", "calendar", "hours"))
            self._read(campus)
            self._calendar = calendar_of(campus)
            self.registry(set(self.devices))  # what does not fit together is said once, not in every test

    def _read(self, campus: Section) -> None:
        places = _optional(campus, "places", "place: the place it is in")
        if places is not None:
            for name in places.node:
                parent = places.text(name, "the id of the place it is in")
                self._places[name] = Place(name, name, name, parent)
        devices = _optional(campus, "devices", "id: {kind: …}")
        for name in devices.node if devices is not None else ():
            entry = _optional(devices, name, "a mapping with kind")
            if entry is not None:
                self.devices[name] = _device(entry, name)

    def find(self, name: str) -> Device | None:
        """A declared device, or one that is called after its kind: smoke_detector, smoke_detector-2."""
        if name == OWN:
            return own_device(_ROOT.id)
        kind = name if name in KINDS else name.rpartition("-")[0]
        known = self.devices.get(name)
        return known or (Device(name, kind, _ROOT.id) if kind in KINDS and kind != "service" else None)

    def registry(self, spoken: Collection[str]) -> Registry:
        """The declared devices and those spoken of. Tocsin itself is there only where it is spoken of:
        else every test would hear of the missing loop message."""
        met = [device for name in sorted(spoken) if (device := self.find(name)) is not None]
        devices = {device.id: device for device in (*self.devices.values(), *met)}
        zones = [Zone(name, name, name) for name in sorted({d.zone for d in devices.values() if d.zone})]
        try:
            built = Registry.build(self._places.values(), zones, devices.values(), calendar=self._calendar)
        except RegistryError as error:
            for problem in error.problems:
                self._top.wrong("campus", problem)
            return Registry({}, {}, {})
        if OWN in spoken:
            return built
        return Registry(
            dict(built.places),
            dict(built.zones),
            {d.id: d for d in built.devices.values() if d.id != OWN},
            calendar=built.calendar,
        )


def _device(entry: Section, name: str) -> Device:
    entry.only(_DEVICE)
    labels = _optional(entry, "labels", "labels: {name: value}")
    return Device(
        name,
        entry.one_of("kind", sorted(KINDS), "") or "door",
        entry.text("place", "the id of a place") if entry.has("place") else _ROOT.id,
        zone=entry.text("zone", "the id of a zone") if entry.has("zone") else None,
        gateway=entry.text("gateway", "the id of a device") if entry.has("gateway") else None,
        labels={} if labels is None else {key: labels.text(key, "a word") for key in labels.node},
    )


def _trial(section: Section, campus: _Campus, rules: Collection[str]) -> Trial | None:
    before = len(section.mistakes)
    section.only(("name", "only", "alert", "usual", "steps"))
    only = section.some("only", rules, "the ids of the rules to look at") if section.has("only") else ()
    rows: list[Row] = []
    for entry in entries(section, "steps", "at, and what is read or expected then"):
        rows.append(_row(entry, campus, rules, rows[-1].at if rows else -1))
    name = section.text("name", "a sentence that says what is promised")
    alert, usual = _alert(section), dict(_usual(section, campus))
    if len(section.mistakes) > before:
        return None
    spoken = {reading.device for row in rows for reading in row.readings}
    spoken |= {one.subject.partition("/")[0] for row in rows for one in row.expected if one.subject}
    return Trial(name, campus.registry(spoken), tuple(rows), only, alert, _where(section), usual)


def _alert(section: Section) -> Mapping[str, str | int | bool]:
    stated = _optional(section, "alert", "what the alert is like")
    if stated is None:
        return {}
    stated.only(ALERT)
    found: dict[str, str | int | bool] = {}
    if stated.has("class"):
        found["class"] = stated.one_of("class", [one.value for one in Class], "")
    if stated.has("priority"):
        found["priority"] = stated.whole("priority", 1, 5, 3)
    for key in ("latch", "verify", "life_safety"):
        if stated.has(key):
            found[key] = stated.flag(key)
    for key in ("policy", "plan"):
        if stated.has(key):
            found[key] = stated.text(key, f"the id of a {key}")
    return found


def _usual(section: Section, campus: _Campus) -> Iterator[tuple[tuple[str, str], tuple[Week, ...]]]:
    """What points said at each hour of the weeks before: a mean, or {mean: …, spread: …, weeks: …}."""
    stated = _optional(section, "usual", "what points said in the weeks before: {cold-1/temperature: 4.5}")
    mean: float | str | None
    for key in stated.node if stated is not None else ():
        assert stated is not None
        if isinstance(stated.node[key], dict):
            entry = stated.section(key, "a number")
            assert entry is not None
            entry.only(("mean", "spread", "weeks"))
            mean, spread = entry.number("mean", -1e12, 1e12), entry.number("spread", 0, 1e12, 0.0)
            weeks = entry.whole("weeks", 1, MOST, MOST)
        else:
            mean, spread, weeks = _value(stated, key, campus), 0.0, MOST
        device, _, metric = str(key).partition("/")
        if isinstance(mean, float):
            yield (device, metric), tuple(Week(ago + 1, mean, spread or 0.0) for ago in range(weeks))


def _row(entry: Section, campus: _Campus, rules: Collection[str], last: int) -> Row:
    points = [key for key in entry.node if "/" in str(key)]
    entry.only((*_ROW, *points))
    at = _moment(entry, "at")
    if at is not None and at <= last:
        entry.wrong("at", "expected later than the row before")
    measured = _moment(entry, "measured") if entry.has("measured") else None
    restored = entry.flag("restored")
    readings = []
    for key in points:
        value = _value(entry, key, campus)
        if value is not None:
            readings.append(_reading(key, value, START + (at or 0), measured, restored))
    expected = tuple(one for says in SAYS for one in _expected(entry, says, rules))
    return Row(at or 0, tuple(readings), expected, _where(entry))


def _moment(entry: Section, key: str) -> int | None:
    value = entry.node.get(key)
    moment = parse_moment(value) if isinstance(value, str) else None
    if moment is None:
        entry.wrong(key, _MOMENT)
    return moment


def _reading(key: str, value: float | str, received: int, measured: int | None, restored: bool) -> Reading:
    device, _, metric = key.partition("/")
    quality, event_time = TimeQuality.RECEIVED, received
    if measured is not None:
        quality, event_time = TimeQuality.DEVICE, START + measured
    return Reading(device, metric, value, received, event_time, quality, restored)


def _value(entry: Section, key: str, campus: _Campus) -> float | str | None:
    """What the point says; None after a mistake."""
    name, _, metric = key.partition("/")
    device, value = campus.find(name), entry.node[key]
    if device is None:
        entry.wrong(key, f"no device '{name}': list it under campus.devices, or call it after its kind")
    elif metric not in METRICS or metric not in reportable(device.kind):
        can = reportable(device.kind)
        entry.wrong(key, f"a {device.kind} does not report '{metric}'; {meant(metric, can)}")
    elif value == UNKNOWN:
        return UNKNOWN
    elif METRICS[metric].form is Form.NUMBER:
        return entry.number(key, METRICS[metric].low, METRICS[metric].high)
    elif value in METRICS[metric].words:
        return str(value)
    else:
        entry.wrong(key, meant(value, (*METRICS[metric].words, UNKNOWN)))
    return None


def _expected(entry: Section, says: str, rules: Collection[str]) -> list[Expected]:
    """`raises: RULE`, `raises: RULE on SUBJECT`, or a list of them."""
    found: list[Expected] = []
    what = "a rule, such as cold-store-warm, or cold-store-warm on cold-1/temperature"
    for place, text in enumerate(entry.some(says, None, what) if entry.has(says) else ()):
        rule, _, subject = text.partition(" on ")
        item = place if isinstance(entry.node[says], list) else None
        if rule.strip() not in rules:
            entry.wrong(says, _no_rule(rule.strip(), rules), item)
        found.append(Expected(says, rule.strip(), subject.strip(), _where(entry, says, item)))
    return found


def _no_rule(name: str, rules: Collection[str]) -> str:
    hint = meant(name, rules)
    return f"no rule has this id; {hint}" if hint.startswith("did you mean") else "no rule has this id"


def _optional(section: Section | None, key: str, what: str) -> Section | None:
    """The mapping under `key`, where there is one."""
    return section.section(key, what) if section is not None and section.has(key) else None


def _where(section: Section, key: str | None = None, item: int | None = None) -> str:
    """file:line:col of the mapping, of the value of `key`, or of its list entry `item`."""
    lines = getattr(section.node, "lc", None)
    if lines is None:
        return f"{section.file}:{section.line}:1"
    line, column = lines.line, lines.col
    if key is not None and key in (lines.data or {}):
        line, column = lines.value(key)
        if item is not None:
            line, column = item_place(section.node[key], item) or (line, column)
    return f"{section.file}:{line + 1}:{column + 1}"
