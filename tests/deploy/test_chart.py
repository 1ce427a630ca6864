"""The chart, rendered by Helm itself and held to Kubernetes' own schemas."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.conf import settings
from helm_python import Chart, HelmError

from tests.documents import first_cells, section

CHART = Path(__file__).resolve().parents[2] / "deploy/helm/grump"
KUBERNETES = "1.33"
GUIDE = "docs/operating.md"
EVERYTHING = {
    "web": {"autoscaling": {"enabled": True}},
    "worker": {"autoscaling": {"enabled": True}},
    "ingress": {"enabled": True, "className": "nginx", "tlsSecret": "chat-tls"},
    "secrets": {"providers": "provider-keys"},
    "nim": {"mode": "operator", "autoscaling": {"enabled": True}},
}
EXTERNAL = {"nim": {"mode": "external", "url": "http://nim.models:8000/v1"}}
variants = pytest.mark.parametrize(
    "values", [{}, EVERYTHING, EXTERNAL], ids=["plain", "everything", "external"]
)


def rendered(values: dict[str, Any]) -> list[dict[str, Any]]:
    with Chart.load(CHART) as chart:
        chart.validate_schema(values)
        files = chart.render(values, name="chat", namespace="chat")
    texts = [text for name, text in files.items() if name.endswith(".yaml")]
    return [one for text in texts for one in yaml.safe_load_all(text) if one]


def of(kind: str, values: dict[str, Any], name: str = "") -> dict[str, Any]:
    found = [
        one for one in rendered(values) if one["kind"] == kind and one["metadata"]["name"].endswith(name)
    ]
    assert len(found) == 1, f"{kind} {name}: {len(found)}"
    return found[0]


def pods(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in rendered(values):
        if one["kind"] in {"Deployment", "Job"}:
            yield one["spec"]["template"]["spec"]


@variants
def test_every_object_is_one_that_kubernetes_takes(values):
    for one in rendered(values):
        if "nvidia.com" not in one["apiVersion"]:  # the operator's own: their schemas are not in Kubernetes
            kubernetes_validate.validate(one, KUBERNETES, strict=True)


def test_the_command_of_the_guide_installs_what_it_says():
    [said] = re.findall(r"helm install chat deploy/helm/grump -n chat (.*)", section(GUIDE, "## Kubernetes"))
    given = dict(each.split("=", 1) for each in shlex.split(said) if each != "--set")
    assert given.keys() == {"image.repository", "hosts"}
    hosts = given["hosts"].strip("{}").split(",")
    web = of("Deployment", {"image": {"repository": given["image.repository"]}, "hosts": hosts}, "-web")
    container = web["spec"]["template"]["spec"]["containers"][0]
    assert container["image"].startswith(f"{given['image.repository']}:")
    assert hosts[0] in yaml.safe_dump(rendered({"hosts": hosts}))


@variants
def test_no_container_is_root_or_writes_to_its_image(values):
    for pod in pods(values):
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"]
            assert not context["allowPrivilegeEscalation"]
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


@variants
def test_secrets_come_by_reference_alone(values):
    names = {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "METRICS_TOKEN"}
    for pod in pods(values):
        for container in pod["containers"]:
            assert container["envFrom"][0] == {"secretRef": {"name": "grump"}}
            assert not names & {one["name"] for one in container["env"]}
    assert not [one for one in rendered(values) if one["kind"] == "Secret"]


@variants
def test_every_variable_is_one_of_the_products(values):
    known = set(first_cells(section("README.md", "## Settings")))
    for pod in pods(values):
        for container in pod["containers"]:
            assert {one["name"] for one in container["env"]} <= known


def test_a_web_pod_has_the_time_to_leave_and_says_when_it_does():
    pod = of("Deployment", {"web": {"drainSeconds": 60}}, "-web")["spec"]["template"]["spec"]
    (web,) = pod["containers"]
    told = {one["name"]: one["value"] for one in web["env"]}
    before = int(web["lifecycle"]["preStop"]["exec"]["command"][1])
    assert told["DRAIN_SECONDS"] == "60"
    assert pod["terminationGracePeriodSeconds"] >= before + 60 + 12
    assert web["readinessProbe"]["httpGet"]["path"] == "/api/health/ready"
    assert web["livenessProbe"]["httpGet"]["path"] == "/api/health/live"
    # An address of a pod is no name of ours: without this every probe would be answered 400.
    for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
        assert web[probe]["httpGet"]["httpHeaders"] == [{"name": "Host", "value": "chat.example.org"}]


@variants
def test_every_queue_has_a_worker_of_its_own(values):
    commands = [
        of("Deployment", values, name)["spec"]["template"]["spec"]["containers"][0]["args"]
        for name in ("-worker", "-fitter")
    ]
    taken = [command[command.index("--queues") + 1] for command in commands]
    assert taken == [queue.name for queue in settings.CELERY_TASK_QUEUES]


def test_workers_grow_with_the_queue_and_web_processes_with_their_sockets():
    (queue,) = of("HorizontalPodAutoscaler", EVERYTHING, "-worker")["spec"]["metrics"]
    (sockets,) = of("HorizontalPodAutoscaler", EVERYTHING, "-web")["spec"]["metrics"]
    assert queue["external"]["metric"]["name"] == "grump_queue_length"
    assert sockets["pods"]["metric"]["name"] == "grump_open_sockets"
    assert "replicas" not in of("Deployment", EVERYTHING, "-web")["spec"]  # two masters would fight
    assert of("Deployment", EVERYTHING, "-beat")["spec"]["replicas"] == 1


def test_a_disruption_leaves_one_of_each():
    for name in ("-web", "-worker", "-fitter"):
        assert of("PodDisruptionBudget", {}, name)["spec"]["minAvailable"] == 1


def test_the_operators_nim_is_cached_served_and_asked():
    cache, service = of("NIMCache", EVERYTHING), of("NIMService", EVERYTHING)
    assert service["spec"]["storage"]["nimCache"]["name"] == cache["metadata"]["name"]
    assert service["spec"]["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert service["spec"]["scale"]["hpa"]["metrics"][0]["pods"]["metric"]["name"] == "num_requests_waiting"
    (web,) = of("Deployment", EVERYTHING, "-web")["spec"]["template"]["spec"]["containers"]
    told = {one["name"]: one["value"] for one in web["env"]}
    assert told["NIM_LOCAL_BASE_URL"] == f"http://{service['metadata']['name']}:8000/v1"


def test_nobody_reaches_the_pods_but_the_proxy_and_the_monitoring():
    policy = of("NetworkPolicy", EXTERNAL)["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert all("from" in rule for rule in policy["ingress"])
    blocks = [to["ipBlock"] for rule in policy["egress"] for to in rule.get("to", ()) if "ipBlock" in to]
    assert "169.254.0.0/16" in blocks[0]["except"]
    ports = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
    assert ports == {53, 5432, 6379, 443, 8000}


@pytest.mark.parametrize(
    "values", [{"nim": {"mode": "sometimes"}}, {"hosts": []}, {"secrets": {"product": ""}}]
)
def test_wrong_values_are_refused(values):
    with pytest.raises(HelmError):
        rendered(values)
