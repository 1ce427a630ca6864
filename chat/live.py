"""A generation's frames: numbered, kept, and sent to whoever follows, independent of any socket.

`Broadcast` is one running generation in the process that runs it. `Live` is all that one process knows:
its own broadcasts, its users' open sockets, and the generations of other processes that they follow through
the relay. Everything here is synchronous on purpose: between a replay and going live there is no moment
at which a frame could slip through.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from chat import protocol
from chat.checkpoints import Grown
from chat.ear import Ear
from chat.journal import Entry, entry
from chat.metrics import SOCKETS
from chat.outbox import CLOSE_REVOKED, Outbox
from chat.relay import Relay

logger = logging.getLogger(__name__)

TEMPORARY_LASTS = 60.0  # seconds after its end


class Broadcast:
    """The frames of one running generation. Only `run_turn` speaks; frames are encoded once for all."""

    def __init__(
        self, live: "Live", generation_id: UUID, user_id: int, prefill: str, temporary: str = ""
    ) -> None:
        self.id = generation_id
        self.user_id = user_id
        self.prefill = prefill  # said first once a model begins; kept as the answer if none does
        # The id of a question that is stored nowhere: neither is its answer, in no process but this one.
        self.temporary = temporary
        self.frames: list[str] = []
        self.journal: list[Entry] = []
        self.ended = False
        self.followers: set[Outbox] = set() if temporary else set(live.sockets.get(user_id, ()))
        self.task: asyncio.Task[Any] | None = None
        self.stopped = False  # its user asked it to stop
        self.checkpointed = 0  # how many of its frames are surely in checkpoints
        self.in_parts = False  # some may be, whether or not anybody said so
        self._live = live
        self._text: list[str] = []
        self._reasoning: list[str] = []

    @property
    def text(self) -> str:
        """The answer so far, byte for byte what was sent."""
        if len(self._text) > 1:
            self._text = ["".join(self._text)]
        return self._text[0] if self._text else ""

    @property
    def reasoning(self) -> str:
        if len(self._reasoning) > 1:
            self._reasoning = ["".join(self._reasoning)]
        return self._reasoning[0] if self._reasoning else ""

    @property
    def next_seq(self) -> int:
        return len(self.frames) + 1

    @property
    def has_grown(self) -> bool:
        """There is something for a checkpoint."""
        return len(self.frames) > self.checkpointed and not self.temporary

    def grown(self) -> Grown:
        """What was said since the last checkpoint."""
        journal = self.journal[self.checkpointed :]
        lengths = [item for item in journal if isinstance(item, int)]
        text, reasoning = (sum(max(0, sign * item) for item in lengths) for sign in (1, -1))
        return Grown(
            self.checkpointed,
            journal,
            self.text[len(self.text) - text :],
            self.reasoning[len(self.reasoning) - reasoning :],
        )

    def frame(self, kind: type[protocol.ServerFrame], **values: Any) -> protocol.ServerFrame:
        """The next numbered frame, not sent yet."""
        numbered: dict[str, Any] = {"generation_id": self.id, "seq": self.next_seq}
        return kind(**numbered, **values)

    def say(self, kind: type[protocol.ServerFrame], **values: Any) -> None:
        self.send(self.frame(kind, **values))

    def send(self, frame: protocol.ServerFrame) -> None:
        """Keep the next numbered frame and send it on."""
        if self.ended:
            raise RuntimeError("a generation was extended after its end")
        match frame:
            case protocol.Delta(text=str(text)):
                self._text.append(text)
            case protocol.Delta(reasoning=str(reasoning)):
                self._reasoning.append(reasoning)
            case protocol.Done() | protocol.Error():
                self.ended = True
        self.journal.append(entry(frame))
        encoded = protocol.encode(frame)
        self.frames.append(encoded)
        self.tell(encoded)
        if not self.temporary:
            self._live.relay.touch(self)

    def tell(self, encoded: str) -> None:
        """Send a frame that is not part of the numbered stream."""
        for outbox in self.followers:
            outbox.put(encoded)


class _Remote:
    """A generation of another process and how far each of our sockets has heard it."""

    def __init__(self) -> None:
        self.heard: dict[Outbox, int] = {}


class Live:
    def __init__(self, redis_url: str, process: str) -> None:
        self.process = process
        self.sockets: defaultdict[int, set[Outbox]] = defaultdict(set)
        self.open_sockets = 0
        self.broadcasts: dict[UUID, Broadcast] = {}
        self.remotes: dict[UUID, _Remote] = {}
        self.relay = Relay(redis_url, process, self._hear, self.stop)
        self.ear = Ear(redis_url, self._hear_call)

    def start(self) -> None:
        self.relay.start()
        self.ear.start()

    async def close(self) -> None:
        await self.ear.close()
        await self.relay.close()

    # --- Sockets ---

    def join(self, user_id: int, outbox: Outbox) -> None:
        self.sockets[user_id].add(outbox)
        self.open_sockets += 1
        SOCKETS.inc()
        self.ear.add(user_id)

    def leave(self, user_id: int, outbox: Outbox) -> None:
        sockets = self.sockets[user_id]
        sockets.discard(outbox)
        self.open_sockets -= 1
        SOCKETS.dec()
        if not sockets:
            del self.sockets[user_id]
            self.ear.discard(user_id)
        for broadcast in self.broadcasts.values():
            broadcast.followers.discard(outbox)
        for generation_id, remote in list(self.remotes.items()):
            remote.heard.pop(outbox, None)
            if not remote.heard:
                self._forget(generation_id)

    def tell_user(self, user_id: int, frame: protocol.ServerFrame, generation_id: UUID | None = None) -> None:
        """Send a frame to every tab of the user, here and elsewhere; `generation_id` is what they follow."""
        encoded = protocol.encode(frame)
        for outbox in self.sockets.get(user_id, ()):
            outbox.put(encoded)
        following = str(generation_id) if generation_id else None
        self.ear.call(user_id, "live.wake", process=self.process, frame=encoded, generation_id=following)

    def _hear_call(self, call: dict[str, Any]) -> None:
        """A wake-up call from another process, or the order to close a user's sockets."""
        outboxes = list(self.sockets.get(call["user_id"], ()))
        if call["type"] == "session.revoked":
            for outbox in outboxes:
                outbox.finish(CLOSE_REVOKED)
        elif call["process"] != self.process:
            for outbox in outboxes:
                outbox.put(call["frame"])
                if call["generation_id"] and not self._follows(UUID(call["generation_id"]), outbox):
                    self.follow_elsewhere(UUID(call["generation_id"]), outbox, 0)

    # --- Generations of this process ---

    def begin(self, generation_id: UUID, user_id: int, prefill: str = "") -> Broadcast:
        broadcast = self.broadcasts[generation_id] = Broadcast(self, generation_id, user_id, prefill)
        return broadcast

    def begin_temporary(self, generation_id: UUID, user_id: int, question: str, outbox: Outbox) -> Broadcast:
        """A generation that only the socket hears that asked, and whichever of the user's asks to resume it.
        `question` is the sender's own id of what was asked."""
        broadcast = Broadcast(self, generation_id, user_id, "", question)
        broadcast.followers.add(outbox)
        self.broadcasts[generation_id] = broadcast
        return broadcast

    def temporary(self, user_id: int, question: str) -> Broadcast | None:
        """The generation of a temporary question that is being answered here already, or just was."""
        for broadcast in self.broadcasts.values():
            if broadcast.temporary == question and broadcast.user_id == user_id:
                return broadcast
        return None

    def end(self, broadcast: Broadcast) -> None:
        """Forget a broadcast whose answer is stored; the relay still holds it until it is written. One that
        is stored nowhere waits a little for a reader whose connection was lost just then."""
        if broadcast.temporary:
            loop = asyncio.get_running_loop()
            loop.call_later(TEMPORARY_LASTS, self.broadcasts.pop, broadcast.id, None)
        else:
            self.broadcasts.pop(broadcast.id, None)

    def stop(self, generation_id: UUID) -> bool:
        """Stop a generation of this process on its user's wish; False if it is not here."""
        broadcast = self.broadcasts.get(generation_id)
        if broadcast is None or broadcast.task is None:
            return False
        if not broadcast.stopped:
            broadcast.stopped = True
            broadcast.task.cancel()
        return True

    # --- Following ---

    def follow_here(self, generation_id: UUID, outbox: Outbox, after: int) -> bool:
        """Replay and go on live, if the generation runs in this process."""
        broadcast = self.broadcasts.get(generation_id)
        if broadcast is None:
            return False
        # A number we never sent means the reader saw frames of a process that died: begin anew.
        for frame in broadcast.frames[after if after <= len(broadcast.frames) else 0 :]:
            outbox.put(frame)
        if not broadcast.ended:
            broadcast.followers.add(outbox)
        return True

    def follow_elsewhere(self, generation_id: UUID, outbox: Outbox, after: int) -> None:
        """Hear a generation of another process from frame `after` on, through the relay."""
        remote = self.remotes.setdefault(generation_id, _Remote())
        remote.heard[outbox] = after
        self._read_again(generation_id)

    def _follows(self, generation_id: UUID, outbox: Outbox) -> bool:
        remote = self.remotes.get(generation_id)
        return remote is not None and outbox in remote.heard

    def _read_again(self, generation_id: UUID) -> None:
        """From the stream's start: one reader serves all who follow, and each skips what it has had."""
        self.relay.unfollow(generation_id)
        self.relay.follow(generation_id)

    def _hear(self, generation_id: UUID, first: int, frames: Sequence[str]) -> None:
        remote = self.remotes.get(generation_id)
        if remote is None:
            return
        last = first + len(frames) - 1
        finished = _is_last(frames[-1])
        for outbox, heard in list(remote.heard.items()):
            if first <= heard + 1 <= last:
                for frame in frames[heard + 1 - first :]:
                    outbox.put(frame)
                remote.heard[outbox] = last
                if finished:
                    del remote.heard[outbox]
            elif finished and heard >= last:
                # It saw frames of a process that died before they were kept: begin anew.
                remote.heard[outbox] = 0
                self._read_again(generation_id)
        if not remote.heard:
            self._forget(generation_id)

    def hear_from_storage(self, generation_id: UUID, frames: Iterable[str]) -> None:
        """The stored frames of a generation that has ended, for those who missed its end."""
        remote = self.remotes.get(generation_id)
        stored = list(frames)
        if remote is None:
            return
        for outbox, heard in remote.heard.items():
            # Who has all of these numbers but not the end saw frames that died with their process.
            for frame in stored[heard if heard < len(stored) else 0 :]:
                outbox.put(frame)
        self._forget(generation_id)

    def _forget(self, generation_id: UUID) -> None:
        self.remotes.pop(generation_id, None)
        self.relay.unfollow(generation_id)


def _is_last(frame: str) -> bool:
    # `type` is the first key of every frame we encode.
    return frame.startswith(('{"type":"chat.done"', '{"type":"chat.error"'))
