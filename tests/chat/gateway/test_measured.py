"""What Prometheus is told, under the contract's names."""

import pytest
from prometheus_client import REGISTRY

from chat.gateway import errors
from chat.gateway.events import Started, Text
from chat.gateway.measured import Measured
from tests.chat.gateway.scripted import DONE, Scripted, ask, catalogue, listen, model

START = Started("p", "p/measured", "simple", "why")
LABELS = {"provider": "p", "model": "p/measured"}


def measured(*script) -> Measured:
    return Measured(Scripted(script), catalogue(model("p/measured")))


def reading(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, LABELS | labels) or 0.0


async def test_events_pass_unchanged() -> None:
    script = [START, Text("a"), DONE]
    assert await listen(measured(*script).stream(ask())) == script


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("grump_time_to_first_token_seconds_count", 1),
        ("grump_time_per_output_token_seconds_count", 1),
        ("grump_e2e_request_latency_seconds_count", 1),
        ("grump_request_success_total", 1),
        ("grump_prompt_tokens_total", 10),
        ("grump_generation_tokens_total", 5),
        ("grump_cost_usd_total", 3e-6),
    ],
)
async def test_an_answer_is_counted(name: str, by: float) -> None:
    before = reading(name)
    await listen(measured(START, Text("a"), Text("b"), DONE).stream(ask()))
    assert reading(name) - before == pytest.approx(by)


async def test_a_failure_is_counted_by_its_code() -> None:
    before = reading("grump_request_failure_total", code="provider_unavailable")
    with pytest.raises(errors.Truncated):
        await listen(measured(START, Text("a"), errors.Truncated("x")).stream(ask()))
    assert reading("grump_request_failure_total", code="provider_unavailable") - before == 1


async def test_a_name_that_a_user_typed_never_becomes_a_label() -> None:
    with pytest.raises(errors.UnknownModel):
        await listen(measured(errors.UnknownModel("x")).stream(ask(model="my-secret")))
    samples = [sample for metric in REGISTRY.collect() for sample in metric.samples]
    assert not [sample for sample in samples if "my-secret" in sample.labels.values()]


async def test_who_leaves_early_is_neither_success_nor_failure() -> None:
    before = reading("grump_request_success_total")
    stream = measured(START, Text("a"), DONE).stream(ask())
    await anext(stream)
    await stream.aclose()
    assert reading("grump_request_success_total") == before
