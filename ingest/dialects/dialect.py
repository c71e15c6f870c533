"""Thinks. What a dialect is: one file that knows the topics and payloads of a family of devices."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import blake2s
from typing import Any, Protocol

import msgspec

from ingest.campus.device import Device
from ingest.campus.kinds import UNREGISTERED
from ingest.guard import check
from ingest.reading import Decoded, Ignored, Parts, Reading, Reason, Rejected
from ingest.value import READERS

SAMPLE_BYTES = 512
MOST_STRANGERS = 10_000
IGNORED = Ignored()
MANY = ("",)  # the topic is of many devices: the payload says whose it is
NAMES = "names"  # the key of Known.learned that says which address a name in a topic stands for

Result = Decoded | Parts | Rejected | Ignored


class Known:
    """What a dialect knows under one base beside the message at hand.

    `find(address)` is the registered device, or a stand-in of kind "unregistered" which is decoded like it:
    what it says reaches the pending tray. `definitions` are this dialect's, as `define` made them.
    `learned` is what earlier messages said (Parts.learned); nobody but the decoder writes into it.
    `approved` are this dialect's definitions as a person wrote them, under each of its bases.
    """

    def __init__(
        self,
        dialect: str,
        base: str = "",
        find: Callable[["Known", str], Device | None] = lambda known, address: None,
        definitions: Mapping[str, Any] | None = None,
        learned: Mapping[str, Any] | None = None,
        strangers: dict[str, Device] | None = None,
        approved: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.dialect, self.base = dialect, base
        self.approved: Mapping[str, Mapping[str, Any]] = approved or {}
        self.definitions: Mapping[str, Any] = definitions or {}
        self.learned = dict(learned or {})
        self._find = find
        self._strangers = {} if strangers is None else strangers

    def registered(self, address: str) -> Device | None:
        """The registered device of an address, or of what the address is called today (NAMES)."""
        device = self._find(self, address)
        if device is None and (names := self.learned.get(NAMES)) and (other := names.get(address)):
            device = self._find(self, other)
        return device

    def find(self, address: str) -> Device:
        return self.registered(address) or self.stand_in(address)

    def stand_in(self, address: str) -> Device:
        """For a device that nobody registered. The same address has the same id, also after a restart."""
        name = _stranger(self.dialect, self.base, address)
        if name not in self._strangers:
            if len(self._strangers) >= MOST_STRANGERS:
                self._strangers.clear()
            self._strangers[name] = Device(
                name, UNREGISTERED, "", dialect=self.dialect, address=address, interval=0
            )
        return self._strangers[name]


@lru_cache(maxsize=4096)  # the neighbours' sensors are heard all day
def _stranger(dialect: str, base: str, address: str) -> str:
    plain = "".join(mark if mark.isascii() and mark.isalnum() else "-" for mark in address[:24])
    whole = "\n".join((dialect, base, address)).encode("utf-8", "replace")
    return f"{UNREGISTERED}.{plain}.{blake2s(whole, digest_size=6).hexdigest()}"


class Said(msgspec.Struct, gc=False):
    """One message as a dialect hears it. `rest` is the topic below the base, `address` that of the
    addresses of this topic which was meant.

    `device` is whose topic it is. Where nobody is registered it is a stand-in of kind "unregistered"; of a
    topic of many devices it is one without an id, and `known.find` has the devices that the payload names.
    """

    rest: str
    address: str
    payload: bytes
    received: int
    retained: bool
    device: Device
    known: Known
    topic: str


class Dialect(Protocol):
    """Implemented by a module: these names are its functions and constants. None of them ever raises,
    `define` excepted. Topics and filters are below the base; a base "" is the root of the broker.

    `BASES`: where it speaks unless the settings say otherwise. `INTERVAL`: kind → the longest seconds between
    two messages while all is well, "" for every kind not named; where neither is, the kind's own counts.
    """

    @property
    def NAME(self) -> str: ...  # noqa: N802 - a constant of the module

    @property
    def BASES(self) -> tuple[str, ...]: ...  # noqa: N802 - a constant of the module

    @property
    def INTERVAL(self) -> Mapping[str, int]: ...  # noqa: N802 - a constant of the module

    def topics(self, known: Known) -> list[str]:
        """The wide filters by which the session `all` hears every device, registered or not."""

    def filters(self, address: str, known: Known) -> list[str]:
        """The filters of one device, for the session `life`: as narrow as its topics allow."""

    def addresses(self, rest: str, known: Known) -> tuple[str, ...] | None:
        """The addresses that a topic may belong to, the likeliest first; the first registered one is meant.

        () for talk that concerns no device (commands, logs); None for a topic that is not of this dialect.
        An "" at the end says that it may also be of no device or of many: then it is decoded all the same.
        """

    def guard(self, rest: str, payload: bytes) -> tuple[Reason, str] | None:
        """Why a payload must not be decoded at all, or None."""

    def define(self, name: str, document: dict[str, Any]) -> Any:
        """A definition (a mapping, an approved proposal) made ready for use. Raises ValueError in words."""

    def decode(self, said: Said) -> Result:
        """What a message says. The payload has passed `guard`."""


def json_guard(rest: str, payload: bytes) -> tuple[Reason, str] | None:
    """For a dialect of JSON."""
    return check(payload)


def no_definitions(name: str, document: dict[str, Any]) -> Any:
    """For a dialect that needs no definitions."""
    raise ValueError("this dialect takes no definitions")


def rejected(reason: Reason, detail: str, said: Said) -> Rejected:
    return Rejected(reason, detail, said.topic, said.payload[:SAMPLE_BYTES], said.received, said.device.id)


def malformed(detail: object, said: Said) -> Rejected:
    return rejected(Reason.MALFORMED, str(detail), said)


def link(said: Said, payload: bytes | None = None) -> Decoded | Rejected:
    """A last will or an availability topic: it is no sign of life, whatever it says."""
    text = (said.payload if payload is None else payload).strip().strip(b'"').decode("utf-8", "replace")
    found = READERS["link"](text)
    if found is None or found[0] not in ("online", "offline"):
        return malformed(f"expected online or offline, got {text[:40]!r}", said)
    reading = Reading(said.device.id, "link", found[0], said.received, said.received, retained=said.retained)
    return Decoded(said.device.id, [reading], alive=False)
