"""Which addresses belong to the inside of a network, however they are written."""

import pytest
from urllib3.exceptions import NewConnectionError

from alerts import outside


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1",
        "192.0.2.7", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1%eth0",
        "fc00::1", "fec0::1", "fd12:3456::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "2002:7f00:1::", "2002:c0a8:101::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    ],
)  # fmt: skip
def test_an_address_of_the_inside_is_known_however_it_is_wrapped(address: str) -> None:
    assert not outside.outer(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "223.5.5.5", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_the_internet_at_large_is_outside(address: str) -> None:
    assert outside.outer(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1"])
def test_a_connection_to_the_inside_is_refused_before_it_is_made(host: str) -> None:
    with pytest.raises(NewConnectionError) as said:
        outside.manager(False, retries=False).request("GET", f"http://{host}:1/")
    assert "inside our own network" in str(said.value)


@pytest.mark.parametrize(
    ("host", "is_one"),
    [("10.0.0.1", True), ("[::1]", True), ("localhost", True), ("hook.example.edu", False)],
)
def test_an_address_says_where_it_leads_and_a_name_does_not(host: str, is_one: bool) -> None:
    assert outside.literal(host) is is_one
