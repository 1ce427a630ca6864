"""Named, scripted providers: real servers on a free port that misbehave exactly as told.

    async with FakeProvider() as provider:      # in process; the fixture `fake_provider` does this
        ... provider.url, provider.ledger ...

    python -m tests.fakes --port 0              # as a process; prints its URL

What happens when is in scenarios.py (chosen by the request's `model`), how it is spelled on the wire in
one file a dialect, and what was really asked and sent in ledger.py.
"""

from tests.fakes.catalogue import write_catalogue
from tests.fakes.ledger import Ledger, Stream
from tests.fakes.scenarios import SCENARIOS
from tests.fakes.script import Ask, Scenario, Usage
from tests.fakes.server import FakeProvider

__all__ = ["SCENARIOS", "Ask", "FakeProvider", "Ledger", "Scenario", "Stream", "Usage", "write_catalogue"]
