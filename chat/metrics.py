"""What the sockets and the process that holds them measure. No label holds a user."""

from prometheus_client import Counter, Gauge, Histogram

SOCKETS = Gauge("grump_open_sockets", "WebSockets that are open", multiprocess_mode="livesum")
TASKS = Gauge(
    "grump_event_loop_tasks", "asyncio tasks, counted every few seconds", multiprocess_mode="livesum"
)
TURNED_AWAY = Counter("grump_sockets_closed_total", "Sockets that we closed, by why", ("reason",))
LOOP_DELAY = Histogram(
    "grump_event_loop_delay_seconds",
    "How late the event loop was, measured every few seconds",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
