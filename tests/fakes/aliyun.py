"""Touches. An Aliyun of the tests' own: Dysmsapi, Dyvmsapi, Dybaseapi and the queue of replies, on 127.0.0.1.

Made after the pages that the channels name. It verifies ACS3-HMAC-SHA256 as
https://help.aliyun.com/document_detail/2593177.html says, over whatever headers a caller has signed, and the
queue's MNS signature. Aliyun's own Python SDKs take it for Aliyun (tests/shell/test_aliyun.py).

Tricks: "hang", "close" (half-way through an answer), "lie" (yes to all, never delivers), "double" (each SMS
goes out twice), "truncate" (half of the JSON), "html", and any number: that HTTP status.
"""

import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from xml.sax.saxutils import escape

from tests.fakes.provider import Provider, Reply, Request

KEY, SECRET = "LTAI5tTestOfTocsin", "the-secret-of-the-access-key"
LENT_KEY, LENT_SECRET, LENT_TOKEN = "STS.lent", "the-lent-secret", "the-lent-token"
QUEUE = "Alicom-Queue-1234567890-SmsUp"
SIGN, TEMPLATES = "示范学校", ("SMS_1001", "SMS_1002", "SMS_1003", "SMS_1004", "SMS_1005")
VOICES = ("TTS_2001", "TTS_2003", "TTS_2004", "TTS_2005")
BEGAN = datetime(2026, 11, 22, 8, 43, 20, tzinfo=UTC)
SPAN = timedelta(minutes=15)
_AUTHORIZATION = re.compile(
    r"ACS3-HMAC-SHA256 Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})"
)


