"""Gateways that others make, with the same upstream and the same client; installed apart from the product.

    python -m venv peers && peers/bin/pip install 'litellm[proxy]'
    npm install --prefix peers @portkey-ai/gateway     # with "overrides": {"@hono/node-server": "1.12.2"}

Portkey 1.15.2 cannot stream with the newer server that npm would choose: it changes immutable headers.

Both relay only, as they come: no ledger, no cache, nothing stored.
"""

import shutil
from pathlib import Path

from tests.bench.process import SERVER_CORE, Process, free_port
from tests.bench.sse import SseConnection
from tests.bench.variants import Connection, Variant

CONFIG = """
model_list:
  - model_name: "*"
    litellm_params: {{model: "openai/*", api_base: "{base}", api_key: "none"}}
litellm_settings: {{drop_params: false, telemetry: false}}
"""
KEY = "sk-" + "benchmark" * 4
SLOW_START = 120.0  # seconds


class LiteLLM(Variant):
    name = "LiteLLM proxy"

    def __init__(self, program: Path) -> None:
        self.program = program

    async def start(self, provider_port: int, directory: Path) -> None:
        self.port = free_port()
        config = directory / "litellm.yaml"
        config.write_text(CONFIG.format(base=f"http://127.0.0.1:{provider_port}/v1"))
        self.process = Process(
            [str(self.program), "--config", str(config), "--port", str(self.port), "--host", "127.0.0.1"],
            core=SERVER_CORE,
            log=directory / "litellm.log",
            env={
                "LITELLM_LOG": "ERROR",
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                "LITELLM_MASTER_KEY": KEY,  # it does not start without one
            },
        )
        self.process.wait_for_port(self.port, SLOW_START)

    async def connections(self, count: int) -> list[Connection]:
        headers = {"Authorization": f"Bearer {KEY}"}
        return [await SseConnection.open(self.port, headers=headers) for _ in range(count)]


class Portkey(Variant):
    name = "Portkey gateway"

    def __init__(self, program: Path) -> None:
        self.program = program

    async def start(self, provider_port: int, directory: Path) -> None:
        self.port = free_port()
        self.upstream = f"http://127.0.0.1:{provider_port}/v1"
        self.process = Process(
            [shutil.which("node") or "node", str(self.program), f"--port={self.port}", "--headless"],
            core=SERVER_CORE,
            log=directory / "portkey.log",
            # It refuses upstreams on this machine unless they are named.
            env={"TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost"},
        )
        self.process.wait_for_port(self.port, SLOW_START)

    async def connections(self, count: int) -> list[Connection]:
        headers = {
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": self.upstream,
            "Authorization": "Bearer none",
        }
        return [await SseConnection.open(self.port, headers=headers) for _ in range(count)]


def installed(folder: Path | None) -> list[Variant]:
    """Those of the two that are in `folder`, as the lines above install them."""
    if folder is None:
        return []
    litellm, portkey = (
        folder / "bin/litellm",
        folder / "node_modules/@portkey-ai/gateway/build/start-server.js",
    )
    found: list[Variant] = []
    if litellm.exists():
        found.append(LiteLLM(litellm.absolute()))
    if portkey.exists():
        found.append(Portkey(portkey.absolute()))
    return found
