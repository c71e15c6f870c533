"""Touches. Aliyun's OpenAPI: requests signed with ACS3-HMAC-SHA256, as Aliyun's own SDKs sign them.

https://help.aliyun.com/document_detail/2593177.html (V3 request structure and signature)
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from alerts.delivery.channels.aliyun_codes import meaning
from alerts.delivery.channels.channel import ChannelError
from alerts.delivery.channels.exchange import Exchange, Json, encrypted

BEIJING = timezone(timedelta(hours=8))  # what Aliyun's dates without a zone are in
EMPTY = hashlib.sha256(b"").hexdigest()

Endpoint = Annotated[str, AfterValidator(encrypted)]


class AliyunAccount(BaseModel):
    """An AccessKey; best a RAM user's that may do nothing else. `ca` is a PEM file for a private endpoint."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    access_key_id: str = Field(
        pattern=r"^[A-Za-z0-9.]{8,64}$", description="an AccessKey ID: letters and digits, like LTAI…"
    )
    access_key_secret: str = Field(min_length=8, repr=False)
    ca: str | None = None


class Api:
    """The actions of one service, for example Dysmsapi."""

    def __init__(
        self,
        account: AliyunAccount,
        url: str,
        version: str,
        now: Callable[[], int],
        connections: int,
    ) -> None:
        self._account, self._url, self._version, self._now = account, url, version, now
        self._exchange = Exchange("Aliyun", connections, account.ca)

    def call(self, action: str, query: Mapping[str, str]) -> Json:
        """The answer of an action that succeeded. Raises ChannelError."""
        written = canonical(query)
        headers = self._signed(action, written)
        status, answer = self._exchange.json("POST", f"{self._url}/?{written}", headers)
        code, said = str(answer.get("Code", "")), str(answer.get("Message", ""))
        if status == 200 and code == "OK":
            return answer
        if status == 200 and not code:
            odd, zh = "its answer has no Code: is `url` Aliyun's?", "应答中没有 Code：`url` 是阿里云的吗？"
            raise ChannelError(odd, False, zh=zh, unknown=True)
        raise meaning(code, said, status).error(code, said)

    def _signed(self, action: str, written: str) -> dict[str, str]:
        moment = datetime.fromtimestamp(self._now() / 1000, UTC)
        headers = {
            "host": urlsplit(self._url).netloc,
            "x-acs-action": action,
            "x-acs-content-sha256": EMPTY,
            "x-acs-date": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": self._version,
        }
        secret = self._account.access_key_secret
        signature = signed(secret, "POST", "/", written, headers, EMPTY)
        names = ";".join(sorted(headers))
        headers["Authorization"] = (
            f"ACS3-HMAC-SHA256 Credential={self._account.access_key_id},SignedHeaders={names},"
            f"Signature={signature}"
        )
        return {**headers, "Accept": "application/json", "User-Agent": "tocsin"}


def canonical(query: Mapping[str, str]) -> str:
    """Sorted, and percent-encoded by RFC 3986."""
    return "&".join(f"{quote(name, safe='~')}={quote(query[name], safe='~')}" for name in sorted(query))


def signed(
    secret: str, method: str, path: str, written: str, headers: Mapping[str, str], payload: str
) -> str:
    """The signature over these headers; `payload` is the hash of the body in hex."""
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    request = f"{method}\n{path}\n{written}\n{lines}\n{';'.join(names)}\n{payload}"
    digest = hashlib.sha256(request.encode()).hexdigest()
    return hmac.new(secret.encode(), f"ACS3-HMAC-SHA256\n{digest}".encode(), hashlib.sha256).hexdigest()


def moment(text: object) -> int:
    """ "2026-11-22 16:43:20" in Beijing, in ms; 0 for none."""
    try:
        return int(
            datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING).timestamp() * 1000
        )
    except ValueError:
        return 0
