"""Where scenarios are found by name."""

from collections.abc import Callable

from tests.fakes.script import Ask, Scenario, Steps

Script = Callable[[Ask], Steps]

SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str) -> Callable[[Script], Script]:
    """Register the decorated script; its docstring says what it is about."""

    def register(script: Script) -> Script:
        if name in SCENARIOS:
            raise ValueError(f"two scenarios are called {name}")
        SCENARIOS[name] = Scenario(name, (script.__doc__ or "").strip(), script)
        return script

    return register
