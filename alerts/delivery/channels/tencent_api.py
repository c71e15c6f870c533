"""Touches. Tencent Cloud's API 3.0: requests signed with TC3-HMAC-SHA256.

https://cloud.tencent.com/document/api/306/57449 (signature v3)
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from alerts.delivery.channels.channel import ChannelError
from alerts.delivery.channels.exchange import Exchange, Json, encrypted
from alerts.delivery.channels.tencent_codes import meaning

FORM = "application/json; charset=utf-8"
SIGNED = "content-type;host"

Endpoint = Annotated[str, AfterValidator(encrypted)]


class TencentAccount(BaseModel):
    """A key pair; best a sub-user's that may do nothing else. `app_id` is the SdkAppId of the console."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secret_id: str = Field(
        pattern=r"^[A-Za-z0-9]{8,64}$", description="a SecretId: letters and digits, like AKID…"
    )
    secret_key: str = Field(min_length=8, repr=False)
    app_id: str = Field(pattern=r"^\d{6,16}$", description="the SDK AppID of the application: 6 to 16 digits")
    region: str = Field(
        "ap-guangzhou", pattern=r"^[a-z]+(-[a-z0-9]+)*$", description="a region like ap-guangzhou"
    )
    ca: str | None = None


class Api:
    """The actions of one `service`: sms or vms."""

    def __init__(
        self,
        account: TencentAccount,
        url: str,
        service: str,
        version: str,
        now: Callable[[], int],
        connections: int,
    ) -> None:
        self._account, self._url, self._service, self._version = account, url, service, version
        self._now = now
        self._exchange = Exchange("Tencent Cloud", connections, account.ca)

    def call(self, action: str, parameters: Mapping[str, Any]) -> Json:
        """What is within "Response". Raises ChannelError."""
        body = msgspec.json.encode(parameters)
        status, answer = self._exchange.json("POST", f"{self._url}/", self._headers(action, body), body)
        response = answer.get("Response")
        if not isinstance(response, dict):
            odd = "its answer has no Response: is `url` Tencent's?"
            raise ChannelError(odd, False, zh="应答中没有 Response：`url` 是腾讯云的吗？", unknown=True)
        error = response.get("Error")
        if isinstance(error, dict):
            code, said = str(error.get("Code", "")), str(error.get("Message", ""))
            raise meaning(code, status).error(code, said)
        return response

    def _headers(self, action: str, body: bytes) -> dict[str, str]:
        seconds = self._now() // 1000
        host = urlsplit(self._url).netloc
        day = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
        scope = f"{day}/{self._service}/tc3_request"
        signature = signed(self._account.secret_key, day, self._service, seconds, host, body)
        return {
            "Authorization": f"TC3-HMAC-SHA256 Credential={self._account.secret_id}/{scope}, "
            f"SignedHeaders={SIGNED}, Signature={signature}",
            "Content-Type": FORM,
            "Host": host,
            "User-Agent": "tocsin",
            "X-TC-Action": action,
            "X-TC-Region": self._account.region,
            "X-TC-Timestamp": str(seconds),
            "X-TC-Version": self._version,
        }


def signed(key: str, day: str, service: str, seconds: int, host: str, body: bytes) -> str:
    payload = hashlib.sha256(body).hexdigest()
    request = f"POST\n/\n\ncontent-type:{FORM}\nhost:{host}\n\n{SIGNED}\n{payload}"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"TC3-HMAC-SHA256\n{seconds}\n{day}/{service}/tc3_request\n{digest}"
    secret = f"TC3{key}".encode()
    for part in (day, service, "tc3_request"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
