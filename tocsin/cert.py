"""Touches. `tocsin cert`: a certificate authority of the campus and a server certificate for the dashboard.

Guards' browsers are given `ca.pem` once; the server certificate is renewed beside it and they notice nothing.
"""

import contextlib
import ipaddress
import os
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_DAYS = 3650
SERVER_DAYS = 825  # browsers refuse longer ones, even from an authority they were told to trust
_HOST = re.compile(r"(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
SKEW = timedelta(hours=1)  # a computer whose clock is a little behind should accept it at once


class CertError(Exception):
    """The certificate cannot be made; the message says why and what to do."""


@dataclass(frozen=True)
class Made:
    """What `make` wrote. `new_authority`: browsers must be given `ca` (again)."""

    ca: Path
    cert: Path
    key: Path
    names: list[str]
    until: datetime
    new_authority: bool


def make(folder: Path, names: Sequence[str], now: int, days: int = SERVER_DAYS) -> Made:
    """Make or renew `server.pem` and `server.key` for these names and addresses; without any, for those of
    the certificate before, else of this machine. The authority is made once and never overwritten.

    `now` is in ms. Raises CertError.
    """
    moment = datetime.fromtimestamp(now / 1000, UTC)
    folder.mkdir(parents=True, exist_ok=True)
    ca_file, ca_key_file = folder / "ca.pem", folder / "ca.key"
    if ca_file.exists() != ca_key_file.exists():
        lost, left = (ca_file, ca_key_file) if ca_key_file.exists() else (ca_key_file, ca_file)
        raise CertError(
            f"{lost} is missing beside {left}: put it back, or move {left} away for a new authority"
        )
    new = not ca_file.exists()
    if new:
        _make_authority(ca_file, ca_key_file, moment)
    ca, ca_key = _load_authority(ca_file, ca_key_file, moment)
    cert_file, key_file = folder / "server.pem", folder / "server.key"
    wanted = [*names] or _names_of(cert_file) or own_names()
    until = min(moment + timedelta(days=days), ca.not_valid_after_utc)
    key = ec.generate_private_key(ec.SECP256R1())
    cert = _server(wanted, key, ca, ca_key, moment, until)
    _write(key_file, _private(key), 0o600)
    _write(cert_file, _pem(cert) + _pem(ca), 0o644)
    return Made(ca_file, cert_file, key_file, wanted, until, new)


def own_names() -> list[str]:
    """What this machine is called, as far as it knows: host names and addresses."""
    host = socket.gethostname()
    names = ["localhost", host, "127.0.0.1", "::1"]
    with contextlib.suppress(OSError):
        names += [str(found[4][0]) for found in socket.getaddrinfo(host, None)]
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))  # nothing is sent: it only asks which of our addresses would be used
            names.append(probe.getsockname()[0])
    return [name for name in dict.fromkeys(names) if "%" not in name]


def _make_authority(file: Path, key_file: Path, moment: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tocsin"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Tocsin campus CA {moment:%Y-%m-%d}"),
        ]
    )
    usage = _usage(key_cert_sign=True, crl_sign=True)
    cert = (
        _begin(name, name, key.public_key(), moment, moment + timedelta(days=CA_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(key_file, _private(key), 0o600, exclusive=True)
    _write(file, _pem(cert), 0o644, exclusive=True)


def _load_authority(
    file: Path, key_file: Path, moment: datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        cert = x509.load_pem_x509_certificate(file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    except (ValueError, TypeError, OSError) as error:
        raise CertError(f"{file} or {key_file} cannot be read: {error}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != cert.public_key():
        raise CertError(f"{key_file} is not the key of {file}")
    if cert.not_valid_after_utc <= moment + timedelta(days=1):
        raise CertError(
            f"the authority {file} ends {cert.not_valid_after_utc:%Y-%m-%d}: move it away for a new one"
        )
    return cert, key


def _server(
    names: Sequence[str],
    key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    moment: datetime,
    until: datetime,
) -> x509.Certificate:
    first = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tocsin")])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    return (
        _begin(first, ca.subject, key.public_key(), moment, until)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuer, critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, moment: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - SKEW)
        .not_valid_after(until)
    )


def _usage(**given: bool) -> x509.KeyUsage:
    known = "digital_signature content_commitment key_encipherment data_encipherment key_agreement"
    known += " key_cert_sign crl_sign encipher_only decipher_only"
    return x509.KeyUsage(**{name: given.get(name, False) for name in known.split()})


def _general(name: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(name))
    with contextlib.suppress(ValueError):  # what IDNA cannot encode
        plain = name if name.isascii() else name.encode("idna").decode()
        if _HOST.fullmatch(plain):
            return x509.DNSName(plain)
    raise CertError(f"{name!r} is not a host name or an address")


def _names_of(file: Path) -> list[str]:
    """The names in the certificate before this one; none where there is none to read."""
    if not file.exists():
        return []
    with contextlib.suppress(ValueError, x509.ExtensionNotFound):
        cert = x509.load_pem_x509_certificate(file.read_bytes())
        found = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return [str(name.value) for name in found]
    return []


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _pem(cert: x509.Certificate) -> bytes:
    return cert.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, data: bytes, mode: int, exclusive: bool = False) -> None:
    """Never readable by others for a moment, and never half written."""
    part = path if exclusive else path.with_name(f"{path.name}.part")
    if not exclusive:
        part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        os.fsync(handle)
    os.chmod(part, mode)
    part.replace(path)
