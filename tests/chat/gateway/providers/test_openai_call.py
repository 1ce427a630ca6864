"""What the OpenAI dialect sends, and to whom it spells which field how."""

import pytest

from chat.gateway.request import ChatMessage
from tests.chat.gateway.providers.catalogue import PICTURE, TOOL_TALK, TOOLS, ask, body, call, model, provider

AZURE = "https://mine.openai.azure.com/openai/deployments/gpt?api-version=2024-10-21"


def test_it_streams_with_usage_and_a_limit() -> None:
    assert body(ask(temperature=0.5)) == {
        "model": "m-1",
        "messages": [{"role": "user", "content": "hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 512,
        "temperature": 0.5,
    }


def test_it_sends_the_key_and_the_providers_own_headers() -> None:
    sent = call(ask(), at=provider(**{"x-title": "G-Rump"}))
    assert sent.url == "http://127.0.0.1:9100/v1/chat/completions"
    assert sent.headers["authorization"] == "Bearer k"
    assert sent.headers["x-title"] == "G-Rump"
    assert "authorization" not in call(ask(), key="").headers


def test_it_never_asks_for_more_than_the_model_can_write() -> None:
    assert body(ask(max_output=99999))["max_tokens"] == 512
    assert body(ask(max_output=10))["max_tokens"] == 10


def test_it_passes_on_what_v1_sent_but_not_what_the_gateway_decides() -> None:
    extra = {"top_p": 0.3, "tools": TOOLS, "stream": False, "n": 8, "model": "dearer", "max_tokens": 10**6}
    sent = body(ask(extra=extra))
    assert sent["top_p"] == 0.3
    assert sent["tools"] == TOOLS
    assert (sent["stream"], sent["model"], sent["max_tokens"]) == (True, "m-1", 512)
    assert "n" not in sent


def test_it_passes_on_pictures_and_tool_calls() -> None:
    assert body(ask(PICTURE))["messages"][0] == {"role": "user", "content": PICTURE.extra["content"]}
    sent = body(ask(*TOOL_TALK))["messages"]
    assert sent[2]["tool_calls"][0]["id"] == "c1"
    assert sent[3] == {"role": "tool", "content": "rain", "tool_call_id": "c1"}


def test_it_never_sends_who_asks() -> None:
    assert b"somebody" not in call(ask(party="somebody")).body


def test_azure_has_its_version_in_the_query_and_its_key_in_a_header() -> None:
    sent = call(ask(), at=provider(base_url=AZURE))
    path = "https://mine.openai.azure.com/openai/deployments/gpt/chat/completions"
    assert sent.url == f"{path}?api-version=2024-10-21"
    assert sent.headers["api-key"] == "k"
    assert "authorization" not in sent.headers


@pytest.mark.parametrize("base_url", ["https://api.openai.com/v1", AZURE])
def test_openai_itself_wants_another_limit_and_no_temperature_for_thinkers(base_url: str) -> None:
    sent = body(ask(temperature=0.5), of=model("reasoning"), at=provider(base_url=base_url))
    assert sent["max_completion_tokens"] == 512
    assert "max_tokens" not in sent
    assert "temperature" not in sent


def test_mistral_is_not_asked_for_usage() -> None:
    assert "stream_options" not in body(ask(), at=provider(base_url="https://api.mistral.ai/v1"))


def test_a_prefill_is_the_last_message_and_vllm_and_nim_are_told_to_go_on_with_it() -> None:
    sent = body(ask(prefill="One, "), of=model("prefill"), at=provider(name="nim"))
    assert sent["messages"][-1] == {"role": "assistant", "content": "One, "}
    assert sent["continue_final_message"] is True
    assert sent["add_generation_prompt"] is False


def test_openrouter_goes_on_by_itself_and_mistral_by_a_flag() -> None:
    of = model("prefill")
    assert "continue_final_message" not in body(ask(prefill="a"), of=of, at=provider(name="openrouter"))
    for name in ("mistral", "deepseek"):
        sent = body(ask(prefill="a"), of=of, at=provider(name=name))
        assert sent["messages"][-1] == {"role": "assistant", "content": "a", "prefix": True}


def test_a_model_that_cannot_go_on_is_asked_in_words() -> None:
    sent = body(ask(prefill="One, "))
    assert [message["role"] for message in sent["messages"]] == ["user", "assistant", "user"]
    assert "continue_final_message" not in sent


def test_a_request_without_prefill_is_told_nothing_about_it() -> None:
    sent = body(ask(ChatMessage("user", "a"), ChatMessage("assistant", "b")), of=model("prefill"))
    assert "continue_final_message" not in sent
