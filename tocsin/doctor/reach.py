"""Touches. Whether the broker can be reached, by which protocol, and what its TLS is worth."""

import ipaddress
import socket
import ssl
import threading
import warnings
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from cryptography import x509

from ingest.settings import BrokerSettings, TlsSettings
from tocsin.doctor import judge
from tocsin.doctor.finding import Finding, found
from tocsin.doctor.link import ANSWER, Door, Link, Login, NoLink

_NAME_CODES = (62, 64)  # OpenSSL: the certificate is for another host name, or another address
_DATE_CODES = (9, 10)  # not yet valid, expired: the dates themselves say it better
_ANOTHER_PROTOCOL = ("hung_up", "garbage", "silent", "lost")


def trust(tls: TlsSettings | None) -> ssl.SSLContext | None:
    """As the service itself does it."""
    if tls is None:
        return None
    context = ssl.create_default_context(cafile=tls.ca)
    context.check_hostname = not tls.insecure
    if tls.cert:
        context.load_cert_chain(tls.cert, tls.key)
    return context


def find_door(
    settings: BrokerSettings, name: str, own: Login, stop: threading.Event
) -> tuple[Door | None, Finding]:
    """How this broker is spoken to, and what came of trying; None where nobody speaks MQTT."""
    tries = {"5": [True], "3.1.1": [False]}.get(settings.protocol, [True, False])
    where = {"host": settings.host, "port": settings.port, "username": settings.username or ""}
    first: NoLink | None = None
    for mqtt5 in tries:
        door = Door(settings.host, settings.port, trust(settings.tls), mqtt5, stop)
        try:
            with Link(door, name, own):
                return door, Finding("broker_reached", where | {"protocol": "5" if mqtt5 else "3.1.1"})
        except NoLink as error:
            first = first or error
            if error.kind == "refused" and "protocol version" not in error.why:
                account = "login_refused" if own.username else "anonymous_login_refused"
                return door, Finding(account, where | {"why": error.why})
            if error.kind not in (*_ANOTHER_PROTOCOL, "refused"):
                break
    assert first is not None
    return None, Finding(f"broker_{first.kind}", where | {"why": first.why, "seconds": int(ANSWER)})


def is_here(host: str) -> bool:
    """Whether what is sent to this host never leaves the machine."""
    try:
        addresses = {str(each[4][0]) for each in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(_is_ours(address.partition("%")[0]) for address in addresses)


def _is_ours(address: str) -> bool:
    if ipaddress.ip_address(address).is_loopback:
        return True
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))  # only an address of this machine can be bound
        except OSError:
            return False
    return True


def look_at_tls(settings: BrokerSettings, now: datetime) -> list[Finding]:
    """Version, cipher, certificate; or that there is none."""
    if settings.tls is None:
        return [found("plain_here" if is_here(settings.host) else "plain_network", host=settings.host)]
    findings = [found("tls_any_name")] if settings.tls.insecure else []
    context = trust(settings.tls)
    assert context is not None
    try:
        version, cipher, _ = _handshake(settings, context)
        findings.append(found("tls_good", version=version, cipher=cipher))
    except ssl.SSLCertVerificationError as error:
        if error.verify_code not in _DATE_CODES:
            name = (
                "broker_certificate_name"
                if error.verify_code in _NAME_CODES
                else "broker_certificate_untrusted"
            )
            findings.append(found(name, host=settings.host, why=error.verify_message))
    except OSError as error:
        return [*findings, found("tls_unclear", why=str(error))]
    try:
        certificate = _handshake(settings, _trusting(settings.tls))[2]
        findings.append(_certificate(certificate, now))
    except (OSError, ValueError) as error:
        findings.append(found("tls_unclear", why=str(error)))
    return [*findings, *_old_versions(settings)]


def _handshake(settings: BrokerSettings, context: ssl.SSLContext) -> tuple[str, str, bytes]:
    plain = socket.create_connection((settings.host, settings.port), ANSWER)
    with closing(plain), context.wrap_socket(plain, server_hostname=settings.host) as wrapped:
        cipher: Any = wrapped.cipher()
        return str(wrapped.version()), str(cipher[0]), wrapped.getpeercert(binary_form=True) or b""


def _trusting(tls: TlsSettings) -> ssl.SSLContext:
    """Takes any certificate, only to read it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if tls.cert:
        context.load_cert_chain(tls.cert, tls.key)
    return context


def _certificate(der: bytes, now: datetime) -> Finding:
    read = x509.load_der_x509_certificate(der)
    return judge.certificate(
        "broker", read.not_valid_after_utc, read.not_valid_before_utc, now, names_in(read)
    )


def names_in(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in extension.value]


def _old_versions(settings: BrokerSettings) -> list[Finding]:
    """Whether TLS 1.0 or 1.1 is spoken too; nothing where this machine cannot speak them to find out."""
    assert settings.tls is not None
    context = _trusting(settings.tls)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        version = _handshake(settings, context)[0]
    except (OSError, ValueError):
        return []
    return [found("tls_old", version=version)]


def look_beside_tls(settings: BrokerSettings, port: int, stop: threading.Event) -> list[Finding]:
    """A port without TLS beside the one with: whoever uses it sends passwords in the clear."""
    if settings.tls is None or settings.port == port:
        return []
    try:
        with Link(Door(settings.host, port, None, False, stop), "tocsin-doctor-plain", Login()):
            return [found("plain_beside_tls", port=port)]
    except NoLink as error:
        return [found("plain_beside_tls" if error.kind == "refused" else "plain_closed", port=port)]


def today(now: int) -> datetime:
    return datetime.fromtimestamp(now / 1000, UTC)
