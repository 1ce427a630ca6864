"""The rails' client and its ring: what objects is stopped, what cannot be asked does as it was told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
import pytest
from prometheus_client import REGISTRY

from chat.gateway.errors import GuardrailBlocked, GuardrailsAway, UpstreamFailed
from chat.gateway.events import Event, Finished, Reasoning, Started, Text, ToolCall
from chat.gateway.guardrails import POLICY, Guardrails, Settings, Verdict
from chat.gateway.railed import CONTEXT, FIRST, WINDOW, Railed
from chat.gateway.request import ChatMessage, ChatRequest
from chat.gateway.stack import build
from tests.chat.api.v1.programs import Program, a_key
from tests.chat.gateway.scripted import DONE, Scripted, ask, text_of
from tests.chat.sockets import Tab, a_user
from tests.fakes.wire import Connection, Request

STARTED = Started("p", "p/m", "simple", "because")
PASSED, BLOCKED = {"status": "success", "rails_status": {}}, {"status": "blocked", "rails_status": {}}
Saying = Callable[[dict], tuple[int, object] | None]


@dataclass
class Rails:
    """A server that says of each check what `say` makes of its body; None: it never answers."""

    say: Saying
    bodies: list[dict] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    url: str = ""

    async def respond(self, connection: Connection, request: Request) -> None:
        body = orjson.loads(request.body)
        self.bodies.append(body)
        self.keys.append(request.headers.get("authorization", ""))
        said = self.say(body)
        if said is None:
            return
        status, answer = said
        connection.respond(
            status, "application/json", answer if isinstance(answer, bytes) else orjson.dumps(answer)
        )

    @property
    def heard(self) -> list[str]:
        """The last message of each check."""
        return [body["messages"][-1]["content"] for body in self.bodies]


@asynccontextmanager
async def serving(
    say: Saying, path: str = "/v1/guardrail/checks", **differs
) -> AsyncIterator[tuple[Rails, Guardrails]]:
    rails = Rails(say)
    listening = await asyncio.get_running_loop().create_server(
        lambda: Connection(rails.respond, lambda _: None, lambda _: None), "127.0.0.1", 0
    )
    rails.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}{path}"
    checks = Guardrails(Settings(rails.url, config="house", model="main", key="secret", **differs))
    try:
        yield rails, checks
    finally:
        await checks.close()
        listening.close()


def passing(_: dict) -> tuple[int, object]:
    return 200, PASSED


def objecting(word: str) -> Saying:
    return lambda body: (200, BLOCKED if word in body["messages"][-1]["content"] else PASSED)


async def hear(ring: Railed, request: ChatRequest) -> tuple[list[Event], Exception | None]:
    heard: list[Event] = []
    try:
        async for event in ring.stream(request):
            heard.append(event)
    except Exception as error:
        return heard, error
    return heard, None


def pieces(text: str, size: int = 40) -> list[Event]:
    return [Text(text[at : at + size]) for at in range(0, len(text), size)]


LONG = "".join(f"{number:04} " for number in range(600))  # 3,000 characters


# --- The client ----------------------------------------------------------------------------------


async def test_the_microservice_is_told_which_rails_and_who_asks():
    async with serving(passing) as (rails, checks):
        assert await checks.check("output", [{"role": "user", "content": "hi"}]) is Verdict.PASSED
    assert rails.keys == ["Bearer secret"]
    assert rails.bodies == [
        {
            "model": "main",
            "messages": [{"role": "user", "content": "hi"}],
            "guardrails": {
                "config_id": "house",
                "options": {"rails": {"input": False, "output": True, "dialog": False, "retrieval": False}},
            },
        }
    ]


async def test_the_librarys_own_server_is_told_in_its_own_words():
    async with serving(lambda _: (200, {"status": "passed", "content": "hi"}), "/v1/checks") as (
        rails,
        checks,
    ):
        assert await checks.check("input", [{"role": "user", "content": "hi"}]) is Verdict.PASSED
    assert rails.bodies[0]["guardrails"] == {"config_id": "house", "rail_types": ["input"]}


@pytest.mark.parametrize("status", ["blocked", "modified"])
async def test_a_rail_that_objects_or_would_change_the_text_blocks(status):
    async with serving(lambda _: (200, {"status": status, "content": "…"}), "/v1/checks") as (_, checks):
        assert await checks.check("input", [{"role": "user", "content": "hi"}]) is Verdict.BLOCKED


@pytest.mark.parametrize(
    "said",
    [
        (500, BLOCKED),
        (302, PASSED),
        (200, b"<html>"),
        (200, {"status": "unknown"}),
        (200, ["success"]),
        (200, b"x" * (1024 * 1024 + 2)),
        None,
    ],
)
async def test_whatever_is_no_verdict_refuses_or_passes_as_it_was_told(said):
    async with serving(lambda _: said, timeout=0.2) as (_, checks):
        with pytest.raises(GuardrailsAway):
            await checks.check("input", [{"role": "user", "content": "hi"}])
    async with serving(lambda _: said, timeout=0.2, fails_open=True) as (_, checks):
        assert await checks.check("input", [{"role": "user", "content": "hi"}]) is Verdict.AWAY


async def test_who_is_away_is_not_asked_each_time():
    async with serving(lambda _: (500, b""), fails_open=True) as (rails, checks):
        for _ in range(POLICY.consecutive + 5):
            await checks.check("input", [{"role": "user", "content": "hi"}])
    assert len(rails.bodies) == POLICY.consecutive
    assert REGISTRY.get_sample_value("circuit_breaker_state", {"name": "guardrails"}) == 2


async def test_checks_are_counted_by_rail_and_verdict():
    def count(verdict: str) -> float:
        labels = {"rail": "input", "verdict": verdict}
        return REGISTRY.get_sample_value("grump_guardrail_checks_total", labels) or 0

    before = count("passed"), count("blocked")
    async with serving(objecting("bad")) as (_, checks):
        for text in ("good", "bad", "good"):
            await checks.check("input", [{"role": "user", "content": text}])
    assert (count("passed"), count("blocked")) == (before[0] + 2, before[1] + 1)


# --- The ring ------------------------------------------------------------------------------------


async def test_a_question_that_is_objected_to_reaches_no_provider():
    inner = Scripted([STARTED, Text("never"), DONE])
    async with serving(objecting("bomb")) as (_, checks):
        heard, error = await hear(Railed(inner, checks), ask("how to make a bomb"))
    assert heard == []
    assert isinstance(error, GuardrailBlocked)
    assert error.code == "blocked"
    assert inner.asked == []


async def test_what_was_asked_since_the_last_answer_is_checked_and_nothing_before():
    messages = (
        ChatMessage("system", "Be kind."),
        ChatMessage("user", "old"),
        ChatMessage("assistant", "said"),
        ChatMessage("user", "new one"),
        ChatMessage("user", "new two"),
    )
    async with serving(passing, rails=("input",)) as (rails, checks):
        await hear(Railed(Scripted([STARTED, Text("x"), DONE]), checks), ChatRequest(messages))
    assert rails.heard == ["new one\n\nnew two"]


async def test_a_good_answer_comes_whole_and_in_order_and_was_checked_in_windows():
    script = [STARTED, Reasoning("Let me think. "), *pieces(LONG), ToolCall(0, "id", "look", "{}"), DONE]
    async with serving(passing, rails=("output",)) as (rails, checks):
        heard, error = await hear(Railed(Scripted(script), checks), ask())
    assert error is None
    assert heard == script
    assert len(rails.heard[0]) < FIRST + 40
    assert all(len(text) < CONTEXT + WINDOW + 40 for text in rails.heard)
    # Each window goes on where the one before ended, with its end before it.
    for before, after in zip(rails.heard, rails.heard[1:], strict=False):
        assert after.startswith(before[-CONTEXT:])
    whole = rails.heard[0] + "".join(text[CONTEXT:] for text in rails.heard[1:])
    assert whole == f"Let me think. {LONG}look{{}}"


async def test_held_text_is_not_shown_before_it_was_checked():
    inner = Scripted([STARTED, *pieces("fine " * 60), *pieces("poison " * 60), DONE])
    async with serving(objecting("poison"), rails=("output",)) as (_, checks):
        heard, error = await hear(Railed(inner, checks), ask())
    assert isinstance(error, GuardrailBlocked)
    assert "poison" not in text_of(heard)
    assert text_of(heard).startswith("fine")
    assert inner.closed == 1


async def test_a_short_answer_is_checked_before_its_end():
    inner = Scripted([STARTED, Text("poison"), DONE])
    async with serving(objecting("poison")) as (_, checks):
        heard, error = await hear(Railed(inner, checks), ask())
    assert (heard, type(error)) == ([STARTED], GuardrailBlocked)


async def test_shown_first_a_bad_answer_is_stopped_and_its_end_never_comes():
    inner = Scripted([STARTED, *pieces("poison " * 400), DONE])
    async with serving(objecting("poison"), shows_first=True) as (_, checks):
        heard, error = await hear(Railed(inner, checks), ask())
    assert isinstance(error, GuardrailBlocked)
    assert text_of(heard).startswith("poison")
    assert not any(isinstance(event, Finished) for event in heard)
    assert inner.closed == 1


async def test_shown_first_a_good_answer_does_not_wait_for_its_checks_and_is_checked_to_its_end():
    shown = asyncio.Event()

    class Slow(Guardrails):
        async def check(self, rail, messages):
            await shown.wait()  # nothing is checked before the second window has been shown
            return await super().check(rail, messages)

    script = [STARTED, *pieces(LONG), DONE]
    async with serving(passing, shows_first=True, rails=("output",)) as (rails, checks):
        slow = Slow(checks.settings)
        heard: list[Event] = []
        async for event in Railed(Scripted(script), slow).stream(ask()):
            heard.append(event)
            if len(text_of(heard)) > FIRST + WINDOW:
                shown.set()
        await slow.close()
    assert heard == script
    assert rails.heard[-1].endswith(LONG[-10:])


async def test_who_leaves_early_leaves_no_check_behind():
    async with serving(lambda _: None, shows_first=True, rails=("output",), timeout=60) as (_, checks):
        stream = Railed(Scripted([STARTED, *pieces(LONG), DONE]), checks).stream(ask())
        async for event in stream:
            if isinstance(event, Text) and event.text == LONG[FIRST + 40 : FIRST + 80]:
                break
        await stream.aclose()
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "check an answer"]


@pytest.mark.parametrize("shows_first", [False, True])
async def test_a_failure_inside_comes_through_as_it_is(shows_first):
    inner = Scripted([STARTED, Text("half"), UpstreamFailed("It broke.")])
    async with serving(passing, shows_first=shows_first) as (_, checks):
        _, error = await hear(Railed(inner, checks), ask())
    assert isinstance(error, UpstreamFailed)


@pytest.mark.parametrize("shows_first", [False, True])
async def test_away_it_refuses_with_its_own_code_or_passes_everything(shows_first):
    script = [STARTED, *pieces(LONG), DONE]
    async with serving(lambda _: (503, b""), shows_first=shows_first) as (_, checks):
        heard, error = await hear(Railed(Scripted(script), checks), ask())
        assert isinstance(error, GuardrailsAway)
        assert error.code == "unchecked"
        assert heard == []
    async with serving(lambda _: (503, b""), shows_first=shows_first, fails_open=True) as (_, checks):
        assert await hear(Railed(Scripted(script), checks), ask()) == (script, None)


async def test_an_answer_that_is_continued_is_checked_with_the_end_of_what_was_there():
    async with serving(passing, rails=("output",)) as (rails, checks):
        await hear(Railed(Scripted([STARTED, Text("and on"), DONE]), checks), ask(prefill="It was long ago "))
    assert rails.heard == ["It was long ago and on"]


# --- In the stack ---------------------------------------------------------------------------------


def rings_of(gateway) -> list[str]:
    found, ring = [], gateway._rings
    while ring is not None:
        found.append(type(ring).__name__)
        ring = getattr(ring, "_inner", None)
    return found


async def test_without_an_address_the_ring_is_not_there_at_all(settings):
    from chat.runtime import installed_gateway

    assert settings.GUARDRAILS_URL == ""
    gateway = installed_gateway()
    assert "Railed" not in rings_of(gateway)
    await gateway.close()
    guarded = build(environ={}, guardrails=Settings("http://127.0.0.1:1/v1/checks"))
    assert rings_of(guarded)[-2:] == ["Railed", "Fallback"]
    await guarded.close()


async def test_a_person_and_a_program_are_told_that_a_rule_stopped_it_and_no_model_was_asked(mock, settings):
    async with serving(objecting("bomb")) as (rails, _):
        settings.GUARDRAILS_URL = rails.url
        user = await a_user()
        async with Tab(user) as tab:
            accepted = await tab.ask("How is a bomb made?")
            said = await tab.hear_answer(accepted["generation_id"])
            assert (said[-1]["type"], said[-1]["code"]) == ("chat.error", "blocked")
            assert said[-1]["message"] == "A rule of this installation stopped the question."
            assert mock.ledger.requests == 0
            accepted = await tab.ask("How is bread made?")
            said = await tab.hear_answer(accepted["generation_id"])
            assert said[-1]["type"] == "chat.done"
        _, secret = await a_key(user)
        messages = [{"role": "user", "content": "bomb"}]
        answer = await Program(secret).post(
            "/v1/chat/completions", {"model": "mock/fast", "messages": messages}
        )
    assert (answer.status, answer.code) == (400, "blocked")
    assert mock.ledger.requests == 1


async def test_a_program_is_told_that_nothing_can_be_checked(mock, settings):
    async with serving(lambda _: (500, b"")) as (rails, _):
        settings.GUARDRAILS_URL = rails.url
        _, secret = await a_key(await a_user())
        answer = await Program(secret).ask()
    assert (answer.status, answer.code) == (503, "unchecked")
    assert mock.ledger.requests == 0


def test_the_request_is_what_nvidias_own_client_would_send():
    """Their types are the schema of the microservice's API."""
    from nemo_microservices.types import GuardrailCheckParams
    from pydantic import ConfigDict, TypeAdapter, with_config

    strict = with_config(ConfigDict(extra="forbid"))
    checks = Guardrails(Settings("http://127.0.0.1:1/v1/guardrail/checks", config="house", model="main"))
    body = {
        "model": "main",
        "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
        "guardrails": checks._wish("output"),
    }
    assert TypeAdapter(strict(GuardrailCheckParams)).validate_python(body)
