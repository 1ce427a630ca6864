"""manage.py providers [--probe]: which providers can be asked, what the others lack, who answers."""

import asyncio
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.gateway.discovery import Discovery
from chat.gateway.keys import configured, key_of
from chat.gateway.loading import load
from chat.gateway.probing import Probe, Standing, probe, standings
from grump.lib import env


class Command(BaseCommand):
    help = "List the providers of the catalogue and what each lacks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--probe", action="store_true", help="ask each configured provider for one token (this may cost)"
        )

    def handle(self, *args: Any, probe: bool, **options: Any) -> None:
        environ = env.everything()
        catalogue = load(settings.GRUMP_CATALOG, environ)
        models = dict(catalogue.models)
        catalogue = replace(catalogue, models=models)
        asked = [p for p in catalogue.providers.values() if p.discover and configured(p, environ)]
        discovery = Discovery([(provider, key_of(provider, environ)) for provider in asked], models)
        silences = asyncio.run(discovery.look())
        found = standings(catalogue, environ)
        probed = asyncio.run(_probe_all(found, environ)) if probe else {}
        width = max(len(standing.provider.name) for standing in found)
        for standing in found:
            name = standing.provider.name
            self.stdout.write(f"{name:<{width}}  {_state(standing, probed.get(name))}")
            if name in silences:
                self.stdout.write(f"{'':<{width}}  its list of models {silences[name]}")
            for model in sorted(discovery.present):
                if models[model].provider == name:
                    self.stdout.write(f"{'':<{width}}  {model}, found on the server")
        silent = [name for name, answer in probed.items() if answer.error]
        if silent:
            raise CommandError(f"No answer from {', '.join(silent)}.")


async def _probe_all(found: list[Standing], environ: Mapping[str, str]) -> dict[str, Probe]:
    able = [standing for standing in found if not standing.lacks and standing.cheapest]
    answers = await asyncio.gather(*(probe(standing, environ) for standing in able))
    return {standing.provider.name: answer for standing, answer in zip(able, answers, strict=True)}


def _state(standing: Standing, answer: Probe | None) -> str:
    models = f"{standing.models} model{'s' * (standing.models != 1)}"
    if standing.lacks:
        return f"{models}, not configured: {standing.lacks} is not set"
    if answer is None:
        return f"{models}, configured"
    if answer.error:
        return f"{models}, {answer.model} failed: {answer.error.message}"
    return f"{models}, {answer.model} answered after {answer.first_token_s or 0.0:.3f} s"
