"""Texts become vectors under the same key, limits and ledger as answers."""

import base64
from array import array

import pytest
import pytest_asyncio

from chat.gateway.embedding import MOST_TEXTS
from grump.accounts.models import User
from tests.chat.api.v1.programs import Program, a_key
from tests.chat.sockets import a_user
from tests.fakes import write_catalogue
from usage.models import Entry, Hold, Membership, Plan
from usage.models.api_key import Scope


@pytest_asyncio.fixture
async def program(mock, settings, tmp_path) -> Program:
    settings.GRUMP_CATALOG = str(
        write_catalogue(tmp_path / "embeds.toml", mock.url, ["fast"], embeddings=True)
    )
    _, secret = await a_key(await a_user("ann"))
    return Program(secret)


async def embed(program, input_="four", **fields):
    return await program.post("/v1/embeddings", {"model": "mock/embed", "input": input_, **fields})


async def test_each_text_has_its_vector_in_order(program):
    answer = await embed(program, ["a", "bbb"])
    assert [row["embedding"] for row in answer.json["data"]] == [[1, 0.5], [3, 0.5]]
    assert [row["index"] for row in answer.json["data"]] == [0, 1]
    assert answer.json["usage"] == {"prompt_tokens": 4, "total_tokens": 4}


async def test_packed_as_openais_clients_ask_for_it(program):
    answer = await embed(program, encoding_format="base64")
    packed = base64.b64decode(answer.json["data"][0]["embedding"])
    assert list(array("f", packed)) == [4, 0.5]


async def test_it_is_paid(program):
    answer = await embed(program)
    entry = await Entry.objects.aget()
    assert (entry.source, entry.input_tokens, entry.cost_microusd, entry.model) == ("api", 4, 8, "mock/embed")
    assert answer.headers["x-grump-cost-usd"] == "0.000008"
    assert not await Hold.objects.aexists()


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": ["a", ""]}, "input"),
        ({"input": [1, 2]}, "input"),
        ({"input": ["a"] * (MOST_TEXTS + 1)}, "input"),
        ({"encoding_format": "int8"}, "encoding_format"),
        ({"dimensions": 2}, "dimensions"),
        ({"model": ""}, "model"),
        ({"model": "mock/fast"}, "model"),
    ],
)
async def test_what_is_wrong_is_named_and_costs_nothing(program, fields, param):
    answer = await embed(program, **{"input_": fields.pop("input", "four"), **fields})
    assert answer.status in (400, 404)
    assert answer.json["error"]["param"] == param
    assert not await Entry.objects.aexists()


async def test_limits_hold_here_too(program):
    plan = await Plan.objects.acreate(name="one", title="One", requests_per_day=1)
    await Membership.objects.acreate(owner=(await a_user_named("ann")), plan=plan)
    assert (await embed(program)).headers["x-ratelimit-remaining-requests"] == "0"
    assert (await embed(program)).code == "insufficient_quota"


async def a_user_named(name: str):
    return await User.objects.aget(username=name)


async def test_not_with_a_key_for_other_things(program):
    _, secret = await a_key(await a_user_named("ann"), scopes=[Scope.CHAT])
    assert (await embed(Program(secret))).code == "insufficient_scope"
