"""Keys for programs that call a web process from outside."""

import json

from tests.integration.processes import House

MAKE = """
import django; django.setup()
import json, sys
from grump.accounts.models import User
from usage import keys
from usage.models import Membership, Plan
name = sys.argv[1]
user = User.objects.create(username=name)
plan = Plan.objects.create(name=name, title="Test", **json.loads(sys.argv[2]))
Membership.objects.create(owner=user, plan=plan)
print(keys.make(user, "test")[1])
"""


def a_key(house: House, name: str, **limits: int) -> str:
    """The secret of a new user's key; of a plan with these limits, and no others."""
    return house.run("-c", MAKE, name, json.dumps(limits)).split()[-1]
