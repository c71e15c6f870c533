"""Touches. A mail server of the tests' own: real SMTP on 127.0.0.1, with or without TLS and a login."""

import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from tests.servers import free_port

USER, PASSWORD = b"tocsin", b"correct horse"


class Mailbox:
    """`letters` is what arrived; `answers` are given to the next RCPT commands instead of 250; with `cut` the
    connection breaks off where the letter's end should be answered."""

    def __init__(self, certificate: Path | None = None, tls_first: bool = False) -> None:
        self.letters: list[EmailMessage] = []
        self.to: list[list[str]] = []
        self.answers: list[str] = []
        self.of_sender = ""  # answered to MAIL FROM
        self.cut = False
        self.port = free_port()
        guard = _guarded(certificate) if certificate else {}
        if tls_first:  # as on port 465: no STARTTLS
            guard = {**guard, "ssl_context": guard.pop("tls_context"), "require_starttls": False}
            guard["auth_require_tls"] = False  # it would look for STARTTLS
        self._server = Controller(self, "127.0.0.1", self.port, **guard)

    def __enter__(self) -> "Mailbox":
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.of_sender or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answers:
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.letters.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
        self.to.append(list(envelope.rcpt_tos))
        if self.cut:
            server.transport.abort()
        return "250 taken"


def _guarded(certificate: Path) -> dict[str, Any]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "server.pem", certificate / "server.key")

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER, PASSWORD)
        return AuthResult(success=right, handled=False)

    return {
        "tls_context": context,
        "require_starttls": True,
        "authenticator": authenticate,
        "auth_required": True,
    }
