"""Touches. The webhook channel against real HTTP servers that answer well, badly, late, half or never."""

import contextlib
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3
from msgspec.structs import replace
from pydantic import ValidationError
from urllib3.exceptions import ConnectTimeoutError

from alerts import outside
from alerts.delivery.channels import exchange, webhook
from alerts.delivery.channels.channel import ChannelError, Notice, Receipt
from alerts.delivery.channels.webhook import Webhook, WebhookSettings
from tests.fakes.webhook import Call, Careful, Reply, Trick, WebhookSink

NOW = 1_795_337_000_123
SECRET = "a-secret-of-the-tests-0123456789ab"
NOTICE = Notice(
    key="7/1/0/0/li-wei/hook/raise", code="A7K2", purpose="raise", person="li-wei", address="+8613800000001",
    language="zh", short="305室：烟雾报警", title="t", body="b", alert={"class": "alarm", "since": NOW},
)  # fmt: skip


@pytest.fixture
def sink() -> Iterator[WebhookSink]:
    with WebhookSink() as receiver:
        yield receiver


def channel(url: str, **settings: object) -> Webhook:
    made = WebhookSettings.model_validate({"kind": "webhook", "url": url, "secret": SECRET} | settings)
    return Webhook("hook", made, lambda: NOW)


def failure(sink: WebhookSink, reply: Reply) -> ChannelError:
    sink.reply = reply
    with pytest.raises(ChannelError) as caught:
        channel(sink.url).send(NOTICE)
    return caught.value


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same limits, in tenths of their length."""
    for module, name in ((webhook, "TIMEOUT"), (exchange, "CONNECT"), (exchange, "PAUSE")):
        monkeypatch.setattr(module, name, getattr(module, name) / 10)


def test_a_notice_is_posted_as_json_with_its_key_and_the_moment(sink: WebhookSink) -> None:
    assert channel(sink.url).send(NOTICE) == Receipt(accepted=True, id="", detail="200")
    (call,) = sink.calls
    assert call.json == {
        "key": "7/1/0/0/li-wei/hook/raise",
        "code": "A7K2",
        "purpose": "raise",
        "person": "li-wei",
        "address": "+8613800000001",
        "language": "zh",
        "short": "305室：烟雾报警",
        "title": "t",
        "body": "b",
        "alert": {"class": "alarm", "since": NOW},
        "link": "",
    }
    assert call.headers["content-type"] == "application/json"
    assert call.headers["idempotency-key"] == NOTICE.key
    assert call.headers["x-tocsin-timestamp"] == str(NOW)


def test_the_receiver_can_verify_who_sent_it_and_when(sink: WebhookSink) -> None:
    channel(sink.url).send(NOTICE)
    (call,) = sink.calls
    assert call.signed_with(SECRET)
    assert not call.signed_with("another secret")


def test_the_example_in_the_docs_verifies_a_real_call_and_refuses_a_forged_or_an_old_one(
    sink: WebhookSink,
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "channels" / "webhook.md").read_text(encoding="utf-8")
    example: dict[str, Any] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], example)
    example |= {"SECRET": SECRET.encode(), "time": SimpleNamespace(time=lambda: NOW / 1000)}
    channel(sink.url).send(NOTICE)
    (call,) = sink.calls
    headers = {name.title(): value for name, value in call.headers.items()}
    assert example["is_from_tocsin"](headers, call.body)
    assert not example["is_from_tocsin"](headers, call.body + b" ")
    example["time"] = SimpleNamespace(time=lambda: NOW / 1000 + 301)
    assert not example["is_from_tocsin"](headers, call.body)


class Clock:
    now = NOW

    def __call__(self) -> int:
        return self.now


def resend(sink: WebhookSink, call: Call, body: bytes | None = None) -> int:
    """What somebody does who has overheard a call."""
    again = urllib3.request("POST", sink.url, headers=call.headers, body=call.body if body is None else body)
    return again.status


def test_a_receiver_that_follows_the_page_acts_once_on_each_notice_and_on_nothing_forged_or_replayed(
    sink: WebhookSink,
) -> None:
    clock = Clock()
    sink.reply = careful = Careful(SECRET, clock)
    hook = channel(sink.url)
    for _ in range(3):  # the same notice again: its outcome was unknown
        assert hook.send(NOTICE).id == "r-1"
    hook.send(replace(NOTICE, key="another"))
    assert [call.json["key"] for call in careful.acted] == [NOTICE.key, "another"]
    overheard = sink.calls[0]
    assert resend(sink, overheard) == 200
    assert resend(sink, overheard, overheard.body.replace(b"A7K2", b"B8L3")) == 401
    clock.now += Careful.WINDOW + 1
    assert resend(sink, overheard) == 401
    assert len(careful.acted) == 2
    with pytest.raises(ChannelError, match="does not match") as caught:
        channel(sink.url, secret="x" * 32).send(NOTICE)
    assert caught.value.permanent


@pytest.mark.parametrize("length", [1, 31])
def test_a_secret_that_can_be_guessed_is_refused_with_how_to_make_one(length: int) -> None:
    with pytest.raises(ValidationError, match="openssl rand -hex 32"):
        WebhookSettings.model_validate({"kind": "webhook", "url": "https://x/", "secret": "s" * length})


def leads(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """hook.example.edu leads there."""
    real = socket.getaddrinfo

    def found(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        if host != "hook.example.edu":
            return real(host, port, *more, **named)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["169.254.169.254"], ["10.0.0.7"]]
)
def test_a_name_that_leads_inside_is_not_called_unless_the_administrator_allows_it(
    sink: WebhookSink, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    leads(monkeypatch, *addresses)
    with pytest.raises(ChannelError, match="inside our own network") as caught:
        channel(f"http://hook.example.edu:{sink.port}/").send(NOTICE)
    assert (caught.value.permanent, caught.value.unknown) == (False, False)
    assert "`inside: true`" in caught.value.reason
    assert "`inside: true`" in caught.value.zh
    assert sink.calls == []


def test_a_name_that_leads_inside_is_called_where_it_is_allowed(
    sink: WebhookSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads(monkeypatch, "127.0.0.1")
    assert channel(f"http://hook.example.edu:{sink.port}/", inside=True).send(NOTICE).accepted


def test_a_name_that_changes_after_it_was_judged_is_called_where_it_was_judged(
    sink: WebhookSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        if host == "hook.example.edu":
            asked.append(host)
            host = "192.0.2.1" if len(asked) == 1 else "127.0.0.1"
        return real(host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(outside, "outer", lambda address: address == "192.0.2.1")
    called: list[Any] = []

    def connect(address: Any, *_: Any) -> Any:
        called.append(address)
        raise OSError(111, "refused")

    monkeypatch.setattr(outside, "create_connection", connect)
    with pytest.raises(ChannelError):
        channel(f"http://hook.example.edu:{sink.port}/").send(NOTICE)
    assert called == [("192.0.2.1", sink.port)]
    assert len(asked) == 1


def test_where_clouds_give_away_their_keys_nothing_is_posted_even_if_it_is_written_down() -> None:
    for url in ("http://169.254.169.254/latest/", "http://[fe80::1]/", "http://[::ffff:169.254.169.254]/"):
        with pytest.raises(ChannelError, match="inside our own network"):
            channel(url).send(NOTICE)


def test_without_a_secret_nothing_is_signed_and_the_users_own_headers_go_along(sink: WebhookSink) -> None:
    channel(sink.url, secret="", headers={"Authorization": "Bearer x"}).send(NOTICE)
    (call,) = sink.calls
    assert "x-tocsin-signature" not in call.headers
    assert call.headers["authorization"] == "Bearer x"


def test_a_persons_id_in_chinese_breaks_no_header(sink: WebhookSink) -> None:
    channel(sink.url).send(replace(NOTICE, key="李"))
    assert sink.calls[0].headers["idempotency-key"] == "\\u674e"


def test_one_connection_is_kept_for_many_notices(sink: WebhookSink) -> None:
    hook = channel(sink.url)
    for _ in range(20):
        hook.send(NOTICE)
    assert hook._poster._exchange._pool.connection_from_url(sink.url).num_connections == 1


def test_the_gateways_own_number_is_kept(sink: WebhookSink) -> None:
    sink.reply = Reply(202, b'{"id": 4711, "more": []}')
    assert channel(sink.url).send(NOTICE) == Receipt(accepted=True, id="4711", detail="202")


@pytest.mark.parametrize("body", [b"", b"<html>\x00 fine </html>", b"[1]", b'{"id": {"a": 1}}', b"\xff\xfe"])
def test_any_body_after_a_2xx_is_accepted(sink: WebhookSink, body: bytes) -> None:
    sink.reply = Reply(200, body)
    assert channel(sink.url).send(NOTICE).id == ""


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_temporary(sink: WebhookSink, status: int) -> None:
    error = failure(sink, Reply(status, b"<html>Busy\x07</html>"))
    assert not error.permanent
    assert error.reason == f"answered {status}: <html>Busy </html>"
    assert error.retry_after is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_what_trying_again_cannot_help_is_permanent(sink: WebhookSink, status: int) -> None:
    assert failure(sink, Reply(status)).permanent


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", 7000),
        ("0", 0),
        ("Sun, 22 Nov 2026 08:43:30 GMT", 10_000),
        ("Sun, 22 Nov 2020 08:43:30 GMT", 0),
        ("Sun, 22 Nov 2026 08:43:30 -0000", None),
        ("soon", None),
        ("-5", None),
        ("99999999999", None),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date_by_the_clock_of_the_far_end(
    sink: WebhookSink, header: str, wait: int | None
) -> None:
    headers = {"Retry-After": header, "Date": "Sun, 22 Nov 2026 08:43:20 GMT"}
    assert failure(sink, Reply(429, headers=headers)).retry_after == wait


def test_a_date_alone_says_not_how_long_to_wait(sink: WebhookSink) -> None:
    headers = {"Retry-After": "Sun, 22 Nov 2026 08:43:30 GMT"}
    assert failure(sink, Reply(429, headers=headers)).retry_after is None


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_says_what_to_do(sink: WebhookSink, status: int) -> None:
    error = failure(sink, Reply(status, headers={"Location": sink.url}))
    assert error.permanent
    assert "`url`" in error.reason
    assert len(sink.calls) == 1


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    ("trick", "said"),
    [
        ("hang", "no answer within 1 s"),
        ("half status", "cannot reach it: BadStatusLine: HTTP/1.1 2"),
        ("close", "cannot reach it: it closed the connection"),
    ],
)
def test_an_answer_that_never_comes_may_have_arrived_and_is_temporary(
    sink: WebhookSink, trick: Trick, said: str
) -> None:
    error = failure(sink, Reply(trick=trick))
    assert (error.permanent, error.unknown) == (False, True)
    assert error.reason == said


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("trick", ["half headers", "half body", "endless"])
def test_an_answer_that_breaks_off_or_never_ends_does_not_undo_the_yes_before_it(
    sink: WebhookSink, trick: Trick
) -> None:
    sink.reply = Reply(200, b"x" * 1000, trick=trick)
    hook = channel(sink.url)
    assert hook.send(NOTICE).accepted
    sink.reply = Reply()
    assert hook.send(NOTICE).accepted


@pytest.mark.usefixtures("hurried")
def test_an_endless_refusal_is_read_for_64_kilobytes_at_most(sink: WebhookSink) -> None:
    error = failure(sink, Reply(503, trick="endless"))
    assert error.reason.startswith("answered 503: xxx")
    assert len(error.reason) < 200


@pytest.mark.usefixtures("hurried")
def test_a_server_that_is_not_there_was_certainly_not_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}/", "http://nowhere.invalid/"):
        with pytest.raises(ChannelError) as caught:
            channel(url).send(NOTICE)
        assert (caught.value.permanent, caught.value.unknown) == (False, False)
        assert caught.value.reason.startswith("cannot reach it: ")
        assert "0x" not in caught.value.reason


def test_a_server_that_lets_nobody_in_was_certainly_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def waits(connection: Any) -> None:
        raise ConnectTimeoutError(connection, "Connection timed out. (connect timeout=4.0)")

    monkeypatch.setattr("urllib3.connection.HTTPConnection._new_conn", waits)
    with pytest.raises(ChannelError) as caught:
        channel("http://127.0.0.1:9/").send(NOTICE)
    assert (caught.value.permanent, caught.value.unknown) == (False, False)
    assert caught.value.reason == "cannot reach it: it did not answer in time"


def test_a_connection_the_server_closed_while_idle_costs_no_failure(sink: WebhookSink) -> None:
    hook = channel(sink.url)
    closing = Reply(headers={"Connection": "close"})
    sink.reply = lambda call: closing if len(sink.calls) % 2 else Reply()
    for _ in range(6):
        assert hook.send(NOTICE).accepted


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that vouches for itself, with its key in the same file."""
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
         "-keyout", str(key), "-out", str(made)],
        check=True, capture_output=True,
    )  # fmt: skip
    (folder / "both.pem").write_text(made.read_text() + key.read_text())
    return folder / "both.pem"


