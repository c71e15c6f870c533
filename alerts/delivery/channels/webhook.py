"""Touches. The webhook channel: one signed HTTP POST of JSON a notice, as docs/channels/webhook.md says."""

import hashlib
import hmac
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

import msgspec
import urllib3
from pydantic import Field
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError, SSLError

from alerts import outside
from alerts.clean import clean
from alerts.delivery.channels.channel import ChannelError, Notice, Receipt
from alerts.delivery.channels.receiver_settings import ReceiverSettings
from alerts.delivery.channels.unreached import unreached

TIMEOUT = 10.0  # seconds for one attempt
CONNECT = 4.0  # of these, for the connection
BODY = 65_536  # bytes of an answer that are read at most
PAUSE = 2.0  # seconds without a byte of the answer's body, after which the rest is left
TRY_AGAIN = frozenset({408, 425, 429})
_NEVER_LEFT = (ConnectTimeoutError, NewConnectionError, ProxyError, SSLError)

# Its log holds whole URLs, and a URL may hold a key.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class WebhookSettings(ReceiverSettings):
    """HTTP POST of signed JSON. `secret` signs it (see docs/channels/webhook.md); `ca` is a PEM file that
    vouches for the receiver; `inside`: also where the name in `url` leads into our own network; `workers` is
    how many calls may be open at once."""

    kind: Literal["webhook"]
    inside: bool = False
    workers: int = Field(8, ge=1, le=32)


class Webhook:
    """POSTs each notice to one URL."""

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
    return outside.literal(host) and (host == "localhost" or not ip_address(host).is_link_local)


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
        self._pool = outside.manager(
            inside,
            num_pools=1,
            maxsize=connections,
            timeout=urllib3.Timeout(total=TIMEOUT, connect=CONNECT),
            retries=False,
            ca_certs=settings.ca,
        )

    def post(self, body: bytes, key: str) -> tuple[int, bytes]:
        """Status and answer. 2xx is accepted; 408, 425, 429, 5xx and the network raise a temporary
        ChannelError, everything else a permanent one. `key` is the same for every attempt."""
        began = time.monotonic()
        try:
            response = self._pool.request(
                "POST", self._url, body=body, headers=self._signed(key, body), redirect=False,
                preload_content=False,
            )  # fmt: skip
        except HTTPError as error:
            raise _network(error) from error
        answer = _read(response, began + TIMEOUT)
        if 200 <= response.status < 300:
            return response.status, answer
        raise _refused(response, answer, self._now())

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


def _read(response: urllib3.BaseHTTPResponse, until: float) -> bytes:
    """The first 64 KB, as far as it comes in time. What was answered is in the status; a body that breaks
    off changes nothing. A connection that was not read to its end is not used again."""
    answer = b""
    sock = getattr(response.connection, "sock", None)
    if sock is not None:
        sock.settimeout(PAUSE)
    try:
        while len(answer) < BODY and time.monotonic() < until:
            piece = response.read1(BODY - len(answer), decode_content=False)
            if not piece:
                response.release_conn()
                return answer
            answer += piece
    except HTTPError:
        pass
    response.close()
    return answer


class _Answer(msgspec.Struct):
    id: str | int = ""


def _message_id(answer: bytes) -> str:
    """The gateway's own number for the message, where it answers JSON with an "id"."""
    try:
        return clean(str(msgspec.json.decode(answer, type=_Answer).id), 100)
    except msgspec.MsgspecError:
        return ""


def _network(error: HTTPError) -> ChannelError:
    known = isinstance(error, _NEVER_LEFT)
    if isinstance(error, SSLError):
        return ChannelError(
            f"TLS: {_said(error)} (a private CA belongs in `ca`)", False,
            zh=f"TLS 错误：{_said(error)}（私有 CA 请写入 `ca`）",
        )  # fmt: skip
    if isinstance(error, urllib3.exceptions.TimeoutError) and not known:
        late, zh = f"no answer within {TIMEOUT:.0f} s", f"{TIMEOUT:.0f} 秒内没有应答"
        return ChannelError(late, False, zh=zh, unknown=True)
    if isinstance(error, outside.Inside):
        said = _said(
            error
        )  # temporary: a name may lead there for a moment, as on a campus that wants a sign-in
        return ChannelError(
            f"{said}: set `inside: true` if it is meant", False,
            zh=f"目标地址在本单位内网，未获允许：如确有此意，请设置 `inside: true`（{said}）",
        )  # fmt: skip
    zh, reason = unreached(_said(error))
    return ChannelError(f"cannot reach it: {reason}", False, zh=f"无法连接：{zh}", unknown=not known)


def _said(error: HTTPError) -> str:
    """The last part of urllib3's message, without the repr of the connection."""
    return clean(str(error).rsplit("object at 0x", 1)[-1].partition(">: ")[2] or str(error), 160)


def _refused(response: urllib3.BaseHTTPResponse, answer: bytes, now: int) -> ChannelError:
    status = response.status
    said = clean(answer[:400].decode("utf-8", "replace"), 120)
    reason, zh = f"answered {status}: {said}", f"对方返回 {status}：{said}"
    if 300 <= status < 400:
        reason = f"answered {status}, a redirect, which is not followed: put the final address into `url`"
        zh = f"对方返回重定向 {status}，不予跟随：请把最终地址写入 `url`"
    temporary = status in TRY_AGAIN or status >= 500
    return ChannelError(
        reason, not temporary, zh=zh, status=status,
        retry_after=_retry_after(response.headers.get("Retry-After"), now),
    )  # fmt: skip


def _retry_after(header: str | None, now: int) -> int | None:
    """ms, from seconds or an HTTP date; None when there is none or it makes no sense."""
    if header is None:
        return None
    if header.strip().isdigit() and len(header) < 9:
        return int(header) * 1000
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0, int((moment - datetime.fromtimestamp(0, UTC)).total_seconds() * 1000) - now)
