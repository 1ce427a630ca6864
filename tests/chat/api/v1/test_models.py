"""What a key's owner may ask is listed, and nothing else."""

from tests.chat.api.v1.programs import Program, a_key
from tests.chat.sockets import a_user
from usage.models import Membership, Plan
from usage.models.api_key import Scope


async def test_every_configured_model_and_auto(program):
    answer = await program.get("/v1/models")
    names = [model["id"] for model in answer.json["data"]]
    assert answer.json["object"] == "list"
    assert names[0] == "auto"
    assert "mock/fast" in names
    assert not any(name.startswith("openai/") for name in names)  # nobody gave a key for it


async def test_one_by_its_name(program):
    assert (await program.get("/v1/models/mock/fast")).json["owned_by"] == "mock"
    missing = await program.get("/v1/models/mock/none")
    assert (missing.status, missing.code) == (404, "model_not_found")


async def test_a_plan_of_some_models_lists_those(house):
    user = await a_user()
    plan = await Plan.objects.acreate(name="few", title="Few", allowed_models=["mock/fast"])
    await Membership.objects.acreate(owner=user, plan=plan)
    _, secret = await a_key(user)
    answer = await Program(secret).get("/v1/models")
    assert [model["id"] for model in answer.json["data"]] == ["auto", "mock/fast"]
    refused = await Program(secret).ask("mock/other")
    assert (refused.status, refused.code) == (403, "model_not_allowed")


async def test_not_with_a_key_for_other_things(ann):
    _, secret = await a_key(ann, scopes=[Scope.CHAT])
    assert (await Program(secret).get("/v1/models")).code == "insufficient_scope"
    assert (await Program().get("/v1/models")).status == 401
