"""Users as a web process knows them from outside: by a key, by a session, and by what the ledger says."""

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
SESSION = """
import django; django.setup()
import sys
from django.conf import settings
from django.test import Client
from grump.accounts.models import User
client = Client()
client.force_login(User.objects.get(username=sys.argv[1]))
name = settings.SESSION_COOKIE_NAME
print(f"{name}={client.cookies[name].value}")
"""
BOOKS = """
import django; django.setup()
import json, sys
from django.db.models import Count
from usage.models import Day, Entry, Hold
day = Day.objects.values("requests", "running", "held_tokens").get(owner__username=sys.argv[1])
kinds = Entry.objects.filter(owner__username=sys.argv[1]).values_list("kind").annotate(Count("pk"))
print(json.dumps(day | {"holds": Hold.objects.filter(owner__username=sys.argv[1]).count()} | dict(kinds)))
"""


def a_key(house: House, name: str, **limits: int) -> str:
    """The secret of a new user's key; of a plan with these limits, and no others."""
    return house.run("-c", MAKE, name, json.dumps(limits)).split()[-1]


def a_session(house: House, name: str) -> str:
    """The cookie of a user that `a_key` made."""
    return house.run("-c", SESSION, name).split()[-1]


def books(house: House, name: str) -> dict[str, int]:
    """The user's day (requests, running, held_tokens), open holds, and entries by kind."""
    return json.loads(house.run("-c", BOOKS, name).splitlines()[-1])
