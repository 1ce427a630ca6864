"""OpenAI's own clients, of PyPI and of npm, unmodified: whatever they know how to do works here."""

import asyncio
import json
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
import pytest_asyncio

from tests.fakes import SCENARIOS, write_catalogue
from tests.integration.processes import House, Web
from tests.integration.programs import a_key
from tests.integration.provider import ProviderThread

ANSWER = SCENARIOS["fast"].text
MESSAGES = [{"role": "user", "content": "Hello"}]
SCRIPT = Path(__file__).with_name("client.mjs")


@pytest.fixture(scope="module")
def house(provider: ProviderThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    var = tmp_path_factory.mktemp("programs")
    house = House(var, write_catalogue(var / "catalogue.toml", provider.url, embeddings=True))
    yield house
    house.close()


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def web(request: pytest.FixtureRequest, house: House) -> Web:
    return house.start(request.param)


@pytest.fixture(scope="module")
def key(house: House) -> str:
    return a_key(house, "programs")


# --- Python ---------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def client(web: Web, key: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{web.url}/v1", api_key=key, timeout=20) as client:
        yield client


async def test_a_whole_answer_with_its_usage(client):
    said = await client.chat.completions.create(model="mock/fast", messages=MESSAGES)
    assert said.choices[0].message.content == ANSWER
    assert said.choices[0].finish_reason == "stop"
    assert said.usage.total_tokens == said.usage.prompt_tokens + said.usage.completion_tokens


async def test_a_stream_with_its_usage(client):
    options = {"include_usage": True}
    stream = await client.chat.completions.create(
        model="mock/fast", messages=MESSAGES, stream=True, stream_options=options
    )
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == ANSWER
    assert chunks[-1].usage.completion_tokens > 0


async def test_the_clients_own_stream_helper_puts_the_answer_together(client):
    async with client.chat.completions.stream(model="mock/fast", messages=MESSAGES) as stream:
        final = await stream.get_final_completion()
    assert final.choices[0].message.content == ANSWER


async def test_a_stream_that_is_closed_ends_upstream(client, provider):
    stream = await client.chat.completions.create(model="mock/paced-50-long", messages=MESSAGES, stream=True)
    async for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            break
    await stream.close()
    await asyncio.to_thread(provider.until, lambda ledger: not ledger.open)


async def test_vectors(client):
    found = await client.embeddings.create(model="mock/embed", input=["a", "bbb"])
    assert [row.embedding for row in found.data] == [[1, 0.5], [3, 0.5]]
    assert found.usage.total_tokens == 4


async def test_the_list_of_models(client):
    names = [model.id async for model in client.models.list()]
    assert {"auto", "mock/fast", "mock/embed"} <= set(names)
    assert (await client.models.retrieve("mock/fast")).owned_by == "mock"


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("mock/none", openai.NotFoundError),
        ("mock/server-error", openai.InternalServerError),
        ("mock/context-too-long", openai.BadRequestError),
    ],
)
async def test_errors_are_those_the_client_has_a_name_for(client, model, kind):
    with pytest.raises(kind) as raised:
        await client.with_options(max_retries=0).chat.completions.create(model=model, messages=MESSAGES)
    assert raised.value.request_id.startswith("req_")
    assert raised.value.body["message"]


async def test_a_wrong_key_is_an_authentication_error(client):
    with pytest.raises(openai.AuthenticationError):
        await client.with_options(api_key="sk-grump-wrong").models.list()


async def test_a_stream_that_breaks_raises_and_keeps_what_came(client):
    stream = await client.chat.completions.create(model="mock/die-mid-stream", messages=MESSAGES, stream=True)
    came: list[str] = []
    with pytest.raises(openai.APIError):
        await read(stream, came)
    assert came
    assert ANSWER.startswith("".join(came))


async def read(stream: openai.AsyncStream[Any], into: list[str]) -> None:
    async for chunk in stream:
        into.append(chunk.choices[0].delta.content or "")


async def test_what_is_over_the_pace_is_tried_again_by_the_client_itself(house, web):
    secret = a_key(house, uuid.uuid4().hex, requests_per_minute=30)
    asked = []
    async with openai.AsyncOpenAI(base_url=f"{web.url}/v1", api_key=secret, max_retries=5) as client:
        client._client.event_hooks = {"request": [counting(asked)]}
        answers = await asyncio.gather(
            *(client.chat.completions.create(model="mock/fast", messages=MESSAGES) for _ in range(31))
        )
    assert {answer.choices[0].message.content for answer in answers} == {ANSWER}
    assert len(asked) > 31  # one of them at least was told to wait, waited, and was served


def counting(asked: list[str]):
    async def count(request) -> None:
        asked.append(request.url.path)

    return count


async def test_a_used_up_day_is_not_tried_again(house, web):
    secret = a_key(house, uuid.uuid4().hex, requests_per_day=1)
    asked: list[str] = []
    async with openai.AsyncOpenAI(base_url=f"{web.url}/v1", api_key=secret, max_retries=5) as client:
        client._client.event_hooks = {"request": [counting(asked)]}
        await client.chat.completions.create(model="mock/fast", messages=MESSAGES)
        with pytest.raises(openai.RateLimitError) as refused:
            await client.chat.completions.create(model="mock/fast", messages=MESSAGES)
    assert refused.value.code == "insufficient_quota"
    assert len(asked) == 2


# --- JavaScript -----------------------------------------------------------------------------------


async def javascript(web: Web, key: str, case: str, model: str = "mock/fast") -> dict[str, Any]:
    node = shutil.which("node")
    assert node, "the suite brings Node along"
    process = await asyncio.create_subprocess_exec(
        node, str(SCRIPT), web.url, key, case, model, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(said)


async def test_js_a_whole_answer(web, key):
    said = await javascript(web, key, "whole")
    assert said["text"] == ANSWER
    assert said["tokens"] > 0


async def test_js_a_stream(web, key):
    said = await javascript(web, key, "stream")
    assert said["text"] == ANSWER
    assert said["tokens"] > 0


async def test_js_a_stream_that_is_left_ends_upstream(web, key, provider):
    assert await javascript(web, key, "cancel", "mock/paced-50-long") == {"pieces": 2}
    await asyncio.to_thread(provider.until, lambda ledger: not ledger.open)


async def test_js_vectors(web, key):
    said = await javascript(web, key, "embed", "mock/embed")
    assert said == {"vectors": [[1, 0.5], [3, 0.5]], "tokens": 4}


async def test_js_the_list_of_models(web, key):
    said = await javascript(web, key, "models")
    assert {"auto", "mock/fast"} <= set(said["names"])
    assert said["one"] == "mock/fast"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("mock/none", {"kind": "NotFoundError", "status": 404, "code": "model_not_found"}),
        ("mock/bad-request", {"kind": "BadRequestError", "status": 400, "code": "invalid_value"}),
    ],
)
async def test_js_errors(web, key, model, expected):
    assert await javascript(web, key, "fail", model) == expected


async def test_js_a_stream_that_breaks(web, key):
    said = await javascript(web, key, "breaks", "mock/die-mid-stream")
    assert said["kind"] == "APIError"
    assert ANSWER.startswith(said["text"])
