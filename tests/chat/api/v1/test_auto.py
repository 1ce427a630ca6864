"""A program that names no model gets the cheapest that will do, and learns which and why."""

from tests.chat.api.v1.programs import Program, a_key
from tests.chat.sockets import a_user
from tests.fakes import SCENARIOS, write_catalogue


async def test_auto_is_routed(mock, settings, tmp_path):
    settings.GRUMP_CATALOG = str(write_catalogue(tmp_path / "one.toml", mock.url, ["fast"]))
    _, secret = await a_key(await a_user())
    answer = await Program(secret).ask("auto")
    assert answer.text == SCENARIOS["fast"].text
    assert answer.json["model"] == answer.headers["x-grump-model"] == "mock/fast"
    assert answer.headers["x-grump-reason"]
