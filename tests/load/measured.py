"""What the sheet of docs/capacity.md starts from; that page says how each was measured."""

from tests.load.sizing import Measured

# By `python -m tests.load --steps 15,30,60 --seconds 40`: of 60 people, whose 8.1 answers a second carry what
# processes do by the clock; what a token costs from answers of 600 tokens beside those of 150.
FLEET = Measured(
    web_turn_ms=35.3,
    web_token_ms=0.042,
    postgres_turn_ms=12.1,
    valkey_turn_ms=1.5,
    worker_turn_ms=12.2,
    web_process_mb=163,
    # `python -m tests.bench memory`, uvicorn: docs/performance.md.
    socket_kib=84.6,
    stream_kib=36.7,
    # Of 300 tokens: between what 150 and 600 took.
    stored_kib=11.6,
    relayed_kib=15.1,
)
