import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from grump.local import child, state
from grump.local.child import Part
from grump.local.supervisor import Supervisor
from tests.grump.local.stand_ins import HAS_A_CHILD, STAYS, STUBBORN, alive, python, until


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(child, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(child, "LONGEST_PAUSE", 0.05)


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervise(tmp_path, said):
    @asynccontextmanager
    async def running(*parts):
        supervisor = Supervisor(parts, tmp_path / "logs", tmp_path / "supervisor.json", said.append)
        life = asyncio.create_task(supervisor.run())
        try:
            yield supervisor
        finally:
            supervisor.stop()
            await asyncio.wait_for(life, 20)

    return running


def states(tmp_path: Path) -> dict[str, str]:
    return {name: found.state for name, found in state.read(tmp_path / "supervisor.json").items()}


def printing(line: str) -> list[str]:
    return python(f"print({line!r}, flush=True); {STAYS}")


async def test_it_is_up_when_its_line_appears(supervise, tmp_path):
    async with supervise(Part("worker", printing("worker ready."), ready_line="ready")) as supervisor:
        await supervisor.wait_up("worker")
        assert states(tmp_path) == {"worker": "up"}


async def test_a_part_waits_for_what_it_needs(supervise, tmp_path):
    asked = asyncio.Event()

    async def not_before_asked():
        return asked.is_set()

    first = Part("valkey", python(STAYS), probe=not_before_asked)
    async with supervise(first, Part("web", python(STAYS), needs=("valkey",))) as supervisor:
        await until(lambda: states(tmp_path) == {"valkey": "starting", "web": "waiting"})
        asked.set()
        await supervisor.wait_up("web")
        assert states(tmp_path) == {"valkey": "up", "web": "up"}


async def test_a_killed_child_is_started_again_and_counted(supervise, tmp_path, said):
    async with supervise(Part("web", python(STAYS))) as supervisor:
        await supervisor.wait_up("web")
        before = state.read(tmp_path / "supervisor.json")["web"]
        os.kill(before.pid, signal.SIGKILL)

        def again():
            now = state.read(tmp_path / "supervisor.json")["web"]
            return now.state == "up" and now.pid != before.pid and now.restarts == 1

        await until(again)
        assert any("ended by SIGKILL" in line for line in said)


async def test_one_that_keeps_crashing_is_failed_and_still_tried(supervise, tmp_path, said):
    ready = tmp_path / "mended"
    broken = "raise SystemExit('CATALOG: broken')"
    program = f"import os, signal\nif not os.path.exists({str(ready)!r}): {broken}\nsignal.pause()"
    async with supervise(Part("web", python(program), ready_line="never")) as supervisor:
        await until(lambda: supervisor.children["web"].state().state == "failed")
        assert any("CATALOG: broken" in line for line in said)
        ready.touch()
        await until(lambda: supervisor.children["web"].state().state == "starting")


async def test_a_program_that_is_not_there_is_one_clear_line(supervise, said):
    async with supervise(Part("web", ["/no/such/program"])) as supervisor:
        await until(lambda: supervisor.children["web"].restarts)
    assert any("/no/such/program" in line for line in said)


async def test_everything_ends_in_order_and_the_state_is_gone(supervise, tmp_path):
    ends = tmp_path / "ends"
    farewell = (
        "import signal, sys\n"
        "def end(*_): open({ends!r}, 'a').write({name!r} + ' '); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); print('ready', flush=True); signal.pause()"
    )
    parts = [
        Part(name, python(farewell.format(ends=str(ends), name=name)), ready_line="ready", stops=stops)
        for name, stops in (("valkey", 2), ("worker", 1), ("web", 0))
    ]
    async with supervise(*parts) as supervisor:
        for part in parts:
            await supervisor.wait_up(part.name)
    assert ends.read_text().split() == ["web", "worker", "valkey"]
    assert not (tmp_path / "supervisor.json").exists()


async def test_one_that_ignores_sigterm_is_killed_after_its_grace(supervise, said):
    async with supervise(Part("web", python(STUBBORN), ready_line="deaf", grace=0.1)) as supervisor:
        await supervisor.wait_up("web")
        pid = supervisor.children["web"].state().pid
    assert not alive(pid)
    assert any("killed" in line for line in said)


async def test_asked_to_stop_twice_it_waits_for_nobody(supervise):
    async with supervise(Part("web", python(STUBBORN), ready_line="deaf", grace=600)) as supervisor:
        await supervisor.wait_up("web")
        supervisor.stop()


async def test_stopped_before_anything_was_up_it_ends_all_the_same(supervise):
    never = Part("valkey", python(STAYS), ready_line="never")
    async with supervise(never, Part("web", python(STAYS), needs=("valkey",))):
        pass


async def test_a_crash_takes_its_grandchildren_along(supervise, tmp_path):
    async with supervise(Part("worker", python(HAS_A_CHILD), ready_line="grandchild")) as supervisor:
        await supervisor.wait_up("worker")
        grandchild = int((tmp_path / "logs/worker.log").read_text().split()[1])
        os.kill(supervisor.children["worker"].state().pid, signal.SIGKILL)
        await until(lambda: not alive(grandchild))


async def test_kill_9_of_the_supervisor_leaves_nothing_behind(tmp_path):
    program = f"""
import asyncio
from pathlib import Path
from grump.local.child import Part
from grump.local.supervisor import Supervisor

parts = [Part("worker", {python(HAS_A_CHILD)!r}, ready_line="grandchild"),
         Part("stubborn", {python(STUBBORN)!r}, ready_line="deaf")]
asyncio.run(Supervisor(parts, Path({str(tmp_path)!r}), Path({str(tmp_path / "supervisor.json")!r})).run())
"""
    supervisor = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    await until(lambda: states(tmp_path) == {"worker": "up", "stubborn": "up"})
    children = state.read(tmp_path / "supervisor.json")
    pids = [found.pid for found in children.values()]
    pids.append(int((tmp_path / "worker.log").read_text().split()[1]))
    assert all(map(alive, pids))

    supervisor.kill()
    await supervisor.wait()

    assert set(states(tmp_path).values()) == {"down"}
    await until(lambda: not any(map(alive, pids)))


# A successor says what it sees of the one before it: whether it is there still.
OVERLAPPING = """
import os, signal, sys
from pathlib import Path
lives = Path(sys.argv[1])
before = [pid for pid in lives.read_text().split() if Path(f"/proc/{pid}").exists()] if lives.exists() else []
with lives.open("a") as book:
    book.write(f"{os.getpid()} ")
print("ready beside", len(before), flush=True)
signal.pause()
"""


@pytest.mark.parametrize(("overlaps", "beside"), [(True, 1), (False, 0)])
async def test_a_rolling_restart_gives_it_a_new_process(supervise, tmp_path, said, overlaps, beside):
    program = python(OVERLAPPING, str(tmp_path / "lives"))
    web = Part("web", program, ready_line="^ready", renewed=True, overlaps=overlaps)
    async with supervise(web, Part("valkey", python(STAYS))) as supervisor:
        for name in ("web", "valkey"):
            await supervisor.wait_up(name)
        before = state.read(tmp_path / "supervisor.json")
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: "Rolling restart done" in said)
        after = state.read(tmp_path / "supervisor.json")
        assert after["web"].state == "up"
        assert after["web"].pid != before["web"].pid
        assert after["web"].restarts == 0
        assert after["valkey"].pid == before["valkey"].pid
        await until(lambda: not alive(before["web"].pid))
        assert (tmp_path / "logs/web.log").read_text().splitlines()[1] == f"ready beside {beside}"
        # It is watched as the one before it was.
        os.kill(after["web"].pid, signal.SIGKILL)
        await until(lambda: state.read(tmp_path / "supervisor.json")["web"].restarts == 1)


