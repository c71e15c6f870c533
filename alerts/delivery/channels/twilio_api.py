"""Touches. Twilio's REST API 2010-04-01: requests, what their failures mean, and the signature of callbacks.

https://www.twilio.com/docs/usage/requests-to-twilio
https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Self
from urllib.parse import urlencode

import msgspec
import urllib3
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from alerts.clean import clean
from alerts.delivery.channels.channel import ChannelError, Receipt
from alerts.delivery.channels.exchange import Exchange, Json, retry_after
from alerts.delivery.channels.twilio_codes import DEAD, TEMPORARY, told

LARGEST = 1_000_000  # bytes of an answer that are read at most: a page of messages is large
_HERE = re.compile(r"http://(127\.0\.0\.1|localhost)(:\d+)?")


class TwilioAccount(BaseModel):
    """`key_sid` and `secret` are an API key's; without `key_sid`, `secret` is the account's auth token.
    `auth_token` is needed only with `public_url`: callbacks are signed with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account_sid: str = Field(
        pattern=r"^AC[0-9a-fA-F]{32}$", description="an Account SID: AC and 32 digits or letters a to f"
    )
    key_sid: str = Field(
        "",
        pattern=r"^(SK[0-9a-fA-F]{32})?$",
        description="the SID of an API key: SK and 32 digits or letters a to f",
    )
    secret: str = Field(min_length=1, repr=False)
    auth_token: str = Field("", repr=False)
    url: str = "https://api.twilio.com"
    public_url: str = ""
    ca: str | None = None

    @field_validator("url")
    @classmethod
    def _encrypted(cls, value: str) -> str:
        if not re.fullmatch(r"https://[^\s/@?#]+", value) and not _HERE.fullmatch(value):
            raise ValueError("must be https://host, like https://api.twilio.com")
        return value

    @field_validator("public_url")
    @classmethod
    def _for_twilio(cls, value: str) -> str:
        if value and not re.fullmatch(r"https://[^\s/@?#]+(/[^\s?#]*)?", value):
            raise ValueError("must be the https:// address at which Twilio reaches this dashboard")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _can_verify(self) -> Self:
        if self.public_url and not (self.auth_token or not self.key_sid):
            raise ValueError("public_url needs auth_token: Twilio signs its callbacks with it")
        return self

    def signed(self, url: str, form: Mapping[str, str], signature: str) -> bool:
        """Whether Twilio made this callback: HMAC-SHA1 under the auth token of the address and the sorted
        fields."""
        text = url + "".join(name + form[name] for name in sorted(form))
        token = self.auth_token or self.secret
        wanted = base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest())
        return hmac.compare_digest(wanted, signature.encode("utf-8", "replace"))


class Api:
    """Requests for one account over kept-alive connections."""

    def __init__(self, settings: TwilioAccount, connections: int) -> None:
        self._path = f"/2010-04-01/Accounts/{settings.account_sid}"
        self._base = settings.url + self._path
        user = settings.key_sid or settings.account_sid
        self._headers = urllib3.make_headers(
            basic_auth=f"{user}:{settings.secret}", user_agent="tocsin", keep_alive=True
        )
        self._exchange = Exchange("Twilio", connections, settings.ca, most=LARGEST)

    def create(self, kind: str, form: Mapping[str, str]) -> Json:
        """POST to a list, for example Messages. Raises ChannelError; an answer that cannot be read leaves
        open whether the message goes out."""
        return self._request("POST", f"/{kind}.json", urlencode(form))

    def fetch(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """GET. Raises ChannelError."""
        return self._request("GET", f"/{path}.json" + (f"?{urlencode(query)}" if query else ""), None)

    def more(self, uri: object) -> Json | None:
        """The next page of a list, by the path that Twilio gave for it; None where there is none."""
        if not isinstance(uri, str) or not uri.startswith(self._path + "/"):
            return None
        return self._request("GET", uri.removeprefix(self._path), None)

    def _request(self, method: str, path: str, body: str | None) -> Json:
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        response, said = self._exchange.talk(method, self._base + path, headers, body)
        answer = _json(said)
        if 200 <= response.status < 300 and answer:
            return answer
        raise _refused(response, answer or {})


def _json(answer: bytes) -> Json | None:
    try:
        made = msgspec.json.decode(answer)
    except msgspec.MsgspecError:
        return None
    return made if isinstance(made, dict) else None


def _refused(response: urllib3.BaseHTTPResponse, answer: Json) -> ChannelError:
    """{"code": …, "message": …} as Twilio's errors are; a proxy's page has neither."""
    status, code = response.status, integer(answer.get("code"))
    if 200 <= status < 300:
        odd = "its answer makes no sense: is `url` Twilio's, or does a proxy answer?"
        zh = "应答无法理解：`url` 是 Twilio 的吗？是否有代理在应答？"
        return ChannelError(odd, False, zh=zh, unknown=True, status=status)
    words = told(code, clean(str(answer.get("message", "")), 120))
    temporary = status in (408, 425, 429) or status >= 500 or code in TEMPORARY
    return ChannelError(
        f"answered {status}: {words.en}", not temporary, zh=f"对方返回 {status}：{words.zh}", status=status,
        dead=code in DEAD, unknown=status >= 500, retry_after=retry_after(response),
    )  # fmt: skip


def receipt(made: Json, kind: str) -> Receipt:
    """`kind` is what the numbers of such things begin with. Without a number nothing can be asked."""
    sid = str(made.get("sid"))
    if not re.fullmatch(rf"{kind}[0-9a-fA-F]{{32}}", sid):
        none = "Twilio gave no number for it"
        raise ChannelError(none, False, zh="Twilio 没有给出编号", unknown=True)
    return Receipt(accepted=True, id=sid, detail=clean(str(made.get("status", "")), 20))


def called(address: str) -> str:
    """A number as Twilio wants it: E.164."""
    number = re.sub(r"[\s()-]", "", address)
    if not re.fullmatch(r"\+\d{6,15}", number):
        reason = "Twilio needs the number with + and the country's code, like +8613800000000"
        zh = "Twilio 要求号码带 + 和国家代码，例如 +8613800000000"
        raise ChannelError(reason, True, zh=zh)
    return number


def integer(value: object) -> int:
    """Twilio writes some numbers as text, and null for none."""
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else 0


def moment(value: object) -> int:
    """An RFC 2822 date in ms; 0 for none."""
    try:
        return int(parsedate_to_datetime(str(value)).timestamp() * 1000)
    except ValueError:
        return 0
