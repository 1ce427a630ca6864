"""Known holes in what is pinned, asked of the databases of PyPI and npm: the last part of `make check`.

Where a database cannot be asked within some seconds this says so and passes: a check must not depend on
somebody else's server. A hole fails it, unless `tests/known_holes.toml` excuses its id with a reason.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TITLE = "dependency audit"
EXCUSES = "tests/known_holes.toml"
PYTHON_LOCKS = (
    "requirements.txt",
    "requirements-models.txt",
    "requirements-training.txt",
    "requirements-dev.txt",
)
NPM_LOCK = "package-lock.json"
# Asked before the tools are: pip-audit takes a refusal for "no such package", npm tries for seconds. In a
# process of its own, because nothing else bounds the look-up of a name.
PROBE = """
import gzip, sys, urllib.request
url, body = sys.argv[1:]
headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"} if body else {}
data = gzip.compress(body.encode()) if body else None
urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=3)
"""
PYPI = ("https://pypi.org/pypi/pip/24.0/json", "")
NPM = ("https://registry.npmjs.org/-/npm/v1/security/advisories/bulk", '{"marked": ["18.0.0"]}')
PROBE_SECONDS = 4.0
MOST_SECONDS = 14.0
AWAY = "no way to the advisory database"


@dataclass(frozen=True, slots=True)
class Hole:
    ids: frozenset[str]  # one hole has several names
    words: str


class NotAudited(Exception):
    """The advisory database did not answer, or not in time, or not about everything: `holes` of the rest."""

    def __init__(self, why: str, holes: Iterable[Hole] = ()) -> None:
        super().__init__(why)
        self.why, self.holes = why, list(holes)


def audit_python(lock: str) -> list[Hole]:
    probe(*PYPI)
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--timeout", "5"]
    how = ["--require-hashes", "--disable-pip", "--aliases", "on", "--format", "json"]
    return holes_of_python(run([*command, *how, "--requirement", lock], MOST_SECONDS).stdout)


def audit_npm(_lock: str) -> list[Hole]:
    probe(*NPM)
    command = ["npm", "audit", "--json", "--package-lock-only", "--fetch-retries=0"]
    return holes_of_npm(run(command, MOST_SECONDS).stdout)


def probe(url: str, body: str) -> None:
    if run([sys.executable, "-c", PROBE, url, body], PROBE_SECONDS).returncode:
        raise NotAudited(AWAY)


def run(command: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise NotAudited(f"no answer within {seconds:.0f} s") from None
    except OSError as error:
        raise NotAudited(f"{command[0]}: {error.strerror}") from None


def holes_of_python(report: str) -> list[Hole]:
    """Of pip-audit's JSON. Raises NotAudited."""
    packages = read(report, "dependencies")
    known = [package for package in packages if "skip_reason" not in package]
    holes = [
        Hole(frozenset([hole["id"], *hole["aliases"]]), f"{package['name']} {package['version']}")
        for package in known
        for hole in package["vulns"]
    ]
    if len(known) < len(packages):
        raise NotAudited("the advisory database does not know every package", holes)
    return holes


def holes_of_npm(report: str) -> list[Hole]:
    """Of npm's JSON. Raises NotAudited."""
    found = {}
    for package in read(report, "vulnerabilities").values():
        for cause in package["via"]:
            if isinstance(cause, dict):  # else the name of another package of the report
                name = cause["url"].rsplit("/", 1)[-1]
                found[name] = Hole(frozenset([name]), f"{cause['name']} {cause['range']}: {cause['title']}")
    return list(found.values())


def read(report: str, part: str):
    try:
        return json.loads(report)[part]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise NotAudited(AWAY) from None


def unexcused(holes: Iterable[Hole], excuses: dict[str, str]) -> Iterator[str]:
    for hole in holes:
        if not any(excuses.get(name, "").strip() for name in hole.ids):
            yield f"{hole.words}: {', '.join(sorted(hole.ids))}"


def main() -> int:
    excuses = tomllib.loads((ROOT / EXCUSES).read_text(encoding="utf-8"))
    asked = dict.fromkeys(PYTHON_LOCKS, audit_python) | {NPM_LOCK: audit_npm}
    found: list[Hole] = []
    missing: dict[str, list[str]] = {}
    with ThreadPoolExecutor(len(asked)) as pool:
        for lock, holes in [(lock, pool.submit(audit, lock)) for lock, audit in asked.items()]:
            try:
                found += holes.result()
            except NotAudited as gap:
                found += gap.holes
                missing.setdefault(gap.why, []).append(lock)
    lines = sorted(set(unexcused(found, excuses)))
    for why, locks in missing.items():
        say(f"{TITLE}: not possible here ({why}): {', '.join(locks)}")
    for line in lines:
        say(f"{TITLE}: {line}")
    return 1 if lines else 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
