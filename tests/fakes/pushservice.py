"""Touches. A push service and the devices subscribed to it: it believes only a signed VAPID token, and what a
device reads was really decrypted with its own key (RFC 8030, 8291, 8292)."""

import json
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlsplit

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from alerts.delivery.channels.channel import Subscription
from alerts.delivery.channels.webpush import decoded
from tests.fakes.webhook import Call, Reply, WebhookSink


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


class Device:
    """A browser with keys of its own, subscribed under a path of the push service."""

    def __init__(self, service: "PushService", person: str, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = b"0123456789abcdef"
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        endpoint = f"{service.url}/push/{name}"
        self.subscription = Subscription(person, endpoint, b64(point), b64(self.auth), name)

    def read(self, body: bytes) -> dict[str, Any]:
        plain = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        return dict(json.loads(plain))


class PushService(WebhookSink):
    """Answers 201 as one does, or `replies[name]` for the device of that name."""

    def __init__(self) -> None:
        super().__init__(reply=self._judge)
        self.replies: dict[str, Reply] = {}
        self.devices: dict[str, Device] = {}
        self.gone: list[str] = []
        self.largest = 4096  # bytes of a message, RFC 8030 §7.2

    def device(self, person: str, name: str) -> Device:
        made = self.devices[name] = Device(self, person, name)
        return made

    def of(self, person: str) -> list[Subscription]:
        subscribed = [one.subscription for one in self.devices.values()]
        return [one for one in subscribed if one.person == person and one.device not in self.gone]

    def left(self, one: Subscription) -> None:
        self.gone.append(one.device)

    def read(self) -> list[tuple[str, dict[str, Any]]]:
        """Who read what, in the order of arrival."""
        names = [(call, call.path.rsplit("/", 1)[-1]) for call in self.calls]
        return [(name, self.devices[name].read(call.body)) for call, name in names]

    def _judge(self, call: Call) -> Reply:
        name = call.path.rsplit("/", 1)[-1]
        if name in self.replies:
            return self.replies[name]
        if len(call.body) > self.largest:
            return Reply(413)
        return Reply(201 if self._signed(call) else 403)

    def _signed(self, call: Call) -> bool:
        scheme, _, rest = call.headers["authorization"].partition(" ")
        said = dict(part.strip().split("=", 1) for part in rest.split(","))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(said["k"]))
        where = urlsplit(self.url)
        claims = jwt.decode(
            said["t"], key, algorithms=["ES256"], audience=f"{where.scheme}://{where.netloc}",
            options={"verify_exp": False},
        )  # fmt: skip
        return scheme == "vapid" and claims["sub"].startswith("mailto:") and call.headers["ttl"].isdigit()
