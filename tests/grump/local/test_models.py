"""The real model servers, with the real weights."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import pytest

from grump.local import minilm
from grump.local.parts import Installation, parts
from grump.local.paths import free_port
from grump.local.supervisor import Supervisor


@asynccontextmanager
async def running(name, installation):
    part = next(part for part in parts(installation) if part.name == name)
    folder = installation.var
    supervisor = Supervisor([part], folder / "logs", folder / "supervisor.json", lambda line: None)
    life = asyncio.create_task(supervisor.run())
    try:
        await asyncio.wait_for(supervisor.wait_up(name), 60)
        yield
    finally:
        supervisor.stop()
        await asyncio.wait_for(life, 10)


@pytest.fixture
def installation(tmp_path):
    return Installation(tmp_path, "127.0.0.1", 8000, chat_port=free_port(), embeddings_port=free_port())


async def test_the_chat_model_streams_an_answer(installation):
    question = {
        "messages": [{"role": "user", "content": "Say hello."}],
        "stream": True,
        "max_tokens": 8,
        "stream_options": {"include_usage": True},
    }
    async with running("model", installation), httpx.AsyncClient(timeout=60) as client:
        url = f"{installation.environment()['LOCAL_BASE_URL']}/chat/completions"
        async with client.stream("POST", url, json=question) as answer:
            lines = [line.removeprefix("data: ") async for line in answer.aiter_lines() if line]
    assert lines[-1] == "[DONE]"
    events = [json.loads(line) for line in lines[:-1]]
    text = "".join(choice["delta"].get("content") or "" for event in events for choice in event["choices"])
    assert text.strip()
    assert events[-1]["usage"]["completion_tokens"] <= 8


async def test_a_paraphrase_is_nearer_than_another_subject(installation):
    minilm.ensure(installation.var / "models")
    texts = ["How do I reset my password?", "I forgot my password, how can I change it?", "Bake a cake"]
    async with running("embeddings", installation), httpx.AsyncClient(timeout=60) as client:
        url = f"{installation.environment()['LOCAL_EMBEDDINGS_BASE_URL']}/embeddings"
        answer = await client.post(url, json={"input": texts, "model": "all-minilm-l6-v2"})
    asked, paraphrase, other = [found["embedding"] for found in answer.json()["data"]]

    def likeness(a, b):
        return sum(x * y for x, y in zip(a, b, strict=True))

    assert len(asked) == 384
    assert likeness(asked, asked) == pytest.approx(1, abs=1e-3)
    # The original float weights say 0.89 and 0.04.
    assert likeness(asked, paraphrase) > 0.8
    assert likeness(asked, other) < 0.2


def test_a_model_is_converted_once(tmp_path):
    first = minilm.ensure(tmp_path)
    before = first.stat()
    assert minilm.ensure(tmp_path) == first
    assert first.stat().st_mtime_ns == before.st_mtime_ns
    assert [path.name for path in tmp_path.iterdir()] == [minilm.FILE_NAME]
