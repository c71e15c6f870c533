"""Thinks. What a dialect is: one file that knows the topics and payloads of a family of devices."""

from typing import Protocol

from ingest.campus.device import Device
from ingest.reading import Decoded, Ignored, Reading, Reason, Rejected
from ingest.settings import BrokerSettings
from ingest.value import READERS

SAMPLE_BYTES = 512
IGNORED = Ignored()


class Dialect(Protocol):
    """Implemented by a module: these names are its functions. None of them ever raises."""

    NAME: str

    def bases(self, settings: BrokerSettings) -> list[str]:
        """The base topics under which this dialect is spoken on the configured broker."""

    def topics(self, base: str) -> list[str]:
        """The wide filters by which the session `all` hears every device, registered or not."""

    def own_filters(self, device: Device, base: str) -> list[str]:
        """The exact filters of one device, for the session `life`."""

    def addresses(self, topic: str, base: str) -> tuple[str, ...] | None:
        """The addresses that a topic under `base` may belong to, the likeliest first.

        () for talk that concerns no device (commands, logs); None for a topic that is not of this dialect.
        An "" at the end says that the device need not be registered.
        """

    def decode(
        self, topic: str, payload: bytes, received: int, retained: bool, device: Device, base: str
    ) -> Decoded | Rejected | Ignored:
        """What a message of this device says. The payload has passed guard.check."""


def rejected(reason: Reason, detail: str, topic: str, payload: bytes, received: int) -> Rejected:
    return Rejected(reason, detail, topic, payload[:SAMPLE_BYTES], received)


def link(topic: str, payload: bytes, received: int, retained: bool, device: Device) -> Decoded | Rejected:
    """A last will or an availability topic: it is no sign of life, whatever it says."""
    text = payload.strip().strip(b'"').decode("utf-8", "replace")
    found = READERS["link"](text)
    if found is None or found[0] not in ("online", "offline"):
        return rejected(
            Reason.MALFORMED, f"expected online or offline, got {text[:40]!r}", topic, payload, received
        )
    reading = Reading(device.id, "link", found[0], received, received, retained=retained)
    return Decoded(device.id, [reading], alive=False)
