"""Touches. Connections to addresses that somebody gave us: never to the inside of our own network by mistake.

A name is looked up once, when the connection is made, and every address it has is judged then: a name that
was harmless when it was written into a file may lead to the machine next door when it is used (SSRF, DNS
rebinding). An address of the inside is refused unless whoever runs the service has allowed it.
"""

import socket
import ssl
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError, SSLError
from urllib3.util.connection import create_connection
from urllib3.util.ssl_match_hostname import CertificateError

NAT64 = (0x0064_FF9B << 96, (1 << 32) - 1)  # 64:ff9b::/96, RFC 6052: the IPv4 address is its end


class Inside(NewConnectionError):
    """The address is one of the inside. What it says is for a person."""

    def __init__(self, connection: HTTPConnection, host: str, address: str) -> None:
        where = host if host == address else f"{host} ({address})"
        super().__init__(connection, f"{where} is inside our own network, which is not allowed here")


class Unmade(NewConnectionError):
    """Encryption was not agreed upon, so nothing of a request has left: urllib3 would tell it with the same
    words as a failure in the middle of the answer. `tls`: what was said was wrong, and no mere silence."""

    def __init__(self, connection: HTTPConnection, error: Exception) -> None:
        self.tls = isinstance(error, ssl.SSLError | CertificateError | SSLError)
        super().__init__(connection, str(error) or type(error).__name__)


def outer(address: str) -> bool:
    """Whether an IP address belongs to the Internet at large: not to this machine, a private network, a
    link, a group of receivers; and what it may be wrapped in neither."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if int(found) & ~NAT64[1] == NAT64[0]:
            inner = IPv4Address(int(found) & NAT64[1])
        if inner is not None:
            return outer(str(inner))
        if found.is_site_local:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def link_local(address: str) -> bool:
    found = ip_address(address.strip("[]"))
    inner = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (inner or found).is_link_local


def literal(host: str) -> bool:
    """Whether it is an address, or the name of this machine, and no name that somebody else may change."""
    try:
        return bool(ip_address(host.strip("[]")))
    except ValueError:
        return host == "localhost"


class _Tls(HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except (OSError, CertificateError, SSLError) as error:
            raise Unmade(self, error) from error


class _Guarded(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]
        addresses = [str(one[4][0]) for one in found]
        for address in addresses:  # one of the inside among them is enough: who mixes them means it
            if not outer(address):
                raise Inside(self, self.host, address)
        failed: OSError | None = None
        for address in addresses:
            try:
                return create_connection(
                    (address, self.port), self.timeout, self.source_address, self.socket_options
                )
            except OSError as error:
                failed = error
        raise NewConnectionError(self, f"Failed to establish a new connection: {failed}") from failed


class _GuardedTls(_Guarded, _Tls):
    pass


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Tls


class _GuardedPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Guarded


class _GuardedTlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _GuardedTls


def manager(inside: bool, **settings: Any) -> urllib3.PoolManager:
    """A PoolManager that tells apart what has left and what has not; unless `inside` is allowed, one that
    raises Inside instead of connecting there."""
    made = urllib3.PoolManager(**settings)
    made.pool_classes_by_scheme = (
        {"http": urllib3.HTTPConnectionPool, "https": _TlsPool}
        if inside
        else {"http": _GuardedPool, "https": _GuardedTlsPool}
    )
    return made
