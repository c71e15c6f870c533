"""Thinks. From a message to its readings: which dialect, which device, and what it says. Never raises."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from ingest import guard
from ingest.campus.device import OWN, Device, address_of
from ingest.campus.kinds import UNREGISTERED
from ingest.campus.registry import Registry
from ingest.claims import Door, Route, claimed, clashes, each
from ingest.dialects import DIALECTS, defined
from ingest.dialects.dialect import IGNORED, NAMES, SAMPLE_BYTES, Dialect, Known, Result, Said
from ingest.filters import Filters, sound
from ingest.message import Message
from ingest.reading import Decoded, Parts, Reason, Rejected
from ingest.settings import BrokerSettings

Learned = dict[tuple[str, str, str], Any]  # dialect, base, key → value

LISTENED = ("gb26875", "siadc09")  # dialects that have a listener; one that is closed brings nothing
LISTENER = "listen:"  # begins the topics of what came in by a listener: no broker may use them
MOST_TOPIC = 1000  # characters; an address that can be registered has 256
MOST_LEARNED = 20_000  # keys of one dialect under one base
_CONTROL = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}  # categories of characters that no honest topic has
_NOBODY = Device("", UNREGISTERED, "")


class Decoder:
    """Decodes the messages of one registry. Make a new one when the registry changes.

    Topics of registered devices are remembered (bounded), so that a message costs a look-up, a guard and
    its own decoding. Topics of strangers are not: nobody can fill the memory with invented names.
    `learned` is what earlier messages said, as it was stored.
    """

    def __init__(
        self,
        registry: Registry,
        settings: BrokerSettings,
        listeners: Iterable[str] = LISTENED,
        learned: Mapping[tuple[str, str, str], Any] | None = None,
    ) -> None:
        self._registry = registry
        self.strangers: dict[str, Device] = {}  # id of a stand-in → the stand-in
        self.renamed = False  # registered devices have other topics: the session `life` must be told
        self.news: Learned = {}  # learned, and not yet stored
        self._doors: list[Door] = []  # asked in this order
        self._broker: list[Door] = []  # those with topics on the broker
        self._open(settings, listeners, learned or {})
        self._limit = 10_000 + 16 * len(registry.devices)
        self._routes: dict[str, Route] = {}
        self._match_life()

    def _open(self, settings: BrokerSettings, listeners: Iterable[str], learned: Mapping[Any, Any]) -> None:
        exact, based = [], []
        for name, dialect in DIALECTS.items():
            documents = self._registry.definitions.get(name, {})
            if documents:  # its topics are wherever the definitions say, and more exact than any base
                exact.append(("", dialect, self._known(name, "", learned, documents)))
            bases = [base for base in settings.bases(name) if base or not documents]
            based += [(base, dialect, self._known(name, base, learned)) for base in bases]
        based.sort(key=lambda door: (-len(door[0]), door[0]))  # `campus/zigbee` may lie under `campus`
        self._broker = [*exact, *based]
        heard = [(LISTENER + name, DIALECTS[name]) for name in listeners]
        listening = [(base, dialect, self._known(dialect.NAME, base, learned)) for base, dialect in heard]
        self._doors = [*self._broker, *listening]

    def _known(
        self,
        name: str,
        base: str,
        learned: Mapping[tuple[str, str, str], Any],
        documents: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Known:
        mine = {key: value for (of, at, key), value in learned.items() if (of, at) == (name, base)}
        approved = self._registry.definitions.get(name, {})
        definitions = defined(name, documents or {})
        return Known(name, base, self._registered, definitions, mine, self.strangers, approved)

    def _registered(self, known: Known, address: str) -> Device | None:
        by_address = self._registry.by_address
        whole = by_address(known.dialect, f"{known.base}/{address}") if known.base else None
        return whole or by_address(known.dialect, address)

    def decode(self, message: Message) -> Result:
        """What a message says, why it cannot be read, or that it means nothing to us."""
        topic, payload = message.topic, message.payload
        route = self._routes.get(topic)
        if route is None:
            found = self._find(message)
            if not isinstance(found, tuple):
                return found
            route = found
        check, decode, rest, address, device, known = route
        trouble = check(rest, payload)
        if trouble is not None:
            return _rejected(message, *trouble, device.id)
        said = Said(rest, address, payload, message.received, message.retain, device, known, topic)
        try:
            result = decode(said)
            if type(result) is Rejected:
                result = _once_more(result, said, decode)
        except Exception as error:  # our own bug must not stop the line: quarantined, visible
            return _rejected(message, Reason.FAILED, f"{type(error).__name__}: {error}"[:500], device.id)
        if device is _NOBODY and _nameless(result):
            return _rejected(message, Reason.BAD_TOPIC, "a level of the topic that names the device is empty")
        if type(result) is Parts:
            self._take(known, result)
        if self.strangers and type(result) is not Rejected:
            self._vouch(result, device, known)
        return result

    def _vouch(self, result: Result, speaker: Device, known: Known) -> None:
        """What speaks through a registered gateway or panel, or below its address, is nobody's invention."""
        for one in result.heard if type(result) is Parts else [result] if type(result) is Decoded else ():
            if (stranger := self.strangers.get(one.device)) is not None:
                self._through(stranger, speaker, known)
        if type(result) is Parts:
            result.announced = [
                one
                if one.stand_in is None
                else replace(one, stand_in=self._through(one.stand_in, speaker, known))
                for one in result.announced
            ]

    def _through(self, stranger: Device, speaker: Device, known: Known) -> Device:
        if stranger.gateway is None:
            gateway = speaker if speaker.id in self._registry.devices else _above(stranger.address, known)
            if gateway is not None:
                stranger = self.strangers[stranger.id] = replace(stranger, gateway=gateway.id)
        return stranger

    def _take(self, known: Known, parts: Parts) -> None:
        """What is learned is kept, and who is announced gets a stand-in, unless there is nothing to say."""
        if parts.learned:
            self._learn(known, parts.learned)
        announced, parts.announced = parts.announced, []
        for one in announced:
            known_here = one.stand_in is None and known.registered(one.address) is not None
            if one.stand_in is not None:
                parts.announced.append(one)
            elif not known_here or one.changed is not None:
                changed = one.changed if known_here else None
                stand_in = known.stand_in(one.address)
                parts.announced.append(replace(one, stand_in=stand_in, changed=changed))

    def clashes(self) -> list[str]:
        """A sentence for each registered device whose topic is another's as well."""
        return list(clashes(self._registry.devices.values(), self._broker))

    def _learn(self, known: Known, learned: dict[str, Any]) -> None:
        before = known.learned.get(NAMES, {})
        for key, value in learned.items():
            if value is None:
                known.learned.pop(key, None)
            elif key in known.learned or len(known.learned) < MOST_LEARNED:
                known.learned[key] = value
            else:
                continue  # somebody invents keys; those that are known go on
            self.news[(known.dialect, known.base, key)] = value
        if NAMES in learned:
            self._rename(known, before.items() ^ (learned[NAMES] or {}).items())

    def _rename(self, known: Known, names: set[tuple[str, str]]) -> None:
        """`names`: those that were not so before, and those that are not so any more."""
        if any(self._registered(known, address) for _, address in names):
            self._routes.clear()  # somebody is called something else now
            self._match_life()
            self.renamed = True

    def life_filters(self) -> list[str]:
        """The filters of the session `life`: every life-safety device, and our own loop message."""
        found: set[str] = set()
        for device in self._registry.devices.values():
            if device.life_safety or device.id == OWN:
                address = address_of(device)
                for base, dialect, known in self._doors_of(device, address):
                    below = address.removeprefix(base + "/") if base else address
                    found.update(_under(base, topic) for topic in dialect.filters(below, known))
        found = {one for one in found if sound(one)}  # a name nobody can subscribe to is heard by `all`
        return Filters(found).narrowest()

    def all_filters(self) -> list[str]:
        """The wide filters of the session `all`."""
        return [
            _under(base, topic) for base, dialect, known in self._broker for topic in dialect.topics(known)
        ]

    def owned_by_life(self, topic: str) -> bool:
        """Whether the session `life` hears this topic too, so that `all` settles and skips it."""
        owned = self._owned.get(topic)
        if owned is None:
            if len(self._owned) >= self._limit:
                self._owned.clear()
            owned = self._owned[topic] = self._life.match(topic)
        return owned

    def _match_life(self) -> None:
        self._owned: dict[str, bool] = {}
        self._life = Filters(self.life_filters())

    def _doors_of(self, device: Device, address: str) -> list[Door]:
        """Where a device speaks: under the base its address begins with, else under all of its dialect."""
        doors = [door for door in self._broker if device.dialect == door[1].NAME]
        return [door for door in doors if door[0] and address.startswith(door[0] + "/")] or doors

    def _find(self, message: Message) -> Route | Result:
        topic = message.topic
        if len(topic) > MOST_TOPIC:  # of strangers the address is kept: it must not be one of 64 KB
            return _rejected(message, Reason.BAD_TOPIC, f"a topic of more than {MOST_TOPIC} characters")
        listened = topic.startswith(LISTENER)
        if listened and message.source.name in ("life", "all"):
            return _rejected(message, Reason.BAD_TOPIC, f"{LISTENER!r} is not for the broker")
        claims, first = claimed(self._doors, topic, _NOBODY)
        if any(device is not _NOBODY for *_, device, _ in claims):
            return self._remember(topic, claims[0] if len(claims) == 1 else each(claims, self._take))
        if first is None:
            return _rejected(message, Reason.BAD_TOPIC, f"no dialect reads the topic {topic[:200]!r}")
        return self._route(message, *first)

    def _route(
        self, message: Message, rest: str, dialect: Dialect, known: Known, candidates: tuple[str, ...]
    ) -> Route | Result:
        """For a topic of no registered device."""
        if not candidates:
            return IGNORED
        if any(unicodedata.category(mark) in _CONTROL for mark in message.topic):
            return _rejected(
                message, Reason.BAD_TOPIC, f"control characters in the topic {message.topic[:200]!r}"
            )
        if candidates[-1] == "":
            route = dialect.guard, dialect.decode, rest, "", _NOBODY, known
            return self._remember(message.topic, route)
        address = candidates[0]
        return dialect.guard, dialect.decode, rest, address, known.find(address), known

    def _remember(self, topic: str, route: Route) -> Route:
        if topic.startswith(LISTENER):  # nobody else's message may take this way
            return route
        if len(self._routes) >= self._limit:
            self._routes.clear()
        self._routes[topic] = route
        return route


def _nameless(result: Result) -> bool:
    heard = result.heard if isinstance(result, Parts) else [result]
    return any(isinstance(one, Decoded) and not one.device for one in heard)


def _once_more(refused: Rejected, said: Said, decode: Callable[[Said], Result]) -> Result:
    """A number that is none, or a key given twice alike, must not cost the alarm that stands beside it."""
    if refused.reason is not Reason.MALFORMED or (mended := guard.mended(said.payload)) is None:
        return refused
    return decode(replace(said, payload=mended))


def _above(address: str, known: Known) -> Device | None:
    """The registered device at an address above this one."""
    while "/" in address:
        address = address.rpartition("/")[0]
        if (device := known.registered(address)) is not None:
            return device
    return None


def _rejected(message: Message, reason: Reason, detail: str, device: str = "") -> Rejected:
    sample = message.payload[:SAMPLE_BYTES]
    return Rejected(reason, detail, message.topic, sample, message.received, device)


def _under(base: str, topic: str) -> str:
    return f"{base}/{topic}" if base else topic
