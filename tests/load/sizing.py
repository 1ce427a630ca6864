"""How large an installation for so many users is: `python -m tests.load.sizing` prints the sheet of
docs/capacity.md, and a test holds the two together.

Pure arithmetic over what was measured (docs/capacity.md says where) and what is assumed about people. Nothing
in it knows more than the measurement did: beyond the loads that were run it is a straight line.
"""

import math
import sys
from dataclasses import dataclass

from tests.bench.report import table

HOUR, KIB, GB = 3600.0, 1024.0, 1e9


@dataclass(frozen=True)
class People:
    """What is assumed. Put in your own."""

    active_share: float = 0.2  # of all users, on one day
    messages: float = 10.0  # of an active user, a day
    peak_hour: float = 0.12  # share of a day's messages in its busiest hour
    burst: float = 1.5  # a busy minute of that hour against its mean
    answer_tokens: float = 300.0
    tokens_per_s: float = 50.0  # that a provider writes
    first_word_s: float = 0.5  # and waits before it
    open_share: float = 0.25  # of the day's active users, with a tab open in that minute


@dataclass(frozen=True)
class Measured:
    """What one answer takes, and what a process holds; docs/capacity.md says how each was measured."""

    web_turn_ms: float  # of the CPU, whatever the answer's length
    web_token_ms: float  # and for each token of it
    postgres_turn_ms: float
    valkey_turn_ms: float
    worker_turn_ms: float
    web_process_mb: float
    socket_kib: float
    stream_kib: float  # further, while an answer is being written
    stored_kib: float  # in PostgreSQL for each answer, indexes included
    relayed_kib: float  # in Valkey for each answer, for ten minutes after its end
    busy: float = (
        0.6  # share of a core to plan with: the rest is for bursts and a process that is being replaced
    )
    sockets_a_process: int = 10_000  # MAX_SOCKETS
    connections_a_process: int = 8  # DATABASE_POOL_SIZE
    relayed_for_s: float = 600.0


@dataclass(frozen=True)
class Size:
    users: int
    turns_per_s: float
    streams: float
    sockets: float
    tokens_per_s: float
    web_cores: float
    web_processes: int
    web_memory_gb: float
    postgres_cores: float
    postgres_connections: int
    stored_gb_a_day: float
    valkey_cores: float
    valkey_memory_gb: float
    worker_cores: float
    first: str  # what limits first


def size(users: int, measured: Measured, people: People | None = None) -> Size:
    """For the busiest minute of an ordinary day."""
    people = people or People()
    messages_a_day = users * people.active_share * people.messages
    turns = messages_a_day * people.peak_hour / HOUR * people.burst
    seconds = people.first_word_s + people.answer_tokens / people.tokens_per_s
    streams = turns * seconds  # Little's law
    sockets = users * people.active_share * people.open_share
    web_ms = measured.web_turn_ms + people.answer_tokens * measured.web_token_ms

    def cores(each_ms: float) -> float:
        return turns * each_ms / 1000 / measured.busy

    web_cores = cores(web_ms)
    by = {
        "CPU of the web processes": web_cores,  # one process uses one core
        "sockets a process": sockets / measured.sockets_a_process,
    }
    processes = max(2, math.ceil(max(by.values())))  # two, so that one can be replaced
    held = processes * measured.web_process_mb * 1e6 + KIB * (
        sockets * measured.socket_kib + streams * measured.stream_kib
    )
    return Size(
        users=users,
        turns_per_s=turns,
        streams=streams,
        sockets=sockets,
        tokens_per_s=turns * people.answer_tokens,
        web_cores=web_cores,
        web_processes=processes,
        web_memory_gb=held / GB,
        postgres_cores=cores(measured.postgres_turn_ms),
        postgres_connections=processes * measured.connections_a_process,
        stored_gb_a_day=messages_a_day * measured.stored_kib * KIB / GB,
        valkey_cores=cores(measured.valkey_turn_ms),
        valkey_memory_gb=turns * measured.relayed_for_s * measured.relayed_kib * KIB / GB,
        worker_cores=cores(measured.worker_turn_ms),
        first=max(by, key=lambda name: by[name]) if max(by.values()) > 2 else "nothing: two processes do",
    )


def sheet(sizes: list[Size]) -> str:
    def row(words: str, *values: str) -> list[str]:
        return [words, *values]

    def each(words: str, name: str, digits: int = 0) -> list[str]:
        return row(words, *(f"{getattr(one, name):,.{digits}f}" for one in sizes))

    return table(
        ["users", *(f"{one.users:,}" for one in sizes)],
        [
            each("answers begun a second, busiest minute", "turns_per_s", 1),
            each("streams at once", "streams"),
            each("open sockets", "sockets"),
            each("tokens a second that models write", "tokens_per_s"),
            each("cores for web processes", "web_cores", 1),
            each("web processes", "web_processes"),
            each("their memory, GB", "web_memory_gb", 1),
            each("cores for workers", "worker_cores", 1),
            each("cores for PostgreSQL", "postgres_cores", 1),
            each("its connections, at most", "postgres_connections"),
            each("what it grows by a day, GB", "stored_gb_a_day", 1),
            each("cores for Valkey", "valkey_cores", 2),
            each("its memory for live streams, GB", "valkey_memory_gb", 2),
            row("what decides the web processes", *(one.first for one in sizes)),
        ],
    )


USERS = (1_000, 100_000, 10_000_000)

if __name__ == "__main__":
    from tests.load.measured import FLEET

    sys.stdout.write(sheet([size(users, FLEET) for users in USERS]) + "\n")
