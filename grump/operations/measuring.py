"""What is scraped: the counters of every process on this machine, added up, and the processes themselves.

With PROMETHEUS_MULTIPROC_DIR, which the supervisor sets, each process writes into a file of its slot
(grump/lib/slots.py), and whichever is asked adds them up. Without it a process speaks for itself alone.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import redis
from django.conf import settings
from prometheus_client import REGISTRY, CollectorRegistry, Metric, multiprocess
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from grump.lib import shared_metrics
from grump.lib.clients import in_thread
from grump.lib.slots import Slots
from grump.local import state

VALKEY_SECONDS = 0.25
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def registry() -> CollectorRegistry:
    """Everything there is to scrape here."""
    together = CollectorRegistry()
    slots = shared_metrics.slots
    together.register(_Own() if slots is None else _Shared(slots))
    together.register(_Processes())
    together.register(_Queue())
    return together


class _Own(Collector):
    def collect(self) -> Iterator[Metric]:
        yield from REGISTRY.collect()


class _Shared(Collector):
    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._files = multiprocess.MultiProcessCollector(None)

    def collect(self) -> Iterator[Metric]:
        self._slots.sweep()
        yield from self._files.collect()


class _Processes(Collector):
    """Of the supervisor's children: whether each is up, how often it crashed, what it takes."""

    def collect(self) -> Iterator[Metric]:
        label = ["process"]
        up = GaugeMetricFamily("grump_process_up", "1 while it is up", labels=label)
        restarts = CounterMetricFamily("grump_process_restarts", "Starts after a crash", labels=label)
        memory = GaugeMetricFamily("grump_process_resident_bytes", "Memory it holds", labels=label)
        cpu = CounterMetricFamily("grump_process_cpu_seconds", "User and system time", labels=label)
        files = GaugeMetricFamily("grump_process_open_files", "Descriptors, sockets included", labels=label)
        for child in state.read().values():
            up.add_metric([child.name], float(child.state == "up"))
            restarts.add_metric([child.name], child.restarts)
            taken = _taken(child.pid) if child.pid else None
            if taken is not None:
                memory.add_metric([child.name], taken[0])
                cpu.add_metric([child.name], taken[1])
                files.add_metric([child.name], taken[2])
        yield from (up, restarts, memory, cpu, files)


def _taken(pid: int) -> tuple[float, float, float] | None:
    """Bytes, seconds and descriptors of a process; None where it has gone or is somebody else's."""
    folder = Path("/proc") / str(pid)
    try:
        pages = int((folder / "statm").read_text().split()[1])
        # The name in brackets may hold blanks; user and system time are the 14th and 15th of `man 5 proc`.
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        return pages * _PAGE, (int(fields[11]) + int(fields[12])) / _TICK, len(os.listdir(folder / "fd"))
    except OSError:
        return None


class _Queue(Collector):
    def collect(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("grump_queue_length", "Tasks that wait for a worker", labels=["queue"])
        client = in_thread(
            settings.REDIS_URL, socket_timeout=VALKEY_SECONDS, socket_connect_timeout=VALKEY_SECONDS
        )
        try:
            for queue in settings.CELERY_TASK_QUEUES:
                waiting.add_metric([queue.name], float(client.llen(queue.name)))
        except (redis.RedisError, OSError):
            pass  # a figure that is missing says it better than a zero
        finally:
            client.close()
        yield waiting
