"""Going on with an answer that exists in part (`ChatRequest.prefill`).

A model with the capability "prefill" gets the part as its own last message and goes on in mid-word. Any
other model is asked in words to go on; that is not exact, but it is better than beginning again.
"""

from collections.abc import Sequence

from chat.gateway.catalogue import Model
from chat.gateway.request import ChatMessage, ChatRequest

GO_ON = (
    "Your last message was cut off. Continue it from exactly where it ends: "
    "do not repeat any of it, do not apologise, do not introduce the continuation."
)


def continues(request: ChatRequest, model: Model) -> bool:
    """Whether the request's last message will be the model's own, to be gone on with."""
    return bool(request.prefill) and "prefill" in model.capabilities


def messages_with_prefill(request: ChatRequest, model: Model, *, trim: bool = False) -> Sequence[ChatMessage]:
    """`trim` leaves out the white space at the prefill's end, which some providers refuse; what the model
    repeats of it is `trimmed()`, for the reader's echo."""
    prefill = request.prefill.rstrip() if trim else request.prefill
    if not prefill:
        return request.messages
    partial = ChatMessage("assistant", prefill)
    if continues(request, model):
        return (*request.messages, partial)
    return (*request.messages, partial, ChatMessage("user", GO_ON))


def trimmed(request: ChatRequest) -> str:
    return request.prefill[len(request.prefill.rstrip()) :]


class Echo:
    """Takes from the beginning of an answer what was shown already, however it is cut.

    Some servers begin the answer with the prefill again (llama.cpp in some versions and settings), others
    do not (llama.cpp in others, vLLM, hosted ones), and nothing in their answers says which. So text is
    held back while it might still be the echo: a whole echo is dropped, anything else is let go at once.
    A continuation that honestly begins with a copy of everything before it would lose that copy; no real
    answer of more than a word does.
    """

    __slots__ = ("_shown", "held", "over")

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self.held = ""  # what may be the beginning of an echo
        self.over = False  # decided: nothing more is looked at

    def strip(self, piece: str) -> str:
        text = self.held + piece
        if self._shown.startswith(text) and len(text) < len(self._shown):
            self.held = text
            return ""
        self.held, self.over = "", True
        return text.removeprefix(self._shown)
