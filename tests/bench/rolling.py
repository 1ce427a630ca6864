"""python -m tests.bench rolling: every process of a fleet is replaced under hundreds of live streams.

Two web processes on one port, PostgreSQL, a worker; each stream is a tab of a guest of its own that moves to
another process when it is told to, as the page does.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import orjson


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench rolling", description=__doc__)
    parser.add_argument("--streams", type=int, default=300)
    parser.add_argument("--seconds", type=int, default=40, help="that each answer takes")
    parser.add_argument("--rate", type=int, default=5, help="tokens a second of each answer")
    parser.add_argument("--server", choices=["daphne", "uvicorn"], default="daphne")
    options = parser.parse_args(arguments)
    from tests import environment  # noqa: F401  # a Valkey of its own; before Django's settings are read

    sys.stdout.write(orjson.dumps(asyncio.run(measure(options)), option=orjson.OPT_INDENT_2).decode() + "\n")


async def measure(options: argparse.Namespace) -> dict[str, object]:
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grump.settings")
    import django

    django.setup()
    from tests.fakes import write_catalogue
    from tests.fakes.script import Ask, Finish, Paced, Role, Scenario, Steps
    from tests.fakes.words import tokens
    from tests.fleet.tabs import MovingTab, troubles
    from tests.grump.local.stand_ins import until
    from tests.integration.processes import Fleet, House, free_port
    from tests.integration.provider import ProviderThread
    from tests.integration.tab import a_guest

    def script(ask: Ask) -> Steps:
        return [Role(), Paced(tokens(options.rate * options.seconds), options.rate), Finish()]

    answer = Scenario("steady", "Paced.", script)
    with tempfile.TemporaryDirectory() as folder, ProviderThread({"steady": answer}) as provider:
        var = Path(folder)
        catalogue = write_catalogue(var / "catalogue.toml", provider.url, ["steady"])
        house = House(var, catalogue, {"GUESTS_PER_ADDRESS": "1000000"}, database=False)
        fleet = Fleet(house, options.server, free_port(), GRUMP_WORKERS="1", DRAIN_SECONDS="60")
        try:
            fleet.wait_until_it_answers()
            guests = await asyncio.to_thread(lambda: [a_guest(fleet) for _ in range(options.streams)])
            tabs = [MovingTab(fleet, guest) for guest in guests]
            async with asyncio.TaskGroup() as group:
                for tab in tabs:
                    group.create_task(tab.ask_and_hear("mock/steady"))
                await until(lambda: all(len(tab.heard) > 3 for tab in tabs), 60)
                began = time.monotonic()
                fleet.restart()
                await until(fleet.restarted, 120)
                took = time.monotonic() - began
                live = sum(not tab.ended for tab in tabs)
            gaps = [tab.longest_gap for tab in tabs]
            for tab in tabs:
                await tab.close()
            return {
                "server": options.server,
                "streams": options.streams,
                "complete and byte-equal": sum(tab.text == answer.text for tab in tabs),
                "errors shown": dict(troubles(tabs)),
                "asked of the provider": provider.ledger.requests,
                "moved in mid-answer": sum(tab.moved_in_mid_answer > 0 for tab in tabs),
                "moves in all": sum(tab.moves for tab in tabs),
                "live when all was replaced": live,
                "seconds until all was replaced": round(took, 1),
                "longest silence of a tab (s), median": round(statistics.median(gaps), 2),
                "longest silence of a tab (s), worst": round(max(gaps), 2),
            }
        finally:
            fleet.terminate()
            house.close()
