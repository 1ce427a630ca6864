"""The WebSocket door: frame in, turn, frame out; nothing else."""

import asyncio
import logging
from dataclasses import asdict
from typing import Any

from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from chat import history, opening, protocol, turn, variants
from chat.ending import INTERNAL
from chat.metrics import TURNED_AWAY
from chat.outbox import CLOSE_CROWDED, CLOSE_NOBODY, CLOSE_RESTART, CLOSE_REVOKED, Outbox
from chat.prediction import predicting, records
from chat.prediction.index import index_of
from chat.runtime import runtime
from experiments import definitions, subjects
from grump.accounts.sessions import still_valid
from grump.lib import context, tracing
from grump.lib.database import in_database
from grump.lib.leaving import leaving
from grump.lib.pace import Pace
from grump.operations.address import address_of
from usage import guests
from usage.refusals import QuotaExceeded
from usage.standing import standing

logger = logging.getLogger(__name__)

RECHECK_SECONDS = 60.0

_pace = Pace(settings.MAX_FRAMES_PER_MINUTE, 60.0)
# Keys come faster than anything else, and what comes too fast is merely not predicted.
_keys = Pace(settings.MAX_FRAMES_PER_MINUTE * 4, 60.0)


class ChatConsumer(AsyncWebsocketConsumer):
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Channels' own loop begins a task for each frame, and before it looks at one a thread has to close
        what it has of old database connections: half a millisecond before every question, with cold caches.
        Ours are looked after where they are used (grump/lib/database.py)."""
        self.scope, self.base_send = scope, send
        try:
            while True:
                message = await receive()
                await getattr(self, get_handler_name(message))(message)
        except StopConsumer:
            pass

    async def connect(self) -> None:
        self.user = self.scope["user"]
        self.outbox = Outbox(self._send_text, self.close)
        self.rechecking: asyncio.Task[None] | None = None
        self.predicting: asyncio.Task[None] | None = None
        await self.accept()
        if not self.user.is_authenticated or not self.user.is_active:
            await self.close(CLOSE_NOBODY)
            return
        context.note(user=context.user_hash(self.user.pk))
        self.runtime = runtime()
        if await self._turned_away():
            return
        now = await in_database(standing, self.user.pk)
        await definitions.ready()
        if await self._turned_away():  # others came meanwhile; from here to `join` nothing is awaited
            return
        usage = now.as_json()
        self.address = address_of(self.scope, settings.BEHIND_PROXY)
        self.plan, self.a_day = usage["plan"], usage["requests"]["limit"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self.scope["headers"]}
        team = now.allowed.team.id if now.allowed.team else None
        self.subject = subjects.of_socket(self.user, headers, self.plan, team)
        self.outbox.open()
        self._put(protocol.Ready(user=self._user(), plan=usage["plan"]))
        self._put(protocol.UsageUpdate(**usage))
        self.runtime.live.join(self.user.pk, self.outbox)
        self.rechecking = asyncio.create_task(self._recheck(), name="recheck")

    async def _turned_away(self) -> bool:
        refused = self._no_room()
        if refused:
            TURNED_AWAY.labels("restart" if refused == CLOSE_RESTART else "crowded").inc()
            await self.close(refused)
        return bool(refused)

    def _no_room(self) -> int:
        """The code to close with where this process takes no further socket; 0 where it does."""
        if leaving.begun:
            return CLOSE_RESTART
        live = self.runtime.live
        tabs = len(live.sockets.get(self.user.pk, ()))
        if live.open_sockets >= settings.MAX_SOCKETS or tabs >= settings.MAX_SOCKETS_PER_USER:
            return CLOSE_CROWDED
        return 0

    async def disconnect(self, code: int) -> None:
        self.outbox.close()
        if self.predicting is not None:
            self.predicting.cancel()
        if self.rechecking is not None:
            self.rechecking.cancel()
            self.runtime.live.leave(self.user.pk, self.outbox)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.rechecking is None:
            return
        frame = self._parse(text_data)
        # Keys have a pace of their own: who types fast may send all the same.
        wait = 0.0 if isinstance(frame, protocol.Predict) else _pace.wait(self.user.pk)
        if frame is None:
            return
        if wait:
            self._refuse(frame, "rate_limited", "Too many frames.", retry_after_s=round(wait, 1))
            return
        span = tracing.NOTHING
        if isinstance(frame, protocol.Send | protocol.Regenerate):  # the turn that it begins outlives it
            span = tracing.begin(f"frame {protocol.name_of(frame)}", "server")
        try:
            with tracing.within(span):
                await self._serve(frame)
        except history.NotFound:
            self._refuse(frame, "not_found", "There is no such thing here.")
        except QuotaExceeded as refused:
            self._refuse(frame, refused.code, refused.message, retry_after_s=refused.retry_after_s)
        except Exception:
            # One bad frame must not take the socket, and with it every other answer, down.
            logger.exception("A frame could not be served")
            self._refuse(frame, "internal", INTERNAL)

    def _parse(self, text_data: str | None) -> protocol.ClientFrame | None:
        """The frame; one that cannot be used is answered here."""
        try:
            if text_data is None:
                raise protocol.BadFrame("Frames are JSON text.")
            return protocol.parse(text_data)
        except protocol.BadFrame as error:
            self._put(protocol.Error(code=error.code, message=error.message, **error.echo))
            return None

    async def _serve(self, frame: protocol.ClientFrame) -> None:
        match frame:
            case protocol.Send():
                await self._admit_guest()
                self._accept(frame, await self._ask(frame))
            case protocol.Regenerate():
                await self._admit_guest()
                self._accept(frame, await turn.ask_again(self.runtime, self.user.pk, frame, self.subject))
            case protocol.Stop():
                await turn.stop(self.runtime, self.user.pk, frame.generation_id)
            case protocol.Resume():
                await turn.resume(self.runtime, self.user.pk, frame, self.outbox)
            case protocol.Predict():
                self._predict(frame)
            case protocol.Outcome():
                await predicting.heed(self.user.pk, frame.kinds)
            case protocol.Opened():
                await in_database(records.opened, self.user.pk, frame.conversation_id, frame.won_ms)
            case protocol.Ping():
                self._put(protocol.Pong(id=frame.id))

    def _predict(self, frame: protocol.Predict) -> None:
        """In a task of its own, so that no question waits for it; what is stale is not answered."""
        if self.predicting is not None:
            self.predicting.cancel()
        self.predicting = None
        if not _keys.wait(self.user.pk):
            self.predicting = asyncio.create_task(self._answer_keys(frame), name="predict")

    async def _answer_keys(self, frame: protocol.Predict) -> None:
        threshold, decision = variants.prediction_threshold(self.subject, predicting.THRESHOLD)
        try:
            found = await predicting.predict(
                index_of(self.runtime), self.user.pk, frame.text, frame.conversation_id, threshold
            )
        except Exception:
            logger.exception("Nothing could be predicted")
            found = []
        # Also where nothing is shown: who is counted must not hang on the threshold that is tried.
        self.runtime.exposures.note(decision)
        self._put(protocol.PredictResult(id=frame.id, suggestions=[asdict(one) for one in found]))

    async def _ask(self, frame: protocol.Send) -> opening.Opened:
        if frame.temporary:
            return await turn.ask_temporarily(self.runtime, self.user.pk, frame, self.outbox)
        return await turn.ask(self.runtime, self.user.pk, frame, self.subject)

    async def _admit_guest(self) -> None:
        if self.user.is_guest:
            await guests.admit(self.address, self.plan, self.a_day)

    def _accept(self, frame: protocol.Send | protocol.Regenerate, opened: opening.Opened) -> None:
        self._put(
            protocol.Accepted(
                client_message_id=getattr(frame, "client_message_id", None),
                conversation_id=opened.conversation_id,
                message_id=opened.question_id,
                generation_id=opened.generation_id,
                id=frame.id,
            )
        )

    def _refuse(self, frame: protocol.ClientFrame, code: str, message: str, **more: Any) -> None:
        self._put(
            protocol.Error(
                code=code,
                message=message,
                id=frame.id,
                client_message_id=getattr(frame, "client_message_id", None),
                generation_id=getattr(frame, "generation_id", None),
                **more,
            )
        )

    # --- The socket itself ---

    def _put(self, frame: protocol.ServerFrame) -> None:
        self.outbox.put(protocol.encode(frame))

    async def _send_text(self, text: str) -> None:
        await self.base_send({"type": "websocket.send", "text": text})  # two coroutines less than `send`

    def _user(self) -> dict[str, Any]:
        return {"id": self.user.pk, "name": self.user.display_name, "guest": self.user.is_guest}

    async def _recheck(self) -> None:
        """Close the socket of a session that has ended, should the call to close it have been lost."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            if not await in_database(still_valid, self.scope["session"].session_key, self.user.pk):
                await self.close(CLOSE_REVOKED)
                return