async def test_a_successor_that_does_not_come_up_leaves_the_old_one_serving(supervise, tmp_path, said):
    broken = tmp_path / "broken"
    program = (
        f"import os, signal\nif os.path.exists({str(broken)!r}): raise SystemExit('CATALOG: broken')\n"
        "print('ready', flush=True); signal.pause()"
    )
    parts = [
        Part(name, python(program), ready_line="ready", renewed=True, overlaps=True)
        for name in ("web-1", "web-2")
    ]
    async with supervise(*parts) as supervisor:
        for part in parts:
            await supervisor.wait_up(part.name)
        before = state.read(tmp_path / "supervisor.json")
        broken.touch()
        supervisor.restart_rolling()
        await until(lambda: any("did not become ready" in line for line in said))
        after = state.read(tmp_path / "supervisor.json")
        assert {name: child.pid for name, child in after.items()} == {
            name: child.pid for name, child in before.items()
        }
        assert all(child.state == "up" for child in after.values())


@pytest.mark.parametrize(("crashes", "seconds"), [(1, 0.5), (2, 1), (3, 2), (7, 30), (1000, 30)])
def test_pauses_double_up_to_half_a_minute(crashes, seconds, monkeypatch):
    monkeypatch.undo()
    assert child.pause(crashes) == seconds
