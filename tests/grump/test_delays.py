"""A task that waits for its time is held by a worker meanwhile, and Valkey hands to another one what was held
for `visibility_timeout`: whatever is put off has to be done before that."""

import ast
import importlib
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings

from grump.lib.cache import forgetting

PRODUCT = ("grump", "chat", "usage", "figures", "experiments")
NOBODY_KNOWS = float("inf")  # a time of day, or a retry after Celery's own pause


def delays(source: str, value_of: Callable[[str], float]) -> Iterator[float]:
    """Seconds that the calls in `source` put tasks off; `value_of` knows what an expression comes to."""
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call):
            given = {word.arg: ast.unparse(word.value) for word in call.keywords}
            if "countdown" in given:
                yield value_of(given["countdown"])
            elif "eta" in given or ast.unparse(call.func) == "self.retry":
                yield NOBODY_KNOWS


def of_the_product() -> dict[str, float]:
    """The longest of each module that puts anything off."""
    found: dict[str, float] = {}
    root = Path(settings.BASE_DIR)
    for path in (path for part in PRODUCT for path in (root / part).rglob("*.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        for seconds in delays(path.read_text(), lambda text, module=module: value_in(module, text)):
            found[module] = max(seconds, found.get(module, 0))
    return found


def value_in(module: str, expression: str) -> float:
    return float(eval(expression, vars(importlib.import_module(module))))


def test_nothing_is_put_off_for_longer_than_a_worker_may_hold_it():
    found = of_the_product()
    assert {"grump.lib.cache.forgetting", "chat.tasks"} <= set(found)
    bound = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] - settings.CELERY_TASK_TIME_LIMIT
    assert {module: seconds for module, seconds in found.items() if seconds > bound} == {}


def test_it_would_notice():
    source = "t.apply_async(countdown=SOON)\nt.apply_async(eta=x)\nself.retry()\nself.retry(countdown=SOON)"
    assert list(delays(source, {"SOON": 900.0}.__getitem__)) == [900, NOBODY_KNOWS, NOBODY_KNOWS, 900]


def test_the_second_look_comes_after_any_answer_of_the_catalogue_that_ships():
    catalogue = tomllib.loads((Path(settings.BASE_DIR) / "chat" / "gateway" / "catalog.toml").read_text())
    longest = max(one["timeouts"]["total"] for one in catalogue["providers"].values() if "timeouts" in one)
    assert longest < forgetting.ONCE_MORE
