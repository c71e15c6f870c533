"""Touches. The e-mail channel against a real SMTP server."""

import re
import smtplib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from alerts.delivery.channels.channel import ChannelError, Notice
from alerts.delivery.channels.email import FAREWELL, Attachment, Email, EmailSettings, Letter, _hang_up
from alerts.delivery.message import Purpose
from alerts.delivery.send_test import send_test
from tests.fakes.mailbox import Mailbox
from tests.servers import free_port
from tests.shell.test_channels import NOTICE as SIREN
from tests.templates import notice_of
from tests.words import FIRE, ROOM
from tocsin.cert import make as make_certificate

NOTICE: Notice = replace(SIREN, person="li-wei", address="li@example.edu", body="2号宿舍楼\n<b>烟雾</b>")
FIRE_DRILL = replace(FIRE, mode="drill")
LETTER = Letter("w/li/own", "li@example.edu", "周报", "文字", "<p>页</p>", "zh", (
    Attachment("h.csv", "text/csv", b"\xef\xbb\xbfa,b\r\n"),
    Attachment("h.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04"),
))  # fmt: skip


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as opened:
        yield opened


def email(port: int, **settings: Any) -> Email:
    plain = {"kind": "email", "host": "127.0.0.1", "port": port, "security": "none"}
    return Email("mail", EmailSettings(**{**plain, "sender": "警钟 <tocsin@example.edu>", **settings}))


def test_a_notice_arrives_as_text_and_html_in_which_nothing_runs(mailbox: Mailbox) -> None:
    receipt = email(mailbox.port).send(NOTICE)
    assert receipt.accepted
    (letter,) = mailbox.letters
    assert mailbox.to == [["li@example.edu"]]
    assert letter["Subject"] == NOTICE.title
    assert letter["From"].addresses[0].display_name == "警钟"
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == NOTICE.body.splitlines()
    assert "&lt;b&gt;烟雾&lt;/b&gt;" in html.get_content()


def test_a_letter_holds_the_link_that_answers_it_and_whose_it_is(mailbox: Mailbox) -> None:
    link = "https://tocsin.example.edu:8470/a/Px4BpMqx2lY_-0aA"
    email(mailbox.port).send(replace(NOTICE, link=link))
    (letter,) = mailbox.letters
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines()[-2:] == ["一键回复（仅限本人，请勿转发）：", link]
    assert f'<a href="{link}"' in html.get_content()


def test_a_letter_fetches_nothing_and_says_what_it_is_to_machines(mailbox: Mailbox) -> None:
    body = '2号宿舍楼\n<img src="https://evil.example/x.png">「<a href=//evil.example>」'
    alarm = replace(NOTICE, body=body, alert=NOTICE.alert | {"life_safety": True})
    email(mailbox.port).send(alarm)
    (letter,) = mailbox.letters
    html = letter.get_body(("html",))
    assert html is not None
    assert set(re.findall(r"<(\w+)", html.get_content())) == {"html", "body", "p", "br"}
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Id"] == "Tocsin <tocsin.example.edu>"
    assert letter["Importance"] == "high"
    assert letter["References"] == "<alert-7@example.edu>"


def test_a_drill_is_marked_before_anything_else_in_the_subject(mailbox: Mailbox) -> None:
    drill = notice_of(FIRE_DRILL, Purpose.RAISE, ROOM)
    email(mailbox.port).send(replace(drill, address="li@example.edu"))
    assert mailbox.letters[0]["Subject"].startswith("【演练】")
    assert mailbox.letters[0]["Importance"] == "high"


def test_a_repeat_bears_the_same_message_id_and_another_notice_another(mailbox: Mailbox) -> None:
    channel = email(mailbox.port)
    for notice in (NOTICE, NOTICE, replace(NOTICE, key="other")):
        channel.send(notice)
    first, second, third = (letter["Message-ID"] for letter in mailbox.letters)
    assert first == second != third


def test_a_letter_carries_its_attachments_as_they_are(mailbox: Mailbox) -> None:
    email(mailbox.port).post(LETTER)
    files = {part.get_filename(): part for part in mailbox.letters[0].iter_attachments()}
    assert files["h.csv"].get_payload(decode=True) == b"\xef\xbb\xbfa,b\r\n"
    assert files["h.xlsx"].get_payload(decode=True) == b"PK\x03\x04"


def test_starttls_and_a_login_against_a_private_ca(tmp_path: Path) -> None:
    make_certificate(tmp_path, ["127.0.0.1"], 1_795_337_000_000)
    with Mailbox(tmp_path) as mailbox:
        known = {"security": "starttls", "username": "tocsin", "ca": str(tmp_path / "ca.pem")}
        email(mailbox.port, password="correct horse", **known).send(NOTICE)
        assert len(mailbox.letters) == 1
        with pytest.raises(ChannelError) as wrong:
            email(mailbox.port, password="guessed", **known).send(NOTICE)
        assert (wrong.value.permanent, wrong.value.reason[:12]) == (True, "answered 535")
        with pytest.raises(ChannelError) as stranger:
            email(mailbox.port, password="correct horse", **{**known, "ca": None}).send(NOTICE)
        assert "TLS" in stranger.value.reason
        assert not stranger.value.permanent
        assert "correct horse" not in repr(wrong.value.reason) + repr(stranger.value.reason)


