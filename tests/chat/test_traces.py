"""From the frame to the provider and to the worker: one trace, with the names that others know."""

import subprocess
import sys

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chat import titles
from grump import celery
from grump.lib import tracing
from grump.operations import tasks_seen
from grump.operations.tracing import OpenTelemetry
from tests.chat.sockets import Tab, a_user
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("mock")


@pytest.fixture
def exported():
    exporter = InMemorySpanExporter()
    tracing.install(OpenTelemetry("tests", 1.0, SimpleSpanProcessor(exporter)))
    yield exporter
    tracing.install(None)


async def ask(model: str) -> None:
    async with Tab(await a_user()) as tab:
        accepted = await tab.ask("What is backpressure?", model)
        await tab.hear_answer(accepted["generation_id"])


async def by_name(exporter, name: str):
    """Every span by its name, once the one of this name has ended."""
    await until(lambda: any(span.name == name for span in exporter.get_finished_spans()))
    return {span.name: span for span in exporter.get_finished_spans()}


async def test_a_turn_is_one_trace_from_the_frame_to_the_provider(exported, house):
    await ask("mock/fast")
    spans = await by_name(exported, "turn")
    frame, turn, call = (spans[name] for name in ("frame chat.send", "turn", "chat mock/fast"))
    assert frame.parent is None
    assert turn.parent.span_id == frame.context.span_id
    assert call.parent.span_id == turn.context.span_id
    assert len({span.context.trace_id for span in spans.values()}) == 1
    assert call.kind.name == "CLIENT"
    told = dict(call.attributes)
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.provider.name"] == "mock"
    assert told["gen_ai.request.model"] == "mock/fast"
    assert told["gen_ai.response.finish_reasons"] == ("stop",)
    assert told["gen_ai.usage.output_tokens"] > 0
    assert turn.attributes["grump.state"] == "complete"


async def test_a_failure_is_named_by_its_code_alone(exported, house):
    await ask("mock/server-error")
    call = (await by_name(exported, "turn"))["chat mock/server-error"]
    assert call.attributes["error.type"]
    assert not call.status.is_ok
    assert not call.status.description
    assert not call.events


async def test_a_task_goes_on_with_the_trace_of_who_published_it(exported, monkeypatch):
    sent = []
    monkeypatch.setattr(celery.app, "send_task", lambda name, args, **how: sent.append(how))
    with tracing.within(tracing.begin("turn")):
        celery.publish("chat.title_conversation", "an id")
    await celery.publisher().settled()
    task = titles.title_conversation
    task.push_request(headers=sent[0]["headers"])
    try:
        tasks_seen.note_begin(task_id="1", task=task)
        tasks_seen.note_end(task_id="1", task=task, state="SUCCESS")
    finally:
        task.pop_request()
    spans = await by_name(exported, "turn")
    run = spans["run chat.title_conversation"]
    assert run.parent.span_id == spans["turn"].context.span_id
    assert run.kind.name == "CONSUMER"


def test_without_an_exporter_the_sdk_is_not_imported():
    program = (
        "import grump.asgi, sys; print([name for name in sys.modules if name[:17] == 'opentelemetry.sdk'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
