"""uvicorn, with an end without loss."""

import asyncio
import socket
from types import FrameType

import uvicorn

from grump.lib.listening import AT_ONCE, QUEUE
from grump.serving.parting import leave, say_ready

LAST_CONNECTIONS = 2  # seconds for those that are open when all has been said


def serve(listening: socket.socket) -> None:
    """Until SIGTERM or SIGINT has been answered by leaving; a second one ends it at once."""
    config = uvicorn.Config(
        "grump.asgi:application",
        ws="websockets-sansio",
        lifespan="off",
        server_header=False,
        access_log=False,
        log_config=None,  # what is logged, and how, is the settings' alone
        backlog=AT_ONCE,
        timeout_graceful_shutdown=LAST_CONNECTIONS,
    )
    PatientServer(config, listening).run([listening])


class PatientServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, listening: socket.socket) -> None:
        super().__init__(config)
        self._listening = listening
        self._leaving: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # asyncio has set the queue's length to what it accepts at once: they are two things here.
        self._listening.listen(QUEUE)
        say_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            self.force_exit = True
            if self._leaving is not None:
                self._leaving.get_loop().call_soon_threadsafe(self._leaving.cancel)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if not self.force_exit:
            self._leaving = asyncio.create_task(leave(self._stop_accepting), name="leave")
            await asyncio.wait([self._leaving])
        await super().shutdown(sockets)

    def _stop_accepting(self) -> None:
        for server in self.servers:
            server.close()
