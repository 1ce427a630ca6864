import pytest_asyncio
from asgiref.sync import sync_to_async

from tests.chat.api.v1.programs import Program, a_key
from tests.chat.sockets import a_user
from usage.allowance import usual_plan
from usage.models import Membership


@pytest_asyncio.fixture
async def ann(house):
    """Of a plan without limits."""
    user = await a_user()
    plan = await sync_to_async(usual_plan)("unlimited")
    await Membership.objects.acreate(owner=user, plan=plan)
    return user


@pytest_asyncio.fixture
async def program(ann) -> Program:
    _, secret = await a_key(ann)
    return Program(secret)