def test_a_server_without_starttls_gets_no_password_and_no_letter(mailbox: Mailbox) -> None:
    with pytest.raises(ChannelError, match="STARTTLS") as refused:
        email(mailbox.port, security="starttls").send(NOTICE)
    assert refused.value.permanent
    assert mailbox.letters == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_tls_from_the_first_byte_and_a_login(tmp_path: Path) -> None:
    make_certificate(tmp_path, ["127.0.0.1"], 1_795_337_000_000)
    with Mailbox(tmp_path, tls_first=True) as mailbox:
        known = {"security": "ssl", "username": "tocsin", "ca": str(tmp_path / "ca.pem")}
        email(mailbox.port, password="correct horse", **known).send(NOTICE)
        assert len(mailbox.letters) == 1
        with pytest.raises(ChannelError) as stranger:
            email(mailbox.port, password="correct horse", **{**known, "ca": None}).send(NOTICE)
        assert "`ca`" in stranger.value.reason


@pytest.mark.parametrize(
    ("answer", "permanent", "dead"),
    [
        ("450 later", False, False),
        ("451 4.7.1 greylisted, come again", False, False),
        ("550 no such user", True, False),
        ("550 5.1.1 no such user", True, True),
        ("552 5.2.2 mailbox full", True, False),
    ],
)
def test_4xx_is_tried_again_and_5xx_is_final_and_a_mailbox_that_does_not_exist_is_named(
    mailbox: Mailbox, answer: str, permanent: bool, dead: bool
) -> None:
    mailbox.answers.append(answer)
    with pytest.raises(ChannelError) as refused:
        email(mailbox.port).send(NOTICE)
    assert (refused.value.permanent, refused.value.dead) == (permanent, dead)
    assert answer.split(" ", 1)[1] in refused.value.reason


def test_a_sender_whom_the_server_does_not_know_is_no_fault_of_the_persons_address(mailbox: Mailbox) -> None:
    mailbox.of_sender = "550 5.1.1 who are you"
    with pytest.raises(ChannelError, match="who are you") as refused:
        email(mailbox.port).send(NOTICE)
    assert (refused.value.permanent, refused.value.dead) == (True, False)


def test_a_connection_that_breaks_after_the_letter_may_have_delivered_it(mailbox: Mailbox) -> None:
    mailbox.cut = True
    with pytest.raises(ChannelError) as lost:
        email(mailbox.port).send(NOTICE)
    assert (lost.value.permanent, lost.value.unknown) == (False, True)


def test_a_server_that_is_away_is_tried_again() -> None:
    with pytest.raises(ChannelError) as away:
        email(free_port()).send(NOTICE)
    assert (away.value.permanent, away.value.unknown) == (False, False)


@pytest.mark.parametrize("address", ["", "nobody", "a@b\r\nBcc: c@d", "a@b, c@d"])
def test_what_is_no_address_is_refused_before_anything_is_said(mailbox: Mailbox, address: str) -> None:
    with pytest.raises(ChannelError, match="no e-mail address") as refused:
        email(mailbox.port).send(replace(NOTICE, address=address))
    assert refused.value.permanent
    assert mailbox.letters == []


def test_a_title_cannot_add_a_header(mailbox: Mailbox) -> None:
    email(mailbox.port).send(replace(NOTICE, title="fire\r\nBcc: spy@example.org"))
    assert mailbox.letters[0]["Bcc"] is None


def test_send_test_says_in_words_what_came_of_it(mailbox: Mailbox) -> None:
    tested = send_test(email(mailbox.port, to="duty@example.edu"), "", "", "en", 1_795_337_000_000)
    assert tested.ok
    assert mailbox.to == [["duty@example.edu"]]


@pytest.mark.parametrize(
    "wrong", [{"sender": "nobody"}, {"port": 0}, {"host": "mail.example.edu", "password": "x"}, {"hots": "x"}]
)
def test_mistakes_in_the_settings_are_refused(wrong: dict[str, Any]) -> None:
    plain = {"kind": "email", "host": "127.0.0.1", "security": "none", "sender": "t@example.edu"}
    with pytest.raises(ValidationError):
        EmailSettings.model_validate({**plain, **wrong})


def test_a_server_that_is_silent_after_the_letter_is_waited_for_a_moment_only() -> None:
    class Silent(smtplib.SMTP):
        def quit(self) -> tuple[int, bytes]:
            self.waited = self.sock.gettimeout() if self.sock else None
            raise TimeoutError

    server = Silent()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server.sock = socket.create_connection(listening.getsockname(), timeout=10)
        _hang_up(server)
    assert server.waited == FAREWELL
    assert server.sock is None
