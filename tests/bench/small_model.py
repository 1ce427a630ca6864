"""Follow-ups and summaries by the model that `make run` starts: `python -m tests.bench small-model`.

Everything is real: llama.cpp with the embedded model, the gateway, the prompts, what reads the answers. What
was said and what was made of it is printed, to be read;
at the end, how often it was of use and how long it took.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from statistics import mean
from typing import Any

from tests.bench.process import SERVER_CORE, Process, free_port
from tests.bench.quota import start_django
from tests.bench.report import number, table

QUESTIONS = (
    "Why does my Celery queue grow although the workers are idle?",
    "How do I bake bread without yeast?",
    "Explain what a database index is.",
    "How can I sleep better?",
    "What should I see in Lisbon in two days?",
    "Who was Marie Curie?",
    "What is the difference between TCP and UDP?",
    "Plan a birthday party for a six-year-old.",
    "How do I repot a cactus?",
    "What is photosynthesis?",
    "How do I write a good cover letter?",
    "Why is the sky blue?",
    "Suggest a week of vegetarian dinners.",
    "What causes inflation?",
    "How do I undo the last commit in git?",
    "Tell me about the history of chess.",
    "How should I train for a 10 km run?",
    "What is a mortgage?",
    "How does a heat pump work?",
    "Which plants grow well in shade?",
)
TALKS = 6


def main(arguments: list[str]) -> None:
    argparse.ArgumentParser(prog="python -m tests.bench small-model", description=__doc__).parse_args(
        arguments
    )
    with tempfile.TemporaryDirectory(prefix="grump-bench-") as directory:
        home = Path(directory)
        port = free_port()
        os.environ["LOCAL_BASE_URL"] = f"http://127.0.0.1:{port}/v1"
        start_django(home, False)
        server = _model(home, port)
        try:
            rows = asyncio.run(_measure())
        finally:
            server.stop()
    sys.stdout.write(f"\n{table(['what', 'tried', 'of use', 'seconds each, mean', 'most'], rows)}\n")


def _model(home: Path, port: int) -> Process:
    from grump.local.parts import Installation, parts

    (part,) = (
        part for part in parts(Installation(home, "127.0.0.1", 1, chat_port=port)) if part.name == "model"
    )
    process = Process(list(map(str, part.command)), core=SERVER_CORE, log=home / "model.log")
    import httpx

    for _ in range(200):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", timeout=1).status_code == 200:
                return process
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise SystemExit("The model did not start.")


async def _measure() -> list[list[str]]:
    from chat.gateway.loading import load
    from chat.gateway.stack import build

    environ = {"LOCAL_BASE_URL": os.environ["LOCAL_BASE_URL"]}
    gateway = build(load("", environ), environ=environ, hedged=0.0)
    gateway.start()
    try:
        return [await _follow_ups(gateway), *await _summaries(gateway)]
    finally:
        await gateway.close()


async def _said(gateway: Any, messages: Any, most: int) -> tuple[str, float]:
    from chat.gateway.events import Text
    from chat.gateway.request import ChatRequest

    request = ChatRequest(messages=messages, max_output=most, temperature=0.0, preference=0.0)
    began = time.monotonic()
    parts = [event.text async for event in gateway.stream(request) if isinstance(event, Text)]
    return "".join(parts), time.monotonic() - began


async def _follow_ups(gateway: Any) -> list[str]:
    from chat.gateway.request import ChatMessage
    from chat.prediction import follow_ups

    offered, took = 0, []
    for question in QUESTIONS:
        answer, _ = await _said(gateway, (ChatMessage("user", question),), 200)
        raw, seconds = await _said(gateway, follow_ups.prompt(question, answer), 120)
        read = follow_ups.read(raw, question, answer)
        offered += bool(read)
        took.append(seconds)
        _show(question, raw, read or "nothing")
    return ["questions under an answer", str(len(took)), str(offered), number(mean(took)), number(max(took))]


async def _summaries(gateway: Any) -> list[list[str]]:
    from chat.context import summary
    from chat.context.choosing import Known

    took, told, facts, extracts = [], 0, [0, 0], [0, 0]
    for seed in range(TALKS):
        lines, values = _talk(Random(seed))
        source = summary.source_of(lines, None, Known())
        extract = summary.extracted(lines, None, Known())
        began = time.monotonic()
        made = await summary.summarise(gateway, source)
        took.append(time.monotonic() - began)
        is_told = summary.is_telling(made, extract)
        told += is_told
        for counts, text in ((facts, made), (extracts, made if is_told else extract)):
            counts[0] += sum(value in text for value in values)
            counts[1] += len(values)
        _show(f"a conversation of {len(lines)} messages", made, made if is_told else extract)
    return [
        ["summaries", str(TALKS), str(told), number(mean(took)), number(max(took))],
        ["… facts in what the model said, borne out", str(facts[1]), str(facts[0]), "", ""],
        ["… facts in what is kept as the summary", str(extracts[1]), str(extracts[0]), "", ""],
    ]


def _talk(dice: Random) -> tuple[list[Any], list[str]]:
    """Eight facts among explanations, and the values that a summary should hold."""
    import pydoc_data.topics

    from chat.gateway.counting import count_tokens
    from chat.history import Line
    from training.context.facts import HELD_OUT

    prose = [
        " ".join(paragraph.split())
        for _, topic in sorted(pydoc_data.topics.topics.items())
        for paragraph in topic.split("\n\n")
        if 160 < len(paragraph) < 700 and "::=" not in paragraph
    ]
    pairs = [(entity, kind) for entity in HELD_OUT.entities for kind in HELD_OUT.kinds]
    dice.shuffle(pairs)
    lines, values = [], []
    for entity, kind in pairs[:8]:
        values.append(kind.value(dice))
        said = dice.choice(kind.statements).format(e=entity, v=values[-1])
        for role, text in (
            ("user", said),
            ("assistant", "Noted."),
            ("user", "Explain this part of Python."),
            ("assistant", dice.choice(prose)),
        ):
            lines.append(Line(role, text, count_tokens(text)))
    return lines, values


def _show(asked: str, said: str, made: Any) -> None:
    sys.stdout.write(f"\n=== {asked}\n--- said: {' / '.join(said.split(chr(10)))[:500]}\n--- made: {made}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
