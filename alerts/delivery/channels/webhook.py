"""Touches. The webhook channel: one signed HTTP POST of JSON a notice, as docs/channels/webhook.md says."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

import msgspec
import urllib3
from pydantic import Field

from alerts import outside
from alerts.clean import clean
from alerts.delivery.channels.channel import ChannelError, Notice, Receipt
from alerts.delivery.channels.exchange import Exchange, retry_after
from alerts.delivery.channels.receiver_settings import ReceiverSettings

TIMEOUT = 10.0  # seconds for one attempt
TRY_AGAIN = frozenset({408, 425, 429})


class WebhookSettings(ReceiverSettings):
    """HTTP POST of signed JSON. `secret` signs it (see docs/channels/webhook.md); `ca` is a PEM file that
    vouches for the receiver; `inside`: also where the name in `url` leads into our own network; `workers` is
    how many calls may be open at once."""

    kind: Literal["webhook"]
    inside: bool = False
    workers: int = Field(8, ge=1, le=32)


class Webhook:
    """POSTs each notice to one URL."""

    one_by_one: Literal[True] = True

    def __init__(self, name: str, settings: WebhookSettings, now: Callable[[], int]) -> None:
        self.name = name
        self.workers = settings.workers
        inside = settings.inside or _says_where(settings.url)
        self._poster = Poster(settings.url, settings, now, settings.workers, inside=inside)

    def send(self, notice: Notice) -> Receipt:
        status, answer = self._poster.post(msgspec.json.encode(notice), notice.key)
        return Receipt(accepted=True, id=_message_id(answer), detail=str(status))


def _says_where(url: str) -> bool:
    """Whether `url` holds an address of this machine or network itself: then whoever wrote it has allowed it.
    A link-local one is never meant: there the machines of a cloud give away their keys."""
    host = (urlsplit(url).hostname or "").partition("%")[0]
    return outside.literal(host) and (host == "localhost" or not outside.link_local(host))


class Poster:
    """Signed POSTs to one URL over kept-alive connections; unless `inside`, never into our own network."""

    def __init__(
        self,
        url: str,
        settings: ReceiverSettings,
        now: Callable[[], int],
        connections: int = 1,
        form: str = "application/json",
        inside: bool = True,
    ) -> None:
        self._url = url
        self._secret = settings.secret.encode()
        self._headers = {"Content-Type": form, "User-Agent": "tocsin", **settings.headers}
        self._now = now
        self._exchange = Exchange("", connections, settings.ca, inside, TIMEOUT)

    def post(self, body: bytes, key: str) -> tuple[int, bytes]:
        """Status and answer. 2xx is accepted; 408, 425, 429, 5xx and the network raise a temporary
        ChannelError, everything else a permanent one. `key` is the same for every attempt."""
        response, answer = self._exchange.talk("POST", self._url, self._signed(key, body), body)
        if 200 <= response.status < 300:
            return response.status, answer
        raise _refused(response, answer)

    def _signed(self, key: str, body: bytes) -> dict[str, str]:
        timestamp = str(self._now())
        headers = {**self._headers, "X-Tocsin-Timestamp": timestamp, "Idempotency-Key": _ascii(key)}
        if self._secret:
            mac = hmac.new(self._secret, timestamp.encode() + b"." + body, hashlib.sha256)
            headers["X-Tocsin-Signature"] = f"sha256={mac.hexdigest()}"
        return headers


def _ascii(text: str) -> str:
    """A header carries ASCII; a person's id may hold more."""
    return text.encode("ascii", "backslashreplace").decode()


class _Answer(msgspec.Struct):
    id: str | int = ""


def _message_id(answer: bytes) -> str:
    """The gateway's own number for the message, where it answers JSON with an "id"."""
    try:
        return clean(str(msgspec.json.decode(answer, type=_Answer).id), 100)
    except msgspec.MsgspecError:
        return ""


def _refused(response: urllib3.BaseHTTPResponse, answer: bytes) -> ChannelError:
    status = response.status
    said = clean(answer[:400].decode("utf-8", "replace"), 120)
    reason, zh = f"answered {status}: {said}", f"对方返回 {status}：{said}"
    if 300 <= status < 400:
        reason = f"answered {status}, a redirect, which is not followed: put the final address into `url`"
        zh = f"对方返回重定向 {status}，不予跟随：请把最终地址写入 `url`"
    temporary = status in TRY_AGAIN or status >= 500
    return ChannelError(
        reason, not temporary, zh=zh, status=status,
        retry_after=retry_after(response),
    )  # fmt: skip
