"""Touches. A Tencent Cloud of the tests' own: sms 2021-01-11 and vms 2020-09-02, on 127.0.0.1.

Made after the pages that the channels name. It verifies TC3-HMAC-SHA256 as
https://cloud.tencent.com/document/api/306/57449 says, over whatever headers a caller has signed. Tencent's
own Python SDK takes it for Tencent Cloud (tests/shell/test_tencent.py).

Tricks: "hang", "close", "lie", "double", "truncate", "html" and any number, as in tests/fakes/aliyun.py.
"""

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from typing import Any

from tests.fakes.provider import Provider, Reply, Request

ID, KEY, APP = "AKIDtestOfTocsin0001", "the-secret-key-of-the-tests", "1400006666"
SIGN, TEMPLATES = "示范学校", {"1001": 6, "1002": 7, "1003": 6, "1004": 6, "1005": 5}  # with their variables
VOICES = {"2001": 2, "2003": 2, "2004": 2, "2005": 2}
BEGAN = datetime(2026, 11, 22, 8, 43, 20, tzinfo=UTC)
VERSIONS = {"sms": "2021-01-11", "vms": "2020-09-02"}
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=([^/]+)/([\d-]+)/(\w+)/tc3_request, SignedHeaders=([^,]+), "
    r"Signature=([0-9a-f]{64})"
)


