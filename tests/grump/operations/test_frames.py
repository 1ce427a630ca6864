"""What a socket sends passes nothing of what stood round its door."""

from grump.operations.frames import sent_straight


async def test_those_around_see_who_comes_and_nothing_that_goes():
    seen, sent = [], []

    async def inner(scope, receive, send):
        seen.append((scope["user"], await receive()))
        await send({"type": "websocket.send", "text": "a"})

    def around(app):
        async def known(scope, receive, send):
            async def inspected(message):
                raise AssertionError("a frame was looked at")

            await app({**scope, "user": "ann"}, receive, inspected)

        return known

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    scope = {"type": "websocket"}
    await sent_straight(around, inner)(scope, receive, send)
    assert seen == [("ann", {"type": "websocket.connect"})]
    assert sent == [{"type": "websocket.send", "text": "a"}]
    assert scope == {"type": "websocket"}
