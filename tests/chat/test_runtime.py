"""What a loop holds is let go of with it."""

from chat import runtime
from chat.gateway.stack import Gateway


async def test_a_gateway_that_no_socket_used_is_closed_with_its_loop(monkeypatch) -> None:
    closed = []
    really = Gateway.close

    async def close(self: Gateway) -> None:
        closed.append(self)
        await really(self)

    monkeypatch.setattr(Gateway, "close", close)
    gateway = runtime.gateway()
    await runtime.close_runtime()
    assert closed == [gateway]
    await runtime.close_runtime()
    assert closed == [gateway], "it was closed twice"