class FakeAliyun(Provider):
    """`refuse` maps a number to the code (and message) that sending to it meets; `clock` is what it takes for
    the time (None: whatever the caller says)."""

    def __init__(self, clock: datetime | None = BEGAN) -> None:
        super().__init__()
        self.clock = clock
        self.messages: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.queue: dict[str, dict[str, Any]] = {}  # by message id
        self.refuse: dict[str, tuple[str, str]] = {}
        self.nonces: set[str] = set()
        self.lent = 0

    def arrives(self, number: str, status: int = 3, code: str = "DELIVERED") -> None:
        """The carrier's receipt of a message, by its BizId."""
        one = next(one for one in self.messages if one["BizId"] == number)
        one.update(SendStatus=status, ErrCode=code, ReceiveDate="2026-11-22 16:43:25")

    def ends(self, number: str, state: str) -> None:
        """How a call ended, by its CallId."""
        one = next(one for one in self.calls if one["CallId"] == number)
        one.update(state=state, startDate="2026-11-22 16:43:30", stateDesc=state)

    def reply(self, sender: str, text: str, plain: bool = False) -> str:
        """A person writes back; returns the id of the queue's message."""
        number = len(self.queue) + 1
        said = {
            "phone_number": sender, "content": text, "send_time": "2026-11-22 16:45:00",
            "dest_code": "01", "sequence_id": number,
        }  # fmt: skip
        body = json.dumps(said, ensure_ascii=False)
        made = f"{number:032X}"
        self.queue[made] = {
            "body": body if plain else base64.b64encode(body.encode()).decode(), "given": 0,
        }  # fmt: skip
        return made

    def answer(self, request: Request) -> Reply:
        if urlsplit(request.path).path.startswith("/queues/"):
            return self._mns(request)
        query = dict(parse_qsl(urlsplit(request.path).query, keep_blank_values=True))
        if refused := self._unsigned(request):
            return refused
        action = request.headers.get("x-acs-action", "")
        actions = {
            "SendSms": self._send, "QuerySendDetails": self._details, "SingleCallByTts": self._call,
            "QueryCallDetailByCallId": self._call_detail, "QueryTokenForMnsQueue": self._lend,
        }  # fmt: skip
        if action not in actions or request.headers.get("x-acs-version") != "2017-05-25":
            return _error(404, "InvalidAction.NotFound", "Specified api is not found.")
        return actions[action](query)

    def _unsigned(self, request: Request) -> Reply | None:
        found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if not found or found[1] != KEY:
            return _error(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        names = found[2].split(";")
        present = {name for name in request.headers if name.startswith("x-acs-")} | {"host"}
        payload = hashlib.sha256(request.body).hexdigest()
        if not present <= set(names) or request.headers.get("x-acs-content-sha256") != payload:
            return _error(400, "SignatureDoesNotMatch", "A header that must be signed is not.")
        if not hmac.compare_digest(found[3], _signature(request, names, payload)):
            return _error(400, "SignatureDoesNotMatch", "Specified signature is not matched.")
        at = datetime.strptime(request.headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if self.clock and abs(at - self.clock) > SPAN:
            return _error(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
        nonce = request.headers["x-acs-signature-nonce"]
        if nonce in self.nonces:
            return _error(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
        self.nonces.add(nonce)
        return None

    def _send(self, query: dict[str, str]) -> Reply:
        missing = next((n for n in ("PhoneNumbers", "SignName", "TemplateCode") if not query.get(n)), None)
        if missing:
            return _error(400, f"Missing{missing}", f"{missing} is mandatory for this action.")
        number = query["PhoneNumbers"]
        if number in self.refuse:
            return _said(*self.refuse[number])
        values = json.loads(query.get("TemplateParam", "{}"))
        if query["SignName"] != SIGN:
            return _said("isv.SMS_SIGNATURE_ILLEGAL", "该账号下找不到对应签名")
        if query["TemplateCode"] not in TEMPLATES:
            return _said("isv.SMS_TEMPLATE_ILLEGAL", "该账号下找不到对应模板")
        if any(not isinstance(value, str) for value in values.values()):
            return _said("isv.INVALID_JSON_PARAM", "参数格式错误")
        if any(len(value) > 35 or not value for value in values.values()):
            return _said("isv.PARAM_LENGTH_LIMIT", "参数超过长度限制")
        if not re.fullmatch(r"1[3-9]\d{9}|[1-9]\d{6,14}", number):
            return _said("isv.MOBILE_NUMBER_ILLEGAL", "号码格式错误")
        for _ in range(2 if self.trick == "double" else 1):
            made = f"{len(self.messages):012d}^0"
            self.messages.append(
                {
                    "BizId": made, "PhoneNum": number, "TemplateCode": query["TemplateCode"],
                    "SendStatus": 1, "ErrCode": "", "OutId": query.get("OutId", ""), "values": values,
                    "SendDate": "2026-11-22 16:43:20", "ReceiveDate": "", "Content": "",
                }
            )  # fmt: skip
        return _said("OK", "OK", BizId=made)

    def _details(self, query: dict[str, str]) -> Reply:
        wanted = ("PhoneNumber", "SendDate", "PageSize", "CurrentPage")
        if missing := next((name for name in wanted if not query.get(name)), None):
            return _error(400, f"Missing{missing}", f"{missing} is mandatory for this action.")
        found = [
            {name: value for name, value in one.items() if name not in ("values", "BizId")}
            for one in self.messages
            if one["PhoneNum"] == query["PhoneNumber"]
            and query["SendDate"] == "20261122"
            and one["BizId"] == query.get("BizId", one["BizId"])
        ]
        return _said("OK", "OK", TotalCount=str(len(found)), SmsSendDetailDTOs={"SmsSendDetailDTO": found})

    def _call(self, query: dict[str, str]) -> Reply:
        missing = next((name for name in ("CalledNumber", "TtsCode") if not query.get(name)), None)
        if missing:
            return _error(400, f"Missing{missing}", f"{missing} is mandatory for this action.")
        if query["CalledNumber"] in self.refuse:
            return _said(*self.refuse[query["CalledNumber"]])
        values = json.loads(query.get("TtsParam", "{}"))
        if query["TtsCode"] not in VOICES:
            return _said("isv.TTS_TEMPLATE_ILLEGAL", "TTS模板不合法")
        if len(values) > 2 or sum(map(len, values.values())) >= 250:
            return _said("isv.PARAM_LENGTH_LIMIT", "参数超过长度限制")
        made = f"{len(self.calls):012d}^1"
        self.calls.append({"CallId": made, "callee": query["CalledNumber"], "values": values, "query": query})
        return _said("OK", "OK", CallId=made)

    def _call_detail(self, query: dict[str, str]) -> Reply:
        start = datetime.fromtimestamp(int(query["QueryDate"]) / 1000, UTC)
        if query.get("ProdId") != "11000000300006" or not start <= BEGAN < start + timedelta(days=1):
            return _said("OK", "OK")
        found = [one for one in self.calls if one["CallId"] == query.get("CallId")]
        said = {name: value for name, value in found[0].items() if name not in ("values", "query")}
        return _said("OK", "OK", Data=json.dumps(said)) if "state" in said else _said("OK", "OK")

    def _lend(self, query: dict[str, str]) -> Reply:
        if query.get("MessageType") != "SmsUp" or query.get("QueueName") != QUEUE:
            return _said("isv.QUEUE_NOT_EXIST", "the queue does not exist")
        self.lent += 1
        lent = {
            "AccessKeyId": LENT_KEY, "AccessKeySecret": LENT_SECRET, "SecurityToken": LENT_TOKEN,
            "CreateTime": "2026-11-22 16:43:20", "ExpireTime": "2026-11-22 16:53:20",
        }  # fmt: skip
        return _said("OK", "OK", MessageTokenDTO=lent)

    def _mns(self, request: Request) -> Reply:
        headers = request.headers
        text = (
            f"{request.method}\n\n{headers.get('content-type', '')}\n{headers.get('date', '')}\n"
            f"x-mns-version:{headers.get('x-mns-version', '')}\n{request.path}"
        )
        mac = hmac.new(LENT_SECRET.encode(), text.encode(), hashlib.sha1).digest()
        wanted = f"MNS {LENT_KEY}:{base64.b64encode(mac).decode()}"
        if headers.get("authorization") != wanted or headers.get("security-token") != LENT_TOKEN:
            return Reply(403, b"<Error><Code>AccessDenied</Code></Error>")
        query = dict(parse_qsl(urlsplit(request.path).query))
        if request.method == "DELETE":
            number = query["ReceiptHandle"].partition("/")[2]
            return Reply(204 if self.queue.pop(number, None) else 404, b"")
        if not self.queue:
            return Reply(404, b"<Error><Code>MessageNotExist</Code></Error>")
        return Reply(200, self._received().encode())

    def _received(self) -> str:
        """Each time under another handle, as MNS does when a message's time of invisibility has passed."""
        messages = ""
        for number, one in self.queue.items():
            one["given"] += 1
            messages += (
                f"<Message><MessageId>{number}</MessageId><ReceiptHandle>{one['given']}/{number}"
                f"</ReceiptHandle><MessageBody>{escape(one['body'])}</MessageBody></Message>"
            )
        return f'<?xml version="1.0"?><Messages xmlns="http://mns.aliyuncs.com/doc/v1/">{messages}</Messages>'


def _signature(request: Request, names: list[str], payload: str) -> str:
    parts = urlsplit(request.path)
    pairs = sorted(parse_qsl(parts.query, keep_blank_values=True))
    query = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs)
    lines = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names)
    text = f"{request.method}\n{parts.path}\n{query}\n{lines}\n{';'.join(names)}\n{payload}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return hmac.new(SECRET.encode(), f"ACS3-HMAC-SHA256\n{digest}".encode(), hashlib.sha256).hexdigest()


def _said(code: str, message: str, **more: Any) -> Reply:
    return Reply(200, json.dumps({"Code": code, "Message": message, "RequestId": "R-1", **more}).encode())


def _error(status: int, code: str, message: str) -> Reply:
    said = {"Code": code, "Message": message, "RequestId": "R-1", "HostId": "127.0.0.1"}
    return Reply(status, json.dumps(said).encode())
