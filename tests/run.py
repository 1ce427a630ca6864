"""`make test`: every suite one after the other, one closing count, one exit code.
`make test TESTS=--fleet`: what talks to a server talks to a fleet of several processes, which is then broken.

The last line alone on its line is "N passed, N failed, N skipped", the sum over the suites; a test that
ends in an error, and a suite that ends without a report, count as failed.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from tests import chromium

ROOT = Path(__file__).resolve().parents[1]
# What touches the database runs on PostgreSQL as well; the gateway never does.
WITH_DATABASE = [
    "tests/chat",
    "tests/usage",
    "tests/experiments",
    "tests/figures",
    "tests/grump/accounts",
    "tests/grump/audit",
    "tests/grump/operations/test_health.py",
    "tests/integration",
    "tests/test_environment.py",
]
WITHOUT_DATABASE = "--ignore=tests/chat/gateway"
NODE_COUNT = re.compile(r"^(?:#|ℹ) (pass|fail|cancelled|skipped|todo) (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def main(arguments: list[str]) -> int:
    os.chdir(ROOT)
    if arguments == ["--fleet"]:
        total = on_a_fleet()
    elif arguments:
        total = pytest("The tests asked for", arguments)
    else:
        total = pytest("Python, SQLite", ["tests", "--ignore=tests/browser", "-n", "2"])
        on_postgres = [path for path in WITH_DATABASE if Path(path).exists()]
        total += pytest(
            "Python, PostgreSQL", [*on_postgres, WITHOUT_DATABASE, "-n", "2"], GRUMP_TEST_DATABASE="postgres"
        )
        total += browser() + javascript()
    say("")
    say(str(total))
    return 0 if total.passed and not total.failed else 1


def on_a_fleet() -> Count:
    fleet = {"GRUMP_TEST_FLEET": "1", "GRUMP_TEST_DATABASE": "postgres"}
    total = pytest("Protocol, on a fleet", ["tests/integration", "tests/fleet"], **fleet)
    total += browser(**fleet)
    say("\n=== A fleet that is broken in every way ===")
    code = run([sys.executable, "-m", "tests.load"], {**os.environ})
    return total + (Count(failed=1) if code else Count(passed=1))


def pytest(title: str, arguments: list[str], **environment: str) -> Count:
    say(f"\n=== {title} ===")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *arguments]
        code = run(command, {**os.environ, **environment})
        count = read_junit(report)
    # A collection error or a crash may leave a report without a single failure in it.
    return count if code == 0 or count.failed else count + Count(failed=1)


def read_junit(report: Path) -> Count:
    if not report.exists():  # the run ended before it could write one
        return Count(failed=1)
    count = Count()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        count += Count(int(suite.get("tests", 0)) - failed - skipped, failed, skipped)
    return count


def browser(**environment: str) -> Count:
    if not any(Path("tests/browser").glob("**/test_*.py")):
        return Count()
    if not chromium.find():
        say("\nNo Chromium here: installing one")
        if not chromium.get():
            say("Chromium is missing: `apt-get install chromium`, or `playwright install chromium`.")
            return Count(failed=1)
    title = "Browser, on a fleet" if environment else "Browser"
    return pytest(title, ["tests/browser"], **environment)


def javascript() -> Count:
    package = Path("package.json")
    if not package.exists() or "test" not in json.loads(package.read_text()).get("scripts", {}):
        return Count()
    say("\n=== JavaScript ===")
    if not shutil.which("npm"):
        say("The JavaScript tests need Node; the set-up brings it.")
        return Count(failed=1)
    done = subprocess.run(
        ["npm", "test", "--silent"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    count = read_node(done.stdout)
    if done.returncode or count.failed:
        say(done.stdout)
    say(str(count))
    return count if done.returncode == 0 or count.failed else count + Count(failed=1)


def read_node(output: str) -> Count:
    """The closing counts of `node --test`, whichever reporter wrote them."""
    found = {name: int(number) for name, number in NODE_COUNT.findall(output)}
    return Count(
        found.get("pass", 0),
        found.get("fail", 0) + found.get("cancelled", 0),
        found.get("skipped", 0) + found.get("todo", 0),
    )


def run(command: list[str], environment: dict[str, str]) -> int:
    """Run in a group of its own, so that whatever it leaves behind can be ended with it."""
    process = subprocess.Popen(command, env=environment, start_new_session=True)

    def pass_on(number: int, _: object) -> None:
        os.killpg(process.pid, number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
