"""Touches. A Twilio of the tests' own: Messages and Calls of the REST API 2010-04-01, on 127.0.0.1.

Made after https://www.twilio.com/docs/messaging/api/message-resource, …/voice/api/call-resource and
…/voice/api/call-event-resource. Twilio's own Python SDK takes it for Twilio (tests/shell/test_twilio.py).

    with FakeTwilio() as far:
        …                               # something POSTs to far.url
        far.now_is(sid, "delivered")
        far.reply("+8613800000001", "A7K")
        far.trick = "hang"              # the next requests go wrong

Tricks: "hang", "close" (half-way through an answer), "lie" (yes to all, never delivers), "double" (each
message goes out twice), "truncate" (half of the JSON), "html", and any number: that HTTP status.
"""

import base64
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

ACCOUNT, KEY, SECRET = "AC" + "a1" * 16, "SK" + "b2" * 16, "the-secret-of-the-key"
NUMBER = "+15005550006"
BEGAN = datetime(2026, 11, 22, 8, 43, 20, tzinfo=UTC)
SECRET_OF = {KEY: SECRET, ACCOUNT: "the-auth-token"}


class FakeTwilio:
    """`refuse` maps a number to the error code that sending to it meets."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.requests: list[tuple[str, str]] = []
        self.refuse: dict[str, int] = {}
        self.trick: str | int = ""
        self.headers: dict[str, str] = {}  # of the answers, for example Retry-After
        self.closed = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "FakeTwilio":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()

    def now_is(self, sid: str, status: str, error: int | None = None, **more: Any) -> None:
        """What the carrier says of a message or call."""
        one = next(one for one in (*self.messages, *self.calls) if one["sid"] == sid)
        one.update(status=status, error_code=error, **more)

    def reply(self, sender: str, text: str, to: str = NUMBER) -> str:
        """A person writes back; returns the message's number."""
        return str(self._message(sender, to, text, "inbound", "received")["sid"])

    def press(self, sid: str, digits: str) -> None:
        """A key, as the call's events tell of it afterwards."""
        said = {"call_sid": sid, "digits": digits, "msg": "Gather End"}
        request = {"method": "POST", "url": "https://handler.twilio.com/twiml/EHx", "parameters": said}
        response = {"response_code": 200, "date_created": format_datetime(BEGAN)}
        self.events.setdefault(sid, []).append({"request": request, "response": response})

    def _message(self, sender: str, to: str, text: str, direction: str, status: str) -> dict[str, Any]:
        date = format_datetime(BEGAN)
        made: dict[str, Any] = {
            "sid": f"SM{len(self.messages):032x}", "account_sid": ACCOUNT, "api_version": "2010-04-01",
            "to": to, "from": sender, "body": text, "direction": direction, "status": status,
            "date_created": date, "date_updated": date, "date_sent": date, "error_code": None,
            "error_message": None, "num_segments": "1", "num_media": "0", "price": None, "price_unit": "USD",
            "messaging_service_sid": None, "subresource_uris": {},
        }  # fmt: skip
        made["uri"] = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{made['sid']}.json"
        self.messages.append(made)
        return made

    def send(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        sender = form.get("From") or form.get("MessagingServiceSid", "")
        missing = next((name for name in ("To", "Body") if not form.get(name)), None) or (
            not sender and "From"
        )
        if missing:
            return _error(400, 21602 if missing == "Body" else 21604, f"A '{missing}' is required.")
        if code := self.refuse.get(form["To"]):
            return _error(400, code, "refused")
        if self.trick == "double":
            self._message(sender, form["To"], form["Body"], "outbound-api", "queued")
        return 201, self._message(sender, form["To"], form["Body"], "outbound-api", "queued")

    def call(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if not form.get("Twiml") and not form.get("Url"):
            return _error(400, 21205, "Url parameter is required.")
        if code := self.refuse.get(form["To"]):
            return _error(400, code, "refused")
        made = {
            "sid": f"CA{len(self.calls):032x}", "account_sid": ACCOUNT, "to": form["To"],
            "from": form["From"], "status": "queued", "direction": "outbound-api",
            "answered_by": None, "duration": None,
            "start_time": None, "end_time": None, "date_created": format_datetime(BEGAN), "error_code": None,
            "subresource_uris": {}, "form": form,
        }  # fmt: skip
        self.calls.append(made)
        return 201, made

    def listed(self, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Newest first, with the next page's path."""
        size, start = int(query.get("PageSize", 50)), int(query.get("PageToken", "0").removeprefix("PT"))
        wanted = [one for one in reversed(self.messages) if one["to"] == query.get("To", one["to"])]
        after = query.get("DateSent>", "")[:10]
        wanted = [one for one in wanted if not after or BEGAN.strftime("%Y-%m-%d") >= after]
        path, more = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", start + size
        rest = "&".join(f"{name.replace('>', '%3E')}={value.replace('+', '%2B')}"
                        for name, value in query.items() if name != "PageToken")  # fmt: skip
        following = f"{path}?{rest}&PageToken=PT{more}" if more < len(wanted) else None
        return 200, {
            "messages": wanted[start:more], "next_page_uri": following, "page": 0, "page_size": size,
            "start": start, "end": more, "uri": path, "first_page_uri": path, "previous_page_uri": None,
        }  # fmt: skip

    def answer(self, method: str, path: str, fields: dict[str, str]) -> tuple[int, dict[str, Any]]:
        parts = path.removesuffix(".json").split("/")[1:]
        if parts[:3] != ["2010-04-01", "Accounts", ACCOUNT]:
            return _error(404, 20404, "not found")
        match method, parts[3:]:
            case "POST", ["Messages"]:
                return self.send(fields)
            case "POST", ["Calls"]:
                return self.call(fields)
            case "GET", ["Messages"]:
                return self.listed(fields)
            case "GET", ["Calls", sid, "Events"]:
                return 200, {"events": self.events.get(sid, []), "page": 0, "page_size": 50, "uri": path}
            case "GET", [_, sid]:
                found = [one for one in (*self.messages, *self.calls) if one["sid"] == sid]
                return (200, found[0]) if found else _error(404, 20404, "not found")
        return _error(405, 20004, "method not allowed")


def _error(status: int, code: int, message: str) -> tuple[int, dict[str, Any]]:
    about = f"https://www.twilio.com/docs/errors/{code}"
    return status, {"code": code, "message": message, "more_info": about, "status": status}


def _handler(far: FakeTwilio) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            fields = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            self._serve(lambda: far.answer("GET", parts.path, fields))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            path = urlsplit(self.path).path
            self._serve(lambda: far.answer("POST", path, dict(parse_qsl(body))))

        def _serve(self, made: Callable[[], tuple[int, dict[str, Any]]]) -> None:
            far.requests.append((self.command, self.path))
            user, _, secret = (
                base64.b64decode(self.headers.get("Authorization", "Basic ")[6:]).decode().partition(":")
            )
            if SECRET_OF.get(user) != secret:
                self._say(*_error(401, 20003, "Authenticate"))
            elif far.trick == "hang":
                far.closed.wait(30)
            elif isinstance(far.trick, int):
                code = 20429 if far.trick == 429 else 20500
                self._say(*_error(far.trick, code, "not now"))
            elif far.trick == "html":
                self._send(200, b"<html>Please sign in to the campus network</html>")
            elif far.trick in ("close", "truncate"):
                status, answer = made()
                self._half(status, json.dumps(answer).encode())
            else:
                self._say(*made())

        def _half(self, status: int, body: bytes) -> None:
            """Half of it; "close" promises more than comes."""
            half = body[: len(body) // 2]
            self._send(status, half, len(body) if far.trick == "close" else len(half))
            self.close_connection = True

        def _say(self, status: int, answer: dict[str, Any]) -> None:
            self._send(status, json.dumps(answer).encode())

        def _send(self, status: int, body: bytes, promised: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body) if promised is None else promised))
            for name, value in far.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
