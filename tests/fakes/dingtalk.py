"""Touches. A DingTalk of the tests' own: the custom robot of one group, on 127.0.0.1.

Made after https://open.dingtalk.com/document/robots/custom-robot-access and
…/customize-robot-security-settings; the package DingtalkChatbot takes it for DingTalk
(tests/shell/test_robots.py). Every answer has the status 200.

Tricks: those of tests/fakes/wecom.py, and "punish": what Alibaba's gateway answers to too many requests.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.provider import Reply, Request
from tests.fakes.wecom import FakeWecom

TOKEN = "566cc69da782ec33deadbeef566cc69da782ec33"
SECRET = "SEC240d7bb4c0bafc62f2d9b7e0a1c3e5f7a9b1"
HOUR = 3_600_000


class FakeDingtalk(FakeWecom):
    """Its safety settings: `secret` (None: off), `keyword`, and whether our address is `listed`."""

    blocked_for = 600_000

    def __init__(self, now: Callable[[], int]) -> None:
        super().__init__(now)
        self.secret: str | None = SECRET
        self.keyword, self.listed = "", True

    @property
    def webhook(self) -> str:
        return f"{self.url}/robot/send?access_token={TOKEN}"

    def answer(self, request: Request) -> Reply:
        found = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(found.query).items()}
        if self.trick == "nothing":
            return _said({"hello": "world"})
        if self.trick == "punish":
            return _said({"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "24ce64f6"})
        if found.path != "/robot/send" or query.get("access_token") != TOKEN:
            return self.refused(300005, "token is not exist")
        if self.code:
            return self.refused(*self.code)
        said = json.loads(request.body)
        content = said.get("text", {}).get("content", "")
        if wrong := self._unsafe(query, content):
            return self.refused(310000, wrong)
        if said.get("msgtype") != "text" or not content:
            return self.refused(400105, "unsupported msgtype")
        if len(content.encode()) > 20_000:
            return self.refused(460101, "message too long, exceed 20000 bytes")
        if self.too_fast():
            return self.refused(130101, "send too fast, exceed 20 times per minute")
        return self.shown(said)

    def _unsafe(self, query: dict[str, str], content: str) -> str:
        if self.secret:
            stamp = query.get("timestamp", "")
            if not stamp.isdigit() or abs(int(stamp) - self.now()) > HOUR:
                return "invalid timestamp"
            mac = hmac.new(self.secret.encode(), f"{stamp}\n{self.secret}".encode(), hashlib.sha256)
            if not hmac.compare_digest(base64.b64encode(mac.digest()).decode(), query.get("sign", "")):
                return "sign not match"
        if self.keyword not in content:
            return "keywords not in content"
        return "" if self.listed else "ip 192.0.2.7 not in whitelist"

    def refused(self, code: int, words: str) -> Reply:
        return _said({"errcode": code, "errmsg": words})


def _said(answer: dict[str, Any]) -> Reply:
    return Reply(200, json.dumps(answer).encode())