def tls_receiver(certificate: Path) -> WebhookSink:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return WebhookSink(tls=context)


def test_a_certificate_nobody_vouches_for_is_refused_and_says_what_to_do(certificate: Path) -> None:
    with tls_receiver(certificate) as receiver, pytest.raises(ChannelError) as caught:
        channel(receiver.url).send(NOTICE)
    assert caught.value.reason.startswith("TLS: ")
    assert "`ca`" in caught.value.reason
    assert not caught.value.permanent
    assert receiver.calls == []


def test_a_private_ca_in_the_settings_is_believed(certificate: Path) -> None:
    with tls_receiver(certificate) as receiver:
        assert channel(receiver.url, ca=str(certificate)).send(NOTICE).accepted


@contextmanager
def served(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """One connection, served so."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                serve(server.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}/hook"


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("trick", ["close", "hang", "plain"])
def test_what_broke_off_before_encryption_stood_has_certainly_not_left(certificate: Path, trick: str) -> None:
    over = threading.Event()

    def serve(sock: socket.socket) -> None:
        with sock:
            sock.recv(100)  # of the client's hello
            if trick == "plain":
                sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            elif trick == "hang":
                over.wait(20)

    with served(serve) as url, pytest.raises(ChannelError) as caught:
        channel(url, ca=str(certificate)).send(NOTICE)
    over.set()
    assert (caught.value.permanent, caught.value.unknown) == (False, False)
    assert caught.value.reason.startswith("TLS: " if trick == "plain" else "cannot reach it: ")


@pytest.mark.usefixtures("hurried")
def test_encryption_that_breaks_after_the_request_was_read_leaves_the_outcome_unknown(
    certificate: Path,
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as wrapped:
            wrapped.recv(65_536)
            os.write(wrapped.fileno(), b"nothing that was ever encrypted")
            wrapped.recv(1)

    with served(serve) as url, pytest.raises(ChannelError) as caught:
        channel(url, ca=str(certificate)).send(NOTICE)
    assert (caught.value.permanent, caught.value.unknown) == (False, True)
    assert caught.value.reason.startswith("TLS: ")


def test_a_file_of_an_authority_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(ChannelError, match=f"the file in `ca` is not there: {tmp_path}/nix.pem") as caught:
        channel("https://127.0.0.1:9/", ca=str(tmp_path / "nix.pem")).send(NOTICE)
    assert not caught.value.permanent
