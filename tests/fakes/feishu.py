"""Touches. A Feishu of the tests' own: the custom bot of one group, on 127.0.0.1.

Made after https://open.feishu.cn/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN; no SDK signs for custom bots, so
its signature is checked against the page's own code, over a moment of 100 and the secret "demo".

Tricks: those of tests/fakes/wecom.py.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from tests.fakes.provider import Reply, Request
from tests.fakes.wecom import FakeWecom

HOOK = "c6e8f1a2-0000-4bc4-97a0-0ec25aaa0000"
SECRET = "wQ3xTokenOfTheTests"


class FakeFeishu(FakeWecom):
    """Its safety settings: `secret` (None: off), `keyword`, and whether our address is `listed`."""

    most = 100

    def __init__(self, now: Callable[[], int]) -> None:
        super().__init__(now)
        self.secret: str | None = SECRET
        self.keyword, self.listed = "", True

    @property
    def webhook(self) -> str:
        return f"{self.url}/open-apis/bot/v2/hook/{HOOK}"

    def answer(self, request: Request) -> Reply:
        if self.trick == "nothing":
            return _said({"hello": "world"})
        if request.path != f"/open-apis/bot/v2/hook/{HOOK}":
            return self.refused(19001, "param invalid: incoming webhook access token invalid")
        if self.code:
            return self.refused(*self.code)
        said = json.loads(request.body)
        content = said.get("content", {}).get("text", "")
        if self.secret and not self._signed(said):
            words = "sign match fail or timestamp is not within one hour from current time"
            return self.refused(19021, words)
        if not self.listed:
            return self.refused(19022, "Ip Not Allowed")
        if self.keyword not in content:
            return self.refused(19024, "Key Words Not Found")
        if said.get("msg_type") != "text" or not content or len(request.body) > 20 * 1024:
            return self.refused(9499, "Bad Request")
        if self.too_fast():
            return self.refused(11232, "frequency limited")
        return self.shown(said)

    def _signed(self, said: dict[str, Any]) -> bool:
        stamp = said.get("timestamp", "")
        if (
            not (isinstance(stamp, str) and stamp.isdigit())
            or abs(int(stamp) * 1000 - self.now()) > 3_600_000
        ):
            return False
        return hmac.compare_digest(gen_sign(stamp, str(self.secret)), said.get("sign", ""))

    def shown(self, said: dict[str, Any]) -> Reply:
        super().shown(said)
        return _said({"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"})

    def refused(self, code: int, words: str) -> Reply:
        return _said({"code": code, "msg": words, "data": {}})


def gen_sign(timestamp: str, secret: str) -> str:
    """The key is the moment and the secret; what is signed is empty."""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, digestmod=hashlib.sha256).digest()).decode()


def _said(answer: dict[str, Any]) -> Reply:
    return Reply(200, json.dumps(answer).encode())
