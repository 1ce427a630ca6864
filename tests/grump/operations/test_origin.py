"""Who may open a socket: a page of the address it is at, and whom an operator trusts."""

import pytest
from channels.testing import WebsocketCommunicator

from grump.operations.origin import SameOrigin, is_same

HOST = "chat.example.org"


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("https://chat.example.org", HOST, True),
        ("https://chat.example.org", "chat.example.org:443", True),
        ("https://Chat.example.org:8443", "chat.example.org:8443", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("https://chat.example.org:8443", HOST, False),
        ("http://chat.example.org", "chat.example.org:443", False),
        ("https://evil.example.org", HOST, False),
        ("https://chat.example.org@evil.example", HOST, False),
        ("https://chat.example.org.evil.example", HOST, False),
        ("ftp://chat.example.org", HOST, False),
        ("chat.example.org", HOST, False),
        ("http://[", HOST, False),
        ("null", "", False),
        ("", "", False),
    ],
)
def test_the_same_is_the_same_host_and_port(origin, host, same):
    assert is_same(origin, host) == same


@pytest.mark.parametrize(
    ("origin", "enters"),
    [
        ("https://chat.example.org", True),
        ("https://front.example.com", True),  # trusted by name
        ("https://evil.example.org", False),  # a neighbour under ALLOWED_HOSTS
        ("https://front.example.com:9", False),
        ("https://one.example.net", True),  # … by a pattern
        ("http://one.example.net", False),
        ("https://one.example.net.evil.example", False),
        (None, False),
    ],
)
async def test_a_socket_is_opened_from_its_own_address_or_a_trusted_one(settings, origin, enters):
    settings.ALLOWED_HOSTS = [".example.org"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://front.example.com", "https://*.example.net"]
    assert await opens(HOST, origin) == enters


async def test_a_name_that_somebody_points_at_this_machine_opens_nothing(settings):
    settings.ALLOWED_HOSTS = [".example.org"]
    assert not await opens("rebound.example", "http://rebound.example")


async def opens(host: str, origin: str | None) -> bool:
    async def accept(scope, receive, send) -> None:
        await send({"type": "websocket.accept"})

    headers = [(b"host", host.encode()), *([(b"origin", origin.encode())] if origin else [])]
    socket = WebsocketCommunicator(SameOrigin(accept), "/ws/chat/", headers=headers)
    opened, _ = await socket.connect()
    return opened
