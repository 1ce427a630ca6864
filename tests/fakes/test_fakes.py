"""The fakes do what their names say, byte for byte, and their books are right."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from tests.fakes import SCENARIOS, Ask, FakeProvider
from tests.fakes.scenarios import ANSWER, RETRY_AFTER_SECONDS, SLOW_SECONDS
from tests.fakes.words import WIDTH, answer_to

HALF = "".join(ANSWER[:12])
WHOLE = "".join(ANSWER)


class Answer:
    """What a plain client makes of a stream."""

    def __init__(self, status: int, headers: dict[str, str], raw: bytes, broke: bool) -> None:
        self.status, self.headers, self.raw, self.broke = status, headers, raw, broke
        lines = [line[6:] for line in raw.split(b"\n") if line.startswith(b"data: ")]
        self.ended = lines[-1:] == [b"[DONE]"]
        self.events = [
            json.loads(line) for line in lines if line not in (b"[DONE]", b'{"choices": [{"delta": {"cont')
        ]

    def joined(self, field: str) -> str:
        choices = [choice for event in self.events for choice in event.get("choices", ())]
        return "".join(choice["delta"].get(field) or "" for choice in choices)

    @property
    def text(self) -> str:
        return self.joined("content")

    @property
    def usage(self) -> dict | None:
        return next((event["usage"] for event in self.events if event.get("usage")), None)

    @property
    def finish_reason(self) -> str | None:
        choices = [choice for event in self.events for choice in event.get("choices", ())]
        return next((choice["finish_reason"] for choice in choices if choice["finish_reason"]), None)


@pytest_asyncio.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def question(model: str, prompt: str = "", **more: object) -> dict:
    messages = [{"role": "user", "content": prompt}]
    options = {"stream": True, "stream_options": {"include_usage": True}}
    return {"model": model, "messages": messages, **options, **more}


async def ask(
    client: aiohttp.ClientSession, provider: FakeProvider, model: str, prompt: str = "", **more: object
) -> Answer:
    raw = bytearray()
    async with client.post(
        f"{provider.url}/chat/completions", json=question(model, prompt, **more)
    ) as response:
        broke = False
        try:
            async for data in response.content.iter_any():
                raw += data
        except aiohttp.ClientPayloadError:
            broke = True
        return Answer(response.status, dict(response.headers), bytes(raw), broke)


COMPLETE = [
    "fast", "other", "prompted", "reasoning", "long", "slow-first-token", "comments-first", "split-utf8",
    "length", "content-filter",
]  # fmt: skip


@pytest.mark.parametrize("model", COMPLETE)
async def test_a_complete_answer_is_its_scenarios_text_and_usage(client, fake_provider, model):
    answer = await ask(client, fake_provider, model)
    scenario = SCENARIOS[model]
    assert answer.text == scenario.text
    assert answer.joined("reasoning_content") == scenario.reasoning
    assert answer.usage["completion_tokens"] == scenario.usage.completion_tokens
    assert answer.usage["prompt_tokens"] == scenario.usage.prompt_tokens
    assert answer.ended
    assert not answer.broke


@pytest.mark.parametrize("model", COMPLETE)
async def test_the_ledger_counts_the_tokens_of_a_complete_answer(client, fake_provider, model):
    await ask(client, fake_provider, model)
    [stream] = fake_provider.ledger.streams
    assert stream.outcome == "complete"
    assert stream.tokens == SCENARIOS[model].usage.completion_tokens


async def test_two_requests_get_the_same_bytes(client, fake_provider):
    first = await ask(client, fake_provider, "fast")
    second = await ask(client, fake_provider, "fast")
    assert first.raw == second.raw


async def test_every_word_has_the_same_width():
    assert {len(word) for word in answer_to("anything", 500)} == {WIDTH}


async def test_reasoning_tokens_are_contained_in_the_completion(client, fake_provider):
    usage = (await ask(client, fake_provider, "reasoning")).usage
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 8
    assert usage["completion_tokens"] == 8 + len(ANSWER)


async def test_it_echoes_the_last_user_message(client, fake_provider):
    assert (await ask(client, fake_provider, "echo", "Grüße\nund Küsse")).text == "Grüße\nund Küsse"


async def test_it_tells_usage_only_when_asked(client, fake_provider):
    assert (await ask(client, fake_provider, "fast", stream_options={})).usage is None
    assert (await ask(client, fake_provider, "usage-missing")).usage is None


async def test_it_answers_in_one_piece_where_no_stream_is_asked_for(client, fake_provider):
    async with client.post(
        f"{fake_provider.url}/chat/completions", json=question("reasoning", stream=False)
    ) as got:
        body = await got.json()
    assert body["choices"][0]["message"]["content"] == WHOLE
    assert body["usage"]["completion_tokens"] == 32


async def test_it_continues_a_prefilled_answer(client, fake_provider):
    messages = [{"role": "user", "content": ""}, {"role": "assistant", "content": HALF[:20]}]
    answer = await ask(client, fake_provider, "other", messages=messages, continue_final_message=True)
    assert HALF[:20] + answer.text == WHOLE


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("server-error", 500, None),
        ("rate-limited", 429, "rate_limit_exceeded"),
        ("bad-key", 401, "invalid_api_key"),
        ("bad-request", 400, "unknown_parameter"),
        ("context-too-long", 400, "context_length_exceeded"),
        ("content-refused", 400, "content_filter"),
        ("no-such-model", 404, "model_not_found"),
    ],
)
async def test_a_refusal_is_a_status_and_an_error_body(client, fake_provider, model, status, code):
    answer = await ask(client, fake_provider, model)
    assert answer.status == status
    assert json.loads(answer.raw)["error"]["code"] == code
    assert [stream.outcome for stream in fake_provider.ledger.streams] == ["broken"]


async def test_a_rate_limit_says_how_long_to_wait(client, fake_provider):
    answer = await ask(client, fake_provider, "rate-limited")
    assert answer.headers["Retry-After"] == str(RETRY_AFTER_SECONDS)


async def test_a_refused_connection_has_no_answer(client, fake_provider):
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await ask(client, fake_provider, "refuse")


async def test_a_closed_port_refuses(client, closed_port):
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.get(f"http://127.0.0.1:{closed_port}/")


async def test_it_fails_and_then_works(client, fake_provider):
    answers = [await ask(client, fake_provider, "fails-then-works") for _ in range(3)]
    assert [answer.status for answer in answers] == [503, 503, 200]
    fake_provider.forget()
    assert (await ask(client, fake_provider, "fails-then-works")).status == 503


async def test_it_dies_in_mid_stream(client, fake_provider):
    answer = await ask(client, fake_provider, "die-mid-stream")
    assert answer.broke
    assert answer.text == HALF
    assert fake_provider.ledger.streams[0].outcome == "broken"


@pytest.mark.parametrize("model", ["no-terminator", "mid-stream-error"])
async def test_an_http_body_may_end_well_though_the_answer_does_not(client, fake_provider, model):
    answer = await ask(client, fake_provider, model)
    assert not answer.broke
    assert not answer.ended
    assert answer.finish_reason is None
    assert answer.text == HALF
    assert ("error" in answer.events[-1]) is (model == "mid-stream-error")


async def test_an_error_may_come_first_and_with_status_200(client, fake_provider):
    answer = await ask(client, fake_provider, "error-first")
    assert answer.status == 200
    assert "error" in answer.events[0]


async def test_a_garbage_line_stands_in_the_middle(client, fake_provider):
    answer = await ask(client, fake_provider, "garbage-line")
    assert b'{"cont\n\n' in answer.raw
    assert answer.text == HALF


async def test_bytes_are_torn_apart(fake_provider):
    """Read as raw HTTP: every chunk of the body is one byte."""
    reader, writer = await asyncio.open_connection("127.0.0.1", fake_provider.port)
    body = json.dumps(question("split-utf8")).encode()
    writer.write(
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    await reader.readuntil(b"\r\n\r\n")
    sizes = set()
    while size := int(await reader.readline(), 16):
        sizes.add(size)
        await reader.readexactly(size + 2)
    writer.close()
    await writer.wait_closed()
    assert sizes == {1}


@pytest.mark.parametrize(
    "model", ["hang", "comments-only", "role-then-hang", "stall-mid-stream", "paced-50-long"]
)
async def test_the_ledger_knows_who_left_early(client, fake_provider, model):
    asking = asyncio.create_task(ask(client, fake_provider, model))
    await fake_provider.ledger.until(lambda ledger: len(ledger.open) == 1)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await fake_provider.ledger.until(lambda ledger: not ledger.open and not ledger.connections_open)
    assert [stream.scenario for stream in fake_provider.ledger.left] == [model]


async def test_a_stall_comes_after_half_of_the_answer(client, fake_provider):
    asking = asyncio.create_task(ask(client, fake_provider, "stall-mid-stream"))
    await fake_provider.ledger.until(lambda ledger: ledger.tokens == len(ANSWER) // 2)
    assert not asking.done()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def test_a_slow_first_token_is_slow(client, fake_provider):
    await ask(client, fake_provider, "slow-first-token")
    [stream] = fake_provider.ledger.streams
    assert stream.ended - stream.started >= SLOW_SECONDS


async def test_paced_tokens_keep_their_schedule(client, fake_provider):
    answer = await ask(client, fake_provider, "markdown")
    [stream] = fake_provider.ledger.streams
    assert answer.text == SCENARIOS["markdown"].text
    assert stream.ended - stream.started >= (stream.tokens - 1) / 200


def test_chaos_is_a_fifth_of_the_requests_and_can_be_repeated():
    chaos, calm = SCENARIOS["chaos"], SCENARIOS["prompted"]
    asks = [Ask(prompt=f"question {number}") for number in range(1_000)]
    scripts = [chaos.steps(ask) for ask in asks]
    assert scripts == [chaos.steps(ask) for ask in asks]
    faulty = sum(script != calm.steps(ask) for script, ask in zip(scripts, asks, strict=True))
    assert 150 <= faulty <= 250


async def test_the_books_can_be_read_over_http(client, fake_provider):
    await ask(client, fake_provider, "fast", "a question")
    async with client.get(f"http://127.0.0.1:{fake_provider.port}/_ledger") as response:
        books = await response.json()
    assert books["requests"] == 1
    assert books["tokens"] == len(ANSWER)
    assert books["streams"][0]["prompt"] == "a question"
    assert "headers" not in books["streams"][0]


async def test_it_lists_its_models(client, fake_provider):
    async with client.get(f"{fake_provider.url}/models") as response:
        listed = [model["id"] for model in (await response.json())["data"]]
    assert listed == list(SCENARIOS)
