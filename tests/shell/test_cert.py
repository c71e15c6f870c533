"""Touches. `tocsin cert`: what a browser will check, and that nothing precious is overwritten."""

import socket
import ssl
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from tocsin import clock
from tocsin.cert import CertError, make

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp() * 1000)
DAY = 86_400_000


def handshake(made_ca: Path, cert: Path, key: Path, name: str) -> str:
    """Connect by TLS as a browser that trusts only this authority; the protocol spoken."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key)
    client = ssl.create_default_context(cafile=str(made_ca))
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with theirs, server.wrap_socket(theirs, server_side=True) as wrapped:
            wrapped.recv(1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with ours, client.wrap_socket(ours, server_hostname=name) as wrapped:
        wrapped.sendall(b"x")
        return str(wrapped.version())


@pytest.mark.parametrize("name", ["alarm.school.example", "192.0.2.10", "2001:db8::5"])
def test_a_browser_that_trusts_the_authority_accepts_every_name(tmp_path: Path, name: str) -> None:
    made = make(tmp_path, ["alarm.school.example", "192.0.2.10", "2001:db8::5"], clock.now())
    assert handshake(made.ca, made.cert, made.key, name) == "TLSv1.3"


def test_a_name_that_was_not_asked_for_is_refused(tmp_path: Path) -> None:
    made = make(tmp_path, ["alarm.school.example"], NOW)
    cert = x509.load_pem_x509_certificate(made.cert.read_bytes())
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["alarm.school.example"]


def test_only_the_owner_can_read_the_keys(tmp_path: Path) -> None:
    make(tmp_path, ["a.example"], NOW)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"ca.key": 0o600, "server.key": 0o600, "ca.pem": 0o644, "server.pem": 0o644}


def test_the_authority_is_made_once_and_the_server_renewed_with_the_same_names(tmp_path: Path) -> None:
    first = make(tmp_path, ["a.example", "192.0.2.1"], NOW)
    before = {
        name: (tmp_path / name).read_bytes() for name in ("ca.pem", "ca.key", "server.pem", "server.key")
    }
    second = make(tmp_path, [], NOW + 100 * DAY)
    after = {name: (tmp_path / name).read_bytes() for name in before}
    assert (first.new_authority, second.new_authority) == (True, False)
    assert second.names == ["a.example", "192.0.2.1"]
    assert [name for name in before if before[name] != after[name]] == ["server.pem", "server.key"]


def test_a_server_certificate_lasts_no_longer_than_browsers_accept_nor_than_the_authority(
    tmp_path: Path,
) -> None:
    assert (make(tmp_path, ["a"], NOW).until - datetime(2026, 11, 22, 12, tzinfo=UTC)).days == 825
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    assert make(tmp_path, ["a"], NOW + 3500 * DAY).until == authority.not_valid_after_utc


def test_without_names_it_is_for_this_machine(tmp_path: Path) -> None:
    assert {"localhost", "127.0.0.1", socket.gethostname()} <= set(make(tmp_path, [], NOW).names)


@pytest.mark.parametrize("lost", ["ca.pem", "ca.key"])
def test_half_an_authority_is_refused_in_a_sentence(tmp_path: Path, lost: str) -> None:
    make(tmp_path, ["a"], NOW)
    (tmp_path / lost).unlink()
    with pytest.raises(CertError, match=f"{lost} is missing"):
        make(tmp_path, ["a"], NOW)


def test_an_authority_that_ends_or_is_not_ours_is_refused_in_a_sentence(tmp_path: Path) -> None:
    make(tmp_path, ["a"], NOW)
    with pytest.raises(CertError, match="move it away"):
        make(tmp_path, ["a"], NOW + 4000 * DAY)
    (tmp_path / "other").mkdir()
    make(tmp_path / "other", ["a"], NOW)
    (tmp_path / "ca.key").write_bytes((tmp_path / "other" / "ca.key").read_bytes())
    with pytest.raises(CertError, match="is not the key of"):
        make(tmp_path, ["a"], NOW)


def test_what_is_no_name_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for name in ("schöne " + "x" * 300, "two words", "", "https://a.example"):
        with pytest.raises(CertError, match="not a host name"):
            make(tmp_path, [name], NOW)
