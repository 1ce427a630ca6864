"""Whose network it is, and that nobody can claim another's."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grump.operations.address import address_of


def scope(client="203.0.113.9", forwarded=()):
    return {"client": (client, 1), "headers": [(b"X-Forwarded-For", line.encode()) for line in forwarded]}


def test_without_a_proxy_the_connection_counts_and_claims_do_not():
    assert address_of(scope(forwarded=["198.51.100.1"]), behind_proxy=False) == "203.0.113.9"


@pytest.mark.parametrize(
    "forwarded",
    [["198.51.100.1"], ["10.0.0.1, 198.51.100.1"], ["10.0.0.1", "198.51.100.1"], ["nonsense,198.51.100.1 "]],
)
def test_behind_a_proxy_what_it_added_counts(forwarded):
    assert address_of(scope("10.9.9.9", forwarded), behind_proxy=True) == "198.51.100.1"


def test_a_proxy_that_says_nothing_is_nobodys_address():
    assert address_of(scope("10.9.9.9"), behind_proxy=True) == ""


@given(st.ip_addresses(v=6))
def test_all_addresses_of_a_household_are_one(address):
    if address.ipv4_mapped is not None:
        assert address_of(scope(str(address)), False) == str(address.ipv4_mapped)
        return
    neighbour = ipaddress.IPv6Address(int(address) ^ 1)
    assert address_of(scope(str(address)), False) == address_of(scope(str(neighbour)), False)
    stranger = ipaddress.IPv6Address(int(address) ^ (1 << 64))
    assert address_of(scope(str(address)), False) != address_of(scope(str(stranger)), False)


@pytest.mark.parametrize("client", [None, ["/run/web.sock", None], ["", 0], ["fe80::1%eth0", 1]])
def test_what_is_no_address_is_none(client):
    found = address_of({"client": client, "headers": []}, False)
    assert found in ("", "fe80::/64")


@given(st.binary(max_size=60))
def test_no_header_is_an_error(value):
    address_of({"client": None, "headers": [(b"x-forwarded-for", value)]}, True)
