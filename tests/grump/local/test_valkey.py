import asyncio
import os
import signal

import redis

from grump.local import parts, state
from grump.local.parts import Installation
from grump.local.supervisor import Supervisor
from tests.grump.local.stand_ins import until


async def test_the_real_valkey_survives_a_kill_with_its_data(tmp_path):
    installation = Installation(var=tmp_path, host="127.0.0.1", port=1)
    (valkey,) = [part for part in parts.parts(installation) if part.name == "valkey"]
    supervisor = Supervisor([valkey], tmp_path / "logs", tmp_path / "supervisor.json", lambda line: None)
    life = asyncio.create_task(supervisor.run())
    await supervisor.wait_up("valkey")
    client = redis.Redis.from_url(installation.environment()["REDIS_URL"])
    client.set("kept", "yes")
    client.waitaof(1, 0, 5000)

    before = state.read(tmp_path / "supervisor.json")["valkey"]
    os.kill(before.pid, signal.SIGKILL)
    await until(lambda: supervisor.children["valkey"].restarts == 1)
    await until(lambda: supervisor.children["valkey"].state().state == "up")

    assert client.get("kept") == b"yes"
    client.close()
    supervisor.stop()
    await asyncio.wait_for(life, 10)
    assert not installation.valkey_socket.exists()
