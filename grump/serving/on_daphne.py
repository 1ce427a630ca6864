"""daphne, with two things that it lacks: an end without loss, and readers that are waited for."""

import asyncio
import signal
import socket
from typing import Any

from daphne.server import Server
from twisted.internet import reactor as _reactor
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from grump.lib.listening import AT_ONCE, QUEUE
from grump.serving.parting import leave, say_ready
from grump.serving.writing import Promptly, text_frame

reactor: Any = _reactor  # the asyncio one, installed by daphne; Twisted's types know only the interface


def serve(listening: socket.socket) -> None:
    """Until SIGTERM or SIGINT has been answered by leaving; a second one ends it at once."""
    from grump.asgi import application  # after daphne has chosen the event loop

    PatientServer(application, listening).run()


class PatientServer(Server):
    """`handle_reply` returns once the reader is near: daphne's own writes into Twisted's buffer however
    slowly it empties, so that one client that does not read could fill the memory."""

    def __init__(self, application: Any, listening: socket.socket) -> None:
        super().__init__(
            application, endpoints=["none"], signal_handlers=False, server_name="", ready_callable=self._open
        )
        self.endpoints: list[str] = []  # the socket is here already
        self._socket = listening
        self._ending: asyncio.Task[None] | None = None
        self._readers: dict[Any, Reader] = {}

    def _open(self) -> None:
        self._socket.setblocking(False)
        self._port = reactor.adoptStreamPort(self._socket.fileno(), self._socket.family, self.http_factory)
        self._port.numberAccepts = AT_ONCE
        self._socket.listen(QUEUE)
        loop = asyncio.get_event_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._asked_to_end)
        reactor.callWhenRunning(say_ready)

    def _asked_to_end(self) -> None:
        if self._ending is not None:
            reactor.stop()
            return
        self._ending = asyncio.get_event_loop().create_task(self._end(), name="leave")

    async def _end(self) -> None:
        try:
            await leave(self._stop_accepting)
        finally:
            if reactor.running:
                reactor.stop()

    def _stop_accepting(self) -> None:
        self._port.stopListening()
        self._socket.close()

    # --- Readers that are waited for ---

    async def handle_reply(self, protocol: Any, message: Any) -> None:
        kind = message["type"]
        reader = self._readers.get(protocol)
        streamed = kind == "http.response.body" and message.get("more_body", False)
        if reader is not None and kind == "http.response.body" and not streamed:
            self._forget(protocol)  # Twisted wants it gone before the response ends
        if kind == "websocket.send" and reader is not None and _is_plain(protocol, message):
            protocol.transport.write(text_frame(message["text"]))
        else:
            await super().handle_reply(protocol, message)
        if reader is None and (streamed or kind == "websocket.accept"):
            connection = self.connections.get(protocol)
            if connection is not None and "disconnected" not in connection:
                reader = self._readers[protocol] = Reader(protocol, kind == "websocket.accept")
        if reader is not None:
            await reader.near.wait()

    def protocol_disconnected(self, protocol: Any) -> None:
        self._forget(protocol)
        super().protocol_disconnected(protocol)

    def _forget(self, protocol: Any) -> None:
        reader = self._readers.pop(protocol, None)
        if reader is not None:
            reader.leave()


def _is_plain(protocol: Any, message: Any) -> bool:
    """A text for a socket that is open and compresses nothing."""
    return bool(
        message.get("text")
        and not message.get("bytes")
        and protocol.state == protocol.STATE_OPEN
        and protocol._perMessageCompress is None
    )


@implementer(IPushProducer)
class Reader:
    """One connection's far end: `near` is set while less was written to it than Twisted's bound, 64 KiB."""

    def __init__(self, protocol: Any, is_socket: bool) -> None:
        self.near = asyncio.Event()
        self.near.set()
        self._consumer = protocol.transport if is_socket else protocol
        self._promptly = Promptly(protocol.transport) if is_socket else None
        if is_socket:  # the HTTP channel that served the handshake still holds this place
            self._consumer.unregisterProducer()
        self._consumer.registerProducer(self, True)

    def leave(self) -> None:
        self.near.set()
        if self._promptly is not None:
            self._promptly.leave()
        if self._consumer is not None:
            self._consumer, consumer = None, self._consumer
            # A request whose connection was lost has no channel to tell.
            if getattr(consumer, "channel", consumer) is not None:
                consumer.unregisterProducer()

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's names
        self.near.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self.near.set()

    def stopProducing(self) -> None:  # noqa: N802
        self.near.set()
