"""What people write and what keys are worth is in no log line, no error, no metric and no trace."""

import asyncio
import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import tomli_w

from tests.fakes.catalogue import catalogue
from tests.integration.processes import House
from tests.integration.tab import Tab, a_guest

TEXT = "Zwiebelturm und Ochsenfurt"
KEY = "an-unmistakable-key-0815-4711"
TOKEN = "a-scraper-of-metrics-knows-this"
# Answers, refusals and breaks, each with the text in what was asked.
MODELS = ["fast", "echo", "server-error", "bad-key", "bad-request", "garbage-line", "die-mid-stream",
          "mid-stream-error", "context-too-long", "content-refused"]  # fmt: skip


class Collector:
    """An OTLP collector that keeps what it is sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        kept = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                kept.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()


@pytest.fixture
def watched(provider, collector, tmp_path) -> Iterator[House]:
    entries = catalogue(provider.url, MODELS)
    entries["providers"]["mock"]["api_key_env"] = "MOCK_API_KEY"
    path = tmp_path / "catalogue.toml"
    path.write_text(tomli_w.dumps(entries))
    told = {
        "MOCK_API_KEY": KEY,
        "METRICS_TOKEN": TOKEN,
        "LOG_FORMAT": "json",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_TRACES_SAMPLER_ARG": "1",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
    }
    house = House(tmp_path, path, told)
    yield house
    house.close()


async def test_texts_and_keys_are_in_no_log_no_error_no_metric_and_no_trace(watched, collector, provider):
    web = await asyncio.to_thread(watched.start)
    guest = await asyncio.to_thread(a_guest, web)
    errors = []
    async with Tab(web, guest) as tab:
        for model in MODELS:
            accepted = await tab.ask(f"{TEXT} {model}", f"mock/{model}")
            last = (await tab.hear_answer(accepted["generation_id"], 30))[-1]
            if last["type"] == "chat.error":
                errors.append(json.dumps(last))
        await tab.socket.send(f'{{"type": "{TEXT}"')
        errors.append(json.dumps(await tab.hear_until("chat.error")))
    request = urllib.request.Request(f"{web.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    with await asyncio.to_thread(urllib.request.urlopen, request) as answer:
        metrics = answer.read().decode()
    await asyncio.to_thread(web.terminate)  # what is not sent yet goes out with the process
    log = web.logs()
    traces = b"".join(collector.bodies).decode("utf-8", "replace")

    # What is scanned is there to be scanned.
    assert all(f"chat mock/{model}" in traces for model in MODELS)
    assert "grump_request_success_total" in metrics
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert any(line.get("generation_id") and line.get("user") and line.get("request_id") for line in lines)
    assert len(errors) > len(MODELS) / 2
    assert any(TEXT in stream.prompt for stream in provider.ledger.streams)
    for kind, told in {
        "logs": log,
        "errors": "\n".join(errors),
        "metrics": metrics,
        "traces": traces,
    }.items():
        for secret in (TEXT, "Zwiebelturm", KEY, TOKEN, guest.partition("=")[2]):
            assert secret not in told, f"{kind} tell {secret}"
