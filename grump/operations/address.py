"""Whose network a request comes from. Pure.

Without `BEHIND_PROXY` the connection's own address counts, whatever headers claim: anybody can claim them.
Behind the one proxy that is declared, it is the last address of X-Forwarded-For, which that proxy added; what
stands before it came from the visitor.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any

FORWARDED_FOR = b"x-forwarded-for"
HOME = 64  # bits of an IPv6 address that one household or machine is given


def address_of(scope: Mapping[str, Any], behind_proxy: bool) -> str:
    """Of an ASGI scope: an IPv4 address, an IPv6 network, or "" where none is known (a Unix socket)."""
    claimed = ""
    if behind_proxy:
        lines = [value for name, value in scope.get("headers", ()) if name.lower() == FORWARDED_FOR]
        claimed = lines[-1].decode("latin-1").rpartition(",")[2].strip() if lines else ""
    else:
        claimed = (scope.get("client") or ("",))[0] or ""
    try:
        address = ipaddress.ip_address(claimed.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, HOME), strict=False))
    return str(address)
