"""Touches. One request to a provider's HTTP API: its time, its size, and what failures of the way mean."""

import logging
import re
import time
from collections.abc import Mapping
from typing import Any

import msgspec
import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError, SSLError

from alerts.clean import clean
from alerts.delivery.channels.channel import ChannelError
from alerts.delivery.channels.unreached import unreached

TIMEOUT = 8.0  # seconds for one request
CONNECT = 4.0  # of these, for the connection
PAUSE = 2.0  # seconds without a byte of the answer's body, after which the rest is left
BODY = 65_536  # bytes of an answer that are read at most
_NEVER_LEFT = (ConnectTimeoutError, NewConnectionError, ProxyError, SSLError)
_HERE = re.compile(r"http://(127\.0\.0\.1|localhost)(:\d+)?")

Json = dict[str, Any]
logging.getLogger("urllib3").setLevel(logging.ERROR)  # its log holds whole URLs, with numbers and words


def encrypted(value: str) -> str:
    """An endpoint: https://host, or plain HTTP on this machine."""
    if not re.fullmatch(r"https://[^\s/@?#]+", value) and not _HERE.fullmatch(value):
        raise ValueError("must be https://host, like https://dysmsapi.aliyuncs.com")
    return value


class Exchange:
    """Kept-alive connections to one provider, called `provider` in reasons."""

    def __init__(self, provider: str, connections: int, ca: str | None = None) -> None:
        self._provider = provider
        self._pool = urllib3.PoolManager(
            num_pools=4,
            maxsize=connections,
            timeout=urllib3.Timeout(total=TIMEOUT, connect=CONNECT),
            retries=False,
            ca_certs=ca,
        )

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[int, bytes]:
        """Status and answer, as far as it came in time. Raises ChannelError where none came."""
        until = time.monotonic() + TIMEOUT
        try:
            response = self._pool.request(
                method, url, body=body, headers=dict(headers), redirect=False, preload_content=False,
                timeout=urllib3.Timeout(total=TIMEOUT, connect=CONNECT),
            )  # fmt: skip
        except HTTPError as error:
            raise self._network(error) from error
        answer = _read(response, until)
        if response.status == 429:
            wait = _seconds(response.headers.get("Retry-After"))
            raise ChannelError(
                "answered 429: too many requests", False, zh="对方返回 429：请求过于频繁", retry_after=wait,
                status=429,
            )  # fmt: skip
        return response.status, answer

    def json(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[int, Json]:
        """The same for an API that always answers a JSON object; what is none came from somebody else."""
        status, answer = self.ask(method, url, headers, body)
        try:
            made = msgspec.json.decode(answer)
        except msgspec.MsgspecError:
            made = None
        if isinstance(made, dict):
            return status, made
        said = f"answered {status} with something else than JSON: does a proxy or a sign-in page answer?"
        zh = f"对方返回 {status}，内容不是 JSON：是否有代理或登录页面在应答？"
        raise ChannelError(said, False, zh=zh, unknown=status < 300 or status >= 500)

    def _network(self, error: HTTPError) -> ChannelError:
        known = isinstance(error, _NEVER_LEFT)
        said = clean(
            str(error).rsplit("object at 0x", 1)[-1].partition(">: ")[2] or type(error).__name__, 160
        )
        if isinstance(error, SSLError):
            return ChannelError(f"TLS: {said}", False, zh=f"TLS 错误：{said}")
        if isinstance(error, urllib3.exceptions.TimeoutError) and not known:
            late = f"no answer within {TIMEOUT:.0f} s"
            return ChannelError(late, False, zh=f"{TIMEOUT:.0f} 秒内没有应答", unknown=True)
        zh, reason = unreached(said)
        return ChannelError(
            f"cannot reach {self._provider}: {reason}", False, zh=f"无法连接 {self._provider}：{zh}",
            unknown=not known,
        )  # fmt: skip


def _read(response: urllib3.BaseHTTPResponse, until: float) -> bytes:
    """A connection that was not read to its end is not used again."""
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


def _seconds(header: str | None) -> int | None:
    return int(header) * 1000 if header and header.strip().isdigit() and len(header) < 9 else None
