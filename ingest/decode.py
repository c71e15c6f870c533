"""Thinks. From a message to its readings: which dialect, which device, and what it says. Never raises."""

import unicodedata
from collections.abc import Callable

from ingest.campus.device import Device
from ingest.campus.registry import OWN, Registry
from ingest.dialects import DIALECTS
from ingest.dialects.dialect import IGNORED, Dialect, rejected
from ingest.guard import check
from ingest.message import Message
from ingest.reading import Decoded, Ignored, Reason, Rejected
from ingest.settings import BrokerSettings

Result = Decoded | Rejected | Ignored
_Decode = Callable[[str, bytes, int, bool, Device, str], Result]
_Route = tuple[_Decode, Device, str]

_CONTROL = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}  # categories of characters that no honest topic has


class Decoder:
    """Decodes the messages of one registry. Make a new one when the registry changes.

    Topics of registered devices are remembered (bounded), so that a message costs a look-up, a guard and
    its own decoding. Unknown topics are not remembered: nobody can fill the memory with invented names.
    """

    def __init__(self, registry: Registry, settings: BrokerSettings) -> None:
        self._registry = registry
        self._bases = {name: dialect.bases(settings) for name, dialect in DIALECTS.items()}
        # the longest base first: `campus/zigbee` may lie under `campus`
        self._doors: list[tuple[str, Dialect]] = sorted(
            ((base, DIALECTS[name]) for name, bases in self._bases.items() for base in bases),
            key=lambda door: (-len(door[0]), door[0]),
        )
        self._limit = 10_000 + 16 * len(registry.devices)
        self._routes: dict[str, _Route] = {}
        self._owned: dict[str, bool] = {}
        self._life = _Filters(self.life_filters())

    def decode(self, message: Message) -> Result:
        """What a message says, why it cannot be read, or that it means nothing to us."""
        topic, payload = message.topic, message.payload
        route = self._routes.get(topic)
        if route is None:
            found = self._find(message)
            if not isinstance(found, tuple):
                return found
            route = self._remember(topic, found)
        trouble = check(payload)
        if trouble is not None:
            return rejected(*trouble, topic, payload, message.received)
        try:
            return route[0](topic, payload, message.received, message.retain, route[1], route[2])
        except Exception as error:  # our own bug must not stop the line: quarantined, visible
            detail = f"{type(error).__name__}: {error}"
            return rejected(Reason.FAILED, detail[:500], topic, payload, message.received)

    def life_filters(self) -> list[str]:
        """The filters of the session `life`: every life-safety device, and our own loop message."""
        return sorted(
            topic
            for device in self._registry.devices.values()
            if device.life_safety or device.id == OWN
            for base in self._bases_of(device)
            for topic in DIALECTS[device.dialect].own_filters(device, base)
        )

    def all_filters(self) -> list[str]:
        """The wide filters of the session `all`."""
        return [topic for base, dialect in self._doors for topic in dialect.topics(base)]

    def owned_by_life(self, topic: str) -> bool:
        """Whether the session `life` hears this topic too, so that `all` settles and skips it."""
        owned = self._owned.get(topic)
        if owned is None:
            if len(self._owned) >= self._limit:
                self._owned.clear()
            owned = self._owned[topic] = self._life.match(topic)
        return owned

    def _bases_of(self, device: Device) -> list[str]:
        """The bases under which a device speaks: the one its address begins with, else all of its dialect."""
        bases = self._bases[device.dialect]
        return [base for base in bases if device.address.startswith(base + "/")] or bases

    def _remember(self, topic: str, route: _Route) -> _Route:
        if len(self._routes) >= self._limit:
            self._routes.clear()
        self._routes[topic] = route
        return route

    def _find(self, message: Message) -> _Route | Rejected | Ignored:
        topic = message.topic
        for base, dialect in self._doors:
            if not topic.startswith(base + "/"):
                continue
            candidates = dialect.addresses(topic, base)
            if candidates is not None:
                return self._route(message, base, dialect, candidates)
        detail = f"no dialect reads the topic {topic[:200]!r}"
        return rejected(Reason.BAD_TOPIC, detail, topic, message.payload, message.received)

    def _route(
        self, message: Message, base: str, dialect: Dialect, candidates: tuple[str, ...]
    ) -> _Route | Rejected | Ignored:
        for address in candidates:
            for name in (f"{base}/{address}", address):
                device = self._registry.by_address(dialect.NAME, name)
                if device is not None:
                    return dialect.decode, device, base
        if not candidates or candidates[-1] == "":
            return IGNORED
        if any(unicodedata.category(mark) in _CONTROL for mark in message.topic):
            reason, detail = Reason.BAD_TOPIC, f"control characters in the topic {message.topic[:200]!r}"
        else:
            reason = Reason.UNKNOWN_DEVICE
            detail = f"no device of dialect {dialect.NAME} has the address {candidates[0][:100]!r}"
        return rejected(reason, detail, message.topic, message.payload, message.received)


class _Filters:
    """A set of MQTT filters, matched fast where only the last level is a wildcard or none is."""

    def __init__(self, filters: list[str]) -> None:
        self._exact = {f for f in filters if "+" not in f and "#" not in f}
        self._parents = {f[:-2] for f in filters if f.endswith("/+") and "+" not in f[:-1]}
        self._others = [
            f.split("/")
            for f in filters
            if f not in self._exact and f.removesuffix("/+") not in self._parents
        ]

    def match(self, topic: str) -> bool:
        if topic in self._exact or topic.rpartition("/")[0] in self._parents:
            return True
        levels = topic.split("/")
        return any(_matches(pattern, levels) for pattern in self._others)


def _matches(pattern: list[str], levels: list[str]) -> bool:
    for at, want in enumerate(pattern):
        if want == "#":
            return True
        if at >= len(levels) or want not in ("+", levels[at]):
            return False
    return len(pattern) == len(levels)
