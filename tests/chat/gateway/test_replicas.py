"""Several servers as one provider: the least loaded is asked, and one that is not there is passed over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from chat.gateway.catalogue import Price, Provider
from chat.gateway.errors import ConnectFailed, UpstreamFailed
from chat.gateway.events import Text
from chat.gateway.loading import CatalogueError, load
from chat.gateway.replicas import AWAY, Replicas
from chat.gateway.routing import Health, candidates
from chat.gateway.scraping import Scraping, read_load
from chat.gateway.spread import Spread
from tests.chat.gateway.scripted import DONE, Scripted, ask, catalogue, listen, model, text_of

A, B = "http://a:8000/v1", "http://b:8000/v1"

NIM_1 = """
# HELP num_requests_running Number of requests currently running
# TYPE num_requests_running gauge
num_requests_running{model_name="meta/llama"} 7.0
num_requests_waiting{model_name="meta/llama"} 3.0
gpu_cache_usage_perc{model_name="meta/llama"} 0.42
time_to_first_token_seconds_bucket{le="0.001",model_name="meta/llama"} 0.0
"""
VLLM = """
vllm:num_requests_running{engine="0",model_name="m"} 2.0
vllm:num_requests_running{engine="1",model_name="m"} 3.0
vllm:num_requests_waiting{engine="0",model_name="m"} 0.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.1
vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.95
"""


def first(replicas: Replicas) -> str:
    return replicas.in_order()[0].address


def test_the_one_with_less_to_do_is_asked_first():
    replicas = Replicas([A, B])
    replicas.all[0].ours = 2
    assert first(replicas) == B
    replicas.all[1].waiting = 5  # others, too, ask it
    assert first(replicas) == A


def test_equals_take_turns():
    replicas = Replicas([A, B])
    asked = []
    for _ in range(4):
        replica = replicas.in_order()[0]
        replica.asked += 1
        asked.append(replica.address)
    assert asked == [A, B, A, B]


def test_a_full_cache_with_a_queue_counts_more_than_a_short_queue():
    replicas = Replicas([A, B])
    one, other = replicas.all
    one.waiting, one.cache_usage = 1, 0.97
    other.running = 8
    assert first(replicas) == B
    assert not replicas.all_full


def test_who_could_not_be_reached_comes_last_for_a_while():
    now = 0.0
    replicas = Replicas([A, B], clock=lambda: now)
    replicas.note_away(replicas.all[0])
    replicas.all[1].ours = 9
    assert first(replicas) == B
    now = AWAY + 1
    assert first(replicas) == A


@pytest.mark.parametrize(
    ("text", "load"),
    [(NIM_1, (7, 3, 0.42)), (VLLM, (5, 0, 0.95)), ("nonsense{", (0, 0, 0.0)), ("", (0, 0, 0.0))],
)
def test_the_figures_of_both_generations_are_read(text, load):
    assert read_load(text) == load


@pytest.mark.parametrize("value", ["NaN", "-1", "1e300", "+Inf"])
def test_an_absurd_figure_is_left_out(value):
    assert read_load(f"num_requests_waiting {value}\n") == (0, 0, 0.0)


async def test_one_that_is_not_there_is_passed_over_without_a_word():
    replicas = Replicas([A, B])
    ring = Spread(replicas, {A: Scripted([ConnectFailed("gone")]), B: Scripted([Text("Hello"), DONE])})
    assert text_of(await listen(ring.stream(ask()))) == "Hello"
    assert first(replicas) == B
    assert [replica.ours for replica in replicas.all] == [0, 0]


async def test_a_failure_after_the_question_was_sent_is_not_asked_elsewhere():
    other = Scripted([Text("Hello"), DONE])
    ring = Spread(Replicas([A, B]), {A: Scripted([UpstreamFailed("hung up")]), B: other})
    with pytest.raises(UpstreamFailed):
        await listen(ring.stream(ask()))
    assert not other.asked


async def test_where_nobody_is_there_the_last_failure_is_told():
    ring = Spread(Replicas([A, B]), {one: Scripted([ConnectFailed("gone")]) for one in (A, B)})
    with pytest.raises(ConnectFailed):
        await listen(ring.stream(ask()))


# --- Asked over HTTP


@asynccontextmanager
async def server(routes: dict[str, tuple[int, str]]) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        status, text = routes.get(request.path, (404, ""))
        return web.Response(status=status, text=text)

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


async def looked_at(*addresses: str) -> Replicas:
    replicas = Replicas(addresses)
    await Scraping([(Provider("nim", "openai", addresses[0]), "a key", replicas)]).look()
    return replicas


async def test_a_nim_is_asked_below_v1_and_a_vllm_at_its_root():
    nim = {"/v1/metrics": (200, NIM_1), "/v1/health/ready": (200, "{}")}
    vllm = {"/metrics": (200, VLLM), "/health": (200, "")}
    async with server(nim) as one, server(vllm) as other:
        first, second = (await looked_at(one, other)).all
    assert (first.waiting, first.cache_usage, first.ready) == (3, 0.42, True)
    assert (second.running, second.cache_usage, second.ready) == (5, 0.95, True)


async def test_one_that_still_loads_its_model_is_not_ready_nor_is_one_that_is_gone():
    async with server({"/v1/health/ready": (503, "loading")}) as loading:
        replicas = await looked_at(loading, "http://127.0.0.1:9/v1")
    assert [replica.ready for replica in replicas.all] == [False, False]
    assert replicas.none_ready


async def test_one_that_says_nothing_of_itself_is_not_avoided():
    async with server({}) as silent:
        replicas = await looked_at(silent)
    assert not replicas.none_ready


# --- In the catalogue, and in routing


def test_several_addresses_with_commas_between_are_one_provider():
    provider = load("", {"NIM_LOCAL_BASE_URL": f"{A}, {B}"}).providers["nim-local"]
    assert (provider.base_url, provider.replicas) == (A, (B,))
    assert provider.scrape


def test_a_wrong_one_among_them_is_refused():
    with pytest.raises(CatalogueError, match="NIM_LOCAL_BASE_URL"):
        load("", {"NIM_LOCAL_BASE_URL": f"{A},nonsense"})


def test_auto_prefers_a_provider_with_room_of_the_same_tier_at_any_price():
    cheap, dear = model("own/small", price=Price(0, 0)), model("hosted/small", price=Price(1, 1))
    both = catalogue(cheap, dear)
    free = Health(configured=both.providers)
    full = Health(configured=both.providers, full={"own"})
    assert candidates(ask(), both, free)[0].model is cheap
    assert candidates(ask(), both, full)[0].model is dear
