"""Alerts and dashboards ask for what is there: parsed as Prometheus does, evaluated over scrapes."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY

from tests.deploy.promql import Scrapes, evaluate, read, selectors
from tests.fleet.tabs import MovingTab
from tests.integration.tab import a_guest

ROOT = Path(__file__).resolve().parents[2]
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
ALERTS = {rule["alert"]: rule["expr"] for rule in RULES}
BOARDS = sorted((ROOT / "deploy/grafana").glob("*.json"))
PANELS = [
    target["expr"]
    for board in BOARDS
    for panel in json.loads(board.read_text())["panels"]
    for target in panel["targets"]
]
OF_PROMETHEUS = {"up": {"job", "instance"}}
ADDED = {"job", "instance", "le"}  # labels that a scrape, or a histogram, brings by itself


def buckets(name: str, slow: int) -> str:
    return (
        f'{name}_bucket{{le="0.1"}} 0\n{name}_bucket{{le="10"}} {slow}\n{name}_bucket{{le="+Inf"}} {slow}\n'
    )


# What makes each alert speak: the later of two scrapes, five minutes apart; the earlier one had zeroes.
FIRES = {
    "GrumpDown": 'up{job="grump"} 0\n',
    "GrumpProcessDown": 'grump_process_up{process="web-2"} 0\n',
    "GrumpRestarts": 'grump_process_restarts_total{process="worker"} 4\n',
    "GrumpFailures": "grump_request_failure_total 10\ngrump_request_success_total 90\n",
    "GrumpFirstTokenLate": buckets("grump_time_to_first_token_seconds", 10),
    "GrumpProviderOpen": 'circuit_breaker_state{name="openai"} 2\n',
    "GrumpValkeyAway": 'circuit_breaker_state{name="valkey"} 2\n',
    "GrumpWaiting": 'grump_num_requests_waiting{provider="nim",model="a"} 30\n',
    "GrumpQueueGrows": 'grump_queue_length{queue="celery"} 201\n',
    "GrumpFitsWait": 'grump_queue_length{queue="context"} 6\n',
    "GrumpTasksFail": 'grump_task_duration_seconds_count{task="chat.reap",state="failure"} 4\n',
    "GrumpTasksLost": "grump_tasks_lost_total 1\n",
    "GrumpLedgerAlarm": 'grump_quota_alarms_total{kind="twice"} 1\n',
    "GrumpLoopLate": buckets("grump_event_loop_delay_seconds", 10),
    "GrumpTurnedAway": 'grump_sockets_closed_total{reason="crowded"} 11\n',
    "GrumpSlowReaders": 'grump_sockets_closed_total{reason="slow"} 21\n',
    "GrumpHttpErrors": 'django_http_responses_total_by_status_total{status="503"} 3\n'
    'django_http_responses_total_by_status_total{status="200"} 97\n',
    "GrumpFilesRunOut": 'grump_process_open_files{process="web-1"} 50001\n',
    "GrumpSpend": 'grump_cost_usd_total{model="a"} 51\n',
}


@pytest.fixture(scope="module")
def scrapes(fleet) -> Scrapes:
    """Two, with an answer between them."""
    before = read(fleet.metrics(), job="grump")
    tab = MovingTab(fleet, a_guest(fleet))

    async def ask() -> None:
        await tab.ask_and_hear("mock/fast")
        await tab.close()

    asyncio.run(ask())
    assert not tab.troubles
    now = read(fleet.metrics(), job="grump")
    up = ("up", frozenset({("job", "grump")}))
    return Scrapes(before | {up: 1.0}, now | {up: 1.0})


def known_labels(scrapes: Scrapes) -> dict[str, set[str]]:
    """By sample: what was scraped, and what the product could say but had no reason to yet."""
    known: dict[str, set[str]] = {name: set(labels) for name, labels in OF_PROMETHEUS.items()}
    for name, labels in scrapes.now:
        known.setdefault(name, set()).update(key for key, _ in labels)
    for name, collector in REGISTRY._names_to_collectors.items():
        known.setdefault(name, set()).update(getattr(collector, "_labelnames", ()))
    return known


@pytest.mark.parametrize("expression", [*ALERTS.values(), *PANELS])
def test_every_expression_asks_for_metrics_and_labels_that_there_are(expression, scrapes):
    import grump.asgi  # noqa: F401  # every metric of the web process is made

    known = known_labels(scrapes)
    parsed = promql_parser.parse(expression)
    found = list(selectors(parsed))
    assert found
    labels = {
        label for group in re.findall(r"by \(([^)]*)\)", expression) for label in re.split(r",\s*", group)
    }
    for selector in found:
        assert selector.name in known, selector.name
        labels |= {matcher.name for matcher in selector.matchers.matchers}
    everywhere = set().union(*(known[selector.name] for selector in found))
    assert labels <= everywhere | ADDED
    evaluate(expression, scrapes)


@pytest.mark.parametrize("alert", ALERTS)
def test_no_alert_speaks_while_all_is_well(alert, scrapes):
    assert evaluate(ALERTS[alert], scrapes) == {}


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_speaks_when_it_should(alert):
    assert evaluate(ALERTS[alert], Scrapes({}, read(FIRES[alert])))


@pytest.mark.parametrize(
    ("queue", "length", "speaks"),
    [("celery", 200, []), ("celery", 201, ["GrumpQueueGrows"]), ("context", 5, []),
     ("context", 201, ["GrumpFitsWait"])],
)  # fmt: skip
def test_a_queue_that_turns_wait_for_may_be_shorter_than_one_that_nobody_waits_for(queue, length, speaks):
    now = read(f'grump_queue_length{{queue="{queue}"}} {length}\n')
    assert [alert for alert, expression in ALERTS.items() if evaluate(expression, Scrapes({}, now))] == speaks


@pytest.mark.parametrize("rule", RULES, ids=ALERTS)
def test_each_alert_says_what_to_do(rule):
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    page = (ROOT / rule["annotations"]["runbook"]).read_text()
    assert page.startswith(f"# {rule['alert']}\n")
    assert "## Look at" in page
    assert "## Do" in page


def test_no_runbook_is_left_without_its_alert():
    assert {path.stem for path in (ROOT / "docs/runbooks").glob("*.md")} == set(ALERTS)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.stem)
def test_a_dashboard_is_one_that_grafana_takes(board):
    shape = json.loads(board.read_text())
    assert shape["uid"] == board.stem
    assert len({panel["id"] for panel in shape["panels"]}) == len(shape["panels"])
    for panel in shape["panels"]:
        assert {"type", "title", "gridPos", "targets", "datasource"} <= set(panel)


def test_the_scrape_configuration_loads_the_alerts():
    configuration = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yaml").read_text())
    assert configuration["rule_files"] == ["alerts.yaml"]
    assert {job["job_name"] for job in configuration["scrape_configs"]} == {"grump", "grump-workers"}
