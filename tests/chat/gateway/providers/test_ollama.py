"""The Ollama dialect, both ways."""

from chat.gateway.errors import Truncated, UpstreamFailed
from chat.gateway.events import Finished, Reasoning, Text, ToolCall, Usage
from chat.gateway.providers.ollama import Ollama
from tests.chat.gateway.providers.catalogue import PICTURE, PNG, TOOL_TALK, TOOLS, ask, body, call, model
from tests.chat.gateway.providers.streams import QUESTION, answer, ndjson


def piece(content: str = "", **more: object) -> dict:
    return {"message": {"role": "assistant", "content": content, **more}, "done": False}


def done(reason: str = "stop", **counts: int) -> dict:
    return {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": reason, **counts}


def said(*lines: dict):
    return answer("ollama", [ndjson(*lines)])


def failure_of(*lines: dict):
    reader = Ollama().reader(QUESTION)
    reader.feed(ndjson(*lines))
    reader.end()
    return reader.failure


def test_thinking_text_and_counts() -> None:
    found = said(piece(thinking="hm"), piece("a"), piece("b"), done(prompt_eval_count=5, eval_count=9))
    assert found.events == (Reasoning("hm"), Text("ab"), Finished("stop", Usage(5, 9)))


def test_a_prompt_still_in_memory_is_not_counted_by_ollama() -> None:
    assert said(done(eval_count=9)).finished == Finished("stop", Usage(0, 9, estimated=True))
    assert said(done()).finished == Finished("stop", Usage(estimated=True))


def test_length_and_tool_calls() -> None:
    assert said(done("length", eval_count=1, prompt_eval_count=1)).finished == Finished("length", Usage(1, 1))
    found = said(piece(tool_calls=[{"function": {"name": "weather", "arguments": {"city": "Oslo"}}}]), done())
    call = ToolCall(0, "call_0", "weather", '{"city":"Oslo"}')
    assert found.events == (call, Finished("tool_calls", Usage(estimated=True)))


def test_an_error_in_mid_stream_ends_it_without_done() -> None:
    assert isinstance(
        failure_of(piece("a"), {"error": "llama runner process has terminated"}), UpstreamFailed
    )


def test_without_done_it_was_cut_off() -> None:
    assert isinstance(failure_of(piece("a")), Truncated)


def test_the_call_asks_for_the_whole_window() -> None:
    request = ask(temperature=0.5, max_output=10, extra={"top_p": 0.9, "stop": "END", "tools": TOOLS})
    sent = call(request, "ollama", key="")
    assert sent.url == "http://127.0.0.1:11434/api/chat"
    assert "authorization" not in sent.headers
    options = {"num_ctx": 8192, "num_predict": 10, "temperature": 0.5, "top_p": 0.9, "stop": ["END"]}
    assert body(request, "ollama") == {
        "model": "m-1",
        "messages": [{"role": "user", "content": "hello"}],
        "stream": True,
        "options": options,
        "tools": TOOLS,
    }


def test_pictures_and_tool_calls_are_translated() -> None:
    assert body(ask(PICTURE), "ollama")["messages"][0] == {
        "role": "user",
        "content": "what is this?",
        "images": [PNG],
    }
    sent = body(ask(*TOOL_TALK), "ollama")["messages"]
    assert sent[2]["tool_calls"] == [{"function": {"name": "weather", "arguments": {"city": "Oslo"}}}]
    assert sent[3] == {"role": "tool", "content": "rain"}


def test_a_prefill_is_the_last_message() -> None:
    sent = body(ask(prefill="One, "), "ollama", of=model("prefill"))
    assert sent["messages"][-1] == {"role": "assistant", "content": "One, "}