class FakeTencent(Provider):
    """`refuse` maps a number to the code that sending to it meets; `longest` is what a variable may hold;
    `clock` is what it takes for the time (None: whatever the caller says)."""

    def __init__(self, clock: datetime | None = BEGAN, longest: int = 6) -> None:
        super().__init__()
        self.clock, self.longest = clock, longest
        self.messages: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.replies: list[dict[str, Any]] = []
        self.queue: list[dict[str, Any]] = []  # replies that PullSmsReplyStatus has not given yet
        self.refuse: dict[str, str] = {}
        self.opened = True  # whether PullSmsReplyStatus was opened for the account

    def arrives(self, number: str, status: str = "SUCCESS", description: str = "用户短信送达成功") -> None:
        """The carrier's receipt of a message, by its SerialNo."""
        one = next(one for one in self.messages if one["SerialNo"] == number)
        one.update(ReportStatus=status, Description=description, UserReceiveTime=int(BEGAN.timestamp()) + 5)

    def reply(self, sender: str, text: str, seconds: int = 100) -> None:
        said = {
            "ExtendCode": "", "CountryCode": "86", "PhoneNumber": sender, "SignName": SIGN,
            "ReplyContent": text, "ReplyTime": int(BEGAN.timestamp()) + seconds,
            "SubscriberNumber": sender.removeprefix("+86"),
        }  # fmt: skip
        self.replies.append(said)
        self.queue.append(said)

    def answer(self, request: Request) -> Reply:
        found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if refused := self._unsigned(request, found):
            return refused
        assert found
        action, said = request.headers.get("x-tc-action", ""), json.loads(request.body)
        actions = {
            ("sms", "SendSms"): self._send, ("sms", "PullSmsSendStatusByPhoneNumber"): self._statuses,
            ("sms", "PullSmsReplyStatusByPhoneNumber"): self._replies,
            ("sms", "PullSmsReplyStatus"): self._queue, ("vms", "SendTtsVoice"): self._call,
        }  # fmt: skip
        handler = actions.get((found[3], action))
        if handler is None or request.headers.get("x-tc-version") != VERSIONS[found[3]]:
            return _error("InvalidAction", "The request action does not exist.")
        return handler(said)

    def _unsigned(self, request: Request, found: "re.Match[str] | None") -> Reply | None:
        if not found:
            return _error("AuthFailure.InvalidAuthorization", "Authorization in the header is invalid.")
        if found[1] != ID:
            return _error("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
        names, stamp = found[4].split(";"), request.headers.get("x-tc-timestamp", "")
        if not {"content-type", "host"} <= set(names) or not hmac.compare_digest(
            found[5], _signature(request, names, found[3], stamp)
        ):
            return _error("AuthFailure.SignatureFailure", "The provided credentials could not be validated.")
        if self.clock and abs(int(stamp) - self.clock.timestamp()) > 300:
            return _error("AuthFailure.SignatureExpire", "The signature in the request has expired.")
        return None

    def _send(self, said: dict[str, Any]) -> Reply:
        if said.get("SmsSdkAppId") != APP:
            return _error("InvalidParameterValue.SdkAppIdNotExist", "SdkAppId does not exist.")
        sent = []
        for number in said["PhoneNumberSet"]:
            code = self.refuse.get(number) or self._code(said, number)
            made = f"2640:{len(self.messages):012d}" if code == "Ok" else ""
            sent.append(
                {
                    "SerialNo": made, "PhoneNumber": number, "Fee": int(code == "Ok"),
                    "SessionContext": "", "Code": code, "Message": code, "IsoCode": "CN",
                }
            )  # fmt: skip
            for _ in range((2 if self.trick == "double" else 1) if code == "Ok" else 0):
                self.messages.append({"SerialNo": made, "PhoneNumber": number, **said})
        return _said(SendStatusSet=sent)

    def _code(self, said: dict[str, Any], number: str) -> str:
        values = said.get("TemplateParamSet") or []
        if not re.fullmatch(r"\+\d{7,15}", number):
            return "InvalidParameterValue.IncorrectPhoneNumber"
        if said.get("SignName") != SIGN:
            return "FailedOperation.SignatureIncorrectOrUnapproved"
        if TEMPLATES.get(said["TemplateId"]) != len(values):
            return "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
        if any(not value or len(value) > self.longest for value in values):
            return "InvalidParameterValue.TemplateParameterLengthLimit"
        if any(re.search(r"(?i)http|www|[a-z0-9]\.[a-z]", value) for value in values):
            return "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter"
        return "Ok"

    def _statuses(self, said: dict[str, Any]) -> Reply:
        if said.get("Offset") != 0 or not 0 < said.get("Limit", 0) <= 100:
            return _error("InvalidParameterValue.LimitVerifyFail", "Limit")
        wanted = ("UserReceiveTime", "PhoneNumber", "SerialNo", "ReportStatus", "Description")
        found = [
            {
                "CountryCode": "86", "SubscriberNumber": one["PhoneNumber"][3:], "SessionContext": "",
                **{name: one[name] for name in wanted},
            }
            for one in self.messages
            if one["PhoneNumber"] == said["PhoneNumber"] and "ReportStatus" in one and self._within(said)
        ]  # fmt: skip
        return _said(PullSmsSendStatusSet=found)

    def _within(self, said: dict[str, Any]) -> bool:
        return bool(said["BeginTime"] <= BEGAN.timestamp())

    def _replies(self, said: dict[str, Any]) -> Reply:
        found = [one for one in self.replies if one["PhoneNumber"] == said["PhoneNumber"]]
        return _said(PullSmsReplyStatusSet=[one for one in found if one["ReplyTime"] >= said["BeginTime"]])

    def _queue(self, said: dict[str, Any]) -> Reply:
        """Each reply once, as a queue does."""
        if not self.opened:
            return _error("UnauthorizedOperation.RequestPermissionDeny", "not opened")
        found, self.queue = self.queue[: said["Limit"]], self.queue[said["Limit"] :]
        return _said(PullSmsReplyStatusSet=found)

    def _call(self, said: dict[str, Any]) -> Reply:
        number = said["CalledNumber"]
        if number in self.refuse:
            return _error(self.refuse[number], "refused")
        if VOICES.get(said["TemplateId"]) != len(said.get("TemplateParamSet") or []):
            return _error("FailedOperation.TemplateIncorrectOrUnapproved", "the template")
        made = f"12582bce-{len(self.calls):04d}"
        self.calls.append({"CallId": made, **said})
        return _said(SendStatus={"CallId": made, "SessionContext": ""})


def _signature(request: Request, names: list[str], service: str, stamp: str) -> str:
    """Values of headers are signed in lower case where the caller did so: X-TC-Action is, the type is not."""
    lines = "".join(
        f"{name}:{request.headers[name].lower() if name == 'x-tc-action' else request.headers[name]}\n"
        for name in names
    )
    payload = hashlib.sha256(request.body).hexdigest()
    text = f"{request.method}\n/\n\n{lines}\n{';'.join(names)}\n{payload}"
    day = datetime.fromtimestamp(int(stamp), UTC).strftime("%Y-%m-%d")
    digest = hashlib.sha256(text.encode()).hexdigest()
    key = f"TC3{KEY}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signed = f"TC3-HMAC-SHA256\n{stamp}\n{day}/{service}/tc3_request\n{digest}"
    return hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()


def _said(**more: Any) -> Reply:
    return Reply(200, json.dumps({"Response": {**more, "RequestId": "R-1"}}).encode())


def _error(code: str, message: str) -> Reply:
    return _said(Error={"Code": code, "Message": message})
