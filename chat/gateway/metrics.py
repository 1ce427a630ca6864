"""The gateway's metrics: names and labels are in the contract, buckets those of NVIDIA NIM.

Labels hold names of the catalogue and codes of errors, never what a user typed.
"""

from prometheus_client import Counter, Gauge, Histogram

_MODEL = ("provider", "model")

FIRST_TOKEN_BUCKETS = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75,
    1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
)  # fmt: skip
PER_TOKEN_BUCKETS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
REQUEST_BUCKETS = (0.1, 0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960)

FIRST_TOKEN = Histogram(
    "grump_time_to_first_token_seconds", "From the question to its first token", _MODEL,
    buckets=FIRST_TOKEN_BUCKETS,
)  # fmt: skip
PER_TOKEN = Histogram(
    "grump_time_per_output_token_seconds", "After the first token, an answer's mean", _MODEL,
    buckets=PER_TOKEN_BUCKETS,
)  # fmt: skip
REQUEST = Histogram(
    "grump_e2e_request_latency_seconds", "From the question to the end of its answer", _MODEL,
    buckets=REQUEST_BUCKETS,
)  # fmt: skip
RUNNING = Gauge(
    "grump_num_requests_running", "Requests a provider is at work on", _MODEL, multiprocess_mode="livesum"
)
WAITING = Gauge(
    "grump_num_requests_waiting", "Requests that wait for a place", _MODEL, multiprocess_mode="livesum"
)
JOINED = Gauge(
    "grump_requests_joined", "Requests that share another one's stream now", multiprocess_mode="livesum"
)
_REPLICA = ("provider", "replica")
REPLICA_READY = Gauge(
    "grump_replica_ready", "1 while the server says so", _REPLICA, multiprocess_mode="livemostrecent"
)
REPLICA_RUNNING = Gauge(
    "grump_replica_running", "Requests it works on", _REPLICA, multiprocess_mode="livemostrecent"
)
REPLICA_WAITING = Gauge(
    "grump_replica_waiting", "Requests that wait there", _REPLICA, multiprocess_mode="livemostrecent"
)
REPLICA_CACHE = Gauge(
    "grump_replica_cache_usage", "Share of its key-value cache", _REPLICA, multiprocess_mode="livemostrecent"
)
PROMPT_TOKENS = Counter("grump_prompt_tokens_total", "Tokens asked", _MODEL)
GENERATION_TOKENS = Counter("grump_generation_tokens_total", "Tokens answered", _MODEL)
SUCCESS = Counter("grump_request_success_total", "Requests answered to their end", _MODEL)
FAILURE = Counter("grump_request_failure_total", "Requests that ended with an error", (*_MODEL, "code"))
COST = Counter("grump_cost_usd_total", "US dollars spent", _MODEL)
FALLBACKS = Counter("grump_fallbacks_total", "Candidates given up for the next", ("from", "to", "reason"))
HEDGES = Counter("grump_hedges_total", "Second models asked because a first was late", ("from", "to", "won"))
FROM_CACHE = Counter("grump_answers_from_cache_total", "Answers that were given before", ("kind",))
SEMANTIC_LATE = Counter("grump_semantic_late_total", "Questions whose meaning was not known in time")
SEMANTIC_WRONG = Counter("grump_semantic_wrong_total", "Answers of similar questions that were asked again")
GUARDRAIL_CHECKS = Counter(
    "grump_guardrail_checks_total", "Checks by rail and what became of them", ("rail", "verdict")
)
GUARDRAIL_SECONDS = Histogram(
    "grump_guardrail_seconds", "What a check took", ("rail",), buckets=FIRST_TOKEN_BUCKETS[:18]
)
