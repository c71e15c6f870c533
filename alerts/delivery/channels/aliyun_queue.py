"""Touches. Replies by SMS, taken from the queue that Aliyun keeps for the account: no public address needed.

https://help.aliyun.com/document_detail/101646.html (SmsUp: the queue and its messages' fields). The queue
speaks MNS 2015-06-06 and is signed as its SDKs sign (aliyun/aliyun-mns-*); the key for it is lent for a while
by QueryTokenForMnsQueue (aliyun/alibabacloud-python-sdk, dybaseapi-20170525).
"""

import base64
import binascii
import contextlib
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote
from xml.etree import ElementTree

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from alerts.clean import clean
from alerts.delivery.channels.aliyun_api import AliyunAccount, Api, Endpoint, moment
from alerts.delivery.channels.channel import Answer, ChannelError
from alerts.delivery.channels.exchange import Exchange
from alerts.delivery.channels.mainland import international
from alerts.delivery.channels.rounds import ROUND
from alerts.delivery.channels.twilio_status import REMEMBERED

VERSION = "2017-05-25"
EARLY = 120_000  # ms before its end a key is renewed
_NAMESPACE = "{http://mns.aliyuncs.com/doc/v1/}"


class ReplySettings(BaseModel):
    """`name` as the SMS console shows it under 通用设置 > 回执配置 > 上行消息接收: Alicom-Queue-…-SmsUp."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9-]{3,256}$", description="a queue's name: letters, digits and -")
    url: Endpoint = "https://1943695596114318.mns.cn-hangzhou.aliyuncs.com"
    token_url: Endpoint = "https://dybaseapi.aliyuncs.com"


class _Key(msgspec.Struct, frozen=True):
    id: str
    secret: str
    token: str
    until: int


class ReplyQueue:
    """A message that was not heard comes again by itself; one that was is deleted there."""

    def __init__(self, account: AliyunAccount, settings: ReplySettings, now: Callable[[], int]) -> None:
        self._settings, self._now = settings, now
        self._api = Api(account, settings.token_url, VERSION, now, 1)
        self._exchange = Exchange("Aliyun's queue", 1, account.ca)
        self._key: _Key | None = None
        self._waiting: dict[str, Answer] = {}
        self._handles: dict[str, str] = {}  # by answer: what deletes its message
        self._heard: dict[str, None] = {}

    def answers(self) -> list[Answer]:
        status, body = self._ask("GET", "?numOfMessages=16&waitseconds=0")
        done = []
        for handle, text in _messages(body) if status == 200 else ():
            answer = _answer(text)
            if answer is None or answer.id in self._heard:  # what nobody can read would come for ever
                done.append(handle)
            else:
                self._waiting[answer.id] = answer
                self._handles[answer.id] = handle
        self._delete(done)
        return list(self._waiting.values())

    def heard(self, ids: Sequence[str]) -> None:
        self._heard |= dict.fromkeys(ids)
        while len(self._heard) > REMEMBERED:
            del self._heard[next(iter(self._heard))]
        for one in ids:
            self._waiting.pop(one, None)
        self._delete([handle for one in ids if (handle := self._handles.pop(one, ""))])

    def _delete(self, handles: Sequence[str]) -> None:
        """As far as there is time and the queue can be reached: what stays comes again, and is known then."""
        until = time.monotonic() + ROUND
        for handle in handles:
            if time.monotonic() >= until:
                return
            try:
                self._ask("DELETE", f"?ReceiptHandle={quote(handle, safe='')}")
            except ChannelError:
                return

    def _ask(self, method: str, query: str) -> tuple[int, bytes]:
        """Raises ChannelError. 404 is an empty queue, or a message that is gone."""
        key = self._lent()
        resource = f"/queues/{self._settings.name}/messages{query}"
        headers = {
            "Date": format_datetime(datetime.fromtimestamp(self._now() / 1000, UTC), usegmt=True),
            "Content-Type": "text/xml;charset=utf-8",
            "x-mns-version": "2015-06-06",
            "Security-Token": key.token,
        }
        headers["Authorization"] = f"MNS {key.id}:{signed(key.secret, method, headers, resource)}"
        status, body = self._exchange.ask(method, self._settings.url + resource, headers)
        if status in (200, 204, 404):
            return status, body
        self._key = None  # it may have been withdrawn
        raise ChannelError(f"the queue answered {status}", False, zh=f"消息队列返回 {status}", status=status)

    def _lent(self) -> _Key:
        if self._key is None or self._now() >= self._key.until - EARLY:
            query = {"MessageType": "SmsUp", "QueueName": self._settings.name}
            lent = self._api.call("QueryTokenForMnsQueue", query).get("MessageTokenDTO")
            made = lent if isinstance(lent, dict) else {}
            self._key = _Key(
                str(made.get("AccessKeyId", "")),
                str(made.get("AccessKeySecret", "")),
                str(made.get("SecurityToken", "")),
                moment(made.get("ExpireTime")),
            )
        return self._key


def signed(secret: str, method: str, headers: Mapping[str, str], resource: str) -> str:
    text = (
        f"{method}\n\n{headers['Content-Type']}\n{headers['Date']}\n"
        f"x-mns-version:{headers['x-mns-version']}\n{resource}"
    )
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()


def _messages(body: bytes) -> list[tuple[str, str]]:
    """Handle and text of each. Declarations of entities are none of MNS's."""
    if b"<!" in body:
        return []
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return []
    found = root.iter(f"{_NAMESPACE}Message")
    return [
        (
            one.findtext(f"{_NAMESPACE}ReceiptHandle", ""),
            one.findtext(f"{_NAMESPACE}MessageBody", ""),
        )
        for one in found
    ]


def _answer(text: str) -> Answer | None:
    """The body is JSON, plain or in base64."""
    try:
        body = text.encode() if text.lstrip().startswith("{") else base64.b64decode(text, validate=True)
        said = msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.MsgspecError, binascii.Error, UnicodeError):
        return None
    address = str(said.get("phone_number", ""))
    with contextlib.suppress(ChannelError):  # a short number is a stranger, and recorded as one
        address = international(address)
    number = f"{said.get('sequence_id')}/{address}"
    return Answer(number, address, clean(str(said.get("content", "")), 400), moment(said.get("send_time")))
